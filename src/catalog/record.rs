//! A backup as a platform lists it: [`Record`].

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::tz::Offset;
use serde::{Serialize, Serializer};

use crate::layout::Contents;
use crate::metadata::Metadata;
use crate::retention::{Backup, Origin, Status};

/// The platform that a record is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Provider {
    /// Mendix Cloud v4, by its Backups API.
    MendixCloud,
    /// Mendix Cloud v3, which older installations still describe.
    MendixCloudV3,
    /// Mendix on Azure. Its portal has no API: records are created manually or by a scraper.
    MendixOnAzure,
    /// Squidex, self-hosted or in its cloud.
    Squidex,
    /// Platform.sh, also called Upsun.
    PlatformSh,
    /// No platform: the list was written by its owner.
    Own,
}

/// The progress of a backup, in terms that all platforms share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Phase {
    /// The backup has not started yet.
    Queued,
    /// The backup is being created.
    Running,
    /// The backup is complete, according to the platform.
    Completed,
    /// The backup ended without a usable result.
    Failed,
    /// The backup was cancelled.
    Cancelled,
    /// The backup is being deleted.
    Deleting,
    /// The platform reports a state that is not known here.
    Unknown,
}

impl Phase {
    /// Returns the phase that a platform means by a word, in upper or lower case.
    ///
    /// ```
    /// use appsnap::catalog::{Phase, Provider};
    ///
    /// assert_eq!(Phase::of(Provider::PlatformSh, "CREATED"), Phase::Completed);
    /// assert_eq!(Phase::of(Provider::Squidex, "Created"), Phase::Queued);
    /// ```
    #[must_use]
    pub fn of(provider: Provider, word: &str) -> Self {
        use Provider::{MendixCloud, MendixCloudV3, MendixOnAzure, Own, PlatformSh, Squidex};
        match (provider, word.to_ascii_lowercase().as_str()) {
            (MendixCloud | MendixCloudV3 | Own, "queued") | (Squidex, "created") => Self::Queued,
            (MendixCloud | MendixCloudV3 | Own, "running") | (MendixOnAzure, "processing") => Self::Running,
            (Squidex, "started") => Self::Running,
            (MendixCloud | MendixCloudV3 | Squidex | Own, "completed") => Self::Completed,
            (MendixOnAzure, "finished") | (PlatformSh, "created") => Self::Completed,
            (MendixCloud | MendixCloudV3 | MendixOnAzure | Squidex | Own, "failed") => Self::Failed,
            (Squidex, "cancelled" | "canceled") => Self::Cancelled,
            (PlatformSh, "deleting") => Self::Deleting,
            _ => Self::Unknown,
        }
    }
}

/// The frequency with which a kind of backup is created.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Cadence {
    /// Every night.
    Nightly,
    /// Every week.
    Weekly,
    /// Every month.
    Monthly,
    /// On demand.
    OnDemand,
}

/// A backup as a platform lists it.
///
/// A field is `None` if the listing does not contain it. What the listing contains beyond these fields is kept as text
/// in [`details`](Self::details).
///
/// ```
/// use appsnap::catalog::{Phase, Provider, Record};
/// use appsnap::metadata::Metadata;
///
/// let record = Record::new(Provider::MendixCloud, "a05b3f4f", "2021-05-04T01:41:27Z".parse()?, "completed")
///     .with_metadata(&Metadata::new().with_dump_size_bytes(94_769).with_files_size_bytes(1_346_575));
/// assert_eq!((record.phase, record.size_bytes), (Phase::Completed, Some(1_441_344)));
/// # Ok::<(), appsnap::jiff::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Record {
    /// The platform.
    pub provider: Provider,
    /// The platform's id of the backup.
    pub id: String,
    /// The instant at which the backup started.
    pub created_at: Timestamp,
    /// The UTC offset with which `created_at` was written, except for `Z`.
    #[serde(skip)]
    pub created_offset: Option<Offset>,
    /// The instant at which the backup ended.
    pub finished_at: Option<Timestamp>,
    /// The instant at which the platform deletes the backup.
    pub expires_at: Option<Timestamp>,
    /// The instant at which the record last changed.
    pub updated_at: Option<Timestamp>,
    /// The progress of the backup.
    pub phase: Phase,
    /// The platform's own word for the progress.
    pub state: String,
    /// The platform's message about the progress.
    pub status_message: Option<String>,
    /// The origin of the backup.
    pub origin: Option<Origin>,
    /// The frequency with which such backups are created.
    pub cadence: Option<Cadence>,
    /// `true` if origin and cadence are guessed from a comment, which anyone can write.
    pub is_origin_guessed: bool,
    /// The parts that the backup contains.
    #[serde(serialize_with = "contents_name")]
    pub contents: Option<Contents>,
    /// The version of the app's model.
    pub model_version: Option<String>,
    /// The size in bytes.
    pub size_bytes: Option<u64>,
    /// The comment of a person or of the platform.
    pub comment: Option<String>,
    /// The environment that was backed up.
    pub environment: Option<String>,
    /// `true` if the platform allows restoring the backup.
    pub restorable: Option<bool>,
    /// `true` if the app was running during the backup, so that its parts can be from different moments.
    pub live: Option<bool>,
    /// `true` if the backup is protected from being deleted.
    pub protected: bool,
    /// The tags.
    pub tags: Vec<String>,
    /// Everything else in the listing, by its own names.
    pub details: BTreeMap<String, String>,
}

impl Record {
    /// Creates a record with only the required fields set. `state` is the platform's own word for the progress.
    #[must_use]
    pub fn new(provider: Provider, id: impl Into<String>, created_at: Timestamp, state: impl Into<String>) -> Self {
        let state = state.into();
        Self {
            provider,
            id: id.into(),
            created_at,
            created_offset: None,
            finished_at: None,
            expires_at: None,
            updated_at: None,
            phase: Phase::of(provider, &state),
            state,
            status_message: None,
            origin: None,
            cadence: None,
            is_origin_guessed: false,
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

    /// Replaces the platform's word for the progress, and the phase with it.
    pub(super) fn with_state(mut self, state: String) -> Self {
        self.phase = Phase::of(self.provider, &state);
        self.state = state;
        self
    }

    /// Adds what the `.metadata` of the archive contains: the size that the Mendix portal shows, which is that of the
    /// dump and the documents together, and the model version if the listing has none.
    #[must_use]
    pub fn with_metadata(mut self, metadata: &Metadata) -> Self {
        let sizes = metadata.dump_size_bytes().zip(metadata.files_size_bytes());
        self.size_bytes = sizes.map(|(dump, files)| dump.saturating_add(files)).or(self.size_bytes);
        self.model_version = self.model_version.or_else(|| metadata.model_version().map(ToOwned::to_owned));
        self
    }

    /// Returns the backup for a retention policy.
    ///
    /// States that retention does not distinguish are converted so that nothing is deleted by mistake and nothing
    /// unusable counts: a cancelled backup, or one that is being deleted, becomes a failed one, and one in an unknown
    /// state becomes a running one. If the listing does not contain the origin, the backup becomes an automatic one.
    #[must_use]
    pub fn to_backup(&self) -> Backup<String> {
        let status = match self.phase {
            Phase::Completed => Status::Completed,
            Phase::Queued => Status::Queued,
            Phase::Running | Phase::Unknown => Status::Running,
            Phase::Failed | Phase::Cancelled | Phase::Deleting => Status::Failed,
        };
        let mut backup = Backup::new(self.id.clone(), self.created_at)
            .with_status(status)
            .with_origin(self.origin.unwrap_or(Origin::Automatic))
            .with_tags(self.tags.iter().cloned())
            .with_protected(self.protected);
        if let Some(offset) = self.created_offset {
            backup = backup.with_offset(offset);
        }
        if let Some(finished_at) = self.finished_at {
            backup = backup.with_finished_at(finished_at);
        }
        if let Some(size_bytes) = self.size_bytes {
            backup = backup.with_bytes(size_bytes);
        }
        backup
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
    fn every_documented_state_has_a_phase() {
        for (provider, word, phase) in [
            (Provider::MendixCloud, "queued", Phase::Queued),
            (Provider::MendixCloud, "Running", Phase::Running),
            (Provider::MendixCloud, "failed", Phase::Failed),
            (Provider::MendixCloud, "Completed", Phase::Completed),
            (Provider::MendixOnAzure, "Processing", Phase::Running),
            (Provider::MendixOnAzure, "FAILED", Phase::Failed),
            (Provider::MendixOnAzure, "Finished", Phase::Completed),
            (Provider::Squidex, "Created", Phase::Queued),
            (Provider::Squidex, "Started", Phase::Running),
            (Provider::Squidex, "Completed", Phase::Completed),
            (Provider::Squidex, "Cancelled", Phase::Cancelled),
            (Provider::Squidex, "Failed", Phase::Failed),
            (Provider::PlatformSh, "CREATED", Phase::Completed),
            (Provider::PlatformSh, "DELETING", Phase::Deleting),
            (Provider::PlatformSh, "Paused", Phase::Unknown),
            (Provider::MendixCloud, "", Phase::Unknown),
        ] {
            let record = Record::new(provider, "a", Timestamp::UNIX_EPOCH, word);
            assert_eq!((record.phase, record.state.as_str()), (phase, word), "{provider:?}");
        }
    }
}
