//! The rules of Platform.sh.

use super::matter::Matter;
use super::subject::Subject;
use super::target::{Circumstance, Operation, Target};
use super::{Collector, Severity};

pub(super) const BACKUPS: &str = "Platform.sh documentation, Backup and restore";

pub(super) fn judge(subject: &Subject<'_>, target: &Target, collector: &mut Collector) {
    if target.has(Circumstance::InactiveEnvironment) {
        collector.add(Matter::InactiveEnvironment, Severity::Refusal, BACKUPS, 2022);
    }
    if target.operation() == Operation::MakeBackup {
        collector.add(Matter::SitePauses, Severity::Info, BACKUPS, 2022);
        return;
    }
    collector.add(Matter::CurrentCode, Severity::Warning, BACKUPS, 2022);
    if subject.is_live() {
        collector.add(Matter::LiveBackup, Severity::Warning, BACKUPS, 2022);
    }
    if target.has(Circumstance::OtherEnvironment) {
        collector.add(Matter::OtherEnvironment, Severity::Info, BACKUPS, 2022);
    }
}
