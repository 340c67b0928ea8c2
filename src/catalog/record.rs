//! One backup as a platform lists it: [`Record`], with its [`State`] and [`Kind`].

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use jiff::tz::Offset;
use serde::{Serialize, Serializer};

use crate::layout::Contents;
use crate::metadata::Metadata;
use crate::retention::Origin;

/// Whose listing a record comes from.
///
/// ```
/// use appsnap::catalog::{Host, Phase, State};
///
/// // The same word on two platforms.
/// assert_eq!(State::new(Host::PlatformSh, "CREATED").phase(), Phase::Completed);
/// assert_eq!(State::new(Host::Squidex, "CREATED").phase(), Phase::Queued);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Host {
    /// Mendix Cloud, by its Backups API.
    MendixCloud,
    /// Mendix on Azure, whose portal has no API: records are made by hand or by a scraper.
    MendixOnAzure,
    /// Squidex, self-hosted or in its cloud.
    Squidex,
    /// Platform.sh, now also called Upsun.
    PlatformSh,
    /// No platform's: somebody's own list.
    Own,
}

/// How far a backup got, in words that all platforms share.
///
/// ```
/// use appsnap::catalog::{Host, Phase, State};
///
/// let state = State::new(Host::MendixCloud, "a word of tomorrow");
/// assert_eq!((state.phase(), state.reported()), (Phase::Unknown, "a word of tomorrow"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Phase {
    /// It waits to be made.
    Queued,
    /// It is being made.
    Running,
    /// It is whole, as far as the platform says.
    Completed,
    /// It ended without a usable result.
    Failed,
    /// Somebody ended it early.
    Cancelled,
    /// It is being deleted.
    Deleting,
    /// The platform used a word that is not known here.
    Unknown,
}

/// A state: the platform's own word, and what it means.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct State {
    phase: Phase,
    reported: String,
}

impl State {
    /// The state that `host` calls `reported`; letter case does not matter.
    ///
    /// ```
    /// use appsnap::catalog::{Host, Phase, State};
    ///
    /// let state = State::new(Host::Squidex, "Started");
    /// assert_eq!((state.phase(), state.reported()), (Phase::Running, "Started"));
    /// ```
    #[must_use]
    pub fn new(host: Host, reported: impl Into<String>) -> Self {
        let reported = reported.into();
        let word = reported.to_ascii_lowercase();
        let phase = match (host, word.as_str()) {
            (Host::MendixCloud | Host::Own, "queued") | (Host::Squidex, "created") => Phase::Queued,
            (Host::MendixCloud | Host::Own, "running") | (Host::MendixOnAzure, "processing") => Phase::Running,
            (Host::Squidex, "started") => Phase::Running,
            (Host::MendixCloud | Host::Squidex | Host::Own, "completed") => Phase::Completed,
            (Host::MendixOnAzure, "finished") | (Host::PlatformSh, "created") => Phase::Completed,
            (Host::MendixCloud | Host::MendixOnAzure | Host::Squidex | Host::Own, "failed") => Phase::Failed,
            (Host::Squidex, "cancelled" | "canceled") => Phase::Cancelled,
            (Host::PlatformSh, "deleting") => Phase::Deleting,
            _ => Phase::Unknown,
        };
        Self { phase, reported }
    }

    /// What the word means.
    #[must_use]
    pub const fn phase(&self) -> Phase {
        self.phase
    }

    /// The platform's own word, letter for letter.
    #[must_use]
    pub fn reported(&self) -> &str {
        &self.reported
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.reported)
    }
}

/// How often a kind of backup is made.
///
/// ```
/// use appsnap::catalog::{Cadence, Kind};
/// use appsnap::retention::Origin;
///
/// let kind = Kind::stated(Origin::Automatic, Some(Cadence::Weekly));
/// assert_eq!((kind.cadence(), kind.is_guess()), (Some(Cadence::Weekly), false));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Cadence {
    /// Once every night.
    Nightly,
    /// Once every week.
    Weekly,
    /// Once every month.
    Monthly,
    /// When somebody asks.
    OnDemand,
}

/// How sure the kind of a record is.
///
/// ```
/// use appsnap::catalog::{Certainty, Kind};
///
/// assert_eq!(Kind::of_mendix_comment(Some("by Ada")).certainty(), Certainty::Guessed);
/// assert_eq!(Kind::unknown().certainty(), Certainty::Unknown);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Certainty {
    /// The platform says so.
    Stated,
    /// It was told from a comment, which anybody can write.
    Guessed,
    /// Nothing is known.
    #[default]
    Unknown,
}

/// How a backup came to be, as far as the listing tells, and how sure that is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Kind {
    origin: Option<Origin>,
    cadence: Option<Cadence>,
    certainty: Certainty,
}

impl Kind {
    /// The platform says so.
    #[must_use]
    pub const fn stated(origin: Origin, cadence: Option<Cadence>) -> Self {
        Self { origin: Some(origin), cadence, certainty: Certainty::Stated }
    }

    /// Told from something that anybody can write.
    #[must_use]
    pub const fn guessed(origin: Origin, cadence: Option<Cadence>) -> Self {
        Self { origin: Some(origin), cadence, certainty: Certainty::Guessed }
    }

    /// Nothing is known.
    #[must_use]
    pub const fn unknown() -> Self {
        Self { origin: None, cadence: None, certainty: Certainty::Unknown }
    }

    /// Tells the kind of a Mendix snapshot from its comment, the only place where listings show it.
    ///
    /// The platform writes "Automatically created nightly snapshot" (Backups API v2, 2021). A comment that speaks of an
    /// upload is taken for an uploaded snapshot's, everything else for a person's own. People can write anything, so this is
    /// a guess.
    ///
    /// ```
    /// use appsnap::catalog::{Cadence, Kind};
    /// use appsnap::retention::Origin;
    ///
    /// let kind = Kind::of_mendix_comment(Some("Automatically created nightly snapshot"));
    /// assert_eq!((kind.origin(), kind.cadence()), (Some(Origin::Automatic), Some(Cadence::Nightly)));
    /// assert!(kind.is_guess());
    /// assert_eq!(Kind::of_mendix_comment(Some("before upgrade")).origin(), Some(Origin::Manual));
    /// ```
    #[must_use]
    pub fn of_mendix_comment(comment: Option<&str>) -> Self {
        let comment = comment.unwrap_or_default().trim().to_ascii_lowercase();
        if comment.starts_with("automatically created") {
            let cadences = [("nightly", Cadence::Nightly), ("weekly", Cadence::Weekly), ("monthly", Cadence::Monthly)];
            let cadence = cadences.into_iter().find(|(word, _)| comment.contains(word)).map(|(_, cadence)| cadence);
            return Self::guessed(Origin::Automatic, cadence);
        }
        let origin = if comment.contains("upload") { Origin::Uploaded } else { Origin::Manual };
        Self::guessed(origin, Some(Cadence::OnDemand))
    }

    /// How it came to be.
    #[must_use]
    pub const fn origin(&self) -> Option<Origin> {
        self.origin
    }

    /// How often such backups are made.
    #[must_use]
    pub const fn cadence(&self) -> Option<Cadence> {
        self.cadence
    }

    /// How sure that is.
    #[must_use]
    pub const fn certainty(&self) -> Certainty {
        self.certainty
    }

    /// Whether it was told from something that anybody can write.
    #[must_use]
    pub const fn is_guess(&self) -> bool {
        matches!(self.certainty, Certainty::Guessed)
    }
}

/// One backup, as a platform lists it.
///
/// `None` means that the listing did not say. What it said beyond the members here is kept as text in
/// [`details`](Self::details), so nothing is lost.
///
/// ```
/// use appsnap::catalog::{Host, Record, State};
/// use appsnap::metadata::Metadata;
///
/// let at = "2021-05-04T01:41:27Z".parse()?;
/// let record = Record::new(Host::MendixCloud, "a05b3f4f", at, State::new(Host::MendixCloud, "completed"))
///     .with_metadata(&Metadata::new().with_dump_size_bytes(94_769).with_files_size_bytes(1_346_575));
/// assert_eq!((record.size_bytes, record.comment), (Some(1_441_344), None));
/// # Ok::<(), jiff::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Record {
    /// Whose listing it comes from.
    pub host: Host,
    /// The platform's name for it.
    pub id: String,
    /// When it was begun.
    pub created_at: Timestamp,
    /// The offset from UTC that `created_at` was written with, unless that was `Z`.
    #[serde(skip)]
    pub created_offset: Option<Offset>,
    /// When it was done.
    pub finished_at: Option<Timestamp>,
    /// When the platform removes it.
    pub expires_at: Option<Timestamp>,
    /// When something about it last changed.
    pub updated_at: Option<Timestamp>,
    /// How far it got, and in which word the platform says so.
    pub state: State,
    /// What the platform adds to the state, for people.
    pub status_message: Option<String>,
    /// How it came to be.
    pub kind: Kind,
    /// Whether it holds the database, the documents, or both.
    #[serde(serialize_with = "contents_name")]
    pub contents: Option<Contents>,
    /// The version of the app's model, an opaque text.
    pub model_version: Option<String>,
    /// How large it is.
    pub size_bytes: Option<u64>,
    /// What somebody, or the platform, wrote about it.
    pub comment: Option<String>,
    /// The environment it was made of.
    pub environment: Option<String>,
    /// Whether the platform would restore it.
    pub restorable: Option<bool>,
    /// Whether it was made while the app went on running, so that its parts may be from different moments.
    pub live: Option<bool>,
    /// Whether it is protected from being removed.
    pub protected: bool,
    /// Tags that somebody gave it.
    pub tags: Vec<String>,
    /// Everything else that the listing said, by the listing's own names.
    pub details: BTreeMap<String, String>,
}

impl Record {
    /// A record of which no more is known than this.
    #[must_use]
    pub fn new(host: Host, id: impl Into<String>, created_at: Timestamp, state: State) -> Self {
        Self {
            host,
            id: id.into(),
            created_at,
            created_offset: None,
            finished_at: None,
            expires_at: None,
            updated_at: None,
            state,
            status_message: None,
            kind: Kind::unknown(),
            contents: None,
            model_version: None,
            size_bytes: None,
            comment: None,
            environment: None,
            restorable: None,
            live: None,
            protected: false,
            tags: Vec::new(),
            details: BTreeMap::new(),
        }
    }

    /// Adds what the archive's `.metadata` says: the size that Mendix' portal shows, which is that of the dump and the
    /// documents together, and the model version where the listing had none.
    #[must_use]
    pub fn with_metadata(mut self, metadata: &Metadata) -> Self {
        let sizes = metadata.dump_size_bytes().zip(metadata.files_size_bytes());
        self.size_bytes = sizes.map(|(dump, files)| dump.saturating_add(files)).or(self.size_bytes);
        self.model_version = self.model_version.or_else(|| metadata.model_version().map(ToOwned::to_owned));
        self
    }
}

#[expect(clippy::ref_option, reason = "the signature that serde asks for")]
fn contents_name<S: Serializer>(contents: &Option<Contents>, serializer: S) -> Result<S::Ok, S::Error> {
    contents.map(Contents::name).serialize(serializer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_documented_state_is_mapped_and_keeps_its_word() {
        for (host, reported, phase) in [
            (Host::MendixCloud, "queued", Phase::Queued),
            (Host::MendixCloud, "Running", Phase::Running),
            (Host::MendixCloud, "failed", Phase::Failed),
            (Host::MendixCloud, "Completed", Phase::Completed),
            (Host::MendixOnAzure, "Processing", Phase::Running),
            (Host::MendixOnAzure, "FAILED", Phase::Failed),
            (Host::MendixOnAzure, "Finished", Phase::Completed),
            (Host::Squidex, "Created", Phase::Queued),
            (Host::Squidex, "Started", Phase::Running),
            (Host::Squidex, "Completed", Phase::Completed),
            (Host::Squidex, "Cancelled", Phase::Cancelled),
            (Host::Squidex, "Failed", Phase::Failed),
            (Host::PlatformSh, "CREATED", Phase::Completed),
            (Host::PlatformSh, "DELETING", Phase::Deleting),
            (Host::PlatformSh, "Paused", Phase::Unknown),
            (Host::MendixCloud, "", Phase::Unknown),
        ] {
            let state = State::new(host, reported);
            assert_eq!((state.phase(), state.reported()), (phase, reported), "{host:?}");
        }
    }

    #[test]
    fn the_kind_of_a_mendix_snapshot_is_always_a_guess() {
        for (comment, origin) in [
            (Some("Automatically created nightly snapshot"), Origin::Automatic),
            (Some("  automatically created weekly snapshot"), Origin::Automatic),
            (Some("Uploaded snapshot"), Origin::Uploaded),
            (Some("before release 4"), Origin::Manual),
            (Some("not automatically created"), Origin::Manual),
            (Some(""), Origin::Manual),
            (None, Origin::Manual),
        ] {
            let kind = Kind::of_mendix_comment(comment);
            assert_eq!((kind.origin(), kind.certainty()), (Some(origin), Certainty::Guessed), "{comment:?}");
        }
    }
}
