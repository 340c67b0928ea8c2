//! Shared by the examples: how they end, report errors, print JSON and show progress.
#![allow(
    dead_code,
    unused_imports,
    unreachable_pub,
    reason = "each example includes this folder and needs a part of it"
)]

mod arguments;
/// In a package with the clients of clouds, commands read and write buckets.
#[cfg_attr(feature = "cloud", path = "bucket/mod.rs")]
#[cfg_attr(not(feature = "cloud"), path = "no_bucket.rs")]
pub mod bucket;
mod console;
mod conversion;
mod describe;
mod failure;
mod findings;
mod judgement;
mod limits;
mod lists;
mod live_database;
mod open;
pub mod output;
mod progress;
pub mod signals;
mod size;
mod source;
mod stored;
mod written;

use std::process::ExitCode;

pub use arguments::{Allowed, Common, DumpEdits, LimitArgs, Threads, raising_option};
pub use console::{harmless, print, print_about, print_json, print_json_about, shown, shown_input, tell, write_out};
pub use conversion::{conversion_json, conversion_lines, tell_conversion};
pub use describe::{Sums, audit_lines, audit_of, describe_dump, describe_dump_at, metadata_json, outline};
pub use failure::{Failure, InFile, Outcome, judged};
pub use findings::{findings_text, report_text, summary_text};
pub use judgement::{Judgement, add_report, comparison_text, is_of_conversion, tell_changes, tell_findings};
pub use limits::command_limits;
pub use lists::documents_of;
pub use live_database::LiveDump;
pub use open::{
    index_beside, is_pipe, may_be_dump, open_by_index, open_indexed, refuse_other_than_any_dump,
    refuse_other_than_dump, refuse_other_than_snapshot, refuse_pipe,
};
pub use output::{Output, folder_of, is_dash};
pub use progress::{Followed, Progress};
pub use size::{parse_size, size, with_unit};
pub use source::Source;
pub use stored::{Stored, identify, is_url};
pub use written::print_written;

/// Parses the command line, does the work, and turns its outcome into an exit code: 0 good, 1 the input is bad,
/// 2 used wrongly or the environment failed, 128 and more a signal.
pub fn run<A: clap::Parser>(work: impl FnOnce(&A) -> Outcome) -> ExitCode {
    run_after(signals::listen, work)
}

/// Parses the command line and compares, with the exit codes of `diff`: 0 the same, 1 different, 2 trouble.
pub fn run_comparison<A: clap::Parser>(work: impl FnOnce(&A) -> Outcome<bool>) -> ExitCode {
    let args = parse::<A>();
    signals::listen();
    match work(&args) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(failure) => signals::exit_code().unwrap_or_else(|| {
            tell(format_args!("error: {failure}"));
            ExitCode::from(2)
        }),
    }
}

/// Does the same as [`run`] for work that is mostly done at once: it calls [`signals::listen`] itself before it does more,
/// or leaves anything unfinished. Until then, a signal ends the process as it does any other program.
pub fn run_briefly<A: clap::Parser>(work: impl FnOnce(&A) -> Outcome) -> ExitCode {
    run_after(|| (), work)
}

/// Does the same as [`run`] for work that undoes itself after a signal, however long that takes.
pub fn run_patiently<A: clap::Parser>(work: impl FnOnce(&A) -> Outcome) -> ExitCode {
    run_after(signals::listen_patiently, work)
}

fn run_after<A: clap::Parser>(listen: fn(), work: impl FnOnce(&A) -> Outcome) -> ExitCode {
    let args = parse::<A>();
    listen();
    let outcome = work(&args);
    bucket::tell_requests();
    if outcome.is_err()
        && let Some(code) = signals::exit_code()
    {
        return code;
    }
    ended(outcome)
}

fn parse<A: clap::Parser>() -> A {
    // Every example compiles this file, and has its own name here.
    let command = A::command().name(env!("CARGO_CRATE_NAME")).version(env!("CARGO_PKG_VERSION"));
    let matches = command.get_matches();
    A::from_arg_matches(&matches).unwrap_or_else(|error| error.exit())
}

fn ended(outcome: Outcome) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) if failure.is_broken_pipe() => ExitCode::SUCCESS,
        Err(failure) => {
            tell(format_args!("error: {failure}"));
            failure.exit_code()
        }
    }
}

/// The library uses only threads that a caller asks for; a command may ask for as many as there are cores.
pub fn default_threads() -> u8 {
    std::thread::available_parallelism().map_or(1, |count| u8::try_from(count.get()).unwrap_or(u8::MAX))
}
