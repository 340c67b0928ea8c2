//! Packs on-premises data, a dump and a files folder, into a snapshot.
//!
//! ```text
//! pg_dump -O -x -Fc mydb | pack --database - --files /srv/app/data/files --output backup.tar.gz
//! ```

mod support;

use std::fs::File;
use std::io::{self, Read, Seek};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use appsnap::Limits;
use appsnap::detect;
use appsnap::gzip::{Level, Parallelism};
use appsnap::metadata::Metadata;
use appsnap::pgdump;
use appsnap::snapshot::{Content, IndexPlacement, SnapshotWriter, WriteOptions, WriteReport};
use appsnap::source::directory::{self, DirectoryOptions};
use appsnap::source::{LeftoverKind, Plan};
use clap::Parser;
use serde_json::{Map, Value, json};
use support::{Failure, InFile, Outcome, Output, Progress, shown};

/// Packs a dump and a files folder into a snapshot.
#[derive(Parser)]
#[command(group = clap::ArgGroup::new("input").required(true).multiple(true))]
struct Args {
    /// A dump made by `pg_dump -O -x -Fc`; `-` is the standard input.
    #[arg(long, value_name = "DUMP", group = "input")]
    database: Option<PathBuf>,
    /// The files folder of the app server, `data/files`.
    #[arg(long, value_name = "DIR", group = "input")]
    files: Option<PathBuf>,
    /// The snapshot to write.
    #[arg(long, value_name = "FILE.tar.gz")]
    output: PathBuf,
    /// The model version of the app, which the platform compares with the deployed one.
    #[arg(long, value_name = "V")]
    model_version: Option<String>,
    /// Size of the database on its server.
    #[arg(long, value_name = "BYTES")]
    database_size: Option<u64>,
    /// How hard to compress.
    #[arg(long, value_name = "1-9", value_parser = clap::value_parser!(u8).range(1..=9))]
    level: Option<u8>,
    /// Threads that read and compress; 0 is none but the main one.
    #[arg(long, value_name = "N", default_value_t = support::default_threads())]
    threads: usize,
    /// Add an index for random access. Leave it out of archives meant for upload.
    #[arg(long)]
    index: bool,
    /// Where to keep a dump from the standard input until its length is known [default: beside the output].
    #[arg(long, value_name = "DIR")]
    spool_dir: Option<PathBuf>,
    /// Print what was packed as JSON.
    #[arg(long)]
    json: bool,
    /// Show no progress.
    #[arg(long)]
    quiet: bool,
}

fn main() -> ExitCode {
    support::run(pack)
}

fn pack(args: &Args) -> Outcome {
    let mut progress = Progress::new(args.quiet);
    let plan = args.files.as_deref().map(|folder| plan(folder, args.threads, &mut progress)).transpose()?;
    let dump = args.database.as_deref().map(|path| open_dump(path, args)).transpose()?;

    let mut warnings = Vec::new();
    let metadata = metadata(args, plan.as_ref(), dump.as_ref(), &mut warnings)?;
    let mut output = Output::create(&args.output)?;
    let report = write(args, output.file(), &metadata, dump, plan.as_ref(), &mut progress)?;
    output.publish()?;
    drop(progress);

    warnings.extend(plan.iter().flat_map(leftovers));
    warnings.iter().for_each(|warning| eprintln!("warning: {warning}"));
    if args.json {
        return support::print_json(&json!({
            "output": args.output,
            "archive_bytes": report.archive_bytes(),
            "tar_bytes": report.plain_bytes(),
            "documents": report.documents_count(),
            "document_bytes": report.document_bytes(),
            "database_bytes": report.database_bytes(),
            "metadata": support::metadata_json(&metadata),
            "indexed": report.index().is_some(),
            "left_out": plan.as_ref().map(left_out_counts),
            "warnings": warnings,
        }));
    }
    let database =
        report.database_bytes().map_or("no database".to_owned(), |bytes| format!("a database dump of {bytes} bytes"));
    support::print(&format!(
        "{}: {} bytes, {database}, {} documents of {} bytes\n",
        shown(&args.output),
        report.archive_bytes(),
        report.documents_count(),
        report.document_bytes(),
    ))
}

/// Walks the files folder. A disk makes its readers wait, so there may be more of them than cores.
fn plan(folder: &Path, threads: usize, progress: &mut Progress) -> Outcome<Plan> {
    let options = DirectoryOptions::new().with_parallelism(Parallelism::threads(threads.saturating_mul(4)));
    directory::scan(folder, &options, progress).in_file(folder)
}

/// A dump that was read once, to see that it is one and sound, and stands at its beginning again.
struct CheckedDump {
    file: File,
    decompressed_bytes: u64,
}

fn open_dump(path: &Path, args: &Args) -> Outcome<CheckedDump> {
    let mut file = if path.as_os_str() == "-" { spool(path, args)? } else { File::open(path).in_file(path)? };
    let mut head = Vec::new();
    (&mut file).take(detect::HEAD_BYTES as u64).read_to_end(&mut head).in_file(path)?;
    file.rewind().in_file(path)?;
    let detection = detect::identify(&head);
    if !detection.is_custom_dump() {
        let hint = detection.hint().unwrap_or("this is a snapshot already; unpack it first");
        return Err(Failure::input(shown(path), format!("not a dump in custom format but {detection}: {hint}")));
    }
    let inspection = pgdump::inspect(&mut file, &Limits::trusted()).in_file(path)?;
    file.rewind().in_file(path)?;
    Ok(CheckedDump { file, decompressed_bytes: inspection.plain_bytes() })
}

/// A tar member's length stands in front of it, so what comes through a pipe has to be put down first.
fn spool(path: &Path, args: &Args) -> Outcome<File> {
    let beside = args.output.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = tempfile::tempfile_in(args.spool_dir.as_deref().unwrap_or(beside)).in_file(path)?;
    io::copy(&mut io::stdin().lock(), &mut file).in_file(path)?;
    file.rewind().in_file(path)?;
    Ok(file)
}

/// What the archive will say about itself.
fn metadata(
    args: &Args,
    plan: Option<&Plan>,
    dump: Option<&CheckedDump>,
    warnings: &mut Vec<String>,
) -> Outcome<Metadata> {
    let version = args.model_version.as_deref().unwrap_or_else(|| {
        warnings
            .push("without --model-version it is 0.0.0.0; the platform compares it with the deployed model".to_owned());
        "0.0.0.0"
    });
    let database_size = args.database_size.or_else(|| {
        let estimate = dump?.decompressed_bytes;
        warnings.push(format!("without --database-size it is estimated: {estimate} bytes, indexes not counted"));
        Some(estimate)
    });
    let dump_bytes =
        dump.map(|dump| dump.file.metadata()).transpose().in_file(&args.output)?.map_or(0, |facts| facts.len());
    Ok(Metadata::new()
        .with_duration(0)
        .with_dump_size_bytes(dump_bytes)
        .with_model_version(version)
        .with_database_size_bytes(database_size.unwrap_or(0))
        .with_files_size_bytes(plan.map_or(0, Plan::document_bytes)))
}

fn write(
    args: &Args,
    sink: &mut File,
    metadata: &Metadata,
    dump: Option<CheckedDump>,
    plan: Option<&Plan>,
    progress: &mut Progress,
) -> Outcome<WriteReport> {
    let index = if args.index { IndexPlacement::Embedded } else { IndexPlacement::Omitted };
    let level = args.level.and_then(Level::new).unwrap_or_default();
    let options =
        WriteOptions::new().with_level(level).with_parallelism(Parallelism::threads(args.threads)).with_index(index);
    progress.begin("packing", plan.map(Plan::document_bytes));
    let mut writer = SnapshotWriter::start(sink, metadata, options).in_file(&args.output)?;
    if let Some(dump) = dump {
        writer.database(Content::file(dump.file).in_file(&args.output)?).in_file(&args.output)?;
    }
    if let Some(plan) = plan {
        writer.documents(plan, progress).in_file(&args.output)?;
    }
    let (_, report) = writer.finish().in_file(&args.output)?;
    Ok(report)
}

/// One line for each kind of thing that was left out, with the first of them by name.
fn leftovers(plan: &Plan) -> impl Iterator<Item = String> {
    LeftoverKind::all().into_iter().filter_map(|kind| {
        let first = plan.leftovers().iter().find(|leftover| leftover.kind() == kind)?;
        Some(format!("left out: {} {kind}, first {first}", plan.leftovers().count(kind)))
    })
}

fn left_out_counts(plan: &Plan) -> Map<String, Value> {
    let counts = LeftoverKind::all().map(|kind| (kind.name().to_owned(), plan.leftovers().count(kind)));
    counts.into_iter().filter(|(_, count)| *count > 0).map(|(name, count)| (name, count.into())).collect()
}
