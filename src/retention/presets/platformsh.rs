//! The policies of Platform.sh.

use std::num::NonZeroU32;

use super::super::backup::Origin;
use super::super::calendar::Calendar;
use super::super::policy::data::Policy;
use super::super::policy::rule::Rule;
use super::super::policy::{Count, Counting, Guard, Keep, Pick, Select, Unit};

/// A stage of a schedule: a number of buckets of a number of units.
pub(super) struct Stage {
    pub(super) name: String,
    pub(super) unit: Unit,
    pub(super) every: NonZeroU32,
    pub(super) count: u32,
}

/// A policy of stages. The first keeps the newest backup of each of its buckets. The first backup of each bucket that
/// leaves a stage is promoted to the next one. What an earlier stage keeps does not count in a later one.
pub(super) fn staged(name: &str, manual_count: u32, stages: impl IntoIterator<Item = Stage>) -> Policy {
    let mut policy = Policy::new(name)
        .with_calendar(Calendar::utc().with_civil_days())
        .with_counting(Counting::SkipKept)
        .with_guards([Guard::Unfinished]);
    for (number, Stage { name, unit, every, count }) in stages.into_iter().enumerate() {
        let pick = if number == 0 { Pick::Newest } else { Pick::Oldest };
        let rule = Rule::new(name, Keep::Last(Count::AtMost(count)))
            .with_origin(Origin::Automatic)
            .with_select(Select::Bucket { unit, every, pick });
        policy = policy.with_rule(rule);
    }
    policy.with_rule(Rule::new("manual", Keep::last(manual_count)).with_origin(Origin::Manual))
}

const SIX: NonZeroU32 = NonZeroU32::MIN.saturating_add(5);

fn stage(name: &str, unit: Unit, every: NonZeroU32, count: u32) -> Stage {
    Stage { name: name.into(), unit, every, count }
}

/// Returns the policy of Platform.sh with the schedule "Basic": 2 daily automated backups, and the last 2 manual ones.
///
/// Source: Platform.sh documentation, "Back up an environment", 2023. Days are counted in UTC unless
/// [`Policy::in_zone`] changes it; the platform counts them in the project's time zone.
#[must_use]
pub fn platformsh_basic() -> Policy {
    staged("platformsh-basic", 2, [stage("daily", Unit::Day, NonZeroU32::MIN, 2)])
}

/// Returns the policy of Platform.sh with the schedule "Advanced": 6 daily, 3 weekly and 12 monthly automated backups,
/// 21 in all, and the last 4 manual ones.
///
/// See [`platformsh_basic`] for the source and the calendar. The total is the reason why a backup counts in one stage
/// only.
#[must_use]
pub fn platformsh_advanced() -> Policy {
    let stages = [
        stage("daily", Unit::Day, NonZeroU32::MIN, 6),
        stage("weekly", Unit::Week, NonZeroU32::MIN, 3),
        stage("monthly", Unit::Month, NonZeroU32::MIN, 12),
    ];
    staged("platformsh-advanced", 4, stages)
}

/// Returns the policy of Platform.sh with the schedule "Premium": 3 six-hourly automated backups in the last 24 hours,
/// 30 daily and 11 monthly ones, 44 in all, and the last 4 manual ones.
///
/// See [`platformsh_basic`] for the source and the calendar.
#[must_use]
pub fn platformsh_premium() -> Policy {
    let stages = [
        stage("six-hourly", Unit::Hour, SIX, 3),
        stage("daily", Unit::Day, NonZeroU32::MIN, 30),
        stage("monthly", Unit::Month, NonZeroU32::MIN, 11),
    ];
    staged("platformsh-premium", 4, stages)
}
