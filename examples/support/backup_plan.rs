//! A retention plan as JSON and as text.
#![allow(clippy::indexing_slicing, reason = "indexing JSON yields null or adds the member")]

use std::fmt::Write;

use appsnap::retention::Origin;
use appsnap::retention::explain::{Explanation, Miss, NeededBackup};
use appsnap::retention::plan::{Decision, Expiry, RetentionPlan};
use serde_json::{Value, json};

use crate::backup_name::Name;

/// Every decision, in the order of the list.
pub(crate) fn plan_json(plan: &RetentionPlan<'_, Name>) -> Value {
    json!({
        "now": plan.now().to_string(),
        "policy": plan.policy().name(),
        "zone": plan.policy().calendar().zone_name(),
        "decisions": plan.decisions().map(decision_json).collect::<Vec<_>>(),
    })
}

fn decision_json(decision: Decision<'_, Name>) -> Value {
    let reasons = decision.reasons().map(|reason| {
        json!({
            "rule": reason.to_string(),
            "bucket": reason.bucket().map(|bucket| bucket.to_string()),
            "rank": reason.rank(),
            "expires_at": reason.expires_at().map(|at| at.to_string()),
        })
    });
    let guards = decision.guards().map(|guard| guard.name());
    json!({
        "id": decision.backup().id(),
        "taken_at": decision.backup().taken_at().to_string(),
        "keep": decision.keeps(),
        "expires_at": decision.expires_at().and_then(Expiry::at).map(|at| at.to_string()),
        "reasons": reasons.collect::<Vec<_>>(),
        "guards": guards.chain(decision.is_kept_without_rules().then_some("no-rules")).collect::<Vec<_>>(),
    })
}

/// The decisions as a table.
pub(crate) fn plan_text(plan: &RetentionPlan<'_, Name>) -> String {
    let backups: Vec<_> = plan.decisions().collect();
    let width = backups
        .iter()
        .map(|decision| decision.backup().id().to_string().chars().count())
        .max()
        .unwrap_or(0)
        .clamp(2, 40);
    let taken_width = backups.iter().map(|decision| decision.backup().taken_at().to_string().len()).max().unwrap_or(0);
    let mut text = format!("{} as of {}\n\n", plan.policy().name(), plan.now());
    let _ = writeln!(text, "{:width$}  {:taken_width$}  {:5}  {:20}  reasons", "id", "taken", "", "expires");
    for decision in &backups {
        let verdict = if decision.keeps() { "stays" } else { "goes" };
        let expiry = decision.expires_at().map_or_else(|| "-".to_owned(), |expiry| expiry.to_string());
        let reasons = decision.reasons().map(|reason| match (reason.bucket(), reason.rank()) {
            (Some(bucket), Some(rank)) => format!("{reason} {bucket} #{rank}"),
            (Some(bucket), None) => format!("{reason} {bucket}"),
            (None, Some(rank)) => format!("{reason} #{rank}"),
            (None, None) => reason.to_string(),
        });
        let guards = decision.guards().map(|guard| format!("guard {}", guard.name()));
        let no_rules = decision.is_kept_without_rules().then(|| "the policy has no rules".to_owned());
        let reasons: Vec<_> = reasons.chain(guards).chain(no_rules).collect();
        let backup = decision.backup();
        let taken = backup.taken_at().to_string();
        let id = backup.id().to_string();
        let line = format!("{id:width$}  {taken:taken_width$}  {verdict:5}  {expiry:20}  {}", reasons.join(", "));
        let _ = writeln!(text, "{}", line.trim_end());
    }
    let _ = writeln!(text, "\n{} of {} stay", plan.kept_count(), backups.len());
    text
}

/// A decision with the answer of every rule.
pub(crate) fn explanation_json(plan: &RetentionPlan<'_, Name>, explanation: &Explanation<'_, Name>) -> Value {
    let rules = explanation.answers().iter().map(|answer| {
        let (word, mut detail) = match &answer.answer {
            Ok(_) => ("keeps", json!({})),
            Err(Miss::Expired(at)) => ("expired", json!({"expired_at": at.to_string()})),
            Err(miss) => ("misses", miss_json(miss)),
        };
        detail["rule"] = answer.rule.name().into();
        detail["answer"] = word.into();
        detail
    });
    let mut decision = decision_json(explanation.decision());
    decision["now"] = plan.now().to_string().into();
    decision["policy"] = plan.policy().name().into();
    decision["rules"] = rules.collect();
    decision["nearest_miss"] = explanation.nearest_miss().map(|answer| answer.rule.name()).into();
    decision["download_before"] = explanation.download_before().map(|at| at.to_string()).into();
    decision["text"] = explanation.to_string().into();
    decision
}

fn miss_json(miss: &Miss<'_, Name>) -> Value {
    match miss {
        Miss::Origin(_) => json!({"why": "origin"}),
        Miss::Status(_) => json!({"why": "status"}),
        Miss::Tags(tags) => json!({"why": "tags", "wanted": tags}),
        Miss::Day { is, needed, found, .. } => {
            let needed = needed.map(|date| date.to_string());
            let (found, id) = found_json(found);
            json!({"why": "day", "is": is.to_string(), "needed": needed, "found": found, "found_id": id})
        }
        Miss::SetAside(guard) => json!({"why": "guard", "guard": guard.name()}),
        Miss::TooOld(cutoff) => json!({"why": "too-old", "cutoff": cutoff.to_string()}),
        Miss::BucketTaken { bucket, by, .. } => {
            json!({"why": "bucket-taken", "bucket": bucket.to_string(), "by": by.id()})
        }
        Miss::KeptEarlier => json!({"why": "kept-earlier"}),
        Miss::CountUsedUp(count) => json!({"why": "count-used-up", "count": count}),
        _ => json!({"why": "unknown"}),
    }
}

fn found_json<'a>(found: &NeededBackup<'a, Name>) -> (&'static str, Option<&'a Name>) {
    match found {
        NeededBackup::Absent => ("absent", None),
        NeededBackup::Ahead => ("ahead", None),
        NeededBackup::Present(backup) => ("present", Some(backup.id())),
        NeededBackup::Failed(backup) => ("failed", Some(backup.id())),
        NeededBackup::Unfinished(backup) => ("unfinished", Some(backup.id())),
        NeededBackup::OtherOrigin(backup) => {
            let is_manual = backup.origin() == Origin::Manual;
            (if is_manual { "manual" } else { "other-origin" }, Some(backup.id()))
        }
        NeededBackup::OtherTags(backup) => ("other-tags", Some(backup.id())),
        _ => ("unknown", None),
    }
}
