//! The retention policies of Upsun, read from its own JSON.

use std::collections::BTreeMap;
use std::num::NonZeroU32;

use serde::Deserialize;

use super::super::error::Error;
use super::super::policy::data::Policy;
use super::super::policy::{Keep, Unit};
use super::platformsh::{Stage, staged};

/// The settings of a project. Other members than this one are about something else.
#[derive(Deserialize)]
struct Document {
    data_retention: BTreeMap<String, Environment>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Environment {
    #[serde(default)]
    max_backups: Option<u32>,
    #[serde(default)]
    default_config: Config,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    #[serde(default)]
    manual_count: Option<u32>,
    #[serde(default)]
    schedule: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    interval: Interval,
    count: u32,
}

/// The automated backups that the platform keeps without a schedule: one a day, for two days.
fn default_stage() -> Stage {
    Stage { name: "1d".into(), unit: Unit::Day, every: NonZeroU32::MIN, count: 2 }
}

/// A number and a unit: `1d`, `6h`, `1M`.
struct Interval {
    text: String,
    every: NonZeroU32,
    unit: Unit,
}

impl<'de> Deserialize<'de> for Interval {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let wrong = |what: &str| {
            serde::de::Error::custom(format_args!("{text:?} {what}: write a number and h, d, w, M (month) or y"))
        };
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (number, unit) = text.split_at(digits);
        let every = number.parse().map_err(|_| wrong("is not an interval"))?;
        let unit = match unit {
            "h" => Unit::Hour,
            "d" => Unit::Day,
            "w" => Unit::Week,
            "M" => Unit::Month,
            "y" => Unit::Year,
            "m" => return Err(wrong("has the unit m, which does not exist")),
            _ => return Err(wrong("is not an interval")),
        };
        Ok(Self { text, every, unit })
    }
}

/// Reads the `data_retention` document of Upsun: a policy for each type of environment, such as `production`.
///
/// The entries of the schedule are stages, as in the presets of Platform.sh: the first backup of each interval that
/// leaves a stage is promoted to the next. What the document leaves out is the platform's default: an automated backup
/// for each of the last two days, and manual backups until they are deleted. `max_backups` is a quota over both kinds,
/// since the document does not say what would be deleted for it. Other members of the project's settings are ignored.
/// Source: Upsun documentation, "Data retention", 2026.
///
/// # Errors
/// Returns an error with the line and the member if the text is not such a document.
///
/// ```
/// use appsnap::retention::presets;
///
/// let text = r#"{"data_retention": {"production": {"max_backups": 10, "default_config":
///     {"manual_count": 1, "schedule": [{"interval": "1d", "count": 7}, {"interval": "1M", "count": 12}]}}}}"#;
/// let production = &presets::upsun(text)?["production"];
/// assert_eq!(production.rules().len(), 3);
/// assert_eq!(production.quota_count(), Some(10));
/// # Ok::<(), appsnap::retention::Error>(())
/// ```
pub fn upsun(text: &str) -> Result<BTreeMap<String, Policy>, Error> {
    let document: Document = serde_json::from_str(text).map_err(|error| Error::json(text, error))?;
    let policies = document.data_retention.into_iter().map(|(environment, settings)| {
        let Config { manual_count, schedule } = settings.default_config;
        let stages = schedule.into_iter().map(|Entry { interval, count }| Stage {
            name: interval.text,
            unit: interval.unit,
            every: interval.every,
            count,
        });
        let mut stages: Vec<Stage> = stages.collect();
        if stages.is_empty() {
            stages.push(default_stage());
        }
        let manual = manual_count.map_or(Keep::Forever, Keep::last);
        let policy = staged(&format!("upsun-{environment}"), manual, stages);
        let policy = match settings.max_backups {
            Some(max_backups) => policy.with_quota_count(max_backups),
            None => policy,
        };
        (environment, policy)
    });
    Ok(policies.collect())
}
