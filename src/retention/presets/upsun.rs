//! Reads the retention policies of Upsun from its own JSON.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::super::{Error, Policy, Unit};
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
    every: u32,
    unit: Unit,
}

impl<'de> Deserialize<'de> for Interval {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let wrong = |what: &str| {
            serde::de::Error::custom(format_args!("{text:?} {what}: give a number and h, d, w, M (month) or y"))
        };
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (number, unit) = text.split_at(digits);
        let every = number.parse().ok().filter(|every| *every > 0).ok_or_else(|| wrong("is no interval"))?;
        let unit = match unit {
            "h" => Unit::Hour,
            "d" => Unit::Day,
            "w" => Unit::Week,
            "M" => Unit::Month,
            "y" => Unit::Year,
            "m" => return Err(wrong("has the unit m, which does not exist")),
            _ => return Err(wrong("is no interval")),
        };
        Ok(Self { text, every, unit })
    }
}

/// The policy for one type of environment.
///
/// ```
/// use appsnap::retention::presets;
///
/// let text = r#"{"data_retention": {"staging": {"max_backups": 2, "default_config":
///     {"manual_count": 2, "schedule": []}}}}"#;
/// let staging = presets::upsun(text)?.remove(0);
/// assert_eq!((staging.environment.as_str(), staging.policy.quota_count()), ("staging", Some(2)));
/// # Ok::<(), appsnap::retention::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UpsunPolicy {
    /// The type of environment, for example `production`.
    pub environment: String,
    /// What is kept there. Its quota is the document's `max_backups`.
    pub policy: Policy,
}

/// Reads Upsun's `data_retention` document: one policy for each type of environment, in the order of their names.
///
/// The entries of the schedule are stages, as in the presets of Platform.sh: what grows out of one is promoted to the
/// next, the first of each interval. `max_backups` is read as a quota: the document does not say what would be deleted
/// for it. Source: Upsun documentation, "Data retention", 2026.
///
/// # Errors
/// When the text is not such a document; the error names the line and the member.
///
/// ```
/// use appsnap::retention::presets;
///
/// let text = r#"{"data_retention": {"production": {"max_backups": 10, "default_config":
///     {"manual_count": 1, "schedule": [{"interval": "1d", "count": 7}, {"interval": "1M", "count": 12}]}}}}"#;
/// let production = &presets::upsun(text)?[0];
/// assert_eq!(production.policy.rules().len(), 3);
/// assert_eq!(production.policy.quota_count(), Some(10));
/// # Ok::<(), appsnap::retention::Error>(())
/// ```
pub fn upsun(text: &str) -> Result<Vec<UpsunPolicy>, Error> {
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
        UpsunPolicy { environment, policy }
    });
    Ok(policies.collect())
}
