//! Reports whether a platform accepts a snapshot or dump, and whether everything in it can be restored.

#[cfg(all(feature = "squidex", feature = "catalog"))]
#[path = "support/backup_squidex.rs"]
mod backup_squidex;
mod support;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use appsnap::check::{CheckOptions, Code, Profile, Report, Verdict};
use appsnap::pgdump::FormatVersion;
use appsnap::source::dump::DumpOptions;
use clap::Parser;
use clap::builder::PossibleValuesParser;
use support::{
    Allowed, Common, Failure, InFile, LimitArgs, Outcome, Output, Progress, Source, Threads, documents_of, is_dash,
    judged, output, parse_size, shown_input,
};

/// Reports whether a platform accepts a snapshot or dump, and whether everything in it can be restored.
///
/// Exit code 0: accepted, perhaps with warnings; 1: rejected; 2: wrong usage, or the file cannot be read.
#[derive(Parser)]
#[command(after_help = "Example:\n  check backup.tar.gz --profile mendix-cloud --missing missing.txt")]
struct Args {
    /// The snapshot or the bare dump; `-` is standard input.
    file: PathBuf,
    /// The demands to judge by.
    #[arg(long, value_name = "NAME", default_value = "format",
          value_parser = PossibleValuesParser::new(Profile::BUILT_IN))]
    profile: String,
    #[command(flatten)]
    allowed: Allowed,
    /// Size of the database that it is to be restored into, for example 10GiB.
    #[arg(long, value_name = "SIZE", value_parser = parse_size)]
    target_database_bytes: Option<u64>,
    /// The highest archive version of a dump that the environment accepts [default: that of the profile].
    #[arg(long, value_name = "VERSION")]
    max_dump_version: Option<FormatVersion>,
    /// The major release of the environment's PostgreSQL server [default: that of the profile].
    #[arg(long, value_name = "MAJOR")]
    server: Option<u16>,
    /// List the uuids of all documents that rows of the database need and that are missing, one a line.
    #[arg(long, value_name = "FILE")]
    missing: Option<PathBuf>,
    /// List the uuids of all documents that no row of the database refers to, one a line.
    #[arg(long, value_name = "FILE")]
    orphans: Option<PathBuf>,
    #[command(flatten)]
    threads: Threads,
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    limits: LimitArgs,
}

fn main() -> ExitCode {
    support::run(check)
}

fn check(args: &Args) -> Outcome {
    let profile = profile(args)?;
    let mut progress = Progress::new(args.common.quiet);
    progress.begin("reading the file", None);
    #[cfg(all(feature = "squidex", feature = "catalog"))]
    if may_be_squidex(args)
        && let Some(described) = backup_squidex::examine_path(&args.file, &args.limits.limits(), &mut progress)?
    {
        drop(progress);
        return judge_squidex(args, &described);
    }
    let mut options =
        CheckOptions::new().with_limits(args.limits.limits()).with_parallelism(args.threads.parallelism());
    if let Some(target_bytes) = args.target_database_bytes {
        options = options.with_target_database_bytes(target_bytes);
    }
    // An output that cannot be written is better known before hours of reading than after.
    if args.missing.is_some() && args.missing == args.orphans {
        return Err(Failure::environment(
            "--orphans",
            "this is the same file as that of --missing: choose another name",
        ));
    }
    let missing = List::create(args.missing.as_deref(), "--missing", Code::DocumentMissing, &args.file)?;
    let orphans = List::create(args.orphans.as_deref(), "--orphans", Code::DocumentOrphan, &args.file)?;
    let dump_options = DumpOptions::new()
        .with_limits(args.limits.limits())
        .with_parallelism(args.threads.parallelism())
        .with_spool_dir(std::env::temp_dir());
    let source = Source::judged(&args.file, &dump_options)?;
    #[cfg(all(feature = "squidex", feature = "catalog"))]
    let source = if may_be_squidex(args) {
        match backup_squidex::examine_pipe(source, &args.file, &args.limits.limits(), &mut progress)? {
            Ok(described) => {
                drop(progress);
                return judge_squidex(args, &described);
            }
            Err(source) => source,
        }
    } else {
        source
    };
    let report = judge(args, source, (&profile, &options), &mut progress)?;
    drop(progress);
    // A list on standard output is the result, and the report goes beside it.
    let lists = [&args.missing, &args.orphans].into_iter().flatten();
    let result = lists.map(PathBuf::as_path).find(|path| is_dash(path)).unwrap_or(Path::new("standard output"));
    let printed = if args.common.json {
        support::print_json_about(result, &report)
    } else {
        support::print_about(result, &support::report_text(&report, args.common.verbose))
    };
    let written = missing.into_iter().chain(orphans).try_for_each(|list| list.write(&report));
    judged(printed.and(written), verdict(args, &report))
}

/// Checks the input: the tables of a bare dump in a file are read several at a time.
fn judge(
    args: &Args,
    mut source: Source,
    (profile, options): (&Profile, &CheckOptions),
    progress: &mut Progress,
) -> Outcome<Report> {
    let is_dump = source.as_file().is_some() && source.detect(&args.file)?.is_custom_dump();
    if let Some(file) = source.as_file().filter(|_| is_dump) {
        return appsnap::check::check_at(file, profile, options, progress).in_input(&args.file);
    }
    let source = source.followed(progress);
    appsnap::check::check(source, profile, options, progress).in_input(&args.file)
}

/// Returns `true` if a Squidex archive is judged as a restore by Squidex would, and not by the profile of a platform.
#[cfg(all(feature = "squidex", feature = "catalog"))]
fn may_be_squidex(args: &Args) -> bool {
    args.profile == "format" && args.missing.is_none() && args.orphans.is_none()
}

/// Judges a Squidex archive as a restore by Squidex would.
#[cfg(all(feature = "squidex", feature = "catalog"))]
fn judge_squidex(args: &Args, described: &backup_squidex::Described) -> Outcome {
    let allowed = &args.allowed.allow;
    let printed = if args.common.json {
        support::print_json(&described.report_json(allowed))
    } else {
        support::print(&described.report_text(allowed, args.common.verbose))
    };
    let verdict = match described.verdict(allowed) {
        "reject" => Err(Failure::input(shown_input(&args.file), "a restore by Squidex fails or loses data")),
        _ => Ok(()),
    };
    judged(printed, verdict)
}

fn verdict(args: &Args, report: &Report) -> Outcome {
    if report.verdict() == Verdict::Reject {
        return Err(Failure::input(shown_input(&args.file), format!("rejected by the profile {}", report.profile())));
    }
    Ok(())
}

fn profile(args: &Args) -> Outcome<Profile> {
    let mut profile =
        Profile::by_name(&args.profile).ok_or_else(|| Failure::environment("--profile", "no such profile"))?;
    if args.target_database_bytes.is_some() && profile.space_rule().is_none() {
        let message = format!("the profile {} has no rule about space: choose one with --profile", args.profile);
        return Err(Failure::environment("--target-database-bytes", message));
    }
    if let Some(version) = args.max_dump_version {
        profile = profile.with_max_dump_version(version);
    }
    if let Some(major) = args.server {
        profile = profile.with_oldest_server_major(major);
    }
    Ok(args.allowed.apply(profile))
}

/// A full list of documents of one kind.
struct List<'a> {
    output: Output,
    path: &'a Path,
    option: &'static str,
    code: Code,
}

impl<'a> List<'a> {
    fn create(path: Option<&'a Path>, option: &'static str, code: Code, input: &Path) -> Outcome<Option<Self>> {
        let Some(path) = path else { return Ok(None) };
        Ok(Some(Self { output: output::create(path, &[input])?, path, option, code }))
    }

    fn write(mut self, report: &Report) -> Outcome {
        let Some(files) = report.files() else {
            let message = "the rows of the database and the documents cannot be compared: the findings say why";
            return Err(Failure::environment(self.option, message));
        };
        for id in documents_of(files, self.code) {
            writeln!(self.output, "{id}").in_file(self.path)?;
        }
        output::finish(self.output, self.path)
    }
}
