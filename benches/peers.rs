//! This crate beside the programs that people would otherwise use, on the same files in the same run.
//!
//! `cargo bench -p appsnap-benches --bench peers`. Prints tables for packing and for reading, as medians and as ratios to tar + pigz and to
//! `tar xzf`; programs that are not installed are left out. Who may empty the page cache (root, on Linux) also sees what
//! packing takes from a cold disk. `APPSNAP_BENCH_DIR` chooses where the corpora are made (about 1 GB), the temporary
//! folder otherwise.

mod corpus;

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use appsnap::io::Parallelism;
use appsnap::metadata::Metadata;
use appsnap::observe::NoObserver;
use appsnap::snapshot::extract::ExtractOptions;
use appsnap::snapshot::index::IndexPlacement;
use appsnap::snapshot::{Content, ReadOptions, SnapshotArchive, SnapshotReader, SnapshotWriter, WriteOptions, extract};
use appsnap::source::directory::{self, DirectoryOptions};

use corpus::Corpus;

const RUNS: usize = 3;

/// Packing with other programs: name, the program that must be there, and a shell command that reads the current folder
/// and writes `$OUT`.
const PACKERS: [(&str, &str, &str); 5] = [
    ("GNU tar + gzip -6", "gzip", "tar cf - .metadata db tree | gzip -6 > $OUT"),
    ("GNU tar + pigz -6", "pigz", "tar cf - .metadata db tree | pigz -6 > $OUT"),
    ("GNU tar + igzip -1", "igzip", "tar cf - .metadata db tree | igzip -1 > $OUT"),
    ("bsdtar czf", "bsdtar", "bsdtar czf $OUT .metadata db tree"),
    ("GNU tar to nowhere", "tar", "tar cf - .metadata db tree | cat > /dev/null; : > $OUT"),
];

/// Reading `$IN` with other programs, into the current folder where that is what it is about.
const LISTERS: [(&str, &str, &str); 3] = [
    ("tar tzf", "tar", "tar tzf $IN > /dev/null"),
    ("igzip -dc to tar t", "igzip", "igzip -dc $IN | tar tf - > /dev/null"),
    ("gzip -dc", "gzip", "gzip -dc $IN > /dev/null"),
];
const EXTRACTORS: [(&str, &str, &str); 3] = [
    ("tar xzf", "tar", "tar xzf $IN"),
    ("igzip -dc to tar x", "igzip", "igzip -dc $IN | tar xf -"),
    ("bsdtar xzf", "bsdtar", "bsdtar xzf $IN"),
];

fn is_installed(program: &str) -> bool {
    let paths = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&paths).any(|folder| folder.join(program).is_file())
}

fn shell(command: &str, folder: &Path, variable: &str, file: &Path) {
    let status = Command::new("sh").args(["-c", command]).current_dir(folder).env(variable, file).status().unwrap();
    assert!(status.success(), "{command}");
}

fn median(runs: usize, mut work: impl FnMut() -> Duration) -> f64 {
    let mut times: Vec<_> = (0..runs).map(|_| work().as_secs_f64()).collect();
    times.sort_by(f64::total_cmp);
    times[runs / 2]
}

fn timed(work: impl FnOnce()) -> Duration {
    let begun = Instant::now();
    work();
    begun.elapsed()
}

/// The work of `pack`: walk, read, compress, write.
fn pack(corpus: &Corpus, output: &Path, index: IndexPlacement, threads: u8) {
    let parallelism = Parallelism::threads(threads);
    let scan = DirectoryOptions::new().with_parallelism(parallelism);
    let plan = directory::scan(&corpus.files, &scan, &mut NoObserver).unwrap();
    let options = WriteOptions::new().with_parallelism(parallelism).with_index(index);
    let sink = BufWriter::new(File::create(output).unwrap());
    let mut writer = SnapshotWriter::start(sink, &Metadata::new(), &options).unwrap();
    writer.database(Content::file(File::open(&corpus.dump).unwrap()).unwrap(), &mut NoObserver).unwrap();
    writer.documents(&plan, &mut NoObserver).unwrap();
    writer.finish().unwrap().0.flush().unwrap();
}

struct Row {
    name: String,
    seconds: f64,
    bytes: u64,
}

fn print_table(title: &str, reference: &str, rows: &[Row]) {
    let Some(base) = rows.iter().find(|row| row.name == reference) else { return };
    println!("\n{title}\n\n| | seconds | of {reference} | bytes | of {reference} |\n|---|---|---|---|---|");
    for Row { name, seconds, bytes } in rows {
        let size = if *bytes == 0 { String::new() } else { format!("{:.1} M", *bytes as f64 / 1e6) };
        let share = if *bytes == 0 { String::new() } else { format!("{:.3}", *bytes as f64 / base.bytes as f64) };
        println!("| {name} | {seconds:.2} | {:.2} | {size} | {share} |", seconds / base.seconds);
    }
}

fn packing(corpus: &Corpus, folder: &Path, runs: usize) {
    let output = folder.join("out.tar.gz");
    let root = corpus.files.parent().unwrap();
    let mut rows = Vec::new();
    for threads in [2, 1] {
        let seconds = median(runs, || timed(|| pack(corpus, &output, IndexPlacement::Omitted, threads)));
        let bytes = fs::metadata(&output).unwrap().len();
        rows.push(Row { name: format!("appsnap, {threads} thread(s)"), seconds, bytes });
    }
    for (name, program, command) in PACKERS.into_iter().filter(|(_, program, _)| is_installed(program)) {
        // The slow ones need fewer runs to be distinguished.
        let runs = if program == "gzip" || program == "bsdtar" { runs.div_ceil(3) } else { runs };
        let seconds = median(runs, || timed(|| shell(command, root, "OUT", &output)));
        let bytes = fs::metadata(&output).unwrap().len();
        rows.push(Row { name: name.to_owned(), seconds, bytes });
    }
    print_table(&format!("Packing `{}`", corpus.name), "GNU tar + pigz -6", &rows);
}

/// Packing files that the disk has to give first. It is the disk that is waited for, so more threads than cores help.
fn packing_cold(corpus: &Corpus, folder: &Path, runs: usize) {
    /// The kernel forgets what it has cached (proc_sys_vm(5)).
    fn forget() -> bool {
        Command::new("sync").status().is_ok_and(|status| status.success())
            && fs::write("/proc/sys/vm/drop_caches", "3").is_ok()
    }
    if !forget() {
        eprintln!("SKIPPED: the page cache cannot be emptied here");
        return;
    }
    let output = folder.join("out.tar.gz");
    let mut rows = Vec::new();
    for threads in [16, 2] {
        let seconds = median(runs, || {
            forget();
            timed(|| pack(corpus, &output, IndexPlacement::Omitted, threads))
        });
        rows.push(Row { name: format!("appsnap, {threads} threads"), seconds, bytes: 0 });
    }
    for (name, program, command) in PACKERS.into_iter().filter(|(_, program, _)| matches!(*program, "pigz" | "tar")) {
        if is_installed(program) {
            let seconds = median(runs, || {
                forget();
                timed(|| shell(command, corpus.files.parent().unwrap(), "OUT", &output))
            });
            rows.push(Row { name: name.to_owned(), seconds, bytes: 0 });
        }
    }
    print_table(&format!("Packing `{}` from a cold disk", corpus.name), "GNU tar + pigz -6", &rows);
}

fn reading(corpus: &Corpus, folder: &Path, runs: usize) {
    let plain = folder.join("plain.tar.gz");
    let indexed = folder.join("indexed.tar.gz");
    pack(corpus, &plain, IndexPlacement::Omitted, 2);
    pack(corpus, &indexed, IndexPlacement::Embedded, 2);
    // A foreign archive: one that other programs made.
    let foreign = folder.join("foreign.tar.gz");
    let root = corpus.files.parent().unwrap();
    shell("tar cf - .metadata db tree | gzip -6 > $OUT", root, "OUT", &foreign);
    let open = || {
        let file = File::open(&indexed).unwrap();
        SnapshotArchive::open(file, &ReadOptions::new()).unwrap()
    };
    let front_to_back = |path: &Path| {
        let mut reader = SnapshotReader::new(File::open(path).unwrap(), &ReadOptions::new());
        while reader.next_entry().unwrap().is_some() {}
    };
    let mut rows = Vec::new();
    let mut row = |name: &str, seconds| rows.push(Row { name: name.to_owned(), seconds, bytes: 0 });
    row("appsnap: list by index", median(runs, || timed(|| assert!(open().documents().count() > 0))));
    row(
        "appsnap: verify an indexed archive, 2 threads",
        median(runs, || timed(|| drop(open().verify(Parallelism::threads(2), &mut NoObserver).unwrap()))),
    );
    row("appsnap: list and verify a foreign archive", median(runs, || timed(|| front_to_back(&foreign))));
    for (name, _, command) in LISTERS.into_iter().filter(|(_, program, _)| is_installed(program)) {
        row(name, median(runs, || timed(|| shell(command, folder, "IN", &foreign))));
    }
    print_table(&format!("Listing `{}`", corpus.name), "tar tzf", &rows);

    // Into memory where possible, and never deleting between timed runs: ext4 is slow for minutes after that.
    let shared_memory = Path::new("/dev/shm");
    let parent = if shared_memory.is_dir() { shared_memory } else { folder };
    let target = tempfile::tempdir_in(parent).unwrap();
    let mut number = 0;
    let mut next = || {
        number += 1;
        target.path().join(number.to_string())
    };
    let mut rows = Vec::new();
    let runs = runs.min(3);
    let options = ExtractOptions::new().with_parallelism(Parallelism::threads(2));
    let seconds = median(runs, || {
        let target = next();
        timed(|| drop(open().extract(&target, &options, &mut NoObserver).unwrap()))
    });
    rows.push(Row { name: "appsnap: indexed, 2 threads".to_owned(), seconds, bytes: 0 });
    let seconds = median(runs, || {
        let target = next();
        timed(|| {
            let mut reader = SnapshotReader::new(File::open(&foreign).unwrap(), &ReadOptions::new());
            extract(&mut reader, &target, &options, &mut NoObserver).unwrap();
        })
    });
    rows.push(Row { name: "appsnap: foreign, 2 threads".to_owned(), seconds, bytes: 0 });
    for (name, _, command) in EXTRACTORS.into_iter().filter(|(_, program, _)| is_installed(program)) {
        let seconds = median(runs, || {
            let target = next();
            fs::create_dir(&target).unwrap();
            timed(|| shell(command, &target, "IN", &foreign))
        });
        rows.push(Row { name: name.to_owned(), seconds, bytes: 0 });
    }
    print_table(&format!("Extracting `{}`", corpus.name), "tar xzf", &rows);
}

fn main() {
    let is_bench = std::env::args().any(|argument| argument == "--bench");
    let (count, runs) = if is_bench { (50_000, RUNS) } else { (100, 1) };
    if !is_installed("tar") || !is_installed("sh") || !is_installed("gzip") {
        eprintln!("SKIPPED: there is no tar, gzip or sh to compare with");
        return;
    }
    let root = std::env::var_os("APPSNAP_BENCH_DIR").map_or_else(std::env::temp_dir, PathBuf::from);
    let folder = root.join("appsnap-bench");
    fs::create_dir_all(&folder).unwrap();
    for corpus in [corpus::small(&folder, count).unwrap(), corpus::mixed(&folder, count).unwrap()] {
        // Warm the page cache: what is compared is work, not the disk.
        shell("tar cf - . | cat > /dev/null", corpus.files.parent().unwrap(), "OUT", &folder);
        let scratch = tempfile::tempdir_in(&folder).unwrap();
        packing(&corpus, scratch.path(), runs);
        reading(&corpus, scratch.path(), runs);
        if is_bench {
            packing_cold(&corpus, scratch.path(), runs);
        }
    }
}
