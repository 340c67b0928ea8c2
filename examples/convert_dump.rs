//! Converts a dump to an older archive version, so that an older pg_restore reads it.
//!
//! ```text
//! pg_dump -O -x -Fc mydb | convert_dump - mydb-1.14.dump
//! convert_dump new.dump - --to 1.14 | pg_restore -d mydb
//! ```
#![allow(clippy::indexing_slicing, reason = "indexing JSON yields null or adds the member")]

mod support;

use std::fs;
use std::io::{self, Read};
use std::path::PathBuf;
use std::process::ExitCode;

use appsnap::Limits;
use appsnap::pgdump::FormatVersion;
use appsnap::pgdump::raw::Compression;
use appsnap::pgdump::toc::Offsets;
use appsnap::pgdump::transcode::{Conversion, ConversionReport, EntryChange, EntryChangeKind, MaskRules, Transcoder};
use appsnap::source::dump::{DumpOptions, DumpReader};
use clap::{Parser, ValueEnum};
use serde_json::{Value, json};
use support::{Failure, InFile, Outcome, Progress, Threads, output};

/// Converts a dump to an older archive version.
#[derive(Parser)]
struct Args {
    /// The dump, in custom format; `-` is the standard input.
    #[arg(value_name = "IN")]
    input: PathBuf,
    /// The dump to write; `-` is the standard output. A file appears whole or not at all.
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
    /// The major release of the server that the dump is for [default: 13 for 1.14, 16 for 1.15].
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
    /// Leave out the data of these tables, as `pg_dump --exclude-table-data` does; `*` matches any text.
    #[arg(long, value_name = "SCHEMA.TABLE")]
    exclude_data: Vec<String>,
    /// Mask columns and leave out rows by the rules in this JSON file.
    #[arg(long, value_name = "RULES.json")]
    mask: Option<PathBuf>,
    /// Print the changes as JSON; to the standard error if the dump is written to the standard output.
    #[arg(long)]
    json: bool,
    /// Show no progress.
    #[arg(long)]
    quiet: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum CompressionArg {
    Keep,
    Gzip,
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
    let conversion = write(args, open(args)?)?;
    let report = report(&conversion);
    if args.json && args.output.as_os_str() == "-" {
        support::tell(format_args!("{report:#}"));
        return Ok(());
    }
    if args.json {
        return support::print_json(&report);
    }
    tell(&report);
    Ok(())
}

fn open(args: &Args) -> Outcome<DumpReader> {
    let options = DumpOptions::new()
        .with_limits(Limits::trusted())
        .with_parallelism(args.threads.parallelism())
        .with_spool_dir(spool_dir(args));
    if support::is_dash(&args.input) {
        return DumpReader::from_reader(io::stdin(), &options).in_input(&args.input);
    }
    if !support::is_pipe(&args.input) {
        support::refuse_other_than_any_dump(&args.input)?;
    }
    DumpReader::open(&args.input, &options).in_input(&args.input)
}

/// Returns the folder for temporary files: that of the output, where there must be room anyhow.
fn spool_dir(args: &Args) -> PathBuf {
    if support::is_dash(&args.output) { std::env::temp_dir() } else { support::folder_of(&args.output).to_path_buf() }
}

fn plan<R: Read>(args: &Args, source: R) -> Outcome<Conversion<R>> {
    let mut transcoder = Transcoder::to(args.to);
    match (args.compression, args.level) {
        (CompressionArg::Keep, None) => {}
        (CompressionArg::None, None) => transcoder = transcoder.with_compression(Compression::None),
        (CompressionArg::None, Some(_)) => {
            return Err(Failure::environment("--level", "has no meaning with --compression none"));
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
    for pattern in &args.exclude_data {
        transcoder = transcoder.without_data_of(pattern);
    }
    if let Some(path) = &args.mask {
        transcoder = transcoder.with_row_editor(MaskRules::parse(&fs::read(path).in_file(path)?).in_file(path)?);
    }
    transcoder.plan(source, &Limits::trusted()).in_file(&args.input)
}

fn write(args: &Args, source: DumpReader) -> Outcome<ConversionReport> {
    let input_bytes = source.len_bytes();
    let conversion = plan(args, source)?;
    let mut progress = Progress::new(args.quiet);
    progress.begin("converting", input_bytes);
    let mut output = output::create(&args.output, &[&args.input])?;
    let (_, mut report) =
        conversion.run(&mut output, &mut progress).map_err(|failed| failed.into_parts().0).in_file(&args.input)?;
    if let Some(file) = output.as_regular_file() {
        report.write_offsets(file).in_file(&args.output)?;
    }
    output::finish(output, &args.output)?;
    Ok(report)
}

/// Describes all changes. Names in a dump are bytes in its own encoding.
fn report(conversion: &ConversionReport) -> Value {
    let changes = &conversion.changes;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let named = |id: u32, more: Value| {
        let mut value = json!({ "id": id });
        let entry = conversion.toc.get(id);
        value["desc"] = json!(entry.map(|entry| text(entry.desc)));
        value["tag"] = json!(entry.map(|entry| text(entry.tag)));
        if let (Some(value), Value::Object(more)) = (value.as_object_mut(), more) {
            value.extend(more);
        }
        value
    };
    let reason = |change: &EntryChange| json!({ "reason": change.kind.to_string() });
    let entries = |details: &dyn Fn(&EntryChange) -> Option<Value>| -> Vec<Value> {
        changes.entries.iter().filter_map(|change| Some(named(change.id, details(change)?))).collect()
    };
    json!({
        "from": changes.from.to_string(),
        "to": changes.to.to_string(),
        "entries_in": changes.entries_in_count,
        "entries_out": changes.entries_out_count,
        "expanded": entries(&|change| match change.kind {
            EntryChangeKind::Expanded { entries_count } => Some(json!({ "entries": entries_count })),
            _ => None,
        }),
        "dropped": entries(&|change| change.kind.is_dropped().then(|| reason(change))),
        "edited": entries(&|change| change.kind.is_edited().then(|| reason(change))),
        "warnings": changes.warnings.iter().map(|warning| named(warning.id, json!({
            "feature": warning.feature.name(),
            "since": warning.feature.since_major(),
            "row": warning.row,
            "message": warning.to_string(),
        }))).collect::<Vec<_>>(),
        "recompressed": changes.recompressed,
        "compression": changes.compression.name(),
        "offsets": match changes.offsets {
            Offsets::None => "none",
            Offsets::Set => "set",
            Offsets::NotSet => "not-set",
            _ => "mixed",
        },
        "output_bytes": conversion.output_bytes,
    })
}

/// Prints the report for people to the standard error, because the standard output may be the dump.
fn tell(report: &Value) {
    let shown =
        |value: &Value| value.as_str().map_or_else(|| value.to_string(), |text| text.escape_debug().to_string());
    let entries = |list: &str| report[list].as_array().cloned().unwrap_or_default();
    let is_statistics = |entry: &Value| entry["desc"].as_str().is_some_and(|desc| desc.ends_with("STATISTICS DATA"));
    let statistics: Vec<Value> = entries("dropped").into_iter().filter(|entry| is_statistics(entry)).collect();
    if let Some(first) = statistics.first() {
        support::tell(format_args!(
            "dropped: {} entries of planner statistics: {}",
            statistics.len(),
            shown(&first["reason"])
        ));
    }
    for (list, word) in [("dropped", "dropped"), ("edited", "changed"), ("warnings", "warning")] {
        for entry in entries(list).into_iter().filter(|entry| list != "dropped" || !is_statistics(entry)) {
            let why = if list == "warnings" { &entry["message"] } else { &entry["reason"] };
            let (id, desc, tag) = (&entry["id"], shown(&entry["desc"]), shown(&entry["tag"]));
            support::tell(format_args!("{word}: entry {id} ({desc} {tag}): {}", shown(why)));
        }
    }
    support::tell(format_args!(
        "{} to {}: {} entries to {}, data {}, offsets {}, {} bytes",
        shown(&report["from"]),
        shown(&report["to"]),
        report["entries_in"],
        report["entries_out"],
        if report["recompressed"] == true { "recompressed" } else { "copied" },
        shown(&report["offsets"]),
        report["output_bytes"],
    ));
}
