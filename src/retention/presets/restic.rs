//! The policies of `restic forget`, with restic's own answers.

use std::fmt;
use std::str::FromStr;

use super::super::{
    Calendar, Count, Day, Error, Fallback, Filter, Guard, Keep, MonthEnd, Period, Pick, Policy, Reference, Rule,
    Select, Unit, Zone,
};
use super::notation::{Opt, options};

const KNOWN: &str = "last, hourly, daily, weekly, monthly, yearly, within, within-hourly, within-daily, \
    within-weekly, within-monthly, within-yearly, tag";

/// The periods that restic buckets by: its word, and the unit.
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
    fn period(self) -> Period {
        let calendar = Period::years(self.years).and(Period::months(self.months)).and(Period::days(self.days));
        calendar.and(Period::hours(self.hours))
    }
}

impl fmt::Display for Span {
    /// As restic prints it in its reasons: `1y5m7d2h`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [(self.years, 'y'), (self.months, 'm'), (self.days, 'd'), (self.hours, 'h')];
        parts.iter().filter(|(number, _)| *number > 0).try_for_each(|(number, unit)| write!(f, "{number}{unit}"))
    }
}

/// The options of `restic forget`, read from the text behind `restic:`; by default none, which keeps everything.
///
/// | option | keeps |
/// |---|---|
/// | `last=n` | the newest n |
/// | `hourly=n` `daily=n` `weekly=n` `monthly=n` `yearly=n` | the newest of each of the newest n such periods |
/// | `within=1y5m7d2h` | all after that long before the newest snapshot that is not in the future |
/// | `within-hourly=` ... `within-yearly=` | of those, the newest of each such period |
/// | `tag=a+b` | all with every tag of the list; may stand several times |
///
/// `unlimited` is a count. Answers and reasons are restic's (0.17, `internal/restic/snapshot_policy.go`, 2024): every
/// rule counts on its own; periods are read in the offset that each snapshot was stamped with; months are subtracted
/// as Go does it, running over the end of a short one; the very oldest snapshot also matches a rule whose count is not
/// used up, or whose span it lies in, although its period is taken. A policy without options keeps everything. Names
/// of the rules are the words of restic's reasons.
///
/// What restic does not know: backups that failed are in no rule's way and go; running and queued ones stay. Of two
/// snapshots of one instant, restic takes the one it read first, this crate the one whose id sorts first.
///
/// ```
/// use appsnap::retention::presets::Restic;
///
/// let options: Restic = "last=3,daily=7,within=1y5m7d2h".parse()?;
/// let policy = options.policy();
/// let names: Vec<_> = policy.rules().iter().map(|rule| rule.name()).collect();
/// assert_eq!(names, ["within 1y5m7d2h", "last snapshot", "daily snapshot"]);
/// # Ok::<(), appsnap::retention::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct Restic {
    last: Option<Count>,
    periods: [Option<Count>; 5],
    within: Span,
    within_periods: [Span; 5],
    tags: Vec<Vec<String>>,
}

impl Restic {
    pub(super) fn parse_in(whole: &str, text: &str) -> Result<Self, Error> {
        let mut restic = Self::default();
        for option in options(whole, text, &["tag"])? {
            let period = |word: &str| PERIODS.iter().position(|(name, _)| *name == word);
            match option.key {
                "last" => restic.last = Some(option.count(&["unlimited"])?),
                "within" => restic.within = span(&option)?,
                "tag" => restic.tags.push(option.value.split('+').map(str::to_owned).collect()),
                key => {
                    let within = key.strip_prefix("within-").and_then(period);
                    if let Some(slot) = within.and_then(|number| restic.within_periods.get_mut(number)) {
                        *slot = span(&option)?;
                    } else if let Some(slot) = period(key).and_then(|number| restic.periods.get_mut(number)) {
                        *slot = Some(option.count(&["unlimited"])?);
                    } else {
                        return Err(option.wrong_key(KNOWN));
                    }
                }
            }
        }
        Ok(restic)
    }

    /// The policy. Options of 0 are as if not given, which is how restic takes them.
    #[must_use]
    pub fn policy(&self) -> Policy {
        let mut policy = Policy::new("restic")
            .with_calendar(Calendar::new(Zone::Stamped).with_day(Day::Civil).with_months(MonthEnd::Normalise))
            .with_guards([Guard::Unfinished]);
        for tags in &self.tags {
            let name = format!("has tags [{}]", tags.join(", "));
            policy =
                policy.with_rule(Rule::new(name, Keep::Forever).with_from(Filter::default().with_tags(tags.clone())));
        }
        let within = |span: Span| Keep::Within { span: span.period(), of: Reference::Newest };
        if self.within != Span::default() {
            policy = policy.with_rule(Rule::new(format!("within {}", self.within), within(self.within)));
        }
        let newest_of = |unit| Select::Bucket { unit, every: 1, pick: Pick::Newest, fallback: Fallback::Oldest };
        if let Some(count) = self.last.filter(|count| *count != Count::AtMost(0)) {
            policy = policy.with_rule(Rule::new("last snapshot", Keep::Last(count)));
        }
        for ((word, unit), count) in PERIODS.into_iter().zip(self.periods) {
            if let Some(count) = count.filter(|count| *count != Count::AtMost(0)) {
                let rule = Rule::new(format!("{word} snapshot"), Keep::Last(count)).with_select(newest_of(unit));
                policy = policy.with_rule(rule);
            }
        }
        for ((word, unit), span) in PERIODS.into_iter().zip(self.within_periods) {
            if span != Span::default() {
                let rule = Rule::new(format!("{word} within {span}"), within(span)).with_select(newest_of(unit));
                policy = policy.with_rule(rule);
            }
        }
        policy
    }
}

impl FromStr for Restic {
    type Err = Error;

    /// Reads the options, without `restic:` in front.
    ///
    /// # Errors
    /// Names the option that is wrong and its place.
    fn from_str(text: &str) -> Result<Self, Error> {
        Self::parse_in(text, text)
    }
}

fn span(option: &Opt<'_>) -> Result<Span, Error> {
    let mut span = Span::default();
    for (number, unit) in option.quantities("ymdh")? {
        // A unit that stands twice counts once, the last time: restic assigns.
        match unit {
            'y' => span.years = number,
            'm' => span.months = number,
            'd' => span.days = number,
            _ => span.hours = number,
        }
    }
    Ok(span)
}
