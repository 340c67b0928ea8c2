//! Packs on-premises data, a dump and its files, into a snapshot.
//!
//! ```text
//! pg_dump -O -x -Fc mydb | pack --database - --files /srv/app/data/files --output backup.tar.gz
//! ```

mod support;

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use appsnap::detect::{self, Detection, Kind};
use appsnap::diagnostic::Severity;
use appsnap::gzip::Level;
use appsnap::io::Parallelism;
use appsnap::pgdump::{FormatVersion, Identity};
use appsnap::prepare::{Database, PrepareOptions, Prepared};
use appsnap::snapshot::WriteOptions;
use appsnap::snapshot::index::IndexPlacement;
use appsnap::source::directory::{self, DirectoryOptions};
use appsnap::source::dump::DumpReader;
use appsnap::source::{ArchiveOptions, DocumentPlan};
use clap::{Parser, ValueEnum};
use serde_json::{Map, Value, json};
use support::{Failure, InFile, Outcome, Progress, output, shown};

/// Packs a dump and its files into a snapshot.
#[derive(Parser)]
#[command(group = clap::ArgGroup::new("input").required(true).multiple(true))]
struct Args {
    /// A dump made by `pg_dump -O -x -Fc`; `-` is the standard input.
    #[arg(long, value_name = "DUMP", group = "input")]
    database: Option<PathBuf>,
    /// The files folder of the app server, `data/files`, or a zip, tar or tar.gz of it.
    #[arg(long, value_name = "DIR_OR_ARCHIVE", group = "input")]
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
    threads: u8,
    /// Add an index for random access. Leave it out of archives meant for upload.
    #[arg(long)]
    index: bool,
    /// Where to put down what has no length yet: a dump from the standard input or one that is compressed anew, files from
    /// a compressed archive [default: beside the output].
    #[arg(long, value_name = "DIR")]
    spool_dir: Option<PathBuf>,
    /// Convert a newer dump down to this archive version, 1.14 unless given.
    #[arg(long, value_name = "VERSION", num_args = 0..=1, default_missing_value = "1.14")]
    convert_dump: Option<FormatVersion>,
    /// What becomes of files that no row of the database knows.
    #[arg(long, value_name = "WHAT", default_value = "keep")]
    on_orphan: OnOrphan,
    /// Print what was packed as JSON.
    #[arg(long)]
    json: bool,
    /// Show no progress.
    #[arg(long)]
    quiet: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum OnOrphan {
    Keep,
    Drop,
}

fn main() -> ExitCode {
    support::run(pack)
}

fn pack(args: &Args) -> Outcome {
    let mut progress = Progress::new(args.quiet);
    let options = options(args);
    // An output that cannot be written is better known before hours of reading than after.
    let inputs: Vec<&Path> = [&args.database, &args.files].into_iter().flatten().map(PathBuf::as_path).collect();
    let mut output = output::create(&args.output, &inputs)?;
    let database = args.database.as_deref().map(|path| open_database(path, &options, &mut progress)).transpose()?;
    let database_path = args.database.as_deref().unwrap_or(&args.output);
    let detection = args.files.as_deref().map(detect_files).transpose()?.flatten();
    let mut plan = args.files.as_deref().map(|files| plan(files, detection, args, &mut progress)).transpose()?;
    if let (Some(database), Some(plan)) = (&database, &mut plan) {
        database.assign_numbers(plan);
    }
    let prepared = Prepared::new(database, plan.as_ref(), &options).in_file(database_path)?;

    // Everything there is to say is said before a byte is written.
    let mut warnings: Vec<String> = prepared.changes().iter().map(ToString::to_string).collect();
    if let (Some(files), Some(Kind::Snapshot)) = (&args.files, detection.map(|detection| detection.kind())) {
        warnings
            .push(format!("{}: a snapshot: its documents are packed, its database and metadata are not", shown(files)));
    }
    warnings.extend(plan.iter().flat_map(leftovers));
    warnings.iter().for_each(|warning| support::tell(format_args!("warning: {warning}")));
    // Findings begin with a severity of their own.
    let findings = prepared.report().findings().iter().filter(|finding| finding.severity() > Severity::Info);
    let findings: Vec<String> = findings.map(ToString::to_string).collect();
    findings.iter().for_each(support::tell);
    warnings.extend(findings);

    let metadata = support::metadata_json(prepared.metadata());
    let index = if args.index { IndexPlacement::Embedded } else { IndexPlacement::Omitted };
    let write = WriteOptions::new()
        .with_level(args.level.and_then(Level::new).unwrap_or_default())
        .with_parallelism(Parallelism::threads(args.threads))
        .with_index(index);
    progress.begin("packing", plan.as_ref().map(DocumentPlan::document_bytes));
    let (_, report) = prepared.write(&mut output, &write, &mut progress).in_file(&args.output)?;
    output::finish(output, &args.output)?;
    drop(progress);

    if args.json {
        let report = json!({
            "output": args.output,
            "archive_bytes": report.archive_bytes(),
            "tar_bytes": report.tar_bytes(),
            "documents": report.documents_count(),
            "document_bytes": report.document_bytes(),
            "database_bytes": report.database_bytes(),
            "metadata": metadata,
            "indexed": report.index().is_some(),
            "left_out": plan.as_ref().map(left_out_counts),
            "warnings": warnings,
        });
        return support::print_json_about(&args.output, &report);
    }
    let database =
        report.database_bytes().map_or("no database".to_owned(), |bytes| format!("a database dump of {bytes} bytes"));
    support::print_about(
        &args.output,
        &format!(
            "{}: {} bytes, {database}, {} documents of {} bytes\n",
            shown(&args.output),
            report.archive_bytes(),
            report.documents_count(),
            report.document_bytes(),
        ),
    )
}

fn options(args: &Args) -> PrepareOptions {
    let mut options = PrepareOptions::new()
        .with_max_dump_version(args.convert_dump)
        .with_spool_dir(spool_dir(args))
        .with_parallelism(Parallelism::threads(args.threads));
    if matches!(args.on_orphan, OnOrphan::Drop) {
        options = options.without_orphans();
    }
    if let Some(version) = &args.model_version {
        options = options.with_model_version(version);
    }
    if let Some(bytes) = args.database_size {
        options = options.with_database_size_bytes(bytes);
    }
    options
}

/// Beside the output is where there must be room anyhow.
fn spool_dir(args: &Args) -> &Path {
    args.spool_dir.as_deref().unwrap_or_else(|| support::folder_of(&args.output))
}

/// Detects the kind of the files; `None` for a folder. Refuses dumps and everything else that cannot contain documents.
fn detect_files(files: &Path) -> Outcome<Option<Detection>> {
    let is_dump_folder = files.join("toc.dat").is_file() || files.join("toc.dat.gz").is_file();
    if files.is_dir() && !is_dump_folder {
        return Ok(None);
    }
    support::refuse_pipe(files)?;
    let detection = detect::identify_path(files).in_file(files)?;
    let is_readable = match detection.kind() {
        Kind::Snapshot | Kind::FilesTar | Kind::Tar => true,
        Kind::Other(Identity::Zip) => !detection.is_gzip(),
        // The scan says what is wrong.
        _ => detection.name() == "unknown",
    };
    if is_readable {
        return Ok(Some(detection));
    }
    let hint = detection.hint().unwrap_or("a dump of the database: name it with --database".into());
    Err(Failure::input(shown(files), format!("not a files folder or an archive of one but {detection}: {hint}")))
}

/// Plans the documents in a folder, or in an archive of one.
fn plan(files: &Path, detection: Option<Detection>, args: &Args, progress: &mut Progress) -> Outcome<DocumentPlan> {
    let archive = ArchiveOptions::new().with_spool_dir(spool_dir(args));
    match detection.map(|detection| detection.kind()) {
        None => {
            // A disk makes its readers wait, so there may be more of them than cores.
            let parallelism = Parallelism::threads(args.threads.saturating_mul(4));
            directory::scan(files, &DirectoryOptions::new().with_parallelism(parallelism), progress).in_file(files)
        }
        Some(Kind::Other(Identity::Zip)) => zip(files, &archive, progress),
        Some(_) => appsnap::source::tar::scan(files, &archive, progress).in_file(files),
    }
}

#[cfg(feature = "zip")]
fn zip(files: &Path, options: &ArchiveOptions, progress: &mut Progress) -> Outcome<DocumentPlan> {
    appsnap::source::zip::scan(files, options, progress).in_file(files)
}

#[cfg(not(feature = "zip"))]
fn zip(files: &Path, _: &ArchiveOptions, _: &mut Progress) -> Outcome<DocumentPlan> {
    Err(Failure::environment(shown(files), "this is a zip file; build with --features zip to read it"))
}

fn open_database(path: &Path, options: &PrepareOptions, progress: &mut Progress) -> Outcome<Database<DumpReader>> {
    // A tar member's length is stored before it, so a dump from a pipe has to be spooled first.
    if support::is_dash(path) {
        return Database::spooled(io::stdin().lock(), options, progress).in_file(path);
    }
    if support::is_pipe(path) {
        return Database::spooled(File::open(path).in_file(path)?, options, progress).in_file(path);
    }
    support::refuse_other_than_any_dump(path)?;
    Database::open_path(path, options, progress).in_file(path)
}

/// One line for each kind of thing that was left out, with the first of them by name.
fn leftovers(plan: &DocumentPlan) -> impl Iterator<Item = String> {
    plan.diagnostics().counts().filter_map(|(code, count)| {
        let first = plan.diagnostics().iter().find(|skipped| skipped.code() == code)?;
        let (path, message, help) = (first.location()?, first.message(), code.help());
        Some(format!("left out: {count} {}, first {path}: {message}: {help}", code.name()))
    })
}

fn left_out_counts(plan: &DocumentPlan) -> Map<String, Value> {
    plan.diagnostics().counts().map(|(code, count)| (code.name().to_owned(), count.into())).collect()
}
