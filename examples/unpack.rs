//! Unpacks a snapshot to `DEST/db.backup` and `DEST/files/xx/yy/<uuid>`, all or nothing.

mod support;

use std::fs::File;
use std::path::PathBuf;
use std::process::ExitCode;

use appsnap::io::Parallelism;
use appsnap::layout::Contents;
use appsnap::snapshot::extract::{ExtractOptions, IfExists};
use appsnap::snapshot::{ReadOptions, SnapshotReader, extract};
use clap::{Parser, ValueEnum};
use serde_json::json;
use support::{Failure, InFile, Outcome, Progress, shown};

/// Warnings that are shown; there may be one for each member.
const WARNINGS_COUNT: usize = 20;

/// Unpacks a snapshot, ready for `pg_restore` and `data/files`.
#[derive(Parser)]
struct Args {
    /// The snapshot, `.tar.gz` or `.tar`.
    archive: PathBuf,
    /// The folder to make; it appears when everything in it is verified.
    dest: PathBuf,
    /// Unpack one of the two alone.
    #[arg(long)]
    only: Option<Only>,
    /// Threads that create files; 0 is none but the main one.
    #[arg(long, value_name = "N", default_value_t = support::default_threads())]
    threads: u8,
    /// Put the new folder in the place of an old one.
    #[arg(long)]
    replace: bool,
    /// Print what was unpacked as JSON.
    #[arg(long)]
    json: bool,
    /// Show no progress.
    #[arg(long)]
    quiet: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum Only {
    Database,
    Files,
}

fn main() -> ExitCode {
    support::run(unpack)
}

fn unpack(args: &Args) -> Outcome {
    let options = ExtractOptions::new()
        .with_contents(match args.only {
            None => Contents::Full,
            Some(Only::Database) => Contents::DatabaseOnly,
            Some(Only::Files) => Contents::FilesOnly,
        })
        .with_if_exists(if args.replace { IfExists::Replace } else { IfExists::Refuse })
        .with_parallelism(Parallelism::threads(args.threads));
    let folder = support::folder_of(&args.dest);
    if !folder.is_dir() {
        return Err(Failure::environment(shown(folder), "there is no such folder: make it first"));
    }
    let mut progress = Progress::new(args.quiet);
    progress.begin("unpacking", None);
    let (report, diagnostics) = match support::open_indexed(&args.archive, ReadOptions::new())? {
        // An archive that this crate wrote with an index has none, or is refused: the index compares all of it.
        Some(archive) => (archive.extract(&args.dest, &options, &mut progress).in_file(&args.archive)?, Vec::new()),
        None => {
            let file = File::open(&args.archive).in_file(&args.archive)?;
            let mut reader = SnapshotReader::new(file, &ReadOptions::new());
            let report = extract(&mut reader, &args.dest, &options, &mut progress).in_file(&args.archive)?;
            (report, reader.report().diagnostics().as_slice().to_vec())
        }
    };
    drop(progress);

    diagnostics.iter().take(WARNINGS_COUNT).for_each(support::tell);
    if let Some(more @ 1..) = diagnostics.len().checked_sub(WARNINGS_COUNT) {
        support::tell(format_args!("warning: and {more} more, which `check` counts by kind"));
    }
    if args.json {
        return support::print_json(&json!({
            "archive": args.archive,
            "destination": args.dest,
            "database_bytes": report.database_bytes(),
            "documents": report.documents_count(),
            "document_bytes": report.document_bytes(),
            "anomalies": diagnostics,
        }));
    }
    let mut text = format!("{} is verified to its last byte\n", shown(&args.archive));
    if let Some(len_bytes) = report.database_bytes() {
        text += &format!("{}: {len_bytes} bytes\n", shown(&args.dest.join("db.backup")));
    }
    if !matches!(args.only, Some(Only::Database)) {
        let (count, len_bytes) = (report.documents_count(), report.document_bytes());
        text += &format!("{}: {count} documents of {len_bytes} bytes\n", shown(&args.dest.join("files")));
    }
    support::print(&text)
}
