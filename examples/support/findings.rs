//! The text of a check's report, at the severities that the profile gives, with sizes in units.

use std::fmt::Write;

use appsnap::check::{Report, Summary};
use appsnap::diagnostic::{Code, Diagnostic, Severity};

use super::{raising_option, size};

/// The number of findings of one code that are shown; the others are counted.
const SHOWN_COUNT: usize = 5;

/// Returns the report as text. Findings that are mere information are shown if `is_verbose`, and counted otherwise.
pub fn report_text(report: &Report, is_verbose: bool) -> String {
    let head = format!("{} (profile {})\n{}", report.verdict(), report.profile(), summary_text(report.contents()));
    head + &findings_text(report, is_verbose, &[])
}

/// Returns the findings as text, without those of the codes in `skipped`.
pub fn findings_text(report: &Report, is_verbose: bool, skipped: &[Code]) -> String {
    let mut text = String::new();
    let findings = report.findings();
    let mut hidden_count = 0_u64;
    for alike in findings.as_slice().chunk_by(|one, other| one.code() == other.code()) {
        let Some(first) = alike.first().filter(|first| !skipped.contains(&first.code())) else { continue };
        if first.severity() == Severity::Info && !is_verbose {
            hidden_count = hidden_count.saturating_add(findings.count_of(first.code()));
            continue;
        }
        add_findings(&mut text, report, first, alike);
    }
    if hidden_count > 0 {
        let noun = if hidden_count == 1 { "finding" } else { "findings" };
        let _ = writeln!(text, "\n{hidden_count} more {noun} of severity info: see them with --verbose");
    }
    text
}

/// Adds the findings of one code.
fn add_findings(text: &mut String, report: &Report, first: &Diagnostic, alike: &[Diagnostic]) {
    let code = first.code();
    let allowed = if report.allowed().contains(&code) { ", allowed" } else { "" };
    let _ = writeln!(text, "\n{}{allowed} {code}: {}", first.severity(), code.explanation());
    for finding in alike.iter().take(SHOWN_COUNT) {
        let _ = match finding.location() {
            Some(location) => writeln!(text, "  {location}: {}", finding.message()),
            None => writeln!(text, "  {}", finding.message()),
        };
    }
    let left_count = report.findings().count_of(code).saturating_sub(alike.len().min(SHOWN_COUNT) as u64);
    if left_count > 0 {
        let _ = writeln!(text, "  and {left_count} more");
    }
    let _ = match raising_option(first.message()) {
        Some(option) => writeln!(text, "  help: {}: {option}", code.help()),
        None => writeln!(text, "  help: {}", code.help()),
    };
}

/// Returns the contents of a snapshot or dump as one line.
pub fn summary_text(summary: &Summary) -> String {
    let mut text = summary.kind.to_owned();
    if let Some(contents) = summary.contents {
        let _ = write!(text, ", {contents}");
    }
    if let Some(bytes) = summary.database_bytes {
        let _ = write!(text, ", a dump of {}", size(bytes));
    }
    if let Some(version) = &summary.dump_version {
        let _ = write!(text, " in version {version}");
    }
    if summary.documents_count > 0 {
        let _ = write!(text, ", {} documents of {}", summary.documents_count, size(summary.document_bytes));
    }
    text + if summary.is_verified { ", verified to the last byte\n" } else { ", not read to its end\n" }
}
