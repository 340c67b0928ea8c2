//! What Mendix Cloud and Mendix on Azure keep.

use jiff::civil::Weekday;

use super::super::{Anchor, Filter, Guard, Keep, Origin, Period, Policy, Rule, Select};

/// A platform's own policy: nothing is held but what is still being made.
fn platform(name: &str) -> Policy {
    Policy::new(name).with_guards([Guard::Unfinished])
}

fn cloud(name: &str, nightly_days: u32) -> Policy {
    let automatic = Filter::origin(Origin::Automatic);
    platform(name)
        .with_rule(Rule::new("nightly", Keep::span(Period::days(nightly_days))).with_from(automatic.clone()))
        .with_rule(
            Rule::new("weekly", Keep::span(Period::months(3)))
                .with_from(automatic.clone())
                .with_select(Select::Weekday(Weekday::Sunday)),
        )
        .with_rule(
            Rule::new("monthly", Keep::span(Period::years(1)))
                .with_from(automatic)
                .with_select(Select::nth_weekday(1, Weekday::Sunday)),
        )
        .with_rule(Rule::new("manual", Keep::span(Period::months(3))).with_from(Filter::origin(Origin::Manual)))
        .with_rule(Rule::new("uploaded", Keep::span(Period::months(3))).with_from(Filter::origin(Origin::Uploaded)))
}

/// Mendix Cloud as documented in 2021: nightlies 30 days, those of a Sunday 3 months, those of the first Sunday of the
/// month 1 year; manual and uploaded backups 3 months.
///
/// Source: Mendix documentation, "Backups", 2021. Whose Sunday is not documented; the calendar reads nights from noon
/// to noon in UTC, which [`Policy::with_calendar`] changes to a region's zone. A backup goes on its date even if it is
/// the newest, and only completed ones have a date.
///
/// ```
/// use appsnap::retention::{Backup, Expiry, presets};
///
/// let policy = presets::mendix_cloud_2021();
/// let tuesday = Backup::new("tuesday", "2020-02-18T01:41:27Z".parse()?);
/// assert_eq!(policy.expires_at(&tuesday), Some(Expiry::At("2020-03-19T01:41:27Z".parse()?)));
/// # Ok::<(), jiff::Error>(())
/// ```
#[must_use]
pub fn mendix_cloud_2021() -> Policy {
    cloud("mendix-cloud-2021", 30)
}

/// Mendix Cloud as documented in 2026: as [`mendix_cloud_2021`], with nightlies kept 14 days.
///
/// Source: Mendix documentation, "Backups", 2026.
///
/// ```
/// use appsnap::retention::{Backup, Expiry, presets};
///
/// let tuesday = Backup::new("tuesday", "2026-11-10T23:41:27Z".parse()?);
/// assert_eq!(presets::mendix_cloud().expires_at(&tuesday), Some(Expiry::At("2026-11-24T23:41:27Z".parse()?)));
/// # Ok::<(), jiff::Error>(())
/// ```
#[must_use]
pub fn mendix_cloud() -> Policy {
    cloud("mendix-cloud", 14)
}

/// Mendix on Azure: nightlies 14 days from the previous day, those of a Sunday 3 months from the previous day, those
/// of the first Sunday of the month 1 year on that Sunday; on demand 14 days from the previous day.
///
/// Source: Mendix documentation, "Mendix on Azure: backups", 2025. "From the previous day" is read as the same time of
/// day, counted from the day before the backup was taken; "on that Sunday" as counted from the start of that Sunday's
/// night. Both are our readings of two words each.
///
/// ```
/// use appsnap::retention::{Backup, Expiry, Origin, presets};
///
/// let manual = Backup::new("by hand", "2026-11-10T16:00:00Z".parse()?).with_origin(Origin::Manual);
/// assert_eq!(presets::mendix_on_azure().expires_at(&manual), Some(Expiry::At("2026-11-23T16:00:00Z".parse()?)));
/// # Ok::<(), jiff::Error>(())
/// ```
#[must_use]
pub fn mendix_on_azure() -> Policy {
    let automatic = Filter::origin(Origin::Automatic);
    let from_previous_day = |span| Keep::For { span, anchor: Anchor::PreviousDay };
    let on_demand =
        |name: &str, origin| Rule::new(name, from_previous_day(Period::days(14))).with_from(Filter::origin(origin));
    platform("mendix-on-azure")
        .with_rule(Rule::new("nightly", from_previous_day(Period::days(14))).with_from(automatic.clone()))
        .with_rule(
            Rule::new("weekly", from_previous_day(Period::months(3)))
                .with_from(automatic.clone())
                .with_select(Select::Weekday(Weekday::Sunday)),
        )
        .with_rule(
            Rule::new("monthly", Keep::For { span: Period::years(1), anchor: Anchor::StartOfDay })
                .with_from(automatic)
                .with_select(Select::nth_weekday(1, Weekday::Sunday)),
        )
        .with_rule(on_demand("on demand", Origin::Manual))
        .with_rule(on_demand("uploaded", Origin::Uploaded))
}
