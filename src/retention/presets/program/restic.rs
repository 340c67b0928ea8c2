//! The policies of restic.

use std::fmt;
use std::num::NonZeroU32;

use super::super::super::calendar::Calendar;
use super::super::super::error::Error;
use super::super::super::period::Period;
use super::super::super::policy::data::Policy;
use super::super::super::policy::rule::Rule;
use super::super::super::policy::{Count, Guard, Keep, Pick, Select, SpanEnd, Unit};
use super::notation::{Assignment, assignments};

const KNOWN: &str = "last, hourly, daily, weekly, monthly, yearly, within, within-hourly, within-daily, \
    within-weekly, within-monthly, within-yearly, tag";

/// The periods of restic: its word, and the unit.
const PERIODS: [(&str, Unit); 5] = [
    ("hourly", Unit::Hour),
    ("daily", Unit::Day),
    ("weekly", Unit::Week),
    ("monthly", Unit::Month),
    ("yearly", Unit::Year),
];

/// A duration as restic writes it: years, months, days and hours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Span {
    years: u32,
    months: u32,
    days: u32,
    hours: u32,
}

impl Span {
    /// `None` if it is out of range.
    fn period(self) -> Option<Period> {
        let months = Period::years(self.years).and(Period::months(self.months))?;
        months.and(Period::days(self.days))?.and(Period::hours(self.hours))
    }
}

impl fmt::Display for Span {
    /// Writes it as in the reasons of restic: `1y5m7d2h`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [(self.years, 'y'), (self.months, 'm'), (self.days, 'd'), (self.hours, 'h')];
        parts.iter().filter(|(number, _)| *number > 0).try_for_each(|(number, unit)| write!(f, "{number}{unit}"))
    }
}

/// Returns the policy of `restic forget` with these `keep-` options.
///
/// | option | keeps |
/// |---|---|
/// | `last=n` | the newest n |
/// | `hourly=n` `daily=n` `weekly=n` `monthly=n` `yearly=n` | the newest of each of the newest n such periods |
/// | `within=1y5m7d2h` | all after that time before the newest snapshot that is not in the future |
/// | `within-hourly=` ... `within-yearly=` | of those, the newest of each such period |
/// | `tag=a+b`, or `--keep-tag a,b` | all with every tag of the list; can appear several times |
///
/// A count can be `unlimited`. Options of 0 count as absent, and without options everything stays, as in restic.
///
/// It decides like restic 0.17 (`internal/restic/snapshot_policy.go`, 2024), and its rules are named as in the reasons
/// that restic prints. Every rule counts on its own. Periods are counted in the UTC offset of each snapshot's time
/// stamp. Months are subtracted as in Go, which carries the days that a shorter month does not have. The oldest snapshot
/// of all also matches a rule whose count is not used up, or whose time span contains it, if its period is taken.
///
/// restic has no failed or unfinished snapshots. Here, failed backups go without affecting any rule, and running and
/// queued ones stay. Of two snapshots of the same instant, restic takes the one that it read first, and this crate the
/// one whose id sorts first.
///
/// # Errors
/// Returns an error with the wrong option and its position.
///
/// ```
/// use appsnap::retention::presets;
///
/// let policy = presets::program::restic("last=3,daily=7,within=1y5m7d2h")?;
/// let names: Vec<_> = policy.rules().iter().map(|rule| rule.name()).collect();
/// assert_eq!(names, ["within 1y5m7d2h", "last snapshot", "daily snapshot"]);
/// # Ok::<(), appsnap::retention::Error>(())
/// ```
pub fn restic(options: &str) -> Result<Policy, Error> {
    parse(options, options)
}

/// The options of one call, without those that are 0.
#[derive(Default)]
struct Options {
    last: Option<Count>,
    periods: [Option<Count>; PERIODS.len()],
    within: Option<(Span, Period)>,
    within_periods: [Option<(Span, Period)>; PERIODS.len()],
    tags: Vec<Vec<String>>,
}

pub(super) fn parse(whole: &str, text: &str) -> Result<Policy, Error> {
    let mut options = Options::default();
    for option in assignments(whole, text, &["tag"])? {
        let is_period = |word: &str| PERIODS.iter().any(|(name, _)| *name == word);
        match option.key {
            "last" => options.last = count(&option)?,
            "within" => options.within = span(&option)?,
            "tag" => options.tags.push(option.list().collect()),
            key if is_period(key) => {
                let slot = slot(&mut options.periods, key, &option)?;
                *slot = count(&option)?;
            }
            key => {
                let word = key.strip_prefix("within-").ok_or_else(|| option.wrong_key(KNOWN))?;
                let slot = slot(&mut options.within_periods, word, &option)?;
                *slot = span(&option)?;
            }
        }
    }
    Ok(policy(text, options))
}

/// The element for the period with this word.
fn slot<'s, T>(slots: &'s mut [T], word: &str, option: &Assignment<'_>) -> Result<&'s mut T, Error> {
    let found = PERIODS.iter().zip(slots).find(|((name, _), _)| *name == word);
    found.map(|(_, slot)| slot).ok_or_else(|| option.wrong_key(KNOWN))
}

fn policy(text: &str, options: Options) -> Policy {
    let mut policy = Policy::new(format!("restic:{text}"))
        .with_calendar(Calendar::stamped().with_normalised_months())
        .with_guards([Guard::Unfinished]);
    let within = |span| Keep::Within { span, of: SpanEnd::Newest };
    let newest_of = |unit| Select::Bucket { unit, every: NonZeroU32::MIN, pick: Pick::NewestAndOldestOfAll };
    for tags in options.tags {
        let name = format!("has tags [{}]", tags.join(", "));
        policy = policy.with_rule(Rule::new(name, Keep::Forever).with_tags(tags));
    }
    if let Some((span, period)) = options.within {
        policy = policy.with_rule(Rule::new(format!("within {span}"), within(period)));
    }
    if let Some(count) = options.last {
        policy = policy.with_rule(Rule::new("last snapshot", Keep::Last(count)));
    }
    for ((word, unit), count) in PERIODS.into_iter().zip(options.periods) {
        if let Some(count) = count {
            let rule = Rule::new(format!("{word} snapshot"), Keep::Last(count)).with_select(newest_of(unit));
            policy = policy.with_rule(rule);
        }
    }
    for ((word, unit), span) in PERIODS.into_iter().zip(options.within_periods) {
        if let Some((span, period)) = span {
            let rule = Rule::new(format!("{word} within {span}"), within(period)).with_select(newest_of(unit));
            policy = policy.with_rule(rule);
        }
    }
    policy
}

fn count(option: &Assignment<'_>) -> Result<Option<Count>, Error> {
    Ok(Some(option.count(&["unlimited"])?).filter(|count| *count != Count::AtMost(0)))
}

fn span(option: &Assignment<'_>) -> Result<Option<(Span, Period)>, Error> {
    let mut span = Span::default();
    for (number, unit) in option.quantities("ymdh")? {
        // If a unit appears twice, the last one counts, as in restic.
        match unit {
            'y' => span.years = number,
            'm' => span.months = number,
            'd' => span.days = number,
            _ => span.hours = number,
        }
    }
    let period = span.period().ok_or_else(|| option.wrong_value(option.value, "the duration is too long"))?;
    Ok((span != Span::default()).then_some((span, period)))
}
