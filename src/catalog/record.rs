//! A backup as a platform lists it: [`Record`].

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::tz::Offset;
use serde::{Serialize, Serializer};

use crate::layout::Contents;
use crate::metadata::Metadata;
use crate::retention::{Backup, LegalHold, Origin, Status};

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
    /// restic, or rustic, which lists the same repositories.
    Restic,
    /// borg.
    Borg,
    /// Proxmox Backup Server, or a storage of Proxmox VE.
    Proxmox,
    /// kopia.
    Kopia,
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
        use Provider::{
            Borg, Kopia, MendixCloud, MendixCloudV3, MendixOnAzure, Own, PlatformSh, Proxmox, Restic, Squidex,
        };
        match (provider, word.to_ascii_lowercase().as_str()) {
            (MendixCloud | MendixCloudV3 | Own, "queued") | (Squidex, "created") => Self::Queued,
            (MendixCloud | MendixCloudV3 | Own, "running") | (MendixOnAzure, "processing") => Self::Running,
            (Squidex, "started") => Self::Running,
            (MendixCloud | MendixCloudV3 | Squidex | Own, "completed") => Self::Completed,
            (MendixOnAzure, "finished") | (PlatformSh, "created") => Self::Completed,
            (MendixCloud | MendixCloudV3 | MendixOnAzure | Squidex | Own, "failed") => Self::Failed,
            (Squidex, "cancelled" | "canceled") => Self::Cancelled,
            (PlatformSh, "deleting") => Self::Deleting,
            (Restic | Borg | Proxmox | Kopia, "completed") => Self::Completed,
            (Borg | Proxmox | Kopia, "unfinished") => Self::Running,
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
    /// The machine that was backed up, with the user if both are known.
    pub host: Option<String>,
    /// The paths that were backed up.
    pub paths: Vec<String>,
    /// The series that the listing itself names, such as a backup group.
    pub series: Option<String>,
    /// `true` if the platform allows restoring the backup.
    pub restorable: Option<bool>,
    /// `true` if the app was running during the backup, so that its parts can be from different moments.
    pub live: Option<bool>,
    /// `true` if the backup is protected from being deleted.
    pub protected: bool,
    /// The legal hold, if there is one.
    pub hold: Option<LegalHold>,
    /// The tags.
    pub tags: Vec<String>,
    /// `true` if the listing has no UTC offset for `created_at`, which was then read in UTC. See
    /// [`Listing::in_zone`](super::Listing::in_zone).
    pub is_local_time: bool,
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
            host: None,
            paths: Vec::new(),
            series: None,
            restorable: None,
            live: None,
            protected: false,
            hold: None,
            tags: Vec::new(),
            is_local_time: false,
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

    /// Returns the value of a key by which backups can be grouped: `environment`, `host`, `paths`, `tag`, `series`,
    /// `origin`, `model-version`, or the name of one of the [`details`](Self::details). Several tags or paths are sorted,
    /// and joined by commas. `None` if the record does not have the key.
    ///
    /// ```
    /// use appsnap::catalog;
    ///
    /// let listing = catalog::read(br#"[{"id": "a", "time": "2026-11-20T02:00:00Z", "tree": "t", "hostname": "web",
    ///     "paths": ["/srv"], "username": "root"}]"#)?;
    /// let record = &listing.records[0];
    /// assert_eq!((record.value_of("host"), record.value_of("username")), (Some("web".into()), Some("root".into())));
    /// assert_eq!(record.group(), Some("host web, paths /srv".into()));
    /// assert_eq!(record.group_by(&["username"]), Some("root".into()));
    /// # Ok::<(), catalog::Error>(())
    /// ```
    #[must_use]
    pub fn value_of(&self, key: &str) -> Option<String> {
        // In any order, a list is the same group.
        let list = |list: &[String]| {
            let mut sorted = list.to_vec();
            sorted.sort_unstable();
            Some(sorted.join(",")).filter(|joined| !joined.is_empty())
        };
        match key {
            "environment" => self.environment.clone(),
            "host" | "hostname" => self.host.clone(),
            "path" | "paths" => list(&self.paths),
            "tag" | "tags" => list(&self.tags),
            "series" => self.series.clone(),
            "origin" => self.origin.map(|origin| origin.to_string()),
            "model-version" => self.model_version.clone(),
            other => self.details.get(other).filter(|value| !value.is_empty()).cloned(),
        }
    }

    /// Returns the name of the group of the record, by these keys: the value for a single key, and each key with its
    /// value for several. `None` if the record has none of them.
    #[must_use]
    pub fn group_by(&self, keys: &[&str]) -> Option<String> {
        if let [key] = keys {
            return self.value_of(key);
        }
        let parts = keys.iter().filter_map(|key| Some(format!("{key} {}", self.value_of(key)?)));
        Some(parts.collect::<Vec<_>>().join(", ")).filter(|name| !name.is_empty())
    }

    /// Returns the name of the group in which the program or platform itself decides about the backup: the series that
    /// the listing names, host and paths for restic and kopia, or the environment.
    #[must_use]
    pub fn group(&self) -> Option<String> {
        if self.series.is_some() {
            return self.series.clone();
        }
        match self.provider {
            // Only rustic has labels.
            Provider::Restic | Provider::Kopia => self.group_by(&["host", "label", "paths"]),
            // borg prunes all archives that match a pattern, whatever machine they are from.
            Provider::Borg => None,
            _ => self.environment.clone(),
        }
    }

    /// Returns the backup for a retention policy. Its series is the [group](Self::group).
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
        if let Some(expires_at) = self.expires_at {
            backup = backup.with_stated_expiry(expires_at);
        }
        if let Some(series) = self.group() {
            backup = backup.with_series(series);
        }
        if let Some(LegalHold { owner, reason }) = self.hold.clone() {
            backup = backup.with_legal_hold(owner, reason);
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
