//! Compresses one chunk: [`Deflater`].

use flate2::{Compress, Compression, FlushCompress, Status};

use super::chunk::{Chunk, Method, part};
use super::encoder::Encoder;
use super::error::{Error, ErrorKind, Result};
use super::fixed_huffman;
use super::level::Level;
use super::table::{ChunkRow, row_len};
use crate::io::deflate_vec;

/// An empty stored block (RFC 1951, section 3.2.4), the mark that ends every chunk on a byte boundary.
const FLUSH_MARK: [u8; 5] = [STORED_BLOCK, 0x00, 0x00, 0xff, 0xff];

/// The first byte of a stored block that is not the last one and begins on a byte boundary.
const STORED_BLOCK: u8 = 0;

/// Most bytes of one stored block (RFC 1951, section 3.2.4: LEN has 16 bits).
const STORED_BLOCK_BYTES: usize = u16::MAX as usize;

/// A chunk's compressed form, and its row in the chunk table.
#[derive(Debug, Default)]
pub(crate) struct CompressedChunk {
    pub(super) bytes: Vec<u8>,
    pub(super) row: ChunkRow,
}

/// The compressor of one thread: deflate state that is reused from chunk to chunk.
#[derive(Debug)]
pub(crate) struct Deflater(Engine);

#[derive(Debug)]
enum Engine {
    /// The fast levels.
    Own(Box<Encoder>),
    /// The others.
    Backend(Compress),
}

impl Deflater {
    pub(crate) fn new(level: Level) -> Self {
        Self(Encoder::new(level).map_or_else(
            || Engine::Backend(Compress::new(Compression::new(u32::from(level.get())), false)),
            |encoder| Engine::Own(Box::new(encoder)),
        ))
    }

    /// Compresses `chunk` into `compressed`, whose memory is reused.
    ///
    /// # Errors
    /// Returns an error only if the deflate backend breaks its contract.
    pub(crate) fn compress(&mut self, chunk: &Chunk, compressed: &mut CompressedChunk) -> Result<()> {
        let out = &mut compressed.bytes;
        out.clear();
        if let Engine::Own(encoder) = &mut self.0 {
            encoder.start_chunk();
        }
        let (mut start, mut headers_end) = (0, None);
        let mut ending = Ending::Aligned;
        for (end, method) in chunk.runs()? {
            let run = part(chunk.bytes(), start, end)?;
            let until = part(chunk.bytes(), 0, end)?;
            ending = match method {
                Method::Deflate => self.deflate_or_store(until, start, ending, out)?,
                Method::Store => store(run, ending, out)?,
                Method::FixedHuffman => {
                    fixed_huffman::deflate(until, start, headers_end.replace(end), out);
                    Ending::Open
                }
            };
            start = end;
        }
        let [begin, lengths @ ..] = FLUSH_MARK;
        match ending {
            Ending::Marked => {}
            Ending::Aligned => out.extend([begin].into_iter().chain(lengths)),
            Ending::Open => out.extend(lengths),
        }
        compressed.row = ChunkRow {
            compressed_len_bytes: row_len(out.len())?,
            uncompressed_len_bytes: row_len(chunk.len_bytes())?,
            crc32: crc32fast::hash(chunk.bytes()),
        };
        Ok(())
    }

    /// Compresses `bytes[start..]`, or stores it: a sample may have misjudged the run, and the fastest level of some
    /// backends makes it an eighth longer then.
    fn deflate_or_store(&mut self, bytes: &[u8], start: usize, ending: Ending, out: &mut Vec<u8>) -> Result<Ending> {
        let before = out.len();
        let run = part(bytes, start, bytes.len())?;
        let done = match &mut self.0 {
            Engine::Own(encoder) => encoder.deflate(bytes, start, out).map(|()| Ending::Open)?,
            Engine::Backend(compress) => deflate(compress, run, out).map(|()| Ending::Marked)?,
        };
        let made = out.len().saturating_sub(before);
        if made <= stored_len_bytes(run.len()).saturating_add(FLUSH_MARK.len()) {
            return Ok(done);
        }
        out.truncate(before);
        store(run, ending, out)
    }
}

/// Appends `run`, compressed with an empty history, and [`FLUSH_MARK`].
fn deflate(compress: &mut Compress, run: &[u8], out: &mut Vec<u8>) -> Result<()> {
    let broken = || Error::new(ErrorKind::Internal("the compressor broke its contract"));
    compress.reset();
    let mut rest = run;
    loop {
        // A sync flush is complete when it leaves room in the output (zlib.h on deflate and avail_out).
        out.reserve((rest.len() / 2).saturating_add(1024));
        let step = deflate_vec(compress, rest, out, FlushCompress::Sync);
        rest = rest.get(step.used..).ok_or_else(broken)?;
        match step.status {
            Ok(Status::Ok | Status::BufError) if rest.is_empty() && out.len() < out.capacity() => return Ok(()),
            Ok(Status::Ok | Status::BufError) => {}
            _ => return Err(broken()),
        }
    }
}

/// The length of `len_bytes` bytes as stored blocks: five bytes more for each block.
const fn stored_len_bytes(len_bytes: usize) -> usize {
    len_bytes.saturating_add(len_bytes.div_ceil(STORED_BLOCK_BYTES).saturating_mul(5))
}

/// The end of the output, always on a byte boundary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ending {
    /// Whole blocks, or nothing.
    Aligned,
    /// [`FLUSH_MARK`].
    Marked,
    /// The first byte of a stored block, whose lengths are to follow.
    Open,
}

/// Appends `run`, which is not empty, as stored blocks.
fn store(run: &[u8], ending: Ending, out: &mut Vec<u8>) -> Result<Ending> {
    let mut is_open = ending == Ending::Open;
    for block in run.chunks(STORED_BLOCK_BYTES) {
        let len =
            u16::try_from(block.len()).map_err(|_| Error::new(ErrorKind::Internal("a stored block is too long")))?;
        if !std::mem::take(&mut is_open) {
            out.push(STORED_BLOCK);
        }
        out.extend_from_slice(&len.to_le_bytes());
        out.extend_from_slice(&(!len).to_le_bytes());
        out.extend_from_slice(block);
    }
    Ok(Ending::Aligned)
}

#[cfg(test)]
mod tests {
    use super::super::chunk::{CHUNK_BYTES, SegmentKind, is_worth_deflating};
    use super::super::header::FINAL_BLOCK;
    use super::*;

    fn noise(len: usize) -> Vec<u8> {
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        std::iter::repeat_with(|| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 32) as u8
        })
        .take(len)
        .collect()
    }

    fn text(len: usize) -> Vec<u8> {
        b"the quick brown fox jumps over the lazy dog. ".iter().copied().cycle().take(len).collect()
    }

    fn compress(chunk: &Chunk) -> CompressedChunk {
        let mut compressed = CompressedChunk::default();
        Deflater::new(Level::default()).compress(chunk, &mut compressed).unwrap();
        compressed
    }

    fn inflate(compressed: &CompressedChunk) -> Vec<u8> {
        let mut uncompressed = Vec::with_capacity(CHUNK_BYTES + 1);
        let mut bytes = compressed.bytes.clone();
        bytes.extend_from_slice(&FINAL_BLOCK);
        let mut decoder = flate2::Decompress::new(false);
        let status = decoder.decompress_vec(&bytes, &mut uncompressed, flate2::FlushDecompress::Finish).unwrap();
        assert_eq!(status, Status::StreamEnd);
        uncompressed
    }

    #[test]
    fn chunk_of_every_kind_inflates_to_its_bytes() {
        for parts in [
            vec![],
            vec![(SegmentKind::Headers, vec![0; 512])],
            vec![(SegmentKind::Payload, noise(CHUNK_BYTES))],
            vec![(SegmentKind::Payload, text(CHUNK_BYTES))],
            vec![
                (SegmentKind::Headers, text(512)),
                (SegmentKind::Payload, noise(5000)),
                (SegmentKind::Headers, vec![0; 632]),
                (SegmentKind::Payload, text(200_000)),
                (SegmentKind::Payload, noise(200_000)),
                (SegmentKind::Headers, vec![0; 100]),
                (SegmentKind::Payload, vec![7]),
            ],
        ] {
            let mut chunk = Chunk::default();
            for (kind, bytes) in &parts {
                assert!(chunk.push(*kind, bytes).is_empty());
            }
            let compressed = compress(&chunk);
            assert!(compressed.bytes.ends_with(&[0, 0, 0xff, 0xff]));
            assert_eq!(inflate(&compressed), chunk.bytes());
            assert_eq!(compressed.row.crc32, crc32fast::hash(chunk.bytes()));
            assert!(compressed.bytes.len() <= chunk.len_bytes() + chunk.len_bytes() / 500 + 64);
        }
    }

    #[test]
    fn misjudged_run_takes_hardly_more_than_its_bytes() {
        // No byte below 144, which level 1 writes with nine bits each, and few enough values to look compressible.
        let bytes: Vec<u8> = noise(CHUNK_BYTES).iter().map(|byte| 144 + byte % 112).collect();
        assert!(is_worth_deflating(&bytes));
        let mut chunk = Chunk::default();
        chunk.push(SegmentKind::Payload, &bytes);
        for level in 1..=9 {
            let mut compressed = CompressedChunk::default();
            Deflater::new(Level::new(level).unwrap()).compress(&chunk, &mut compressed).unwrap();
            assert!(compressed.bytes.len() <= bytes.len() + 100, "level {level}: {}", compressed.bytes.len());
            assert_eq!(inflate(&compressed), bytes, "level {level}");
        }
    }

    #[test]
    fn slicing_of_pushes_does_not_change_the_bytes() {
        let parts = [
            (SegmentKind::Headers, text(512)),
            (SegmentKind::Payload, noise(70_000)),
            (SegmentKind::Headers, vec![0; 512]),
        ];
        let mut whole = Chunk::default();
        let mut sliced = Chunk::default();
        for (kind, bytes) in &parts {
            whole.push(*kind, bytes);
            for piece in bytes.chunks(777) {
                sliced.push(*kind, piece);
            }
        }
        assert_eq!(compress(&whole).bytes, compress(&sliced).bytes);
    }

    #[test]
    fn noise_is_stored_and_text_is_deflated() {
        assert!(!is_worth_deflating(&noise(1000)));
        assert!(!is_worth_deflating(&noise(64 << 10)));
        assert!(is_worth_deflating(&text(1000)));
        let base64: Vec<u8> = noise(4000).iter().map(|byte| b' ' + (byte & 63)).collect();
        assert!(is_worth_deflating(&base64));
    }
}
