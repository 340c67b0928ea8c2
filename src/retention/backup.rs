//! What a policy judges: a [`Backup`] is a name, an instant and a few facts, never the bytes themselves.

use jiff::Timestamp;
use jiff::fmt::temporal::DateTimeParser;
use jiff::tz::Offset;
use serde::de::{Deserializer, Error as _};
use serde::ser::Serializer;
use serde::{Deserialize, Serialize};

use super::Error;

/// How a backup came to be; platforms retain the kinds differently.
///
/// ```
/// use appsnap::retention::{Backup, Origin};
///
/// let uploaded = Backup::new("u", "2026-11-20T02:00:00Z".parse()?).with_origin(Origin::Uploaded);
/// assert_ne!(uploaded.origin(), Origin::default(), "which is automatic");
/// # Ok::<(), jiff::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Origin {
    /// Taken by a schedule, such as a platform's nightly run.
    #[default]
    Automatic,
    /// Taken because somebody asked for it.
    Manual,
    /// Brought in from outside.
    Uploaded,
}

/// How far a backup got.
///
/// ```
/// use appsnap::retention::Status;
///
/// assert!(Status::Failed.is_finished() && !Status::Running.is_finished());
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Status {
    /// It is whole and can be restored.
    #[default]
    Completed,
    /// It ended without a usable result.
    Failed,
    /// It is being taken now.
    Running,
    /// It waits to be taken.
    Queued,
}

impl Status {
    /// Whether the backup is done, well or not: only then does deleting it interrupt nobody.
    #[must_use]
    pub const fn is_finished(self) -> bool {
        matches!(self, Self::Completed | Self::Failed)
    }
}

/// One backup, named by whatever the caller names backups with.
///
/// Only `id` and the instant are asked for; the rest defaults to a completed automatic backup without tags, neither
/// protected nor of known size. A backup belongs to the night, day or hour in which it *started*, so `taken_at` is the
/// start where a platform lists both ends.
///
/// ```
/// use appsnap::retention::{Backup, Origin};
///
/// let backup = Backup::new("before-upgrade", "2020-02-18T16:00:18Z".parse()?)
///     .with_origin(Origin::Manual)
///     .with_tags(["release"])
///     .with_bytes(1_346_575);
/// assert!(backup.is_completed());
/// # Ok::<(), jiff::Error>(())
/// ```
///
/// # JSON
/// ```json
/// {"id": "a", "taken_at": "2026-11-01T23:04:11Z", "finished_at": "2026-11-01T23:09:40Z", "origin": "automatic",
///  "status": "completed", "tags": ["release"], "protected": false, "bytes": 1346575}
/// ```
/// Everything but `id` and `taken_at` may be absent; an unknown member is refused with its name. Instants are RFC 3339
/// and need an offset; the offset of `taken_at` is kept, since some policies bucket by it.
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
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    tags: Vec<String>,
    #[serde(default, skip_serializing_if = "is_false")]
    protected: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    bytes: Option<u64>,
}

impl<Id> Backup<Id> {
    /// A completed automatic backup that started at `taken_at`.
    #[must_use]
    pub const fn new(id: Id, taken_at: Timestamp) -> Self {
        Self {
            id,
            taken_at: Stamp { at: taken_at, offset: None },
            finished_at: None,
            origin: Origin::Automatic,
            status: Status::Completed,
            tags: Vec::new(),
            protected: false,
            bytes: None,
        }
    }

    /// Says how the backup came to be. Default: [`Origin::Automatic`].
    #[must_use]
    pub fn with_origin(mut self, origin: Origin) -> Self {
        self.origin = origin;
        self
    }

    /// Says how far the backup got. Default: [`Status::Completed`].
    #[must_use]
    pub fn with_status(mut self, status: Status) -> Self {
        self.status = status;
        self
    }

    /// Says when the backup was done. No rule reads it; it is for people who look at the result.
    #[must_use]
    pub fn with_finished_at(mut self, finished_at: Timestamp) -> Self {
        self.finished_at = Some(finished_at);
        self
    }

    /// Keeps the offset from UTC that the backup was stamped with, for policies whose calendar reads it.
    #[must_use]
    pub fn with_offset(mut self, offset: Offset) -> Self {
        self.taken_at.offset = Some(offset);
        self
    }

    /// Replaces the tags.
    #[must_use]
    pub fn with_tags<T: Into<String>>(mut self, tags: impl IntoIterator<Item = T>) -> Self {
        self.tags = tags.into_iter().map(Into::into).collect();
        self
    }

    /// Says whether somebody marked the backup as not to be deleted.
    #[must_use]
    pub fn with_protected(mut self, protected: bool) -> Self {
        self.protected = protected;
        self
    }

    /// Says how much room the backup takes. Unknown sizes are left out of sums, and counted.
    #[must_use]
    pub fn with_bytes(mut self, bytes: u64) -> Self {
        self.bytes = Some(bytes);
        self
    }

    /// The same backup under another name.
    #[must_use]
    pub fn map_id<T>(self, rename: impl FnOnce(Id) -> T) -> Backup<T> {
        Backup {
            id: rename(self.id),
            taken_at: self.taken_at,
            finished_at: self.finished_at,
            origin: self.origin,
            status: self.status,
            tags: self.tags,
            protected: self.protected,
            bytes: self.bytes,
        }
    }

    /// The caller's name for it. Ties between equal instants are broken by its order.
    pub const fn id(&self) -> &Id {
        &self.id
    }

    /// When it started.
    #[must_use]
    pub const fn taken_at(&self) -> Timestamp {
        self.taken_at.at
    }

    /// The offset from UTC that it was stamped with, where known.
    #[must_use]
    pub const fn offset(&self) -> Option<Offset> {
        self.taken_at.offset
    }

    /// When it was done, where known.
    #[must_use]
    pub const fn finished_at(&self) -> Option<Timestamp> {
        self.finished_at
    }

    /// How it came to be.
    #[must_use]
    pub const fn origin(&self) -> Origin {
        self.origin
    }

    /// How far the backup got.
    #[must_use]
    pub const fn status(&self) -> Status {
        self.status
    }

    /// Whether it is whole and can be restored.
    #[must_use]
    pub const fn is_completed(&self) -> bool {
        matches!(self.status, Status::Completed)
    }

    /// Its tags, in the order given.
    #[must_use]
    pub fn tags(&self) -> &[String] {
        &self.tags
    }

    /// Whether somebody marked it as not to be deleted.
    #[must_use]
    pub const fn is_protected(&self) -> bool {
        self.protected
    }

    /// How much room it takes, in bytes, where known.
    #[must_use]
    pub const fn bytes(&self) -> Option<u64> {
        self.bytes
    }
}

impl<Id: for<'de> Deserialize<'de>> Backup<Id> {
    /// Reads a JSON array of backups in the form above.
    ///
    /// # Errors
    /// When the text is not of that form; the error names the line and the member.
    pub fn list_from_json(text: &str) -> Result<Vec<Self>, Error> {
        serde_json::from_str(text).map_err(|error| Error::json(text, error))
    }
}

/// An instant together with the offset it was written with.
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
            D::Error::custom(format_args!("{text:?} is not an RFC 3339 instant such as 2026-11-01T23:04:11Z"))
        })?;
        // `Z` says that the local offset is not known (RFC 9557 section 2), so it is no offset to bucket by.
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
