//! Unpacks a snapshot to `DEST/db.backup` and `DEST/files/xx/yy/<uuid>`, all or nothing.

mod support;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use appsnap::diagnostic::{Diagnostic, Severity};
use appsnap::layout::Contents;
use appsnap::pgdump::FormatVersion;
use appsnap::pgdump::transcode::{ConversionReport, Transcoder};
use appsnap::prepare::extract_converted;
use appsnap::snapshot::extract::{ExtractOptions, ExtractReport, IfExists};
use appsnap::snapshot::{ErrorKind, ReadOptions, SnapshotReader, extract};
use appsnap::{Limits, snapshot};
use clap::{Parser, ValueEnum};
use serde_json::{Value, json};
use support::bucket::{self, BucketArgs, KeyNames};
use support::{Common, Failure, LimitArgs, Outcome, Progress, Source, Threads, shown, shown_input};

/// Warnings that are shown; there may be one for each member.
const WARNINGS_COUNT: usize = 20;

/// Unpacks a snapshot, ready for `pg_restore` and `data/files`.
///
/// Exit code 0: everything is verified and unpacked; 1: the archive is bad; 2: wrong usage, or the system failed. The
/// destination appears complete or not at all.
#[derive(Parser)]
#[command(after_help = "Example:\n  unpack backup.tar.gz restored --convert-dump --server 15")]
struct Args {
    /// The snapshot, `.tar.gz` or `.tar`; `-` is standard input.
    archive: PathBuf,
    /// The folder to create; with `--only files`, a bucket URL: documents become objects below it.
    dest: PathBuf,
    /// Unpack one of the two alone.
    #[arg(long)]
    only: Option<Only>,
    /// Convert a newer dump to this archive version [default: the one that the server reads, else 1.14].
    #[arg(long, value_name = "VERSION", num_args = 0..=1, default_missing_value = "")]
    convert_dump: Option<String>,
    /// The major release of the PostgreSQL server that the dump is for. Converts a dump that it cannot read.
    #[arg(long, value_name = "MAJOR")]
    server: Option<u16>,
    #[command(flatten)]
    threads: Threads,
    /// Replace a folder that an earlier run created: one with nothing but db.backup and files/xx/yy/<uuid> in it. In a
    /// bucket, replace documents with the same keys.
    #[arg(long)]
    replace: bool,
    /// The text before the UUID in every key of a bucket.
    #[arg(long, value_name = "P", requires = "only")]
    key_prefix: Option<String>,
    /// The text after the UUID in every key of a bucket.
    #[arg(long, value_name = "S", requires = "only")]
    key_suffix: Option<String>,
    #[command(flatten)]
    bucket: BucketArgs,
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    limits: LimitArgs,
}

#[derive(Clone, Copy, ValueEnum)]
enum Only {
    Database,
    Files,
}

fn main() -> ExitCode {
    support::run(unpack)
}

/// The results of the work.
struct Unpacked {
    report: ExtractReport,
    diagnostics: Vec<Diagnostic>,
    conversion: Option<ConversionReport>,
}

fn unpack(args: &Args) -> Outcome {
    let transcoder = transcoder(args)?;
    if support::is_url(&args.dest) {
        return upload(args);
    }
    if args.key_prefix.is_some() || args.key_suffix.is_some() {
        return Err(Failure::environment(
            "--key-prefix and --key-suffix",
            "have a meaning only with a bucket URL as DEST",
        ));
    }
    let folder = support::folder_of(&args.dest);
    if support::is_dash(&args.dest) {
        return Err(Failure::environment("-", "a folder cannot be written to standard output: name one"));
    }
    if !folder.is_dir() {
        return Err(Failure::environment(shown(folder), "there is no such folder: create it first"));
    }
    support::output::remove_leftovers(folder);
    let mut progress = Progress::new(args.common.quiet);
    progress.begin("unpacking", None);
    let unpacked = run(args, transcoder, &mut progress)?;
    drop(progress);
    tell(args, &unpacked)
}

fn run(args: &Args, transcoder: Option<Transcoder>, progress: &mut Progress) -> Outcome<Unpacked> {
    let options = ExtractOptions::new()
        .with_contents(match args.only {
            None => Contents::Full,
            Some(Only::Database) => Contents::DatabaseOnly,
            Some(Only::Files) => Contents::FilesOnly,
        })
        .with_if_exists(if args.replace { IfExists::Replace } else { IfExists::Refuse })
        .with_parallelism(args.threads.parallelism());
    let limits = args.limits.apply(Limits::trusted());
    let read = ReadOptions::new().with_limits(limits);
    if transcoder.is_none()
        && let Some(archive) = support::open_indexed(&args.archive, read.clone())?
    {
        // An archive that this crate wrote with an index has no diagnostics, or is refused: the index compares all of it.
        let report = archive.extract(&args.dest, &options, progress).map_err(|error| failed(args, error.into()))?;
        return Ok(Unpacked { report, diagnostics: Vec::new(), conversion: None });
    }
    let mut source = Source::open(&args.archive)?;
    support::refuse_other_than_snapshot(&args.archive, &source.detect(&args.archive)?)?;
    let mut reader = SnapshotReader::new(source.followed(progress), &read);
    let (report, conversion) = match transcoder {
        None => {
            let report = extract(&mut reader, &args.dest, &options, progress);
            (report.map_err(|error| failed(args, error.into()))?, None)
        }
        Some(transcoder) => {
            let unpacked = extract_converted(&mut reader, &args.dest, &options, &transcoder, progress);
            let (report, conversion) = unpacked.map_err(|error| failed(args, error))?;
            (report, Some(conversion))
        }
    };
    let diagnostics = reader.report().diagnostics().as_slice().to_vec();
    Ok(Unpacked { report, diagnostics, conversion })
}

/// Uploads the documents into a bucket.
fn upload(args: &Args) -> Outcome {
    if !matches!(args.only, Some(Only::Files)) {
        let message = "only documents are unpacked into a bucket: add --only files, or name a folder";
        return Err(Failure::environment(shown(&args.dest), message));
    }
    let names = KeyNames { prefix: args.key_prefix.as_deref(), suffix: args.key_suffix.as_deref() };
    let upload = bucket::DocumentsUpload::new(&args.dest, names, args.bucket, args.replace)?
        .with_parallelism(args.threads.parallelism());
    let read = ReadOptions::new().with_limits(args.limits.apply(Limits::trusted()));
    let mut progress = Progress::new(args.common.quiet);
    progress.begin("verifying the archive", None);
    let uploaded = match support::open_indexed(&args.archive, read.clone())? {
        Some(archive) => upload.upload_archive(&archive, &mut progress),
        None => {
            let mut source = Source::open(&args.archive)?;
            support::refuse_other_than_snapshot(&args.archive, &source.detect(&args.archive)?)?;
            let stored = source.into_stored(&args.archive, &mut progress)?;
            upload.upload_stream(|| Ok(SnapshotReader::new(stored.reader()?, &read)), &mut progress)
        }
    };
    let uploaded = uploaded.map_err(|failed| failed.of_archive(&args.archive))?;
    drop(progress);
    if args.common.json {
        return support::print_json(&json!({
            "archive": args.archive,
            "destination": args.dest,
            "documents": uploaded.documents_count,
            "document_bytes": uploaded.document_bytes,
            "continued": uploaded.continued_count,
            "requests": bucket::requests_json(),
        }));
    }
    let (count, len_bytes) = (uploaded.documents_count, support::size(uploaded.document_bytes));
    let continued = match uploaded.continued_count {
        0 => String::new(),
        count => format!(", and {count} that an earlier run had uploaded"),
    };
    support::print(&format!(
        "{} is verified to its last byte\n{}: {count} documents of {len_bytes} uploaded{continued}\n",
        shown_input(&args.archive),
        shown(&args.dest),
    ))
}

fn transcoder(args: &Args) -> Outcome<Option<Transcoder>> {
    if args.convert_dump.is_none() && args.server.is_none() {
        return Ok(None);
    }
    if matches!(args.only, Some(Only::Files)) {
        return Err(Failure::environment("--convert-dump and --server", "have no meaning with --only files"));
    }
    let version = match args.convert_dump.as_deref().filter(|version| !version.is_empty()) {
        Some(version) => version.parse().map_err(|error| {
            Failure::environment("--convert-dump", format!("{version:?} is no archive version such as 1.14: {error}"))
        })?,
        None => readable_by(args.server),
    };
    let transcoder = Transcoder::to(version);
    Ok(Some(match args.server {
        Some(major) => transcoder.with_server_major(major),
        None => transcoder,
    }))
}

/// Returns the newest archive version that pg_restore of this release reads, or the one that all since 12 read.
fn readable_by(server: Option<u16>) -> FormatVersion {
    match server {
        None | Some(12..=15) => FormatVersion::V1_14,
        Some(16) => FormatVersion::V1_15,
        Some(..=11) => FormatVersion::V1_13,
        Some(17..) => FormatVersion::V1_16,
    }
}

fn failed(args: &Args, error: appsnap::Error) -> Failure {
    let exists = |error: &snapshot::Error| matches!(error.kind(), ErrorKind::Exists);
    if error.downcast_ref::<snapshot::Error>().is_some_and(exists) {
        let message =
            "the destination exists already: choose another, or replace what an earlier run created with --replace";
        return Failure::environment(shown(&args.dest), message);
    }
    // What concerns the destination names it.
    let subject = match error.context().filter(|_| error.is_misuse()) {
        Some(destination) => destination.to_owned(),
        None => shown_input(&args.archive),
    };
    Failure::of(subject, error)
}

fn tell(args: &Args, Unpacked { report, diagnostics, conversion }: &Unpacked) -> Outcome {
    let is_shown = |found: &&Diagnostic| args.common.verbose || found.severity() > Severity::Info;
    let shown_diagnostics: Vec<_> = diagnostics.iter().filter(is_shown).collect();
    shown_diagnostics.iter().take(WARNINGS_COUNT).for_each(support::tell);
    if let Some(more @ 1..) = shown_diagnostics.len().checked_sub(WARNINGS_COUNT) {
        support::tell(format_args!("warning: and {more} more, which `check` counts by kind"));
    }
    let conversion_bytes = conversion.as_ref().map(|conversion| conversion.output_bytes);
    let conversion = conversion.as_ref().map(|done| support::conversion_json(&done.changes, &done.toc));
    let database_bytes = conversion_bytes.or(report.database_bytes());
    if args.common.json {
        return support::print_json(&json!({
            "archive": args.archive,
            "destination": args.dest,
            "database_bytes": database_bytes,
            "documents": report.documents_count(),
            "document_bytes": report.document_bytes(),
            "conversion": conversion,
            "anomalies": diagnostics,
        }));
    }
    conversion.iter().for_each(support::tell_conversion);
    support::print(&summary(args, report, database_bytes, conversion.as_ref()))
}

fn summary(args: &Args, report: &ExtractReport, database_bytes: Option<u64>, conversion: Option<&Value>) -> String {
    let path = |name: &str| shown(&Path::new(&args.dest).join(name));
    let mut text = format!("{} is verified to its last byte\n", shown_input(&args.archive));
    if let Some(len_bytes) = database_bytes {
        let version = conversion.and_then(|conversion| conversion["to"].as_str());
        let version = version.map_or_else(String::new, |version| format!(", version {version}"));
        text += &format!("{}: {}{version}\n", path("db.backup"), support::size(len_bytes));
    }
    if !matches!(args.only, Some(Only::Database)) {
        let (count, len_bytes) = (report.documents_count(), support::size(report.document_bytes()));
        text += &format!("{}: {count} documents of {len_bytes}\n", path("files"));
    }
    text
}
