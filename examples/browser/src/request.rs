//! The requests of the page.
#![allow(dead_code, reason = "each program takes one of them")]

use std::path::PathBuf;

use serde::Deserialize;

/// A file to judge.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Check {
    /// The file, or the folder of a dump in directory format.
    pub(crate) path: PathBuf,
    /// The name of the profile to judge by.
    pub(crate) profile: String,
    /// The size of the database that the backup is to be restored into.
    pub(crate) target_database_bytes: Option<u64>,
    /// The file for the uuids of missing documents.
    pub(crate) missing: PathBuf,
    /// The file for the uuids of orphans.
    pub(crate) orphans: PathBuf,
    /// The folder for temporary files.
    pub(crate) spool_dir: PathBuf,
}

/// A listing of backups, and the policy to plan by.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Plan {
    /// The file.
    pub(crate) path: PathBuf,
    /// The policy; by default that of the platform.
    pub(crate) policy: Option<String>,
    /// The time zone in which days are counted; by default that of the policy.
    pub(crate) zone: Option<String>,
    /// The instant as of which the policy decides.
    pub(crate) now: String,
}
