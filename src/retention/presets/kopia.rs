//! The policies of kopia's snapshot expiration.

use std::str::FromStr;

use super::super::{
    Calendar, Count, Day, Error, Guard, Keep, MonthEnd, Period, Policy, Reference, Rule, Select, Unit, Zone,
};
use super::notation::options;

const KNOWN: &str = "latest, hourly, daily, weekly, monthly, annual";

/// The rules, and the unit that a count stands for as a duration.
const RULES: [(&str, Option<Unit>); 6] = [
    ("latest", None),
    ("annual", Some(Unit::Year)),
    ("monthly", Some(Unit::Month)),
    ("weekly", Some(Unit::Week)),
    ("daily", Some(Unit::Day)),
    ("hourly", Some(Unit::Hour)),
];

/// kopia keeps incomplete snapshots younger than this, and so many whatever their age (`retention_policy.go`).
const INCOMPLETE: Guard = Guard::NewestUnfinished { count: 3, younger_than: Period::hours(4) };

/// The `keep-` options of a kopia policy, as the text behind `kopia:`: `latest=n`, `hourly=n`, `daily=n`, `weekly=n`,
/// `monthly=n`, `annual=n` (or `yearly=n`).
///
/// Answers follow `snapshot/policy/retention_policy.go` (2025): a count is a duration, too, so a snapshot is kept as
/// the newest of its period only if it is not older than n periods before the newest complete one; months are
/// subtracted as Go does it. One fault is not copied: kopia keeps weeks and months in one list of names, so that week 1
/// and January shut each other out. Without any option, or with nothing but zeros, everything complete stays.
///
/// ```
/// use appsnap::retention::presets::Kopia;
///
/// let options: Kopia = "latest=10,annual=3".parse()?;
/// assert_eq!(options.policy().rules().len(), 2);
/// # Ok::<(), appsnap::retention::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct Kopia {
    rules: [Option<u32>; 6],
}

impl Kopia {
    pub(super) fn parse_in(whole: &str, text: &str) -> Result<Self, Error> {
        let mut kopia = Self::default();
        for option in options(whole, text, &[])? {
            let word = if option.key == "yearly" { "annual" } else { option.key };
            let number = RULES.iter().position(|(known, _)| *known == word);
            let slot = number.and_then(|number| kopia.rules.get_mut(number)).ok_or_else(|| option.wrong_key(KNOWN))?;
            let Count::AtMost(count) = option.count(&[])? else { continue };
            if slot.replace(count).is_some() {
                return Err(option.wrong_value(option.value, "the rule has a value already"));
            }
        }
        Ok(kopia)
    }

    /// The policy that answers as the program with these options does.
    #[must_use]
    pub fn policy(&self) -> Policy {
        let mut policy = Policy::new("kopia")
            .with_calendar(Calendar::new(Zone::UTC).with_day(Day::Civil).with_months(MonthEnd::Normalise))
            .with_guards([INCOMPLETE]);
        if self.rules.iter().flatten().all(|count| *count == 0) {
            return policy.with_rule(Rule::new("latest", Keep::Last(Count::Unlimited)));
        }
        for ((word, unit), count) in RULES.into_iter().zip(self.rules) {
            let Some(count) = count.filter(|count| *count > 0) else { continue };
            let last = Count::AtMost(count);
            let rule = match unit {
                None => Rule::new(word, Keep::Last(last)),
                Some(unit) => {
                    let keep = Keep::LastWithin { last, span: span(unit, count), of: Reference::NewestStamped };
                    Rule::new(word, keep).with_select(Select::newest_of(unit))
                }
            };
            policy = policy.with_rule(rule);
        }
        policy
    }
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

impl FromStr for Kopia {
    type Err = Error;

    /// Reads the options, without `kopia:` in front.
    ///
    /// # Errors
    /// Names the option that is wrong and its place.
    fn from_str(text: &str) -> Result<Self, Error> {
        Self::parse_in(text, text)
    }
}
