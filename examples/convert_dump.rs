//! Converts a dump to an older archive version, so that an older pg_restore reads it.
//!
//! ```text
//! pg_dump -O -x -Fc mydb | convert_dump - mydb-1.14.dump
//! convert_dump new.dump - --to 1.14 | pg_restore -d mydb
//! ```
#![allow(clippy::indexing_slicing, reason = "indexing JSON yields null or adds the member")]

mod support;

use std::path::PathBuf;
use std::process::ExitCode;

use appsnap::Limits;
use appsnap::pgdump::FormatVersion;
use appsnap::pgdump::raw::Compression;
use appsnap::pgdump::transcode::Transcoder;
use appsnap::source::dump::DumpOptions;
use clap::{Parser, ValueEnum};
use support::{Common, DumpEdits, Failure, InFile, LimitArgs, Outcome, Progress, Source, Threads, output, shown};

/// Converts a dump to an older archive version.
///
/// Prints the dropped and the changed entries, and those that the older server will refuse.
#[derive(Parser)]
#[command(after_help = "Example:\n  pg_dump -O -x -Fc mydb | convert_dump - mydb.dump --server 13")]
struct Args {
    /// The dump: a file in custom or tar format, compressed or not, or the folder of one in directory format; `-` is standard
    /// input.
    #[arg(value_name = "IN")]
    input: PathBuf,
    /// The dump to write; `-` is standard output. A file appears complete or not at all.
    #[arg(value_name = "OUT")]
    output: PathBuf,
    /// The archive version of the output, 1.12 to 1.16, or `same`. An older dump keeps its version.
    #[arg(long, value_name = "VERSION", default_value = "1.14", value_parser = parse_version)]
    to: FormatVersion,
    /// The compression of the output; `keep` recompresses with gzip if the older version lacks the compression.
    #[arg(long, value_enum, default_value = "keep")]
    compression: CompressionArg,
    /// The level of gzip; alone it implies `--compression gzip`.
    #[arg(long, value_name = "1-9", value_parser = clap::value_parser!(u8).range(1..=9))]
    level: Option<u8>,
    /// The major release of the server that the dump is for [default: 10 for 1.13, 13 for 1.14, 16 for 1.15].
    #[arg(long, value_name = "MAJOR")]
    server: Option<u16>,
    #[command(flatten)]
    threads: Threads,
    /// Drop access rights, as `pg_dump -x` does.
    #[arg(short = 'x', long)]
    no_acl: bool,
    /// Drop the owners of objects.
    #[arg(short = 'O', long)]
    no_owner: bool,
    #[command(flatten)]
    edits: DumpEdits,
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    limits: LimitArgs,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum CompressionArg {
    Keep,
    Gzip,
    /// From version 1.15.
    Lz4,
    /// From version 1.15.
    Zstd,
    None,
}

fn parse_version(text: &str) -> Result<FormatVersion, appsnap::pgdump::Error> {
    // No dump is newer, and an older one keeps its version.
    if text == "same" { Ok(FormatVersion::V1_16) } else { text.parse() }
}

fn main() -> ExitCode {
    support::run(convert)
}

fn convert(args: &Args) -> Outcome {
    let transcoder = transcoder(args)?;
    let inputs: Vec<_> =
        [Some(&args.input), args.edits.mask.as_ref()].into_iter().flatten().map(PathBuf::as_path).collect();
    let mut output = output::create(&args.output, &inputs)?;
    let mut progress = Progress::new(args.common.quiet);
    progress.begin("converting", None);
    let limits = args.limits.apply(Limits::trusted());
    let options = DumpOptions::new()
        .with_limits(limits.clone())
        .with_parallelism(args.threads.parallelism())
        .with_spool_dir(output::spool_dir(None, &args.output)?);
    let mut source = Source::of_any_form(&args.input, &options)?;
    if source.form().is_none() {
        support::refuse_other_than_dump(&args.input, &source.detect(&args.input)?)?;
    }
    let conversion = transcoder.plan(source.followed(&mut progress), &limits).in_input(&args.input)?;
    let run = conversion.run(&mut output, &mut progress).map_err(|failed| failed.into_parts().0);
    let (_, mut conversion) = run.in_input(&args.input)?;
    if let Some(file) = output.as_regular_file() {
        conversion.write_offsets(file).in_file(&args.output)?;
    }
    output::finish(output, &args.output)?;
    drop(progress);

    let mut report = support::conversion_json(&conversion.changes, &conversion.toc);
    report["output_bytes"] = conversion.output_bytes.into();
    if args.common.json {
        return support::print_json_about(&args.output, &report);
    }
    support::tell_conversion(&report);
    let (path, size) = (shown(&args.output), support::size(conversion.output_bytes));
    support::print_about(&args.output, &format!("{path}: a dump of {size} in version {}\n", conversion.changes.to))
}

fn transcoder(args: &Args) -> Outcome<Transcoder> {
    let mut transcoder = Transcoder::to(args.to).with_parallelism(args.threads.parallelism());
    match (args.compression, args.level) {
        (CompressionArg::Keep, None) => {}
        (CompressionArg::None, None) => transcoder = transcoder.with_compression(Compression::None),
        (CompressionArg::Lz4, None) => transcoder = transcoder.with_compression(Compression::Lz4),
        (CompressionArg::Zstd, None) => transcoder = transcoder.with_compression(Compression::Zstd),
        (CompressionArg::Lz4 | CompressionArg::Zstd | CompressionArg::None, Some(_)) => {
            return Err(Failure::environment(
                "--level",
                "is the level of gzip: leave --compression out, or choose gzip",
            ));
        }
        (CompressionArg::Keep | CompressionArg::Gzip, level) => {
            // The argument parser has verified the range.
            let compression = level.and_then(Compression::gzip_level).unwrap_or(Compression::GZIP);
            transcoder = transcoder.with_compression(compression);
        }
    }
    if args.no_acl {
        transcoder = transcoder.without_access_rights();
    }
    if args.no_owner {
        transcoder = transcoder.without_owners();
    }
    if let Some(major) = args.server {
        transcoder = transcoder.with_server_major(major);
    }
    args.edits.of_conversion(transcoder)
}
