//! Joins shards that many workers have packed into one snapshot, without compressing them again.
//!
//! ```text
//! for k in 1 2 3 4; do pack --database mx.dump --files /srv/app/data/files --shard $k/4 --output shards/ & done; wait
//! join shards --output backup.tar.gz
//! ```

mod support;

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use appsnap::Limits;
use appsnap::io::ReadAt;
use appsnap::metadata::Metadata;
use appsnap::snapshot::index::IndexPlacement;
use appsnap::snapshot::join::Shards;
use appsnap::snapshot::{ErrorKind, ReadOptions, SnapshotArchive};
use clap::Parser;
use serde_json::json;
use support::{Common, Failure, InFile, LimitArgs, Outcome, Progress, Stored, Threads, bucket, output, shown};

/// Joins the shards of one plan, packed by `pack --shard K/N`, into one snapshot: byte for byte the one that a single
/// `pack` writes.
///
/// Every chunk of every shard is verified. Exit code 0: written; 1: a shard is bad, missing or of another plan; 2: wrong
/// usage, or the system failed.
#[derive(Parser)]
#[command(after_help = "Example:\n  join shards --output backup.tar.gz")]
struct Args {
    /// The shards, in any order; of a folder, or of a URL that ends with /, all files in it that end in .tar.gz.
    #[arg(required = true, value_name = "PART")]
    parts: Vec<PathBuf>,
    /// The snapshot to write, a file or a URL; `-` is standard output. In the bucket of the shards, the store copies them.
    #[arg(long, value_name = "FILE.tar.gz")]
    output: PathBuf,
    /// The .metadata of the snapshot, as a JSON file, instead of the one that the shards state. The sizes of the dump and of
    /// the files are counted.
    #[arg(long, value_name = "FILE")]
    metadata: Option<PathBuf>,
    /// Leave the index out, as `pack` does without --index: archives meant for upload are plain.
    #[arg(long)]
    no_index: bool,
    #[command(flatten)]
    threads: Threads,
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    limits: LimitArgs,
}

/// The most files to keep open. Many systems allow 1,024.
const MOST_OPEN: usize = 500;

fn main() -> ExitCode {
    support::run(join)
}

fn join(args: &Args) -> Outcome {
    let paths = part_paths(args)?;
    let mut inputs = paths.iter().map(PathBuf::as_path).collect::<Vec<_>>();
    inputs.extend(args.metadata.as_deref());
    let mut output = output::create(&args.output, &inputs)?;
    let mut progress = Progress::new(args.common.quiet);
    progress.begin("opening the shards", None);
    let limits = args.limits.apply(Limits::trusted());
    let options = ReadOptions::new().with_limits(limits.clone());
    let stays_open = paths.len() <= MOST_OPEN;
    let parts = paths.iter().map(|path| Ok((shown(path), open(path, stays_open, &options)?)));
    let shards = Shards::collect(parts.collect::<Outcome<Vec<_>>>()?).map_err(|error| Failure::of("join", error))?;
    let failed = |error| Failure::of("join", appsnap::Error::from(error));
    let stated = shards.metadata().map_err(failed)?;
    let metadata = match &args.metadata {
        Some(path) => counted(read_metadata(path, &limits)?, &stated, path),
        None => stated,
    };
    progress.begin("reading the indexes", None);
    let index = if args.no_index { IndexPlacement::Omitted } else { IndexPlacement::Embedded };
    let joined = shards.join(&metadata, index).map_err(failed)?;
    let by_number = |number| paths.iter().find(|path| shards.name(number) == Some(&*shown(path))).map(PathBuf::as_path);
    let copied = bucket::join_by_copies(&joined, &by_number, &args.output, &mut progress)?;
    if copied.is_none() {
        joined.write_verified(&mut output, args.threads.parallelism(), &mut progress).map_err(failed)?;
        output::finish(output, &args.output)?;
    }
    drop(progress);
    let json = json!({
        "output": args.output,
        "shards": shards.count(),
        "plan": shards.plan_name(),
        "metadata": support::metadata_json(&metadata),
        "joiner_bytes": copied.unwrap_or(joined.len_bytes()),
        "copied_by_the_store": copied.is_some(),
    });
    support::print_written(&args.output, joined.report(), args.common.json.then_some(json))
}

/// Returns the files of all parts. The output of an earlier run is no part, even if it is in the folder of the parts.
fn part_paths(args: &Args) -> Outcome<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for part in &args.parts {
        if support::is_url(part) && part.as_os_str().as_encoded_bytes().ends_with(b"/") {
            let found = bucket::objects_in(part, ".tar.gz")?;
            if found.is_empty() {
                let message = "no object in this folder ends in .tar.gz: name the folder of the shards";
                return Err(Failure::input(shown(part), message));
            }
            paths.extend(found.into_iter().filter(|url| *url != args.output));
            continue;
        }
        if !part.is_dir() {
            paths.push(part.clone());
            continue;
        }
        let mut found = Vec::new();
        for entry in fs::read_dir(part).in_file(part)? {
            let path = entry.in_file(part)?.path();
            let name = path.file_name().unwrap_or_default().as_encoded_bytes();
            if name.ends_with(b".tar.gz") && !name.starts_with(b".") && path.is_file() && !is_same(&path, &args.output)
            {
                found.push(path);
            }
        }
        if found.is_empty() {
            return Err(Failure::input(
                shown(part),
                "no file in this folder ends in .tar.gz: name the folder of the shards",
            ));
        }
        found.sort();
        paths.extend(found);
    }
    Ok(paths)
}

fn is_same(a: &Path, b: &Path) -> bool {
    matches!((fs::canonicalize(a), fs::canonicalize(b)), (Ok(a), Ok(b)) if a == b)
}

/// The file of a shard.
type Part = SnapshotArchive<Box<dyn ReadAt + Send + Sync>>;

fn open(path: &Path, stays_open: bool, options: &ReadOptions) -> Outcome<Part> {
    support::refuse_pipe(path)?;
    let stored = Stored::open(path)?;
    support::refuse_other_than_snapshot(path, &stored.identify(path)?)?;
    let file: Box<dyn ReadAt + Send + Sync> = match stored {
        Stored::File(_) if !stays_open => Box::new(Reopened(path.to_owned())),
        stored => Box::new(stored),
    };
    match SnapshotArchive::open(file, options) {
        Err(error) if matches!(error.kind(), ErrorKind::NoIndex) => {
            let message = "this is no complete shard: it is truncated, or was packed without --shard: pack it again";
            Err(Failure::input(shown(path), message))
        }
        opened => opened.in_file(path),
    }
}

/// A file that is opened for every read, because there are more files than a process may keep open.
struct Reopened(PathBuf);

impl ReadAt for Reopened {
    fn read_at(&self, buffer: &mut [u8], offset_bytes: u64) -> io::Result<usize> {
        File::open(&self.0)?.read_at(buffer, offset_bytes)
    }

    fn len_bytes(&self) -> io::Result<u64> {
        Ok(fs::metadata(&self.0)?.len())
    }
}

fn read_metadata(path: &Path, limits: &Limits) -> Outcome<Metadata> {
    let bytes = fs::read(path).in_file(path)?;
    let (metadata, findings) = Metadata::parse(&bytes, limits).in_file(path)?;
    findings.iter().for_each(|finding| support::tell(format_args!("warning: {}: {finding}", shown(path))));
    Ok(metadata)
}

/// Returns `metadata` with the sizes of the contents.
fn counted(mut metadata: Metadata, stated: &Metadata, path: &Path) -> Metadata {
    let differs = |name: &str, given: Option<u64>, counted: u64| {
        if let Some(given) = given.filter(|given| *given != counted) {
            support::tell(format_args!("warning: {}: {name} is {counted} bytes, not {given}", shown(path)));
        }
    };
    if let Some(counted) = stated.dump_size_bytes() {
        differs("dumpSize", metadata.dump_size_bytes(), counted);
        metadata = metadata.with_dump_size_bytes(counted);
    }
    if let Some(counted) = stated.files_size_bytes() {
        differs("filesSize", metadata.files_size_bytes(), counted);
        metadata = metadata.with_files_size_bytes(counted);
    }
    metadata
}
