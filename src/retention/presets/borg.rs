//! The policies of borg.

use std::num::NonZeroU32;

use super::super::calendar::Calendar;
use super::super::error::Error;
use super::super::period::Period;
use super::super::policy::data::Policy;
use super::super::policy::rule::Rule;
use super::super::policy::{Count, Counting, Guard, Keep, Pick, Select, SpanEnd, Unit};
use super::notation::{Assignment, assignments};

const KNOWN: &str =
    "within, last, keep, secondly, minutely, hourly, daily, weekly, monthly, 13weekly, 3monthly, yearly";

/// The rules in borg's order, which is the order in which they are applied: its word, and the unit of a period.
const RULES: [(&str, Option<Unit>); 12] = [
    ("within", None),
    ("last", None),
    ("keep", None),
    ("secondly", Some(Unit::Second)),
    ("minutely", Some(Unit::Minute)),
    ("hourly", Some(Unit::Hour)),
    ("daily", Some(Unit::Day)),
    ("weekly", Some(Unit::Week)),
    ("monthly", Some(Unit::Month)),
    ("13weekly", Some(Unit::WeekQuarter)),
    ("3monthly", Some(Unit::Quarter)),
    ("yearly", Some(Unit::Year)),
];

/// The tag of archives that borg never prunes.
const PROTECTED_TAG: &str = "@PROT";

/// Returns the policy of `borg prune` with these options: `last=n` (or `keep=n`), `secondly=n`, `minutely=n`, `hourly=n`,
/// `daily=n`, `weekly=n`, `monthly=n`, `13weekly=n`, `3monthly=n`, `yearly=n`, and `within=2d`.
///
/// A value is a count, `all` (or `-1`, `unlimited`), or an interval such as `30d` with the units `y m w d H M S`.
/// `within-daily=30d` is another spelling of `daily=30d`.
///
/// It decides like borg 2 (`prune_cmd.py`, 2025). Rules are applied from fine to coarse, and a coarser one skips what a
/// finer one kept. Intervals reach back from now, with months of 31 days and years of 365. The oldest archive is kept
/// for the coarsest rule while its count is not used up. Protected archives stay and are not counted. borg counts in the
/// time zone of its host; here it is UTC unless [`Policy::in_zone`] changes it.
///
/// # Errors
/// Returns an error with the wrong option and its position.
///
/// ```
/// use appsnap::retention::presets;
///
/// assert_eq!(presets::borg("within=2d,daily=7,monthly=all")?.rules().len(), 3);
/// # Ok::<(), appsnap::retention::Error>(())
/// ```
pub fn borg(options: &str) -> Result<Policy, Error> {
    parse(options, options)
}

pub(super) fn parse(whole: &str, text: &str) -> Result<Policy, Error> {
    let mut keeps = [const { None }; RULES.len()];
    for option in assignments(whole, text, &[])? {
        let word = option.key.strip_prefix("within-").unwrap_or(option.key);
        let slot = RULES.iter().zip(&mut keeps).find(|((known, _), _)| *known == word);
        let (_, slot) = slot.ok_or_else(|| option.wrong_key(KNOWN))?;
        if slot.replace(keep(&option)?).is_some() {
            return Err(option.wrong_value(option.value, "the rule already has a value"));
        }
    }
    let mut policy = Policy::new(format!("borg:{text}"))
        .with_calendar(Calendar::utc().with_civil_days())
        .with_counting(Counting::SkipKept)
        .with_guards([Guard::Unfinished, Guard::Protected, Guard::Tagged(PROTECTED_TAG.into())]);
    let coarsest = keeps.iter().rposition(Option::is_some);
    for (number, ((word, unit), keep)) in RULES.into_iter().zip(keeps).enumerate() {
        let Some(keep) = keep else { continue };
        let pick = if coarsest == Some(number) { Pick::NewestAndOldestOfAll } else { Pick::Newest };
        let select = unit.map_or(Select::Every, |unit| Select::Bucket { unit, every: NonZeroU32::MIN, pick });
        policy = policy.with_rule(Rule::new(word, keep).with_select(select));
    }
    Ok(policy)
}

fn keep(option: &Assignment<'_>) -> Result<Keep, Error> {
    let is_interval = option.value.ends_with(|last: char| last.is_ascii_alphabetic())
        && option.value.starts_with(|first: char| first.is_ascii_digit());
    if !is_interval && !option.key.starts_with("within") {
        return Ok(Keep::Last(option.count(&["all", "-1", "unlimited"])?));
    }
    let mut span = Period::default();
    for (number, unit) in option.quantities("ymwdHhMS")? {
        let unit = match unit {
            'y' => Period::hours(365 * 24),
            'm' => Period::hours(31 * 24),
            'w' => Period::hours(7 * 24),
            'd' => Period::hours(24),
            'H' | 'h' => Period::hours(1),
            'M' => Period::minutes(1),
            _ => Period::seconds(1),
        };
        let sum = unit.times(number).and_then(|part| span.and(part));
        span = sum.ok_or_else(|| option.wrong_value(option.value, "the interval is too long"))?;
    }
    if span.is_zero() {
        return Ok(Keep::Last(Count::AtMost(0)));
    }
    Ok(Keep::Within { span, of: SpanEnd::Now })
}
