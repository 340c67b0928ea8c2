//! Says whether a platform will take a snapshot or dump, and whether everything will come back.

mod support;

use std::fs::File;
use std::path::PathBuf;
use std::process::ExitCode;

use appsnap::Limits;
use appsnap::check::{CheckOptions, Profile, Verdict};
use appsnap::pgdump::FormatVersion;
use clap::Parser;
use clap::builder::PossibleValuesParser;
use support::{Failure, InFile, Outcome, Progress, shown};

/// Says whether a platform will take a snapshot or dump.
#[derive(Parser)]
struct Args {
    /// The snapshot, or the bare dump.
    file: PathBuf,
    /// What to judge by.
    #[arg(long, value_name = "NAME", default_value = "format",
          value_parser = PossibleValuesParser::new(Profile::BUILT_IN))]
    profile: String,
    /// Size of the database that it is to be restored into.
    #[arg(long, value_name = "N")]
    target_database_bytes: Option<u64>,
    /// The highest archive version of a dump that the environment accepts [default: that of the profile].
    #[arg(long, value_name = "VERSION")]
    max_dump_version: Option<FormatVersion>,
    /// The major release of the environment's PostgreSQL server [default: that of the profile].
    #[arg(long, value_name = "MAJOR")]
    server: Option<u16>,
    /// Uncompressed bytes to read at most, of the archive and of the data in the dump.
    #[arg(long, value_name = "N")]
    max_total_bytes: Option<u64>,
    /// Members of an archive to read at most.
    #[arg(long, value_name = "N")]
    max_entries: Option<u64>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
    /// Show no progress.
    #[arg(long)]
    quiet: bool,
}

fn main() -> ExitCode {
    support::run(check)
}

fn check(args: &Args) -> Outcome {
    let mut profile =
        Profile::by_name(&args.profile).ok_or_else(|| Failure::environment("--profile", "no such profile"))?;
    if let Some(version) = args.max_dump_version {
        profile = profile.with_max_dump_version(version);
    }
    if let Some(major) = args.server {
        profile = profile.with_oldest_server_major(major);
    }
    let mut options = CheckOptions::new().with_limits(limits(args)?);
    if let Some(target_bytes) = args.target_database_bytes {
        options = options.with_target_database_bytes(target_bytes);
    }
    let file = File::open(&args.file).in_file(&args.file)?;
    let mut progress = Progress::new(args.quiet);
    let report = appsnap::check::check(file, &profile, &options, &mut progress).in_file(&args.file)?;
    drop(progress);
    if args.json {
        support::print_json(&report)?;
    } else {
        support::print(&report.to_string())?;
    }
    if report.verdict() == Verdict::Reject {
        return Err(Failure::input(shown(&args.file), format!("rejected by the profile {}", report.profile())));
    }
    Ok(())
}

fn limits(args: &Args) -> Outcome<Limits> {
    let mut limits = Limits::untrusted();
    if let Some(count) = args.max_entries {
        limits = limits.with_max_entries(count);
    }
    if let Some(bytes) = args.max_total_bytes {
        limits = limits.with_max_total_bytes(bytes);
    }
    Ok(limits)
}
