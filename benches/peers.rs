//! This crate beside the programs that people would otherwise use, on the same files in the same run: one table.
//!
//! ```text
//! cargo bench -p appsnap-benches --bench peers -- [--plain] [--count N] [--rounds N] [WORD...]
//! ```
//!
//! All jobs of a corpus run in turn, and medians are printed: seconds and seconds of the processor, beside those of a peer, with the
//! goal of their ratio. A WORD limits the table to the corpora or rows that contain it: `small`, `mixed`, `text`, `pack`,
//! `list`, `extract`, `fetch`, `cold`, `levels`. `--plain` prints our times alone, for `benches/compare.sh`.
//!
//! Programs that are not installed are left out, as are the commands `pack` and `fetch_document` unless `cargo build --release
//! --examples` has built them. Who may empty the page cache (root, on Linux) also sees what packing takes from a cold disk.
//! `APPSNAP_BENCH_DIR` chooses where the corpora are made (3 GB with `text`), the temporary folder otherwise.

mod corpus;
mod measure;

use std::fs::{self, File};
use std::io::{BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};

use appsnap::gzip::Level;
use appsnap::io::Parallelism;
use appsnap::metadata::Metadata;
use appsnap::observe::NoObserver;
use appsnap::snapshot::extract::ExtractOptions;
use appsnap::snapshot::index::IndexPlacement;
use appsnap::snapshot::{Content, ReadOptions, SnapshotArchive, SnapshotReader, SnapshotWriter, WriteOptions, extract};
use appsnap::source::DocumentPlan;
use appsnap::source::directory::{self, DirectoryOptions};

use appsnap::pgdump::FormatVersion;
use appsnap::pgdump::raw::Compression;
use appsnap_tests::dumps::DumpBuilder;

use corpus::{Corpus, Random};
use measure::{Job, Peer, Row, Sample, alternate, forget_cache, is_installed, shell};

const PIGZ: &str = "tar + pigz -6";
const IGZIP: &str = "tar + igzip -1";
const RAW: &str = "open, read, CRC32";
const TAR_LIST: &str = "tar tzf";
const TAR_EXTRACT: &str = "tar xzf";
const RAW_CREATION: &str = "create the same";
const CAT: &str = "cat";
/// Scans, inspects a dump of the corpus's length, packs, syncs.
const COMMAND: &str = "pack, the whole command";

/// Packing with other programs: name, the program that must be there, and a shell command that reads the current folder
/// and writes `$OUT`.
const PACKERS: [(&str, &str, &str); 6] = [
    (PIGZ, "pigz", "tar cf - .metadata db tree | pigz -6 > $OUT"),
    (IGZIP, "igzip", "tar cf - .metadata db tree | igzip -1 > $OUT"),
    ("tar + gzip -6", "gzip", "tar cf - .metadata db tree | gzip -6 > $OUT"),
    ("tar + zstd -3 -T2", "zstd", "tar cf - .metadata db tree | zstd -q -3 -T2 > $OUT"),
    ("tar + libdeflate -6", "libdeflate-gzip", "tar cf - .metadata db tree | libdeflate-gzip -6 > $OUT"),
    ("tar to nowhere", "tar", "tar cf - .metadata db tree | cat > /dev/null; : > $OUT"),
];

/// Reading `$IN` with other programs, into the current folder where that is what it is about.
const LISTERS: [(&str, &str, &str); 3] = [
    (TAR_LIST, "tar", "tar tzf $IN > /dev/null"),
    ("igzip -dc to tar t", "igzip", "igzip -dc $IN | tar tf - > /dev/null"),
    ("gzip -dc", "gzip", "gzip -dc $IN > /dev/null"),
];
const EXTRACTORS: [(&str, &str, &str); 2] =
    [(TAR_EXTRACT, "tar", "tar xzf $IN"), ("igzip -dc to tar x", "igzip", "igzip -dc $IN | tar xf -")];

/// The arguments of the bench.
struct Arguments {
    is_bench: bool,
    is_plain: bool,
    count: usize,
    rounds: usize,
    words: Vec<String>,
}

impl Arguments {
    fn parse() -> Self {
        let mut found = Self { is_bench: false, is_plain: false, count: 0, rounds: 0, words: Vec::new() };
        let mut arguments = std::env::args().skip(1);
        let number = |text: Option<String>| text.and_then(|text| text.parse().ok()).expect("a number");
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--bench" => found.is_bench = true,
                "--plain" => found.is_plain = true,
                "--count" => found.count = number(arguments.next()),
                "--rounds" => found.rounds = number(arguments.next()),
                _ => found.words.push(argument),
            }
        }
        let (count, rounds) = if found.is_bench { (50_000, 3) } else { (100, 1) };
        found.count = if found.count == 0 { count } else { found.count };
        found.rounds = if found.rounds == 0 { rounds } else { found.rounds };
        found
    }

    /// Returns `true` if rows of this corpus and topic are wanted: of the words that name corpora, and of those that name
    /// topics, it must be one if there are any.
    fn wants(&self, corpus: &str, topic: &str) -> bool {
        let is_corpus = |word: &&String| corpus::ALL.iter().any(|(name, _)| name == word);
        let (corpora, topics): (Vec<&String>, Vec<&String>) = self.words.iter().partition(is_corpus);
        let is_among = |words: &[&String], name: &str| words.is_empty() || words.iter().any(|word| *word == name);
        is_among(&corpora, corpus) && is_among(&topics, topic)
    }
}

const TOPICS: [&str; 6] = ["pack", "list", "extract", "fetch", "cold", "levels"];

fn scan(corpus: &Corpus, threads: u8) -> DocumentPlan {
    let options = DirectoryOptions::new().with_parallelism(Parallelism::threads(threads));
    directory::scan(&corpus.files, &options, &mut NoObserver).unwrap()
}

/// The work of `pack`: walk, read, compress, write.
fn pack(corpus: &Corpus, output: &Path, index: IndexPlacement, threads: u8, level: Level) {
    let plan = scan(corpus, threads);
    let options =
        WriteOptions::new().with_parallelism(Parallelism::threads(threads)).with_index(index).with_level(level);
    let sink = BufWriter::new(File::create(output).unwrap());
    let mut writer = SnapshotWriter::start(sink, &Metadata::new(), &options).unwrap();
    writer.database(Content::file(File::open(&corpus.dump).unwrap()).unwrap(), &mut NoObserver).unwrap();
    writer.documents(&plan, &mut NoObserver).unwrap();
    writer.finish().unwrap().0.flush().unwrap();
}

/// Does the part of packing that no program can avoid: opens and reads every file and computes its CRC32, with `threads`
/// threads. The paths are known before.
fn read_all(paths: &[PathBuf], threads: usize) {
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let mut buffer = Vec::new();
                while let Some(path) = paths.get(next.fetch_add(1, Ordering::Relaxed)) {
                    buffer.clear();
                    File::open(path).unwrap().read_to_end(&mut buffer).unwrap();
                    std::hint::black_box(crc32fast::hash(&buffer));
                }
            });
        }
    });
}

/// Does the part of extraction that no program can avoid: creates the same folders and files, with `threads` threads.
fn create_all(contents: &[(PathBuf, Vec<u8>)], target: &Path, threads: usize) {
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some((path, bytes)) = contents.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let path = target.join(path);
                    let folder = path.parent().unwrap();
                    match fs::create_dir(folder) {
                        Ok(()) => {}
                        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
                        Err(_) => fs::create_dir_all(folder).unwrap(),
                    }
                    File::create_new(&path).unwrap().write_all(bytes).unwrap();
                }
            });
        }
    });
}

/// A dump as long as the corpus's, which compresses as little but has rows to inspect.
fn database_dump() -> Vec<u8> {
    let mut random = Random::new(3);
    let mut rows = String::new();
    // Hexadecimal digits become 0.54 of their length.
    for number in 0.. {
        if rows.len() > corpus::DUMP_BYTES * 37 / 20 {
            break;
        }
        let digits: String = (0..8).map(|_| format!("{:016x}", random.next())).collect();
        rows.push_str(&format!("{number}\t{digits}\n"));
    }
    let mut builder = DumpBuilder::new(FormatVersion::V1_14, Compression::GZIP);
    builder.table("measured", "id, content", rows.as_bytes());
    builder.build()
}

/// A command of this crate, if it is built: beside the bench, in `examples`.
fn command(name: &str) -> Option<PathBuf> {
    let bench = std::env::current_exe().ok()?;
    let path = bench.parent()?.parent()?.join("examples").join(name);
    let found = path.is_file().then_some(path);
    if found.is_none() {
        eprintln!("SKIPPED: the command {name} is not built: cargo build --release --example {name}");
    }
    found
}

/// The measurements of one corpus.
struct Bench<'a> {
    arguments: &'a Arguments,
    corpus: &'a Corpus,
    folder: &'a Path,
    rows: Vec<Row>,
}

impl Bench<'_> {
    fn row(&mut self, what: &str, ours: Sample, bytes: Option<u64>, peer: Option<Peer>) {
        self.rows.push(Row { corpus: self.corpus.name.to_owned(), what: what.to_owned(), ours, bytes, peer });
    }

    fn wants(&self, topic: &str) -> bool {
        self.arguments.wants(self.corpus.name, topic)
    }

    /// Peers are measured unless our times alone are wanted.
    fn peers<'p>(&self, all: &'p [(&'p str, &'p str, &'p str)]) -> Vec<&'p (&'p str, &'p str, &'p str)> {
        let is_plain = self.arguments.is_plain;
        all.iter().filter(|(_, program, _)| !is_plain && is_installed(program)).collect()
    }

    fn packing(&mut self) {
        let (corpus, root) = (self.corpus, self.corpus.files.parent().unwrap());
        let output = |name: &str| self.folder.join(format!("{}.gz", name.replace(' ', "_")));
        let paths = corpus.paths();
        let mut jobs = Vec::new();
        for threads in [2, 1] {
            let (name, level) = (format!("pack, {threads} threads"), Level::default());
            let output = output(&name);
            jobs.push(Job::new(name, move || pack(corpus, &output, IndexPlacement::Omitted, threads, level)));
        }
        if let Some(program) = command("pack") {
            let (output, dump) = (output("command"), self.folder.join("database.dump"));
            fs::write(&dump, database_dump()).unwrap();
            let run = move || {
                let _ = fs::remove_file(&output);
                let mut command = Command::new(&program);
                command.args(["--quiet", "--threads", "2", "--database"]).arg(&dump);
                command.arg("--files").arg(&corpus.files).arg("--output").arg(&output);
                command.output().unwrap()
            };
            let tried = run();
            if tried.status.success() {
                jobs.push(Job::new(COMMAND, move || drop(run())));
            } else {
                eprintln!("SKIPPED: pack failed: {}", String::from_utf8_lossy(&tried.stderr));
            }
        }
        for (name, _, command) in self.peers(&PACKERS) {
            let output = output(name);
            jobs.push(Job::new(*name, move || shell(command, root, "OUT", &output)));
        }
        if !self.arguments.is_plain {
            jobs.push(Job::new(RAW, || read_all(&paths, 2)));
        }
        let samples = alternate(self.arguments.rounds, &mut jobs);
        let names: Vec<String> = jobs.iter().map(|job| job.name.clone()).collect();
        drop(jobs);
        let size = |name: &str| fs::metadata(output(name)).ok().map(|facts| facts.len()).filter(|len| *len > 0);
        let of = |name: &str| names.iter().position(|other| other == name).map(|at| samples[at]);
        let peer =
            |name: &str, goal| of(name).map(|sample| Peer { name: name.to_owned(), sample, bytes: size(name), goal });
        let goal = match corpus.name {
            "small" => Some(0.30),
            "mixed" => Some(0.22),
            _ => None,
        };
        let whole_goal = if corpus.name == "mixed" { Some(0.28) } else { goal };
        let mut rows = Vec::new();
        for (name, sample) in names.iter().zip(&samples) {
            let bytes = size(if name == COMMAND { "command" } else { name });
            match name.as_str() {
                "pack, 2 threads" => {
                    rows.push((name, *sample, bytes, peer(PIGZ, goal)));
                    rows.push((name, *sample, bytes, peer(IGZIP, (corpus.name == "text").then_some(1.0))));
                    rows.push((name, *sample, None, peer(RAW, Some(1.6))));
                }
                COMMAND => rows.push((name, *sample, bytes, peer(PIGZ, whole_goal))),
                PIGZ | RAW => {}
                _ => rows.push((name, *sample, bytes, peer(PIGZ, None))),
            }
        }
        for (name, sample, bytes, peer) in rows {
            let is_repeated = self.rows.last().is_some_and(|row| row.what == *name);
            if peer.is_some() || self.arguments.is_plain && !is_repeated {
                self.row(name, sample, bytes, peer);
            }
        }
    }

    /// Time and size by level: what the default was chosen by.
    fn levels(&mut self) {
        let corpus = self.corpus;
        let root = corpus.files.parent().unwrap();
        let output = self.folder.join("level.gz");
        let others = [("pigz -1", "pigz", "tar cf - .metadata db tree | pigz -1 > $OUT")];
        let mut reference = None;
        for (name, _, command) in self.peers(&[PACKERS.as_slice(), &others].concat()) {
            let sample = measure::measured(|| shell(command, root, "OUT", &output));
            let bytes = fs::metadata(&output).ok().map(|facts| facts.len()).filter(|len| *len > 0);
            if *name == PIGZ {
                reference = Some((sample, bytes));
            }
            let peer = reference.map(|(sample, bytes)| Peer { name: PIGZ.to_owned(), sample, bytes, goal: None });
            self.row(name, sample, bytes, peer);
        }
        for level in (1..=9).filter_map(Level::new) {
            let sample = measure::measured(|| pack(corpus, &output, IndexPlacement::Omitted, 2, level));
            let bytes = fs::metadata(&output).ok().map(|facts| facts.len());
            let peer = reference.map(|(sample, bytes)| Peer { name: PIGZ.to_owned(), sample, bytes, goal: None });
            self.row(&format!("level {}, 2 threads", level.get()), sample, bytes, peer);
        }
    }

    /// Packs files that the disk has to give first. It is the disk that is waited for, so more threads than cores help.
    fn packing_cold(&mut self) {
        if !forget_cache() {
            eprintln!("SKIPPED: the page cache cannot be emptied here");
            return;
        }
        let (corpus, root) = (self.corpus, self.corpus.files.parent().unwrap());
        let output = self.folder.join("cold.gz");
        let mut jobs = Vec::new();
        for threads in [16, 2] {
            let output = &output;
            jobs.push(Job::new(format!("pack from a cold disk, {threads} threads"), move || {
                pack(corpus, output, IndexPlacement::Omitted, threads, Level::default());
            }));
        }
        for (name, _, command) in self.peers(&PACKERS).into_iter().filter(|(name, ..)| *name == PIGZ) {
            let output = &output;
            jobs.push(Job::new(*name, move || shell(command, root, "OUT", output)));
        }
        let mut samples = vec![Vec::new(); jobs.len()];
        for _ in 0..self.arguments.rounds {
            for (job, samples) in jobs.iter_mut().zip(&mut samples) {
                forget_cache();
                samples.extend(alternate(1, std::slice::from_mut(job)));
            }
        }
        let middle = |samples: &[Sample]| {
            let mut samples = samples.to_vec();
            samples.sort_by(|one, other| one.wall.total_cmp(&other.wall));
            samples[samples.len() / 2]
        };
        let samples: Vec<Sample> = samples.iter().map(|samples| middle(samples)).collect();
        let names: Vec<String> = jobs.iter().map(|job| job.name.clone()).collect();
        drop(jobs);
        let reference = names.iter().position(|name| name == PIGZ).map(|at| samples[at]);
        for (name, sample) in names.iter().zip(&samples).filter(|(name, _)| *name != PIGZ) {
            let goal = name.contains("16").then_some(0.25);
            let peer = reference.map(|sample| Peer { name: PIGZ.to_owned(), sample, bytes: None, goal });
            self.row(name, *sample, None, peer);
        }
    }

    fn reading(&mut self) {
        let (corpus, folder) = (self.corpus, self.folder);
        let indexed = folder.join("indexed.tar.gz");
        pack(corpus, &indexed, IndexPlacement::Embedded, 2, Level::default());
        // A foreign archive: one that other programs made.
        let foreign = folder.join("foreign.tar.gz");
        shell("tar cf - .metadata db tree | gzip -6 > $OUT", corpus.files.parent().unwrap(), "OUT", &foreign);
        let open = || SnapshotArchive::open(File::open(&indexed).unwrap(), &ReadOptions::new()).unwrap();
        if self.wants("list") {
            self.listing(&open, &foreign);
        }
        if self.wants("extract") {
            self.extracting(&open, &foreign);
        }
        if self.wants("fetch") {
            self.fetching(&indexed);
        }
    }

    fn listing(&mut self, open: &dyn Fn() -> SnapshotArchive<File>, foreign: &Path) {
        let mut jobs = vec![
            Job::new("list by index", || assert!(open().documents().count() > 0)),
            Job::new("verify an indexed archive, 2 threads", || {
                drop(open().verify(Parallelism::threads(2), &mut NoObserver).unwrap());
            }),
            Job::new("list and verify a foreign archive", || {
                let mut reader = SnapshotReader::new(File::open(foreign).unwrap(), &ReadOptions::new());
                while reader.next_entry().unwrap().is_some() {}
            }),
        ];
        for (name, _, command) in self.peers(&LISTERS) {
            let folder = self.folder;
            jobs.push(Job::new(*name, move || shell(command, folder, "IN", foreign)));
        }
        let goals = [None, None, Some(0.30)];
        self.beside(TAR_LIST, &goals, jobs);
    }

    fn extracting(&mut self, open: &dyn Fn() -> SnapshotArchive<File>, foreign: &Path) {
        // Into memory where possible, and never deleting between timed runs: ext4 is slow for minutes after that.
        let shared_memory = Path::new("/dev/shm");
        let parent = if shared_memory.is_dir() { shared_memory } else { self.folder };
        let target = tempfile::tempdir_in(parent).unwrap();
        let number = AtomicUsize::new(0);
        let next = || target.path().join(number.fetch_add(1, Ordering::Relaxed).to_string());
        let options = ExtractOptions::new().with_parallelism(Parallelism::threads(2));
        let contents: Vec<(PathBuf, Vec<u8>)> = if self.arguments.is_plain {
            Vec::new()
        } else {
            let corpus = self.corpus;
            let inside = |path: &PathBuf| path.strip_prefix(&corpus.files).unwrap().to_owned();
            corpus.paths().iter().map(|path| (inside(path), fs::read(path).unwrap())).collect()
        };
        let mut jobs = vec![
            Job::new("extract an indexed archive, 2 threads", || {
                drop(open().extract(&next(), &options, &mut NoObserver).unwrap());
            }),
            Job::new("extract a foreign archive, 2 threads", || {
                let mut reader = SnapshotReader::new(File::open(foreign).unwrap(), &ReadOptions::new());
                extract(&mut reader, &next(), &options, &mut NoObserver).unwrap();
            }),
        ];
        for (name, _, command) in self.peers(&EXTRACTORS) {
            let next = &next;
            jobs.push(Job::new(*name, move || {
                let target = next();
                fs::create_dir(&target).unwrap();
                shell(command, &target, "IN", foreign);
            }));
        }
        if !contents.is_empty() {
            jobs.push(Job::new(RAW_CREATION, || create_all(&contents, &next(), 2)));
        }
        let rows = self.rows.len();
        let samples = self.beside(TAR_EXTRACT, &[Some(0.25), None], jobs);
        let of = |name: &str| samples.iter().find(|(other, _)| other == name).map(|(_, sample)| *sample);
        if let (Some(ours), Some(raw)) = (of("extract an indexed archive, 2 threads"), of(RAW_CREATION)) {
            self.rows.retain(|row| row.what != RAW_CREATION);
            let peer = Peer { name: RAW_CREATION.to_owned(), sample: raw, bytes: None, goal: Some(1.05) };
            self.row("extract an indexed archive, 2 threads", ours, None, Some(peer));
        }
        assert!(self.rows.len() > rows);
    }

    /// One document, by a process that does nothing else, beside `cat` of the same bytes: milliseconds over it count.
    fn fetching(&mut self, indexed: &Path) {
        let Some(program) = command("fetch_document") else { return };
        let path = self.corpus.paths().swap_remove(0);
        let id = path.file_name().unwrap().to_owned();
        let repeated = if self.arguments.is_bench { 50 } else { 1 };
        let fetch = || {
            for _ in 0..repeated {
                let output = Command::new(&program).arg(indexed).arg(&id).stderr(Stdio::null()).output().unwrap();
                assert!(!output.stdout.is_empty());
            }
        };
        let cat = || {
            for _ in 0..repeated {
                assert!(!Command::new("cat").arg(&path).output().unwrap().stdout.is_empty());
            }
        };
        let samples = alternate(self.arguments.rounds, &mut [Job::new("fetch", fetch), Job::new(CAT, cat)]);
        let per = |sample: Sample| Sample {
            wall: sample.wall / f64::from(repeated),
            processor: sample.processor / f64::from(repeated),
        };
        let peer = Peer { name: format!("{CAT}, goal 2 ms over it"), sample: per(samples[1]), bytes: None, goal: None };
        self.row("fetch one document, cold process", per(samples[0]), None, Some(peer));
    }

    /// Runs the jobs in turn and adds a row for each but `reference`.
    fn beside(&mut self, reference: &str, goals: &[Option<f64>], mut jobs: Vec<Job>) -> Vec<(String, Sample)> {
        let samples = alternate(self.arguments.rounds, &mut jobs);
        let all: Vec<(String, Sample)> = jobs.iter().map(|job| job.name.clone()).zip(samples).collect();
        let base = all.iter().find(|(name, _)| name == reference).map(|(_, sample)| *sample);
        for (number, (name, sample)) in all.iter().enumerate().filter(|(_, (name, _))| name != reference) {
            let goal = goals.get(number).copied().flatten();
            let peer = base.map(|sample| Peer { name: reference.to_owned(), sample, bytes: None, goal });
            self.row(name, *sample, None, peer);
        }
        all
    }
}

fn main() {
    let arguments = Arguments::parse();
    if !is_installed("tar") || !is_installed("sh") || !is_installed("gzip") {
        eprintln!("SKIPPED: there is no tar, gzip or sh to compare with");
        return;
    }
    let root = std::env::var_os("APPSNAP_BENCH_DIR").map_or_else(std::env::temp_dir, PathBuf::from);
    let folder = root.join("appsnap-bench");
    fs::create_dir_all(&folder).unwrap();
    let mut rows = Vec::new();
    for (name, make) in corpus::ALL {
        let topics: Vec<&str> = TOPICS.into_iter().filter(|topic| arguments.wants(name, topic)).collect();
        // Curves take minutes, so they are made on request.
        let is_named = |topic: &str| arguments.words.iter().any(|word| word == topic);
        let topics: Vec<&str> = topics.into_iter().filter(|topic| *topic != "levels" || is_named("levels")).collect();
        if topics.is_empty() {
            continue;
        }
        let corpus = make(&folder, arguments.count).unwrap();
        // Warm the page cache: what is compared is work, not the disk.
        shell("tar cf - . | cat > /dev/null", corpus.files.parent().unwrap(), "OUT", &folder);
        let scratch = tempfile::tempdir_in(&folder).unwrap();
        let mut bench = Bench { arguments: &arguments, corpus: &corpus, folder: scratch.path(), rows: Vec::new() };
        if topics.contains(&"pack") {
            bench.packing();
        }
        if topics.contains(&"levels") {
            bench.levels();
        }
        if ["list", "extract", "fetch"].iter().any(|topic| topics.contains(topic)) {
            bench.reading();
        }
        if topics.contains(&"cold") && arguments.is_bench {
            bench.packing_cold();
        }
        rows.append(&mut bench.rows);
    }
    measure::print(&rows, arguments.is_plain);
}
