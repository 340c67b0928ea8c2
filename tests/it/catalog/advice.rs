//! Every precondition and consequence that the platforms document is found, dated, and missing where it does not apply.

use appsnap::catalog::advice::{
    Advisory, Circumstance, Matter, ModelAge, Operation, Product, Severity, Subject, Target, advise,
};
use appsnap::catalog::{Host, Phase, Record, State};
use appsnap::layout::Contents;
use appsnap::metadata::Metadata;

use super::{at, read};

fn record(host: Host, state: &str) -> Record {
    Record::new(host, "id", at("2021-05-05T18:38:41Z"), State::new(host, state))
}

fn mendix() -> Record {
    record(Host::MendixCloud, "completed")
}

fn severities(advisory: &Advisory, matter: &Matter) -> Vec<(Severity, u16)> {
    let found = advisory.iter().filter(|advice| advice.matter() == matter);
    found.map(|advice| (advice.severity(), advice.published_year())).collect()
}

const REFUSED_2021: &[(Severity, u16)] = &[(Severity::Refusal, 2021)];

#[test]
fn a_plain_restore_is_allowed() {
    for product in
        [Product::MendixCloud, Product::MendixCloudV3, Product::MendixOnAzure, Product::PlatformSh, Product::Squidex]
    {
        let advisory = advise(&Subject::default(), &Target::new(product, Operation::Restore));
        assert!(advisory.is_allowed(), "{product:?}: {advisory:?}");
    }
}

#[test]
fn only_a_whole_backup_is_restored() {
    let target = Target::new(Product::MendixCloud, Operation::Restore);
    for (state, phase) in [("queued", Phase::Queued), ("running", Phase::Running), ("failed", Phase::Failed)] {
        let record = record(Host::MendixCloud, state);
        let advisory = advise(&Subject::of(&record), &target);
        let first = advisory.iter().next().unwrap();
        assert!(matches!(first.matter(), Matter::NotCompleted { phase: found, .. } if *found == phase));
        assert!(!advisory.is_allowed());
    }
    assert!(advise(&Subject::of(&mendix()), &target).is_allowed());
    let odd = record(Host::MendixCloud, "pondering");
    assert_eq!(advise(&Subject::of(&odd), &target).worst(), Some(Severity::Warning));
    let deleting = record(Host::PlatformSh, "DELETING");
    assert!(!advise(&Subject::of(&deleting), &Target::new(Product::PlatformSh, Operation::Restore)).is_allowed());
}

#[test]
fn what_is_marked_as_not_restorable_is_refused() {
    let mut record = record(Host::PlatformSh, "CREATED");
    let target = Target::new(Product::PlatformSh, Operation::Restore);
    assert!(advise(&Subject::of(&record), &target).is_allowed());
    record.restorable = Some(false);
    let advisory = advise(&Subject::of(&record), &target);
    assert_eq!(severities(&advisory, &Matter::NotRestorable), [(Severity::Refusal, 2022)]);
}

#[test]
fn preconditions_of_a_mendix_restore_refuse() {
    for (circumstance, matter) in [
        (Circumstance::NeverDeployed, Matter::NeverDeployed),
        (Circumstance::AppRunning, Matter::AppRunning),
        (Circumstance::OtherApp, Matter::OtherApp),
    ] {
        for operation in [Operation::Restore, Operation::RestoreDatabaseOnly, Operation::Upload] {
            let target = Target::new(Product::MendixCloud, operation);
            assert_eq!(severities(&advise(&Subject::default(), &target), &matter), [], "{matter:?}");
            let advisory = advise(&Subject::default(), &target.with(circumstance));
            assert_eq!(severities(&advisory, &matter), REFUSED_2021, "{matter:?}");
        }
    }
}

#[test]
fn a_free_app_takes_only_its_own_backups() {
    let free = |operation| Target::new(Product::MendixCloud, operation).with(Circumstance::FreeApp);
    assert!(advise(&Subject::of(&mendix()), &free(Operation::Restore)).is_allowed());
    assert!(!advise(&Subject::default(), &free(Operation::Upload)).is_allowed());
    let elsewhere = free(Operation::Restore).with(Circumstance::OtherEnvironment);
    assert_eq!(severities(&advise(&Subject::of(&mendix()), &elsewhere), &Matter::FreeApp), REFUSED_2021);
    let text = r#"{"snapshots": [{"snapshot_id": "a", "state": "completed", "comment": "uploaded", "created_at": "2021-05-05T18:38:41Z"}]}"#;
    let uploaded = &read(text).records[0];
    assert!(!advise(&Subject::of(uploaded), &free(Operation::Restore)).is_allowed());
}

#[test]
fn another_environment_of_the_same_app_is_allowed() {
    for product in [Product::MendixCloud, Product::PlatformSh] {
        let target = Target::new(product, Operation::Restore).with(Circumstance::OtherEnvironment);
        let advisory = advise(&Subject::default(), &target);
        assert!(advisory.is_allowed());
        assert_eq!(severities(&advisory, &Matter::OtherEnvironment)[0].0, Severity::Info);
    }
}

#[test]
fn another_model_version_warns_and_says_how_they_relate() {
    let warned = |backup: &str, deployed: &str| {
        let subject = Subject::default().with_metadata(&Metadata::new().with_model_version(backup));
        let target = Target::new(Product::MendixOnAzure, Operation::Upload).with_model_version(deployed);
        let advisory = advise(&subject, &target);
        assert!(advisory.is_allowed());
        advisory.iter().find_map(|advice| match advice.matter() {
            Matter::ModelVersion { age, .. } => Some((*age, advice.severity())),
            _ => None,
        })
    };
    assert_eq!(warned("1.0.0.40", "1.0.0.40"), None);
    assert_eq!(warned("1.0.0.9", "1.0.0.40"), Some((ModelAge::Older, Severity::Warning)));
    assert_eq!(warned("1.8.82.aa", "1.8.82.bb"), Some((ModelAge::Unknown, Severity::Warning)));
}

#[test]
fn documents_alone_were_taken_once_and_never_restored() {
    let subject = Subject::default().with_contents(Contents::FilesOnly);
    let of = |product, operation| severities(&advise(&subject, &Target::new(product, operation)), &Matter::FilesOnly);
    assert_eq!(of(Product::MendixCloud, Operation::Upload), [(Severity::Refusal, 2026), (Severity::Warning, 2021)]);
    assert_eq!(of(Product::MendixCloud, Operation::Restore), [(Severity::Refusal, 2026), (Severity::Refusal, 2021)]);
    assert_eq!(of(Product::MendixOnAzure, Operation::Upload), [(Severity::Refusal, 2026)]);
    assert_eq!(of(Product::MendixCloudV3, Operation::Upload), []);
}

#[test]
fn a_database_alone_leaves_the_documents_and_azure_refuses_it() {
    let alone = Subject::default().with_contents(Contents::DatabaseOnly);
    let upload = |product| advise(&alone, &Target::new(product, Operation::Upload));
    assert_eq!(severities(&upload(Product::MendixCloud), &Matter::FilesUntouched), [(Severity::Warning, 2021)]);
    assert!(upload(Product::MendixCloud).is_allowed());
    assert_eq!(severities(&upload(Product::MendixOnAzure), &Matter::DatabaseOnlyRefused), [(Severity::Refusal, 2026)]);
    let full = Subject::default().with_contents(Contents::Full);
    let partly = advise(&full, &Target::new(Product::MendixCloud, Operation::RestoreDatabaseOnly));
    assert_eq!(severities(&partly, &Matter::FilesUntouched), [(Severity::Warning, 2021)]);
    let whole = advise(&full, &Target::new(Product::MendixCloud, Operation::Restore));
    assert_eq!(severities(&whole, &Matter::FilesUntouched), []);
}

#[test]
fn the_needed_database_is_told_under_both_rules() {
    let subject = Subject::default().with_decompressed_bytes(7 << 30);
    let target = Target::new(Product::MendixCloud, Operation::Restore);
    let needs = |advisory: &Advisory| -> Vec<_> {
        let needed = |advice: &appsnap::catalog::advice::Advice| match *advice.matter() {
            Matter::DatabaseNeeds { needed_bytes, .. } | Matter::DatabaseTooSmall { needed_bytes, .. } => {
                Some((needed_bytes, advice.severity(), advice.published_year()))
            }
            _ => None,
        };
        advisory.iter().filter_map(needed).collect()
    };
    let (share, overhead) = (10 << 30, (7 << 30) + (9 << 28));
    let unknown = needs(&advise(&subject, &target));
    assert_eq!(unknown, [(share, Severity::Info, 2026), (overhead, Severity::Info, 2021)]);
    let between = needs(&advise(&subject, &target.clone().with_database_bytes(share - 1)));
    assert_eq!(between, [(share, Severity::Refusal, 2026)]);
    assert_eq!(needs(&advise(&subject, &target.clone().with_database_bytes(share))), []);
    assert_eq!(needs(&advise(&subject, &target.with_database_bytes(7 << 30))).len(), 2);
}

#[test]
fn a_v3_upload_is_destructive_and_stops_the_app_itself() {
    let target = Target::new(Product::MendixCloudV3, Operation::Upload).with(Circumstance::AppRunning);
    let advisory = advise(&Subject::default(), &target);
    assert_eq!(severities(&advisory, &Matter::DestructiveUpload), [(Severity::Warning, 2021)]);
    assert!(advisory.is_allowed());
    let v4 = advise(&Subject::default(), &Target::new(Product::MendixCloud, Operation::Upload));
    assert_eq!(severities(&v4, &Matter::DestructiveUpload), []);
}

#[test]
fn azure_restores_within_its_cluster_and_takes_uploads_from_everywhere() {
    let azure = |operation, circumstance| {
        advise(&Subject::default(), &Target::new(Product::MendixOnAzure, operation).with(circumstance))
    };
    let namespace = azure(Operation::Restore, Circumstance::OtherNamespace);
    assert_eq!(severities(&namespace, &Matter::OtherNamespace), [(Severity::Warning, 2025)]);
    assert!(namespace.is_allowed());
    let cluster = azure(Operation::Restore, Circumstance::OtherCluster);
    assert_eq!(severities(&cluster, &Matter::OtherCluster), [(Severity::Refusal, 2026)]);
    assert!(azure(Operation::Upload, Circumstance::OtherCluster).is_allowed());
    assert_eq!(severities(&cluster, &Matter::HalfRestored), [(Severity::Info, 2026)]);
}

#[test]
fn azure_makes_no_backup_of_an_unsettled_environment() {
    for state in [
        Circumstance::CreationInProgress,
        Circumstance::CreationFailed,
        Circumstance::DeployingPackage,
        Circumstance::InTransition,
    ] {
        let make = |product| advise(&Subject::default(), &Target::new(product, Operation::MakeBackup).with(state));
        let advisory = make(Product::MendixOnAzure);
        assert!(
            matches!(advisory.iter().next().unwrap().matter(), Matter::EnvironmentBusy { state: found, .. } if *found == state)
        );
        assert!(!advisory.is_allowed());
        assert!(make(Product::MendixCloud).is_allowed());
    }
}

#[test]
fn a_long_restore_goes_on_unseen_and_many_documents_make_it_long() {
    let target = Target::new(Product::MendixCloud, Operation::Restore);
    let slow = |count| {
        let advisory = advise(&Subject::default().with_documents_count(count), &target);
        assert_eq!(severities(&advisory, &Matter::GoesOnUnseen), [(Severity::Info, 2021)]);
        advisory.iter().any(|advice| matches!(advice.matter(), Matter::ManyDocuments { .. }))
    };
    assert!(!slow(50_000));
    assert!(slow(50_001));
}

#[test]
fn platformsh_speaks_of_code_live_backups_and_inactive_environments() {
    let mut record = record(Host::PlatformSh, "CREATED");
    let target = |operation| Target::new(Product::PlatformSh, operation);
    let advisory = advise(&Subject::of(&record), &target(Operation::Restore));
    assert_eq!(severities(&advisory, &Matter::CurrentCode), [(Severity::Warning, 2022)]);
    assert_eq!(severities(&advisory, &Matter::LiveBackup), []);
    record.live = Some(true);
    let live = advise(&Subject::of(&record), &target(Operation::Restore));
    assert_eq!(severities(&live, &Matter::LiveBackup), [(Severity::Warning, 2022)]);
    for operation in [Operation::Restore, Operation::MakeBackup] {
        let inactive = advise(&Subject::default(), &target(operation).with(Circumstance::InactiveEnvironment));
        assert_eq!(severities(&inactive, &Matter::InactiveEnvironment), [(Severity::Refusal, 2022)]);
    }
    let making = advise(&Subject::default(), &target(Operation::MakeBackup));
    assert_eq!(severities(&making, &Matter::SitePauses), [(Severity::Info, 2022)]);
}

#[test]
fn squidex_makes_a_new_app_and_keeps_ten_backups() {
    let restore = advise(&Subject::default(), &Target::new(Product::Squidex, Operation::Restore));
    assert_eq!(severities(&restore, &Matter::NewApp).len(), 1);
    assert_eq!(severities(&restore, &Matter::NotForRoutine).len(), 1);
    let make = |count| {
        advise(&Subject::default(), &Target::new(Product::Squidex, Operation::MakeBackup).with_backups_count(count))
    };
    assert!(make(9).is_allowed());
    assert!(!make(10).is_allowed());
}

#[test]
fn advice_reads_as_a_sentence_with_its_source() {
    let target = Target::new(Product::MendixCloud, Operation::Restore).with(Circumstance::AppRunning);
    let advisory = advise(&Subject::default(), &target);
    let text = advisory.iter().next().unwrap().to_string();
    assert_eq!(text, "the app is running; stop the app first (Mendix documentation, Restoring a Backup, 2021)");
}
