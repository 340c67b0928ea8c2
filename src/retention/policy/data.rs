//! A whole policy as data: [`Policy`], and its JSON form.

use serde::{Deserialize, Serialize};

use super::super::Error;
use super::super::calendar::Calendar;
use super::guard::Guard;
use super::rule::Rule;

/// The way in which the rules of a policy share the backups.
///
/// ```
/// use appsnap::retention::policy::{Counting, Keep, Select, Unit};
/// use appsnap::retention::{Backup, Policy, Rule};
///
/// let policy = |counting| {
///     Policy::new("ours")
///         .with_counting(counting)
///         .with_rule(Rule::new("daily", Keep::last(1)).with_select(Select::newest_of(Unit::Day)))
///         .with_rule(Rule::new("weekly", Keep::last(1)).with_select(Select::newest_of(Unit::Week)))
///         .with_guards([])
/// };
/// let backups = ["2026-11-10T02:00:00Z", "2026-11-20T02:00:00Z"].map(|at| Backup::new(at, at.parse().unwrap()));
/// let now = "2026-11-20T12:00:00Z".parse()?;
/// // The newest backup is the newest of its day and of its week. If the weekly rule skips it, the older one stays.
/// assert_eq!(policy(Counting::Independent).plan(&backups, now).kept_count(), 1);
/// assert_eq!(policy(Counting::SkipKeptBuckets).plan(&backups, now).kept_count(), 2);
/// # Ok::<(), appsnap::jiff::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Counting {
    /// Every rule counts on its own, and a backup that several rules keep counts for each. Raising a limit never
    /// removes a backup.
    #[default]
    Independent,
    /// Rules are applied in order. A backup that an earlier rule keeps does not count for a later one, although it does
    /// represent its bucket there. This is how borg counts.
    SkipKept,
    /// Rules are applied in order. A rule skips the buckets from which an earlier rule keeps a backup, and a backup
    /// that a rule skips inside its own buckets is lost for later rules. This is how Proxmox Backup Server counts.
    /// Raising the limit of a finer rule can remove what a coarser rule kept.
    SkipKeptBuckets,
}

/// Rules that decide which backups stay, and until when.
///
/// A backup stays if any rule gives it a reason, or if a guard holds it. A policy without rules keeps everything.
///
/// ```
/// use appsnap::retention::policy::{Keep, Select, Unit};
/// use appsnap::retention::{Period, Policy, Rule};
///
/// let policy = Policy::new("ours")
///     .with_rule(Rule::new("recent", Keep::span(Period::days(30))))
///     .with_rule(Rule::new("monthly", Keep::last(12)).with_select(Select::newest_of(Unit::Month)));
/// let text = serde_json::to_string(&policy)?;
/// assert_eq!(Policy::from_json(&text)?, policy);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # JSON
/// ```json
/// {
///   "name": "ours",
///   "calendar": {"zone": "Europe/Amsterdam", "day": {"night-of": "12:00:00"}},
///   "counting": "independent",
///   "rules": [
///     {"name": "nightly", "from": {"origin": "automatic"}, "keep": {"for": {"span": "30 days"}}},
///     {"name": "weekly", "from": {"origin": "automatic"}, "select": {"weekday": "sunday"},
///      "keep": {"for": {"span": "3 months"}}},
///     {"name": "on demand", "from": {"origin": "manual"}, "keep": {"last": 4}}
///   ],
///   "guards": ["unfinished", "protected", "newest-successful", "future", {"tagged": "release"}],
///   "quota_count": 50
/// }
/// ```
/// Every member except `rules` may be absent. The defaults are [`Calendar::default`], independent counting,
/// [`Policy::default_guards`], and no quota. See [`Rule`], [`Select`](super::Select), [`Keep`](super::Keep) and
/// [`Calendar`] for their forms.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    #[serde(default)]
    name: String,
    #[serde(default)]
    calendar: Calendar,
    #[serde(default)]
    counting: Counting,
    rules: Vec<Rule>,
    #[serde(default = "Policy::default_guards")]
    guards: Vec<Guard>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    quota_count: Option<u32>,
}

impl Policy {
    /// Creates a policy without rules, with the default calendar and guards.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            calendar: Calendar::default(),
            counting: Counting::Independent,
            rules: Vec::new(),
            guards: Self::default_guards(),
            quota_count: None,
        }
    }

    /// Returns the default guards: unfinished, protected, newest successful, future.
    #[must_use]
    pub fn default_guards() -> Vec<Guard> {
        vec![Guard::Unfinished, Guard::Protected, Guard::NewestSuccessful, Guard::Future]
    }

    /// Reads a policy from its JSON form.
    ///
    /// # Errors
    /// Returns an error with the line and the member if the text does not have that form.
    pub fn from_json(text: &str) -> Result<Self, Error> {
        serde_json::from_str(text).map_err(|error| Error::json(text, error))
    }

    /// Replaces the name.
    #[must_use]
    pub fn with_name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// Replaces the calendar.
    #[must_use]
    pub fn with_calendar(mut self, calendar: Calendar) -> Self {
        self.calendar = calendar;
        self
    }

    /// Replaces the time zone of the calendar by the one with this IANA name.
    ///
    /// # Errors
    /// Returns an error if the time zone database that is compiled in does not contain the name.
    pub fn in_zone(self, name: &str) -> Result<Self, Error> {
        let calendar = self.calendar.clone().with_zone(name)?;
        Ok(self.with_calendar(calendar))
    }

    /// Replaces the way in which rules share backups. The default is [`Counting::Independent`].
    #[must_use]
    pub fn with_counting(mut self, counting: Counting) -> Self {
        self.counting = counting;
        self
    }

    /// Adds a rule after the existing ones.
    #[must_use]
    pub fn with_rule(mut self, rule: Rule) -> Self {
        self.rules.push(rule);
        self
    }

    /// Replaces the guards. The default is [`Policy::default_guards`].
    #[must_use]
    pub fn with_guards(mut self, guards: impl IntoIterator<Item = Guard>) -> Self {
        self.guards = guards.into_iter().collect();
        self
    }

    /// Sets the number of backups at which the platform refuses another one. A quota deletes nothing.
    #[must_use]
    pub fn with_quota_count(mut self, quota_count: u32) -> Self {
        self.quota_count = Some(quota_count);
        self
    }

    /// Returns the name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the calendar.
    #[must_use]
    pub const fn calendar(&self) -> &Calendar {
        &self.calendar
    }

    /// Returns the way in which the rules share backups.
    #[must_use]
    pub const fn counting(&self) -> Counting {
        self.counting
    }

    /// Returns the rules, in order.
    #[must_use]
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// Returns the guards.
    #[must_use]
    pub fn guards(&self) -> &[Guard] {
        &self.guards
    }

    /// Returns the number of backups at which another one is refused, if there is a limit.
    #[must_use]
    pub const fn quota_count(&self) -> Option<u32> {
        self.quota_count
    }

    /// Returns `true` if another backup is accepted while there are `existing_count`.
    #[must_use]
    pub fn admits_another(&self, existing_count: u64) -> bool {
        self.quota_count.is_none_or(|quota| existing_count < u64::from(quota))
    }
}
