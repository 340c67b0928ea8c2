//! Gives advice about restoring, uploading or creating a backup, from the platforms' documentation: [`Operation`].
//!
//! Each [`Advice`] has a typed subject, a severity, and the source with its year, since platforms change their rules.
//!
//! ```
//! use appsnap::catalog::advice::{AdviceKind, Circumstance, Operation};
//! use appsnap::catalog::{Provider, Record};
//!
//! let mut record = Record::new(Provider::PlatformSh, "7jks7dru", "2022-08-23T13:05:33Z".parse()?, "CREATED");
//! record.live = Some(true);
//! let restore = Operation::restore(Provider::PlatformSh).of(&record);
//! let advisory = restore.advise();
//! assert!(advisory.is_allowed());
//! assert!(advisory.iter().any(|advice| *advice.kind() == AdviceKind::LiveBackup));
//! assert!(!restore.with(Circumstance::InactiveEnvironment).advise().is_allowed());
//! # Ok::<(), appsnap::jiff::Error>(())
//! ```

mod advisory;
mod code;
mod kind;
mod mendix;
mod operation;
mod platformsh;
mod squidex;

pub use advisory::{Advice, Advisory};
pub(crate) use code::Code;
pub use kind::AdviceKind;
pub use operation::{Circumstance, Operation};

use advisory::Collector;
use operation::OperationKind;

use super::record::{Phase, Provider};
use crate::diagnostic::Severity;

impl Operation<'_> {
    /// Returns what the platform's documentation says about the operation.
    #[must_use]
    pub fn advise(&self) -> Advisory {
        let mut collector = Collector::default();
        match self.provider {
            Provider::MendixCloud | Provider::MendixCloudV3 => {
                judge_record(self, mendix::API, 2021, &mut collector);
                mendix::judge(self, &mut collector);
            }
            Provider::MendixOnAzure => {
                judge_record(self, mendix::AZURE, 2026, &mut collector);
                mendix::judge(self, &mut collector);
            }
            Provider::PlatformSh => {
                judge_record(self, platformsh::BACKUPS, 2022, &mut collector);
                platformsh::judge(self, &mut collector);
            }
            Provider::Squidex => {
                judge_record(self, squidex::SOURCE, 2026, &mut collector);
                squidex::judge(self, &mut collector);
            }
            // What is listed can be restored, and no documentation says more.
            Provider::Own | Provider::Restic | Provider::Borg | Provider::Proxmox | Provider::Kopia => {}
        }
        collector.finish()
    }
}

/// Only a complete backup that the platform calls restorable can be restored.
fn judge_record(operation: &Operation<'_>, source: &'static str, year: u16, collector: &mut Collector) {
    let Some(record) = operation.record.filter(|_| !operation.is(OperationKind::Create)) else { return };
    match record.phase {
        Phase::Completed => {}
        Phase::Unknown => {
            collector.add(AdviceKind::StateUnknown { state: record.state.clone() }, Severity::Warning, source, year);
        }
        phase => collector.add(AdviceKind::NotCompleted { phase }, Severity::Error, source, year),
    }
    if record.restorable == Some(false) {
        collector.add(AdviceKind::NotRestorable, Severity::Error, source, year);
    }
}
