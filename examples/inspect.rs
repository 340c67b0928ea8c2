//! Reports the kind of a file, and describes it: a snapshot, a dump, or something that was taken for one.

#[cfg(all(feature = "squidex", feature = "catalog"))]
#[path = "support/backup_squidex.rs"]
mod backup_squidex;
mod support;

use std::io::Read;
use std::path::PathBuf;
use std::process::ExitCode;

use appsnap::layout::Contents;
use appsnap::metadata::Metadata;
use appsnap::snapshot::{EntryKind, ReadOptions, SnapshotReader};
use appsnap::source::dump::DumpOptions;
use clap::Parser;
use serde_json::{Value, json};
use support::{Common, Failure, InFile, LimitArgs, Outcome, Progress, Source, Sums, Threads, judged, shown_input};

/// Reports the kind of a file, and describes it.
#[derive(Parser)]
#[command(after_help = "Example:\n  inspect backup.tar.gz --json | jq .dump.archive_version")]
struct Args {
    /// The file, or the folder of a dump in directory format; `-` is standard input.
    file: PathBuf,
    /// List the entries of the dump that run code or connect the database to others, with the beginning of their SQL.
    #[arg(long)]
    audit: bool,
    #[command(flatten)]
    threads: Threads,
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    limits: LimitArgs,
}

fn main() -> ExitCode {
    support::run(inspect)
}

fn inspect(args: &Args) -> Outcome {
    let mut progress = Progress::new(args.common.quiet);
    progress.begin("reading", None);
    let mut description = describe(args, &mut progress)?;
    drop(progress);
    let mut audit = Value::Null;
    for dump in ["", "/dump"] {
        let members = description.pointer_mut(dump).and_then(Value::as_object_mut);
        if let Some(found) = members.and_then(|members| members.remove("audit")) {
            audit = found;
        }
    }
    if args.audit
        && args.common.json
        && let Some(members) = description.as_object_mut()
    {
        members.insert("audit".to_owned(), audit.clone());
    }
    let kind = description.get("kind").and_then(Value::as_str);
    let is_useless = kind.is_some_and(|kind| kind == "unknown" || kind.ends_with("-damaged"));
    // Half a description is worth printing, and the exit code says that it is half.
    let error = ["/error", "/dump/error"].into_iter().find_map(|pointer| description.pointer(pointer));
    let error = error.or(description.get("hint").filter(|_| is_useless)).and_then(Value::as_str);
    let printed = if args.common.json {
        support::print_json(&description)
    } else if description.get("error").is_none() {
        let mut text = support::outline(&description, args.common.verbose);
        if args.audit && !audit.is_null() {
            text.push_str("audit:\n");
            text.push_str(&support::audit_lines(&audit));
        }
        support::print(&text)
    } else {
        Ok(())
    };
    judged(printed, error.map_or(Ok(()), |error| Err(Failure::input(shown_input(&args.file), error))))
}

fn describe(args: &Args, progress: &mut Progress) -> Outcome<Value> {
    let limits = args.limits.limits();
    #[cfg(all(feature = "squidex", feature = "catalog"))]
    if let Some(described) = backup_squidex::examine_path(&args.file, &limits, progress)? {
        return Ok(described.description_json());
    }
    let options = DumpOptions::new()
        .with_limits(limits.clone())
        .with_parallelism(args.threads.parallelism())
        .with_spool_dir(std::env::temp_dir());
    let mut source = match Source::of_any_form(&args.file, &options) {
        Err(failure) if failure.is_input() => {
            let is_pipe = support::is_pipe(&args.file);
            let kind = if is_pipe { "unknown" } else { support::identify(&args.file)?.name() };
            return Ok(json!({ "kind": kind, "error": failure.to_string() }));
        }
        opened => opened?,
    };
    #[cfg(all(feature = "squidex", feature = "catalog"))]
    match backup_squidex::examine_pipe(source, &args.file, &limits, progress)? {
        Ok(described) => return Ok(described.description_json()),
        Err(plain) => source = plain,
    }
    let form = source.form();
    let detection = match source.detect(&args.file) {
        // A damaged dump in another form, of which not even the beginning can be read.
        Err(failure) if failure.is_input() => return Ok(json!({ "kind": "unknown", "error": failure.to_string() })),
        detected => detected?,
    };
    if detection.may_be_snapshot() {
        return describe_snapshot(args, detection.name(), source.followed(progress));
    }
    if !detection.is_custom_dump() {
        return Ok(json!({ "kind": detection.name(), "hint": detection.hint() }));
    }
    let kind = match form {
        Some("directory") => "pg-directory-toc",
        Some("tar") => "pg-tar",
        Some("gzip") => "bare-dump-gzip",
        _ => detection.name(),
    };
    let sums = if args.common.json { Sums::Sha256 } else { Sums::None };
    let described = match source.as_file() {
        Some(file) => {
            let parallelism = args.threads.parallelism();
            support::describe_dump_at(&args.file, file, (&limits, parallelism, sums), progress)
        }
        None => support::describe_dump(&args.file, source.followed(progress), (&limits, sums)),
    };
    match described {
        Err(failure) if failure.is_input() => Ok(json!({ "kind": kind, "error": failure.to_string() })),
        Ok(mut description) => {
            if let Some(members) = description.as_object_mut() {
                members.insert("kind".to_owned(), kind.into());
                members.insert("form".to_owned(), form.unwrap_or("custom").into());
            }
            Ok(description)
        }
        Err(failure) => Err(failure),
    }
}

/// Describes everything that can be read. Where that is not all, the member `error` says where it ends and why.
fn describe_snapshot(args: &Args, name: &str, source: impl Read) -> Outcome<Value> {
    let limits = args.limits.limits();
    let mut reader = SnapshotReader::new(source, &ReadOptions::new().with_limits(limits.clone()));
    let (mut metadata, mut dump, mut error) = (None::<Metadata>, None, None);
    loop {
        let mut entry = match reader.next_entry().in_input(&args.file) {
            Ok(Some(entry)) => entry,
            Ok(None) => break,
            Err(failure) if failure.is_input() => {
                error = Some(failure.to_string());
                break;
            }
            Err(failure) => return Err(failure),
        };
        match entry.kind() {
            EntryKind::Metadata(found) => metadata = Some(found.clone()),
            // A broken dump in a sound archive is no reason to stop.
            EntryKind::Database => {
                let sums = if args.common.json { Sums::Sha256 } else { Sums::None };
                let described = support::describe_dump("db/db.backup".as_ref(), &mut entry, (&limits, sums));
                dump = Some(described.unwrap_or_else(|failure| json!({ "error": failure.to_string() })));
            }
            _ => {}
        }
    }
    let report = reader.report();
    let contents = match (report.database_bytes(), report.documents_count()) {
        _ if error.is_some() => None,
        (Some(_), 0) => Some(Contents::DatabaseOnly),
        (Some(_), _) => Some(Contents::Full),
        (None, _) => Some(Contents::FilesOnly),
    };
    let mut description = json!({
        "kind": if error.is_some() { name } else { "snapshot" },
        "contents": contents.map(Contents::name),
        "metadata": metadata.map(|metadata| support::metadata_json(&metadata)),
        "documents": report.documents_count(),
        "document_bytes": report.document_bytes(),
        "database_bytes": report.database_bytes(),
        "indexed": report.is_indexed(),
        "anomalies": report.diagnostics(),
        "dump": dump,
    });
    if let (Some(error), Some(members)) = (error, description.as_object_mut()) {
        members.insert("error".to_owned(), error.into());
    }
    Ok(description)
}
