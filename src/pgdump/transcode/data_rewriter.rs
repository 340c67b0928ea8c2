//! Makes the data area of the output from that of the input: [`DataRewriter`].

use std::io::Read;

use super::encoder::Encoder;
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
    recompressor: Option<Box<StreamRecompressor>>,
    /// Decodes streams that are copied, to look for values that the server refuses.
    checker: Option<Box<StreamChecker>>,
    watched: WatchedTables,
    newer_values: Vec<Incompatibility>,
    ended: bool,
}

/// Decodes streams beside their copying.
struct StreamChecker {
    decoder: StreamDecoder,
    decoded: Vec<u8>,
}

/// Decodes streams, verifies and re-encodes them.
struct StreamRecompressor {
    decoder: StreamDecoder,
    encoder: Encoder,
    decoded: Vec<u8>,
}

impl<R: Read> DataRewriter<R> {
    /// Starts with `head`, everything before the data. `to` is the compression of the output if it is recompressed.
    pub(super) fn new(
        reader: BlockReader<R>,
        head: Vec<u8>,
        to: Option<Compression>,
        watched: WatchedTables,
        limits: &Limits,
    ) -> Result<Self, Error> {
        // The form of integers is the same in all versions that a dump can be converted between.
        let dialect = reader.header().dialect;
        let recompressor = match to {
            None => None,
            Some(to) => Some(Box::new(StreamRecompressor {
                decoder: StreamDecoder::new(reader.header().compression, limits)?,
                encoder: Encoder::new(to, &dialect)?,
                decoded: vec![0; DECODED_BYTES],
            })),
        };
        // Without the decoder the data is copied unseen.
        let decoder = match to {
            None if !watched.is_empty() => StreamDecoder::new(reader.header().compression, limits).ok(),
            _ => None,
        };
        let checker = decoder.map(|decoder| Box::new(StreamChecker { decoder, decoded: vec![0; DECODED_BYTES] }));
        Ok(Self {
            reader,
            dialect,
            batch: head,
            recompressor,
            checker,
            watched,
            newer_values: Vec::new(),
            ended: false,
        })
    }

    pub(super) const fn header(&self) -> &Header {
        self.reader.header()
    }

    pub(super) const fn toc(&self) -> &Toc {
        self.reader.toc()
    }

    /// Returns the number of bytes of the input that have been read.
    pub(super) const fn position(&self) -> u64 {
        self.reader.position()
    }

    pub(super) fn into_parts(self) -> (Header, Toc, Vec<Incompatibility>) {
        let (header, toc) = self.reader.into_parts();
        (header, toc, self.newer_values)
    }

    /// Returns the latest batch.
    pub(super) fn batch(&self) -> &[u8] {
        &self.batch
    }

    /// Drops the batch and makes the next one. Returns `false` at the verified end of the input, when there is none.
    pub(super) fn advance(&mut self) -> Result<bool, Error> {
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

    fn step(&mut self) -> Result<bool, Error> {
        let Self { reader, recompressor, checker, watched, newer_values, batch, dialect, .. } = self;
        if let Some(recompressor) = recompressor {
            return recompressor.step(reader, dialect, batch, watched, newer_values);
        }
        let Some(checker) = checker else { return Ok(copy(reader, dialect, batch)?.0) };
        if checker.decoder.is_open() {
            checker.copy(reader, batch, newer_values)?;
            return Ok(true);
        }
        let (more, table) = copy(reader, dialect, batch)?;
        if let Some(watch) = table.and_then(|id| watched.watch(id)) {
            checker.decoder.open(true);
            checker.decoder.watch_values(Some(watch));
            reader.keep_consumed(true);
        }
        Ok(more)
    }
}

/// Copies one element. Returns `false` at the end of the input, and the dump id if a table's data has begun.
fn copy<R: Read>(
    reader: &mut BlockReader<R>,
    dialect: &Dialect,
    out: &mut Vec<u8>,
) -> Result<(bool, Option<u32>), Error> {
    let Some(element) = reader.next_element()? else { return Ok((false, None)) };
    element.write(dialect, out)?;
    let table = match element {
        DataElement::TableData { id } => Some(id),
        _ => None,
    };
    Ok((true, table))
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
    /// Copies one element, or re-encodes a part of a stream. Returns `false` at the end of the input.
    fn step<R: Read>(
        &mut self,
        reader: &mut BlockReader<R>,
        dialect: &Dialect,
        out: &mut Vec<u8>,
        watched: &WatchedTables,
        found: &mut Vec<Incompatibility>,
    ) -> Result<bool, Error> {
        if self.decoder.is_open() {
            self.recompress(reader, dialect, out)?;
            if !self.decoder.is_open() {
                found.append(&mut self.decoder.take_values());
            }
            return Ok(true);
        }
        let Some(element) = reader.next_element()? else { return Ok(false) };
        match element {
            DataElement::TableData { id } => {
                element.write(dialect, out)?;
                let is_copy = reader.toc().get(id).is_some_and(|entry| entry.is_copy());
                self.decoder.open(is_copy);
                self.decoder.watch_values(watched.watch(id).filter(|_| is_copy));
            }
            DataElement::LargeObject { .. } => {
                element.write(dialect, out)?;
                self.decoder.open(false);
            }
            DataElement::LargeObjects { .. } | DataElement::TableDataEnd | DataElement::LargeObjectsEnd => {
                element.write(dialect, out)?;
            }
            // The encoder writes the elements of streams.
            DataElement::Chunk { .. } | DataElement::Bytes(_) | DataElement::StreamEnd => {}
        }
        Ok(true)
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
        self.encoder.write(window(&self.decoded, 0, count), dialect, out)
    }
}
