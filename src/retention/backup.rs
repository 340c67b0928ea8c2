//! A backup as policies see it: [`Backup`] is an id, an instant and a few facts.

use std::fmt;

use jiff::Timestamp;
use jiff::fmt::temporal::DateTimeParser;
use jiff::tz::Offset;
use serde::de::{Deserializer, Error as _};
use serde::ser::Serializer;
use serde::{Deserialize, Serialize};

use super::Error;

/// The origin of a backup. Platforms keep backups of different origins for different times.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Origin {
    /// Taken by a schedule, such as a platform's nightly run.
    #[default]
    Automatic,
    /// Taken on demand.
    Manual,
    /// Uploaded from outside the platform.
    Uploaded,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Automatic => "automatic",
            Self::Manual => "manual",
            Self::Uploaded => "uploaded",
        })
    }
}

/// The status of a backup.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Status {
    /// The backup is complete and can be restored.
    #[default]
    Completed,
    /// The backup ended without a usable result.
    Failed,
    /// The backup is being taken.
    Running,
    /// The backup has not started yet.
    Queued,
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Running => "running",
            Self::Queued => "queued",
        })
    }
}

impl Status {
    /// Returns `true` if the backup has ended, successfully or not: deleting it then interrupts nothing.
    #[must_use]
    pub const fn is_finished(self) -> bool {
        matches!(self, Self::Completed | Self::Failed)
    }
}

/// A backup with an id of the caller's type.
///
/// Only the id and the instant are required. Otherwise it is a completed automatic backup without tags that is not
/// protected. A backup belongs to the hour, day or night in which it *started*: if a platform lists both ends,
/// `taken_at` is the start.
///
/// ```
/// use appsnap::retention::{Backup, Origin};
///
/// let backup = Backup::new("before-upgrade", "2020-02-18T16:00:18Z".parse()?)
///     .with_origin(Origin::Manual)
///     .with_tags(["release"])
///     .with_bytes(1_346_575);
/// assert!(backup.is_completed());
/// # Ok::<(), appsnap::jiff::Error>(())
/// ```
///
/// # JSON
/// ```json
/// {"id": "a", "taken_at": "2026-11-01T23:04:11Z", "finished_at": "2026-11-01T23:09:40Z", "origin": "automatic",
///  "status": "completed", "series": "production", "tags": ["release"], "protected": false,
///  "hold": {"owner": "legal", "reason": "case 7"}, "bytes": 1346575, "expires_at": "2026-12-01T23:04:11Z"}
/// ```
/// Every member except `id` and `taken_at` may be absent. An unknown member is an error that names it. Instants are
/// RFC 3339 and need a UTC offset. The offset of `taken_at` is kept, because some policies count in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Backup<Id> {
    id: Id,
    taken_at: Stamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    finished_at: Option<Timestamp>,
    #[serde(default)]
    origin: Origin,
    #[serde(default)]
    status: Status,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    series: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    tags: Vec<String>,
    #[serde(default, skip_serializing_if = "is_false")]
    protected: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    hold: Option<LegalHold>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    bytes: Option<u64>,
    #[serde(default, rename = "expires_at", skip_serializing_if = "Option::is_none")]
    stated_expiry: Option<Timestamp>,
}

/// A legal hold: the backup must not be deleted until its owner releases it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(clippy::exhaustive_structs, reason = "callers write it as a value")]
pub struct LegalHold {
    /// The person or department that decides about the hold.
    pub owner: String,
    /// The reason.
    pub reason: String,
}

impl<Id> Backup<Id> {
    /// Creates a completed automatic backup that started at `taken_at`.
    #[must_use]
    pub const fn new(id: Id, taken_at: Timestamp) -> Self {
        Self {
            id,
            taken_at: Stamp { at: taken_at, offset: None },
            finished_at: None,
            origin: Origin::Automatic,
            status: Status::Completed,
            series: None,
            tags: Vec::new(),
            protected: false,
            hold: None,
            bytes: None,
            stated_expiry: None,
        }
    }

    /// Sets the origin. The default is [`Origin::Automatic`].
    #[must_use]
    pub fn with_origin(mut self, origin: Origin) -> Self {
        self.origin = origin;
        self
    }

    /// Sets the status. The default is [`Status::Completed`].
    #[must_use]
    pub fn with_status(mut self, status: Status) -> Self {
        self.status = status;
        self
    }

    /// Sets the instant at which the backup ended. No rule reads it.
    #[must_use]
    pub fn with_finished_at(mut self, finished_at: Timestamp) -> Self {
        self.finished_at = Some(finished_at);
        self
    }

    /// Sets the UTC offset of the time stamp, which [`Calendar::stamped`](super::Calendar::stamped) reads.
    #[must_use]
    pub fn with_offset(mut self, offset: Offset) -> Self {
        self.taken_at.offset = Some(offset);
        self
    }

    /// Sets the series, such as an environment or a host. Policies decide about each series on its own: counts and
    /// buckets are those of one series.
    #[must_use]
    pub fn with_series(mut self, series: impl Into<String>) -> Self {
        self.series = Some(series.into());
        self
    }

    /// Sets the series of each backup to the key that a function returns, or to none.
    ///
    /// ```
    /// use appsnap::retention::Backup;
    ///
    /// let mut backups = ["shop/1", "shop/2", "blog/1"].map(|id| Backup::new(id, Default::default()));
    /// Backup::group_by(&mut backups, |backup| backup.id().split('/').next().map(str::to_owned));
    /// assert_eq!(backups[2].series(), Some("blog"));
    /// ```
    pub fn group_by(backups: &mut [Self], mut key: impl FnMut(&Self) -> Option<String>) {
        for backup in backups {
            backup.series = key(backup);
        }
    }

    /// Replaces the tags.
    #[must_use]
    pub fn with_tags<T: Into<String>>(mut self, tags: impl IntoIterator<Item = T>) -> Self {
        self.tags = tags.into_iter().map(Into::into).collect();
        self
    }

    /// Sets the mark that protects the backup from being deleted.
    #[must_use]
    pub fn with_protected(mut self, protected: bool) -> Self {
        self.protected = protected;
        self
    }

    /// Sets a legal hold. No policy deletes a backup with a legal hold.
    #[must_use]
    pub fn with_legal_hold(mut self, owner: impl Into<String>, reason: impl Into<String>) -> Self {
        self.hold = Some(LegalHold { owner: owner.into(), reason: reason.into() });
        self
    }

    /// Sets the date on which the platform deletes the backup, according to the platform. No rule reads it, but advice
    /// about downloading the backup does.
    #[must_use]
    pub fn with_stated_expiry(mut self, expires_at: Timestamp) -> Self {
        self.stated_expiry = Some(expires_at);
        self
    }

    /// Sets the size in bytes. No rule reads it.
    #[must_use]
    pub fn with_bytes(mut self, bytes: u64) -> Self {
        self.bytes = Some(bytes);
        self
    }

    /// Replaces the id, which may be of another type.
    #[must_use]
    pub fn map_id<T>(self, rename: impl FnOnce(Id) -> T) -> Backup<T> {
        Backup {
            id: rename(self.id),
            taken_at: self.taken_at,
            finished_at: self.finished_at,
            origin: self.origin,
            status: self.status,
            series: self.series,
            tags: self.tags,
            protected: self.protected,
            hold: self.hold,
            bytes: self.bytes,
            stated_expiry: self.stated_expiry,
        }
    }

    /// Returns the id. Of backups taken at the same instant, the one whose id sorts first counts as the newer.
    pub const fn id(&self) -> &Id {
        &self.id
    }

    /// Returns the instant at which the backup started.
    #[must_use]
    pub const fn taken_at(&self) -> Timestamp {
        self.taken_at.at
    }

    /// Returns the UTC offset of the time stamp, if it is known.
    #[must_use]
    pub const fn offset(&self) -> Option<Offset> {
        self.taken_at.offset
    }

    /// Returns the instant at which the backup ended, if it is known.
    #[must_use]
    pub const fn finished_at(&self) -> Option<Timestamp> {
        self.finished_at
    }

    /// Returns the origin.
    #[must_use]
    pub const fn origin(&self) -> Origin {
        self.origin
    }

    /// Returns the status.
    #[must_use]
    pub const fn status(&self) -> Status {
        self.status
    }

    /// Returns `true` if the backup is complete and can be restored.
    #[must_use]
    pub const fn is_completed(&self) -> bool {
        matches!(self.status, Status::Completed)
    }

    /// Returns the series, if the backup belongs to one.
    #[must_use]
    pub fn series(&self) -> Option<&str> {
        self.series.as_deref()
    }

    /// Returns the tags.
    #[must_use]
    pub fn tags(&self) -> &[String] {
        &self.tags
    }

    /// Returns `true` if the backup is marked as protected from being deleted.
    #[must_use]
    pub const fn is_protected(&self) -> bool {
        self.protected
    }

    /// Returns the legal hold, if there is one.
    #[must_use]
    pub const fn legal_hold(&self) -> Option<&LegalHold> {
        self.hold.as_ref()
    }

    /// Returns the date on which the platform deletes the backup, according to the platform.
    #[must_use]
    pub const fn stated_expiry(&self) -> Option<Timestamp> {
        self.stated_expiry
    }

    /// Returns the size in bytes, if it is known.
    #[must_use]
    pub const fn bytes(&self) -> Option<u64> {
        self.bytes
    }
}

impl<Id: for<'de> Deserialize<'de>> Backup<Id> {
    /// Reads a JSON array of backups in the form described [above](Self#json).
    ///
    /// # Errors
    /// Returns an error with the line and the member if the text does not have that form.
    pub fn list_from_json(text: &str) -> Result<Vec<Self>, Error> {
        serde_json::from_str(text).map_err(|error| Error::json(text, error))
    }
}

/// An instant and the UTC offset with which it was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    at: Timestamp,
    offset: Option<Offset>,
}

impl Serialize for Stamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.offset {
            Some(offset) => serializer.collect_str(&self.at.display_with_offset(offset)),
            None => serializer.collect_str(&self.at),
        }
    }
}

impl<'de> Deserialize<'de> for Stamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        static PARSER: DateTimeParser = DateTimeParser::new();
        let text = String::deserialize(deserializer)?;
        let at = text.parse().map_err(|_| {
            D::Error::custom(format_args!(
                "{text:?} is not an RFC 3339 instant with an offset: write one such as 2026-11-01T23:04:11Z"
            ))
        })?;
        // `Z` means that the local offset is unknown (RFC 9557, section 2), so there is none to count in.
        let offset = PARSER.parse_pieces(&text).ok().and_then(|pieces| match pieces.offset()? {
            jiff::fmt::temporal::PiecesOffset::Numeric(numeric) => Some(numeric.offset()),
            _ => None,
        });
        Ok(Self { at, offset })
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde asks for")]
fn is_false(value: &bool) -> bool {
    !*value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stamped_offset_survives_a_round_trip() {
        let text = r#"{"id":1,"taken_at":"2026-10-25T02:30:00+02:00","origin":"manual","status":"failed"}"#;
        let backup: Backup<u32> = serde_json::from_str(text).unwrap();
        assert_eq!(backup.offset(), Some(jiff::tz::offset(2)));
        assert_eq!(serde_json::to_string(&backup).unwrap(), text);
    }

    #[test]
    fn an_instant_without_an_offset_is_refused_with_its_text() {
        let refused = serde_json::from_str::<Backup<u32>>(r#"{"id":1,"taken_at":"2026-10-25T02:30:00"}"#).unwrap_err();
        assert!(refused.to_string().contains("\"2026-10-25T02:30:00\" is not an RFC 3339 instant"), "{refused}");
    }

    #[test]
    fn an_unknown_member_is_refused_with_its_name() {
        let text = r#"{"id":1,"taken_at":"2026-10-25T02:30:00Z","state":"failed"}"#;
        let refused = serde_json::from_str::<Backup<u32>>(text).unwrap_err();
        assert!(refused.to_string().contains("unknown field `state`"), "{refused}");
    }
}
