//! Compressed blocks (RFC 8878, section 3.1.1.3): [`Blocks`].

use super::bits::{Bad, MARGIN_BYTES};
use super::huffman::Huffman;
use super::sequences::{Output, SLACK_BYTES, Sequences};

/// The longest content of a block, compressed or not.
pub(super) const MAX_BLOCK_BYTES: usize = 128 << 10;

/// Decodes blocks one after the other, with the codes that one takes over from the block before.
pub(super) struct Blocks {
    huffman: Huffman,
    sequences: Sequences,
    /// The literals of a block, and the slack after them.
    literals: Vec<u8>,
}

impl Blocks {
    pub(super) fn new() -> Self {
        Self { huffman: Huffman::new(), sequences: Sequences::new(), literals: Vec::new() }
    }
    /// Prepares for the next frame.
    pub(super) fn reset(&mut self) {
        self.huffman.reset();
        self.sequences.reset();
    }

    /// Decodes the compressed block that follows the margin in `data`. Returns the end of the output.
    pub(super) fn decode(&mut self, data: &[u8], output: Output<'_>) -> Result<usize, Bad> {
        let (len, literals_len) = self.read_literals(data)?;
        self.sequences.execute(data, MARGIN_BYTES.wrapping_add(len), (&self.literals, literals_len), output)
    }

    /// Decodes the section of literals that follows the margin in `data`. Returns its length, and that of the literals.
    fn read_literals(&mut self, data: &[u8]) -> Result<(usize, usize), Bad> {
        let content = data.get(MARGIN_BYTES..).ok_or(Bad)?;
        let first = *content.first().ok_or(Bad)?;
        let mut head = [0_u8; 8];
        head.iter_mut().zip(content.iter().take(5)).for_each(|(to, from)| *to = *from);
        let head = u64::from_le_bytes(head);
        let field = |from: u32, bits: u32| {
            let value = head.wrapping_shr(from) & 1_u64.wrapping_shl(bits).wrapping_sub(1);
            usize::try_from(value).map_err(|_| Bad)
        };
        let format = first >> 2 & 3;
        if first & 3 < 2 {
            let (head_len, len) = match format {
                1 => (2, field(4, 12)?),
                3 => (3, field(4, 20)?),
                _ => (1, field(3, 5)?),
            };
            let literals = self.room(len)?;
            let stored = content.get(head_len..).ok_or(Bad)?;
            if first & 3 == 0 {
                literals.copy_from_slice(stored.get(..len).ok_or(Bad)?);
                return Ok((len.wrapping_add(head_len), len));
            }
            literals.fill(*stored.first().ok_or(Bad)?);
            return Ok((head_len.wrapping_add(1), len));
        }
        let (head_len, len, stored_len): (usize, _, usize) = match format {
            2 => (4, field(4, 14)?, field(18, 14)?),
            3 => (5, field(4, 18)?, field(22, 18)?),
            _ => (3, field(4, 10)?, field(14, 10)?),
        };
        let section = head_len..head_len.wrapping_add(stored_len);
        let padded = data.get(section.start..section.end.wrapping_add(MARGIN_BYTES)).ok_or(Bad)?;
        let code_len = if first & 3 == 2 { self.huffman.read(padded)? } else { 0 };
        let streams = padded.get(code_len..).ok_or(Bad)?;
        self.room(len)?;
        let (literals, _) = self.literals.split_at_mut_checked(len).ok_or(Bad)?;
        if format == 0 {
            self.huffman.decode_one(streams, literals)?
        } else {
            self.huffman.decode_four(streams, literals)?
        }
        Ok((section.end, len))
    }

    /// Returns room for `len` literals.
    fn room(&mut self, len: usize) -> Result<&mut [u8], Bad> {
        if len > MAX_BLOCK_BYTES {
            return Err(Bad);
        }
        if self.literals.len() < len.wrapping_add(SLACK_BYTES) {
            self.literals.resize(len.wrapping_add(SLACK_BYTES), 0);
        }
        self.literals.get_mut(..len).ok_or(Bad)
    }
}
