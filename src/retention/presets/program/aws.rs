//! The lifecycles of AWS Backup, from options and from the JSON of backup plans.

use serde::Deserialize;

use super::super::super::calendar::Calendar;
use super::super::super::error::Error;
use super::super::super::period::Period;
use super::super::super::policy::data::Policy;
use super::super::super::policy::rule::Rule;
use super::super::super::policy::{Guard, Keep};
use super::notation::{Assignment, assignments};

const KNOWN: &str = "delete-after, cold-after";

/// The number of days that a backup stays in cold storage at least.
const COLD_DAYS: i64 = 90;

/// The value that means "never".
const NEVER: i64 = -1;

/// Returns the policy of AWS Backup with this lifecycle: `delete-after=n` days, and optionally `cold-after=n` days.
///
/// A recovery point is deleted n days after it was created, and never without `delete-after` or with -1. Cold storage
/// does not change that date. Source: AWS Backup API reference, "Lifecycle", 2026.
///
/// # Errors
/// Returns an error with the wrong option and its position. Like AWS, refuses to delete less than 90 days after the
/// transition to cold storage.
///
/// ```
/// use appsnap::retention::presets;
///
/// assert_eq!(presets::program::aws_backup("cold-after=30,delete-after=120")?.rules().len(), 1);
/// assert!(presets::program::aws_backup("cold-after=30,delete-after=100").is_err());
/// # Ok::<(), appsnap::retention::Error>(())
/// ```
pub fn aws_backup(options: &str) -> Result<Policy, Error> {
    parse(options, options)
}

pub(super) fn parse(whole: &str, text: &str) -> Result<Policy, Error> {
    let options = assignments(whole, text, &[])?;
    let mut lifecycle = Lifecycle::default();
    let mut last = None;
    for option in &options {
        let member = match option.key.trim_end_matches("-days") {
            "delete-after" => &mut lifecycle.delete_after_days,
            "cold-after" => &mut lifecycle.move_to_cold_storage_after_days,
            _ => return Err(option.wrong_key(KNOWN)),
        };
        *member = Some(days(option)?);
        last = Some(option);
    }
    match (lifecycle.fault(), last) {
        (Some(fault), Some(option)) => Err(option.wrong_value(option.value, fault)),
        _ => Ok(policy(format!("aws-backup:{text}"), [("delete-after".to_owned(), lifecycle)])),
    }
}

fn days(option: &Assignment<'_>) -> Result<i64, Error> {
    let number = option.value.strip_suffix('d').unwrap_or(option.value);
    let days = number.parse().ok().filter(|days| *days == NEVER || (1..=MAX_DAYS).contains(days));
    days.ok_or_else(|| option.wrong_value(option.value, "write a number of days from 1 to 36500, or -1"))
}

/// A century, the longest that AWS accepts.
const MAX_DAYS: i64 = 36_500;

fn policy(name: String, rules: impl IntoIterator<Item = (String, Lifecycle)>) -> Policy {
    let policy = Policy::new(name).with_calendar(Calendar::utc()).with_guards([Guard::Unfinished]);
    let rules: Vec<_> = rules.into_iter().collect();
    let has_several = rules.len() > 1;
    rules.into_iter().fold(policy, |policy, (name, lifecycle)| {
        let rule = Rule::new(name.clone(), lifecycle.keep());
        policy.with_rule(if has_several { rule.with_tags([name]) } else { rule })
    })
}

/// The answer of `get-backup-plan`, or the input of `create-backup-plan`. Other members are about something else.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Document {
    backup_plan: Plan,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Plan {
    backup_plan_name: String,
    rules: Vec<PlanRule>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PlanRule {
    rule_name: String,
    #[serde(default)]
    lifecycle: Lifecycle,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Lifecycle {
    #[serde(default)]
    delete_after_days: Option<i64>,
    #[serde(default)]
    move_to_cold_storage_after_days: Option<i64>,
}

impl Lifecycle {
    /// The settings that AWS refuses.
    fn fault(&self) -> Option<&'static str> {
        let days = |days: Option<i64>| days.filter(|days| *days != NEVER);
        match (days(self.move_to_cold_storage_after_days), days(self.delete_after_days)) {
            (Some(cold), Some(delete)) if delete < cold.saturating_add(COLD_DAYS) => {
                Some("delete at least 90 days after the transition to cold storage")
            }
            _ => None,
        }
    }

    fn keep(&self) -> Keep {
        let days = self.delete_after_days.and_then(|days| u32::try_from(days).ok());
        days.map_or(Keep::Forever, |days| Keep::span(Period::days(days)))
    }
}

/// Reads a backup plan of AWS Backup: the answer of `get-backup-plan`, the input of `create-backup-plan`, or the plan
/// alone.
///
/// The rules of a plan are distinguished by tags: if there are several, a rule keeps the backups that have its name as a
/// tag.
///
/// # Errors
/// Returns an error with the line and the member if the text is not such a document, or if AWS refuses a lifecycle.
///
/// ```
/// use appsnap::retention::presets;
///
/// let text = r#"{"BackupPlan": {"BackupPlanName": "nightly", "Rules": [{"RuleName": "nightly",
///     "TargetBackupVaultName": "v", "ScheduleExpression": "cron(0 5 ? * * *)", "Lifecycle": {"DeleteAfterDays": 35}}]}}"#;
/// assert_eq!(presets::program::aws_backup_plan(text)?.name(), "nightly");
/// # Ok::<(), appsnap::retention::Error>(())
/// ```
pub fn aws_backup_plan(text: &str) -> Result<Policy, Error> {
    let has_wrapper = text.contains("\"BackupPlan\"");
    let plan = if has_wrapper {
        serde_json::from_str(text).map(|document: Document| document.backup_plan)
    } else {
        serde_json::from_str(text)
    };
    let plan = plan.map_err(|error| Error::json(text, error))?;
    if let Some((rule, fault)) = plan.rules.iter().find_map(|rule| Some((rule, rule.lifecycle.fault()?))) {
        return Err(Error::syntax("backup plan", text, &rule.rule_name, format!("has a wrong lifecycle: {fault}")));
    }
    Ok(policy(plan.backup_plan_name, plan.rules.into_iter().map(|rule| (rule.rule_name, rule.lifecycle))))
}
