//! Describes and judges a Squidex archive.
#![allow(dead_code, reason = "inspect describes, and check judges")]

use std::fmt::Write as _;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use appsnap::Limits;
use appsnap::catalog::Provider;
use appsnap::catalog::advice::Operation;
use appsnap::detect::Kind;
use appsnap::diagnostic::{Code as AnyCode, Diagnostic, Severity};
use appsnap::pgdump::Identity;
use appsnap::squidex::{Archive, Code, ErrorKind, Survey};
use serde_json::{Value, json};

use crate::support::{Failure, InFile, Outcome, Progress, Source, is_dash, is_pipe, is_url};

/// A description of an archive, and what a restore by Squidex would fail at or leave out.
pub(crate) struct Described {
    contents: Value,
    findings: Vec<Found>,
    /// Advice that holds for every such archive.
    advice: Vec<String>,
}

/// A finding, as the report shows it.
struct Found {
    code: AnyCode,
    severity: Severity,
    location: Option<String>,
    message: String,
}

/// Examines the file at `path`. `None` if it is no zip file, or one that has nothing to do with Squidex.
pub(crate) fn examine_path(path: &Path, limits: &Limits, progress: &mut Progress) -> Outcome<Option<Described>> {
    if is_dash(path) || !path.is_file() {
        return Ok(None);
    }
    let mut file = File::open(path).in_input(path)?;
    let mut magic = [0; 2];
    // A file that is shorter is no zip file.
    if file.read_exact(&mut magic).is_err() || magic != *b"PK" {
        return Ok(None);
    }
    examine(&file, limits, progress)
}

/// Examines what `source` reads from a pipe or a bucket, which is spooled for that. The source as it was if it has nothing to do with
/// Squidex, or is a file.
pub(crate) fn examine_pipe(
    mut source: Source,
    path: &Path,
    limits: &Limits,
    progress: &mut Progress,
) -> Outcome<Result<Described, Source>> {
    if !(is_pipe(path) || is_url(path))
        || !source.is_as_it_is()
        || !matches!(source.detect(path)?.kind(), Kind::Squidex | Kind::Other(Identity::Zip))
    {
        return Ok(Err(source));
    }
    let file = source.into_file(path, progress)?;
    match examine(&file, limits, progress)? {
        Some(described) => Ok(Ok(described)),
        None => Ok(Err(Source::of_file(file, path)?)),
    }
}

/// Examines a file. `None` if it is a zip file that has nothing to do with Squidex.
fn examine(file: &File, limits: &Limits, progress: &mut Progress) -> Outcome<Option<Described>> {
    let archive = match Archive::open(file, limits) {
        Ok(archive) => archive,
        Err(error) if matches!(error.kind(), ErrorKind::NotBackup) => return Ok(None),
        Err(error) if is_of_file(&error) => return Ok(Some(unreadable(&error))),
        Err(error) => return Err(Failure::environment("Squidex archive", error)),
    };
    let survey = match archive.survey(progress) {
        Ok(survey) => survey,
        Err(error) if is_of_file(&error) => {
            let mut described = unreadable(&error);
            described.findings.extend(archive.diagnostics().iter().map(found));
            return Ok(Some(described));
        }
        Err(error) => return Err(Failure::environment("Squidex archive", error)),
    };
    let findings = archive.diagnostics().iter().chain(&survey.diagnostics).map(found).collect();
    Ok(Some(Described { contents: contents(&archive, &survey), findings, advice: advice() }))
}

/// Returns `true` if the content of the file is at fault.
fn is_of_file(error: &appsnap::squidex::Error) -> bool {
    error.is_bad_input() || error.is_limit() || matches!(error.kind(), ErrorKind::Version { .. })
}

fn unreadable(error: &appsnap::squidex::Error) -> Described {
    let mut message = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        let _ = write!(message, ": {error}");
        cause = error.source();
    }
    let found = Found { code: Code::UnreadableBackup.into(), severity: Severity::Error, location: None, message };
    Described { contents: json!({ "kind": "squidex" }), findings: vec![found], advice: advice() }
}

fn found(found: &Diagnostic) -> Found {
    Found {
        code: found.code(),
        severity: found.severity(),
        location: found.location().map(str::to_owned),
        message: found.message().to_owned(),
    }
}

fn contents(archive: &Archive<&File>, survey: &Survey) -> Value {
    let is_asset = |(name, _): &(&str, u64)| name.ends_with(".asset");
    let bytes =
        |(count, sum): (u64, u64), (_, bytes): (&str, u64)| (count.saturating_add(1), sum.saturating_add(bytes));
    let (assets, asset_bytes) = archive.attachments().filter(is_asset).fold((0, 0), bytes);
    json!({
        "kind": "squidex",
        "app": survey.app.as_ref().map(|app| json!({ "id": app.id, "name": app.name })),
        "version": archive.version(),
        "events": survey.events_count,
        "events_by_kind": survey.events_by_kind,
        "asset_files": assets,
        "asset_bytes": asset_bytes,
        "asset_files_needed": survey.asset_files_count.saturating_sub(survey.deleted_asset_files_count),
        "asset_files_missing": survey.diagnostics.count_of(Code::AssetFileMissing),
        "asset_files_deleted_later": survey.deleted_asset_files_count,
        "attachments": archive.attachments().count(),
        "users": archive.users().ok().flatten().map(|users| users.len()),
    })
}

fn advice() -> Vec<String> {
    let advisory = Operation::restore(Provider::Squidex).advise();
    advisory.iter().map(ToString::to_string).collect()
}

impl Described {
    /// Returns the description as JSON, with everything that was found. The member `error` says why the rest could not be
    /// read.
    pub(crate) fn description_json(&self) -> Value {
        let mut description = self.contents.clone();
        let error = self.findings.iter().find(|found| found.code == Code::UnreadableBackup);
        let members = [
            ("anomalies", self.findings_json(&[])),
            ("hint", self.advice.join("; ").into()),
            ("error", error.map(|found| found.message.as_str()).into()),
        ];
        if let Some(object) = description.as_object_mut() {
            object.extend(
                members.into_iter().filter(|(_, value)| !value.is_null()).map(|(name, value)| (name.to_owned(), value)),
            );
        }
        description
    }

    /// Returns the findings as JSON, as in a check. Those of `allowed` do not decide the verdict.
    fn findings_json(&self, allowed: &[AnyCode]) -> Value {
        let finding = |found: &Found| {
            json!({
                "code": found.code.id(),
                "name": found.code.name(),
                "severity": found.severity.name(),
                "location": found.location,
                "message": found.message,
                "help": found.code.help(),
                "allowed": allowed.contains(&found.code),
            })
        };
        self.findings.iter().map(finding).collect()
    }

    /// Returns the verdict on a restore by Squidex.
    pub(crate) fn verdict(&self, allowed: &[AnyCode]) -> &'static str {
        let deciding = self.findings.iter().filter(|found| !allowed.contains(&found.code));
        match deciding.map(|found| found.severity).max() {
            Some(Severity::Error) => "reject",
            Some(Severity::Warning) => "warn",
            _ => "accept",
        }
    }

    /// Returns the report as JSON, as a check prints it.
    pub(crate) fn report_json(&self, allowed: &[AnyCode]) -> Value {
        json!({
            "verdict": self.verdict(allowed),
            "profile": "squidex",
            "findings": self.findings_json(allowed),
            "allowed": allowed.iter().map(|code| code.id()).collect::<Vec<_>>(),
            "contents": self.contents,
            "advice": self.advice,
        })
    }

    /// Returns the report as text. Findings that are mere information are shown if `is_verbose`.
    pub(crate) fn report_text(&self, allowed: &[AnyCode], is_verbose: bool) -> String {
        let mut text = format!("{} (profile squidex)\n", self.verdict(allowed));
        let number = |name: &str| self.contents.get(name).and_then(Value::as_u64);
        if let Some(events) = number("events") {
            let app = self.contents.pointer("/app/name").and_then(Value::as_str);
            let version = self.contents.get("version").and_then(Value::as_i64);
            let _ =
                write!(text, "squidex, app {}, ", app.map_or_else(|| "unknown".to_owned(), |name| format!("{name:?}")));
            let _ = match version {
                Some(version) => write!(text, "version {version}, "),
                None => write!(text, "version unknown, "),
            };
            let count = |name: &str| number(name).map_or_else(|| "?".to_owned(), |count| count.to_string());
            let _ = writeln!(
                text,
                "{events} events, {} asset files ({} missing, {} deleted later)",
                count("asset_files"),
                count("asset_files_missing"),
                count("asset_files_deleted_later"),
            );
        }
        for found in self.findings.iter().filter(|found| is_verbose || found.severity > Severity::Info) {
            let place = found.location.as_ref().map_or_else(String::new, |location| format!("{location}: "));
            let allowed = if allowed.contains(&found.code) { ", allowed" } else { "" };
            let (severity, code) = (found.severity, found.code);
            let _ = writeln!(text, "\n{severity}{allowed} {code}: {place}{}\n  help: {}", found.message, code.help());
        }
        text.push('\n');
        for advice in &self.advice {
            let _ = writeln!(text, "note: {advice}");
        }
        text
    }
}
