//! The formats of listings: [`ListingFormat`].

/// A format of listings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ListingFormat {
    /// Mendix Backups API version 2: `{"snapshots": [...]}`, also `{"archives": [...]}`, or the bare array.
    MendixV2,
    /// Mendix Backups API version 1: an array of objects with `SnapshotID`.
    MendixV1,
    /// Squidex: `{"items": [...]}` with backups or jobs, or the bare array.
    Squidex,
    /// Platform.sh API: an array of backups.
    PlatformShJson,
    /// Platform.sh command line with `--format csv`, also with semicolons instead of commas, as spreadsheets write them.
    PlatformShCsv,
    /// Platform.sh command line with `--format tsv` or `plain`.
    PlatformShTsv,
    /// Platform.sh command line in its default format.
    PlatformShTable,
    /// `restic snapshots --json` or `rustic snapshots --json`, grouped or not.
    Restic,
    /// `borg list --json`, `borg info --json` or `borg repo-list --json`.
    Borg,
    /// `proxmox-backup-client snapshot list --output-format json`, `pvesh get .../content --output-format json`, or the
    /// answers of the same APIs.
    Proxmox,
    /// `kopia snapshot list --json`.
    Kopia,
    /// An array of objects with `id` and `taken_at`, in the form that [`Backup`](crate::retention::Backup) documents.
    Own,
}
