//! Bodies made by blocking readers, a step at a time: no thread waits for a slow client.

use std::io::{self, Read, Seek};
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes};
use futures_core::Stream;
use tempfile::SpooledTempFile;
use tokio::sync::OwnedSemaphorePermit;
use tokio::sync::mpsc::{self, Receiver};

use crate::answer::Answer;
use crate::work::Workers;

/// Bytes of a step: large enough to be worth a thread, small enough to be held for every client.
const STEP_BYTES: usize = 256 << 10;

/// A body of all that `reader` gives.
///
/// Each step is a job of its own, begun when the client has room for its bytes: until then the reader lies still and
/// no thread knows of it. It is dropped when the client goes away. `place` is held as long as the body lives.
pub fn of_reader<R: Read + Send + 'static>(reader: R, steps: &Workers, place: OwnedSemaphorePermit) -> Body {
    let steps = steps.clone();
    let (sender, receiver) = mpsc::channel(1);
    tokio::spawn(async move {
        let mut reader = Some(reader);
        // Ends when the client has gone. Dropping the sender without a word breaks the connection off, so that nobody takes
        // a part for the whole.
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
                    eprintln!("error: a download was cut short: {error}");
                    break;
                }
                Err(_) => break,
            }
        }
        drop(place);
    });
    Body::from_stream(Frames(receiver))
}

/// A body of all that `make` writes into the spool, which nobody sees before it is complete.
pub async fn of_spool(
    mut spool: SpooledTempFile,
    make: impl FnOnce(&mut SpooledTempFile) -> Result<(), Answer> + Send + 'static,
    steps: &Workers,
    place: OwnedSemaphorePermit,
) -> Result<Body, Answer> {
    let made = steps.run(move || {
        make(&mut spool)?;
        spool.rewind().map_err(Answer::internal)?;
        Ok(spool)
    });
    Ok(of_reader(made.await??, steps, place))
}

/// A step's bytes; none at the end.
fn read_step(reader: &mut impl Read) -> io::Result<Bytes> {
    let mut step = Vec::new();
    reader.by_ref().take(STEP_BYTES as u64).read_to_end(&mut step)?;
    Ok(step.into())
}

enum Frame {
    Data(Bytes),
    End,
}

/// What the body's task sends, as the stream that axum asks for.
struct Frames(Receiver<Frame>);

impl Stream for Frames {
    type Item = io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_recv(context).map(|frame| match frame {
            Some(Frame::Data(bytes)) => Some(Ok(bytes)),
            Some(Frame::End) => None,
            None => Some(Err(io::ErrorKind::UnexpectedEof.into())),
        })
    }
}
