//! The compression that pg_dump calls gzip: one zlib stream (RFC 1950), with its Adler-32.

use std::io::Read;

use crate::io::copy_prefix;
use crate::io::inflate::{InflateError, InflateZlib, Need};
use crate::pgdump::block_reader::BlockReader;
use crate::pgdump::corruption::Corruption;
use crate::pgdump::error::Error;

const NAME: &str = "gzip";

/// Bytes decoded at once, about: few enough for a processor's cache.
const OUTPUT_BYTES: usize = 64 << 10;

pub(in crate::pgdump) struct Gzip {
    inflate: InflateZlib,
    /// The number of bytes of the output that `next` returned.
    returned: usize,
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
    Damaged(InflateError),
}

impl Gzip {
    pub(super) fn new() -> Self {
        Self { inflate: InflateZlib::new(OUTPUT_BYTES), returned: 0, state: State::Start, start: 0 }
    }

    pub(super) fn reset(&mut self) {
        self.inflate.reset();
        self.returned = 0;
        self.state = State::Start;
    }

    pub(super) fn read<R: Read>(&mut self, reader: &mut BlockReader<R>, out: &mut [u8]) -> Result<usize, Error> {
        if self.output().is_empty() {
            self.fill(reader)?;
        }
        let count = copy_prefix(self.inflate.output(), out);
        self.inflate.consume(count);
        Ok(count)
    }

    /// Decodes the next part of the stream. Returns nothing at the verified end.
    pub(super) fn next<R: Read>(&mut self, reader: &mut BlockReader<R>) -> Result<&[u8], Error> {
        if self.output().is_empty() {
            self.fill(reader)?;
        }
        self.returned = self.inflate.output().len();
        Ok(self.inflate.output())
    }

    /// Returns the output that was not returned before.
    fn output(&mut self) -> &[u8] {
        self.inflate.consume(std::mem::take(&mut self.returned));
        self.inflate.output()
    }

    /// Makes output, unless the end of the stream has been verified.
    fn fill<R: Read>(&mut self, reader: &mut BlockReader<R>) -> Result<(), Error> {
        loop {
            match self.state {
                State::Start => {
                    self.start = reader.position();
                    self.state = State::Running;
                }
                State::Running => {
                    if self.inflate(reader)? > 0 {
                        return Ok(());
                    }
                }
                State::Ended => {
                    reader.expect_stream_end(NAME)?;
                    self.state = State::Done;
                }
                State::Done => return Ok(()),
                State::Damaged(cause) => {
                    return Err(Error::from(Corruption::Undecodable(NAME)).at(self.start).because(cause));
                }
            }
        }
    }

    /// Inflates buffered bytes, and returns how many were produced.
    fn inflate<R: Read>(&mut self, reader: &mut BlockReader<R>) -> Result<usize, Error> {
        let stored = reader.fill_stream()?;
        let no_more = stored.is_empty();
        let step = self.inflate.decode(stored);
        reader.consume_stream(step.used);
        match step.need {
            Ok(Need::Nothing) => self.state = State::Ended,
            Ok(Need::Input) if no_more && step.made == 0 => {
                return Err(Error::from(Corruption::StreamTruncated(NAME)).at(reader.position()));
            }
            Ok(_) => {}
            Err(cause) => self.state = State::Damaged(cause),
        }
        Ok(step.made)
    }
}
