//! Decodes the streams of a dump and verifies their content: [`StreamDecoder`].

use std::io::Read;

use super::block_reader::BlockReader;
use super::compat::Incompatibility;
use super::compression::Decoder;
use super::copy_watch::CopyWatch;
use super::error::Error;
use super::header::Compression;
use super::utf8::Utf8Check;
use super::values::ValueWatch;
use crate::limits::{Budget, Limits};

/// Decodes one stream after the other, counts decoded bytes against the limit, and verifies COPY text.
pub(super) struct StreamDecoder {
    decoder: Decoder,
    budget: Budget,
    is_open: bool,
    copy: Option<CopyWatch>,
    utf8: Option<Utf8Check>,
    values: Option<ValueWatch>,
}

impl StreamDecoder {
    pub(super) fn new(compression: Compression, limits: &Limits) -> Result<Self, Error> {
        let budget = Budget::new("max_decompressed_bytes", limits.max_decompressed_bytes());
        Ok(Self {
            decoder: Decoder::new(compression, limits)?,
            budget,
            is_open: false,
            copy: None,
            utf8: None,
            values: None,
        })
    }

    /// Starts the stream that `reader` has reached.
    pub(super) fn open(&mut self, is_copy: bool) {
        self.decoder.reset();
        self.is_open = true;
        self.copy = is_copy.then(CopyWatch::new);
        self.utf8 = None;
        self.values = None;
    }

    /// Also looks for values in the started stream that older servers refuse.
    pub(super) fn watch_values(&mut self, watch: Option<ValueWatch>) {
        self.values = watch;
    }

    /// Returns what the latest stream has been [watched](Self::watch_values) for.
    pub(super) fn take_values(&mut self) -> Vec<Incompatibility> {
        self.values.take().map_or_else(Vec::new, ValueWatch::into_found)
    }

    /// Also looks for text in the started stream that is not UTF-8.
    pub(super) fn check_utf8(&mut self) {
        self.utf8 = Some(Utf8Check::new());
    }

    pub(super) const fn is_open(&self) -> bool {
        self.is_open
    }

    /// Decodes bytes of the open stream. Returns 0 if there is no stream, if `out` is empty, and at the end of the stream,
    /// which is closed when it has been verified.
    pub(super) fn read<R: Read>(&mut self, reader: &mut BlockReader<R>, out: &mut [u8]) -> Result<usize, Error> {
        if !self.is_open || out.is_empty() {
            return Ok(0);
        }
        reader.check()?;
        self.read_checked(reader, out).map_err(|error| reader.fail(error))
    }

    fn read_checked<R: Read>(&mut self, reader: &mut BlockReader<R>, out: &mut [u8]) -> Result<usize, Error> {
        let count = self.decoder.read(reader, out)?;
        let (decoded, _) = out.split_at(count.min(out.len()));
        self.budget.spend(count as u64)?;
        let rows_count = self.copy.as_ref().map_or(0, CopyWatch::rows_count);
        if let Some(copy) = &mut self.copy {
            let result = if count == 0 { copy.finish() } else { copy.feed(decoded) };
            result.map_err(|what| Error::from(what).at(reader.position()))?;
        }
        if let Some(utf8) = &mut self.utf8 {
            utf8.feed(decoded);
        }
        if let Some(values) = &mut self.values {
            values.feed(decoded, rows_count);
        }
        self.is_open = count > 0;
        Ok(count)
    }

    /// Returns the first line of the latest stream so far that is not UTF-8, if that was [checked](Self::check_utf8).
    pub(super) fn first_bad_line(&self) -> Option<u64> {
        self.utf8.as_ref().and_then(Utf8Check::first_bad_line)
    }

    /// Returns the number of rows of the latest stream so far, if it is COPY text.
    pub(super) fn rows_count(&self) -> Option<u64> {
        self.copy.as_ref().map(CopyWatch::rows_count)
    }
}
