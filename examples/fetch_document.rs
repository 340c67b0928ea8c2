//! Fetches one document out of a snapshot: with an index two small reads, without one a walk through the archive.

mod support;

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use appsnap::DocumentId;
use appsnap::io::OutputFile;
use appsnap::snapshot::{EntryKind, ReadOptions, SnapshotReader};
use clap::Parser;
use support::{Failure, InFile, Outcome, output, shown};

/// Fetches one document out of a snapshot.
#[derive(Parser)]
struct Args {
    /// The snapshot, `.tar.gz` or `.tar`.
    archive: PathBuf,
    /// The document.
    uuid: DocumentId,
    /// Where to put it [default: the standard output].
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
}

fn main() -> ExitCode {
    support::run(fetch)
}

fn fetch(args: &Args) -> Outcome {
    let absent = || Failure::input(shown(&args.archive), format!("there is no document {}", args.uuid));
    // A document is handed on only once its checksum was right, so it waits in a file until then.
    let spool = match &args.output {
        Some(path) => Spool::Named(output::create(path, &[&args.archive])?, path.clone()),
        None => Spool::Unnamed(tempfile::tempfile().in_file(&args.archive)?),
    };
    match support::open_indexed(&args.archive, ReadOptions::new())? {
        Some(archive) => {
            let document = archive.document(args.uuid).in_file(&args.archive)?.ok_or_else(absent)?;
            spool.take(document, &args.archive)
        }
        None => {
            let file = File::open(&args.archive).in_file(&args.archive)?;
            let mut reader = SnapshotReader::new(file, ReadOptions::new());
            let mut found = None;
            while let Some(mut entry) = reader.next_entry().in_file(&args.archive)? {
                if matches!(entry.kind(), EntryKind::Document(id) if *id == args.uuid) {
                    let mut spooled = tempfile::tempfile().in_file(&args.archive)?;
                    io::copy(&mut entry, &mut spooled).in_file(&args.archive)?;
                    io::Seek::rewind(&mut spooled).in_file(&args.archive)?;
                    found = Some(spooled);
                }
            }
            spool.take(found.ok_or_else(absent)?, &args.archive)
        }
    }
}

/// Where the document waits.
enum Spool {
    Named(OutputFile, PathBuf),
    Unnamed(File),
}

impl Spool {
    fn take(self, mut document: impl Read, archive: &Path) -> Outcome {
        match self {
            Self::Named(mut output, path) => {
                io::copy(&mut document, &mut output).in_file(archive)?;
                output::finish(output, &path)
            }
            Self::Unnamed(mut file) => {
                io::copy(&mut document, &mut file).in_file(archive)?;
                io::Seek::rewind(&mut file).in_file(archive)?;
                let mut stdout = io::stdout().lock();
                let copied = io::copy(&mut file, &mut stdout).and_then(|_| stdout.flush());
                copied.map_err(|error| Failure::environment("standard output", error))
            }
        }
    }
}
