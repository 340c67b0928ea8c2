//! Decodes the streams of a dump and verifies their content: [`StreamDecoder`].

use std::io::Read;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::block_reader::BlockReader;
use super::compat::Incompatibility;
use super::compression::Decoder;
use super::copy_watch::CopyWatch;
use super::error::Error;
use super::header::Compression;
use super::utf8::Utf8Check;
use super::values::ValueWatch;
use super::window::window;
use crate::limits::{Budget, Limits};

/// Decodes one stream after the other, counts decoded bytes against the limit, and verifies COPY text.
pub(super) struct StreamDecoder {
    decoder: Decoder,
    is_open: bool,
    watches: Watches,
}

/// Everything that looks at decoded bytes.
struct Watches {
    budget: Budget,
    /// The number of bytes that all decoders of the dump have decoded, if there are several.
    decoded_by_all: Option<Arc<AtomicU64>>,
    copy: Option<CopyWatch>,
    utf8: Option<Utf8Check>,
    values: Option<ValueWatch>,
}

impl StreamDecoder {
    pub(super) fn new(compression: Compression, limits: &Limits) -> Result<Self, Error> {
        let budget = Budget::new("max_decompressed_bytes", limits.max_decompressed_bytes());
        let watches = Watches { budget, decoded_by_all: None, copy: None, utf8: None, values: None };
        Ok(Self { decoder: Decoder::new(compression, limits)?, is_open: false, watches })
    }

    /// Counts the bytes of several decoders against the limit.
    pub(super) fn with_others(mut self, decoded_by_all: Option<Arc<AtomicU64>>) -> Self {
        self.watches.decoded_by_all = decoded_by_all;
        self
    }

    /// Starts the stream that `reader` has reached.
    pub(super) fn open(&mut self, is_copy: bool) {
        self.decoder.reset();
        self.is_open = true;
        self.watches.copy = is_copy.then(CopyWatch::new);
        self.watches.utf8 = None;
        self.watches.values = None;
    }

    /// Also looks for values in the started stream that older servers refuse.
    pub(super) fn watch_values(&mut self, watch: Option<ValueWatch>) {
        self.watches.values = watch;
    }

    /// Returns what the latest stream has been [watched](Self::watch_values) for.
    pub(super) fn take_values(&mut self) -> Vec<Incompatibility> {
        self.watches.values.take().map_or_else(Vec::new, ValueWatch::into_found)
    }

    /// Also looks for text in the started stream that is not UTF-8.
    pub(super) fn check_utf8(&mut self) {
        self.watches.utf8 = Some(Utf8Check::new());
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
        let decoded = self.decoder.read(reader, out).map(|count| window(out, 0, count));
        let counted = decoded.and_then(|decoded| self.watches.feed(decoded, reader.position()));
        let count = counted.map_err(|error| reader.fail(error))?;
        self.is_open = count > 0;
        Ok(count)
    }

    /// Decodes and verifies the next part of the open stream as [`read`](Self::read) does, without returning it: most
    /// decoders have it in a buffer of their own. `scratch` is for those that do not.
    pub(super) fn skip<R: Read>(&mut self, reader: &mut BlockReader<R>, scratch: &mut Vec<u8>) -> Result<usize, Error> {
        if !self.is_open {
            return Ok(0);
        }
        reader.check()?;
        let Self { decoder, watches, .. } = self;
        let counted = decoder.next(reader, scratch).and_then(|decoded| watches.feed(decoded, reader.position()));
        let count = counted.map_err(|error| reader.fail(error))?;
        self.is_open = count > 0;
        Ok(count)
    }

    /// Returns the first line of the latest stream so far that is not UTF-8, if that was [checked](Self::check_utf8).
    pub(super) fn first_bad_line(&self) -> Option<u64> {
        self.watches.utf8.as_ref().and_then(Utf8Check::first_bad_line)
    }

    /// Returns the number of rows of the latest stream so far, if it is COPY text.
    pub(super) fn rows_count(&self) -> Option<u64> {
        self.watches.copy.as_ref().map(CopyWatch::rows_count)
    }
}

impl Watches {
    /// Looks at the next decoded bytes, none at the end of the stream, and returns their number. `position` is that in the
    /// dump, for errors.
    fn feed(&mut self, decoded: &[u8], position: u64) -> Result<usize, Error> {
        let count = decoded.len() as u64;
        self.budget.spend(count)?;
        if let Some(by_all) = &self.decoded_by_all {
            let before = by_all.fetch_add(count, Ordering::Relaxed);
            self.budget.check_sum(before.saturating_add(count))?;
        }
        if decoded.is_empty() {
            self.look_at(decoded, position)?;
        }
        for part in decoded.chunks(LOOK_BYTES) {
            self.look_at(part, position)?;
        }
        Ok(decoded.len())
    }

    fn look_at(&mut self, decoded: &[u8], position: u64) -> Result<(), Error> {
        let rows_count = self.copy.as_ref().map_or(0, CopyWatch::rows_count);
        if let Some(copy) = &mut self.copy {
            let result = if decoded.is_empty() { copy.finish() } else { copy.feed(decoded) };
            result.map_err(|what| Error::from(what).at(position))?;
        }
        if let Some(utf8) = &mut self.utf8 {
            utf8.feed(decoded);
        }
        if let Some(values) = &mut self.values {
            values.feed(decoded, rows_count);
        }
        Ok(())
    }
}

/// The number of bytes that all look at before the next ones: few enough for the fastest cache.
const LOOK_BYTES: usize = 16 << 10;
