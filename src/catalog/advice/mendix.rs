//! The rules of Mendix Cloud and Mendix on Azure.

use super::matter::{Matter, ModelAge};
use super::subject::Subject;
use super::target::{Circumstance, Operation, Product, Target};
use super::{Collector, Severity};
use crate::layout::Contents;
use crate::platform::{Acceptance, Platform};

pub(super) const API: &str = "Mendix documentation, Backups API";
pub(super) const AZURE: &str = "Mendix documentation, Mendix on Azure: Backup and Restore";
const BACKUPS: &str = "Mendix documentation, Backups";
const RESTORE: &str = "Mendix documentation, Restoring a Backup";
const V3: &str = "Mendix documentation, Mendix Cloud v3: Backups";

/// States in which Mendix on Azure refuses to make a backup (2026).
const BUSY: [Circumstance; 4] = [
    Circumstance::CreationInProgress,
    Circumstance::CreationFailed,
    Circumstance::DeployingPackage,
    Circumstance::InTransition,
];

pub(super) fn judge(subject: &Subject<'_>, target: &Target, collector: &mut Collector) {
    let is_azure = target.product() == Product::MendixOnAzure;
    if target.operation() == Operation::MakeBackup {
        for state in BUSY.into_iter().filter(|state| is_azure && target.has(*state)) {
            collector.add(Matter::EnvironmentBusy { state }, Severity::Refusal, AZURE, 2026);
        }
    } else {
        judge_target(subject, target, collector);
        judge_contents(subject, target, collector);
        judge_model(subject, target, collector);
        if !is_azure {
            judge_space(subject, target, collector);
        }
    }
    let threshold = Platform::mendix_cloud().many_documents_count();
    if let Some(documents_count) = subject.documents_count().filter(|count| *count > threshold.value()) {
        let matter = Matter::ManyDocuments { documents_count, threshold_count: threshold.value() };
        collector.add(matter, Severity::Warning, threshold.source(), threshold.published_year());
    }
}

fn judge_target(subject: &Subject<'_>, target: &Target, collector: &mut Collector) {
    let (product, is_upload) = (target.product(), target.operation() == Operation::Upload);
    let clears = is_upload && product == Product::MendixCloudV3;
    let from_elsewhere = is_upload || subject.is_uploaded() || target.has(Circumstance::OtherEnvironment);
    let mut refuse = |when: bool, matter, source, year| {
        if when {
            collector.add(matter, Severity::Refusal, source, year);
        }
    };
    refuse(target.has(Circumstance::FreeApp) && from_elsewhere, Matter::FreeApp, BACKUPS, 2021);
    refuse(target.has(Circumstance::NeverDeployed), Matter::NeverDeployed, RESTORE, 2021);
    refuse(target.has(Circumstance::AppRunning) && !clears, Matter::AppRunning, RESTORE, 2021);
    refuse(target.has(Circumstance::OtherApp), Matter::OtherApp, RESTORE, 2021);
    if clears {
        collector.add(Matter::DestructiveUpload, Severity::Warning, V3, 2021);
    }
    if target.has(Circumstance::OtherEnvironment) {
        collector.add(Matter::OtherEnvironment, Severity::Info, RESTORE, 2021);
    }
    if product == Product::MendixOnAzure {
        // An upload is the documented way around both bounds.
        if !is_upload && target.has(Circumstance::OtherCluster) {
            collector.add(Matter::OtherCluster, Severity::Refusal, AZURE, 2026);
        } else if !is_upload && target.has(Circumstance::OtherNamespace) {
            // Refused by the text of 2025; that of 2026 speaks of clusters.
            collector.add(Matter::OtherNamespace, Severity::Warning, AZURE, 2025);
        }
        collector.add(Matter::HalfRestored, Severity::Info, AZURE, 2026);
    }
    if !is_upload {
        collector.add(Matter::GoesOnUnseen, Severity::Info, RESTORE, 2021);
    }
}

fn judge_contents(subject: &Subject<'_>, target: &Target, collector: &mut Collector) {
    if target.operation() == Operation::RestoreDatabaseOnly && subject.contents() != Some(Contents::DatabaseOnly) {
        collector.add(Matter::FilesUntouched, Severity::Warning, RESTORE, 2021);
    }
    let Some(contents) = subject.contents().filter(|contents| *contents != Contents::Full) else { return };
    // Version 3 took documents alone as zip or tar.gz, and databases alone.
    let editions: &[Platform] = match target.product() {
        Product::MendixCloudV3 if target.operation() == Operation::Upload => &[],
        Product::MendixOnAzure => &[Platform::mendix_on_azure()],
        _ => &[Platform::mendix_cloud(), Platform::mendix_cloud_2021()],
    };
    for fact in editions.iter().map(|edition| edition.upload(contents)) {
        let (matter, severity) = match (contents, fact.value()) {
            (Contents::FilesOnly, Acceptance::Refused) => (Matter::FilesOnly, Severity::Refusal),
            // An upload goes through and leaves an item that cannot be restored.
            (Contents::FilesOnly, Acceptance::NotRestorable) if target.operation() == Operation::Upload => {
                (Matter::FilesOnly, Severity::Warning)
            }
            (Contents::FilesOnly, Acceptance::NotRestorable) => (Matter::FilesOnly, Severity::Refusal),
            (_, Acceptance::Refused) if target.operation() == Operation::Upload => {
                (Matter::DatabaseOnlyRefused, Severity::Refusal)
            }
            _ => continue,
        };
        collector.add(matter, severity, fact.source(), fact.published_year());
    }
    if contents == Contents::DatabaseOnly && target.product() != Product::MendixOnAzure {
        collector.add(Matter::FilesUntouched, Severity::Warning, RESTORE, 2021);
    }
}

fn judge_model(subject: &Subject<'_>, target: &Target, collector: &mut Collector) {
    let (Some(backup), Some(deployed)) = (subject.model_version(), target.model_version()) else { return };
    if let Some(age) = ModelAge::of(backup, deployed) {
        let matter = Matter::ModelVersion { backup: backup.to_owned(), deployed: deployed.to_owned(), age };
        collector.add(matter, Severity::Warning, RESTORE, 2021);
    }
}

/// Both rules that were ever published, the newer first.
fn judge_space(subject: &Subject<'_>, target: &Target, collector: &mut Collector) {
    let Some(decompressed_bytes) = subject.decompressed_bytes() else { return };
    let rules = [Platform::mendix_cloud(), Platform::mendix_cloud_2021()];
    for rule in rules.iter().filter_map(Platform::space_rule) {
        let needed_bytes = rule.value().needed_bytes(decompressed_bytes);
        let (matter, severity) = match target.database_bytes() {
            None => (Matter::DatabaseNeeds { needed_bytes }, Severity::Info),
            Some(available_bytes) if available_bytes < needed_bytes => {
                (Matter::DatabaseTooSmall { needed_bytes, available_bytes }, Severity::Refusal)
            }
            Some(_) => continue,
        };
        collector.add(matter, severity, rule.source(), rule.published_year());
    }
}
