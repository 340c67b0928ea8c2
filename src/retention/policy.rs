//! A whole policy as data: [`Policy`], its calendar, rules and guards, and its JSON form.

use serde::{Deserialize, Serialize};

use super::calendar::Calendar;
use super::rule::Rule;
use super::{Error, Period};

/// How the rules of a policy share the backups between them.
///
/// ```
/// use appsnap::retention::{Backup, Counting, Keep, Policy, Rule, Select, Unit};
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
/// // The newest is the newest of its day and of its week; only if the week's count skips it, the older one stays.
/// assert_eq!(policy(Counting::Independent).plan(&backups, now).kept_count(), 1);
/// assert_eq!(policy(Counting::SkipKeptBuckets).plan(&backups, now).kept_count(), 2);
/// # Ok::<(), jiff::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Counting {
    /// Every rule counts on its own; what several keep counts for each. Raising a limit never removes anything.
    #[default]
    Independent,
    /// Rules are asked in order; what an earlier one keeps takes no place in a later one's count, although it does
    /// stand for its bucket there. This is borg's reading.
    SkipKept,
    /// Rules are asked in order; a bucket of which an earlier rule keeps anything is passed over, and what a rule
    /// passes over inside its own buckets is lost for later ones. This is Proxmox Backup Server's reading. Raising a
    /// finer limit can remove what a coarser rule kept.
    SkipKeptBuckets,
}

/// Something that keeps a backup although no rule does.
///
/// What a guard other than `newest-successful` holds takes no place in the counts and buckets of the rules, so that
/// one backup stamped in the future cannot push out the rest.
///
/// ```
/// use appsnap::retention::{Guard, Policy};
///
/// let words: Vec<_> = Policy::default_guards().iter().map(Guard::name).collect();
/// assert_eq!(words, ["unfinished", "protected", "newest-successful", "future"]);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Guard {
    /// Those that are running or queued: nothing is known of them yet.
    Unfinished,
    /// Those that somebody protected.
    Protected,
    /// The newest completed one that is not stamped in the future (if all are, the newest of them).
    NewestSuccessful,
    /// Those stamped later than `now`.
    Future,
    /// Those that carry this tag.
    Tagged(String),
    /// Those not completed that are newer than the newest completed one: the newest `count` of them, and further ones
    /// as long as they are younger than `younger_than`, counted back from the newest backup of all.
    NewestUnfinished {
        /// How many are held whatever their age.
        count: u32,
        /// Up to which age more are held.
        younger_than: Period,
    },
}

impl Guard {
    /// The word for it: `unfinished`, `protected`, `newest-successful`, `future`, `tagged` or `newest-unfinished`.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Unfinished => "unfinished",
            Self::Protected => "protected",
            Self::NewestSuccessful => "newest-successful",
            Self::Future => "future",
            Self::Tagged(_) => "tagged",
            Self::NewestUnfinished { .. } => "newest-unfinished",
        }
    }

    /// Whether what it holds is kept out of counts and buckets.
    pub(super) const fn sets_aside(&self) -> bool {
        !matches!(self, Self::NewestSuccessful | Self::NewestUnfinished { .. })
    }
}

/// Which backups stay, and until when.
///
/// The verdict on a backup is the union of the rules: one that gives it a reason is enough. Guards hold a backup that
/// no rule keeps. A policy without rules keeps everything.
///
/// ```
/// use appsnap::retention::{Keep, Policy, Period, Rule, Select, Unit};
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
///     {"name": "kept by hand", "from": {"origin": "manual"}, "keep": {"last": 4}}
///   ],
///   "guards": ["unfinished", "protected", "newest-successful", "future", {"tagged": "release"}],
///   "quota_count": 50
/// }
/// ```
/// Every member but `rules` may be absent; then the calendar is [`Calendar::default`], counting is independent, the
/// guards are [`Policy::default_guards`] and there is no quota. Unknown members are refused with their name. See
/// [`Rule`], [`Select`](super::Select), [`Keep`](super::Keep) and [`Calendar`] for the parts.
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
    /// A policy without rules, with the default calendar and guards.
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

    /// The guards of a policy that does not say: unfinished, protected, newest successful, future.
    #[must_use]
    pub fn default_guards() -> Vec<Guard> {
        vec![Guard::Unfinished, Guard::Protected, Guard::NewestSuccessful, Guard::Future]
    }

    /// Reads a policy from its JSON form.
    ///
    /// # Errors
    /// When the text is not JSON of that form; the error names the line and the member.
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

    /// Chooses how rules share backups. Default: [`Counting::Independent`].
    #[must_use]
    pub fn with_counting(mut self, counting: Counting) -> Self {
        self.counting = counting;
        self
    }

    /// Adds a rule behind those that are there.
    #[must_use]
    pub fn with_rule(mut self, rule: Rule) -> Self {
        self.rules.push(rule);
        self
    }

    /// Replaces the guards. Default: [`Policy::default_guards`].
    #[must_use]
    pub fn with_guards(mut self, guards: impl IntoIterator<Item = Guard>) -> Self {
        self.guards = guards.into_iter().collect();
        self
    }

    /// Sets how many backups there may be before the platform refuses a further one. A quota deletes nothing.
    #[must_use]
    pub fn with_quota_count(mut self, quota_count: u32) -> Self {
        self.quota_count = Some(quota_count);
        self
    }

    /// What the policy is called.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How it reads the calendar.
    #[must_use]
    pub const fn calendar(&self) -> &Calendar {
        &self.calendar
    }

    /// How its rules share backups.
    #[must_use]
    pub const fn counting(&self) -> Counting {
        self.counting
    }

    /// Its rules, in order.
    #[must_use]
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// What holds backups that no rule keeps.
    #[must_use]
    pub fn guards(&self) -> &[Guard] {
        &self.guards
    }

    /// How many backups there may be before a further one is refused, where that is limited.
    #[must_use]
    pub const fn quota_count(&self) -> Option<u32> {
        self.quota_count
    }

    /// Whether one more backup would be taken while there are `existing_count`.
    #[must_use]
    pub fn admits_another(&self, existing_count: u64) -> bool {
        self.quota_count.is_none_or(|quota| existing_count < u64::from(quota))
    }
}
