//! Pages of a listing, encodings, and the findings about an incomplete listing.

use appsnap::catalog::{self, Code, ErrorKind, Listing};
use appsnap::diagnostic::Severity;

use super::{at, read, refusal};

fn page(numbers: &[u32], total: u32) -> String {
    let snapshot = |number: &u32| {
        format!(
            r#"{{"snapshot_id": "s{number}", "state": "completed", "created_at": "2026-11-{number:02}T01:00:00Z", "updated_at": null}}"#
        )
    };
    let snapshots: Vec<String> = numbers.iter().map(snapshot).collect();
    format!(r#"{{"limit": 2, "offset": 0, "total": {total}, "snapshots": [{}]}}"#, snapshots.join(", "))
}

fn ids(listing: &Listing) -> Vec<&str> {
    listing.records.iter().map(|record| record.id.as_str()).collect()
}

#[test]
fn pages_are_one_listing() {
    let (first, second) = (page(&[3, 2], 3), page(&[1], 3));
    let mut appended = read(&first);
    appended.append(read(&second)).unwrap();
    for listing in [
        appended,
        read(&format!("{first}{second}")),
        read(&format!("{first}\n{second}\n")),
        read(&format!("\u{feff}{first}\n\u{feff}{second}\n")),
        read(&format!("[{first}, {second}]")),
        read(&format!("[[{first}], [{second}]]")),
    ] {
        assert_eq!(ids(&listing), ["s3", "s2", "s1"]);
        assert!(!listing.is_partial() && listing.diagnostics().is_empty());
    }
    let error = refusal(&format!("{first}\n{}", second.replace("2026-11-01T01:00:00Z", "soon")));
    assert_eq!(error.context(), Some("line 2, member snapshots[0].created_at"));
    let error = refusal(&format!("[{first}, {}]", second.replace("2026-11-01T01:00:00Z", "soon")));
    assert_eq!(error.context(), Some("line 1, member [1].snapshots[0].created_at"));
}

#[test]
fn a_total_that_is_not_reached_is_said() {
    let listing = read(&page(&[3, 2], 3));
    let found = listing.diagnostics();
    assert_eq!((found.count_of(Code::ListingIncomplete), found.worst()), (1, Some(Severity::Warning)));
    assert!(found.first().unwrap().message().contains("reports 3 backups, but the listing contains 2"));
    // Other jobs of Squidex are in its total.
    let jobs = r#"{"total": 2, "items": [{"id": "a", "taskName": "backup", "status": "Completed", "started": "2026-11-01T01:00:00Z"},
        {"id": "b", "taskName": "run-rule", "status": "Completed", "started": "2026-11-01T02:00:00Z"}]}"#;
    assert!(!read(jobs).is_partial());
}

#[test]
fn a_backup_that_appears_again_counts_once() {
    let (first, second) = (page(&[3, 2], 3), page(&[2, 1], 3));
    let listing = read(&format!("{first}{second}"));
    assert_eq!(ids(&listing), ["s3", "s2", "s1"]);
    assert_eq!(listing.diagnostics().count_of(Code::RepeatedRecord), 1);
    assert!(!listing.is_partial());
    // The record that changed last is the right one.
    let running = second.replace("completed", "running");
    let state = |later: &str| read(&format!("{first}{later}")).records[1].state.clone();
    assert_eq!(state(&running), "running");
    assert_eq!(state(&running.replace("null", "\"2026-11-05T00:00:00Z\"")), "running");
    let changed = first.replace("null", "\"2026-11-05T00:00:00Z\"");
    assert_eq!(read(&format!("{changed}{running}")).records[1].state, "completed");
    let error = refusal(&format!("{first}{}", second.replace("2026-11-02", "2026-11-12")));
    assert!(matches!(error.kind(), ErrorKind::SameId { id, .. } if id == "s2"), "{error}");
    // An id can be used again in another environment.
    let own = |series: &str| format!(r#"[{{"id": "a", "taken_at": "2026-11-01T01:00:00Z", "series": "{series}"}}]"#);
    let listing = read(&format!("{}{}", own("x"), own("y")));
    assert_eq!(listing.records.len(), 2);
}

#[test]
fn the_answer_about_one_backup_is_a_listing_and_said_to_be_one() {
    let single = r#"{"snapshot_id": "a", "state": "completed", "created_at": "2026-11-01T01:00:00Z"}"#;
    let listing = read(single);
    assert_eq!((ids(&listing), listing.diagnostics().count_of(Code::SingleRecord)), (vec!["a"], 1));
    let lines = read(&format!("{single}\n{}", single.replace("\"a\"", "\"b\"")));
    assert_eq!((ids(&lines), lines.diagnostics().is_empty()), (vec!["a", "b"], true));
    let platformsh = r#"{"id": "x", "created_at": "2026-11-01T01:00:00+00:00", "status": "CREATED", "restorable": true,
        "automated": true, "environment": "main"}"#;
    assert_eq!(read(platformsh).records[0].group().as_deref(), Some("main"));
}

#[test]
fn pages_of_different_platforms_are_refused() {
    let mut listing = read(&page(&[1], 1));
    let own = read(r#"[{"id": "a", "taken_at": "2026-11-01T01:00:00Z"}]"#);
    assert_eq!(listing.append(own.clone()).unwrap_err().kind(), &ErrorKind::OtherProvider);
    let mut empty = read("[]");
    empty.append(own.clone()).unwrap();
    assert_eq!(empty, own);
}

#[test]
fn every_encoding_and_separator_is_the_same_listing() {
    let json = page(&[3, 2], 2);
    let utf16: Vec<u8> = std::iter::once(0xfeff).chain(json.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    let coloured = json.replace("\"s3\"", "\u{1b}[0;32m\"s3\"\u{1b}[0m");
    for bytes in [utf16, coloured.into_bytes()] {
        assert_eq!(catalog::read(&bytes).unwrap(), read(&json));
    }
    let csv = "Created,Backup ID,Restorable,Automated\n2026-11-27T04:05:33+00:00,aaaa,true,true\n";
    for text in [
        csv.replace(',', ";"),
        format!("sep=;\n{}", csv.replace(',', ";")),
        csv.replace(',', "\t"),
        format!("Backups on the project x:\n{csv}"),
        "\u{1b}[32mCreated\u{1b}[39m,Backup ID,Restorable,Automated\n2026-11-27T04:05:33+00:00,aaaa,true,true\n"
            .to_owned(),
    ] {
        let listing = read(&text);
        assert_eq!(listing.records, read(csv).records, "{text}");
        assert!(listing.diagnostics().is_empty());
    }
}

#[test]
fn a_table_without_a_heading_has_the_default_columns() {
    let rows = "2026-11-27T04:05:33+00:00\tAAAA\ttrue\n2026-11-26T04:05:33+00:00\tBBBB\tfalse\n";
    let boxed = "+---+\n| 2026-11-27T04:05:33+ | AAAA | true  |\n| 00:00 | | |\n| 2026-11-26T04:05:33+00:00 | BBBB | false |\n+---+\n";
    for text in [rows.to_owned(), rows.replace('\t', ","), rows.replace('\t', ";"), boxed.to_owned()] {
        let listing = read(&text);
        assert_eq!((ids(&listing), listing.records[0].restorable), (vec!["AAAA", "BBBB"], Some(true)), "{text}");
        assert_eq!(listing.records[1].created_at, at("2026-11-26T04:05:33Z"));
        let found = listing.diagnostics();
        assert_eq!((found.count_of(Code::HeadingMissing), found.count_of(Code::OriginUnknown)), (1, 1));
    }
    for text in [
        "2026-11-27T04:05:33+00:00\tAAAA\ttrue\tfalse\n",
        "2026-11-27T04:05:33+00:00,AAAA,main\n",
        "2026-11-27T04:05:33+00:00,2026-11-27T04:05:33+00:00,true\n",
    ] {
        assert_eq!(refusal(text).kind(), &ErrorKind::UnknownColumns, "{text}");
    }
}

#[test]
fn what_the_listing_does_not_say_is_said() {
    let csv =
        "Created,Backup ID,Restorable\n2026-11-27T04:05:33+00:00,aaaa,true\n2026-11-26T04:05:33+00:00,bbbb,true\n";
    let found = read(csv).diagnostics();
    assert_eq!(found.count_of(Code::OriginUnknown), 1);
    assert!(found.first().unwrap().message().contains("whether 2 backups are automated"), "{:?}", found.first());
    let error = refusal(r#"{"error": {"code": 401}, "message": "Unauthorised\u001b"}"#);
    assert!(error.to_string().ends_with(r"reports an error: Unauthorised\u{1b}"), "{error}");
    let unknown = page(&[1], 1).replace("completed", "frozen");
    let found = read(&unknown).diagnostics();
    assert_eq!((found.count_of(Code::UnknownState), found.first().unwrap().location()), (1, Some("s1")));
}

const SAMPLES: [&str; 6] = [
    "+---+---+\n| Created | Backup ID |\n+---+---+\n| 2026-11-27T04:05:33+ | a |\n| 00:00 | |\n+---+---+\n",
    "Created;Backup ID;Restorable\n2026-11-27T04:05:33+00:00;\"a\";true\n",
    "2026-11-27T04:05:33+00:00\ta\ttrue\n",
    r#"[[{"paths":["/"]},[{"time":"2021-01-03T23:59:59+05:45","tree":"t","paths":["/d"],"id":"1"}]]]"#,
    r#"{"archives":[{"name":"a","start":"2026-11-28T03:00:00.0","id":"00"}]}{"snapshots":[],"total":3}"#,
    r#"[{"backup-id":"1","backup-time":1764298800,"backup-type":"vm","files":[]},{"volid":"x","ctime":1}]"#,
];

proptest::proptest! {
    #[test]
    fn damaged_listings_never_panic(
        sample in 0..SAMPLES.len(),
        changes in proptest::collection::vec((proptest::prelude::any::<u16>(), proptest::prelude::any::<u8>(), 0..3_u8), 1..8),
        utf16 in proptest::prelude::any::<bool>(),
    ) {
        let mut bytes: Vec<u8> = match utf16 {
            true => SAMPLES[sample].encode_utf16().flat_map(u16::to_le_bytes).collect(),
            false => SAMPLES[sample].as_bytes().to_vec(),
        };
        for (at, byte, kind) in changes {
            let at = usize::from(at) % bytes.len().max(1);
            match kind {
                0 if at < bytes.len() => bytes[at] = byte,
                1 if at < bytes.len() => drop(bytes.remove(at)),
                _ => bytes.insert(at, byte),
            }
        }
        if let Ok(listing) = catalog::read(&bytes) {
            let _ = (listing.diagnostics(), listing.to_backups());
        }
    }
}

#[test]
fn the_platforms_date_reaches_the_backup() {
    let text = page(&[1], 1).replace("\"updated_at\"", "\"expires_at\": \"2026-11-15T01:00:00.000Z\", \"updated_at\"");
    assert_eq!(read(&text).to_backups()[0].stated_expiry(), Some(at("2026-11-15T01:00:00Z")));
}
