//! The retention policies of Upsun, read from its own JSON.

use std::collections::BTreeMap;
use std::num::NonZeroU32;

use serde::Deserialize;

use super::super::error::Error;
use super::super::policy::Unit;
use super::super::policy::data::Policy;
use super::platformsh::{Stage, staged};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    data_retention: BTreeMap<String, Environment>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Environment {
    #[serde(default)]
    max_backups: Option<u32>,
    default_config: Config,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    #[serde(default)]
    manual_count: u32,
    #[serde(default)]
    schedule: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    interval: Interval,
    count: u32,
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
/// leaves a stage is promoted to the next. `max_backups` is read as a quota, since the document does not say what would
/// be deleted for it. Source: Upsun documentation, "Data retention", 2026.
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
        let stages = settings.default_config.schedule.into_iter().map(|entry| Stage {
            name: entry.interval.text,
            unit: entry.interval.unit,
            every: entry.interval.every,
            count: entry.count,
        });
        let policy = staged(&format!("upsun-{environment}"), settings.default_config.manual_count, stages);
        let policy = match settings.max_backups {
            Some(max_backups) => policy.with_quota_count(max_backups),
            None => policy,
        };
        (environment, policy)
    });
    Ok(policies.collect())
}
