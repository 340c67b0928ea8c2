//! A reason to keep a backup: [`Rule`].

use serde::{Deserialize, Serialize};

use super::super::backup::{Backup, Origin, Status};
use super::super::names::Match;
use super::keep::{Keep, SpanEnd};
use super::select::Select;

/// A reason to keep a backup: the backups that it covers, those of them that it selects, and how long it keeps them.
///
/// ```
/// use appsnap::jiff::civil::Weekday;
/// use appsnap::retention::policy::{Keep, Select};
/// use appsnap::retention::{Origin, Period, Rule};
///
/// let weekly = Rule::new("weekly", Keep::span(Period::months(3)))
///     .with_origin(Origin::Automatic)
///     .with_select(Select::Weekday(Weekday::Sunday));
/// assert!(!weekly.depends_on_others(), "the answer for a backup depends on that backup alone");
/// ```
///
/// # JSON
/// ```json
/// {"name": "monthly", "from": {"origin": "automatic", "status": "completed", "tags": ["release"]},
///  "select": {"nth-weekday": {"nth": 1, "weekday": "sunday"}}, "keep": {"for": {"span": "1 year"}}}
/// ```
/// `from` and `select` may be absent: then the rule selects every completed backup. `origin` and `status` can be
/// `"any"`.
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

/// The backups that a rule covers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Filter {
    origin: Match<Origin>,
    status: Match<Status>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tags: Vec<String>,
}

impl Default for Filter {
    fn default() -> Self {
        Self { origin: Match::Any, status: Match::Only(Status::Completed), tags: Vec::new() }
    }
}

impl Rule {
    /// Creates a rule that selects every completed backup.
    #[must_use]
    pub fn new(name: impl Into<String>, keep: Keep) -> Self {
        Self { name: name.into(), from: Filter::default(), select: Select::Every, keep }
    }

    /// Covers only backups of this origin. By default all are covered.
    #[must_use]
    pub fn with_origin(mut self, origin: Origin) -> Self {
        self.from.origin = Match::Only(origin);
        self
    }

    /// Covers only backups of this status, or of any status with `None`. By default only completed ones are covered.
    #[must_use]
    pub fn with_status(mut self, status: Option<Status>) -> Self {
        self.from.status = status.map_or(Match::Any, Match::Only);
        self
    }

    /// Covers only backups that have each of these tags. The empty tag means a backup without tags, as in restic.
    #[must_use]
    pub fn with_tags<T: Into<String>>(mut self, tags: impl IntoIterator<Item = T>) -> Self {
        self.from.tags = tags.into_iter().map(Into::into).collect();
        self
    }

    /// Replaces the selection among the covered backups. By default all are selected.
    #[must_use]
    pub fn with_select(mut self, select: Select) -> Self {
        self.select = select;
        self
    }

    /// Returns the name, which decisions give as their reason.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the only origin that is covered, or `None` if all are.
    #[must_use]
    pub const fn origin(&self) -> Option<Origin> {
        self.from.origin.only()
    }

    /// Returns the only status that is covered, or `None` if all are.
    #[must_use]
    pub const fn status(&self) -> Option<Status> {
        self.from.status.only()
    }

    /// Returns the tags that a covered backup has.
    #[must_use]
    pub fn tags(&self) -> &[String] {
        &self.from.tags
    }

    /// Returns the selection among the covered backups.
    #[must_use]
    pub const fn select(&self) -> Select {
        self.select
    }

    /// Returns how long the rule keeps what it selects.
    #[must_use]
    pub const fn keep(&self) -> &Keep {
        &self.keep
    }

    /// Returns `true` if the rule covers a backup.
    pub fn covers<Id>(&self, backup: &Backup<Id>) -> bool {
        self.covers_kind(backup.origin(), backup.status()) && self.covers_tags(backup.tags())
    }

    /// Returns `true` if the answer for a backup can depend on the other backups.
    #[must_use]
    pub const fn depends_on_others(&self) -> bool {
        self.select.depends_on_others()
            || matches!(self.keep, Keep::Last(_) | Keep::LastWithin { .. })
            || matches!(self.keep.end(), Some(SpanEnd::Newest | SpanEnd::NewestStamped))
    }

    pub(in super::super) fn covers_kind(&self, origin: Origin, status: Status) -> bool {
        self.from.origin.admits(&origin) && self.from.status.admits(&status)
    }

    pub(in super::super) fn covers_tags(&self, tags: &[String]) -> bool {
        for wanted in &self.from.tags {
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
