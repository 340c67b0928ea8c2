//! Every documented precondition and consequence leads to advice with its year, and only where it applies.

use std::cmp::Ordering;

use appsnap::catalog::advice::{Advice, AdviceKind, Advisory, Circumstance, Operation};
use appsnap::catalog::{Phase, Provider, Record};
use appsnap::diagnostic::Severity;
use appsnap::layout::Contents;
use appsnap::metadata::Metadata;

use super::{at, read};

fn record(provider: Provider, state: &str) -> Record {
    Record::new(provider, "id", at("2021-05-05T18:38:41Z"), state)
}

fn mendix() -> Record {
    record(Provider::MendixCloud, "completed")
}

fn severities(advisory: &Advisory, kind: &AdviceKind) -> Vec<(Severity, u16)> {
    let found = advisory.iter().filter(|advice| advice.kind() == kind);
    found.map(|advice| (advice.severity(), advice.published_year())).collect()
}

const REFUSED_2021: &[(Severity, u16)] = &[(Severity::Error, 2021)];

#[test]
fn a_restore_without_known_facts_is_allowed() {
    for provider in [
        Provider::MendixCloud,
        Provider::MendixCloudV3,
        Provider::MendixOnAzure,
        Provider::PlatformSh,
        Provider::Squidex,
        Provider::Own,
    ] {
        let advisory = Operation::restore(provider).advise();
        assert!(advisory.is_allowed(), "{provider:?}: {advisory:?}");
    }
}

#[test]
fn only_a_complete_backup_is_restored() {
    let restore = |record: &Record| Operation::restore(record.provider).of(record).advise();
    for (state, phase) in [("queued", Phase::Queued), ("running", Phase::Running), ("failed", Phase::Failed)] {
        let advisory = restore(&record(Provider::MendixCloud, state));
        let first = advisory.iter().next().unwrap();
        assert!(matches!(first.kind(), AdviceKind::NotCompleted { phase: found, .. } if *found == phase));
        assert!(!advisory.is_allowed());
    }
    assert!(restore(&mendix()).is_allowed());
    assert_eq!(restore(&record(Provider::MendixCloud, "pondering")).worst(), Some(Severity::Warning));
    assert!(!restore(&record(Provider::PlatformSh, "DELETING")).is_allowed());
}

#[test]
fn a_backup_that_is_marked_as_not_restorable_is_refused() {
    let mut record = record(Provider::PlatformSh, "CREATED");
    assert!(Operation::restore(Provider::PlatformSh).of(&record).advise().is_allowed());
    record.restorable = Some(false);
    let advisory = Operation::restore(Provider::PlatformSh).of(&record).advise();
    assert_eq!(severities(&advisory, &AdviceKind::NotRestorable), [(Severity::Error, 2022)]);
}

#[test]
fn preconditions_of_a_mendix_restore_refuse() {
    for (circumstance, kind) in [
        (Circumstance::NeverDeployed, AdviceKind::NeverDeployed),
        (Circumstance::AppRunning, AdviceKind::AppRunning),
        (Circumstance::OtherApp, AdviceKind::OtherApp),
    ] {
        for operation in [Operation::restore, Operation::restore_database_only, Operation::upload] {
            let operation = operation(Provider::MendixCloud);
            assert_eq!(severities(&operation.advise(), &kind), [], "{kind:?}");
            assert_eq!(severities(&operation.with(circumstance).advise(), &kind), REFUSED_2021, "{kind:?}");
        }
    }
}

#[test]
fn a_free_app_accepts_only_its_own_backups() {
    let restore = || Operation::restore(Provider::MendixCloud).with(Circumstance::FreeApp);
    let mendix = mendix();
    assert!(restore().of(&mendix).advise().is_allowed());
    assert!(!Operation::upload(Provider::MendixCloud).with(Circumstance::FreeApp).advise().is_allowed());
    let elsewhere = restore().of(&mendix).with(Circumstance::OtherEnvironment).advise();
    assert_eq!(severities(&elsewhere, &AdviceKind::FreeApp), REFUSED_2021);
    let text = r#"{"snapshots": [{"snapshot_id": "a", "state": "completed", "comment": "uploaded", "created_at": "2021-05-05T18:38:41Z"}]}"#;
    let uploaded = &read(text).records[0];
    assert!(!restore().of(uploaded).advise().is_allowed());
}

#[test]
fn another_environment_of_the_same_app_is_allowed() {
    for provider in [Provider::MendixCloud, Provider::PlatformSh] {
        let advisory = Operation::restore(provider).with(Circumstance::OtherEnvironment).advise();
        assert!(advisory.is_allowed());
        assert_eq!(severities(&advisory, &AdviceKind::OtherEnvironment)[0].0, Severity::Info);
    }
}

#[test]
fn another_model_version_warns_with_the_order_of_the_two() {
    let warned = |backup: &str, deployed: &str| {
        let upload = Operation::upload(Provider::MendixOnAzure)
            .with_metadata(&Metadata::new().with_model_version(backup))
            .with_deployed_model(deployed);
        let advisory = upload.advise();
        assert!(advisory.is_allowed());
        advisory.iter().find_map(|advice| match advice.kind() {
            AdviceKind::ModelVersion { order, .. } => Some((*order, advice.severity())),
            _ => None,
        })
    };
    assert_eq!(warned("1.0.0.40", "1.0.0.40"), None);
    assert_eq!(warned("1.0.0.9", "1.0.0.40"), Some((Some(Ordering::Less), Severity::Warning)));
    assert_eq!(warned("1.8.82.aa", "1.8.82.bb"), Some((None, Severity::Warning)));
}

#[test]
fn documents_alone_were_accepted_once_and_never_restored() {
    let of = |operation: Operation<'_>| {
        severities(&operation.with_contents(Contents::FilesOnly).advise(), &AdviceKind::FilesOnly)
    };
    let (refused, warned) = (Severity::Error, Severity::Warning);
    assert_eq!(of(Operation::upload(Provider::MendixCloud)), [(refused, 2026), (warned, 2021)]);
    assert_eq!(of(Operation::restore(Provider::MendixCloud)), [(refused, 2026), (refused, 2021)]);
    assert_eq!(of(Operation::upload(Provider::MendixOnAzure)), [(refused, 2026)]);
    assert_eq!(of(Operation::upload(Provider::MendixCloudV3)), []);
}

#[test]
fn a_database_alone_leaves_the_documents_and_azure_refuses_it() {
    let upload = |provider| Operation::upload(provider).with_contents(Contents::DatabaseOnly).advise();
    let untouched = |advisory: &Advisory| severities(advisory, &AdviceKind::FilesUntouched);
    assert_eq!(untouched(&upload(Provider::MendixCloud)), [(Severity::Warning, 2021)]);
    assert!(upload(Provider::MendixCloud).is_allowed());
    let refused = severities(&upload(Provider::MendixOnAzure), &AdviceKind::DatabaseOnlyRefused);
    assert_eq!(refused, [(Severity::Error, 2026)]);
    let full = |operation: Operation<'_>| operation.with_contents(Contents::Full).advise();
    let partly = full(Operation::restore_database_only(Provider::MendixCloud));
    assert_eq!(untouched(&partly), [(Severity::Warning, 2021)]);
    assert_eq!(untouched(&full(Operation::restore(Provider::MendixCloud))), []);
}

#[test]
fn the_needed_database_is_given_under_both_rules() {
    let restore = Operation::restore(Provider::MendixCloud).with_decompressed_bytes(7 << 30);
    let needs = |operation: Operation<'_>| -> Vec<_> {
        let needed = |advice: &Advice| match *advice.kind() {
            AdviceKind::DatabaseNeeds { needed_bytes, .. } | AdviceKind::DatabaseTooSmall { needed_bytes, .. } => {
                Some((needed_bytes, advice.severity(), advice.published_year()))
            }
            _ => None,
        };
        operation.advise().iter().filter_map(needed).collect()
    };
    let (share, overhead) = (10 << 30, (7 << 30) + (9 << 28));
    let unknown = needs(restore.clone());
    assert_eq!(unknown, [(share, Severity::Info, 2026), (overhead, Severity::Info, 2021)]);
    let between = needs(restore.clone().with_database_bytes(share - 1));
    assert_eq!(between, [(share, Severity::Error, 2026)]);
    assert_eq!(needs(restore.clone().with_database_bytes(share)), []);
    assert_eq!(needs(restore.with_database_bytes(7 << 30)).len(), 2);
}

#[test]
fn a_v3_upload_is_destructive_and_stops_the_app_itself() {
    let advisory = Operation::upload(Provider::MendixCloudV3).with(Circumstance::AppRunning).advise();
    assert_eq!(severities(&advisory, &AdviceKind::DestructiveUpload), [(Severity::Warning, 2021)]);
    assert!(advisory.is_allowed());
    let v4 = Operation::upload(Provider::MendixCloud).advise();
    assert_eq!(severities(&v4, &AdviceKind::DestructiveUpload), []);
}

#[test]
fn azure_restores_within_its_cluster_and_accepts_uploads_from_everywhere() {
    let restore = |circumstance| Operation::restore(Provider::MendixOnAzure).with(circumstance).advise();
    let namespace = restore(Circumstance::OtherNamespace);
    assert_eq!(severities(&namespace, &AdviceKind::OtherNamespace), [(Severity::Warning, 2025)]);
    assert!(namespace.is_allowed());
    let cluster = restore(Circumstance::OtherCluster);
    assert_eq!(severities(&cluster, &AdviceKind::OtherCluster), [(Severity::Error, 2026)]);
    let upload = Operation::upload(Provider::MendixOnAzure).with(Circumstance::OtherCluster);
    assert!(upload.advise().is_allowed());
    assert_eq!(severities(&cluster, &AdviceKind::HalfRestored), [(Severity::Info, 2026)]);
}

#[test]
fn azure_creates_no_backup_of_an_unsettled_environment() {
    for state in [
        Circumstance::CreationInProgress,
        Circumstance::CreationFailed,
        Circumstance::DeployingPackage,
        Circumstance::InTransition,
    ] {
        let create = |provider| Operation::create(provider).with(state).advise();
        let advisory = create(Provider::MendixOnAzure);
        let first = advisory.iter().next().unwrap();
        assert!(matches!(first.kind(), AdviceKind::EnvironmentBusy { state: found, .. } if *found == state));
        assert!(!advisory.is_allowed());
        assert!(create(Provider::MendixCloud).is_allowed());
    }
}

#[test]
fn a_long_restore_continues_in_the_background_and_many_documents_make_it_long() {
    let is_slow = |count| {
        let advisory = Operation::restore(Provider::MendixCloud).with_documents_count(count).advise();
        assert_eq!(severities(&advisory, &AdviceKind::ContinuesInBackground), [(Severity::Info, 2021)]);
        advisory.iter().any(|advice| matches!(advice.kind(), AdviceKind::ManyDocuments { .. }))
    };
    assert!(!is_slow(50_000));
    assert!(is_slow(50_001));
}

#[test]
fn platformsh_has_advice_about_code_live_backups_and_inactive_environments() {
    let mut record = record(Provider::PlatformSh, "CREATED");
    let advisory = Operation::restore(Provider::PlatformSh).of(&record).advise();
    assert_eq!(severities(&advisory, &AdviceKind::CurrentCode), [(Severity::Warning, 2022)]);
    assert_eq!(severities(&advisory, &AdviceKind::LiveBackup), []);
    record.live = Some(true);
    let live = Operation::restore(Provider::PlatformSh).of(&record).advise();
    assert_eq!(severities(&live, &AdviceKind::LiveBackup), [(Severity::Warning, 2022)]);
    for operation in [Operation::restore, Operation::create] {
        let inactive = operation(Provider::PlatformSh).with(Circumstance::InactiveEnvironment).advise();
        assert_eq!(severities(&inactive, &AdviceKind::InactiveEnvironment), [(Severity::Error, 2022)]);
    }
    let creating = Operation::create(Provider::PlatformSh).advise();
    assert_eq!(severities(&creating, &AdviceKind::SitePauses), [(Severity::Info, 2022)]);
}

#[test]
fn squidex_creates_a_new_app_and_keeps_ten_backups() {
    let restore = Operation::restore(Provider::Squidex).advise();
    assert_eq!(severities(&restore, &AdviceKind::NewApp).len(), 1);
    assert_eq!(severities(&restore, &AdviceKind::NotForRoutine).len(), 1);
    let create = |count| Operation::create(Provider::Squidex).with_backups_count(count).advise();
    assert!(create(9).is_allowed());
    assert!(!create(10).is_allowed());
}

#[test]
fn advice_is_a_sentence_with_its_source() {
    let advisory = Operation::restore(Provider::MendixCloud).with(Circumstance::AppRunning).advise();
    let text = advisory.iter().next().unwrap().to_string();
    assert_eq!(text, "the app is running; stop the app first (Mendix documentation, Restoring a Backup, 2021)");
}

#[test]
fn every_piece_of_advice_has_a_code_that_check_knows() {
    let advisory = Operation::create(Provider::Squidex).with_backups_count(10).advise();
    let codes: Vec<_> = advisory.iter().map(|advice| (advice.code().name(), advice.severity())).collect();
    assert_eq!(codes[0], ("backups-full", Severity::Error));
    for advice in &advisory {
        assert_eq!(appsnap::check::find_code(advice.code().id()), Some(advice.code()));
        assert_eq!(advice.code().help(), advice.kind().help());
    }
}
