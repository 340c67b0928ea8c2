//! The policies of borg.

use std::num::NonZeroU32;

use super::super::super::error::Error;
use super::super::super::period::Period;
use super::super::super::policy::data::Policy;
use super::super::super::policy::rule::Rule;
use super::super::super::policy::{Count, Counting, Guard, Keep, Pick, Select, SpanEnd, Unit};
use super::notation::{Assignment, WHAT, assignments};

const KNOWN: &str =
    "within, keep, last, secondly, minutely, hourly, daily, weekly, monthly, 13weekly, 3monthly, yearly";

/// The rules in borg's order, which is the order in which they are applied: its word, and the unit of a period.
const RULES: [(&str, Option<Unit>); 11] = [
    (WITHIN, None),
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

const WITHIN: &str = "within";

/// The tag of archives that borg never prunes.
const PROTECTED_TAG: &str = "@PROT";

/// Returns the policy of `borg prune` with these `keep-` options: `keep=n`, `secondly=n` (in borg 1 also `last=n`),
/// `minutely=n`, `hourly=n`, `daily=n`, `weekly=n`, `monthly=n`, `13weekly=n` or `3monthly=n`, `yearly=n`, and in borg 1
/// `within=2d`.
///
/// A value is a count, `all` (or `-1`, `unlimited`), or an interval such as `30d` with one of the units `y m w d H M S`.
/// `within-daily=30d` is another spelling of `daily=30d`.
///
/// It decides like borg 2 (`prune_cmd.py`, 2026). Rules are applied from fine to coarse, and a coarser one skips what a
/// finer one kept. Intervals reach back from now, with months of 31 days and years of 365, and an archive at the very
/// end of one is kept, except for `within`. The oldest archive is kept for the coarsest rule while its count is not used
/// up. Protected archives stay and are not counted. borg counts in the time zone of its host; here it is UTC unless
/// [`Policy::in_zone`] changes it.
///
/// # Errors
/// Returns an error with the wrong option and its position. Like borg, refuses options that keep nothing at all, and a
/// rule that can keep nothing because a finer one keeps it: `daily=30d,weekly=7d`, or any rule after an unlimited one.
///
/// ```
/// use appsnap::retention::presets;
///
/// assert_eq!(presets::program::borg("keep=2d,daily=7,monthly=all")?.rules().len(), 3);
/// assert!(presets::program::borg("daily=0").is_err());
/// # Ok::<(), appsnap::retention::Error>(())
/// ```
pub fn borg(options: &str) -> Result<Policy, Error> {
    parse(options, options)
}

/// A rule that is given: the option, and the value.
#[derive(Clone, Copy)]
struct Given<'t> {
    option: Assignment<'t>,
    value: Value,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Value {
    Count(Count),
    Seconds(u64),
}

impl Value {
    const fn is_zero(self) -> bool {
        matches!(self, Self::Count(Count::AtMost(0)) | Self::Seconds(0))
    }
}

pub(super) fn parse(whole: &str, text: &str) -> Result<Policy, Error> {
    let mut given = [const { None }; RULES.len()];
    for option in assignments(whole, text, &[])? {
        let word = if option.key == "last" { "secondly" } else { option.key };
        let word = word.strip_prefix("within-").unwrap_or(word);
        let slot = RULES.iter().zip(&mut given).find(|((known, _), _)| *known == word);
        let (_, slot) = slot.ok_or_else(|| option.wrong_key(KNOWN))?;
        if slot.replace(Given { option, value: value(&option)? }).is_some() {
            return Err(option.wrong_value(option.value, "the rule already has a value"));
        }
    }
    validate(whole, text, &given)?;
    let mut policy = Policy::new(format!("borg:{text}"))
        .with_guards([Guard::Unfinished, Guard::Protected, Guard::Tagged(PROTECTED_TAG.into())])
        .with_counting(Counting::SkipKept);
    let coarsest = given.iter().rposition(Option::is_some);
    for (number, ((word, unit), given)) in RULES.into_iter().zip(given).enumerate() {
        let Some(Given { option, value }) = given else { continue };
        let pick = if coarsest == Some(number) { Pick::NewestAndOldestOfAll } else { Pick::Newest };
        let select = unit.map_or(Select::Every, |unit| Select::Bucket { unit, every: NonZeroU32::MIN, pick });
        let name = if option.key == "last" { option.key } else { word };
        policy = policy.with_rule(Rule::new(name, keep(&option, value)?).with_select(select));
    }
    Ok(policy)
}

/// Refuses what borg refuses.
fn validate(whole: &str, text: &str, given: &[Option<Given<'_>>]) -> Result<(), Error> {
    if given.iter().flatten().all(|given| given.value.is_zero()) {
        return Err(Error::syntax(WHAT, whole, text, "keeps nothing: give at least one rule a value above 0"));
    }
    let of = |name: &str| RULES.iter().zip(given).find(|((word, _), _)| *word == name).and_then(|(_, given)| *given);
    if let Some(option) = of("13weekly").and(of("3monthly")).map(|given| given.option) {
        return Err(option.wrong_value(option.value, "there is a rule 13weekly as well: remove one of the two"));
    }
    let mut finer: Vec<Value> = Vec::new();
    for Given { option, value } in given.iter().flatten() {
        if option.key == WITHIN {
            continue;
        }
        let has_all = |finer: &Value| match (finer, value) {
            (Value::Count(Count::Unlimited), _) => true,
            (Value::Seconds(finer), Value::Seconds(coarser)) => finer >= coarser,
            _ => false,
        };
        if finer.iter().any(has_all) {
            let reason =
                "a finer rule keeps everything that this one can keep: remove one of the two, or reach further";
            return Err(option.wrong_value(option.value, reason));
        }
        finer.push(*value);
    }
    Ok(())
}

fn value(option: &Assignment<'_>) -> Result<Value, Error> {
    let is_interval = option.value.ends_with(|last: char| last.is_ascii_alphabetic())
        && option.value.starts_with(|first: char| first.is_ascii_digit());
    if !is_interval && !option.key.starts_with(WITHIN) {
        return Ok(Value::Count(option.count(&["all", "-1", "unlimited"])?));
    }
    let [(number, unit)] = option.quantities("ymwdHMS")?[..] else {
        return Err(option.wrong_value(option.value, "write one number with one unit, such as 7d"));
    };
    let unit_seconds: u64 = match unit {
        'y' => 365 * 86_400,
        'm' => 31 * 86_400,
        'w' => 7 * 86_400,
        'd' => 86_400,
        'H' => 3_600,
        'M' => 60,
        _ => 1,
    };
    let seconds = unit_seconds.saturating_mul(u64::from(number));
    if seconds == 0 && option.key == WITHIN {
        return Err(option.wrong_value(option.value, "write a number above 0"));
    }
    Ok(Value::Seconds(seconds))
}

fn keep(option: &Assignment<'_>, value: Value) -> Result<Keep, Error> {
    let seconds = match value {
        Value::Count(count) => return Ok(Keep::Last(count)),
        Value::Seconds(0) => return Ok(Keep::last(0)),
        Value::Seconds(seconds) => seconds,
    };
    let span = u32::try_from(seconds / 60).ok().and_then(|minutes| {
        let rest = u32::try_from(seconds % 60).ok()?;
        Period::minutes(minutes).and(Period::seconds(rest))
    });
    let span = span.ok_or_else(|| option.wrong_value(option.value, "the interval is too long"))?;
    Ok(match option.key {
        WITHIN => Keep::Within { span, of: SpanEnd::Now },
        _ => Keep::LastWithin { last: Count::Unlimited, span, of: SpanEnd::Now },
    })
}
