//! The next step with a backup, and what is known about it: [`Operation`].

use std::collections::BTreeSet;

use crate::catalog::record::{Provider, Record};
use crate::layout::Contents;
use crate::metadata::Metadata;
use crate::retention::Origin;

/// A fact about the target of an operation for which the documentation has a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Circumstance {
    /// The target is a free app.
    FreeApp,
    /// No app has ever been deployed to the target.
    NeverDeployed,
    /// The app of the target is running.
    AppRunning,
    /// The target is another app than that of the backup.
    OtherApp,
    /// The target is another environment of the same app.
    OtherEnvironment,
    /// The target is in another Kubernetes namespace.
    OtherNamespace,
    /// The target is in another cluster.
    OtherCluster,
    /// The target environment is not active.
    InactiveEnvironment,
    /// The environment is being created.
    CreationInProgress,
    /// The creation of the environment failed.
    CreationFailed,
    /// A deployment package is being deployed to the environment.
    DeployingPackage,
    /// The environment is changing from one state to another.
    InTransition,
}

/// Restoring, uploading or creating a backup, with everything that is known about the backup and the target.
///
/// Unknown facts lead to no advice: set what you know, then call [`advise`](Self::advise).
///
/// ```
/// use appsnap::catalog::Provider;
/// use appsnap::catalog::advice::{Circumstance, Operation};
///
/// let upload = Operation::upload(Provider::MendixCloud).with(Circumstance::AppRunning).with_database_bytes(10 << 30);
/// let advisory = upload.advise();
/// assert!(!advisory.is_allowed());
/// assert_eq!(advisory.iter().next().unwrap().kind().to_string(), "the app is running");
/// ```
#[derive(Clone, Debug)]
pub struct Operation<'a> {
    pub(super) kind: OperationKind,
    pub(super) provider: Provider,
    pub(super) circumstances: BTreeSet<Circumstance>,
    pub(super) deployed_model: Option<String>,
    pub(super) database_bytes: Option<u64>,
    pub(super) backups_count: Option<u64>,
    pub(super) record: Option<&'a Record>,
    pub(super) contents: Option<Contents>,
    pub(super) model_version: Option<String>,
    pub(super) decompressed_bytes: Option<u64>,
    pub(super) documents_count: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OperationKind {
    Restore,
    RestoreDatabaseOnly,
    Upload,
    Create,
}

impl<'a> Operation<'a> {
    const fn new(kind: OperationKind, provider: Provider) -> Self {
        Self {
            kind,
            provider,
            circumstances: BTreeSet::new(),
            deployed_model: None,
            database_bytes: None,
            backups_count: None,
            record: None,
            contents: None,
            model_version: None,
            decompressed_bytes: None,
            documents_count: None,
        }
    }

    /// Creates the operation of restoring a backup that the platform lists.
    #[must_use]
    pub const fn restore(provider: Provider) -> Self {
        Self::new(OperationKind::Restore, provider)
    }

    /// Creates the operation of restoring only the database of a backup that the platform lists.
    #[must_use]
    pub const fn restore_database_only(provider: Provider) -> Self {
        Self::new(OperationKind::RestoreDatabaseOnly, provider)
    }

    /// Creates the operation of uploading an archive.
    #[must_use]
    pub const fn upload(provider: Provider) -> Self {
        Self::new(OperationKind::Upload, provider)
    }

    /// Creates the operation of creating a new backup.
    #[must_use]
    pub const fn create(provider: Provider) -> Self {
        Self::new(OperationKind::Create, provider)
    }

    /// Sets the backup from a listing, with its contents and model version.
    #[must_use]
    pub fn of(mut self, record: &'a Record) -> Self {
        self.record = Some(record);
        self.contents = record.contents.or(self.contents);
        self.model_version = record.model_version.clone().or(self.model_version);
        self
    }

    /// Sets the model version of the backup from the archive's `.metadata`.
    #[must_use]
    pub fn with_metadata(mut self, metadata: &Metadata) -> Self {
        self.model_version = metadata.model_version().map(ToOwned::to_owned).or(self.model_version);
        self
    }

    /// Sets what the backup contains.
    #[must_use]
    pub fn with_contents(mut self, contents: Contents) -> Self {
        self.contents = Some(contents);
        self
    }

    /// Sets the model version of the backup.
    #[must_use]
    pub fn with_model_version(mut self, version: impl Into<String>) -> Self {
        self.model_version = Some(version.into());
        self
    }

    /// Sets the size of the backup's database: the uncompressed data of the dump, without indexes.
    #[must_use]
    pub fn with_decompressed_bytes(mut self, bytes: u64) -> Self {
        self.decompressed_bytes = Some(bytes);
        self
    }

    /// Sets the number of documents in the backup.
    #[must_use]
    pub fn with_documents_count(mut self, count: u64) -> Self {
        self.documents_count = Some(count);
        self
    }

    /// Adds a fact about the target.
    #[must_use]
    pub fn with(mut self, circumstance: Circumstance) -> Self {
        self.circumstances.insert(circumstance);
        self
    }

    /// Sets the model version that is deployed to the target.
    #[must_use]
    pub fn with_deployed_model(mut self, version: impl Into<String>) -> Self {
        self.deployed_model = Some(version.into());
        self
    }

    /// Sets the size of the target database.
    #[must_use]
    pub fn with_database_bytes(mut self, bytes: u64) -> Self {
        self.database_bytes = Some(bytes);
        self
    }

    /// Sets the number of backups that exist.
    #[must_use]
    pub fn with_backups_count(mut self, count: u64) -> Self {
        self.backups_count = Some(count);
        self
    }

    pub(super) fn has(&self, circumstance: Circumstance) -> bool {
        self.circumstances.contains(&circumstance)
    }

    pub(super) fn is(&self, kind: OperationKind) -> bool {
        self.kind == kind
    }

    pub(super) fn is_of_uploaded(&self) -> bool {
        self.record.is_some_and(|record| record.origin == Some(Origin::Uploaded))
    }

    pub(super) fn is_of_live(&self) -> bool {
        self.record.is_some_and(|record| record.live == Some(true))
    }
}
