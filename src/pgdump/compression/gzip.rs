//! The compression that pg_dump calls gzip: one zlib stream (RFC 1950), with its Adler-32.

use std::io::Read;

use flate2::{Decompress, DecompressError, FlushDecompress, Status};

use crate::io::inflate;
use crate::pgdump::block_reader::BlockReader;
use crate::pgdump::corruption::Corruption;
use crate::pgdump::error::Error;

const NAME: &str = "gzip";

pub(in crate::pgdump) struct Gzip {
    inflate: Decompress,
    state: State,
    /// The position of the stream. The position at which an inflater notices damage depends on how the bytes arrive.
    start: u64,
}

enum State {
    Start,
    Running,
    /// The zlib stream has ended; whether bytes follow is not known yet.
    Ended,
    /// No bytes follow.
    Done,
    /// All data before the damage has been returned.
    Damaged(Option<DecompressError>),
}

impl Gzip {
    pub(super) fn new() -> Self {
        Self { inflate: Decompress::new(true), state: State::Start, start: 0 }
    }

    pub(super) fn reset(&mut self) {
        self.inflate.reset(true);
        self.state = State::Start;
    }

    pub(super) fn read<R: Read>(&mut self, reader: &mut BlockReader<R>, out: &mut [u8]) -> Result<usize, Error> {
        loop {
            match &mut self.state {
                State::Start => {
                    self.start = reader.position();
                    self.state = State::Running;
                }
                State::Running => {
                    let made = self.inflate(reader, out)?;
                    if made > 0 {
                        return Ok(made);
                    }
                }
                State::Ended => {
                    reader.expect_stream_end(NAME)?;
                    self.state = State::Done;
                }
                State::Done => return Ok(0),
                State::Damaged(cause) => {
                    let error = Error::from(Corruption::Undecodable(NAME)).at(self.start);
                    return Err(match cause.take() {
                        Some(cause) => error.because(cause),
                        None => error,
                    });
                }
            }
        }
    }

    /// Inflates buffered bytes, and returns how many were produced.
    fn inflate<R: Read>(&mut self, reader: &mut BlockReader<R>, out: &mut [u8]) -> Result<usize, Error> {
        let stored = reader.fill_stream()?;
        let no_more = stored.is_empty();
        let step = inflate(&mut self.inflate, stored, out, FlushDecompress::None);
        reader.consume_stream(step.used);
        match step.status {
            Ok(Status::StreamEnd) => self.state = State::Ended,
            Ok(_) if step.used > 0 || step.made > 0 => {}
            Ok(_) if no_more => return Err(Error::from(Corruption::StreamTruncated(NAME)).at(reader.position())),
            Ok(_) => self.state = State::Damaged(None),
            Err(cause) => self.state = State::Damaged(Some(cause)),
        }
        Ok(step.made)
    }
}
