//! A verdict before anything is written: what is printed, and the options that help against a rejection.

use appsnap::check::{Profile, Report, Verdict};
use appsnap::diagnostic::{Code, Diagnostic, Severity};
use appsnap::pgdump;
use appsnap::prepare::Change;
use clap::Args;
use clap::builder::PossibleValuesParser;
use serde_json::{Value, json};

use super::{Allowed, Failure, Outcome, findings_text, tell};

/// The demands to judge by.
#[derive(Args, Clone, Debug)]
pub struct Judgement {
    /// The demands to judge by: a rejected archive is not written [default: mendix-cloud].
    #[arg(long, value_name = "NAME", value_parser = PossibleValuesParser::new(Profile::BUILT_IN))]
    pub profile: Option<String>,
    #[command(flatten)]
    pub allowed: Allowed,
}

impl Judgement {
    /// Returns `true` if the command line has one of these options.
    pub fn is_given(&self) -> bool {
        self.profile.is_some() || !self.allowed.allow.is_empty()
    }

    /// Returns the profile with the allowed findings.
    pub fn profile(&self) -> Outcome<Profile> {
        let profile = match &self.profile {
            None => Profile::mendix_cloud(),
            Some(name) => Profile::by_name(name).ok_or_else(|| Failure::environment("--profile", "no such profile"))?,
        };
        Ok(self.allowed.apply(profile))
    }

    /// Refuses a rejected archive, with the options that help: `remedy` returns the one that helps against a finding.
    pub fn verify(&self, report: &Report, subject: &str, remedy: &dyn Fn(Code) -> Option<&'static str>) -> Outcome {
        if report.verdict() != Verdict::Reject {
            return Ok(());
        }
        let is_deciding = |code: &Code| {
            let of_code = report.findings().iter().find(|found| found.code() == *code);
            !report.allowed().contains(code) && of_code.is_some_and(|found| found.severity() == Severity::Error)
        };
        let codes: Vec<_> = report.findings().counts().map(|(code, _)| code).filter(is_deciding).collect();
        let mut remedies: Vec<_> = codes.iter().filter_map(|code| remedy(*code)).map(str::to_owned).collect();
        let ids: Vec<_> = codes.iter().map(|code| code.id()).collect();
        remedies.push(format!("accept with --allow {}", ids.join(",")));
        let message = format!(
            "rejected by the profile {}, so nothing was written: correct the input, {}",
            report.profile(),
            remedies.into_iter().map(|remedy| format!("or {remedy}")).collect::<Vec<_>>().join(", ")
        );
        Err(Failure::input(subject, message))
    }
}

/// Prints changes and findings on standard error, and returns the warnings among them, one line each. Information is
/// printed if `is_verbose`.
pub fn tell_changes(changes: &[Change], report: &Report, conversion: Option<&Value>, is_verbose: bool) -> Vec<String> {
    if let Some(conversion) = conversion {
        super::tell_conversion(conversion);
    }
    let mut warnings = Vec::new();
    for change in changes {
        let is_warning = Diagnostic::from(change).severity() > Severity::Info;
        if is_warning {
            warnings.push(change.to_string());
        }
        let is_told = matches!(change, Change::ModelVersionAssumed) && is_placeholder_told(report, is_verbose);
        // What the options asked for is worth a line.
        let is_shown = is_warning || is_verbose || matches!(change, Change::OrphansDropped { .. });
        if !is_told && !is_of_conversion(change) && is_shown {
            tell(format_args!("{}: {change}", if is_warning { "warning" } else { "note" }));
        }
    }
    tell_findings(report, conversion.is_some(), is_verbose);
    let is_new = |finding: &&Diagnostic| !finding.is(appsnap::metadata::Code::ModelVersionPlaceholder);
    let findings = report.findings().iter().filter(|finding| finding.severity() > Severity::Info).filter(is_new);
    warnings.extend(findings.map(ToString::to_string));
    warnings
}

/// Prints the findings on standard error. The SQL that an older server refuses is part of the lines of a conversion.
pub fn tell_findings(report: &Report, has_conversion: bool, is_verbose: bool) {
    let refused = [Code::from(pgdump::Code::DumpSqlNewerThanTarget)];
    let text = findings_text(report, is_verbose, if has_conversion { &refused } else { &[] });
    tell(format_args!("note: the verdict is {} (profile {})", report.verdict(), report.profile()));
    if !text.is_empty() {
        tell(text.trim_matches('\n'));
    }
}

/// Returns `true` if the lines of a conversion say the same.
pub fn is_of_conversion(change: &Change) -> bool {
    matches!(
        change,
        Change::DumpConverted { .. } | Change::DumpEntriesDropped { .. } | Change::DumpEntriesEdited { .. }
    )
}

fn is_placeholder_told(report: &Report, is_verbose: bool) -> bool {
    let is_placeholder = |found: &&Diagnostic| found.is(appsnap::metadata::Code::ModelVersionPlaceholder);
    let found = report.findings().iter().find(is_placeholder);
    found.is_some_and(|found| is_verbose || found.severity() > Severity::Info)
}

/// Adds the members of a report to a JSON object.
pub fn add_report(object: &mut Value, report: &Report) {
    let Ok(Value::Object(members)) = serde_json::to_value(report) else { return };
    if let Some(object) = object.as_object_mut() {
        object.insert("files".to_owned(), json!(report.contents().files));
        object.extend(members);
    }
}

/// Returns the number of rows and documents that do not match, as a line.
pub fn comparison_text(report: &Report) -> Option<String> {
    let files = report.contents().files?;
    Some(format!(
        "{} rows of the database refer to documents: {} present, {} missing; {} documents without a row",
        files.rows, files.present, files.missing, files.orphans
    ))
}
