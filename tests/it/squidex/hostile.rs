//! Unusual archives are read as Squidex reads them, with diagnostics; hostile ones are refused.

use appsnap::Limits;
use appsnap::diagnostic::Diagnostic;
use appsnap::squidex::{Archive, Code, ErrorKind, attachment_path, event_path};

use super::open;
use crate::zip::builder::{Item, build};

const EVENT: &[u8] = br#"{"n":{"t":"T","s":"app-1","p":"{}","h":{}}}"#;

fn event(index: u64) -> Item {
    Item::deflated(&event_path(index), EVENT)
}

fn version() -> Item {
    Item::deflated(&attachment_path("Version.json"), br#"{"major":5}"#)
}

fn refusal(items: &[Item]) -> ErrorKind {
    let bytes = build(items);
    Archive::open(&bytes, &Limits::untrusted()).expect_err("it was read").kind().clone()
}

fn diagnostics(items: &[Item]) -> (u64, Vec<Diagnostic>) {
    let bytes = build(items);
    let archive = open(&bytes);
    (archive.events_count(), archive.diagnostics().iter().cloned().collect())
}

fn names(items: &[Item]) -> (u64, Vec<&'static str>) {
    let (count, diagnostics) = diagnostics(items);
    (count, diagnostics.iter().map(|found| found.code().name()).collect())
}

#[test]
fn reading_stops_at_the_first_gap() {
    let (count, found) = diagnostics(&[version(), event(0), event(1), event(3), event(4)]);
    assert_eq!(count, 2);
    let [gap] = &found[..] else { panic!("{found:?}") };
    assert_eq!((gap.code(), gap.location()), (Code::EventsMissing.into(), Some("events/0/2.json")));
    assert_eq!(gap.message(), "event 2 is missing: a restore ends there and loses 2 later events");
}

#[test]
fn the_order_of_entries_does_not_matter() {
    assert_eq!(names(&[event(2), event(0), version(), event(1)]), (3, vec![]));
}

#[test]
fn an_empty_event_fails_a_restore() {
    let bytes = build(&[version(), event(0), Item::stored(&event_path(1), b""), event(2), event(4)]);
    let archive = open(&bytes);
    assert_eq!(archive.events_count(), 3);
    assert!(archive.event(1).is_err() && archive.event(2).unwrap().is_some());
    let survey = archive.survey(&mut appsnap::observe::NoObserver).unwrap();
    let found = survey.diagnostics.iter().find(|found| found.code() == Code::EmptyEvent).unwrap();
    assert_eq!(found.location(), Some("events/0/1.json"));
    assert_eq!((survey.events_by_kind.get("T"), archive.diagnostics().count_of(Code::EventsMissing)), (Some(&2), 1));
}

#[test]
fn a_backup_that_was_zipped_again_says_how_to_zip_it() {
    let moved = |change: &dyn Fn(&str) -> String| {
        let names = [attachment_path("Version.json"), event_path(0)];
        let items: Vec<Item> = names.iter().map(|name| Item::stored(&change(name), b"{}")).collect();
        let bytes = build(&items);
        Archive::open(&bytes, &Limits::untrusted()).unwrap_err().to_string()
    };
    let folder = moved(&|name| format!("backup blog/{name}"));
    assert!(folder.contains(r#"inside the folder "backup blog""#), "{folder}");
    assert!(folder.contains(r#"cd "backup blog" && zip -r ../backup.zip attachments events"#), "{folder}");
    let backslashes = moved(&|name| name.replace('/', "\\"));
    assert!(backslashes.contains("backslashes") && backslashes.contains("zip -r ../backup.zip"), "{backslashes}");
}

#[test]
fn an_empty_entry_counts_as_missing() {
    let empty = |path: &str| Item::stored(path, b"");
    let bytes = build(&[version(), event(0), empty(&attachment_path("Avatar.image"))]);
    let archive = open(&bytes);
    assert!(!archive.has_attachment("Avatar.image"));
    assert!(archive.attachment("avatar.image").is_none());
    assert_eq!(archive.diagnostics().count(), 1);
}

#[test]
fn of_duplicates_the_first_is_read() {
    let path = attachment_path("Avatar.image");
    let bytes = build(&[version(), event(0), Item::stored(&path, b"first"), Item::stored(&path, b"second"), event(0)]);
    let archive = open(&bytes);
    assert_eq!(std::io::read_to_string(archive.attachment("Avatar.image").unwrap()).unwrap(), "first");
    assert_eq!((archive.events_count(), archive.diagnostics().count()), (1, 2));
    // Squidex looks no further when the first has no contents.
    let bytes = build(&[version(), event(0), Item::stored(&path, b""), Item::stored(&path, b"second")]);
    assert!(open(&bytes).attachment("Avatar.image").is_none());
}

#[test]
fn entries_that_a_restore_ignores_are_reported() {
    let items = [
        version(),
        event(0),
        Item::stored("readme.txt", b"x"),
        Item::stored("attachments/1/users.json", b"{}"),
        Item::stored("events/7/0.json", EVENT),
        Item::stored("events/", b""),
        Item::stored("events/0/", b""),
    ];
    assert_eq!(names(&items), (1, vec!["foreign-entry", "misplaced-attachment", "foreign-entry"]));
}

#[test]
fn only_version_five_or_none_is_restored() {
    let with = |json: &[u8]| [Item::deflated(&attachment_path("Version.json"), json), event(0)];
    assert_eq!(names(&[event(0)]), (1, vec!["version-missing"]));
    assert_eq!(names(&with(b"not json")), (1, vec!["version-unreadable"]));
    assert_eq!(names(&with(br#"{"major":0}"#)), (1, vec![]));
    assert_eq!(names(&with(b"\xef\xbb\xbf{\"major\":5}")), (1, vec![]));
    for major in [4, 6, -5] {
        let json = format!(r#"{{"major":{major}}}"#);
        assert!(matches!(refusal(&with(json.as_bytes())), ErrorKind::Version { major: found, .. } if found == major));
    }
}

#[test]
fn names_that_escape_refuse_the_archive() {
    for name in
        ["../../etc/passwd", "/etc/passwd", "attachments/1/../../../x", "events\\0\\..\\0.json", "c:/x", "a\u{1b}[2J"]
    {
        assert!(matches!(refusal(&[version(), event(0), Item::stored(name, b"x")]), ErrorKind::UnsafeName), "{name}");
    }
}

#[test]
fn lying_and_overlapping_zips_are_refused() {
    let overlap = Item { offset: Some(0), ..version() };
    assert!(matches!(refusal(&[version(), overlap, event(0)]), ErrorKind::Zip(_)));
    let mut liar = version();
    liar.uncompressed_bytes += 1;
    liar.local_numbers.2 += 1;
    assert!(matches!(refusal(&[liar, event(0)]), ErrorKind::Zip(_)));
}

#[test]
fn a_bomb_is_not_parsed_in_memory() {
    let bomb = Item::deflated(&event_path(0), &vec![b' '; 2 << 20]);
    let bytes = build(&[version(), bomb]);
    let limits = Limits::untrusted().with_max_event_bytes(1 << 20);
    let archive = Archive::open(&bytes, &limits).unwrap();
    assert!(archive.event(0).unwrap_err().is_limit());
    let limits = Limits::untrusted().with_max_total_bytes(1 << 20);
    assert!(Archive::open(&bytes, &limits).unwrap_err().is_limit());
}

#[test]
fn a_flood_of_findings_is_counted_and_not_kept() {
    let items: Vec<Item> = (0..50).map(|index| Item::stored(&format!("junk-{index}"), b"")).chain([event(0)]).collect();
    let bytes = build(&items);
    let limits = Limits::untrusted().with_max_findings_per_code(5);
    let archive = Archive::open(&bytes, &limits).unwrap();
    assert_eq!(archive.diagnostics().count_of(Code::ForeignEntry), 50);
    assert_eq!((archive.diagnostics().iter().count(), archive.diagnostics().count()), (6, 51));
}

#[test]
fn other_zips_are_not_backups() {
    for items in [&[][..], &[Item::stored("tree/0d/3e/0d3e301f-5551-46f8-ad44-8de2be084c95", b"x")]] {
        assert!(matches!(refusal(items), ErrorKind::NotBackup));
    }
}

#[test]
fn a_damaged_event_is_named_by_its_number() {
    let bytes = build(&[version(), event(0), Item::deflated(&event_path(1), b"{\"n\":{}}")]);
    let archive = open(&bytes);
    assert_eq!(archive.event(0).unwrap().unwrap().kind(), "T");
    let error = archive.event(1).unwrap_err();
    assert_eq!(error.to_string(), "event 1: the event has neither of the forms that Squidex writes");
    assert!(std::error::Error::source(&error).unwrap().to_string().contains("missing field `t`"));
    assert_eq!(archive.event(2).unwrap(), None);
}

#[test]
fn an_app_without_an_id_is_an_error() {
    let json = br#"{"n":{"t":"AppCreatedEvent","s":"app-1","p":"{\"name\":\"x\"}","h":{}}}"#;
    let bytes = build(&[version(), Item::deflated(&event_path(0), json)]);
    let error = open(&bytes).survey(&mut appsnap::observe::NoObserver).unwrap_err();
    assert_eq!(error.to_string(), "event 0: the event creates an app without an id of the form <id>,<name>");
}
