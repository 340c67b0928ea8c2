//! Fetches one document from a snapshot: with an index two small reads, without one a pass through the archive.

mod support;

use std::fs::File;
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use appsnap::DocumentId;
use appsnap::snapshot::{EntryKind, ReadOptions, SnapshotReader};
use clap::Parser;
use serde_json::json;
use support::{
    Common, Failure, InFile, LimitArgs, Outcome, Output, Progress, Source, is_dash, output, shown, shown_input,
};

/// Fetches one document from a snapshot.
#[derive(Parser)]
#[command(
    after_help = "Example:\n  fetch_document backup.tar.gz 8a3f4c2e-0c3b-4b40-9b77-0f4f1f5d0001 --output contract.pdf"
)]
struct Args {
    /// The snapshot, `.tar.gz` or `.tar`; `-` is standard input.
    archive: PathBuf,
    /// The document.
    uuid: DocumentId,
    /// The file to write [default: standard output].
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// The index beside the archive, made by list --make-index [default: ARCHIVE.idx if it exists].
    #[arg(long, value_name = "FILE")]
    index: Option<PathBuf>,
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    limits: LimitArgs,
}

fn main() -> ExitCode {
    support::run_briefly(fetch)
}

fn fetch(args: &Args) -> Outcome {
    let archive = &args.archive;
    let path = args.output.as_deref().unwrap_or(Path::new("-"));
    let options = ReadOptions::new().with_limits(args.limits.limits());
    // Listening takes a thread, and what is read by an index into memory leaves nothing behind.
    if !is_dash(path) {
        support::signals::listen();
    }
    let spool = match path {
        path if is_dash(path) => Spool::Unnamed,
        path => Spool::Named(output::create(path, &[archive])?, path),
    };
    let len_bytes = match support::open_by_index(archive, args.index.as_deref(), options.clone())? {
        Some(opened) => {
            let document = opened.document(args.uuid).in_file(archive)?.ok_or_else(|| absent(args))?;
            let len_bytes = document.len_bytes();
            spool.take(document, len_bytes, archive)?
        }
        None => {
            let (found, len_bytes) = from_front_to_back(args, &options)?;
            spool.take(found, len_bytes, archive)?
        }
    };
    if args.common.json {
        let report = json!({ "archive": archive, "uuid": args.uuid.to_string(), "bytes": len_bytes, "output": path });
        return support::print_json_about(path, &report);
    }
    Ok(())
}

fn absent(args: &Args) -> Failure {
    Failure::input(shown_input(&args.archive), format!("there is no document {}", args.uuid))
}

fn temporary() -> Outcome<File> {
    tempfile::tempfile().map_err(|error| Failure::environment(shown(&std::env::temp_dir()), error))
}

/// Reads all of the archive: what follows the document may show that the archive is damaged.
fn from_front_to_back(args: &Args, options: &ReadOptions) -> Outcome<(File, u64)> {
    let archive = &args.archive;
    if args.output.as_deref().is_none_or(is_dash) {
        support::signals::listen();
    }
    let mut progress = Progress::new(args.common.quiet);
    progress.begin("reading the archive", None);
    let mut source = Source::open(archive)?;
    support::refuse_other_than_snapshot(archive, &source.detect(archive)?)?;
    let mut reader = SnapshotReader::new(source.followed(&mut progress), options);
    let mut found = None;
    while let Some(mut entry) = reader.next_entry().in_input(archive)? {
        if matches!(entry.kind(), EntryKind::Document(id) if *id == args.uuid) {
            let mut spooled = temporary()?;
            let len_bytes = output::copy(&mut entry, archive, &mut spooled, &std::env::temp_dir())?;
            spooled.rewind().in_input(archive)?;
            found = Some((spooled, len_bytes));
        }
    }
    found.ok_or_else(|| absent(args))
}

/// A document that is longer waits in a file.
const MAX_MEMORY_BYTES: u64 = 1 << 20;

/// The location in which the document waits: it is passed on only after its checksum was right.
enum Spool<'a> {
    Named(Output, &'a Path),
    Unnamed,
}

impl Spool<'_> {
    /// Copies the document of `len_bytes` bytes, and returns its length.
    fn take(self, mut document: impl Read, len_bytes: u64, archive: &Path) -> Outcome<u64> {
        match self {
            Self::Named(mut output, path) => {
                let len_bytes = output::copy(&mut document, archive, &mut output, path)?;
                output::finish(output, path)?;
                Ok(len_bytes)
            }
            Self::Unnamed if len_bytes <= MAX_MEMORY_BYTES => {
                let mut bytes = Vec::new();
                document.read_to_end(&mut bytes).in_input(archive)?;
                print(&mut bytes.as_slice(), archive)
            }
            Self::Unnamed => {
                support::signals::listen();
                let mut file = temporary()?;
                output::copy(&mut document, archive, &mut file, &std::env::temp_dir())?;
                file.rewind().in_file(&std::env::temp_dir())?;
                print(&mut file, archive)
            }
        }
    }
}

/// Copies a document that was verified to standard output.
fn print(document: &mut impl Read, archive: &Path) -> Outcome<u64> {
    let mut stdout = io::stdout().lock();
    let len_bytes = output::copy(document, archive, &mut stdout, Path::new("-"))?;
    stdout.flush().map_err(|error| Failure::environment("standard output", error))?;
    Ok(len_bytes)
}
