//! What advice can be about: [`Matter`], with what it means and what to do.

use std::cmp::Ordering;
use std::fmt;

use super::target::Circumstance;
use crate::catalog::record::Phase;

/// How the model of a backup relates to the one that is deployed, as far as their versions can be compared.
///
/// ```
/// use appsnap::catalog::advice::ModelAge;
///
/// assert_eq!(ModelAge::of("1.8.82.e3c1a393", "1.10.3.77aa01bc"), Some(ModelAge::Older));
/// assert_eq!(ModelAge::of("1.8.82.e3c1a393", "1.8.82.e3c1a393"), None);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ModelAge {
    /// The backup's model is older.
    Older,
    /// The backup's model is newer.
    Newer,
    /// The versions differ and have no order that is known.
    Unknown,
}

impl ModelAge {
    /// How version `backup` relates to `deployed`; `None` when they are the same.
    ///
    /// Versions are opaque texts such as `1.8.82.e3c1a393`; their leading numbers are compared, and nothing else.
    #[must_use]
    pub fn of(backup: &str, deployed: &str) -> Option<Self> {
        fn numbers(version: &str) -> Vec<u64> {
            version.split('.').map_while(|part| part.parse().ok()).collect()
        }
        if backup == deployed {
            return None;
        }
        Some(match numbers(backup).cmp(&numbers(deployed)) {
            Ordering::Less => Self::Older,
            Ordering::Greater => Self::Newer,
            Ordering::Equal => Self::Unknown,
        })
    }
}

/// What a piece of advice is about.
///
/// ```
/// use appsnap::catalog::advice::Matter;
///
/// let matter = Matter::AppRunning;
/// assert_eq!(format!("{matter}; {}", matter.remedy()), "the app is running; stop the app first");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Matter {
    /// The backup is not whole.
    #[non_exhaustive]
    NotCompleted {
        /// How far the backup got.
        phase: Phase,
    },
    /// The platform uses a word for the backup's state that is not known here.
    #[non_exhaustive]
    StateUnknown {
        /// The word, as the platform reported it.
        reported: String,
    },
    /// The platform says that the backup cannot be restored.
    NotRestorable,
    /// The target is another app: ids of entities differ between apps.
    OtherApp,
    /// The target is another environment of the same app, which is allowed.
    OtherEnvironment,
    /// The backup was made with another version of the model than is deployed.
    #[non_exhaustive]
    ModelVersion {
        /// The backup's version.
        backup: String,
        /// The deployed version.
        deployed: String,
        /// How they relate.
        age: ModelAge,
    },
    /// The backup holds documents alone and cannot be restored or uploaded.
    FilesOnly,
    /// The backup holds the database alone; the platform does not take such uploads.
    DatabaseOnlyRefused,
    /// Only the database is restored; the documents stay as they are.
    FilesUntouched,
    /// A free app takes no backups that were made or stored elsewhere.
    FreeApp,
    /// An app has to be deployed before anything is restored.
    NeverDeployed,
    /// The app has to be stopped first.
    AppRunning,
    /// The upload clears the environment and stops the app.
    DestructiveUpload,
    /// The backup is of another namespace.
    OtherNamespace,
    /// The backup is of another cluster.
    OtherCluster,
    /// A restore that takes longer than the portal waits goes on unseen.
    GoesOnUnseen,
    /// A restore that fails leaves the database half restored.
    HalfRestored,
    /// The target's database has too little room.
    #[non_exhaustive]
    DatabaseTooSmall {
        /// The least size that the rule asks for.
        needed_bytes: u64,
        /// The size there is.
        available_bytes: u64,
    },
    /// The target's database needs this size; how large it is was not said.
    #[non_exhaustive]
    DatabaseNeeds {
        /// The least size that the rule asks for.
        needed_bytes: u64,
    },
    /// So many documents make all backup operations slow.
    #[non_exhaustive]
    ManyDocuments {
        /// How many there are.
        documents_count: u64,
        /// From how many on.
        threshold_count: u64,
    },
    /// The environment's state does not allow making a backup.
    #[non_exhaustive]
    EnvironmentBusy {
        /// The state that stands in the way.
        state: Circumstance,
    },
    /// Only active environments are backed up and restored.
    InactiveEnvironment,
    /// A restore takes the code that is deployed now, not the backup's.
    CurrentCode,
    /// The backup was made live: its parts may be from different moments.
    LiveBackup,
    /// Making a backup that is not live pauses the site for 15 to 30 seconds.
    SitePauses,
    /// A restore makes a new app with a new id.
    NewApp,
    /// Backups of this kind are for moving and cloning an app, not for backing up an installation.
    NotForRoutine,
    /// There are as many backups as the platform keeps.
    #[non_exhaustive]
    BackupsFull {
        /// How many it keeps.
        kept_count: u64,
    },
}

impl Matter {
    /// What to do about it.
    #[must_use]
    pub const fn remedy(&self) -> &'static str {
        match self {
            Self::NotCompleted { phase: Phase::Queued | Phase::Running } => "wait until it is done",
            Self::NotCompleted { .. } => "choose another backup, or make a new one",
            Self::StateUnknown { .. } => "look it up in the portal",
            Self::NotRestorable => "choose a backup that is marked as restorable",
            Self::OtherApp => "restore into an environment of the app that the backup was made of",
            Self::OtherEnvironment => "make sure that the data may go there",
            Self::ModelVersion { .. } => "deploy the model that the backup was made with, then restore",
            Self::FilesOnly => "make a full snapshot: the documents and the database together",
            Self::DatabaseOnlyRefused => "make a full snapshot: the database with its documents, or with none",
            Self::FilesUntouched => "restore the whole snapshot, or expect rows without a document",
            Self::FreeApp => "use a licensed app, or restore a backup that the free app made itself",
            Self::NeverDeployed => "deploy the app first",
            Self::AppRunning => "stop the app first",
            Self::DestructiveUpload => "make a backup of the environment first, and plan the downtime",
            Self::OtherNamespace => "if it is refused, download the backup and upload it to the target",
            Self::OtherCluster => "download the backup and upload it to the target",
            Self::GoesOnUnseen => "watch the backup's state before starting the app",
            Self::HalfRestored => "make a backup of the target first, and restore again after a failure",
            Self::DatabaseTooSmall { .. } => "enlarge the database first: running out of room leaves it half restored",
            Self::DatabaseNeeds { .. } => "compare with the target's database; indexes come on top",
            Self::ManyDocuments { .. } => "plan for hours rather than minutes",
            Self::EnvironmentBusy { .. } => "wait until the environment has settled, or repair it",
            Self::InactiveEnvironment => "activate the environment first",
            Self::CurrentCode => "deploy the code that belongs to the data (backups include code since)",
            Self::LiveBackup => "prefer a backup that was not made live, or check the data afterwards",
            Self::SitePauses => "choose a quiet hour, or make a live backup",
            Self::NewApp => "give it a name of its own if the old app still exists",
            Self::NotForRoutine => "back up the database and the asset store of the installation for that",
            Self::BackupsFull { .. } => "download and delete an old one first",
        }
    }
}

impl fmt::Display for Matter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotCompleted { phase: Phase::Queued | Phase::Running } => f.write_str("the backup is not done yet"),
            Self::NotCompleted { phase: Phase::Deleting } => f.write_str("the backup is being deleted"),
            Self::NotCompleted { .. } => f.write_str("the backup did not succeed"),
            Self::StateUnknown { reported } => write!(f, "the backup is in a state called {reported:?}"),
            Self::NotRestorable => f.write_str("the backup is marked as not restorable"),
            Self::OtherApp => f.write_str("the backup is of another app, whose entities have other ids"),
            Self::OtherEnvironment => {
                f.write_str("the backup may be restored into another environment of the same app")
            }
            Self::ModelVersion { backup, deployed, age } => {
                let age = match age {
                    ModelAge::Older => "the older model",
                    ModelAge::Newer => "the newer model",
                    ModelAge::Unknown => "model",
                };
                write!(f, "the backup was made with {age} {backup:?}, deployed is {deployed:?}")
            }
            Self::FilesOnly => f.write_str("a backup of documents alone cannot be restored"),
            Self::DatabaseOnlyRefused => f.write_str("a backup of the database alone is not taken"),
            Self::FilesUntouched => f.write_str("only the database is restored, and the documents stay as they are"),
            Self::FreeApp => f.write_str("a free app takes no backup that was made or stored elsewhere"),
            Self::NeverDeployed => f.write_str("nothing has been deployed to the environment yet"),
            Self::AppRunning => f.write_str("the app is running"),
            Self::DestructiveUpload => {
                f.write_str("the upload stops the app and clears the environment: deployment package, files, database")
            }
            Self::OtherNamespace => f.write_str("the backup is of another namespace"),
            Self::OtherCluster => f.write_str("the backup is of another cluster"),
            Self::GoesOnUnseen => {
                f.write_str("a restore that takes longer than the portal waits goes on behind the scenes")
            }
            Self::HalfRestored => f.write_str("a restore that fails leaves the database half restored"),
            Self::DatabaseTooSmall { needed_bytes, available_bytes } => {
                write!(f, "the restore needs a database of {needed_bytes} bytes, there are {available_bytes}")
            }
            Self::DatabaseNeeds { needed_bytes } => write!(f, "the restore needs a database of {needed_bytes} bytes"),
            Self::ManyDocuments { documents_count, threshold_count } => {
                write!(
                    f,
                    "{documents_count} documents are more than {threshold_count}, which makes backups and restores slow"
                )
            }
            Self::EnvironmentBusy { state } => f.write_str(match state {
                Circumstance::CreationInProgress => "no backup can be made while the environment is being created",
                Circumstance::CreationFailed => "no backup can be made of an environment whose creation failed",
                Circumstance::DeployingPackage => "no backup can be made while a deployment package is being deployed",
                _ => "no backup can be made while the environment is in transition",
            }),
            Self::InactiveEnvironment => f.write_str("the environment is not active"),
            Self::CurrentCode => f.write_str("the restore takes the data of the backup and the code of now"),
            Self::LiveBackup => f.write_str("the backup was made live, so its parts may be from different moments"),
            Self::SitePauses => f.write_str("the backup pauses the site for 15 to 30 seconds"),
            Self::NewApp => f.write_str("the restore makes a new app with a new id from the archive's address"),
            Self::NotForRoutine => f.write_str(
                "the archive is made for moving and cloning one app, not for regular backups of an installation",
            ),
            Self::BackupsFull { kept_count } => {
                write!(f, "{kept_count} backups are kept: another one is refused, or the oldest is deleted")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_by_their_leading_numbers() {
        for (backup, deployed, age) in [
            ("1.0.0.40", "1.0.0.40", None),
            ("1.0.0.9", "1.0.0.40", Some(ModelAge::Older)),
            ("1.10.0", "1.9.5.abc", Some(ModelAge::Newer)),
            ("1.8.82.e3c1a393", "1.8.82.ffffffff", Some(ModelAge::Unknown)),
            ("1.8.82.e3c1a393", "1.8.83.e3c1a393", Some(ModelAge::Older)),
            ("main", "release", Some(ModelAge::Unknown)),
        ] {
            assert_eq!(ModelAge::of(backup, deployed), age, "{backup} {deployed}");
        }
    }
}
