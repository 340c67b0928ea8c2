//! Restores a snapshot into a live PostgreSQL database and its files: all of it or nothing of it.
//!
//! ```text
//! restore backup.tar.gz --database postgresql://mx@localhost/mx --files /srv/app/data/files
//! ```
//!
//! The snapshot is verified to its last byte and judged before anything changes. Then it is restored into a new database and
//! a new folder beside those in use, both are verified, and both are renamed. A run that is killed at any moment is ended by
//! the next one: everything old, or everything new.

mod audit;
#[cfg_attr(not(feature = "cloud"), path = "no_bucket_files.rs")]
mod bucket_files;
mod build;
mod connection;
mod feed;
mod file_rows;
mod input;
mod judge;
mod ledger;
mod losses;
mod marks;
mod meter;
mod old_files;
mod plan;
mod recover;
mod run;
mod server;
mod settings;
mod summary;
#[path = "../../support/mod.rs"]
mod support;
mod swap;
mod target;
mod tls;
mod tools;
mod verify;

use std::path::PathBuf;
use std::process::ExitCode;

use appsnap::check::Profile;
use clap::Parser;
use clap::builder::PossibleValuesParser;

use bucket_files::KeyNames;
use recover::{Settled, Want, settle};
use run::Run;
use server::Server;
use support::{Allowed, Common, Failure, LimitArgs, Outcome, is_url, tell};

/// Restores a snapshot into a live PostgreSQL database and its files: all of it or nothing of it.
///
/// Exit code 0: restored; 1: the snapshot is rejected or cannot be restored; 2: wrong usage, or the environment failed. After
/// 1 and 2 the database and the files are as they were.
#[derive(Parser)]
#[command(
    after_help = "Example:\n  restore backup.tar.gz --database postgresql://mx@localhost/mx --files /srv/app/data/files"
)]
struct Args {
    /// The snapshot, or a bare dump in any form: a file, a folder of `pg_dump -Fd`, a tar file of `pg_dump -Ft`. A snapshot may
    /// be an object in a bucket, by its URL.
    #[arg(required_unless_present_any = ["resume", "rollback"], conflicts_with = "rollback")]
    archive: Option<PathBuf>,
    /// The database to replace, as psql takes it: postgresql://USER@HOST:PORT/NAME, or keywords, or service=NAME. One that does
    /// not exist is created. Give the password in PGPASSWORD or ~/.pgpass.
    #[arg(long, value_name = "POSTGRES_URL")]
    database: String,
    /// The folder of documents to replace, or the URL of a folder in a bucket to which missing documents are added. Without
    /// it, only the database is restored.
    #[arg(long, value_name = "DIR_OR_URL")]
    files: Option<PathBuf>,
    /// The text before the uuid in the names of documents in a bucket.
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    key_prefix: String,
    /// The text after the uuid in the names of documents in a bucket.
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    key_suffix: String,
    /// Connections that pg_restore uses at the same time; with more than one, the dump is written to a temporary file first.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=64))]
    jobs: u32,
    /// The demands to judge by.
    #[arg(long, value_name = "NAME", default_value = "mendix-cloud",
          value_parser = PossibleValuesParser::new(Profile::BUILT_IN))]
    profile: String,
    #[command(flatten)]
    allowed: Allowed,
    /// Keep the old database and the old folder, and print the commands that bring them back.
    #[arg(long)]
    keep_old: bool,
    /// End the connections of other programs to the database, instead of refusing to replace it.
    #[arg(long)]
    force_disconnect: bool,
    /// Mask columns and leave out rows by the rules in this JSON file.
    #[arg(long, value_name = "RULES.json")]
    mask: Option<PathBuf>,
    /// The role that owns the restored objects [default: the role that connects].
    #[arg(long, value_name = "ROLE")]
    role: Option<String>,
    /// The pg_restore to use [default: the one that suits the server, from PATH or Debian's folders].
    #[arg(long, value_name = "PATH")]
    pg_restore: Option<PathBuf>,
    /// The folder for temporary files of `--jobs` [default: beside the documents, or the system's].
    #[arg(long, value_name = "DIR")]
    spool_dir: Option<PathBuf>,
    /// Judge the snapshot and ask the server, and change nothing.
    #[arg(long)]
    dry_run: bool,
    /// Complete an interrupted restore if its new database and folder were verified; otherwise undo it.
    #[arg(long, conflicts_with = "rollback")]
    resume: bool,
    /// Undo an interrupted restore.
    #[arg(long)]
    rollback: bool,
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    limits: LimitArgs,
}

impl Args {
    fn key_names(&self) -> KeyNames {
        KeyNames { prefix: self.key_prefix.clone(), suffix: self.key_suffix.clone() }
    }
}

fn main() -> ExitCode {
    support::run_patiently(restore)
}

fn restore(args: &Args) -> Outcome {
    let has_keys = !args.key_prefix.is_empty() || !args.key_suffix.is_empty();
    if has_keys && !args.files.as_deref().is_some_and(is_url) {
        let message = "these are for the names of documents in a bucket: name its URL with --files, or leave them out";
        return Err(Failure::environment("--key-prefix and --key-suffix", message));
    }
    let mut server = Server::connect(&args.database)?;
    server.lock()?;
    let want = match (args.resume, args.rollback) {
        (true, _) => Want::New,
        (_, true) => Want::Old,
        _ => Want::Settled,
    };
    let settled = settle(&mut server, args.files.as_deref(), want, args.force_disconnect)?;
    let is_done = args.rollback || settled == Settled::Completed && args.resume;
    let (Some(archive), false) = (&args.archive, is_done) else { return recovered(args, settled) };
    if settled != Settled::Nothing {
        tell(format_args!("note: an interrupted restore was {}", settled.name()));
    }
    Run::prepare(args, archive, server)?.run()
}

/// Reports what became of an interrupted restore.
fn recovered(args: &Args, settled: Settled) -> Outcome {
    if args.common.json {
        support::print_json(&serde_json::json!({ "recovered": settled.name() }))?;
    } else {
        support::print(&format!("the interrupted restore: {}\n", settled.name()))?;
    }
    if args.resume && settled == Settled::Undone {
        return Err(Failure::environment(
            "--resume",
            "it was not complete and is undone: run the restore again, with its archive",
        ));
    }
    Ok(())
}
