//! Written archives are read back unchanged, and as a clone.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::ops::ControlFlow;

use appsnap::diagnostic;
use appsnap::observe::{Event as Progress, NoObserver, Observer};
use appsnap::squidex::{Archive, Code, ErrorKind, Event, NewApp, Writer, clone_app};
use proptest::prelude::*;

use crate::zip::builder::{Item, build};

use super::{APP, ASSET, app_created, asset_event, open, sample};

fn attachments(archive: &Archive<&[u8]>) -> BTreeMap<String, Vec<u8>> {
    let read = |(name, _): (&str, u64)| {
        let mut contents = Vec::new();
        archive.attachment(name).unwrap().read_to_end(&mut contents).unwrap();
        (name.to_owned(), contents)
    };
    archive.attachments().map(read).collect()
}

fn events(archive: &Archive<&[u8]>) -> Vec<Event> {
    archive.events().collect::<Result<_, _>>().unwrap()
}

#[test]
fn read_write_read_is_equal() {
    let bytes = sample();
    let archive = open(&bytes);
    assert!(archive.diagnostics().is_empty(), "{:?}", archive.diagnostics());
    let mut writer = Writer::start(Vec::new()).unwrap();
    for event in archive.events() {
        writer.event(&event.unwrap()).unwrap();
    }
    for (name, _) in archive.attachments().filter(|(name, _)| *name != "version.json") {
        writer.attachment(name, archive.attachment(name).unwrap()).unwrap();
    }
    let (again, report) = writer.finish().unwrap();
    assert_eq!((report.events_count, report.attachments_count), (3, 5));
    let again = open(&again);
    assert_eq!(events(&again), events(&archive));
    assert_eq!(attachments(&again), attachments(&archive));
}

#[test]
fn a_survey_reports_what_a_restore_would_leave_out() {
    let bytes = sample();
    let survey = open(&bytes).survey(&mut NoObserver).unwrap();
    assert_eq!(survey.app.as_ref().map(|app| (&*app.id, &*app.name)), Some((APP, "blog")));
    assert_eq!(survey.events_count, 3);
    assert_eq!(survey.events_by_kind.get("AssetCreatedEventV2"), Some(&1));
    assert_eq!((survey.asset_files_count, survey.diagnostics.count()), (2, 1));
    let missing = survey.diagnostics.iter().next().unwrap();
    assert_eq!(missing.code(), Code::AssetFileMissing);
    assert!(missing.location().unwrap().ends_with(&format!("/{ASSET}_1.asset")));
    let archive = open(&bytes);
    assert!(archive.asset_file(ASSET, 0).is_some() && archive.asset_file(ASSET, 1).is_none());
}

#[test]
fn the_file_of_an_asset_that_was_deleted_later_is_not_missing() {
    let survey = |events: &[Event]| {
        let mut writer = Writer::start(Vec::new()).unwrap();
        for event in events {
            writer.event(event).unwrap();
        }
        writer.json("Users.json", &serde_json::json!({})).unwrap();
        writer.json("Settings.json", &serde_json::json!({})).unwrap();
        let bytes = writer.finish().unwrap().0;
        open(&bytes).survey(&mut NoObserver).unwrap()
    };
    let (created, updated) = (asset_event("AssetCreatedEventV2", 0), asset_event("AssetUpdatedEventV2", 1));
    let deleted = asset_event("AssetDeletedEventV2", 2);
    let whole = survey(&[app_created(), created.clone(), updated.clone(), deleted.clone()]);
    assert_eq!((whole.diagnostics.count(), whole.asset_files_count, whole.deleted_asset_files_count), (0, 2, 2));
    // A file that appears after the deletion is that of another life of the asset.
    let again = survey(&[app_created(), created, deleted, updated]);
    assert_eq!(again.diagnostics.count_of(Code::AssetFileMissing), 1);
}

#[test]
fn users_that_are_null_fail_a_restore() {
    for (users, count) in [("null", 1), ("[]", 1), ("{", 1), ("{}", 0), ("\u{feff}{}", 0)] {
        let items = [
            Item::stored(&appsnap::squidex::attachment_path("Users.json"), users.as_bytes()),
            Item::stored(&appsnap::squidex::attachment_path("Settings.json"), b"{}"),
        ];
        let bytes = build(&items);
        let survey = open(&bytes).survey(&mut NoObserver).unwrap();
        assert_eq!(survey.diagnostics.count_of(Code::NoUsers), count, "{users}");
    }
}

#[test]
fn a_survey_reports_what_a_restore_fails_at() {
    let codes = |events: &[Event]| -> Vec<diagnostic::Code> {
        let mut writer = Writer::start(Vec::new()).unwrap();
        for event in events {
            writer.event(event).unwrap();
        }
        let bytes = writer.finish().unwrap().0;
        let survey = open(&bytes).survey(&mut NoObserver).unwrap();
        survey.diagnostics.iter().map(|found| found.code()).filter(|code| *code != Code::AssetFileMissing).collect()
    };
    assert_eq!(codes(&[]), [Code::NoEvents, Code::NoUsers, Code::NoSettings]);
    let asset = asset_event("AssetCreatedEvent", 0);
    let app_not_first = [Code::AppNotFirst, Code::NoUsers, Code::NoSettings];
    assert_eq!(codes(std::slice::from_ref(&asset)), app_not_first);
    assert_eq!(codes(&[asset.clone(), app_created()]), app_not_first);
    assert_eq!(codes(&[app_created(), asset, app_created()]), [Code::SecondApp, Code::NoUsers, Code::NoSettings]);
}

#[test]
fn a_clone_is_the_same_app_under_another_id_and_name() {
    let bytes = sample();
    let archive = open(&bytes);
    let id = "0d3e301f-5551-46f8-ad44-8de2be084c95";
    let new = NewApp::new(id.parse().unwrap()).with_name("blog-copy").unwrap();
    let (copy, report) = clone_app(&archive, Vec::new(), &new, &mut NoObserver).unwrap();
    assert_eq!(report.events_count, archive.events_count());
    let app = archive.app().unwrap().unwrap();
    assert_eq!((&*app.id, &*app.name), (APP, "blog"));
    let copy = open(&copy);
    let moved = |text: &str| text.replace(&format!("{APP},blog"), &format!("{id},blog-copy")).replace(APP, id);
    for (event, original) in events(&copy).iter().zip(events(&archive)) {
        assert_eq!(event.kind(), original.kind());
        assert_eq!(event.stream(), moved(original.stream()));
        assert_eq!(event.headers(), original.headers().map(moved).as_deref());
    }
    assert_eq!(events(&copy)[1].payload(), moved(events(&archive)[1].payload()));
    let survey = copy.survey(&mut NoObserver).unwrap();
    assert_eq!(survey.app.as_ref().map(|app| (&*app.id, &*app.name)), Some((id, "blog-copy")));
    assert_eq!(attachments(&copy), attachments(&archive), "attachments belong to the app, not to its name");
}

#[test]
fn cloning_back_gives_the_first_archive_again() {
    let bytes = sample();
    let archive = open(&bytes);
    let there = NewApp::new(uuid::Uuid::from_u128(7)).with_name("elsewhere").unwrap();
    let (copy, _) = clone_app(&archive, Vec::new(), &there, &mut NoObserver).unwrap();
    let back = NewApp::new(APP.parse().unwrap()).with_name("blog").unwrap();
    let (again, _) = clone_app(&open(&copy), Vec::new(), &back, &mut NoObserver).unwrap();
    assert_eq!(events(&open(&again)), events(&archive));
}

#[test]
fn an_archive_whose_first_event_creates_no_app_cannot_be_cloned() {
    let mut writer = Writer::start(Vec::new()).unwrap();
    writer.event(&asset_event("AssetCreatedEvent", 0)).unwrap();
    let bytes = writer.finish().unwrap().0;
    let new = NewApp::new(uuid::Uuid::nil());
    let error = clone_app(&open(&bytes), Vec::new(), &new, &mut NoObserver).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::NoApp));
}

#[test]
fn an_observer_cancels() {
    struct Stop;
    impl Observer for Stop {
        fn observe(&mut self, _: &Progress) -> ControlFlow<()> {
            ControlFlow::Break(())
        }
    }
    let bytes = sample();
    assert!(open(&bytes).survey(&mut Stop).unwrap_err().is_cancelled());
    let new = NewApp::new(uuid::Uuid::nil());
    assert!(clone_app(&open(&bytes), Vec::new(), &new, &mut Stop).unwrap_err().is_cancelled());
}

#[test]
fn a_writer_refuses_what_a_restore_would_not_find() {
    let mut writer = Writer::start(Vec::new()).unwrap();
    assert!(writer.attachment("VERSION.json", &b"{}"[..]).unwrap_err().is_misuse());
    assert!(writer.attachment("empty.asset", &b""[..]).unwrap_err().is_misuse());
    assert!(writer.attachment("../evil", &b"x"[..]).unwrap_err().is_misuse());
    writer.attachment("Users.json", &b"{}"[..]).unwrap();
    let bytes = writer.finish().unwrap().0;
    assert!(open(&bytes).diagnostics().is_empty());
}

#[test]
fn an_unfinished_archive_cannot_be_opened() {
    let mut sink = Vec::new();
    let mut writer = Writer::start(&mut sink).unwrap();
    writer.event(&app_created()).unwrap();
    drop(writer);
    assert!(Archive::open(&sink, &appsnap::Limits::untrusted()).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn any_events_round_trip(texts in proptest::collection::vec((".{0,40}", any::<bool>()), 0..1200)) {
        let mut writer = Writer::start(Vec::new()).unwrap();
        let mut expected = Vec::new();
        for (text, headers) in texts {
            let text = serde_json::to_string(&text).unwrap();
            let mut event = Event::new("TEvent", "t-1", format!(r#"{{"text":{text}}}"#)).unwrap();
            if headers {
                event = event.with_headers(format!(r#"{{"H":{text}}}"#)).unwrap();
            }
            writer.event(&event).unwrap();
            expected.push(event);
        }
        let bytes = writer.finish().unwrap().0;
        prop_assert_eq!(events(&open(&bytes)), expected);
    }
}
