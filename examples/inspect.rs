//! Says what a file is, and describes it: a snapshot, a dump, or what it was taken for.

mod support;

use std::fs::File;
use std::path::PathBuf;
use std::process::ExitCode;

use appsnap::Limits;
use appsnap::detect;
use appsnap::layout::Contents;
use appsnap::metadata::Metadata;
use appsnap::snapshot::{EntryKind, ReadOptions, SnapshotReader};
use clap::Parser;
use serde_json::{Value, json};
use support::{Failure, InFile, Outcome, shown};

/// Says what a file is, and describes it.
#[derive(Parser)]
struct Args {
    /// The file, or the folder of a dump in directory format.
    file: PathBuf,
    /// Plain bytes to read at most, of an archive or of the data in a dump.
    #[arg(long, value_name = "N")]
    max_total_bytes: Option<u64>,
    /// Members of an archive to read at most.
    #[arg(long, value_name = "N")]
    max_entries: Option<u64>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

fn main() -> ExitCode {
    support::run(inspect)
}

fn inspect(args: &Args) -> Outcome {
    support::refuse_pipe(&args.file)?;
    let detection = detect::identify_path(&args.file).in_file(&args.file)?;
    let name = detection.name();
    let described = if detection.may_be_snapshot() {
        describe_snapshot(args)
    } else if detection.is_custom_dump() {
        describe_dump(args)
    } else {
        Ok(json!({ "kind": name, "hint": detection.hint() }))
    };
    let (description, failure) = match described {
        // Half a description is worth printing, and the exit code says that it is half.
        Ok(description) => {
            let is_useless = name == "unknown" || name.ends_with("-damaged");
            let error = description.pointer(if is_useless { "/hint" } else { "/dump/error" });
            let failure = error.and_then(Value::as_str).map(|error| Failure::input(shown(&args.file), error));
            (description, failure)
        }
        Err(failure) => (json!({ "kind": name, "error": failure.to_string() }), Some(failure)),
    };
    if args.json {
        support::print_json(&description)?;
    } else if description.get("error").is_none() {
        support::print(&support::outline(&description))?;
    }
    failure.map_or(Ok(()), Err)
}

fn describe_snapshot(args: &Args) -> Outcome<Value> {
    let limits = limits(args);
    let file = File::open(&args.file).in_file(&args.file)?;
    let mut reader = SnapshotReader::new(file, &ReadOptions::new().with_limits(limits.clone()));
    let (mut metadata, mut dump) = (None::<Metadata>, None);
    while let Some(mut entry) = reader.next_entry().in_file(&args.file)? {
        match entry.kind() {
            EntryKind::Metadata(found) => metadata = Some(found.clone()),
            // A broken dump in a sound archive is no reason to stop.
            EntryKind::Database => {
                let described = support::describe_dump("db/db.backup".as_ref(), &mut entry, &limits);
                dump = Some(described.unwrap_or_else(|failure| json!({ "error": failure.to_string() })));
            }
            _ => {}
        }
    }
    let report = reader.report();
    let contents = match (report.database_bytes(), report.documents_count()) {
        (Some(_), 0) => Contents::DatabaseOnly,
        (Some(_), _) => Contents::Full,
        (None, _) => Contents::FilesOnly,
    };
    Ok(json!({
        "kind": "snapshot",
        "contents": contents.name(),
        "metadata": metadata.map(|metadata| support::metadata_json(&metadata)),
        "documents": report.documents_count(),
        "document_bytes": report.document_bytes(),
        "database_bytes": report.database_bytes(),
        "indexed": report.is_indexed(),
        "anomalies": report.diagnostics(),
        "dump": dump,
    }))
}

fn describe_dump(args: &Args) -> Outcome<Value> {
    let file = File::open(&args.file).in_file(&args.file)?;
    support::describe_dump(&args.file, file, &limits(args))
}

fn limits(args: &Args) -> Limits {
    let limits = Limits::untrusted();
    let limits = args.max_entries.iter().fold(limits, |limits, count| limits.with_max_entries(*count));
    args.max_total_bytes.iter().fold(limits, |limits, bytes| limits.with_max_total_bytes(*bytes))
}
