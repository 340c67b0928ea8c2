//! The rules of Mendix Cloud and Mendix on Azure.

use super::advisory::Collector;
use super::kind::AdviceKind;
use super::operation::{Circumstance, Operation, OperationKind};
use crate::catalog::record::Provider;
use crate::diagnostic::Severity;
use crate::layout::Contents;
use crate::platform::{Acceptance, Platform};

pub(super) const API: &str = "Mendix documentation, Backups API";
pub(super) const AZURE: &str = "Mendix documentation, Mendix on Azure: Backup and Restore";
const BACKUPS: &str = "Mendix documentation, Backups";
const RESTORE: &str = "Mendix documentation, Restoring a Backup";
const V3: &str = "Mendix documentation, Mendix Cloud v3: Backups";

/// The states in which Mendix on Azure refuses to create a backup (2026).
const BUSY: [Circumstance; 4] = [
    Circumstance::CreationInProgress,
    Circumstance::CreationFailed,
    Circumstance::DeployingPackage,
    Circumstance::InTransition,
];

pub(super) fn judge(operation: &Operation<'_>, collector: &mut Collector) {
    let is_azure = operation.provider == Provider::MendixOnAzure;
    if operation.is(OperationKind::Create) {
        for state in BUSY.into_iter().filter(|state| is_azure && operation.has(*state)) {
            collector.add(AdviceKind::EnvironmentBusy { state }, Severity::Error, AZURE, 2026);
        }
    } else {
        judge_target(operation, collector);
        judge_contents(operation, collector);
        judge_model(operation, collector);
        if !is_azure {
            judge_space(operation, collector);
        }
    }
    let threshold = Platform::mendix_cloud().many_documents_count();
    if let Some(documents_count) = operation.documents_count.filter(|count| *count > threshold.value()) {
        let kind = AdviceKind::ManyDocuments { documents_count, threshold_count: threshold.value() };
        collector.add(kind, Severity::Warning, threshold.source(), threshold.published_year());
    }
}

fn judge_target(operation: &Operation<'_>, collector: &mut Collector) {
    let (provider, is_upload) = (operation.provider, operation.is(OperationKind::Upload));
    let clears = is_upload && provider == Provider::MendixCloudV3;
    let from_elsewhere = is_upload || operation.is_of_uploaded() || operation.has(Circumstance::OtherEnvironment);
    let mut refuse = |when: bool, kind, source, year| {
        if when {
            collector.add(kind, Severity::Error, source, year);
        }
    };
    refuse(operation.has(Circumstance::FreeApp) && from_elsewhere, AdviceKind::FreeApp, BACKUPS, 2021);
    refuse(operation.has(Circumstance::NeverDeployed), AdviceKind::NeverDeployed, RESTORE, 2021);
    refuse(operation.has(Circumstance::AppRunning) && !clears, AdviceKind::AppRunning, RESTORE, 2021);
    refuse(operation.has(Circumstance::OtherApp), AdviceKind::OtherApp, RESTORE, 2021);
    if clears {
        collector.add(AdviceKind::DestructiveUpload, Severity::Warning, V3, 2021);
    }
    if operation.has(Circumstance::OtherEnvironment) {
        collector.add(AdviceKind::OtherEnvironment, Severity::Info, RESTORE, 2021);
    }
    if provider == Provider::MendixOnAzure {
        // An upload is the documented way around both limits.
        if !is_upload && operation.has(Circumstance::OtherCluster) {
            collector.add(AdviceKind::OtherCluster, Severity::Error, AZURE, 2026);
        } else if !is_upload && operation.has(Circumstance::OtherNamespace) {
            // Refused by the text of 2025; that of 2026 mentions only clusters.
            collector.add(AdviceKind::OtherNamespace, Severity::Warning, AZURE, 2025);
        }
        collector.add(AdviceKind::HalfRestored, Severity::Info, AZURE, 2026);
    }
    if !is_upload {
        collector.add(AdviceKind::ContinuesInBackground, Severity::Info, RESTORE, 2021);
    }
}

fn judge_contents(operation: &Operation<'_>, collector: &mut Collector) {
    if operation.is(OperationKind::RestoreDatabaseOnly) && operation.contents != Some(Contents::DatabaseOnly) {
        collector.add(AdviceKind::FilesUntouched, Severity::Warning, RESTORE, 2021);
    }
    let Some(contents) = operation.contents.filter(|contents| *contents != Contents::Full) else { return };
    // Version 3 accepted documents alone as zip or tar.gz, and databases alone.
    let editions: &[Platform] = match operation.provider {
        Provider::MendixCloudV3 if operation.is(OperationKind::Upload) => &[],
        Provider::MendixOnAzure => &[Platform::mendix_on_azure()],
        _ => &[Platform::mendix_cloud(), Platform::mendix_cloud_2021()],
    };
    for fact in editions.iter().map(|edition| edition.upload(contents)) {
        let (kind, severity) = match (contents, fact.value()) {
            (Contents::FilesOnly, Acceptance::Refused) => (AdviceKind::FilesOnly, Severity::Error),
            // An upload succeeds and leaves an item that cannot be restored.
            (Contents::FilesOnly, Acceptance::NotRestorable) if operation.is(OperationKind::Upload) => {
                (AdviceKind::FilesOnly, Severity::Warning)
            }
            (Contents::FilesOnly, Acceptance::NotRestorable) => (AdviceKind::FilesOnly, Severity::Error),
            (_, Acceptance::Refused) if operation.is(OperationKind::Upload) => {
                (AdviceKind::DatabaseOnlyRefused, Severity::Error)
            }
            _ => continue,
        };
        collector.add(kind, severity, fact.source(), fact.published_year());
    }
    if contents == Contents::DatabaseOnly && operation.provider != Provider::MendixOnAzure {
        collector.add(AdviceKind::FilesUntouched, Severity::Warning, RESTORE, 2021);
    }
}

fn judge_model(operation: &Operation<'_>, collector: &mut Collector) {
    let (Some(backup), Some(deployed)) = (&operation.model_version, &operation.deployed_model) else { return };
    if let Some(kind) = AdviceKind::of_models(backup, deployed) {
        collector.add(kind, Severity::Warning, RESTORE, 2021);
    }
}

/// Applies both rules that have been published, the newer first.
fn judge_space(operation: &Operation<'_>, collector: &mut Collector) {
    let Some(decompressed_bytes) = operation.decompressed_bytes else { return };
    let rules = [Platform::mendix_cloud(), Platform::mendix_cloud_2021()];
    for rule in rules.iter().filter_map(Platform::space_rule) {
        let needed_bytes = rule.value().needed_bytes(decompressed_bytes);
        let (kind, severity) = match operation.database_bytes {
            None => (AdviceKind::DatabaseNeeds { needed_bytes }, Severity::Info),
            Some(available_bytes) if available_bytes < needed_bytes => {
                (AdviceKind::DatabaseTooSmall { needed_bytes, available_bytes }, Severity::Error)
            }
            Some(_) => continue,
        };
        collector.add(kind, severity, rule.source(), rule.published_year());
    }
}
