//! The backups that go soon, and those that a change of policy would delete, as JSON and as text.

use std::fmt::Write;

use appsnap::jiff::Timestamp;
use appsnap::retention::Period;
use appsnap::retention::plan::{ChangedBackup, PolicyChange, RetentionPlan};
use serde_json::{Value, json};

use crate::backup_name::Name;

/// The backups that have to be downloaded within a time to outlive the rules, the most urgent first.
pub(crate) fn expiring_json(plan: &RetentionPlan<'_, Name>, span: Period) -> Value {
    let soon = plan.expiring(span);
    let soon = soon.iter().map(|decision| {
        json!({
            "id": decision.backup().id(),
            "group": decision.backup().series(),
            "download_before": decision.download_before().map(|at| at.to_string()),
            "bytes": decision.backup().bytes(),
        })
    });
    soon.collect()
}

pub(crate) fn expiring_text(plan: &RetentionPlan<'_, Name>, span: Period) -> String {
    let soon = plan.expiring(span);
    if soon.is_empty() {
        return format!("\nnothing that has a date goes within {span}\n");
    }
    let mut text = format!("\ndownload within {span} what should outlive its rules\n");
    for decision in soon {
        if let Some(before) = decision.download_before() {
            let _ =
                writeln!(text, "  before {before}  {}{}", decision.backup().id(), group(decision.backup().series()));
        }
    }
    text
}

/// The group of a backup, after its id.
fn group(series: Option<&str>) -> String {
    series.map_or_else(String::new, |series| format!(" ({})", series.escape_debug()))
}

pub(crate) fn change_json(change: &PolicyChange<'_, Name>, policy: &str) -> Value {
    let (bytes, unknown) = sizes(&change.earlier);
    json!({
        "policy": policy,
        "deletes": change.earlier.iter().map(changed_json).collect::<Vec<_>>(),
        "bytes": bytes,
        "unknown_sizes": unknown,
        "keeps_longer": change.later.iter().map(changed_json).collect::<Vec<_>>(),
    })
}

fn changed_json(changed: &ChangedBackup<'_, Name>) -> Value {
    let date = |at: Option<Timestamp>| at.map(|at| at.to_string());
    json!({
        "id": changed.before.backup().id(),
        "group": changed.before.backup().series(),
        "goes_at": date(changed.goes_at),
        "instead_of": date(changed.before.goes_at()),
        "bytes": changed.before.backup().bytes(),
    })
}

/// The sizes that are known, and the number of those that are not.
fn sizes(changed: &[ChangedBackup<'_, Name>]) -> (u64, usize) {
    let known = changed.iter().filter_map(|changed| changed.before.backup().bytes());
    let unknown = changed.iter().filter(|changed| changed.before.backup().bytes().is_none()).count();
    (known.fold(0, u64::saturating_add), unknown)
}

pub(crate) fn change_text(change: &PolicyChange<'_, Name>, policy: &str, now: Timestamp) -> String {
    let mut text = format!("\nchanging to {policy}\n");
    if change.earlier.is_empty() {
        text.push_str("  would delete nothing earlier\n");
    }
    for changed in &change.earlier {
        let when = match changed.goes_at {
            Some(at) if at > now => format!("on {at}"),
            _ => "at once".to_owned(),
        };
        let _ = writeln!(text, "  would delete {} {when}, {}", subject(changed), instead(changed));
    }
    if !change.earlier.is_empty() {
        let (bytes, unknown) = sizes(&change.earlier);
        let unknown = if unknown == 0 { String::new() } else { format!(", and {unknown} of unknown size") };
        let _ = writeln!(text, "  {}, {bytes} bytes{unknown}", backups(change.earlier.len()));
    }
    for changed in &change.later {
        let until = match changed.goes_at {
            Some(at) => format!("until {at}"),
            None => "without a date".to_owned(),
        };
        let _ = writeln!(text, "  would keep {} {until}, {}", subject(changed), instead(changed));
    }
    text
}

/// A number of backups.
pub(crate) fn backups(count: usize) -> String {
    if count == 1 { "1 backup".to_owned() } else { format!("{count} backups") }
}

fn subject(changed: &ChangedBackup<'_, Name>) -> String {
    format!("{}{}", changed.before.backup().id(), group(changed.before.backup().series()))
}

fn instead(changed: &ChangedBackup<'_, Name>) -> String {
    match changed.before.goes_at() {
        _ if !changed.before.keeps() => "which goes now".to_owned(),
        Some(at) => format!("instead of {at}"),
        None => "which has no date now".to_owned(),
    }
}
