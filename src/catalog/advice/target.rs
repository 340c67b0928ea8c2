//! Where a backup should go, and under which circumstances: [`Target`].

use std::collections::BTreeSet;

/// The product that restores or makes the backup. Rules differ between them, and between generations.
///
/// ```
/// use appsnap::catalog::advice::{Operation, Product, Target};
///
/// assert_eq!(Target::new(Product::MendixOnAzure, Operation::Upload).product(), Product::MendixOnAzure);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Product {
    /// Mendix Cloud v4.
    MendixCloud,
    /// Mendix Cloud v3, which older installations still describe.
    MendixCloudV3,
    /// Mendix on Azure.
    MendixOnAzure,
    /// Platform.sh, now also called Upsun.
    PlatformSh,
    /// Squidex, self-hosted or in its cloud.
    Squidex,
}

/// What is to be done.
///
/// ```
/// use appsnap::catalog::advice::{Operation, Product, Target};
///
/// let target = Target::new(Product::MendixCloud, Operation::RestoreDatabaseOnly);
/// assert_eq!(target.operation(), Operation::RestoreDatabaseOnly);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Operation {
    /// Restoring a backup that the platform lists.
    Restore,
    /// Restoring only the database of a backup that the platform lists.
    RestoreDatabaseOnly,
    /// Bringing in an archive from outside.
    Upload,
    /// Making a new backup.
    MakeBackup,
}

/// Something known about the target that the documentation has a rule for.
///
/// ```
/// use appsnap::catalog::advice::{Circumstance, Operation, Product, Target};
///
/// let target = Target::new(Product::MendixCloud, Operation::Restore).with(Circumstance::OtherApp);
/// assert!(target.has(Circumstance::OtherApp) && !target.has(Circumstance::AppRunning));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Circumstance {
    /// The target is a free app.
    FreeApp,
    /// No app has ever been deployed to the target.
    NeverDeployed,
    /// The target's app is running.
    AppRunning,
    /// The target is another app than the backup's.
    OtherApp,
    /// The target is another environment of the same app.
    OtherEnvironment,
    /// The target lies in another Kubernetes namespace.
    OtherNamespace,
    /// The target lies in another cluster.
    OtherCluster,
    /// The target environment is not active.
    InactiveEnvironment,
    /// The environment is being created.
    CreationInProgress,
    /// The environment's creation failed.
    CreationFailed,
    /// A deployment package is being deployed to the environment.
    DeployingPackage,
    /// The environment is changing from one state to another.
    InTransition,
}

/// Where a backup should go: the product, the operation, and what is known about the place.
///
/// What is not said is not judged, so a target that says little gets little advice.
///
/// ```
/// use appsnap::catalog::advice::{Circumstance, Operation, Product, Target};
///
/// let target = Target::new(Product::MendixCloud, Operation::Upload)
///     .with(Circumstance::AppRunning)
///     .with_model_version("1.0.0.41")
///     .with_database_bytes(10 << 30);
/// assert!(target.has(Circumstance::AppRunning));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    product: Product,
    operation: Operation,
    circumstances: BTreeSet<Circumstance>,
    model_version: Option<String>,
    database_bytes: Option<u64>,
    backups_count: Option<u64>,
}

impl Target {
    /// A target about which nothing else is known.
    #[must_use]
    pub const fn new(product: Product, operation: Operation) -> Self {
        Self {
            product,
            operation,
            circumstances: BTreeSet::new(),
            model_version: None,
            database_bytes: None,
            backups_count: None,
        }
    }

    /// Adds something that is known.
    #[must_use]
    pub fn with(mut self, circumstance: Circumstance) -> Self {
        self.circumstances.insert(circumstance);
        self
    }

    /// Says which model version is deployed there.
    #[must_use]
    pub fn with_model_version(mut self, version: impl Into<String>) -> Self {
        self.model_version = Some(version.into());
        self
    }

    /// Says how much room its database has.
    #[must_use]
    pub const fn with_database_bytes(mut self, bytes: u64) -> Self {
        self.database_bytes = Some(bytes);
        self
    }

    /// Says how many backups there are already.
    #[must_use]
    pub const fn with_backups_count(mut self, count: u64) -> Self {
        self.backups_count = Some(count);
        self
    }

    /// The product that does it.
    #[must_use]
    pub const fn product(&self) -> Product {
        self.product
    }

    /// What is to be done.
    #[must_use]
    pub const fn operation(&self) -> Operation {
        self.operation
    }

    /// Whether this is known of the target.
    #[must_use]
    pub fn has(&self, circumstance: Circumstance) -> bool {
        self.circumstances.contains(&circumstance)
    }

    pub(super) fn model_version(&self) -> Option<&str> {
        self.model_version.as_deref()
    }

    pub(super) const fn database_bytes(&self) -> Option<u64> {
        self.database_bytes
    }

    pub(super) const fn backups_count(&self) -> Option<u64> {
        self.backups_count
    }
}
