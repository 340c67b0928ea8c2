//! The policies of rustic.

use std::num::NonZeroU32;

use super::super::super::calendar::Calendar;
use super::super::super::error::Error;
use super::super::super::period::Period;
use super::super::super::policy::data::Policy;
use super::super::super::policy::rule::Rule;
use super::super::super::policy::{ExpiryStart, Guard, Keep, Pick, Select, SpanEnd, Unit};
use super::notation::{WHAT, assignments};

const KNOWN: &str = "last, minutely, hourly, daily, weekly, monthly, quarter-yearly, half-yearly, yearly, the same with \
    within- before it, within, tags, none";

/// The rules in the order in which rustic lists its reasons.
const RULES: [(&str, Option<Unit>); 9] = [
    ("last", None),
    ("minutely", Some(Unit::Minute)),
    ("hourly", Some(Unit::Hour)),
    ("daily", Some(Unit::Day)),
    ("weekly", Some(Unit::WeekOfYear)),
    ("monthly", Some(Unit::Month)),
    ("quarter-yearly", Some(Unit::Quarter)),
    ("half-yearly", Some(Unit::HalfYear)),
    ("yearly", Some(Unit::Year)),
];

/// Returns the policy of `rustic forget` with these `keep-` options: `last=n`, `minutely=n`, `hourly=n`, `daily=n`,
/// `weekly=n`, `monthly=n`, `quarter-yearly=n`, `half-yearly=n`, `yearly=n`, `within=1year 2months`,
/// `within-minutely=` ... `within-yearly=`, `tags=a+b` (several times), and `none=true`.
///
/// A count can be `-1` for all. A duration has the form of [`Period`].
///
/// It decides like rustic 0.10 (`rustic_core/src/commands/forget.rs`, 2026), which differs from restic in that a week
/// ends with the calendar year, that durations are added to each snapshot and compared with the newest one, even if that
/// is in the future, and that some option is required. Protected snapshots stay and are not counted. One fault is not
/// reproduced: snapshots of the same minute of different hours count as one in rustic's `minutely`.
///
/// # Errors
/// Returns an error with the wrong option and its position, or if there is none.
///
/// ```
/// use appsnap::retention::presets;
///
/// let policy = presets::program::rustic("last=3,quarter-yearly=4,within-daily=14days")?;
/// let names: Vec<_> = policy.rules().iter().map(|rule| rule.name()).collect();
/// assert_eq!(names, ["last", "within daily", "quarter-yearly"]);
/// # Ok::<(), appsnap::retention::Error>(())
/// ```
pub fn rustic(options: &str) -> Result<Policy, Error> {
    parse(options, options)
}

pub(super) fn parse(whole: &str, text: &str) -> Result<Policy, Error> {
    let mut counts = [None; RULES.len()];
    let mut spans = [None; RULES.len()];
    let mut policy = Policy::new(format!("rustic:{text}"))
        .with_calendar(Calendar::stamped())
        .with_guards([Guard::Unfinished, Guard::Protected]);
    let options = assignments(whole, text, &["tags"])?;
    if options.is_empty() {
        return Err(Error::syntax(WHAT, whole, text, "has no option: write at least one, such as daily=7"));
    }
    for option in options {
        let number = |word: &str| RULES.iter().position(|(known, _)| *known == word);
        let within = option.key.strip_prefix("within-").and_then(number).filter(|number| *number > 0);
        let within = if option.key == "within" { Some(0) } else { within };
        if let Some(slot) = within.and_then(|number| spans.get_mut(number)) {
            let span: Period = option
                .value
                .parse()
                .map_err(|_| option.wrong_value(option.value, "write a duration such as 14days or `1year 2months`"))?;
            *slot = Some(span);
        } else if let Some(slot) = number(option.key).and_then(|number| counts.get_mut(number)) {
            *slot = Some(option.count(&["-1", "unlimited"])?);
        } else if option.key == "tags" {
            policy = policy.with_rule(Rule::new("tags", Keep::Forever).with_tags(option.list()));
        } else if option.key == "none" && option.value == "true" {
            // A policy without rules would keep everything.
            policy = policy.with_rule(Rule::new("none", Keep::last(0)));
        } else {
            return Err(option.wrong_key(KNOWN));
        }
    }
    for ((word, unit), (count, span)) in RULES.into_iter().zip(counts.into_iter().zip(spans)) {
        let pick = Pick::NewestAndOldestOfAll;
        let select = unit.map_or(Select::Every, |unit| Select::Bucket { unit, every: NonZeroU32::MIN, pick });
        if let Some(count) = count {
            policy = policy.with_rule(rule(word.into(), Keep::Last(count), select));
        }
        if let Some(span) = span {
            let name = if unit.is_some() { format!("within {word}") } else { "within".into() };
            let keep = Keep::For { span, anchor: ExpiryStart::Created, of: SpanEnd::NewestStamped };
            policy = policy.with_rule(rule(name, keep, select));
        }
    }
    Ok(policy)
}

fn rule(name: String, keep: Keep, select: Select) -> Rule {
    Rule::new(name, keep).with_select(select)
}
