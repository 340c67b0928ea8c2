//! The attachments whose names and contents are known: the version, addresses, and asset files.

use serde::{Deserialize, Serialize};

/// The format version that Squidex restores (`CompatibilityExtensions`, since 2020).
pub(super) const FORMAT_MAJOR: i64 = 5;

pub(super) const VERSION: &str = "Version.json";
pub(super) const USERS: &str = "Users.json";
pub(super) const SETTINGS: &str = "Settings.json";

/// `Version.json`.
#[derive(Serialize, Deserialize)]
pub(super) struct Version {
    #[serde(default, alias = "Major")]
    pub(super) major: i64,
}

/// The end of the names of attachments that are files of assets.
pub(super) const ASSET_SUFFIX: &str = ".asset";

/// The attachment that contains version `version` of the file of the asset `asset_id`.
pub(super) fn asset_file_name(asset_id: &str, version: i64) -> String {
    format!("{asset_id}_{version}{ASSET_SUFFIX}")
}
