//! One restore, from the judgement of the snapshot to the renaming of databases and folders.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use appsnap::pgdump::transcode::{MaskRules, Transcoder};
use appsnap::restore::Step;

use crate::Args;
use crate::input::Input;
use crate::ledger::Ledger;
use crate::marks::Names;
use crate::old_files;
use crate::recover::{self, Settled, Want, in_use, settle};
use crate::server::Server;
use crate::summary::{self, Kept, Restored};
use crate::support::{self, Failure, InFile, Outcome, is_url, shown, tell};
use crate::swap::Swap;
use crate::target::Target;
use crate::tools::Tool;

/// The time for which a lost connection is tried again, so that nothing is left.
const RECONNECT_PATIENCE: Duration = Duration::from_secs(5);

/// One restore.
pub struct Run<'a> {
    pub args: &'a Args,
    pub begun: Instant,
    pub server: Server,
    pub input: Input,
    pub tool: Tool,
    pub transcoder: Transcoder,
    pub target: Option<Target>,
    pub names: Names,
}

/// A new database and a new folder, verified.
pub struct Built {
    pub restored: Restored,
    pub ledger: Option<Ledger>,
}

impl<'a> Run<'a> {
    /// Refuses at once what cannot succeed.
    pub fn prepare(args: &'a Args, archive: &Path, mut server: Server) -> Outcome<Self> {
        let limits = args.limits.limits();
        let input = Input::open(archive, &limits)?;
        let tool = Tool::choose("pg_restore", args.pg_restore.as_deref(), server.major)?;
        server.connection.refuse_program("pg_restore", tool.major)?;
        let major = u16::try_from(server.major).unwrap_or(u16::MAX);
        let mut transcoder = Transcoder::to(tool.max_version()).with_server_major(major);
        if let Some(path) = &args.mask {
            let rules = MaskRules::parse(&std::fs::read(path).in_file(path)?);
            transcoder = transcoder.with_row_editor(rules.map_err(|error| Failure::environment(shown(path), error))?);
        }
        if let Some(folder) = args.spool_dir.as_deref().filter(|folder| !folder.is_dir()) {
            return Err(Failure::environment(shown(folder), "this is no folder: name one with --spool-dir"));
        }
        if let Some(files) = args.files.as_deref().filter(|files| !is_url(files)) {
            old_files::refuse_losses(files, archive, args.keep_old)?;
        }
        let target = server.describe_target()?;
        server.refuse_role(args.role.as_deref())?;
        server.refuse_unsuitable(target.as_ref(), args.force_disconnect)?;
        let names = Names::draw(&server.target);
        Ok(Self { args, begun: Instant::now(), server, input, tool, transcoder, target, names })
    }

    pub fn run(mut self) -> Outcome {
        let judged = self.judge()?;
        if self.args.dry_run {
            return self.report_plan(&judged);
        }
        let built = match self.build(&judged.survey) {
            Ok(built) => built,
            Err(failure) => {
                self.undo();
                return Err(failure);
            }
        };
        let restored = self.swap(built)?;
        let text = |restored: &Restored| summary::text(restored, self.begun.elapsed());
        if self.args.common.json {
            support::print_json(&summary::json(&restored, &judged.survey, &judged.warnings, self.begun.elapsed()))
        } else {
            support::print(&text(&restored))
        }
    }

    /// Returns the new name of the old folder if it is kept.
    pub fn kept_folder(&self) -> Option<PathBuf> {
        let files = self.args.files.as_deref().filter(|files| self.args.keep_old && files.exists())?;
        let files = std::fs::canonicalize(files).ok()?;
        let mut name = files.file_name()?.to_owned();
        name.push(format!(".old-{}", self.names.id));
        Some(files.with_file_name(name))
    }

    /// Renames the databases and then the folders. From the first rename on, signals no longer stop the work.
    fn swap(&mut self, built: Built) -> Outcome<Restored> {
        let Built { mut restored, mut ledger } = built;
        let files = restored.files.clone();
        let kept_folder = self.kept_folder();
        let swapped = (|| {
            if let Some(ledger) = &mut ledger {
                ledger.advance(Step::Swapping)?;
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
                drop(ledger);
                self.undo();
                return Err(failure);
            }
            Err(failure) => {
                // Whether the transaction was committed, the server knows.
                drop(ledger);
                self.undo();
                return Err(failure);
            }
        }
        point("renamed");
        match ledger {
            Some(ledger) => drop(recover::complete(&mut self.server, ledger, kept_folder.as_deref())?),
            None => recover::drop_old(&mut self.server)?,
        }
        if self.args.keep_old && self.target.is_some() {
            let comment = self.target.as_ref().and_then(|target| target.comment.clone());
            let server = self.server.maintenance_keywords();
            restored.kept =
                Some(Kept { server, database: self.names.old.clone(), comment, folder: files.zip(kept_folder) });
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
pub fn point(name: &str) {
    if cfg!(debug_assertions) && std::env::var_os("APPSNAP_ABORT_AT").is_some_and(|wanted| wanted == name) {
        std::process::abort();
    }
}
