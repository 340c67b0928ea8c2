//! One Zstandard frame (RFC 8878), verified with the checksum and size that it states.

use std::io::Read;

use ruzstd::decoding::errors::FrameDecoderError;
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

use super::stored::Stored;
use crate::limits::{LimitExceeded, Limits};
use crate::pgdump::block_reader::BlockReader;
use crate::pgdump::corruption::Corruption;
use crate::pgdump::error::Error;

const NAME: &str = "zstd";

/// Decodes one frame at a time. Its memory is the window, which the limits bound, and two blocks of 128 KiB.
pub(in crate::pgdump) struct Zstd {
    decoder: FrameDecoder,
    state: State,
    seen_bytes: u64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Start,
    Blocks,
    Ended,
}

impl Zstd {
    pub(super) fn new(limits: &Limits) -> Self {
        let mut decoder = FrameDecoder::new();
        decoder.set_max_window_size(limits.max_window_bytes());
        Self { decoder, state: State::Start, seen_bytes: 0 }
    }

    pub(super) fn reset(&mut self) {
        self.state = State::Start;
        self.seen_bytes = 0;
    }

    pub(super) fn read<R: Read>(&mut self, reader: &mut BlockReader<R>, out: &mut [u8]) -> Result<usize, Error> {
        loop {
            if self.state == State::Blocks && self.decoder.can_collect() > 0 {
                let count = self.decoder.read(out).map_err(|cause| Error::io("decoding zstd data", cause))?;
                self.seen_bytes = self.seen_bytes.saturating_add(count as u64);
                return Ok(count);
            }
            let mut source = Stored::new(reader);
            let result = match self.state {
                State::Ended => return Ok(0),
                State::Blocks if self.decoder.is_finished() => {
                    self.state = State::Ended;
                    self.check().map_err(|what| Error::from(what).at(reader.position()))?;
                    reader.expect_stream_end(NAME)?;
                    continue;
                }
                State::Start => self.decoder.reset(&mut source),
                State::Blocks => {
                    self.decoder.decode_blocks(&mut source, BlockDecodingStrategy::UptoBlocks(1)).map(|_finished| ())
                }
            };
            self.state = State::Blocks;
            match result {
                Ok(()) => {}
                Err(FrameDecoderError::WindowSizeTooBig { requested, max }) => {
                    return Err(LimitExceeded { name: "max_window_bytes", allowed: max, wanted: requested }.into());
                }
                Err(cause) => return Err(source.explain(NAME, cause)),
            }
        }
    }

    /// Compares the decoded content with the checksum and size that the frame states.
    fn check(&self) -> Result<(), Corruption> {
        let checksum = self.decoder.get_checksum_from_data();
        let differs = checksum.is_some() && checksum != self.decoder.get_calculated_checksum();
        // 0 also means that the frame does not state its size.
        let stated_bytes = self.decoder.content_size();
        if differs || (stated_bytes != 0 && stated_bytes != self.seen_bytes) {
            return Err(Corruption::Undecodable(NAME));
        }
        Ok(())
    }
}
