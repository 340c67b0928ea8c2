//! The table of contents and the streams of a dump whose streams are files: [`Contents`].

use std::io::Read;

use super::file_name::FileName;
use super::files::DumpFiles;
use super::find::{Found, FullName, Wrapping, damaged, find, open};
use super::gzip_file;
use super::recompressed::Recompressed;
use crate::io::decimal;
use crate::limits::{Budget, Limits};
use crate::pgdump::error::Error;
use crate::pgdump::header::{FORMAT_CUSTOM, FORMAT_DIRECTORY, FORMAT_TAR, HEADER, Header};
use crate::pgdump::identify::read_header;
use crate::pgdump::parse_buffer::ParseBuffer;
use crate::pgdump::toc::{Entry, Toc};
use crate::pgdump::version::FormatVersion;

/// The table of contents of a dump, and the files of its streams.
pub(super) struct Contents {
    /// The header that the dump has in custom format.
    pub(super) header: Header,
    pub(super) toc: Toc,
    /// In the order of the entries.
    pub(super) blocks: Vec<Block>,
    pub(super) streams: Vec<StreamFile>,
}

/// The data block of one entry.
#[derive(Clone, Copy)]
pub(super) struct Block {
    /// The dump id of the entry.
    pub(super) id: u32,
    pub(super) is_large_objects: bool,
    /// The number of its streams, which follow those of the block before.
    pub(super) streams_count: usize,
}

/// The file of one stream.
#[derive(Clone, Copy)]
pub(super) struct StreamFile {
    /// The OID of a large object, or else the dump id of the table's data.
    pub(super) number: u32,
    pub(super) wrapping: Wrapping,
    /// The part of the file that the stream takes from it. Both are 0 for a file without content.
    pub(super) start: u64,
    pub(super) end: u64,
    pub(super) file_bytes: u64,
    pub(super) treatment: Treatment,
}

/// The way in which a stream gets the compression of the dump.
#[derive(Clone, Copy)]
pub(super) enum Treatment {
    /// The content of the file is used as it is.
    Copy,
    /// The file has no content, and the stream is an empty one in this compression.
    Empty(Wrapping),
    /// The data of the gzip file moves into a zlib stream.
    Move,
    /// The uncompressed file is stored in blocks of this compression, which are not compressed.
    Store(Wrapping),
    /// The file is decompressed and becomes a zlib stream of this length.
    Recompress {
        /// The length of the zlib stream.
        len_bytes: u64,
    },
}

impl Block {
    /// Returns the name of the file of a stream in this block.
    pub(super) const fn file_name(&self, stream: &StreamFile) -> FullName {
        let number = stream.number;
        let name = if self.is_large_objects { FileName::LargeObject(number) } else { FileName::Table(number) };
        FullName(name, stream.wrapping)
    }
}

impl Contents {
    /// Reads the table of contents, the lists of large objects, and the length of every file.
    pub(super) fn read<S: DumpFiles>(files: &S, limits: &Limits) -> Result<Self, Error> {
        let Some(found) = find(files, FileName::Toc)? else {
            return Err(damaged("toc.dat is missing: name the folder or tar file that pg_dump wrote".to_owned()));
        };
        let (header, toc) = read_toc(&found, limits)
            .map_err(|error| error.within(FullName(FileName::Toc, found.wrapping).to_string()))?;
        let mut contents = Self { header, toc, blocks: Vec::new(), streams: Vec::new() };
        contents.find_streams(files, limits)?;
        let wrapping = contents.common_wrapping();
        contents.treat(files, wrapping, limits)?;
        // The level is recorded in the table of contents alone, and so is the compression of a dump without data.
        if !contents.streams.is_empty() && wrapping.compression().name() != contents.header.compression.name() {
            contents.header.compression = wrapping.compression();
        }
        Ok(contents)
    }

    /// Returns the compression that all streams get.
    fn common_wrapping(&self) -> Wrapping {
        // Files without content fit every compression, and uncompressed ones can be stored in each.
        let mut found = self.streams.iter().filter(|stream| stream.end > 0).map(|stream| stream.wrapping);
        let mut compressed = found.clone().filter(|wrapping| *wrapping != Wrapping::None);
        let any = compressed.next().or_else(|| found.next()).or_else(|| self.streams.first().map(|one| one.wrapping));
        match any {
            Some(Wrapping::None) | None => Wrapping::None,
            Some(first)
                if compressed.all(|other| other == first)
                    && (first == Wrapping::Gzip || self.header.dialect.version() >= FormatVersion::V1_15) =>
            {
                first
            }
            Some(_) => Wrapping::Gzip,
        }
    }

    /// Decides how every stream gets its compression.
    fn treat<S: DumpFiles>(&mut self, files: &S, wrapping: Wrapping, limits: &Limits) -> Result<(), Error> {
        let blocks = self.blocks.iter().flat_map(|block| std::iter::repeat_n(block, block.streams_count));
        for (block, stream) in blocks.zip(&mut self.streams) {
            stream.treatment = match (stream.wrapping, wrapping) {
                _ if stream.end == 0 => Treatment::Empty(wrapping),
                (Wrapping::Gzip, Wrapping::Gzip) => Treatment::Move,
                (own, common) if own == common => Treatment::Copy,
                (Wrapping::None, common) => Treatment::Store(common),
                _ => {
                    let FullName(name, own) = block.file_name(stream);
                    let recompressed = |file: S::File| Recompressed::new(file, stream.end, own, limits);
                    let found = open(files, name, own)?.ok_or_else(|| missing(name))?;
                    let len_bytes = recompressed(found.file).and_then(Recompressed::into_len_bytes);
                    let len_bytes = len_bytes.map_err(|error| error.within(block.file_name(stream).to_string()))?;
                    Treatment::Recompress { len_bytes }
                }
            };
        }
        Ok(())
    }

    fn find_streams<S: DumpFiles>(&mut self, files: &S, limits: &Limits) -> Result<(), Error> {
        let mut large_objects = Budget::new("max_toc_entries", limits.max_toc_entries());
        let (mut blocks, mut streams) = (Vec::new(), Vec::new());
        for entry in self.toc.entries() {
            let Some(stored) = entry.file_name else { continue };
            let within = |error: Error| error.within(entry.to_string());
            let block_start = streams.len();
            let is_large_objects = entry.is_large_objects();
            if is_large_objects {
                for oid in list_of(files, &entry, limits).map_err(within)? {
                    large_objects.spend(1).map_err(|exceeded| within(exceeded.into()))?;
                    let name = FileName::LargeObject(oid);
                    streams.push(stream(files, name, oid, limits).map_err(within)?);
                }
            } else {
                if FileName::parse(stored) != Some(FileName::Table(entry.id)) {
                    return Err(within(unknown_name(stored)));
                }
                streams.push(stream(files, FileName::Table(entry.id), entry.id, limits).map_err(within)?);
            }
            let streams_count = streams.len().saturating_sub(block_start);
            blocks.push(Block { id: entry.id, is_large_objects, streams_count });
        }
        no_duplicates(&blocks, &streams)?;
        (self.blocks, self.streams) = (blocks, streams);
        Ok(())
    }
}

fn read_toc<F: crate::io::ReadAt>(found: &Found<F>, limits: &Limits) -> Result<(Header, Toc), Error> {
    let mut buffer = ParseBuffer::new(found.content(limits)?);
    let budget = Budget::new("max_string_bytes", limits.max_string_bytes().saturating_mul(3).saturating_add(256));
    let mut header = buffer.parse(HEADER, &budget, |cursor| read_header(cursor, limits))?;
    if !matches!(header.format_code, FORMAT_TAR | FORMAT_DIRECTORY) {
        return Err(damaged(format!("toc.dat has format code {}: it must be {FORMAT_TAR}", header.format_code)));
    }
    buffer.restart();
    let toc = Toc::read(&mut buffer, header.dialect.with_file_names(), limits)?;
    let (mut source, unparsed, position) = buffer.into_parts();
    let mut one = [0];
    let surplus = source.read(&mut one).map_err(|error| Error::io("reading the table of contents", error))?;
    if !unparsed.is_empty() || surplus > 0 {
        return Err(damaged("bytes follow the table of contents".to_owned()).at(position));
    }
    header.format_code = FORMAT_CUSTOM;
    Ok((header, toc))
}

/// Returns the OIDs of the large objects of an entry, in stored order.
fn list_of<S: DumpFiles>(files: &S, entry: &Entry<'_>, limits: &Limits) -> Result<Vec<u32>, Error> {
    let group = FileName::LargeObjectGroup(entry.id);
    // A dump in tar format names a file that does not exist.
    let stored = entry.file_name.unwrap_or(b"");
    if !FileName::parse(stored)
        .is_some_and(|name| [FileName::LargeObjects, group, FileName::Table(entry.id)].contains(&name))
    {
        return Err(unknown_name(stored));
    }
    let (name, found) = match find(files, group)? {
        Some(found) => (group, found),
        None => match find(files, FileName::LargeObjects)? {
            Some(found) => (FileName::LargeObjects, found),
            None => return Err(missing(group)),
        },
    };
    let full_name = FullName(name, found.wrapping);
    let mut list = Vec::new();
    let max_bytes = limits.max_toc_bytes();
    found
        .content(limits)?
        .take(max_bytes.saturating_add(1))
        .read_to_end(&mut list)
        .map_err(|error| Error::io("reading the list of large objects", error).within(full_name.to_string()))?;
    Budget::new("max_toc_bytes", max_bytes).check(list.len() as u64)?;
    let bad = |line: usize| {
        damaged(format!("line {line} of {full_name} does not list a large object and its file, such as 17 blob_17.dat"))
    };
    let Some(lines) = list.strip_suffix(b"\n") else {
        return if list.is_empty() {
            Ok(Vec::new())
        } else {
            Err(Error::truncated("a list of large objects").within(full_name.to_string()))
        };
    };
    let mut oids = Vec::new();
    for (index, line) in lines.split(|byte| *byte == b'\n').enumerate() {
        let number = index.saturating_add(1);
        let mut words = line.splitn(2, |byte| *byte == b' ');
        let oid = words.next().and_then(decimal::<u32>).ok_or_else(|| bad(number))?;
        if words.next().and_then(FileName::parse) != Some(FileName::LargeObject(oid)) {
            return Err(bad(number));
        }
        oids.push(oid);
    }
    Ok(oids)
}

/// Finds the file of a stream.
fn stream<S: DumpFiles>(files: &S, name: FileName, number: u32, limits: &Limits) -> Result<StreamFile, Error> {
    let Found { file, len_bytes, wrapping } = find(files, name)?.ok_or_else(|| missing(name))?;
    let (start, end) = match wrapping {
        Wrapping::Gzip if len_bytes > 0 => gzip_file::data_range(&file, 0, len_bytes, limits)
            .map_err(|error| error.within(FullName(name, wrapping).to_string()))?,
        _ => (0, len_bytes),
    };
    Ok(StreamFile { number, wrapping, start, end, file_bytes: len_bytes, treatment: Treatment::Copy })
}

/// Verifies that no large object has two streams.
fn no_duplicates(blocks: &[Block], streams: &[StreamFile]) -> Result<(), Error> {
    let mut rest = streams;
    let mut oids = Vec::new();
    for block in blocks {
        let (own, others) = rest.split_at(block.streams_count.min(rest.len()));
        rest = others;
        if block.is_large_objects {
            oids.extend(own.iter().map(|stream| stream.number));
        }
    }
    oids.sort_unstable();
    let duplicate = oids.windows(2).find_map(|pair| match pair {
        [one, other] if one == other => Some(*one),
        _ => None,
    });
    duplicate.map_or(Ok(()), |oid| Err(damaged(format!("the large object {oid} is listed twice"))))
}

#[cold]
fn missing(name: FileName) -> Error {
    damaged(format!("the file {name} is missing, also compressed: copy the dump again, with all of its files"))
}

#[cold]
fn unknown_name(stored: &[u8]) -> Error {
    let short = stored.split_at(stored.len().min(80)).0.escape_ascii();
    damaged(format!("the file of an entry is called {short}, which pg_dump names no file"))
}
