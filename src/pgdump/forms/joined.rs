//! A dump in directory or tar format as the bytes of a dump in custom format: [`JoinedDump`].

use std::fmt;
use std::io::{self, Read, Seek, SeekFrom};
use std::sync::Arc;

use super::body::{self, Body};
use super::contents::{Block, Contents, StreamFile, Treatment};
use super::files::DumpFiles;
use super::opened::Opened;
use super::sums::Sums;
use super::workers::Workers;
use crate::io::{Parallelism, copy_prefix};
use crate::limits::Limits;
use crate::pgdump::data_element::{DataElement, chunk_bytes};
use crate::pgdump::data_state::DataState;
use crate::pgdump::error::Error;
use crate::pgdump::header::Header;
use crate::pgdump::primitives::Dialect;
use crate::pgdump::toc::{self, Entry};
use crate::pgdump::window::window;

/// The length of a batch, at least.
const BATCH_BYTES: usize = 128 << 10;
/// Shorter files are verified as they are read: handing them to a thread costs more.
const THREAD_BYTES: u64 = 64 << 10;

/// A dump in directory or tar format, read as the bytes of a dump in custom format.
///
/// The archive version, the entries and the compression stay. Compressed data is moved and not recompressed: the deflate
/// data of a gzip file becomes a zlib stream, files in lz4 and zstd are streams already. All lengths are known when the
/// dump has been opened, so the table of contents states the position of all data, and [`len_bytes`](Self::len_bytes)
/// is exact.
///
/// The files may be compressed in several ways, as after one was decompressed to look into it; the dump then has one
/// compression. Uncompressed files are stored in it as they are. With several compressions, or one that the archive version
/// does not have, the files in lz4 and zstd are recompressed with gzip: once when the dump is opened, for their length, and
/// again when they are read.
///
/// ```
/// use std::io::Read;
/// use appsnap::{Limits, io::Parallelism};
/// use std::path::PathBuf;
/// use appsnap::pgdump::forms::JoinedDump;
///
/// let folder = PathBuf::from("tests/data/pgdump/pg17-directory");
/// let mut dump = JoinedDump::open(folder, &Limits::untrusted())?.with_parallelism(Parallelism::threads(2));
/// let mut custom = Vec::new();
/// dump.read_to_end(&mut custom)?;
/// assert!(custom.starts_with(b"PGDMP") && custom.len() as u64 == dump.len_bytes());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// Checksums of gzip files are verified. [`Read`] returns `Ok(0)` only at the end of the dump; its errors are [`Error`]s
/// within [`io::Error`]s. [`Seek`] is for reading the dump again: it reads the block that it seeks into from its start.
///
/// # Security
/// Suitable for dumps of unknown origin: names of files are parsed and never joined to a path, [`Limits`] bound what is
/// read into memory, and a gzip file is inflated up to [`Limits::max_decompressed_bytes`].
pub struct JoinedDump<S: DumpFiles> {
    opened: Arc<Opened<S>>,
    dialect: Dialect,
    head: Vec<u8>,
    /// The position of every block.
    starts: Vec<u64>,
    len_bytes: u64,
    /// The checksums that have been computed, by stream.
    known: Vec<Option<Sums>>,
    start_workers: Option<StartWorkers<S>>,
    threads_count: usize,
    workers: Option<Workers>,
    progress: Progress<S::File>,
    /// The first error, which every later read repeats.
    failed: Option<Error>,
}

type StartWorkers<S> = fn(&Arc<Opened<S>>, usize, Vec<(Block, StreamFile)>) -> Result<Workers, Error>;

/// The part of the dump that has been made.
struct Progress<F> {
    /// The bytes that are ready, and how many of them have been read.
    batch: Vec<u8>,
    read: usize,
    /// The position of the first byte of the batch.
    position: u64,
    is_head_done: bool,
    next_block: usize,
    next_stream: usize,
    /// The number of streams of the current block that are to follow; `None` between blocks.
    streams_left: Option<usize>,
    body: Option<Body<F>>,
}

impl<F> Progress<F> {
    fn at(position: u64, is_head_done: bool, next_block: usize, next_stream: usize) -> Self {
        let (batch, streams_left, body) = (Vec::new(), None, None);
        Self { batch, read: 0, position, is_head_done, next_block, next_stream, streams_left, body }
    }
}

impl<S: DumpFiles> JoinedDump<S> {
    /// Reads the table of contents and the length of every file.
    ///
    /// # Errors
    /// Returns an error if a file cannot be opened, is missing or is no regular file, if the table of contents or a list of
    /// large objects is damaged, if a file that must be recompressed is, or if a limit is exceeded.
    pub fn open(files: S, limits: &Limits) -> Result<Self, Error> {
        let contents = Contents::read(&files, limits)?;
        let dialect = contents.header.dialect;
        let head_bytes = head(&contents, None)?.len() as u64;
        let (mut starts, mut end) = (Vec::new(), head_bytes);
        let mut rest = contents.streams.as_slice();
        for block in &contents.blocks {
            starts.push(end);
            let (own, others) = rest.split_at(block.streams_count.min(rest.len()));
            rest = others;
            end = end.saturating_add(block_bytes(block, own, &dialect)?);
        }
        let head = head(&contents, Some(&starts))?;
        let known = vec![None; contents.streams.len()];
        Ok(Self {
            opened: Arc::new(Opened { files, contents, limits: limits.clone() }),
            dialect,
            head,
            starts,
            len_bytes: end,
            known,
            start_workers: None,
            threads_count: 0,
            workers: None,
            progress: Progress::at(0, false, 0, 0),
            failed: None,
        })
    }

    /// Sets the number of threads that verify gzip files, several at a time. The bytes do not depend on it.
    ///
    /// Without threads files are verified as they are read. The threads are those of this dump and end with it.
    #[must_use]
    pub fn with_parallelism(mut self, parallelism: Parallelism) -> Self
    where
        S: Send + Sync + 'static,
    {
        self.threads_count = parallelism.started().map_or(0, usize::from);
        self.start_workers =
            (self.threads_count > 0).then_some(|opened, count, streams| Workers::start(opened, count, streams));
        self.workers = None;
        self
    }

    /// Returns the length of the dump in custom format, in bytes.
    #[must_use]
    pub const fn len_bytes(&self) -> u64 {
        self.len_bytes
    }

    /// Returns the header of the dump in custom format.
    #[must_use]
    pub fn header(&self) -> &Header {
        &self.opened.contents.header
    }

    /// Makes the next batch, which is empty at the end.
    fn advance(&mut self) -> Result<(), Error> {
        let progress = &mut self.progress;
        progress.position = progress.position.saturating_add(progress.batch.len() as u64);
        progress.batch.clear();
        progress.read = 0;
        if !progress.is_head_done {
            progress.is_head_done = true;
            progress.batch.extend_from_slice(&self.head);
            return Ok(());
        }
        while self.progress.batch.len() < BATCH_BYTES && self.step()? {}
        Ok(())
    }

    /// Appends one or a few elements to the batch. Returns `false` at the end.
    fn step(&mut self) -> Result<bool, Error> {
        if self.progress.body.is_some() {
            return self.chunk().map(|()| true);
        }
        match self.progress.streams_left {
            Some(1..) => self.start_stream().map(|()| true),
            Some(0) => {
                let block = self.block()?;
                let end = if block.is_large_objects { DataElement::LargeObjectsEnd } else { DataElement::TableDataEnd };
                end.write(&self.dialect, &mut self.progress.batch)?;
                self.progress.streams_left = None;
                self.progress.next_block = self.progress.next_block.saturating_add(1);
                Ok(true)
            }
            None => {
                let Some(block) = self.opened.contents.blocks.get(self.progress.next_block) else { return Ok(false) };
                start_of(block).write(&self.dialect, &mut self.progress.batch)?;
                self.progress.streams_left = Some(block.streams_count);
                Ok(true)
            }
        }
    }

    fn block(&self) -> Result<Block, Error> {
        let block = self.opened.contents.blocks.get(self.progress.next_block);
        block.copied().ok_or_else(|| Error::internal("a block does not exist"))
    }

    fn start_stream(&mut self) -> Result<(), Error> {
        let (block, index) = (self.block()?, self.progress.next_stream);
        let stream = *self.stream(index)?;
        if block.is_large_objects {
            DataElement::LargeObject { oid: stream.number }.write(&self.dialect, &mut self.progress.batch)?;
        }
        let mut known = self.known.get(index).copied().flatten();
        if known.is_none() && is_for_threads(&stream) && self.start_workers.is_some() {
            let sums = self.workers()?.next()?;
            known = Some(sums);
            self.remember(index, sums);
        }
        let file = self.opened.open(&block, &stream)?;
        let body = Body::new(file, &stream, known, &self.opened.limits);
        self.progress.body = Some(body.map_err(|error| error.within(block.file_name(&stream).to_string()))?);
        self.progress.streams_left = self.progress.streams_left.map(|left| left.saturating_sub(1));
        Ok(())
    }

    fn chunk(&mut self) -> Result<(), Error> {
        let index = self.progress.next_stream;
        let Some(body) = &mut self.progress.body else { return Ok(()) };
        let count = body.left_bytes().min(chunk_bytes(&self.dialect) as u64);
        let len_bytes = u32::try_from(count).map_err(|_| Error::internal("a chunk is longer than 4 GiB"))?;
        if len_bytes == 0 {
            self.progress.body = None;
            self.progress.next_stream = index.saturating_add(1);
            return DataElement::StreamEnd.write(&self.dialect, &mut self.progress.batch);
        }
        DataElement::Chunk { len_bytes }.write(&self.dialect, &mut self.progress.batch)?;
        match body.read(len_bytes as usize, &mut self.progress.batch) {
            Ok(None) => Ok(()),
            Ok(Some(sums)) => {
                self.remember(index, sums);
                Ok(())
            }
            Err(error) => {
                let name = self.block()?.file_name(self.stream(index)?);
                Err(error.within(name.to_string()))
            }
        }
    }

    fn stream(&self, index: usize) -> Result<&StreamFile, Error> {
        self.opened.contents.streams.get(index).ok_or_else(|| Error::internal("a stream does not exist"))
    }

    fn remember(&mut self, index: usize, sums: Sums) {
        if let Some(known) = self.known.get_mut(index) {
            *known = Some(sums);
        }
    }

    /// Returns the threads, which are started for all streams from the current one.
    fn workers(&mut self) -> Result<&Workers, Error> {
        let workers = match (self.workers.take(), self.start_workers) {
            (Some(workers), _) => workers,
            (None, Some(start)) => start(&self.opened, self.threads_count, self.unknown_files())?,
            (None, None) => return Err(Error::internal("there are no threads")),
        };
        Ok(self.workers.insert(workers))
    }

    /// Returns the files whose checksums are not known yet, from the current stream.
    fn unknown_files(&self) -> Vec<(Block, StreamFile)> {
        let contents = &self.opened.contents;
        let blocks = contents.blocks.iter().flat_map(|block| std::iter::repeat_n(*block, block.streams_count));
        let streams = blocks.zip(&contents.streams).zip(&self.known).skip(self.progress.next_stream);
        streams
            .filter(|((_, stream), known)| known.is_none() && is_for_threads(stream))
            .map(|((block, stream), _)| (block, *stream))
            .collect()
    }

    fn fill(&mut self) -> Result<&[u8], Error> {
        if let Some(error) = &self.failed {
            return Err(error.clone());
        }
        if self.progress.read >= self.progress.batch.len()
            && let Err(error) = self.advance()
        {
            self.progress.batch.clear();
            return Err(self.failed.insert(error).clone());
        }
        Ok(window(&self.progress.batch, self.progress.read, self.progress.batch.len()))
    }

    const fn position(&self) -> u64 {
        self.progress.position.saturating_add(self.progress.read as u64)
    }
}

const fn is_for_threads(stream: &StreamFile) -> bool {
    matches!(stream.treatment, Treatment::Move) && stream.file_bytes >= THREAD_BYTES
}

const fn start_of(block: &Block) -> DataElement<'static> {
    if block.is_large_objects {
        DataElement::LargeObjects { id: block.id }
    } else {
        DataElement::TableData { id: block.id }
    }
}

/// Returns the header and the table of contents in custom format, with the positions of the blocks if they are known.
fn head(contents: &Contents, starts: Option<&[u64]>) -> Result<Vec<u8>, Error> {
    let mut head = Vec::new();
    contents.header.encode(&mut head)?;
    let dialect = contents.header.dialect;
    let mut starts = starts.unwrap_or(&[]).iter();
    let mut scratch = Vec::new();
    let entries = contents.toc.entries().map(|entry| {
        let start = if entry.has_data() { starts.next() } else { None };
        // A position that does not fit the offset size stays unset.
        let state = start.map(|start| DataState::Set(*start));
        let data = state.filter(|state| dialect.put_offset(*state, &mut scratch).is_ok());
        Entry { data: data.unwrap_or(entry.data), file_name: None, ..entry }
    });
    toc::encode(entries, &contents.header, &mut head)?;
    Ok(head)
}

/// Returns the length of a block.
fn block_bytes(block: &Block, streams: &[StreamFile], dialect: &Dialect) -> Result<u64, Error> {
    let mut framing = Vec::new();
    start_of(block).write(dialect, &mut framing)?;
    if block.is_large_objects {
        DataElement::LargeObjectsEnd.write(dialect, &mut framing)?;
    }
    let int_bytes = dialect.encoded_int_bytes() as u64;
    let chunk_bytes = chunk_bytes(dialect) as u64;
    let mut sum = framing.len() as u64;
    for stream in streams {
        let body_bytes = body::len_bytes(stream);
        // A number before each chunk, one at the end, and one before a large object.
        let others = if block.is_large_objects { 2 } else { 1 };
        let numbers = body_bytes.div_ceil(chunk_bytes).saturating_add(others);
        sum = sum.saturating_add(body_bytes).saturating_add(numbers.saturating_mul(int_bytes));
    }
    Ok(sum)
}

impl<S: DumpFiles> Read for JoinedDump<S> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if out.is_empty() {
            return Ok(0);
        }
        let count = copy_prefix(self.fill()?, out);
        self.progress.read = self.progress.read.saturating_add(count);
        Ok(count)
    }
}

impl<S: DumpFiles> Seek for JoinedDump<S> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let wanted = match to {
            SeekFrom::Start(position) => Some(position),
            SeekFrom::Current(by) => self.position().checked_add_signed(by),
            SeekFrom::End(by) => self.len_bytes.checked_add_signed(by),
        };
        let wanted = wanted.ok_or(io::ErrorKind::InvalidInput)?;
        if wanted == self.position() {
            return Ok(wanted);
        }
        self.failed = None;
        self.workers = None;
        let blocks_before = self.starts.partition_point(|start| *start <= wanted);
        self.progress = match blocks_before.checked_sub(1) {
            None => Progress::at(0, false, 0, 0),
            Some(block) => {
                let (before, _) = self.opened.contents.blocks.split_at(block.min(self.opened.contents.blocks.len()));
                let streams = before.iter().map(|block| block.streams_count).fold(0, usize::saturating_add);
                let start = self.starts.get(block).copied().ok_or(io::ErrorKind::InvalidInput)?;
                Progress::at(start, true, block, streams)
            }
        };
        while self.position() < wanted {
            let left = wanted.saturating_sub(self.position());
            let ready = self.fill()?.len();
            if ready == 0 {
                // A position after the end is allowed, and reading there returns nothing.
                self.progress.position = wanted;
                break;
            }
            let count = usize::try_from(left).map_or(ready, |left| left.min(ready));
            self.progress.read = self.progress.read.saturating_add(count);
        }
        Ok(wanted)
    }
}

impl<S: DumpFiles> fmt::Debug for JoinedDump<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JoinedDump")
            .field("header", self.header())
            .field("len_bytes", &self.len_bytes)
            .finish_non_exhaustive()
    }
}
