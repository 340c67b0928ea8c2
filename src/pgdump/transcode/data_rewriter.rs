//! Makes the data area of the output out of that of the input: [`Conveyor`].

use std::io::Read;

use super::encoder::Encoder;
use crate::limits::{Budget, Limits};
use crate::pgdump::block::Blocks;
use crate::pgdump::compression::Decoder;
use crate::pgdump::cursor::Dialect;
use crate::pgdump::error::Error;
use crate::pgdump::header::{Compression, Header};
use crate::pgdump::piece::{BlockKind, Piece};
use crate::pgdump::toc::Toc;
use crate::pgdump::watch::CopyWatch;

/// As much output as is gathered before it is handed on.
const BATCH_BYTES: usize = 128 << 10;
/// Plain bytes that go from the decoder to the encoder at once.
const PLAIN_BYTES: usize = 64 << 10;

/// The output of a conversion, made batch by batch.
pub(super) struct Conveyor<R> {
    blocks: Blocks<R>,
    dialect: Dialect,
    /// What has been made and not been handed on: at first everything in front of the data.
    batch: Vec<u8>,
    recoder: Option<Box<Recoder>>,
    ended: bool,
}

/// Decodes streams, verifies them, and encodes them anew.
struct Recoder {
    decoder: Decoder,
    encoder: Encoder,
    plain: Vec<u8>,
    budget: Budget,
    /// A stream is open; COPY text is watched.
    open: Option<Option<CopyWatch>>,
}

impl<R: Read> Conveyor<R> {
    /// `front` is everything in front of the data; `to` the compression of the output, if that is made anew.
    pub(super) fn new(
        blocks: Blocks<R>,
        front: Vec<u8>,
        to: Option<Compression>,
        limits: &Limits,
    ) -> Result<Self, Error> {
        // Integers look the same in all versions that a dump can be converted between.
        let dialect = blocks.header().dialect;
        let recoder = match to {
            None => None,
            Some(to) => Some(Box::new(Recoder {
                decoder: Decoder::new(blocks.header().compression, limits)?,
                encoder: Encoder::new(to, &dialect)?,
                plain: vec![0; PLAIN_BYTES],
                budget: Budget::new("max_decompressed_bytes", limits.max_decompressed_bytes()),
                open: None,
            })),
        };
        Ok(Self { blocks, dialect, batch: front, recoder, ended: false })
    }

    pub(super) const fn header(&self) -> &Header {
        self.blocks.header()
    }

    pub(super) const fn toc(&self) -> &Toc {
        self.blocks.toc()
    }

    /// Position in the input of the first byte that has not been looked at.
    pub(super) const fn position(&self) -> u64 {
        self.blocks.position()
    }

    pub(super) fn into_parts(self) -> (Header, Toc) {
        self.blocks.into_parts()
    }

    /// What has been made last.
    pub(super) fn batch(&self) -> &[u8] {
        &self.batch
    }

    /// Forgets the batch and makes the next; `false`, and nothing made, when the input has ended as it should.
    pub(super) fn advance(&mut self) -> Result<bool, Error> {
        self.batch.clear();
        self.batch.shrink_to(BATCH_BYTES.saturating_mul(2));
        while self.batch.len() < BATCH_BYTES && !self.ended {
            let more = if self.recoder.is_some() { self.recode() } else { self.copy() };
            match more {
                Ok(more) => self.ended = !more,
                Err(error) => {
                    // What was made of it so far is of no use to anybody.
                    self.batch.clear();
                    return Err(error);
                }
            }
        }
        Ok(!self.batch.is_empty())
    }

    /// Copies one piece.
    fn copy(&mut self) -> Result<bool, Error> {
        let Some(piece) = self.blocks.next_piece()? else { return Ok(false) };
        piece.encode(&self.dialect, &mut self.batch)?;
        Ok(true)
    }

    /// Copies one piece, or makes some of a stream anew.
    fn recode(&mut self) -> Result<bool, Error> {
        let Self { blocks, recoder: Some(recoder), batch, dialect, .. } = self else { return Ok(false) };
        if recoder.open.is_some() {
            return match recoder.step(blocks, dialect, batch) {
                Ok(()) => Ok(true),
                Err(error) => Err(blocks.fail(error)),
            };
        }
        let Some(piece) = blocks.next_piece()? else { return Ok(false) };
        // The streams' own pieces go to the decoder, but for what ends them.
        if let Piece::Block { .. } | Piece::Object { .. } | Piece::BlockEnd(_) = piece {
            piece.encode(dialect, batch)?;
        }
        match piece {
            Piece::Block { kind: BlockKind::Data, id, .. } => {
                let entry = blocks.toc().get(id);
                let is_copy = entry.is_some_and(|entry| entry.copy_statement.is_some_and(|sql| !sql.is_empty()));
                recoder.open(is_copy);
            }
            Piece::Object { .. } => recoder.open(false),
            _ => {}
        }
        Ok(true)
    }
}

impl Recoder {
    fn open(&mut self, is_copy: bool) {
        self.decoder.reset();
        self.open = Some(is_copy.then(CopyWatch::new));
    }

    fn step<R: Read>(&mut self, blocks: &mut Blocks<R>, dialect: &Dialect, out: &mut Vec<u8>) -> Result<(), Error> {
        let count = self.decoder.read(blocks, &mut self.plain)?;
        let plain = self.plain.get(..count).unwrap_or_default();
        self.budget.spend(count as u64)?;
        if let Some(Some(watch)) = &mut self.open {
            let result = if count == 0 { watch.finish() } else { watch.feed(plain) };
            result.map_err(|what| Error::from(what).at(blocks.position()))?;
        }
        if count == 0 {
            self.open = None;
            return self.encoder.finish(dialect, out);
        }
        self.encoder.write(plain, dialect, out)
    }
}
