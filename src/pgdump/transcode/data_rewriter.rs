//! Makes the data area of the output from that of the input: [`DataRewriter`].

use std::io::Read;

use super::changes::Changes;
use super::encoder::Encoder;
use super::row_rewriter::RowRewriter;
use super::selection::Selection;
use crate::io::Parallelism;
use crate::limits::Limits;
use crate::pgdump::block_reader::BlockReader;
use crate::pgdump::compat::Incompatibility;
use crate::pgdump::data_element::DataElement;
use crate::pgdump::error::Error;
use crate::pgdump::header::{Compression, Header};
use crate::pgdump::primitives::Dialect;
use crate::pgdump::stream_decoder::StreamDecoder;
use crate::pgdump::toc::Toc;
use crate::pgdump::values::WatchedTables;
use crate::pgdump::window::window;

/// The length of a batch, at least.
const BATCH_BYTES: usize = 128 << 10;
/// The most bytes that are decoded and encoded at a time.
const DECODED_BYTES: usize = 64 << 10;

/// Makes the output of a conversion batch by batch.
pub(super) struct DataRewriter<R> {
    reader: BlockReader<R>,
    dialect: Dialect,
    /// Output that has not been passed on: initially everything before the data.
    batch: Vec<u8>,
    /// The length of the output before the batch.
    batch_start: u64,
    /// The dump id and the position in the output of every block so far.
    starts: Vec<(u32, u64)>,
    selection: Selection,
    parallelism: Parallelism,
    limits: Limits,
    /// The compression of the output.
    compression: Compression,
    recompresses_all: bool,
    recompressor: Option<Box<StreamRecompressor>>,
    /// Decodes streams that are copied, to look for values that the server refuses.
    checker: Option<Box<StreamChecker>>,
    watched: WatchedTables,
    newer_values: Vec<Incompatibility>,
    mode: Mode,
    ended: bool,
}

/// The tables whose data is more than copied.
pub(super) struct Plan {
    pub(super) selection: Selection,
    pub(super) watched: WatchedTables,
    /// The threads that compress it.
    pub(super) parallelism: Parallelism,
}

/// Facts that are known at the end of the output.
pub(super) struct Parts {
    /// Those of the input.
    pub(super) header: Header,
    pub(super) toc: Toc,
    /// The dump id and the position in the output of every block.
    pub(super) starts: Vec<(u32, u64)>,
    pub(super) newer_values: Vec<Incompatibility>,
}

/// Decodes streams beside their copying.
struct StreamChecker {
    decoder: StreamDecoder,
    decoded: Vec<u8>,
}

/// The treatment of the elements that follow.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// Elements are copied.
    Copy,
    /// The block is left out.
    Skip,
    /// Streams are decoded and re-encoded.
    Recompress,
}

/// Decodes streams, verifies and re-encodes them.
struct StreamRecompressor {
    decoder: StreamDecoder,
    encoder: Encoder,
    decoded: Vec<u8>,
    rows: Option<RowRewriter>,
    edited: Vec<u8>,
}

impl<R: Read> DataRewriter<R> {
    /// Starts with `head`, everything before the data.
    pub(super) fn new(
        reader: BlockReader<R>,
        head: Vec<u8>,
        plan: Plan,
        changes: &Changes,
        limits: &Limits,
    ) -> Result<Self, Error> {
        // The form of integers is the same in all versions that a dump can be converted between.
        let dialect = reader.header().dialect;
        let Plan { selection, watched, parallelism } = plan;
        // Without the decoder the data is copied unseen.
        let decoder = if changes.recompressed || watched.is_empty() {
            None
        } else {
            StreamDecoder::new(reader.header().compression, limits).ok()
        };
        let checker = decoder.map(|decoder| Box::new(StreamChecker { decoder, decoded: vec![0; DECODED_BYTES] }));
        let mut rewriter = Self {
            reader,
            dialect,
            batch: head,
            batch_start: 0,
            starts: Vec::new(),
            selection,
            parallelism,
            limits: limits.clone(),
            compression: changes.compression,
            recompresses_all: changes.recompressed,
            recompressor: None,
            checker,
            watched,
            newer_values: Vec::new(),
            mode: Mode::Copy,
            ended: false,
        };
        // What this build cannot decode or encode is an error before anything has been written.
        if rewriter.recompresses_all || rewriter.selection.edits_any() {
            rewriter.recompressor()?;
        }
        Ok(rewriter)
    }

    pub(super) const fn header(&self) -> &Header {
        self.reader.header()
    }

    pub(super) fn toc(&self) -> &Toc {
        self.reader.toc()
    }

    /// Returns the number of bytes of the input that have been read.
    pub(super) const fn position(&self) -> u64 {
        self.reader.position()
    }

    pub(super) fn into_parts(self) -> Parts {
        let (header, toc) = self.reader.into_parts();
        Parts { header, toc, starts: self.starts, newer_values: self.newer_values }
    }

    /// Returns the latest batch.
    pub(super) fn batch(&self) -> &[u8] {
        &self.batch
    }

    /// Drops the batch and makes the next one. Returns `false` at the verified end of the input, when there is none.
    pub(super) fn advance(&mut self) -> Result<bool, Error> {
        self.batch_start = self.batch_start.saturating_add(self.batch.len() as u64);
        self.batch.clear();
        self.batch.shrink_to(BATCH_BYTES.saturating_mul(2));
        while self.batch.len() < BATCH_BYTES && !self.ended {
            match self.step() {
                Ok(more) => self.ended = !more,
                Err(error) => {
                    self.batch.clear();
                    return Err(self.reader.fail(error));
                }
            }
        }
        Ok(!self.batch.is_empty())
    }

    /// Copies one element, or re-encodes a part of a stream. Returns `false` at the end of the input.
    fn step(&mut self) -> Result<bool, Error> {
        if let Some(recompressor) = &mut self.recompressor
            && recompressor.decoder.is_open()
        {
            recompressor.recompress(&mut self.reader, &self.dialect, &mut self.batch)?;
            if !recompressor.decoder.is_open() {
                self.newer_values.append(&mut recompressor.decoder.take_values());
            }
            return Ok(true);
        }
        if let Some(checker) = &mut self.checker
            && checker.decoder.is_open()
        {
            return checker.copy(&mut self.reader, &mut self.batch, &mut self.newer_values).map(|()| true);
        }
        let Some(element) = self.reader.next_element()? else { return Ok(false) };
        let start = match element {
            DataElement::TableData { id } => Some((id, true)),
            DataElement::LargeObjects { id } => Some((id, false)),
            _ => None,
        };
        if let Some((id, is_table)) = start {
            self.mode = match (self.selection.excludes(id), self.recompresses_all || self.selection.edits(id)) {
                (true, _) => Mode::Skip,
                (_, true) => Mode::Recompress,
                _ => Mode::Copy,
            };
            if self.mode != Mode::Skip {
                self.starts.push((id, self.batch_start.saturating_add(self.batch.len() as u64)));
                element.write(&self.dialect, &mut self.batch)?;
                match self.mode {
                    Mode::Recompress if is_table => self.start_table(id)?,
                    Mode::Copy if is_table => self.start_check(id),
                    _ => {}
                }
            }
            return Ok(true);
        }
        match (self.mode, element) {
            (Mode::Skip, _) => {}
            // The encoder writes the elements of streams.
            (Mode::Recompress, DataElement::Chunk { .. } | DataElement::Bytes(_) | DataElement::StreamEnd) => {}
            (Mode::Recompress, DataElement::LargeObject { .. }) => {
                element.write(&self.dialect, &mut self.batch)?;
                self.recompressor()?.open(false, None);
            }
            _ => element.write(&self.dialect, &mut self.batch)?,
        }
        Ok(true)
    }

    fn start_table(&mut self, id: u32) -> Result<(), Error> {
        let edit = self.selection.take_edit(id);
        let entry = self.reader.toc().get(id);
        let is_copy = entry.is_some_and(|entry| entry.is_copy());
        let statement = entry.and_then(|entry| entry.copy_statement).unwrap_or(b"");
        let rows = edit.map(|edit| RowRewriter::new(edit, statement, &self.limits));
        let watch = self.watched.watch(id).filter(|_| is_copy);
        let recompressor = self.recompressor()?;
        recompressor.open(is_copy, rows);
        recompressor.decoder.watch_values(watch);
        Ok(())
    }

    fn start_check(&mut self, id: u32) {
        if let (Some(checker), Some(watch)) = (&mut self.checker, self.watched.watch(id)) {
            checker.decoder.open(true);
            checker.decoder.watch_values(Some(watch));
            self.reader.keep_consumed(true);
        }
    }

    fn recompressor(&mut self) -> Result<&mut StreamRecompressor, Error> {
        let recompressor = match self.recompressor.take() {
            Some(recompressor) => recompressor,
            None => Box::new(StreamRecompressor {
                decoder: StreamDecoder::new(self.reader.header().compression, &self.limits)?,
                encoder: Encoder::new(self.compression, &self.dialect, self.parallelism)?,
                decoded: vec![0; DECODED_BYTES],
                rows: None,
                edited: Vec::new(),
            }),
        };
        Ok(self.recompressor.insert(recompressor))
    }
}

impl StreamChecker {
    /// Decodes a part of the stream, and copies what it was decoded from.
    fn copy<R: Read>(
        &mut self,
        reader: &mut BlockReader<R>,
        out: &mut Vec<u8>,
        found: &mut Vec<Incompatibility>,
    ) -> Result<(), Error> {
        let count = self.decoder.read(reader, &mut self.decoded)?;
        reader.take_consumed(out);
        if count == 0 {
            reader.keep_consumed(false);
            found.append(&mut self.decoder.take_values());
        }
        Ok(())
    }
}

impl StreamRecompressor {
    fn open(&mut self, is_copy: bool, rows: Option<RowRewriter>) {
        self.decoder.open(is_copy);
        self.rows = rows;
    }

    fn recompress<R: Read>(
        &mut self,
        reader: &mut BlockReader<R>,
        dialect: &Dialect,
        out: &mut Vec<u8>,
    ) -> Result<(), Error> {
        let count = self.decoder.read(reader, &mut self.decoded)?;
        if count == 0 {
            return self.encoder.finish(dialect, out);
        }
        let decoded = window(&self.decoded, 0, count);
        match &mut self.rows {
            None => self.encoder.write(decoded, dialect, out),
            Some(rows) => {
                self.edited.clear();
                rows.feed(decoded, &mut self.edited)?;
                self.encoder.write(&self.edited, dialect, out)
            }
        }
    }
}
