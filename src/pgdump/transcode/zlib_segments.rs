//! A zlib stream (RFC 1950) whose segments are compressed on their own, on threads if there are any: [`ZlibSegments`].

use std::num::NonZeroUsize;
use std::thread;

use flate2::{Compress, Compression, FlushCompress, Status};
use simd_adler32::Adler32;

use crate::io::{Parallelism, deflate_vec};
use crate::pgdump::error::Error;

const COMPRESSING: &str = "compressing data";
/// The length of a segment. Shorter ones would compress worse, because no match reaches into an earlier one.
const SEGMENT_BYTES: usize = 1 << 20;
/// The length of what a compressor receives at a time, which may determine its output.
const SLICE_BYTES: usize = 64 << 10;
/// More than a compressor makes of a slice and of what it has kept of those before.
const ROOM_BYTES: usize = 4 * SLICE_BYTES;

/// Compresses one stream after the other. The bytes do not depend on the number of threads.
///
/// Memory is two slices without threads, and twice a segment for each thread.
pub(super) struct ZlibSegments {
    level: Compression,
    /// One for each segment that is compressed at the same time.
    compressors: Vec<Compress>,
    has_threads: bool,
    has_begun: bool,
    adler: Adler32,
    /// Segments that wait for others. Without threads there are none.
    full: Vec<Vec<u8>>,
    /// The beginning of a segment, or without threads of a slice.
    part: Vec<u8>,
    /// The number of bytes of the segment before the slice, without threads.
    segment_bytes: usize,
}

impl ZlibSegments {
    pub(super) fn new(level: Compression, parallelism: Parallelism) -> Self {
        let threads_count = parallelism.started().map_or(1, NonZeroUsize::get);
        Self {
            level,
            compressors: (0..threads_count).map(|_| Compress::new(level, false)).collect(),
            has_threads: threads_count > 1,
            has_begun: false,
            adler: Adler32::new(),
            full: Vec::new(),
            part: Vec::new(),
            segment_bytes: 0,
        }
    }

    /// Appends compressed bytes to `out`, or keeps bytes for later.
    pub(super) fn write(&mut self, mut bytes: &[u8], out: &mut Vec<u8>) -> Result<(), Error> {
        self.begin(out);
        self.adler.write(bytes);
        let part_bytes = if self.has_threads { SEGMENT_BYTES } else { SLICE_BYTES };
        while !bytes.is_empty() {
            let room = part_bytes.saturating_sub(self.part.len());
            let (now, later) = bytes.split_at(room.min(bytes.len()));
            self.part.extend_from_slice(now);
            bytes = later;
            if self.part.len() < part_bytes {
                return Ok(());
            }
            if self.has_threads {
                self.full.push(std::mem::take(&mut self.part));
                if self.full.len() >= self.compressors.len() {
                    self.compress_all(false, out)?;
                }
            } else {
                self.segment_bytes = self.segment_bytes.saturating_add(SLICE_BYTES);
                let is_end = self.segment_bytes >= SEGMENT_BYTES;
                let flush = if is_end { FlushCompress::Sync } else { FlushCompress::None };
                self.compress_part(flush, out)?;
            }
        }
        Ok(())
    }

    /// Appends the rest of the stream. The next one can then be written.
    pub(super) fn finish(&mut self, out: &mut Vec<u8>) -> Result<(), Error> {
        self.begin(out);
        if self.has_threads {
            self.full.push(std::mem::take(&mut self.part));
            self.compress_all(true, out)?;
        } else {
            self.compress_part(FlushCompress::Finish, out)?;
        }
        out.extend_from_slice(&self.adler.finish().to_be_bytes());
        self.adler = Adler32::new();
        self.has_begun = false;
        Ok(())
    }

    fn begin(&mut self, out: &mut Vec<u8>) {
        if !std::mem::replace(&mut self.has_begun, true) {
            // A window of 32 KiB, and the kind of the level (RFC 1950, section 2.2).
            out.extend_from_slice(match self.level.level() {
                0 | 1 => &[0x78, 0x01],
                2..=5 => &[0x78, 0x5e],
                6 => &[0x78, 0x9c],
                _ => &[0x78, 0xda],
            });
        }
    }

    /// Compresses a slice, the last one of its segment unless nothing is flushed.
    fn compress_part(&mut self, flush: FlushCompress, out: &mut Vec<u8>) -> Result<(), Error> {
        let compress = self.compressors.first_mut().ok_or_else(|| Error::internal("there is no compressor"))?;
        slice(compress, &self.part, flush, out)?;
        self.part.clear();
        if flush != FlushCompress::None {
            compress.reset();
            self.segment_bytes = 0;
        }
        Ok(())
    }

    /// Compresses the segments that wait, each on a thread.
    fn compress_all(&mut self, is_end: bool, out: &mut Vec<u8>) -> Result<(), Error> {
        let last = if is_end { self.full.pop() } else { None };
        let jobs = self.full.iter().map(|bytes| (bytes, false)).chain(last.iter().map(|bytes| (bytes, true)));
        let mut jobs = jobs.zip(&mut self.compressors);
        // The first is done here if there is no other.
        let Some(((bytes, is_last), compress)) = jobs.next() else { return Ok(()) };
        let rest = jobs.collect::<Vec<_>>();
        if rest.is_empty() {
            segment(compress, bytes, is_last, out)?;
        } else {
            let jobs = std::iter::once(((bytes, is_last), compress)).chain(rest);
            let made = thread::scope(|scope| {
                let mut threads = Vec::new();
                for ((bytes, is_last), compress) in jobs {
                    let work = move || {
                        let mut made = Vec::new();
                        segment(compress, bytes, is_last, &mut made).map(|()| made)
                    };
                    let thread = thread::Builder::new().name("appsnap-dump".to_owned()).spawn_scoped(scope, work);
                    threads.push(thread.map_err(|error| Error::io("starting a thread", error))?);
                }
                let panicked = |_| Error::internal("a thread has panicked");
                threads.into_iter().map(|thread| thread.join().map_err(panicked)?).collect::<Result<Vec<_>, Error>>()
            })?;
            made.iter().for_each(|made| out.extend_from_slice(made));
        }
        self.full.clear();
        Ok(())
    }
}

/// Compresses a segment: all of it are whole slices unless it is the last one of the stream.
fn segment(compress: &mut Compress, bytes: &[u8], is_last: bool, out: &mut Vec<u8>) -> Result<(), Error> {
    let (slices, rest) = bytes.as_chunks::<SLICE_BYTES>();
    let mut slices = slices.iter().peekable();
    while let Some(bytes) = slices.next() {
        let is_end = slices.peek().is_none() && !is_last;
        slice(compress, bytes, if is_end { FlushCompress::Sync } else { FlushCompress::None }, out)?;
    }
    if is_last {
        slice(compress, rest, FlushCompress::Finish, out)?;
    }
    compress.reset();
    Ok(())
}

fn slice(compress: &mut Compress, mut bytes: &[u8], flush: FlushCompress, out: &mut Vec<u8>) -> Result<(), Error> {
    loop {
        out.reserve(ROOM_BYTES);
        let step = deflate_vec(compress, bytes, out, flush);
        let status = step.status.map_err(|cause| Error::io(COMPRESSING, std::io::Error::other(cause)))?;
        bytes = bytes.split_at(step.used.min(bytes.len())).1;
        let is_done = match flush {
            FlushCompress::Finish => status == Status::StreamEnd,
            _ => bytes.is_empty() && out.len() < out.capacity(),
        };
        if is_done {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    fn compressed(bytes: &[u8], level: u32, threads: u8, step_bytes: usize) -> Vec<u8> {
        let mut stream = ZlibSegments::new(Compression::new(level), Parallelism::threads(threads));
        let mut out = Vec::new();
        // The second stream shows that nothing is left of the first.
        for _ in 0..2 {
            out.clear();
            bytes.chunks(step_bytes).for_each(|bytes| stream.write(bytes, &mut out).unwrap());
            stream.finish(&mut out).unwrap();
        }
        out
    }

    #[test]
    fn bytes_depend_neither_on_threads_nor_on_the_way_they_arrive() {
        let text = (0..200_000_u64).map(|number| format!("{}\t{}\n", number, number * 7919 % 1_000_003));
        let text: Vec<u8> = text.flat_map(String::into_bytes).collect();
        assert!(text.len() > 2 * SEGMENT_BYTES);
        for (len, level) in
            [(0, 6), (1, 9), (SLICE_BYTES, 1), (SEGMENT_BYTES - 1, 1), (SEGMENT_BYTES, 6), (text.len(), 1)]
        {
            let bytes = &text[..len];
            let expected = compressed(bytes, level, 0, 64 << 10);
            let mut found = Vec::new();
            flate2::read::ZlibDecoder::new(expected.as_slice()).read_to_end(&mut found).unwrap();
            assert!(found == bytes, "{len} bytes at level {level}");
            for (threads, step_bytes) in [(1, 1000), (2, 5 << 20), (3, 333_333)] {
                let found = compressed(bytes, level, threads, step_bytes);
                assert!(found == expected, "{len} bytes at level {level} on {threads} threads");
            }
        }
    }
}
