//! The rules of Squidex.

use super::advisory::Collector;
use super::kind::AdviceKind;
use super::operation::{Operation, OperationKind};
use crate::diagnostic::Severity;

pub(super) const SOURCE: &str = "Squidex source, Entities/Backup";
const GUIDE: &str = "Squidex documentation, Backups";

/// The number of backups of an app. According to the guide, the oldest is deleted; the source code refuses the eleventh.
const KEPT_COUNT: u64 = 10;

pub(super) fn judge(operation: &Operation<'_>, collector: &mut Collector) {
    collector.add(AdviceKind::NotForRoutine, Severity::Info, GUIDE, 2026);
    if !operation.is(OperationKind::Create) {
        collector.add(AdviceKind::NewApp, Severity::Info, SOURCE, 2026);
    } else if operation.backups_count.is_some_and(|count| count >= KEPT_COUNT) {
        let kind = AdviceKind::BackupsFull { kept_count: KEPT_COUNT };
        collector.add(kind.clone(), Severity::Error, SOURCE, 2026);
        collector.add(kind, Severity::Warning, GUIDE, 2026);
    }
}
