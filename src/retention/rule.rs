//! One reason to keep a backup: [`Rule`], which backups it covers, which of those it selects, and how long they stay.

use jiff::civil::Weekday;
use serde::{Deserialize, Serialize};

use super::backup::{Backup, Origin, Status};
use super::bucket::Unit;
use super::civil;
use super::keep::Keep;
use super::names::{self, Wanted};

/// Which backups a rule covers at all.
///
/// In JSON `{"origin": "automatic", "status": "completed", "tags": ["release"]}`; `origin` and `status` may be `"any"`.
/// By default completed backups of any origin, whatever their tags.
///
/// ```
/// use appsnap::retention::{Backup, Filter, Origin, Status, Wanted};
///
/// let filter = Filter::origin(Origin::Manual).with_tags(["release"]);
/// let backup = Backup::new("b", "2026-11-20T02:00:00Z".parse()?).with_origin(Origin::Manual);
/// assert!(!filter.covers(&backup));
/// let tagged = backup.with_tags(["release", "v2"]).with_status(Status::Failed);
/// assert!(!filter.covers(&tagged), "by default only completed ones");
/// assert!(filter.with_status(Wanted::Any).covers(&tagged));
/// # Ok::<(), jiff::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Filter {
    origin: Wanted<Origin>,
    status: Wanted<Status>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tags: Vec<String>,
}

impl Default for Filter {
    /// Completed backups.
    fn default() -> Self {
        Self { origin: Wanted::Any, status: Wanted::Only(Status::Completed), tags: Vec::new() }
    }
}

impl Filter {
    /// Completed backups of one origin.
    #[must_use]
    pub fn origin(origin: Origin) -> Self {
        Self { origin: Wanted::Only(origin), ..Self::default() }
    }

    /// Chooses the status. Default: completed.
    #[must_use]
    pub fn with_status(mut self, status: Wanted<Status>) -> Self {
        self.status = status;
        self
    }

    /// Asks for tags: a backup must carry each of them. The empty tag stands for a backup without any, as in restic.
    #[must_use]
    pub fn with_tags<T: Into<String>>(mut self, tags: impl IntoIterator<Item = T>) -> Self {
        self.tags = tags.into_iter().map(Into::into).collect();
        self
    }

    /// The origin that is asked for.
    #[must_use]
    pub const fn wanted_origin(&self) -> Wanted<Origin> {
        self.origin
    }

    /// The status that is asked for.
    #[must_use]
    pub const fn wanted_status(&self) -> Wanted<Status> {
        self.status
    }

    /// The tags that are asked for.
    #[must_use]
    pub fn wanted_tags(&self) -> &[String] {
        &self.tags
    }

    /// Whether a backup is covered.
    pub fn covers<Id>(&self, backup: &Backup<Id>) -> bool {
        self.origin.admits(&backup.origin()) && self.status.admits(&backup.status()) && self.has_tags(backup.tags())
    }

    pub(super) fn has_tags(&self, tags: &[String]) -> bool {
        for wanted in &self.tags {
            if wanted.is_empty() && tags.is_empty() {
                return true;
            }
            if !tags.contains(wanted) {
                return false;
            }
        }
        true
    }
}

/// Which backup of a bucket is picked. Of several taken at the same instant, the one whose id sorts first.
///
/// ```
/// use appsnap::retention::{Backup, Fallback, Keep, Pick, Policy, Rule, Select, Unit};
///
/// let oldest = Select::Bucket { unit: Unit::Month, every: 1, pick: Pick::Oldest, fallback: Fallback::None };
/// let policy = Policy::new("ours").with_rule(Rule::new("monthly", Keep::last(1)).with_select(oldest)).with_guards([]);
/// let backups = ["2026-11-02T02:00:00Z", "2026-11-20T02:00:00Z"].map(|at| Backup::new(at, at.parse().unwrap()));
/// let plan = policy.plan(&backups, "2026-11-20T12:00:00Z".parse()?);
/// assert!(plan.decision(0).unwrap().keeps() && !plan.decision(1).unwrap().keeps());
/// # Ok::<(), jiff::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Pick {
    /// The newest of the bucket.
    #[default]
    Newest,
    /// The oldest of the bucket.
    Oldest,
}

/// What happens when the rule's count is not used up.
///
/// ```
/// use appsnap::retention::{Backup, Fallback, Keep, Pick, Policy, Rule, Select, Unit};
///
/// let policy = |fallback| {
///     let monthly = Select::Bucket { unit: Unit::Month, every: 1, pick: Pick::Newest, fallback };
///     Policy::new("ours").with_rule(Rule::new("monthly", Keep::last(12)).with_select(monthly)).with_guards([])
/// };
/// let backups = ["2026-11-02T02:00:00Z", "2026-11-20T02:00:00Z"].map(|at| Backup::new(at, at.parse().unwrap()));
/// let now = "2026-11-20T12:00:00Z".parse()?;
/// assert_eq!(policy(Fallback::None).plan(&backups, now).kept_count(), 1);
/// assert_eq!(policy(Fallback::Oldest).plan(&backups, now).kept_count(), 2);
/// # Ok::<(), jiff::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Fallback {
    /// Nothing more is kept.
    #[default]
    None,
    /// The oldest backup that the rule covers is kept as well, although its bucket is taken: history stays as long as
    /// it can be until there is enough of it.
    Oldest,
}

/// Which of the covered backups a rule is about.
///
/// ```
/// use appsnap::retention::{Select, Unit};
/// use jiff::civil::Weekday;
///
/// let select: Select = serde_json::from_str(r#"{"nth-weekday": {"nth": 1, "weekday": "sunday"}}"#)?;
/// assert_eq!(select, Select::nth_weekday(1, Weekday::Sunday));
/// let select: Select = serde_json::from_str(r#"{"bucket": {"unit": "day"}}"#)?;
/// assert_eq!(select, Select::newest_of(Unit::Day));
/// # Ok::<(), serde_json::Error>(())
/// ```
///
/// # JSON
/// ```json
/// "every"
/// {"weekday": "sunday"}
/// {"nth-weekday": {"nth": 1, "weekday": "sunday"}}
/// {"bucket": {"unit": "day", "every": 1, "pick": "newest", "fallback": "none"}}
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Select {
    /// Every backup that is covered.
    #[default]
    Every,
    /// Those of a day of the week.
    Weekday(#[serde(with = "names::weekday")] Weekday),
    /// Those of the nth such day of the month.
    NthWeekday {
        /// From 1 to 5, or from -1 to -5 counted from the end of the month.
        #[serde(deserialize_with = "nth")]
        nth: i8,
        /// The day of the week.
        #[serde(with = "names::weekday")]
        weekday: Weekday,
    },
    /// One of each bucket of the calendar.
    Bucket {
        /// The length of a bucket.
        unit: Unit,
        /// How many units make one bucket; 0 counts as 1.
        #[serde(default = "one")]
        every: u32,
        /// Which of a bucket.
        #[serde(default)]
        pick: Pick,
        /// What when the count is not used up.
        #[serde(default)]
        fallback: Fallback,
    },
}

impl Select {
    /// The newest of each bucket of one unit.
    #[must_use]
    pub const fn newest_of(unit: Unit) -> Self {
        Self::Bucket { unit, every: 1, pick: Pick::Newest, fallback: Fallback::None }
    }

    /// The first Sunday of the month and its like.
    #[must_use]
    pub const fn nth_weekday(nth: i8, weekday: Weekday) -> Self {
        Self::NthWeekday { nth, weekday }
    }

    pub(super) const fn asks_for_a_day(self) -> bool {
        matches!(self, Self::Weekday(_) | Self::NthWeekday { .. })
    }

    /// Whether a backup of this day, counted from 1970-01-01, is selected as far as its day goes.
    pub(super) fn is_day(self, day: i64) -> bool {
        match self {
            Self::Every | Self::Bucket { .. } => true,
            Self::Weekday(weekday) => civil::is_weekday(day, weekday),
            Self::NthWeekday { nth, weekday } => {
                let (from_start, from_end) = civil::nth_in_month(day);
                civil::is_weekday(day, weekday) && [from_start, from_end].contains(&i64::from(nth))
            }
        }
    }
}

const fn one() -> u32 {
    1
}

fn nth<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<i8, D::Error> {
    let nth = i8::deserialize(deserializer)?;
    if nth != 0 && (-5..=5).contains(&nth) {
        return Ok(nth);
    }
    Err(serde::de::Error::custom(format_args!("{nth} is not a place in a month: 1 to 5, or -1 to -5 from its end")))
}

/// One reason to keep a backup. A backup stays as long as any rule gives it a reason.
///
/// ```
/// use appsnap::retention::{Filter, Keep, Origin, Period, Rule, Select};
/// use jiff::civil::Weekday;
///
/// let monthly = Rule::new("monthly", Keep::span(Period::years(1)))
///     .with_from(Filter::origin(Origin::Automatic))
///     .with_select(Select::nth_weekday(1, Weekday::Sunday));
/// assert!(!monthly.looks_at_others(), "its answer can be given for one backup alone");
/// ```
///
/// # JSON
/// ```json
/// {"name": "monthly", "from": {"origin": "automatic"},
///  "select": {"nth-weekday": {"nth": 1, "weekday": "sunday"}}, "keep": {"for": {"span": "1 year"}}}
/// ```
/// `from` and `select` may be absent: then the rule is about every completed backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    name: String,
    #[serde(default)]
    from: Filter,
    #[serde(default)]
    select: Select,
    keep: Keep,
}

impl Rule {
    /// A rule over every completed backup.
    #[must_use]
    pub fn new(name: impl Into<String>, keep: Keep) -> Self {
        Self { name: name.into(), from: Filter::default(), select: Select::Every, keep }
    }

    /// Chooses which backups are covered. Default: all completed ones.
    #[must_use]
    pub fn with_from(mut self, from: Filter) -> Self {
        self.from = from;
        self
    }

    /// Chooses which of the covered backups the rule is about. Default: every one.
    #[must_use]
    pub fn with_select(mut self, select: Select) -> Self {
        self.select = select;
        self
    }

    /// The name under which decisions give the rule as their reason.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Which backups it covers.
    #[must_use]
    pub const fn from(&self) -> &Filter {
        &self.from
    }

    /// Which of those it is about.
    #[must_use]
    pub const fn select(&self) -> Select {
        self.select
    }

    /// How long it keeps them.
    #[must_use]
    pub const fn keep(&self) -> &Keep {
        &self.keep
    }

    /// Whether its answer for one backup can depend on which other backups there are.
    #[must_use]
    pub const fn looks_at_others(&self) -> bool {
        let by_reference =
            matches!(self.keep.reach(), Some((_, super::Reference::Newest | super::Reference::NewestStamped)));
        matches!(self.select, Select::Bucket { .. })
            || matches!(self.keep, Keep::Last(_) | Keep::LastWithin { .. })
            || by_reference
    }
}
