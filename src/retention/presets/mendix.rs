//! The policies of Mendix Cloud and Mendix on Azure.

use jiff::civil::Weekday;

use super::super::backup::Origin;
use super::super::calendar::Calendar;
use super::super::period::Period;
use super::super::policy::data::Policy;
use super::super::policy::rule::Rule;
use super::super::policy::{ExpiryStart, Guard, Keep, Select, SpanEnd};

const FIRST_SUNDAY: Select = Select::NthWeekday { nth: 1, weekday: Weekday::Sunday, month: None };

/// Nothing is held but what is running or queued. The region decides whose Sunday it is; published dates have the same
/// time of day in UTC as the backups, across changes of the region's clocks.
fn platform(name: &str) -> Policy {
    Policy::new(name).with_calendar(Calendar::utc().with_nights().with_utc_expiry()).with_guards([Guard::Unfinished])
}

fn automatic(name: &str, keep: Keep) -> Rule {
    Rule::new(name, keep).with_origin(Origin::Automatic)
}

fn cloud(name: &str, nightly_days: u32) -> Policy {
    let (three_months, year) = (Keep::span(Period::months(3)), Keep::span(Period::years(1)));
    platform(name)
        .with_rule(automatic("nightly", Keep::span(Period::days(nightly_days))))
        .with_rule(automatic("weekly", three_months.clone()).with_select(Select::Weekday(Weekday::Sunday)))
        .with_rule(automatic("monthly", year).with_select(FIRST_SUNDAY))
        .with_rule(Rule::new("manual", three_months.clone()).with_origin(Origin::Manual))
        .with_rule(Rule::new("uploaded", three_months).with_origin(Origin::Uploaded))
}

/// Returns the policy of Mendix Cloud as documented in 2021: nightly backups stay 30 days, those of a Sunday 3 months,
/// and those of the first Sunday of the month 1 year. Manual and uploaded backups stay 3 months.
///
/// Source: Mendix documentation, "Backups", 2021. It does not say whose Sunday. The calendar counts nights from noon to
/// noon in UTC; [`Policy::in_zone`] changes it to the time zone of a region. Days and months are added in UTC in every
/// region, as in all published dates. A backup goes on its date even if it is the newest, and only completed backups
/// have a date.
///
/// ```
/// use appsnap::retention::{Backup, plan::Expiry, presets};
///
/// let policy = presets::mendix_cloud_2021();
/// let tuesday = Backup::new("tuesday", "2020-02-18T01:41:27Z".parse()?);
/// assert_eq!(policy.expires_at(&tuesday), Some(Expiry::At("2020-03-19T01:41:27Z".parse()?)));
/// # Ok::<(), appsnap::jiff::Error>(())
/// ```
#[must_use]
pub fn mendix_cloud_2021() -> Policy {
    cloud("mendix-cloud-2021", 30)
}

/// Returns the policy of Mendix Cloud as documented in 2026: [`mendix_cloud_2021`], except that nightly backups stay 14
/// days.
///
/// Source: Mendix documentation, "Backups", 2026.
#[must_use]
pub fn mendix_cloud() -> Policy {
    cloud("mendix-cloud", 14)
}

/// Returns the policy of Mendix on Azure: nightly backups stay 14 days from the previous day, those of a Sunday 3 months
/// from the previous day, and those of the first Sunday of the month 1 year from that Sunday. Backups on demand stay 14
/// days from the previous day.
///
/// Source: Mendix documentation, "Mendix on Azure: backups", 2025. We read "from the previous day" as the same time of
/// day, counted from the day before the backup was taken, and "on that Sunday" as counted from the start of that
/// Sunday's night.
#[must_use]
pub fn mendix_on_azure() -> Policy {
    let keep = |span, anchor| Keep::For { span, anchor, of: SpanEnd::Now };
    let from_previous_day = |span| keep(span, ExpiryStart::PreviousDay);
    let (two_weeks, three_months) = (from_previous_day(Period::days(14)), from_previous_day(Period::months(3)));
    let year = keep(Period::years(1), ExpiryStart::StartOfDay);
    platform("mendix-on-azure")
        .with_rule(automatic("nightly", two_weeks.clone()))
        .with_rule(automatic("weekly", three_months).with_select(Select::Weekday(Weekday::Sunday)))
        .with_rule(automatic("monthly", year).with_select(FIRST_SUNDAY))
        .with_rule(Rule::new("on demand", two_weeks.clone()).with_origin(Origin::Manual))
        .with_rule(Rule::new("uploaded", two_weeks).with_origin(Origin::Uploaded))
}
