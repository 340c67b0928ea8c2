//! Converts a dump to an older archive version, so that an older pg_restore reads it.
//!
//! ```text
//! pg_dump -O -x -Fc mydb | convert_dump - mydb-1.14.dump
//! convert_dump new.dump - --to 1.14 | pg_restore -d mydb
//! ```

mod support;

use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;
use std::process::ExitCode;

use appsnap::Limits;
use appsnap::detect;
use appsnap::pgdump::{AccessRights, Conversion, FormatVersion, Offsets, OutputCompression, Owners, Plan, Transcoder};
use clap::{Parser, ValueEnum};
use serde_json::{Value, json};
use support::{Failure, InFile, Outcome, Output, Progress};

/// Converts a dump to an older archive version.
#[derive(Parser)]
struct Args {
    /// The dump, in custom format; `-` is the standard input.
    #[arg(value_name = "IN")]
    input: PathBuf,
    /// The dump to write; `-` is the standard output. A file appears whole or not at all.
    #[arg(value_name = "OUT")]
    output: PathBuf,
    /// Archive version to come down to: 1.12 to 1.16. A dump that is older already keeps its version.
    #[arg(long, value_name = "VERSION", default_value = "1.14")]
    to: FormatVersion,
    /// How the data are compressed in the output; `keep` makes gzip of what the older version does not know.
    #[arg(long, value_enum, default_value = "keep")]
    compression: CompressionArg,
    /// How hard gzip compresses; given alone it means `--compression gzip`.
    #[arg(long, value_name = "1-9", value_parser = clap::value_parser!(u8).range(1..=9))]
    level: Option<u8>,
    /// Major release of the server that the dump is for [default: 13 for 1.14, 16 for 1.15].
    #[arg(long, value_name = "MAJOR")]
    server: Option<u16>,
    /// Drop access rights, as `pg_dump -x` does.
    #[arg(short = 'x', long)]
    no_acl: bool,
    /// Drop the owners of objects.
    #[arg(short = 'O', long)]
    no_owner: bool,
    /// Print what has changed as JSON; on the standard error if the dump goes to the standard output.
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

fn main() -> ExitCode {
    support::run(convert)
}

fn convert(args: &Args) -> Outcome {
    let conversion = if support::is_dash(&args.input) {
        write(args, plan(args, io::stdin().lock())?, None)?
    } else {
        if !support::is_pipe(&args.input) {
            support::refuse_other_than_dump(&args.input, &detect::identify_path(&args.input).in_file(&args.input)?)?;
        }
        let file = File::open(&args.input).in_file(&args.input)?;
        let len_bytes = file.metadata().in_file(&args.input)?.len();
        write(args, plan(args, file)?, Some(len_bytes))?
    };
    let report = report(&conversion);
    if args.json {
        return support::print_json_about(&args.output, &report);
    }
    tell(&report);
    Ok(())
}

fn plan<R: Read>(args: &Args, source: R) -> Outcome<Plan<R>> {
    let compression = match (args.compression, args.level) {
        (CompressionArg::None, None) => OutputCompression::None,
        (CompressionArg::None, Some(_)) => {
            return Err(Failure::environment("--level", "says how hard to compress, and --compression none not to"));
        }
        (CompressionArg::Keep, None) => OutputCompression::Keep,
        (CompressionArg::Keep | CompressionArg::Gzip, level) => OutputCompression::Gzip { level },
    };
    let mut transcoder = Transcoder::to(args.to)
        .with_compression(compression)
        .with_access_rights(if args.no_acl { AccessRights::Drop } else { AccessRights::Keep })
        .with_owners(if args.no_owner { Owners::Drop } else { Owners::Keep });
    if let Some(major) = args.server {
        transcoder = transcoder.with_server_major(major);
    }
    transcoder.plan(source, &Limits::trusted()).in_file(&args.input)
}

fn write<R: Read>(args: &Args, plan: Plan<R>, input_bytes: Option<u64>) -> Outcome<Conversion> {
    let mut progress = Progress::new(args.quiet);
    progress.begin("converting", input_bytes);
    let mut output = Output::create(&args.output, &[&args.input])?;
    let conversion = plan.run(output.file(), &mut progress).in_file(&args.input)?;
    output.publish()?;
    Ok(conversion)
}

/// All that has changed. Names in a dump are bytes in its own encoding.
fn report(conversion: &Conversion) -> Value {
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
    json!({
        "from": changes.from.to_string(),
        "to": changes.to.to_string(),
        "entries_in": changes.entries_in_count,
        "entries_out": changes.entries_out_count,
        "expanded": changes.expanded.iter()
            .map(|expanded| named(expanded.id, json!({ "entries": expanded.entries_count }))).collect::<Vec<_>>(),
        "dropped": changes.dropped.iter()
            .map(|dropped| named(dropped.id, json!({ "reason": dropped.reason.to_string() }))).collect::<Vec<_>>(),
        "edited": changes.edited.iter()
            .map(|edited| named(edited.id, json!({ "reason": edited.edit.to_string() }))).collect::<Vec<_>>(),
        "warnings": changes.warnings.iter().map(|warning| named(warning.id, json!({
            "feature": warning.feature.name(),
            "since": warning.feature.since_major(),
            "message": format!("needs PostgreSQL {}: {}", warning.feature.since_major(), warning.feature),
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

/// The report for people, on the standard error: the standard output may be the dump.
fn tell(report: &Value) {
    let shown =
        |value: &Value| value.as_str().map_or_else(|| value.to_string(), |text| text.escape_debug().to_string());
    let entries = |list: &str| report[list].as_array().cloned().unwrap_or_default();
    for (list, word) in [("dropped", "dropped"), ("edited", "changed"), ("warnings", "warning")] {
        for entry in entries(list) {
            let why = if list == "warnings" { &entry["message"] } else { &entry["reason"] };
            let (id, desc, tag) = (&entry["id"], shown(&entry["desc"]), shown(&entry["tag"]));
            eprintln!("{word}: entry {id} ({desc} {tag}): {}", shown(why));
        }
    }
    eprintln!(
        "{} to {}: {} entries to {}, data {}, offsets {}, {} bytes",
        shown(&report["from"]),
        shown(&report["to"]),
        report["entries_in"],
        report["entries_out"],
        if report["recompressed"] == true { "compressed anew" } else { "copied" },
        shown(&report["offsets"]),
        report["output_bytes"],
    );
}
