//! The rules of Squidex.

use super::matter::Matter;
use super::target::{Operation, Target};
use super::{Collector, Severity};

pub(super) const SOURCE: &str = "Squidex source, Entities/Backup";
const GUIDE: &str = "Squidex documentation, Backups";

/// How many backups of an app are kept. The guide says that the oldest goes, the source refuses the eleventh.
const KEPT_COUNT: u64 = 10;

pub(super) fn judge(target: &Target, collector: &mut Collector) {
    collector.add(Matter::NotForRoutine, Severity::Info, GUIDE, 2026);
    if target.operation() != Operation::MakeBackup {
        collector.add(Matter::NewApp, Severity::Info, SOURCE, 2026);
    } else if target.backups_count().is_some_and(|count| count >= KEPT_COUNT) {
        let matter = Matter::BackupsFull { kept_count: KEPT_COUNT };
        collector.add(matter.clone(), Severity::Refusal, SOURCE, 2026);
        collector.add(matter, Severity::Warning, GUIDE, 2026);
    }
}
