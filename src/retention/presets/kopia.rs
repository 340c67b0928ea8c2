//! The policies of kopia.

use super::super::calendar::Calendar;
use super::super::error::Error;
use super::super::period::Period;
use super::super::policy::data::Policy;
use super::super::policy::rule::Rule;
use super::super::policy::{Count, Guard, Keep, Select, SpanEnd, Unit};
use super::notation::assignments;

const KNOWN: &str = "latest, hourly, daily, weekly, monthly, annual";

/// The rules, and the unit of a count as a duration.
const RULES: [(&str, Option<Unit>); 6] = [
    ("latest", None),
    ("annual", Some(Unit::Year)),
    ("monthly", Some(Unit::Month)),
    ("weekly", Some(Unit::Week)),
    ("daily", Some(Unit::Day)),
    ("hourly", Some(Unit::Hour)),
];

/// kopia keeps incomplete snapshots that are younger, and three at any age (`retention_policy.go`).
const INCOMPLETE: Guard = Guard::NewestUnfinished { count: 3, younger_than: Period::hours(4) };

/// Returns the policy of kopia with these `keep-` options: `latest=n`, `hourly=n`, `daily=n`, `weekly=n`, `monthly=n`,
/// `annual=n` (or `yearly=n`).
///
/// It decides like `snapshot/policy/retention_policy.go` (2025). A count is also a duration: a snapshot is kept as the
/// newest of its period only if it is not older than n periods before the newest complete one. Months are subtracted as
/// in Go. One fault is not reproduced: kopia keeps weeks and months in one list of names, so that week 1 and January
/// exclude each other. Without options, or if all counts are zero, everything complete stays.
///
/// # Errors
/// Returns an error with the wrong option and its position.
///
/// ```
/// use appsnap::retention::presets;
///
/// assert_eq!(presets::kopia("latest=10,annual=3")?.rules().len(), 2);
/// # Ok::<(), appsnap::retention::Error>(())
/// ```
pub fn kopia(options: &str) -> Result<Policy, Error> {
    parse(options, options)
}

pub(super) fn parse(whole: &str, text: &str) -> Result<Policy, Error> {
    let mut counts = [None; RULES.len()];
    for option in assignments(whole, text, &[])? {
        let word = if option.key == "yearly" { "annual" } else { option.key };
        let slot = RULES.iter().zip(&mut counts).find(|((known, _), _)| *known == word);
        let (_, slot) = slot.ok_or_else(|| option.wrong_key(KNOWN))?;
        let Count::AtMost(count) = option.count(&[])? else { continue };
        if slot.replace(count).is_some() {
            return Err(option.wrong_value(option.value, "the rule already has a value"));
        }
    }
    let mut policy = Policy::new(format!("kopia:{text}"))
        .with_calendar(Calendar::utc().with_civil_days().with_normalised_months())
        .with_guards([INCOMPLETE]);
    if counts.iter().flatten().all(|count| *count == 0) {
        return Ok(policy.with_rule(Rule::new("latest", Keep::Last(Count::Unlimited))));
    }
    for ((word, unit), count) in RULES.into_iter().zip(counts) {
        let Some(count) = count.filter(|count| *count > 0) else { continue };
        let last = Count::AtMost(count);
        let rule = match unit {
            None => Rule::new(word, Keep::Last(last)),
            Some(unit) => {
                let keep = Keep::LastWithin { last, span: span(unit, count), of: SpanEnd::NewestStamped };
                Rule::new(word, keep).with_select(Select::newest_of(unit))
            }
        };
        policy = policy.with_rule(rule);
    }
    Ok(policy)
}

const fn span(unit: Unit, count: u32) -> Period {
    match unit {
        Unit::Year => Period::years(count),
        Unit::Month => Period::months(count),
        Unit::Week => Period::weeks(count),
        Unit::Hour => Period::hours(count),
        _ => Period::days(count),
    }
}
