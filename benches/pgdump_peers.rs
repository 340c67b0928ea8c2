//! Large dumps in every compression, inspected beside `pg_restore -f /dev/null` of the newest PostgreSQL at hand, and
//! directory dumps made into custom dumps, beside reading and inflating their files. Prints a table.
//!
//! `cargo bench -p appsnap-benches --bench pgdump_peers`. `APPSNAP_BENCH_DUMP_MIB` is the length of the data, 1024 if unset;
//! `APPSNAP_BENCH_DIR` is where it is written, about four times that length.

mod clock;

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{self, BufWriter, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

use appsnap::Limits;
use appsnap::io::Parallelism;
use appsnap::observe::NoObserver;
use appsnap::pgdump::forms::JoinedDump;
use appsnap::pgdump::raw::{Compression, DataElement, Header};
use appsnap::pgdump::toc::{self, DataState, Entry};
use appsnap::pgdump::{FormatVersion, inspect_at};

use appsnap_tests::dumps::{compressed, compressions};
use clock::{alternating, newest_postgres};

const TABLES: u32 = 200;
/// The dump id of the first table's data.
const FIRST_ID: u32 = 10;

/// Rows of typical business data: numbers, short words, dates, a hash.
fn rows(table: u32, len: usize) -> Vec<u8> {
    let words = ["open", "closed", "in progress", "customer", "supplier", "invoice", "order", "Amsterdam", "Rotterdam"];
    let mut state = 0x9e37_79b9_7f4a_7c15_u64 ^ u64::from(table);
    let mut text = String::with_capacity(len + 200);
    for row in 0_u64.. {
        if text.len() >= len {
            break;
        }
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        let word = |shift: u32| words[(state >> shift) as usize % words.len()];
        let (day, amount) = (state % 28 + 1, state % 1_000_000);
        let (first, second, third) = (word(3), word(9), word(21));
        writeln!(text, "{row}\t{first}\t{second} {third}\t2026-03-{day:02} 12:00:00\t{amount}.00\t\\N\t{state:016x}")
            .unwrap();
    }
    text.push_str("\\.\n\n\n");
    text.into_bytes()
}

/// Compresses a stream as pg_dump does, with the zstd program where the crate's encoder differs too much from it.
fn stream(compression: Compression, plain: &[u8], scratch: &Path) -> Vec<u8> {
    if compression == Compression::Zstd {
        fs::write(scratch, plain).unwrap();
        let output = Command::new("zstd").args(["-3", "-q", "--no-check", "-c"]).arg(scratch).output();
        if let Ok(output) = output
            && output.status.success()
        {
            return output.stdout;
        }
    }
    compressed(compression, plain)
}

/// The texts of an entry.
struct Table {
    id: u32,
    name: String,
    copy: String,
}

impl Table {
    fn entry(&self, data: DataState) -> Entry<'_> {
        let mut entry = Entry::new(self.id, b"TABLE DATA", self.name.as_bytes());
        entry.copy_statement = Some(self.copy.as_bytes());
        entry.namespace = Some(b"public");
        entry.owner = Some(b"mx");
        entry.data = data;
        entry
    }
}

fn settings() -> [Entry<'static>; 3] {
    let mut entries = [(1, "ENCODING"), (2, "STDSTRINGS"), (3, "SEARCHPATH")]
        .map(|(id, name)| Entry::new(id, name.as_bytes(), name.as_bytes()));
    entries[0].definition = Some(b"SET client_encoding = 'UTF8';\n");
    entries[1].definition = Some(b"SET standard_conforming_strings = 'on';\n");
    entries[2].definition = Some(b"SELECT pg_catalog.set_config('search_path', '', false);\n");
    entries
}

/// Writes the same data as a dump in custom format and as one in directory format.
fn make(compression: Compression, data_bytes: usize, custom: &Path, folder: &Path) {
    fs::create_dir_all(folder).unwrap();
    let mut header = Header::new(FormatVersion::V1_16);
    header.compression = compression;
    header.database = Some(b"mx".to_vec());
    header.server_version = Some(b"18.1".to_vec());
    header.dump_version = Some(b"18.1".to_vec());
    let tables: Vec<Table> = (0..TABLES)
        .map(|number| Table {
            id: FIRST_ID + number,
            name: format!("table_{number}"),
            copy: format!("COPY public.table_{number} (id, a, b, c, d, e, f) FROM stdin;\n"),
        })
        .collect();
    let head = |positions: &[u64]| {
        let data = tables.iter().zip(positions).map(|(table, position)| table.entry(DataState::Set(*position)));
        let mut bytes = Vec::new();
        header.encode(&mut bytes).unwrap();
        toc::encode(settings().into_iter().chain(data).collect::<Vec<_>>(), &header, &mut bytes).unwrap();
        bytes
    };
    let mut positions = vec![0_u64; tables.len()];
    let mut out = BufWriter::with_capacity(1 << 20, File::create(custom).unwrap());
    let first = head(&positions);
    out.write_all(&first).unwrap();
    let mut at = first.len() as u64;
    // Tables differ in length, the longest ten times the shortest.
    let part = data_bytes / TABLES as usize * 2 / 11;
    for (number, table) in (0_usize..).zip(&tables) {
        positions[number] = at;
        let plain = rows(table.id, part * (1 + number * 7 % 10));
        let stored = stream(compression, &plain, &folder.with_extension("scratch"));
        let mut block = Vec::with_capacity(stored.len() + stored.len() / 10);
        let mut put = |element: DataElement<'_>| element.encode(&header, &mut block).unwrap();
        put(DataElement::TableData { id: table.id });
        let chunks: Vec<&[u8]> = match compression {
            // A row each, up to PostgreSQL 18.
            Compression::None => stored.split_inclusive(|byte| *byte == b'\n').collect(),
            Compression::Gzip { .. } => stored.chunks(4096).collect(),
            _ => stored.chunks(32 << 10).collect(),
        };
        for chunk in chunks {
            put(DataElement::Chunk { len_bytes: chunk.len() as u32 });
            put(DataElement::Bytes(chunk));
        }
        put(DataElement::StreamEnd);
        put(DataElement::TableDataEnd);
        out.write_all(&block).unwrap();
        at += block.len() as u64;
        let suffix = match compression {
            Compression::None => "",
            Compression::Gzip { .. } => ".gz",
            Compression::Lz4 => ".lz4",
            _ => ".zst",
        };
        let file = folder.join(format!("{}.dat{suffix}", table.id));
        if matches!(compression, Compression::Gzip { .. }) {
            let mut encoder =
                flate2::write::GzEncoder::new(File::create(file).unwrap(), flate2::Compression::default());
            encoder.write_all(&plain).unwrap();
            encoder.finish().unwrap();
        } else {
            fs::write(file, stored).unwrap();
        }
    }
    let mut file = out.into_inner().unwrap();
    file.rewind().unwrap();
    file.write_all(&head(&positions)).unwrap();
    let _ = fs::remove_file(folder.with_extension("scratch"));
    fs::write(folder.join("toc.dat"), toc_file(&header, &tables)).unwrap();
}

/// Returns the table of contents of the directory format: each entry ends with the name of its file, not with a position.
fn toc_file(header: &Header, tables: &[Table]) -> Vec<u8> {
    let int = |number: usize| [&[0][..], &u32::try_from(number).unwrap().to_le_bytes()].concat();
    let mut bytes = Vec::new();
    header.encode(&mut bytes).unwrap();
    bytes[10] = 3;
    bytes.extend(int(tables.len() + 3));
    let mut put = |entry: Entry<'_>, name: &str| {
        entry.encode(header, &mut bytes).unwrap();
        bytes.truncate(bytes.len() - 9);
        bytes.extend(int(name.len()));
        bytes.extend(name.as_bytes());
    };
    settings().into_iter().for_each(|entry| put(entry, ""));
    tables.iter().for_each(|table| put(table.entry(DataState::NotSet), &format!("{}.dat", table.id)));
    bytes
}

/// Reads all files of a folder on `threads` threads, and inflates those that are gzip files.
fn read_all(folder: &Path, threads: usize) -> u64 {
    let files: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    let next = AtomicUsize::new(0);
    let work = || {
        let (mut sum, mut buffer) = (0, vec![0; 128 << 10]);
        while let Some(path) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
            let mut file = File::open(path).unwrap();
            let mut source: Box<dyn Read> = match path.extension().is_some_and(|suffix| suffix == "gz") {
                true => Box::new(flate2::bufread::GzDecoder::new(io::BufReader::with_capacity(128 << 10, file))),
                false => Box::new(&mut file),
            };
            loop {
                match source.read(&mut buffer).unwrap() {
                    0 => break,
                    count => sum += count as u64,
                }
            }
        }
        sum
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    })
}

fn join(folder: &Path, to: &Path, threads: u8) {
    let dump = JoinedDump::open(folder.to_path_buf(), &Limits::untrusted()).unwrap();
    let mut dump = dump.with_parallelism(Parallelism::threads(threads));
    io::copy(&mut dump, &mut File::create(to).unwrap()).unwrap();
}

fn main() {
    let is_bench = std::env::args().any(|argument| argument == "--bench");
    let mib = std::env::var("APPSNAP_BENCH_DUMP_MIB").ok().and_then(|mib| mib.parse::<usize>().ok());
    let (mib, runs) = if is_bench { (mib.unwrap_or(1024), 5) } else { (2, 1) };
    let folder = match std::env::var_os("APPSNAP_BENCH_DIR") {
        Some(folder) => tempfile::tempdir_in(folder),
        None => tempfile::tempdir(),
    };
    let folder = folder.unwrap();
    let pg_restore = newest_postgres("pg_restore");
    let peer_name = match &pg_restore {
        Some(tool) => String::from_utf8(Command::new(tool).arg("--version").output().unwrap().stdout).unwrap(),
        None => "no pg_restore".to_owned(),
    };
    println!("{mib} MiB of rows in {TABLES} tables; seconds, and processor seconds in brackets; medians of {runs}");
    println!("peer: {}", peer_name.trim());
    println!();
    println!("custom dump inspected");
    println!(
        "{:<6} {:>8} {:>15} {:>15} {:>15} {:>15} {:>15} {:>9} {:>5} {:>8} {:>5}",
        "", "MB", "0 threads", "1 thread", "2 threads", "4 threads", "pg_restore", "2 / peer", "goal", "2 / 1", "goal"
    );
    let mut joined = Vec::new();
    for compression in compressions() {
        let (custom, directory) = (folder.path().join("custom.dump"), folder.path().join("directory"));
        make(compression, mib << 20, &custom, &directory);
        let inspected = |threads: u8| {
            let dump = File::open(&custom).unwrap();
            let found = inspect_at(&dump, &Limits::trusted(), Parallelism::threads(threads), &mut NoObserver).unwrap();
            assert_eq!(found.blocks.len(), TABLES as usize);
        };
        let peer = || {
            if let Some(tool) = &pg_restore {
                // An older one cannot read what a newer release has compressed.
                let _ = Command::new(tool).args(["-f", "/dev/null"]).arg(&custom).output().unwrap();
            }
        };
        let times = alternating(
            runs,
            &mut [&mut || inspected(0), &mut || inspected(1), &mut || inspected(2), &mut || inspected(4), &mut || {
                peer()
            }],
        );
        println!(
            "{:<6} {:>8.1} {:>15} {:>15} {:>15} {:>15} {:>15} {:>9.2} {:>5} {:>8.2} {:>5}",
            compression.name(),
            custom.metadata().unwrap().len() as f64 / 1e6,
            times[0],
            times[1],
            times[2],
            times[3],
            times[4],
            times[2].wall / times[4].wall,
            "0.60",
            times[2].wall / times[1].wall,
            "0.55",
        );
        let to = folder.path().join("joined.dump");
        for threads in [1, 2] {
            let times = alternating(
                runs,
                &mut [&mut || join(&directory, &to, threads), &mut || {
                    read_all(&directory, usize::from(threads));
                }],
            );
            joined.push((compression, threads, times));
        }
        assert_eq!(
            fs::metadata(&to).unwrap().len(),
            JoinedDump::open(directory.clone(), &Limits::trusted()).unwrap().len_bytes()
        );
        fs::remove_dir_all(&directory).unwrap();
    }
    println!();
    println!(
        "directory dump made into a custom dump, and its files read (and inflated, those of gzip) on as many threads"
    );
    println!("{:<6} {:>7} {:>15} {:>15} {:>8} {:>5}", "", "threads", "converted", "read", "ratio", "goal");
    for (compression, threads, times) in joined {
        println!(
            "{:<6} {threads:>7} {:>15} {:>15} {:>8.2} {:>5}",
            compression.name(),
            times[0],
            times[1],
            times[0].wall / times[1].wall,
            "1.20",
        );
    }
}
