//! The subjects of advice: [`AdviceKind`].

use std::cmp::Ordering;
use std::fmt;

use super::code::Code;
use super::operation::Circumstance;
use crate::catalog::record::Phase;
use crate::diagnostic;

/// The subject of a piece of advice. It is displayed as a clause.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AdviceKind {
    /// The backup is not complete.
    #[non_exhaustive]
    NotCompleted {
        /// The progress of the backup.
        phase: Phase,
    },
    /// The platform reports a state that is not known here.
    #[non_exhaustive]
    StateUnknown {
        /// The platform's word.
        state: String,
    },
    /// The platform reports that the backup cannot be restored.
    NotRestorable,
    /// The target is another app. The ids of entities differ between apps.
    OtherApp,
    /// The target is another environment of the same app, which is allowed.
    OtherEnvironment,
    /// The backup was created with another version of the model than the deployed one.
    #[non_exhaustive]
    ModelVersion {
        /// The version of the backup.
        backup: String,
        /// The deployed version.
        deployed: String,
        /// The order of the two, `Less` if the backup's is older. `None` if it is unknown.
        order: Option<Ordering>,
    },
    /// The backup contains only documents, and cannot be restored or uploaded.
    FilesOnly,
    /// The backup contains only the database, and the platform does not accept such uploads.
    DatabaseOnlyRefused,
    /// Only the database is restored, and the documents stay as they are.
    FilesUntouched,
    /// A free app does not accept backups that were created or stored elsewhere.
    FreeApp,
    /// No app has been deployed.
    NeverDeployed,
    /// The app is running.
    AppRunning,
    /// The upload clears the environment and stops the app.
    DestructiveUpload,
    /// The backup is from another namespace.
    OtherNamespace,
    /// The backup is from another cluster.
    OtherCluster,
    /// The restore continues in the background if it takes longer than the portal waits.
    ContinuesInBackground,
    /// A failed restore leaves the database half restored.
    HalfRestored,
    /// The target database is too small.
    #[non_exhaustive]
    DatabaseTooSmall {
        /// The smallest size that the rule allows.
        needed_bytes: u64,
        /// The size of the target database.
        available_bytes: u64,
    },
    /// The restore needs a database of this size. The size of the target database is unknown.
    #[non_exhaustive]
    DatabaseNeeds {
        /// The smallest size that the rule allows.
        needed_bytes: u64,
    },
    /// The number of documents makes all backup operations slow.
    #[non_exhaustive]
    ManyDocuments {
        /// The number of documents.
        documents_count: u64,
        /// The number above which operations are slow.
        threshold_count: u64,
    },
    /// The state of the environment does not allow creating a backup.
    #[non_exhaustive]
    EnvironmentBusy {
        /// The state.
        state: Circumstance,
    },
    /// Only active environments can be backed up and restored.
    InactiveEnvironment,
    /// A restore uses the code that is deployed now, not that of the backup.
    CurrentCode,
    /// The backup was made live, while the app was running, so its parts can be from different moments.
    LiveBackup,
    /// Creating a backup that is not live pauses the site for 15 to 30 seconds.
    SitePauses,
    /// A restore creates a new app with a new id.
    NewApp,
    /// Backups of this kind are for moving and cloning an app, not for backing up an installation.
    NotForRoutine,
    /// There are as many backups as the platform keeps.
    #[non_exhaustive]
    BackupsFull {
        /// The number of backups that it keeps.
        kept_count: u64,
    },
}

impl AdviceKind {
    /// Compares two model versions, which are texts such as `1.8.82.e3c1a393`, by their leading numbers. `None` if the
    /// versions are the same.
    pub(super) fn of_models(backup: &str, deployed: &str) -> Option<Self> {
        fn numbers(version: &str) -> Vec<u64> {
            version.split('.').map_while(|part| part.parse().ok()).collect()
        }
        if backup == deployed {
            return None;
        }
        let order = Some(numbers(backup).cmp(&numbers(deployed))).filter(|order| order.is_ne());
        Some(Self::ModelVersion { backup: backup.to_owned(), deployed: deployed.to_owned(), order })
    }

    /// Returns the code.
    pub(super) const fn code(&self) -> diagnostic::Code {
        let code = match self {
            Self::NotCompleted { phase: Phase::Queued | Phase::Running } => Code::NotFinished,
            Self::NotCompleted { .. } => Code::NotSuccessful,
            Self::StateUnknown { .. } => Code::StateUnknown,
            Self::NotRestorable => Code::NotRestorable,
            Self::OtherApp => Code::OtherApp,
            Self::OtherEnvironment => Code::OtherEnvironment,
            Self::ModelVersion { .. } => Code::ModelVersion,
            Self::FilesOnly => Code::FilesAlone,
            Self::DatabaseOnlyRefused => Code::DatabaseOnlyRefused,
            Self::FilesUntouched => Code::FilesUntouched,
            Self::FreeApp => Code::FreeApp,
            Self::NeverDeployed => Code::NeverDeployed,
            Self::AppRunning => Code::AppRunning,
            Self::DestructiveUpload => Code::DestructiveUpload,
            Self::OtherNamespace => Code::OtherNamespace,
            Self::OtherCluster => Code::OtherCluster,
            Self::ContinuesInBackground => Code::ContinuesInBackground,
            Self::HalfRestored => Code::HalfRestored,
            Self::DatabaseTooSmall { .. } => Code::DatabaseTooSmall,
            Self::DatabaseNeeds { .. } => Code::DatabaseNeeds,
            Self::ManyDocuments { .. } => Code::SlowOperations,
            Self::EnvironmentBusy { .. } => Code::EnvironmentBusy,
            Self::InactiveEnvironment => Code::InactiveEnvironment,
            Self::CurrentCode => Code::DeployedVersion,
            Self::LiveBackup => Code::LiveBackup,
            Self::SitePauses => Code::SitePauses,
            Self::NewApp => Code::NewApp,
            Self::NotForRoutine => Code::NotForRoutine,
            Self::BackupsFull { .. } => Code::BackupsFull,
        };
        code.code()
    }

    /// Returns what to do about it, as a clause.
    #[must_use]
    pub const fn help(&self) -> &'static str {
        self.code().help()
    }
}

impl fmt::Display for AdviceKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotCompleted { phase: Phase::Queued | Phase::Running } => "the backup has not ended yet",
            Self::NotCompleted { phase: Phase::Deleting } => "the backup is being deleted",
            Self::NotCompleted { .. } => "the backup did not succeed",
            Self::StateUnknown { state } => return write!(f, "the state of the backup is {state:?}"),
            Self::NotRestorable => "the backup is marked as not restorable",
            Self::OtherApp => "the backup is from another app, whose entities have other ids",
            Self::OtherEnvironment => "the backup can be restored into another environment of the same app",
            Self::ModelVersion { backup, deployed, order } => {
                let model = match order {
                    Some(Ordering::Less) => "the older model",
                    Some(Ordering::Greater) => "the newer model",
                    _ => "model",
                };
                return write!(f, "the backup was created with {model} {backup:?}, and {deployed:?} is deployed");
            }
            Self::FilesOnly => "a backup of documents alone cannot be restored",
            Self::DatabaseOnlyRefused => "a backup of the database alone is not accepted",
            Self::FilesUntouched => "only the database is restored, and the documents stay as they are",
            Self::FreeApp => "a free app does not accept backups that were created or stored elsewhere",
            Self::NeverDeployed => "no app has been deployed to the environment yet",
            Self::AppRunning => "the app is running",
            Self::DestructiveUpload => {
                "the upload stops the app and clears the environment: deployment package, files, database"
            }
            Self::OtherNamespace => "the backup is from another namespace",
            Self::OtherCluster => "the backup is from another cluster",
            Self::ContinuesInBackground => {
                "a restore that takes longer than the portal waits continues in the background"
            }
            Self::HalfRestored => "a restore that fails leaves the database half restored",
            Self::DatabaseTooSmall { needed_bytes, available_bytes } => {
                return write!(
                    f,
                    "the restore needs a database of {needed_bytes} bytes, and the target has {available_bytes} bytes"
                );
            }
            Self::DatabaseNeeds { needed_bytes } => {
                return write!(f, "the restore needs a database of {needed_bytes} bytes");
            }
            Self::ManyDocuments { documents_count, threshold_count } => {
                return write!(
                    f,
                    "more than {threshold_count} documents make backups and restores slow, and there are \
                     {documents_count}"
                );
            }
            Self::EnvironmentBusy { state } => match state {
                Circumstance::CreationInProgress => "no backup can be created while the environment is being created",
                Circumstance::CreationFailed => "no backup can be created of an environment whose creation failed",
                Circumstance::DeployingPackage => {
                    "no backup can be created while a deployment package is being deployed"
                }
                _ => "no backup can be created while the environment is in transition",
            },
            Self::InactiveEnvironment => "the environment is not active",
            Self::CurrentCode => "the restore combines the data of the backup with the current code",
            Self::LiveBackup => "the backup was made live, so its parts can be from different moments",
            Self::SitePauses => "the backup pauses the site for 15 to 30 seconds",
            Self::NewApp => "the restore creates a new app with a new id from the address of the archive",
            Self::NotForRoutine => {
                "the archive is for moving and cloning an app, not for regular backups of an installation"
            }
            Self::BackupsFull { kept_count } => {
                return write!(f, "{kept_count} backups are kept: another one is refused, or the oldest is deleted");
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_by_their_leading_numbers() {
        for (backup, deployed, expected) in [
            ("1.0.0.9", "1.0.0.40", Some(Ordering::Less)),
            ("1.10.0", "1.9.5.abc", Some(Ordering::Greater)),
            ("1.8.82.e3c1a393", "1.8.82.ffffffff", None),
            ("1.8.82.e3c1a393", "1.8.83.e3c1a393", Some(Ordering::Less)),
            ("main", "release", None),
        ] {
            let Some(AdviceKind::ModelVersion { order, .. }) = AdviceKind::of_models(backup, deployed) else {
                panic!("{backup} and {deployed} are the same")
            };
            assert_eq!(order, expected, "{backup} {deployed}");
        }
        assert_eq!(AdviceKind::of_models("1.0.0.40", "1.0.0.40"), None);
    }
}
