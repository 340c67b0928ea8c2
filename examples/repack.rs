//! Turns any readable snapshot into the chunked, indexed form, complete or in part; masks the rows of its database; repairs
//! one that a platform refuses.

mod support;

use std::path::PathBuf;
use std::process::ExitCode;

use appsnap::detect;
use appsnap::diagnostic;
use appsnap::gzip::Level;
use appsnap::io::ReadAt;
use appsnap::layout::Contents;
use appsnap::prepare::{PrepareOptions, Repair};
use appsnap::snapshot::index::IndexPlacement;
use appsnap::snapshot::report::WriteReport;
use appsnap::snapshot::{ReadOptions, SnapshotArchive, SnapshotReader, WriteOptions, repack};
use appsnap::{Limits, snapshot};
use clap::{Parser, ValueEnum};
use serde_json::{Value, json};
use support::{
    Common, DumpEdits, Failure, InFile, Judgement, LimitArgs, Outcome, Output, Progress, Source, Stored, Threads,
    output, shown,
};

/// Repacks a snapshot: complete, one part of it with --only, masked with --mask, or repaired with --repair.
///
/// Exit code 0: written, perhaps with warnings; 1: the input is bad, or the profile rejects the repaired snapshot; 2: wrong
/// usage, or the system failed.
#[derive(Parser)]
#[command(
    after_help = "Examples:\n  repack damaged.tar.gz repaired.tar.gz --repair --model-version 1.8.82.e3c1a393\n  repack production.tar.gz test.tar.gz --mask rules.json"
)]
struct Args {
    /// The snapshot to read, `.tar.gz` or `.tar`; `-` is standard input, which is copied to a temporary file.
    r#in: PathBuf,
    /// The snapshot to write; `-` is standard output.
    out: PathBuf,
    /// Compression level.
    #[arg(long, value_name = "1-9", value_parser = clap::value_parser!(u8).range(1..=9))]
    level: Option<u8>,
    #[command(flatten)]
    threads: Threads,
    /// Add an index for random access: the default, except with --repair.
    #[arg(long, conflicts_with = "no_index")]
    index: bool,
    /// Leave the index out: archives meant for upload are plain.
    #[arg(long)]
    no_index: bool,
    /// Keep one of the two alone.
    #[arg(long)]
    only: Option<Only>,
    /// Repair an archive that has sound framing but is not acceptable, and print what was changed.
    #[arg(long, conflicts_with = "only")]
    repair: bool,
    /// The model version of the app, which the platform compares with the deployed one.
    #[arg(long, value_name = "V", requires = "repair")]
    model_version: Option<String>,
    /// Size of the database on its server, for example 10GiB.
    #[arg(long, value_name = "BYTES", value_parser = support::parse_size, requires = "repair")]
    database_size: Option<u64>,
    /// Leave files out that do not belong in a snapshot. Without it, such a file stops the repair.
    #[arg(long, requires = "repair")]
    drop_unknown: bool,
    /// The folder for temporary files, which --repair, --mask and --exclude-data may need [default: that of the output].
    #[arg(long, value_name = "DIR")]
    spool_dir: Option<PathBuf>,
    #[command(flatten)]
    judgement: Judgement,
    #[command(flatten)]
    edits: DumpEdits,
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
    support::run(run)
}

fn run(args: &Args) -> Outcome {
    if args.judgement.is_given() && !args.repair {
        return Err(Failure::environment("--profile and --allow", "have no meaning without --repair"));
    }
    let inputs: Vec<_> =
        [Some(&args.r#in), args.edits.mask.as_ref()].into_iter().flatten().map(PathBuf::as_path).collect();
    let mut output = output::create(&args.out, &inputs)?;
    let mut progress = Progress::new(args.common.quiet);
    progress.begin("reading the archive", None);
    let mut source = Source::open(&args.r#in)?;
    let detection = source.detect(&args.r#in)?;
    // A repair may find the rest of the snapshot, in a folder or after the documents.
    let is_tar =
        matches!(detection.kind(), detect::Kind::FilesTar | detect::Kind::Tar | detect::Kind::SnapshotInFolder);
    if !(args.repair && is_tar) {
        support::refuse_other_than_snapshot(&args.r#in, &detection)?;
    }
    let file = source.into_stored(&args.r#in, &mut progress)?;
    // The result may be stored where the input is compressed better.
    output.expect_bytes(ReadAt::len_bytes(&file).in_input(&args.r#in)?.saturating_mul(2))?;
    if args.repair || args.edits.is_given() {
        return rework(args, file, output, progress);
    }
    let read = ReadOptions::new().with_limits(args.limits.apply(Limits::trusted()));
    // Compressed sections are copied where that is possible: from an indexed archive, when no other level is wanted.
    let opened = match SnapshotArchive::open(file.try_clone().in_input(&args.r#in)?, &read) {
        Err(error) if matches!(error.kind(), snapshot::ErrorKind::NoIndex) => None,
        opened => Some(opened.in_input(&args.r#in)?),
    };
    let write = write_options(args);
    let report = match opened.filter(|_| args.level.is_none()) {
        Some(archive) => archive.write_part(&mut output, &write, &mut progress),
        None => {
            let open = || Ok(SnapshotReader::new(file.reader()?, &read));
            repack(open, &mut output, &write, &mut progress)
        }
    };
    let (_, report) = report.in_input(&args.r#in)?;
    publish(args, output, progress, &report, json!({}))
}

/// Repairs the archive, edits the data of its dump, or both.
fn rework(args: &Args, file: Stored, mut output: Output, mut progress: Progress) -> Outcome {
    let mut options = PrepareOptions::new()
        .with_limits(args.limits.apply(Limits::trusted()))
        .with_profile(args.judgement.profile()?)
        .with_spool_dir(output::spool_dir(args.spool_dir.as_deref(), &args.out)?);
    if let Some(version) = &args.model_version {
        options = options.with_model_version(version);
    }
    if let Some(bytes) = args.database_size {
        options = options.with_database_size_bytes(bytes);
    }
    if args.drop_unknown {
        options = options.without_unknown_files();
    }
    if !args.repair {
        // The dump keeps its version, and nothing is judged.
        options = options.with_max_dump_version(None);
    }
    let options = args.edits.of_archive(options)?;
    let repair = Repair::survey(file.reader().in_input(&args.r#in)?, &options, &mut progress)
        .map_err(|error| failed(args, error))?;
    progress.clear();
    let conversion = repair.conversion().map(|(changes, toc)| support::conversion_json(changes, toc));
    if let Some(conversion) = &conversion {
        support::tell_conversion(conversion);
    }
    let changes = repair.changes().iter().filter(|change| !support::is_of_conversion(change));
    changes.for_each(|change| support::tell(format_args!("changed: {change}")));
    if repair.changes().is_empty() {
        support::tell("note: nothing had to be changed");
    }
    let mut json = json!({ "changes": repair.changes(), "conversion": conversion, "written": false });
    if args.repair {
        support::tell_findings(repair.report(), conversion.is_some(), args.common.verbose);
        support::add_report(&mut json, repair.report());
        let verdict = args.judgement.verify(repair.report(), &shown(&args.out), &remedy);
        if verdict.is_err() {
            let printed = if args.common.json { support::print_json_about(&args.out, &json) } else { Ok(()) };
            return support::judged(printed, verdict);
        }
    }
    let written = repair.write(&mut output, &write_options(args), &mut progress);
    let (_, report) = written.map_err(|error| failed(args, error))?;
    publish(args, output, progress, &report, json)
}

/// Returns the option that helps against a finding, apart from accepting it.
fn remedy(code: diagnostic::Code) -> Option<&'static str> {
    let is_files_only = code == diagnostic::Code::from(snapshot::Code::FilesOnly);
    is_files_only.then_some("choose the profile format with --profile for an archive of files alone")
}

fn failed(args: &Args, error: appsnap::Error) -> Failure {
    let is_misplaced = error.to_string().contains("remove the file from the archive");
    let advice = match (args.repair, args.drop_unknown) {
        (true, false) if is_misplaced => " (or leave it out with --drop-unknown)",
        (false, _) if is_misplaced => " (or leave it out with --repair --drop-unknown)",
        _ => "",
    };
    match advice {
        "" => Failure::of(support::shown_input(&args.r#in), error),
        advice => Failure::input(support::shown_input(&args.r#in), format!("{error}{advice}")),
    }
}

fn index(args: &Args) -> IndexPlacement {
    if args.index || !(args.no_index || args.repair) { IndexPlacement::Embedded } else { IndexPlacement::Omitted }
}

fn write_options(args: &Args) -> WriteOptions {
    let contents = match args.only {
        None => Contents::Full,
        Some(Only::Database) => Contents::DatabaseOnly,
        Some(Only::Files) => Contents::FilesOnly,
    };
    WriteOptions::new()
        .with_contents(contents)
        .with_level(args.level.and_then(Level::new).unwrap_or_default())
        .with_parallelism(args.threads.parallelism())
        .with_index(index(args))
}

fn publish(args: &Args, output: Output, progress: Progress, report: &WriteReport, mut json: Value) -> Outcome {
    output::finish(output, &args.out)?;
    drop(progress);
    if let Some(json) = json.as_object_mut() {
        json.insert("input".to_owned(), json!(args.r#in));
        json.insert("output".to_owned(), json!(args.out));
    }
    support::print_written(&args.out, report, args.common.json.then_some(json))
}
