//! What Platform.sh keeps, by backup schedule.

use super::super::{
    Calendar, Count, Counting, Day, Fallback, Filter, Guard, Keep, Origin, Pick, Policy, Rule, Select, Unit,
};

/// One stage of a schedule: so many buckets of so many units.
pub(super) struct Stage {
    pub(super) name: String,
    pub(super) unit: Unit,
    pub(super) every: u32,
    pub(super) count: u32,
}

/// A policy of stages: the first keeps the newest backup of each of its buckets; of what grows out of a stage, the
/// first of each bucket of the next is promoted to it. What an earlier stage keeps takes no place in a later one.
pub(super) fn staged(name: &str, manual_count: u32, stages: impl IntoIterator<Item = Stage>) -> Policy {
    let mut policy = Policy::new(name)
        .with_calendar(Calendar::default().with_day(Day::Civil))
        .with_counting(Counting::SkipKept)
        .with_guards([Guard::Unfinished]);
    for (number, stage) in stages.into_iter().enumerate() {
        let pick = if number == 0 { Pick::Newest } else { Pick::Oldest };
        let select = Select::Bucket { unit: stage.unit, every: stage.every, pick, fallback: Fallback::None };
        let rule = Rule::new(stage.name, Keep::Last(Count::AtMost(stage.count)))
            .with_from(Filter::origin(Origin::Automatic))
            .with_select(select);
        policy = policy.with_rule(rule);
    }
    policy.with_rule(Rule::new("manual", Keep::last(manual_count)).with_from(Filter::origin(Origin::Manual)))
}

fn stage(name: &str, unit: Unit, every: u32, count: u32) -> Stage {
    Stage { name: name.into(), unit, every, count }
}

/// Platform.sh, schedule "Basic": 2 daily automated backups and the last 2 manual ones.
///
/// Source: Platform.sh documentation, "Back up an environment", 2023. Days are read in UTC unless
/// [`Policy::with_calendar`] says otherwise; the platform reads them in the project's zone.
///
/// ```
/// use appsnap::retention::{Schedule, Zone, presets};
///
/// let schedule = Schedule::cron("0 2 * * *".parse()?, Zone::UTC);
/// let (from, to) = ("2024-01-01T00:00:00Z".parse()?, "2026-12-31T00:00:00Z".parse()?);
/// let simulation = presets::platformsh_basic().simulate(&schedule, from, to, None)?;
/// assert_eq!(simulation.steady().unwrap().max_count, 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn platformsh_basic() -> Policy {
    staged("platformsh-basic", 2, [stage("daily", Unit::Day, 1, 2)])
}

/// Platform.sh, schedule "Advanced": 6 daily, 3 weekly and 12 monthly automated backups, 21 in all, and the last 4
/// manual ones.
///
/// Source and calendar: see [`platformsh_basic`]. The total is why a backup counts in one stage only.
///
/// ```
/// use appsnap::retention::{Schedule, Zone, presets};
///
/// let schedule = Schedule::cron("0 2 * * *".parse()?, Zone::UTC);
/// let (from, to) = ("2024-01-01T00:00:00Z".parse()?, "2026-12-31T00:00:00Z".parse()?);
/// let simulation = presets::platformsh_advanced().simulate(&schedule, from, to, None)?;
/// assert_eq!(simulation.steady().unwrap().max_count, 21);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn platformsh_advanced() -> Policy {
    let stages =
        [stage("daily", Unit::Day, 1, 6), stage("weekly", Unit::Week, 1, 3), stage("monthly", Unit::Month, 1, 12)];
    staged("platformsh-advanced", 4, stages)
}

/// Platform.sh, schedule "Premium": 3 six-hourly automated backups for the last 24 hours, 30 daily and 11 monthly, 44
/// in all, and the last 4 manual ones.
///
/// Source and calendar: see [`platformsh_basic`].
///
/// ```
/// use appsnap::retention::{Schedule, Zone, presets};
///
/// let schedule = Schedule::cron("0 */6 * * *".parse()?, Zone::UTC);
/// let (from, to) = ("2024-01-01T00:00:00Z".parse()?, "2026-12-31T00:00:00Z".parse()?);
/// let simulation = presets::platformsh_premium().simulate(&schedule, from, to, None)?;
/// assert_eq!(simulation.steady().unwrap().max_count, 44);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn platformsh_premium() -> Policy {
    let stages =
        [stage("six-hourly", Unit::Hour, 6, 3), stage("daily", Unit::Day, 1, 30), stage("monthly", Unit::Month, 1, 11)];
    staged("platformsh-premium", 4, stages)
}
