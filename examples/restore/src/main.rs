//! Restores a snapshot into a live PostgreSQL database and its files: all of it or nothing of it.
//!
//! ```text
//! restore backup.tar.gz --database postgresql://mx@localhost/mx --files /srv/app/data/files
//! ```
//!
//! The snapshot is verified to its last byte and judged before anything changes. Then it is restored into a new database and
//! a new folder beside those in use, both are verified, and both are renamed. A run that is killed at any moment is ended by
//! the next one: everything old, or everything new.

mod database;
mod feed;
mod input;
mod meter;
mod plan;
mod recover;
mod server;
mod summary;
#[path = "../../support/mod.rs"]
mod support;
mod tools;
mod verify;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use appsnap::check::Profile;
use appsnap::pgdump::FormatVersion;
use appsnap::pgdump::transcode::{MaskRules, Transcoder};
use appsnap::restore::{Journal, Step, Survey};
use clap::Parser;
use clap::builder::PossibleValuesParser;

use database::{Names, Role, Swap, Target};
use feed::Feed;
use input::Input;
use meter::Meter;
use recover::{Settled, Want, in_use, settle};
use server::Server;
use summary::{Kept, Restored};
use support::{Allowed, Common, Failure, InFile, LimitArgs, Outcome, Progress, shown, signals, tell};
use tools::Tool;

/// The time for which a lost connection is tried again, so that nothing is left.
const RECONNECT_PATIENCE: Duration = Duration::from_secs(5);

/// Restores a snapshot into a live PostgreSQL database and its files: all of it or nothing of it.
///
/// Exit code 0: restored; 1: the snapshot is rejected or cannot be restored; 2: wrong usage, or the environment failed. After
/// 1 and 2 the database and the files are as they were.
#[derive(Parser)]
#[command(
    after_help = "Example:\n  restore backup.tar.gz --database postgresql://mx@localhost/mx --files /srv/app/data/files"
)]
struct Args {
    /// The snapshot, or a bare dump in any form: a file, a folder of `pg_dump -Fd`, a tar file of `pg_dump -Ft`.
    #[arg(required_unless_present_any = ["resume", "rollback"])]
    archive: Option<PathBuf>,
    /// The database to replace, as a URL: postgresql://USER@HOST:PORT/NAME. One that does not exist is created.
    #[arg(long, value_name = "POSTGRES_URL")]
    database: String,
    /// The folder of documents to replace. Without it, only the database is restored.
    #[arg(long, value_name = "DIR")]
    files: Option<PathBuf>,
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

fn main() -> ExitCode {
    support::run_patiently(restore)
}

fn restore(args: &Args) -> Outcome {
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

/// One restore.
struct Run<'a> {
    args: &'a Args,
    begun: Instant,
    server: Server,
    input: Input,
    tool: Tool,
    transcoder: Transcoder,
    target: Option<Target>,
    names: Names,
}

/// A new database and a new folder, verified.
struct Built {
    restored: Restored,
    journal: Option<Journal>,
}

impl<'a> Run<'a> {
    /// Refuses at once what cannot succeed.
    fn prepare(args: &'a Args, archive: &Path, mut server: Server) -> Outcome<Self> {
        let limits = args.limits.limits();
        let input = Input::open(archive, &limits)?;
        let tool = Tool::choose("pg_restore", args.pg_restore.as_deref(), server.major)?;
        let major = u16::try_from(server.major).unwrap_or(u16::MAX);
        let mut transcoder = Transcoder::to(tool.max_version()).with_server_major(major);
        if let Some(path) = &args.mask {
            let rules = MaskRules::parse(&std::fs::read(path).in_file(path)?);
            transcoder = transcoder.with_row_editor(rules.map_err(|error| Failure::environment(shown(path), error))?);
        }
        let target = server.describe_target()?;
        server.refuse_unsuitable(target.as_ref(), args.force_disconnect)?;
        let names = Names::draw(&server.target);
        Ok(Self { args, begun: Instant::now(), server, input, tool, transcoder, target, names })
    }

    fn run(mut self) -> Outcome {
        let (survey, warnings) = self.judge()?;
        if self.args.dry_run {
            return self.report_plan(&survey, &warnings);
        }
        let built = match self.build(&survey) {
            Ok(built) => built,
            Err(failure) => {
                self.undo();
                return Err(failure);
            }
        };
        let restored = self.swap(built)?;
        let text = |restored: &Restored| summary::text(restored, self.begun.elapsed());
        if self.args.common.json {
            support::print_json(&summary::json(&restored, survey.report(), &warnings, self.begun.elapsed()))
        } else {
            support::print(&text(&restored))
        }
    }

    /// Reads the snapshot to its last byte, and compares it with the server. Nothing has changed yet.
    fn judge(&mut self) -> Outcome<(Survey, Vec<String>)> {
        let args = self.args;
        let profile =
            Profile::by_name(&args.profile).ok_or_else(|| Failure::environment("--profile", "no such profile"))?;
        // The dump is converted for the server that there is, whatever the platform takes.
        let profile = profile
            .with_max_dump_version(FormatVersion::V1_16)
            .with_oldest_server_major(u16::try_from(self.server.major).unwrap_or(u16::MAX));
        let mut progress = Progress::new(args.common.quiet);
        let survey = self.input.survey(&args.allowed.apply(profile), &mut progress)?;
        drop(progress);
        let report = survey.report();
        let is_rejected = input::is_rejected(report);
        if !args.common.json {
            support::print(&support::report_text(report, args.common.verbose))?;
        } else if is_rejected {
            support::print_json(&summary::rejection(report))?;
        }
        let subject = shown(self.input.path());
        if is_rejected {
            let message = format!(
                "rejected by the profile {}: nothing was changed; --allow CODE accepts a finding",
                report.profile()
            );
            return Err(Failure::input(subject, message));
        }
        if survey.inspection().is_none() {
            return Err(Failure::input(
                subject,
                "there is no database in it: unpack --only files extracts documents alone",
            ));
        }
        // Rules that match nothing are an error before anything changes.
        self.input.dump(|source| match self.transcoder.plan(source, &args.limits.limits()) {
            Ok(_) => Ok(()),
            Err(error) if args.mask.is_some() => Err(Failure::environment("--mask", appsnap::Error::from(error))),
            Err(error) => Err(error).in_file(self.input.path()),
        })?;
        let documents_count = report.contents().documents_count;
        if args.files.is_some() && documents_count == 0 {
            let message = "there are no documents in it, and the folder would become empty: leave out --files";
            return Err(Failure::input(subject, message));
        }
        let mut warnings = self.server.refuse_unfit(&survey, self.target.as_ref(), args.role.as_deref())?;
        if args.files.is_none() && documents_count > 0 {
            warnings.push(format!("{documents_count} documents are not restored: name their folder with --files"));
        }
        if self.tool.needs_filter(self.server.major) {
            let message = "pg_restore {} is newer than the server {}: its SQL is filtered and passed to psql, over one connection";
            warnings.push(message.replacen("{}", &self.tool.version, 1).replacen("{}", &self.server.version, 1));
        }
        self.server.refuse_full_disks(&survey, args.files.as_deref())?;
        warnings.iter().for_each(|warning| tell(format_args!("warning: {warning}")));
        Ok((survey, warnings))
    }

    fn report_plan(&self, survey: &Survey, warnings: &[String]) -> Outcome {
        if self.args.common.json {
            return support::print_json(&summary::plan(survey.report(), warnings));
        }
        support::print("nothing was changed: this is a dry run\n")
    }

    /// Builds the new database and the new folder beside the old ones, and verifies both.
    fn build(&mut self, survey: &Survey) -> Outcome<Built> {
        let args = self.args;
        let mut journal = match &args.files {
            Some(files) => Some(Journal::begin(files, self.facts()).in_file(files)?),
            None => None,
        };
        let files = journal.as_ref().map(|journal| journal.destination().to_owned());
        let encoding = survey.inspection().and_then(|dump| dump.encoding.as_deref());
        let encoding = encoding.map_or_else(|| "UTF8".to_owned(), |name| String::from_utf8_lossy(name).into_owned());
        let oid = self.server.create_new(&self.names, self.target.as_ref(), &encoding, files.as_deref())?;
        point("created");
        if let (Some(journal), Some(files)) = (&mut journal, &files) {
            journal.add_fact(recover::NEW_OID, oid.to_string()).in_file(files)?;
        }
        let contents = survey.report().contents();
        let total_bytes =
            contents.database_bytes.unwrap_or(0) + if files.is_some() { contents.document_bytes } else { 0 };
        let meter = Meter::new(args.common.quiet, total_bytes);
        let beside = journal.as_ref().map(Journal::work_folder);
        let spool_dir = args.spool_dir.as_deref().or(beside).map_or_else(std::env::temp_dir, Path::to_owned);
        let limits = args.limits.limits();
        let feed = Feed {
            input: &self.input,
            server: &self.server,
            tool: &self.tool,
            transcoder: &self.transcoder,
            database: &self.names.new,
            role: args.role.as_deref(),
            jobs: args.jobs,
            spool_dir,
            documents: journal.as_ref().map(Journal::staging),
            limits: &limits,
        };
        let (conversion, extracted) = feed.run(&meter)?;
        point("fed");
        self.input.refuse_changed()?;
        let documents = journal.as_ref().map(Journal::documents);
        let compared = documents.as_deref().zip(extracted.as_ref());
        let counted = verify::verify(&self.server, &self.names.new, survey, compared, &conversion)?;
        self.server.write_to_disk()?;
        if let Some(target) = &self.target {
            self.server.pass_on(&self.names, target)?;
        }
        self.server.mark(&self.names.new, &self.names, Role::Verified, files.as_deref())?;
        if let (Some(journal), Some(files)) = (&mut journal, &files) {
            sync_disk(journal.work_folder())?;
            journal.advance(Step::Verified).in_file(files)?;
        }
        if signals::is_interrupted() {
            return Err(Failure::environment("restoring", "interrupted"));
        }
        point("verified");
        let report = survey.report().contents();
        let restored = Restored {
            archive: self.input.path().to_owned(),
            database: self.server.target.clone(),
            files,
            server_version: self.server.version.clone(),
            tool: self.tool.clone(),
            documents: extracted.map(|report| (report.documents_count(), report.document_bytes())),
            documents_left_out: if args.files.is_none() { report.documents_count } else { 0 },
            conversion,
            counted,
            replaced: self.target.is_some(),
            kept: None,
        };
        Ok(Built { restored, journal })
    }

    fn facts(&self) -> Vec<(String, String)> {
        let mut facts = vec![(recover::DATABASE, self.server.target.clone()), (recover::ID, self.names.id.clone())];
        facts.extend(self.server.system.clone().map(|system| (recover::SYSTEM, system)));
        if let Some(kept) = self.kept_folder() {
            facts.push((recover::KEPT, kept.to_string_lossy().into_owned()));
        }
        facts.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }

    /// Returns the new name of the old folder if it is kept.
    fn kept_folder(&self) -> Option<PathBuf> {
        let files = self.args.files.as_deref().filter(|files| self.args.keep_old && files.exists())?;
        let files = std::fs::canonicalize(files).ok()?;
        let mut name = files.file_name()?.to_owned();
        name.push(format!(".old-{}", self.names.id));
        Some(files.with_file_name(name))
    }

    /// Renames the databases and then the folders. From the first rename on, signals no longer stop the work.
    fn swap(&mut self, built: Built) -> Outcome<Restored> {
        let Built { mut restored, mut journal } = built;
        let files = restored.files.clone();
        let kept_folder = self.kept_folder();
        let swapped = (|| {
            if let (Some(journal), Some(files)) = (&mut journal, &files) {
                journal.advance(Step::Swapping).in_file(files)?;
            }
            point("swapping");
            let swap = Swap {
                keeps_old: self.args.keep_old,
                force_disconnect: self.args.force_disconnect,
                files: files.as_deref(),
            };
            self.server.swap(&self.names, self.target.as_ref(), &swap)
        })();
        match swapped {
            Ok(true) => {}
            Ok(false) => {
                let failure = in_use(&mut self.server)?;
                drop(journal);
                self.undo();
                return Err(failure);
            }
            Err(failure) => {
                // Whether the transaction was committed, the server knows.
                drop(journal);
                self.undo();
                return Err(failure);
            }
        }
        point("renamed");
        match journal {
            Some(journal) => drop(recover::complete(&mut self.server, journal, kept_folder.as_deref())?),
            None => recover::drop_old(&mut self.server)?,
        }
        if self.args.keep_old && self.target.is_some() {
            let comment = self.target.as_ref().and_then(|target| target.comment.clone());
            restored.kept = Some(Kept { database: self.names.old.clone(), comment, folder: files.zip(kept_folder) });
        }
        Ok(restored)
    }

    /// Cleans up after a failure. What is not possible now, the next run does.
    fn undo(&mut self) {
        let mut settled = settle(&mut self.server, self.args.files.as_deref(), Want::Settled, false);
        if settled.is_err() && self.server.client.is_closed() {
            settled = self
                .server
                .reconnect(RECONNECT_PATIENCE)
                .and_then(|()| self.server.lock())
                .and_then(|()| settle(&mut self.server, self.args.files.as_deref(), Want::Settled, false));
        }
        match settled {
            Ok(Settled::Completed) => tell("note: the restore was complete: the new database is in use"),
            Ok(_) => {}
            Err(failure) => tell(format_args!("note: not everything could be undone, the next run does it: {failure}")),
        }
    }
}

/// Ends the process at this point if a test asks for it, as SIGKILL would.
fn point(name: &str) {
    if cfg!(debug_assertions) && std::env::var_os("APPSNAP_ABORT_AT").is_some_and(|wanted| wanted == name) {
        std::process::abort();
    }
}

/// Writes everything that is cached for the disk of this folder, in one call.
fn sync_disk(folder: &Path) -> Outcome {
    let opened = std::fs::File::open(folder).in_file(folder)?;
    #[cfg(target_os = "linux")]
    return rustix::fs::syncfs(&opened).map_err(std::io::Error::from).in_file(folder);
    #[cfg(not(target_os = "linux"))]
    {
        drop(opened);
        // Without it, only a power failure in this moment can hurt.
        #[cfg(unix)]
        rustix::fs::sync();
        Ok(())
    }
}
