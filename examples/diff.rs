//! Compares two snapshots, or two dumps: documents, metadata, tables and other objects of the database.

mod support;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use appsnap::diff::{Difference, Input, diff};
use appsnap::snapshot::{ReadOptions, SnapshotArchive};
use appsnap::source::dump::DumpOptions;
use clap::Parser;
use support::{
    Common, Failure, Followed, LimitArgs, Outcome, Progress, Source, is_dash, is_pipe, open_by_index, shown_input,
};

/// Compares two snapshots, or two dumps.
///
/// Prints one line for each difference: what only NEW contains after +, what only OLD contains after -, what differs
/// after ~. Documents are followed by their length and CRC32. Rows may be in any order, and owners are not compared.
///
/// Exit code 0: the same; 1: different; 2: wrong usage, or a file cannot be read.
#[derive(Parser)]
#[command(after_help = "Example:\n  diff monday.tar.gz tuesday.tar.gz --json | jq .tables.changed")]
struct Args {
    /// A snapshot, `.tar.gz` or `.tar`, or a dump in any form; `-` is standard input.
    old: PathBuf,
    /// A snapshot or a dump to compare with it; `-` is standard input.
    new: PathBuf,
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    limits: LimitArgs,
}

fn main() -> ExitCode {
    support::run_comparison(compare)
}

/// An input that was opened.
enum Opened {
    Indexed(SnapshotArchive<support::Stored>),
    Stream(Followed<Source>),
}

fn compare(args: &Args) -> Outcome<bool> {
    if is_dash(&args.old) && is_dash(&args.new) {
        return Err(Failure::environment("-", "standard input can be only one of the two: name a file for the other"));
    }
    let mut progress = Progress::new(args.common.quiet);
    progress.begin("comparing", None);
    let [old, new] = [&args.old, &args.new].map(|path| open(path, args, &mut progress));
    let (mut old, mut new) = (old?, new?);
    let names = [&args.old, &args.new].map(|path| shown_input(path));
    let [old_name, new_name] = &names;
    let difference = diff(input(old_name, &mut old), input(new_name, &mut new), &args.limits.limits(), &mut progress);
    drop(progress);
    let difference = difference.map_err(|error| {
        let subject = names.iter().find(|name| error.context() == Some(name)).cloned();
        Failure::of(subject.unwrap_or_default(), error)
    })?;
    let printed = if args.common.json { support::print_json(&difference) } else { support::print(&text(&difference)) };
    match printed {
        Err(failure) if !failure.is_broken_pipe() => Err(failure),
        _ => Ok(difference.is_same()),
    }
}

/// Opens what has an index for random access, and everything else to be read once.
fn open(path: &Path, args: &Args, progress: &mut Progress) -> Outcome<Opened> {
    let limits = args.limits.limits();
    if !is_pipe(path)
        && !path.is_dir()
        && support::identify(path)?.may_be_snapshot()
        && let Some(archive) = open_by_index(path, None, ReadOptions::new().with_limits(limits.clone()))?
    {
        return Ok(Opened::Indexed(archive));
    }
    let options = DumpOptions::new().with_limits(limits).with_spool_dir(std::env::temp_dir());
    Ok(Opened::Stream(Source::of_any_form(path, &options)?.followed(progress)))
}

fn input<'a>(name: &str, opened: &'a mut Opened) -> Input<'a> {
    match opened {
        Opened::Indexed(archive) => Input::archive(name, archive),
        Opened::Stream(source) => Input::stream(name, source),
    }
}

fn text(difference: &Difference) -> String {
    let documents = [
        (difference.added_documents().len() as u64, "added"),
        (difference.removed_documents().len() as u64, "removed"),
        (difference.changed_documents().len() as u64, "changed"),
        (difference.same_documents_count(), "the same"),
    ];
    if difference.is_same() {
        return match difference.same_documents_count() {
            0 => "the same\n".to_owned(),
            1 => "the same, with 1 document\n".to_owned(),
            count => format!("the same, with {count} documents\n"),
        };
    }
    // Bare dumps have none.
    if documents.iter().all(|(count, _)| *count == 0) {
        return difference.to_string();
    }
    let counts = documents.map(|(count, what)| format!("{count} {what}")).join(", ");
    format!("{difference}documents: {counts}\n")
}
