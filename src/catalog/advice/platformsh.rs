//! The rules of Platform.sh.

use super::advisory::Collector;
use super::kind::AdviceKind;
use super::operation::{Circumstance, Operation, OperationKind};
use crate::diagnostic::Severity;

pub(super) const BACKUPS: &str = "Platform.sh documentation, Backup and restore";

pub(super) fn judge(operation: &Operation<'_>, collector: &mut Collector) {
    if operation.has(Circumstance::InactiveEnvironment) {
        collector.add(AdviceKind::InactiveEnvironment, Severity::Error, BACKUPS, 2022);
    }
    if operation.is(OperationKind::Create) {
        collector.add(AdviceKind::SitePauses, Severity::Info, BACKUPS, 2022);
        return;
    }
    collector.add(AdviceKind::CurrentCode, Severity::Warning, BACKUPS, 2022);
    if operation.is_of_live() {
        collector.add(AdviceKind::LiveBackup, Severity::Warning, BACKUPS, 2022);
    }
    if operation.has(Circumstance::OtherEnvironment) {
        collector.add(AdviceKind::OtherEnvironment, Severity::Info, BACKUPS, 2022);
    }
}
