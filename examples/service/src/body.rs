//! Bodies of answers from blocking readers, a step at a time: no thread waits for a slow client.

use std::io::{self, Read};
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes};
use futures_core::Stream;
use tokio::sync::OwnedSemaphorePermit;
use tokio::sync::mpsc::{self, Receiver};

use crate::work::Workers;

/// Bytes of a step: large enough to be worth a thread, small enough to be held for every client.
const STEP_BYTES: usize = 256 << 10;

/// Returns a body of all that `reader` yields.
///
/// Each step is a job of its own, which begins when the client has room for its bytes. Until then the reader rests, and
/// no thread waits for it. It is dropped when the client goes away. `place` is held as long as the body lives.
pub fn of_reader<R: Read + Send + 'static>(reader: R, steps: &Workers, place: OwnedSemaphorePermit) -> Body {
    let steps = steps.clone();
    let (sender, receiver) = mpsc::channel(1);
    tokio::spawn(async move {
        let mut reader = Some(reader);
        // Ends when the client has gone. An error breaks the connection off, so that no client takes a part for the whole.
        while let Ok(room) = sender.reserve().await {
            let Some(mut stepping) = reader.take() else { return };
            let step = move || {
                let step = read_step(&mut stepping);
                (stepping, step)
            };
            match steps.run(step).await {
                Ok((_, Ok(step))) if step.is_empty() => {
                    room.send(Frame::End);
                    break;
                }
                Ok((stepping, Ok(step))) => {
                    reader = Some(stepping);
                    room.send(Frame::Data(step));
                }
                Ok((_, Err(error))) => {
                    room.send(Frame::Failed(error));
                    break;
                }
                Err(_) => break,
            }
        }
        drop(place);
    });
    Body::from_stream(Frames(receiver))
}

/// Reads a step's bytes; none at the end.
fn read_step(reader: &mut impl Read) -> io::Result<Bytes> {
    let mut step = Vec::new();
    reader.by_ref().take(STEP_BYTES as u64).read_to_end(&mut step)?;
    Ok(step.into())
}

enum Frame {
    Data(Bytes),
    End,
    Failed(io::Error),
}

/// The messages of the body's task, as the stream that axum expects.
struct Frames(Receiver<Frame>);

impl Stream for Frames {
    type Item = io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_recv(context).map(|frame| match frame {
            Some(Frame::Data(bytes)) => Some(Ok(bytes)),
            Some(Frame::End) => None,
            Some(Frame::Failed(error)) => Some(Err(error)),
            None => Some(Err(io::ErrorKind::UnexpectedEof.into())),
        })
    }
}
