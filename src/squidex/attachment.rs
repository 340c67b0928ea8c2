//! The attachments that are understood: addresses and asset files.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Version of the format that Squidex restores (`CompatibilityExtensions`, since 2020).
pub(super) const FORMAT_MAJOR: i64 = 5;

/// Names of attachments, as Squidex spells them.
pub(super) const VERSION: &str = "Version.json";
pub(super) const URLS: &str = "Urls.json";
pub(super) const USERS: &str = "Users.json";
pub(super) const SETTINGS: &str = "Settings.json";

/// `Version.json`.
#[derive(Serialize, Deserialize)]
pub(super) struct Version {
    #[serde(default, alias = "Major")]
    pub(super) major: i64,
}

/// `Urls.json`: under which addresses the app's assets were reachable where the backup was made.
///
/// A restore replaces these addresses in contents by its own, so a clone keeps them as they are.
///
/// ```
/// # use appsnap::squidex::{Event, Writer};
/// # let mut writer = Writer::start(Vec::new())?;
/// # writer.json("Users.json", &serde_json::json!({"u1": "ada@example.org"}))?;
/// # writer.json("Settings.json", &serde_json::json!({}))?;
/// # writer.json("Urls.json", &serde_json::json!({"assets": "https://cms.example.org/api/assets/"}))?;
/// # let app = "f4c43ae4-0d14-4ee0-a5c4-4d4e3e1a5f10";
/// # let payload = format!(r#"{{"name":"blog","appId":"{app},blog"}}"#);
/// # writer.event(&Event::new("AppCreatedEvent", format!("app-{app}"), payload)?)?;
/// # let (bytes, _) = writer.finish()?;
/// use appsnap::Limits;
/// use appsnap::squidex::Archive;
///
/// let archive = Archive::open(&bytes, &Limits::untrusted())?;
/// let urls = archive.urls()?.expect("it is there");
/// assert_eq!(urls.assets.as_deref(), Some("https://cms.example.org/api/assets/"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Urls {
    /// The address of assets without the app's name.
    #[serde(default)]
    pub assets: Option<String>,
    /// The address of assets with the app's name.
    #[serde(default, rename = "assetsApp")]
    pub assets_app: Option<String>,
}

/// One version of one asset's file, whose attachment is named after it.
///
/// ```
/// # use appsnap::squidex::AssetFile;
/// assert_eq!(AssetFile::new("logo", 3).to_string(), "logo_3.asset");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AssetFile {
    asset_id: String,
    version: i64,
}

impl AssetFile {
    /// Version `version` of the asset `asset_id`; ids are uuids unless somebody chose their own.
    #[must_use]
    pub fn new(asset_id: impl Into<String>, version: i64) -> Self {
        Self { asset_id: asset_id.into(), version }
    }

    /// The id of the asset that the file belongs to.
    #[must_use]
    pub fn asset_id(&self) -> &str {
        &self.asset_id
    }

    /// The version of its file.
    #[must_use]
    pub const fn version(&self) -> i64 {
        self.version
    }
}

impl fmt::Display for AssetFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}_{}.asset", self.asset_id, self.version)
    }
}
