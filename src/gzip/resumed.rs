//! Decompresses from an access point: [`Resumed`].

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};

use super::error::{Error, ErrorKind, Result};
use super::point::{HISTORY_BYTES, PointForm};
use crate::io;

/// A decompressor that begins in the middle of a deflate stream.
///
/// The bytes before the point, which the stream refers back to, are passed to it as a stored block. Blocks that begin
/// inside a byte are shifted to the beginning of one.
#[derive(Debug)]
pub(crate) struct Resumed {
    inflate: Decompress,
    /// The bit at which every byte begins.
    bit: u8,
    /// The last byte, of which only the lower bits were passed on.
    carry: Option<u8>,
    input: Vec<u8>,
    used: usize,
    is_ended: bool,
}

impl Default for Resumed {
    fn default() -> Self {
        Self { inflate: Decompress::new(false), bit: 0, carry: None, input: Vec::new(), used: 0, is_ended: false }
    }
}

impl Resumed {
    /// Begins at a point with the bytes before it, as many as are needed.
    pub(crate) fn start(&mut self, form: PointForm, history: &[u8]) -> Result<()> {
        self.inflate.reset(false);
        (self.carry, self.used, self.is_ended) = (None, 0, false);
        self.input.clear();
        self.bit = match form {
            PointForm::Dynamic { bit } => bit,
            PointForm::Stored | PointForm::Member => 0,
        };
        if !history.is_empty() {
            let len = u16::try_from(history.len()).ok().filter(|len| usize::from(*len) <= HISTORY_BYTES);
            let [a, b] = len.ok_or_else(damaged)?.to_le_bytes();
            self.input.extend_from_slice(&[0, a, b, !a, !b]);
            self.input.extend_from_slice(history);
            let mut replayed = vec![0; history.len()];
            let made = self.inflate(&mut replayed)?;
            if made != history.len() || replayed != history {
                return Err(damaged());
            }
        }
        if form == PointForm::Stored {
            self.input.push(0);
        }
        Ok(())
    }

    /// Adds the next compressed bytes.
    pub(crate) fn feed(&mut self, compressed: &[u8]) {
        self.input.drain(..self.used.min(self.input.len()));
        self.used = 0;
        if self.bit == 0 {
            self.input.extend_from_slice(compressed);
            return;
        }
        let left = 8_u8.saturating_sub(self.bit);
        let mut carry = self.carry;
        self.input.extend(compressed.iter().filter_map(|byte| {
            let before = carry.replace(*byte)?;
            Some(before.unbounded_shr(self.bit.into()) | byte.unbounded_shl(left.into()))
        }));
        self.carry = carry;
    }

    /// Decompresses into `output`; returns fewer bytes than fit only if more input is needed, or at the end of the member.
    pub(crate) fn inflate(&mut self, output: &mut [u8]) -> Result<usize> {
        let mut made = 0_usize;
        while !self.is_ended {
            let (Some(input), Some(room)) = (self.input.get(self.used..), output.get_mut(made..)) else {
                return Err(Error::new(ErrorKind::Internal("the decompressor broke its contract")));
            };
            if room.is_empty() {
                break;
            }
            let step = io::inflate(&mut self.inflate, input, room, FlushDecompress::None);
            self.used = self.used.saturating_add(step.used);
            made = made.saturating_add(step.made);
            match step.status {
                Ok(Status::StreamEnd) => self.is_ended = true,
                Ok(_) if step.is_idle() => break,
                Ok(_) => {}
                Err(_) => return Err(damaged()),
            }
        }
        Ok(made)
    }

    /// Returns `true` after the last byte of the member.
    pub(crate) const fn is_ended(&self) -> bool {
        self.is_ended
    }
}

#[cold]
fn damaged() -> Error {
    Error::new(ErrorKind::Deflate)
}

/// Compresses the bytes before a point.
pub(super) fn pack_history(history: &[u8]) -> Vec<u8> {
    let mut compress = Compress::new(Compression::new(6), false);
    // Stored blocks are the worst that can come out.
    let mut packed = Vec::with_capacity(history.len().saturating_add(64));
    let _ = compress.compress_vec(history, &mut packed, FlushCompress::Finish);
    packed
}

/// Decompresses what [`pack_history`] made.
pub(crate) fn unpack_history(packed: &[u8]) -> Result<Vec<u8>> {
    let mut history = vec![0; HISTORY_BYTES.saturating_add(1)];
    let step = io::inflate(&mut Decompress::new(false), packed, &mut history, FlushDecompress::Finish);
    let is_whole = matches!(step.status, Ok(Status::StreamEnd)) && step.used == packed.len();
    if !is_whole || step.made > HISTORY_BYTES {
        return Err(damaged());
    }
    history.truncate(step.made);
    Ok(history)
}
