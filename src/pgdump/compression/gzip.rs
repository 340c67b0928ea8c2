//! What pg_dump calls gzip: one zlib stream (RFC 1950), with its Adler-32.

use std::io::Read;

use flate2::{Decompress, DecompressError, FlushDecompress, Status};

use super::expect_end;
use crate::pgdump::block::Blocks;
use crate::pgdump::corruption::Corruption;
use crate::pgdump::error::Error;

const NAME: &str = "gzip";

pub(crate) struct Gzip {
    inflate: Decompress,
    state: State,
    /// Where the stream begins: how far an inflater had come when it noticed damage depends on how the bytes arrived.
    start: u64,
}

enum State {
    Start,
    Running,
    /// The zlib stream has ended; whether anything follows is not known yet.
    Ended,
    /// Nothing follows.
    Done,
    /// What came before the damage has been handed out.
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

    pub(super) fn read<R: Read>(&mut self, blocks: &mut Blocks<R>, out: &mut [u8]) -> Result<usize, Error> {
        loop {
            match &mut self.state {
                State::Start => {
                    self.start = blocks.position();
                    self.state = State::Running;
                }
                State::Running => {
                    let made = self.inflate(blocks, out)?;
                    if made > 0 {
                        return Ok(made);
                    }
                }
                State::Ended => {
                    expect_end(blocks, NAME)?;
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

    /// Inflates what is at hand; says how much was made.
    fn inflate<R: Read>(&mut self, blocks: &mut Blocks<R>, out: &mut [u8]) -> Result<usize, Error> {
        let stored = blocks.fill_stream()?;
        let (in_before, out_before) = (self.inflate.total_in(), self.inflate.total_out());
        let result = self.inflate.decompress(stored, out, FlushDecompress::None);
        let no_more = stored.is_empty();
        let taken = usize::try_from(self.inflate.total_in().saturating_sub(in_before)).unwrap_or(usize::MAX);
        let made = usize::try_from(self.inflate.total_out().saturating_sub(out_before)).unwrap_or(usize::MAX);
        blocks.consume_stream(taken);
        match result {
            Ok(Status::StreamEnd) => self.state = State::Ended,
            Ok(_) if made == 0 && taken == 0 && no_more => {
                return Err(Error::from(Corruption::StreamTruncated(NAME)).at(blocks.position()));
            }
            Ok(_) if made > 0 || taken > 0 => {}
            Ok(_) => self.state = State::Damaged(None),
            Err(cause) => self.state = State::Damaged(Some(cause)),
        }
        Ok(made)
    }
}
