//! Turns any readable snapshot into the chunked, indexed form, whole or in part.

mod support;

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::ExitCode;

use appsnap::gzip::Level;
use appsnap::io::{OutputFile, Parallelism};
use appsnap::layout::Contents;
use appsnap::pgdump::transcode::MaskRules;
use appsnap::prepare::{PrepareOptions, Repair};
use appsnap::snapshot::index::IndexPlacement;
use appsnap::snapshot::report::WriteReport;
use appsnap::snapshot::{ReadOptions, SnapshotReader, WriteOptions, repack};
use clap::{Parser, ValueEnum};
use support::{InFile, Outcome, Progress, output, shown};

/// Repacks a snapshot; takes it apart with --only.
#[derive(Parser)]
struct Args {
    /// The snapshot to read, `.tar.gz` or `.tar`.
    r#in: PathBuf,
    /// The snapshot to write.
    out: PathBuf,
    /// How hard to compress.
    #[arg(long, value_name = "1-9", value_parser = clap::value_parser!(u8).range(1..=9))]
    level: Option<u8>,
    /// Threads that compress; 0 is none but the main one.
    #[arg(long, value_name = "N", default_value_t = support::default_threads())]
    threads: u8,
    /// Leave the index out: archives meant for upload are plain.
    #[arg(long)]
    no_index: bool,
    /// Keep one of the two alone.
    #[arg(long)]
    only: Option<Only>,
    /// Mend an archive that is soundly framed but not acceptable, and say what was changed.
    #[arg(long, conflicts_with = "only")]
    repair: bool,
    /// With --repair: leave out the data of these tables; `*` matches any text.
    #[arg(long, value_name = "SCHEMA.TABLE", requires = "repair")]
    exclude_data: Vec<String>,
    /// With --repair: mask columns and leave out rows by the rules in this JSON file, and the documents of rows that are left
    /// out.
    #[arg(long, value_name = "RULES.json", requires = "repair")]
    mask: Option<PathBuf>,
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
    support::run(run)
}

fn run(args: &Args) -> Outcome {
    let selection = match args.only {
        None => Contents::Full,
        Some(Only::Database) => Contents::DatabaseOnly,
        Some(Only::Files) => Contents::FilesOnly,
    };
    let index = if args.no_index { IndexPlacement::Omitted } else { IndexPlacement::Embedded };
    let parallelism = Parallelism::threads(args.threads);
    let mut progress = Progress::new(args.quiet);
    progress.begin("repacking", None);
    support::refuse_pipe(&args.r#in)?;
    let mut output = output::create(&args.out, &[&args.r#in])?;
    let level = args.level.and_then(Level::new).unwrap_or_default();
    let write =
        WriteOptions::new().with_level(level).with_parallelism(parallelism).with_index(index).with_contents(selection);
    if args.repair {
        let mut options = PrepareOptions::new().with_spool_dir(support::folder_of(&args.out));
        for pattern in &args.exclude_data {
            options = options.without_data_of(pattern);
        }
        if let Some(path) = &args.mask {
            options = options.with_row_editor(MaskRules::parse(&fs::read(path).in_file(path)?).in_file(path)?);
        }
        let file = File::open(&args.r#in).in_file(&args.r#in)?;
        let repair = Repair::survey(file, &options, &mut progress).in_file(&args.r#in)?;
        repair.changes().iter().for_each(|change| support::tell(format_args!("changed: {change}")));
        let (_, report) = repair.write(&mut output, &write, &mut progress).in_file(&args.r#in)?;
        return publish(args, output, &report);
    }
    // Compressed sections are copied where that is possible: from an indexed archive, when no other level is wanted.
    let indexed = support::open_indexed(&args.r#in, ReadOptions::new())?;
    let report = match indexed.filter(|_| args.level.is_none()) {
        Some(archive) => archive.write_part(&mut output, &write, &mut progress),
        None => {
            let open = || Ok(SnapshotReader::new(File::open(&args.r#in)?, &ReadOptions::new()));
            repack(open, &mut output, &write, &mut progress)
        }
    };
    let (_, report) = report.in_file(&args.r#in)?;
    publish(args, output, &report)
}

fn publish(args: &Args, output: OutputFile, report: &WriteReport) -> Outcome {
    output::finish(output, &args.out)?;
    support::print_about(
        &args.out,
        &format!(
            "{}: {} bytes, {} documents of {} bytes\n",
            shown(&args.out),
            report.archive_bytes(),
            report.documents_count(),
            report.document_bytes(),
        ),
    )
}
