//! Decompresses from an access point: [`Resumed`].

use flate2::{Compress, Compression, FlushCompress};

use super::error::{Error, ErrorKind, Result};
use super::point::{HISTORY_BYTES, PointForm};
use crate::io::copy_prefix;
use crate::io::inflate::{Inflate, InflateWindow, Need};

/// A decompressor that begins in the middle of a deflate stream.
#[derive(Debug)]
pub(crate) struct Resumed {
    inflate: InflateWindow,
    /// The bit of the first byte at which the first block begins.
    first_bit: Option<u8>,
    input: Vec<u8>,
    used: usize,
    is_ended: bool,
}

impl Default for Resumed {
    fn default() -> Self {
        let inflate = InflateWindow::new(2 * HISTORY_BYTES);
        Self { inflate, first_bit: None, input: Vec::new(), used: 0, is_ended: false }
    }
}

impl Resumed {
    /// Begins at a point with the bytes before it, as many as are needed.
    pub(crate) fn start(&mut self, form: PointForm, history: &[u8]) -> Result<()> {
        if history.len() > HISTORY_BYTES {
            return Err(damaged());
        }
        (self.first_bit, self.used, self.is_ended) = (None, 0, false);
        self.input.clear();
        self.inflate.resume(history);
        match form {
            PointForm::Member => {}
            PointForm::Stored => self.inflate.decoder().begin_stored(),
            PointForm::Dynamic { bit } => self.first_bit = Some(bit),
        }
        Ok(())
    }

    /// Adds the next compressed bytes.
    pub(crate) fn feed(&mut self, compressed: &[u8]) {
        self.input.drain(..self.used.min(self.input.len()));
        self.used = 0;
        let mut rest = compressed;
        if let (Some(bit), Some((first, others))) = (self.first_bit, compressed.split_first()) {
            self.inflate.decoder().begin_within(*first, bit);
            self.first_bit = None;
            rest = others;
        }
        self.input.extend_from_slice(rest);
    }

    /// Decompresses into `output`; returns fewer bytes than fit only if more input is needed, or at the end of the member.
    pub(crate) fn inflate(&mut self, output: &mut [u8]) -> Result<usize> {
        let mut made = 0_usize;
        loop {
            let room = output.split_at_mut(made).1;
            let count = copy_prefix(self.inflate.output(), room);
            self.inflate.consume(count);
            made = made.saturating_add(count);
            if made == output.len() || self.is_ended {
                return Ok(made);
            }
            let step = self.inflate.decode(self.input.split_at(self.used).1);
            self.used = self.used.saturating_add(step.used);
            match step.need {
                Ok(Need::Nothing) => self.is_ended = true,
                Ok(Need::Input) if step.made == 0 => return Ok(made),
                Ok(_) => {}
                Err(_) => return Err(damaged()),
            }
        }
    }

    /// Returns `true` after the last byte of the member.
    pub(crate) fn is_ended(&self) -> bool {
        self.is_ended && self.inflate.output().is_empty()
    }
}

#[cold]
fn damaged() -> Error {
    Error::new(ErrorKind::Deflate)
}

/// Compresses the bytes before a point.
pub(super) fn pack_history(history: &[u8]) -> Vec<u8> {
    let mut compress = Compress::new(Compression::new(3), false);
    // Stored blocks are the worst that can come out.
    let mut packed = Vec::with_capacity(history.len().saturating_add(64));
    let _ = compress.compress_vec(history, &mut packed, FlushCompress::Finish);
    packed
}

/// Decompresses what [`pack_history`] made.
pub(crate) fn unpack_history(packed: &[u8]) -> Result<Vec<u8>> {
    let mut history = vec![0; HISTORY_BYTES];
    let step = Inflate::new().decode(packed, &mut history, 0);
    if step.need != Ok(Need::Nothing) || step.used != packed.len() {
        return Err(damaged());
    }
    history.truncate(step.made);
    Ok(history)
}
