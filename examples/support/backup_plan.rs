//! A retention plan as JSON and as text.
#![allow(clippy::indexing_slicing, reason = "indexing JSON yields null or adds the member")]

use std::collections::HashMap;
use std::fmt::Write;

use appsnap::retention::explain::{Explanation, Miss, NeededBackup};
use appsnap::retention::plan::{Decision, Expiry, RetentionPlan};
use appsnap::retention::policy::Guard;
use appsnap::retention::{Origin, Policy, presets};
use serde_json::{Value, json};

use crate::backup_change::backups;
use crate::backup_name::Name;
use crate::support::harmless;

/// Every decision, in the order of the list.
pub(crate) fn plan_json(plan: &RetentionPlan<'_, Name>) -> Value {
    let mut value = json!({
        "now": plan.now().to_string(),
        "policy": plan.policy().name(),
        "zone": plan.policy().calendar().zone_name(),
        "decisions": plan.decisions().map(decision_json).collect::<Vec<_>>(),
    });
    let is_grouped = plan.decisions().any(|decision| decision.backup().series().is_some());
    if is_grouped || plan.policy().quota_count().is_some() {
        value["quota_count"] = plan.policy().quota_count().into();
        value["groups"] = groups(plan).iter().map(|group| group_json(plan.policy(), group)).collect();
    }
    if has_stated(plan) {
        value["differs_from_platform"] = differing_count(plan).into();
        value["fitting_policy"] = fitting(plan).map(|edition| edition.name().to_owned()).into();
        value["fitting_zone"] = fitting(plan).map(|edition| edition.calendar().zone_name().to_owned()).into();
    }
    value
}

/// The decisions about a group.
struct Group<'p> {
    name: Option<&'p str>,
    decisions: Vec<Decision<'p, Name>>,
}

impl Group<'_> {
    fn stay_count(&self) -> usize {
        self.decisions.iter().filter(|decision| decision.keeps()).count()
    }

    fn admits_another(&self, policy: &Policy) -> bool {
        policy.admits_another(self.stay_count() as u64)
    }
}

/// The groups, in the order in which they first appear.
fn groups<'p>(plan: &'p RetentionPlan<'_, Name>) -> Vec<Group<'p>> {
    let mut groups: Vec<Group<'p>> = Vec::new();
    let mut known: HashMap<Option<&str>, usize> = HashMap::new();
    for decision in plan.decisions() {
        let name = decision.backup().series();
        let number = *known.entry(name).or_insert_with(|| {
            groups.push(Group { name, decisions: Vec::new() });
            groups.len().saturating_sub(1)
        });
        if let Some(group) = groups.get_mut(number) {
            group.decisions.push(decision);
        }
    }
    groups
}

fn group_json(policy: &Policy, group: &Group<'_>) -> Value {
    json!({
        "group": group.name,
        "backups": group.decisions.len(),
        "stay": group.stay_count(),
        "admits_another": group.admits_another(policy),
    })
}

fn has_stated(plan: &RetentionPlan<'_, Name>) -> bool {
    plan.decisions().any(|decision| decision.backup().stated_expiry().is_some())
}

fn differing_count(plan: &RetentionPlan<'_, Name>) -> usize {
    plan.decisions().filter(Decision::contradicts_stated_expiry).count()
}

/// The edition that gives all dates of the platform, if another than the policy does.
fn fitting(plan: &RetentionPlan<'_, Name>) -> Option<Policy> {
    let listed: Vec<_> = plan.decisions().map(|decision| decision.backup().clone()).collect();
    presets::fitting(&listed, plan.policy().calendar())
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
    let backup = decision.backup();
    let mut value = json!({
        "id": backup.id(),
        "taken_at": backup.taken_at().to_string(),
        "keep": decision.keeps(),
        "expires_at": decision.expires_at().and_then(Expiry::at).map(|at| at.to_string()),
        "reasons": reasons.collect::<Vec<_>>(),
        "guards": guards.chain(decision.is_kept_without_rules().then_some("no-rules")).collect::<Vec<_>>(),
    });
    let stated = backup.stated_expiry();
    let additional = [
        ("group", backup.series().map(Value::from)),
        ("platform_expires_at", stated.map(|at| at.to_string().into())),
        ("differs_from_platform", stated.map(|_| decision.contradicts_stated_expiry().into())),
        ("download_before", decision.download_before().map(|at| at.to_string().into())),
        ("lock_until", decision.lock_until().map(|until| until.to_string().into())),
        ("hold", decision.legal_hold().map(|(owner, reason)| json!({"owner": owner, "reason": reason}))),
    ];
    for (name, member) in additional {
        if let Some(member) = member {
            value[name] = member;
        }
    }
    value
}

/// The decisions as a table for each group.
pub(crate) fn plan_text(plan: &RetentionPlan<'_, Name>) -> String {
    let mut text = format!("{} as of {}\n\n", plan.policy().name(), plan.now());
    let mut groups = groups(plan);
    if groups.is_empty() {
        groups.push(Group { name: None, decisions: Vec::new() });
    }
    let is_grouped = groups.iter().any(|group| group.name.is_some());
    let has_stated = has_stated(plan);
    for group in &groups {
        if is_grouped {
            let _ = writeln!(text, "{}:", group.name.map_or_else(|| "no group".to_owned(), harmless));
        }
        table(&mut text, &group.decisions, has_stated);
        text.push('\n');
        let stay = group.stay_count();
        let _ = writeln!(text, "{stay} of {} stay", group.decisions.len());
        if let Some(quota) = plan.policy().quota_count() {
            let is_accepted = group.admits_another(plan.policy());
            let verdict = if is_accepted { "another one is accepted" } else { "another one is refused" };
            let _ = writeln!(text, "quota: {stay} of {quota}, {verdict}");
        }
        if is_grouped {
            text.push('\n');
        }
    }
    if groups.len() > 1 {
        let _ = writeln!(text, "{} of {} stay in all groups", plan.kept_count(), plan.decisions().count());
    }
    let differing = differing_count(plan);
    if differing > 0 {
        let policy = plan.policy().name();
        let _ = write!(text, "the platform's dates differ from those of {policy} for {}", backups(differing));
        let _ = match fitting(plan) {
            Some(edition) if edition.calendar().zone_name() == plan.policy().calendar().zone_name() => {
                writeln!(text, ": {} gives all of them", edition.name())
            }
            Some(edition) => {
                writeln!(text, ": {} in {} gives all of them", edition.name(), edition.calendar().zone_name())
            }
            None => writeln!(text, ": no edition that is known gives all of them"),
        };
    }
    text
}

fn table(text: &mut String, decisions: &[Decision<'_, Name>], has_stated: bool) {
    let id = |decision: &Decision<'_, Name>| decision.backup().id().to_string();
    let taken = |decision: &Decision<'_, Name>| decision.backup().taken_at().to_string();
    let width = decisions.iter().map(|decision| id(decision).chars().count()).max().unwrap_or(0).clamp(2, 40);
    let taken_width = decisions.iter().map(|decision| taken(decision).len()).max().unwrap_or(0).max(5);
    let stated = |date: &str| if has_stated { format!("{date:20}  ") } else { String::new() };
    let (id_title, taken_title, platform_title) = ("id", "taken", stated("platform says"));
    let _ = writeln!(
        text,
        "{id_title:width$}  {taken_title:taken_width$}  {:5}  {:20}  {platform_title}reasons",
        "", "expires"
    );
    for decision in decisions {
        let verdict = if decision.keeps() { "stays" } else { "goes" };
        let expiry = decision.expires_at().map_or_else(|| "-".to_owned(), |expiry| expiry.to_string());
        let platform = decision.backup().stated_expiry().map_or_else(|| "-".to_owned(), |at| at.to_string());
        let reasons = decision.reasons().map(|reason| match (reason.bucket_text(), reason.rank()) {
            (Some(bucket), Some(rank)) => format!("{reason} {bucket} #{rank}"),
            (Some(bucket), None) => format!("{reason} {bucket}"),
            (None, Some(rank)) => format!("{reason} #{rank}"),
            (None, None) => reason.to_string(),
        });
        let guards = decision.guards().map(|guard| match decision.legal_hold() {
            Some((owner, reason)) if matches!(guard, Guard::LegalHold | Guard::Hold { .. }) => {
                format!("guard {} by {}: {}", guard.name(), harmless(owner), harmless(reason))
            }
            _ => format!("guard {}", guard.name()),
        });
        let no_rules = decision.is_kept_without_rules().then(|| "the policy has no rules".to_owned());
        let reasons: Vec<_> = reasons.chain(guards).chain(no_rules).collect();
        let (id, taken, platform) = (id(decision), taken(decision), stated(&platform));
        let line =
            format!("{id:width$}  {taken:taken_width$}  {verdict:5}  {expiry:20}  {platform}{}", reasons.join(", "));
        let _ = writeln!(text, "{}", line.trim_end());
    }
}

/// The date until which an object store can lock a backup, as a line.
pub(crate) fn lock_text(decision: Decision<'_, Name>) -> String {
    match decision.lock_until() {
        Some(Expiry::At(at)) => format!("  lock     until {at} in an object store\n"),
        Some(_) => "  lock     without a date, such as by a legal hold of the object store\n".to_owned(),
        None => String::new(),
    }
}

/// A decision with the answer of every rule.
pub(crate) fn explanation_json(plan: &RetentionPlan<'_, Name>, explanation: &Explanation<'_, Name>) -> Value {
    let rules = explanation.answers().map(|(rule, answer)| {
        let (word, mut detail) = match answer {
            Ok(_) => ("keeps", json!({})),
            Err(Miss::Expired(at)) => ("expired", json!({"expired_at": at.to_string()})),
            Err(miss) => ("misses", miss_json(miss)),
        };
        detail["rule"] = rule.name().into();
        detail["answer"] = word.into();
        detail
    });
    let mut decision = decision_json(explanation.decision());
    decision["now"] = plan.now().to_string().into();
    decision["policy"] = plan.policy().name().into();
    decision["rules"] = rules.collect();
    decision["nearest_miss"] = explanation.nearest_miss().map(|(rule, _)| rule.name()).into();
    decision["download_before"] = explanation.decision().download_before().map(|at| at.to_string()).into();
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
        Miss::TooNew(cutoff) => json!({"why": "too-new", "cutoff": cutoff.to_string()}),
        Miss::WindowTaken(by) => json!({"why": "window-taken", "by": by.id()}),
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
