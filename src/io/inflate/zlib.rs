//! Streams in the format of zlib (RFC 1950): [`InflateZlib`].

use simd_adler32::Adler32;

use super::decoder::{Inflated, Need};
use super::error::InflateError;
use super::window::InflateWindow;

#[derive(Debug)]
enum State {
    Header,
    Body,
    Trailer,
    Ended,
    Failed(InflateError),
}

/// A decoder of one zlib stream after the other, which verifies their checksums.
pub(crate) struct InflateZlib {
    window: InflateWindow,
    state: State,
    /// Bytes of the header or trailer.
    bytes: [u8; 4],
    bytes_count: usize,
    adler: Adler32,
}

impl std::fmt::Debug for InflateZlib {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("InflateZlib").field("state", &self.state).finish_non_exhaustive()
    }
}

impl InflateZlib {
    /// Creates a decoder that returns up to about `output_bytes` at once.
    pub(crate) fn new(output_bytes: usize) -> Self {
        Self {
            window: InflateWindow::new(output_bytes),
            state: State::Header,
            bytes: [0; 4],
            bytes_count: 0,
            adler: Adler32::new(),
        }
    }

    /// Prepares for the next stream. The last output is gone.
    pub(crate) fn reset(&mut self) {
        self.window.reset();
        self.state = State::Header;
        self.bytes_count = 0;
        self.adler = Adler32::new();
    }

    /// Decodes some of `input`. What was not consumed of the last output is dropped.
    pub(crate) fn decode(&mut self, input: &[u8]) -> Inflated {
        self.window.consume_all();
        let mut used = 0_usize;
        let mut made = 0;
        let need = loop {
            let rest = input.split_at(used).1;
            match self.state {
                State::Header => {
                    used = used.saturating_add(self.take(rest, 2));
                    let [method, flags, ..] = self.bytes;
                    if self.bytes_count < 2 {
                        break Ok(Need::Input);
                    }
                    self.bytes_count = 0;
                    // Deflate with a window of at most 32 KiB.
                    let is_deflate = method & 15 == 8 && method >> 4 <= 7;
                    if !is_deflate || u16::from_be_bytes([method, flags]) % 31 != 0 {
                        self.state = State::Failed(InflateError::ZlibHeader);
                    } else if flags & 0x20 != 0 {
                        self.state = State::Failed(InflateError::Dictionary);
                    } else {
                        self.state = State::Body;
                    }
                }
                State::Body => {
                    let step = self.window.decode(rest);
                    used = used.saturating_add(step.used);
                    made = step.made;
                    self.adler.write(self.window.output());
                    match step.need {
                        Ok(Need::Nothing) => self.state = State::Trailer,
                        need => break need,
                    }
                }
                State::Trailer => {
                    used = used.saturating_add(self.take(rest, 4));
                    if self.bytes_count < 4 {
                        break Ok(Need::Input);
                    }
                    self.state = if u32::from_be_bytes(self.bytes) == self.adler.finish() {
                        State::Ended
                    } else {
                        State::Failed(InflateError::Adler32)
                    };
                }
                State::Ended => break Ok(Need::Nothing),
                State::Failed(error) => break Err(error),
            }
        };
        Inflated { used, made, need }
    }

    /// Takes bytes of a header or trailer of `len` bytes; returns the number.
    fn take(&mut self, input: &[u8], len: usize) -> usize {
        let mut count = 0_usize;
        for (to, byte) in self.bytes.iter_mut().take(len).skip(self.bytes_count).zip(input) {
            *to = *byte;
            count = count.saturating_add(1);
        }
        self.bytes_count = self.bytes_count.saturating_add(count);
        count
    }

    /// The output of the last call that was not consumed.
    pub(crate) fn output(&self) -> &[u8] {
        self.window.output()
    }

    /// Drops the first bytes of the output.
    pub(crate) fn consume(&mut self, count: usize) {
        self.window.consume(count);
    }
}
