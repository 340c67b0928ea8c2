//! The policies of Veeam Backup & Replication: a number of restore points, and GFS flags.

use jiff::civil::{Date, Weekday};

use super::super::super::calendar::Calendar;
use super::super::super::error::Error;
use super::super::super::names::weekday;
use super::super::super::period::Period;
use super::super::super::policy::data::Policy;
use super::super::super::policy::rule::Rule;
use super::super::super::policy::{Count, Guard, Keep, Select};
use super::notation::{Assignment, assignments};

const KNOWN: &str = "last, days, weekly, monthly, yearly, day, week, month";

/// Returns the policy of Veeam with these options: `last=n` restore points or `days=n`, `weekly=n` weeks, `monthly=n`
/// months, `yearly=n` years; `day=sunday` is the day of the week whose backups get a flag, `week=first` (to `fifth`, or
/// `last`) the week of the month, and `month=january` the month of the year.
///
/// A weekly backup stays until its date and n times 7 days, a monthly one n months and 1 day, and a yearly one n years
/// and 1 day. Veeam computes the dates again when the policy changes, and so does this policy: it depends on the backups
/// alone. Flags are for full backups: list only those. A backup in progress stays. Days are counted in UTC unless
/// [`Policy::in_zone`] changes it; Veeam counts them in the zone of its server.
///
/// Source: Veeam Backup & Replication user guide, "Long-Term Retention Policy (GFS)", version 12, 2024. We read a flag as
/// that of the chosen day alone; Veeam gives it to the next backup of the period if that day has none.
///
/// # Errors
/// Returns an error with the wrong option and its position.
///
/// ```
/// use appsnap::retention::{Backup, plan::Expiry, presets};
///
/// let policy = presets::program::veeam("weekly=4,monthly=12,yearly=3")?;
/// let expiry = |at: &str| policy.expires_at(&Backup::new("b", at.parse().unwrap())).unwrap().to_string();
/// assert_eq!(expiry("2026-11-08T22:00:00Z"), "2026-12-06T22:00:00Z");
/// assert_eq!(expiry("2026-11-01T22:00:00Z"), "2027-11-02T22:00:00Z");
/// assert_eq!(expiry("2026-01-04T22:00:00Z"), "2029-01-05T22:00:00Z");
/// # Ok::<(), appsnap::retention::Error>(())
/// ```
pub fn veeam(options: &str) -> Result<Policy, Error> {
    parse(options, options)
}

pub(super) fn parse(whole: &str, text: &str) -> Result<Policy, Error> {
    let (mut day, mut nth, mut month) = (Weekday::Sunday, 1, 1);
    let options = assignments(whole, text, &[])?;
    for option in &options {
        match option.key {
            "day" => day = word(option, Weekday::Monday.cycle_forward().take(7), weekday::name)?,
            "week" => nth = word(option, WEEKS.into_iter(), |(name, _)| name)?.1,
            "month" => month = word(option, 1..=12, month_name)?,
            "last" | "days" | "weekly" | "monthly" | "yearly" => {}
            _ => return Err(option.wrong_key(KNOWN)),
        }
    }
    let mut policy =
        Policy::new(format!("veeam:{text}")).with_calendar(Calendar::utc()).with_guards([Guard::Unfinished]);
    for option in &options {
        let select = match option.key {
            "weekly" => Some(Select::Weekday(day)),
            "monthly" => Select::nth_weekday(nth, day),
            "yearly" => Select::nth_weekday(nth, day).and_then(|select| select.in_month(month)),
            "last" | "days" => Some(Select::Every),
            _ => continue,
        };
        let Count::AtMost(count) = option.count(&[])? else { continue };
        if count == 0 {
            continue;
        }
        let one_more_day = |span: Period| span.and(Period::days(1));
        let span = match option.key {
            "weekly" => Some(Period::weeks(count)),
            "monthly" => one_more_day(Period::months(count)),
            "yearly" => one_more_day(Period::years(count)),
            "days" => Some(Period::days(count)),
            _ => None,
        };
        let keep = span.map_or(Keep::last(count), Keep::span);
        policy = policy.with_rule(Rule::new(option.key, keep).with_select(select.unwrap_or(Select::Every)));
    }
    Ok(policy)
}

const WEEKS: [(&str, i8); 6] = [("first", 1), ("second", 2), ("third", 3), ("fourth", 4), ("fifth", 5), ("last", -1)];

fn month_name(month: i8) -> String {
    Date::new(2001, month, 1).map_or_else(|_| String::new(), |date| date.strftime("%B").to_string())
}

/// The value that a word names, in upper or lower case.
fn word<T: Copy, N: AsRef<str>>(
    option: &Assignment<'_>,
    values: impl Iterator<Item = T>,
    name: impl Fn(T) -> N,
) -> Result<T, Error> {
    let values: Vec<T> = values.collect();
    let found = values.iter().find(|value| name(**value).as_ref().eq_ignore_ascii_case(option.value));
    found.copied().ok_or_else(|| {
        let names: Vec<String> = values.iter().map(|value| name(*value).as_ref().to_lowercase()).collect();
        option.wrong_value(option.value, &format!("known are {}", names.join(", ")))
    })
}
