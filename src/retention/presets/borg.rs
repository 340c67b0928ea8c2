//! The policies of `borg prune`.

use std::str::FromStr;

use super::super::{
    Calendar, Count, Counting, Day, Error, Fallback, Filter, Guard, Keep, Period, Pick, Policy, Reference, Rule,
    Select, Unit, Zone,
};
use super::notation::{Opt, options};

const KNOWN: &str =
    "within, last, keep, secondly, minutely, hourly, daily, weekly, monthly, 13weekly, 3monthly, yearly";

/// The rules in borg's order, which is the order in which they are asked: its word, and the unit of a period.
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

/// borg marks archives that must not be pruned with this tag.
const PROTECTED_TAG: &str = "@PROT";

/// The options of `borg prune`, as the text behind `borg:`.
///
/// `last=n` (or `keep=n`), `secondly=n`, `minutely=n`, `hourly=n`, `daily=n`, `weekly=n`, `monthly=n`, `13weekly=n`,
/// `3monthly=n`, `yearly=n`, and `within=2d`. Each takes a count, `all` (or `-1`, `unlimited`) or an interval such as
/// `30d` with the units `y m w d H M S`; `within-daily=30d` is another spelling of `daily=30d`.
///
/// Answers follow borg 2 (`prune_cmd.py`, 2025): rules are asked from fine to coarse, and a coarser one passes over
/// what a finer one kept; intervals reach back from now, with a month of 31 days and a year of 365; the oldest archive
/// fills an unfilled coarsest rule; protected archives stay and are not counted. borg reads its host's zone; here it
/// is UTC unless [`Policy::with_calendar`] says otherwise.
///
/// ```
/// use appsnap::retention::presets::Borg;
///
/// let options: Borg = "within=2d,daily=7,monthly=all".parse()?;
/// assert_eq!(options.policy().rules().len(), 3);
/// # Ok::<(), appsnap::retention::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct Borg {
    rules: [Option<Keep>; 12],
}

impl Borg {
    pub(super) fn parse_in(whole: &str, text: &str) -> Result<Self, Error> {
        let mut borg = Self::default();
        for option in options(whole, text, &[])? {
            let word = option.key.strip_prefix("within-").unwrap_or(option.key);
            let number = RULES.iter().position(|(known, _)| *known == word);
            let slot = number.and_then(|number| borg.rules.get_mut(number)).ok_or_else(|| option.wrong_key(KNOWN))?;
            if slot.replace(keep(&option)?).is_some() {
                return Err(option.wrong_value(option.value, "the rule has a value already"));
            }
        }
        Ok(borg)
    }

    /// The policy that answers as the program with these options does.
    #[must_use]
    pub fn policy(&self) -> Policy {
        let mut policy = Policy::new("borg")
            .with_calendar(Calendar::new(Zone::UTC).with_day(Day::Civil))
            .with_counting(Counting::SkipKept)
            .with_guards([Guard::Unfinished, Guard::Protected, Guard::Tagged(PROTECTED_TAG.into())]);
        let coarsest = self.rules.iter().rposition(Option::is_some);
        for (number, ((word, unit), keep)) in RULES.into_iter().zip(&self.rules).enumerate() {
            let Some(keep) = keep else { continue };
            let fallback = if coarsest == Some(number) { Fallback::Oldest } else { Fallback::None };
            let select = match unit {
                Some(unit) => Select::Bucket { unit, every: 1, pick: Pick::Newest, fallback },
                None => Select::Every,
            };
            policy = policy.with_rule(Rule::new(word, keep.clone()).with_from(Filter::default()).with_select(select));
        }
        policy
    }
}

impl FromStr for Borg {
    type Err = Error;

    /// Reads the options, without `borg:` in front.
    ///
    /// # Errors
    /// Names the option that is wrong and its place.
    fn from_str(text: &str) -> Result<Self, Error> {
        Self::parse_in(text, text)
    }
}

fn keep(option: &Opt<'_>) -> Result<Keep, Error> {
    let is_interval = option.value.ends_with(|last: char| last.is_ascii_alphabetic())
        && option.value.starts_with(|first: char| first.is_ascii_digit());
    if !is_interval && !option.key.starts_with("within") {
        return Ok(Keep::Last(option.count(&["all", "-1", "unlimited"])?));
    }
    let mut seconds = 0_u64;
    for (number, unit) in option.quantities("ymwdHhMS")? {
        let each: u64 = match unit {
            'y' => 365 * 86_400,
            'm' => 31 * 86_400,
            'w' => 7 * 86_400,
            'd' => 86_400,
            'H' | 'h' => 3_600,
            'M' => 60,
            _ => 1,
        };
        seconds = seconds.saturating_add(each.saturating_mul(number.into()));
    }
    if seconds == 0 {
        return Ok(Keep::Last(Count::AtMost(0)));
    }
    Ok(Keep::Within { span: Period::seconds(seconds), of: Reference::Now })
}
