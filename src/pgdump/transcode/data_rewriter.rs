//! Makes the data area of the output from that of the input: [`DataRewriter`].

use std::io::Read;

use super::encoder::Encoder;
use crate::limits::Limits;
use crate::pgdump::block_reader::BlockReader;
use crate::pgdump::data_element::DataElement;
use crate::pgdump::error::Error;
use crate::pgdump::header::{Compression, Header};
use crate::pgdump::primitives::Dialect;
use crate::pgdump::stream_decoder::StreamDecoder;
use crate::pgdump::toc::Toc;
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
    ended: bool,
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
        Ok(Self { reader, dialect, batch: head, recompressor, ended: false })
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

    pub(super) fn into_parts(self) -> (Header, Toc) {
        self.reader.into_parts()
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
        let Self { reader, recompressor, batch, dialect, .. } = self;
        match recompressor {
            Some(recompressor) => recompressor.step(reader, dialect, batch),
            None => copy(reader, dialect, batch),
        }
    }
}

/// Copies one element. Returns `false` at the end of the input.
fn copy<R: Read>(reader: &mut BlockReader<R>, dialect: &Dialect, out: &mut Vec<u8>) -> Result<bool, Error> {
    let Some(element) = reader.next_element()? else { return Ok(false) };
    element.write(dialect, out)?;
    Ok(true)
}

impl StreamRecompressor {
    /// Copies one element, or re-encodes a part of a stream. Returns `false` at the end of the input.
    fn step<R: Read>(
        &mut self,
        reader: &mut BlockReader<R>,
        dialect: &Dialect,
        out: &mut Vec<u8>,
    ) -> Result<bool, Error> {
        if self.decoder.is_open() {
            return self.recompress(reader, dialect, out).map(|()| true);
        }
        let Some(element) = reader.next_element()? else { return Ok(false) };
        match element {
            DataElement::TableData { id } => {
                element.write(dialect, out)?;
                let is_copy = reader.toc().get(id).is_some_and(|entry| entry.is_copy());
                self.decoder.open(is_copy);
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
