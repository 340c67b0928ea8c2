//! Judges the snapshot and compares it with the server, before anything changes.

use std::path::Path;

use appsnap::check::{Profile, Report};
use appsnap::diagnostic::{Code, Severity};
use appsnap::pgdump::FormatVersion;
use appsnap::restore::Survey;
use serde_json::Value;

use crate::audit;
use crate::input;
use crate::losses;
use crate::run::Run;
use crate::summary;
use crate::support::{self, Failure, InFile, Outcome, Progress, folder_of, is_url, shown, tell};

/// Facts that are known before anything changes.
pub struct Judged {
    pub survey: Survey,
    /// The changes of the dump on its way to this server, as far as its table of contents shows them.
    converted: Value,
    pub warnings: Vec<String>,
}

impl Run<'_> {
    /// Reads the snapshot to its last byte, and compares it with the server. Nothing has changed yet.
    pub fn judge(&mut self) -> Outcome<Judged> {
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
            let audit = if args.common.verbose { String::new() } else { audit::text(&survey) };
            support::print(&(support::report_text(report, args.common.verbose) + &audit))?;
        } else if is_rejected {
            support::print_json(&summary::rejection(report))?;
        }
        let subject = shown(self.input.path());
        if is_rejected {
            return Err(Failure::input(subject, rejection(report)));
        }
        if survey.inspection().is_none() {
            return Err(Failure::input(
                subject,
                "there is no database in it: unpack --only files extracts documents alone",
            ));
        }
        // Rules that match nothing are an error before anything changes.
        let converted = self.input.dump(|source| match self.transcoder.plan(source, &args.limits.limits()) {
            Ok(planned) => Ok(summary::converted(planned.changes(), planned.toc())),
            Err(error) if args.mask.is_some() => Err(Failure::environment("--mask", appsnap::Error::from(error))),
            Err(error) => Err(error).in_file(self.input.path()),
        })?;
        let documents_count = report.contents().documents_count;
        if args.files.is_some() && documents_count == 0 {
            let message = "there are no documents in it, and the folder would become empty: leave out --files";
            return Err(Failure::input(subject, message));
        }
        let mut warnings = self.server.refuse_unfit(&survey, self.target.as_ref(), args.role.as_deref())?;
        if self.target.is_some() {
            warnings.extend(losses::warnings(&self.server, &survey));
        }
        if args.files.is_none() && documents_count > 0 {
            warnings.push(format!("{documents_count} documents are not restored: name their folder with --files"));
        }
        if self.tool.needs_filter(self.server.major) {
            let message = "pg_restore {} is newer than the server {}: its SQL is filtered and passed to psql, over one connection";
            warnings.push(message.replacen("{}", &self.tool.version, 1).replacen("{}", &self.server.version, 1));
        }
        let beside = args.files.as_deref().filter(|files| !is_url(files)).map(folder_of);
        let spool = args.spool_dir.as_deref().or(beside).map_or_else(std::env::temp_dir, Path::to_owned);
        let spool = (args.jobs > 1).then_some(&*spool);
        self.server.refuse_full_disks(&survey, args.files.as_deref(), spool)?;
        warnings.iter().for_each(|warning| tell(format_args!("warning: {warning}")));
        summary::converted_lines(&converted).iter().for_each(tell);
        Ok(Judged { survey, converted, warnings })
    }

    /// Reports a dry run.
    pub fn report_plan(&self, judged: &Judged) -> Outcome {
        if self.args.common.json {
            return support::print_json(&summary::plan(&judged.survey, &judged.converted, &judged.warnings));
        }
        support::print("nothing was changed: this is a dry run\n")
    }
}

/// Returns the message about a snapshot that is rejected, with the codes that decide.
fn rejection(report: &Report) -> String {
    let is_deciding = |code: &Code| {
        let found = report.findings().iter().find(|found| found.code() == *code);
        !report.allowed().contains(code) && found.is_some_and(|found| found.severity() == Severity::Error)
    };
    let codes = report.findings().counts().map(|(code, _)| code).filter(is_deciding);
    let ids: Vec<&str> = codes.map(|code| code.id()).collect();
    let (profile, ids) = (report.profile(), ids.join(","));
    format!(
        "rejected by the profile {profile}, so nothing was changed: make another backup, or accept what is lost with --allow {ids}"
    )
}
