//! What is odd in a Squidex archive that can still be read: [`Anomaly`].

use std::fmt;

/// Something in the archive that Squidex passes over in silence.
///
/// ```
/// use appsnap::Limits;
/// use appsnap::squidex::{Anomaly, Archive};
///
/// let mut zip = appsnap::zip::Writer::new(Vec::new());
/// for index in [0, 1, 3] {
///     zip.entry(&appsnap::squidex::event_path(index), &br#"{"n":{"t":"X","s":"app-1","p":"{}"}}"#[..])?;
/// }
/// let bytes = zip.finish()?;
/// let archive = Archive::open(&bytes, &Limits::untrusted())?;
/// let is_gap = |anomaly: &&Anomaly| matches!(anomaly, Anomaly::Gap { missing_index: 2, unreachable_count: 1, .. });
/// assert!(archive.anomalies().iter().any(|anomaly| is_gap(&anomaly)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Anomaly {
    /// There is no `Version.json`. Squidex restores such archives.
    VersionMissing,
    /// `Version.json` cannot be read. Squidex restores such archives.
    VersionUnreadable,
    /// An entry has a name that was there before. Squidex takes the first.
    #[non_exhaustive]
    Duplicate {
        /// The path of the entry.
        path: String,
    },
    /// An entry has no contents, which Squidex takes for a missing one.
    #[non_exhaustive]
    Empty {
        /// The path of the entry.
        path: String,
    },
    /// An attachment lies where Squidex never looks for it.
    #[non_exhaustive]
    Misplaced {
        /// The path of the entry, escaped.
        path: String,
    },
    /// An entry belongs to no Squidex backup. Squidex does not look at it.
    #[non_exhaustive]
    Foreign {
        /// The path of the entry, escaped.
        path: String,
    },
    /// The numbering of the events has a gap, and a restore ends there without a word.
    #[non_exhaustive]
    Gap {
        /// The first event that is missing.
        missing_index: u64,
        /// How many events lie behind the gap, out of reach.
        unreachable_count: u64,
    },
}

impl Anomaly {
    /// A short name that stays the same from release to release.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::VersionMissing => "version-missing",
            Self::VersionUnreadable => "version-unreadable",
            Self::Duplicate { .. } => "duplicate",
            Self::Empty { .. } => "empty",
            Self::Misplaced { .. } => "misplaced",
            Self::Foreign { .. } => "foreign",
            Self::Gap { .. } => "gap",
        }
    }

    /// The entry it concerns, escaped for display.
    #[must_use]
    pub fn path(&self) -> Option<&str> {
        match self {
            Self::Duplicate { path } | Self::Empty { path } | Self::Misplaced { path } | Self::Foreign { path } => {
                Some(path)
            }
            Self::VersionMissing | Self::VersionUnreadable | Self::Gap { .. } => None,
        }
    }
}

impl fmt::Display for Anomaly {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::VersionMissing => f.write_str("there is no Version.json; Squidex restores the archive all the same"),
            Self::VersionUnreadable => {
                f.write_str("Version.json cannot be read; Squidex restores the archive all the same")
            }
            Self::Duplicate { path } => write!(f, "{path} is there more than once; only the first is restored"),
            Self::Empty { path } => write!(f, "{path} has no contents, so a restore takes it for missing"),
            Self::Misplaced { path } => write!(f, "{path} lies where a restore never looks, so it is lost"),
            Self::Foreign { path } => write!(f, "{path} belongs to no Squidex backup and is passed over"),
            Self::Gap { missing_index, unreachable_count } => write!(
                f,
                "event {missing_index} is missing: a restore ends there and loses {unreachable_count} later events"
            ),
        }
    }
}

/// The anomalies of an archive: the first of them, and how many there are.
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
/// assert!(archive.anomalies().is_empty());
/// for anomaly in archive.anomalies().iter() {
///     println!("{}: {anomaly}", anomaly.name());
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Anomalies {
    kept: Vec<Anomaly>,
    count: u64,
}

impl Anomalies {
    pub(super) fn add(&mut self, anomaly: Anomaly, max_kept: u64) {
        if (self.kept.len() as u64) < max_kept {
            self.kept.push(anomaly);
        }
        self.count = self.count.saturating_add(1);
    }

    /// The anomalies that were kept; [`max_findings_per_code`](crate::Limits::max_findings_per_code) says how many at most.
    pub fn iter(&self) -> impl Iterator<Item = &Anomaly> {
        self.kept.iter()
    }

    /// How many there are, kept or not.
    #[must_use]
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.count == 0
    }
}
