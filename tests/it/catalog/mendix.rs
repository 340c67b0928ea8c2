//! The Mendix Backups API, versions 1 and 2.

use appsnap::catalog::{Cadence, ErrorKind, ListingFormat, Phase};
use appsnap::layout::Contents;
use appsnap::metadata::Metadata;
use appsnap::retention::{Origin, Status};

use super::{at, read, refusal};

const V2: &str = r#"{"limit": 100, "offset": 0, "total": 4, "snapshots": [
  {"snapshot_id": "a05b3f4f-7f63-4ed2-a0d2-e5b29d7f4d3d", "model_version": "1.8.82.e3c1a393", "comment": "before release",
   "expires_at": "2021-08-05T18:38:41.000Z", "state": "completed", "status_message": "Snapshot has been created.",
   "created_at": "2021-05-05T18:38:41.000Z", "finished_at": "2021-05-05T18:39:00.000Z", "updated_at": "2021-05-05T18:39:00.000Z"},
  {"snapshot_id": "b", "model_version": "1.8.82.e3c1a393", "comment": "Automatically created nightly snapshot",
   "expires_at": "2021-05-18T01:41:27.000Z", "state": "failed", "status_message": "no space", "created_at": "2021-05-04T01:41:27.000Z",
   "finished_at": null, "updated_at": "2021-05-04T01:42:00.000Z"},
  {"snapshot_id": "c", "model_version": null, "comment": "x", "expires_at": "2021-08-05T18:38:41.000Z", "state": "queued",
   "status_message": null, "created_at": "2021-05-05T18:38:41.000Z", "finished_at": null, "updated_at": null},
  {"snapshot_id": "d", "state": "running", "created_at": "2021-05-05T18:38:41.000Z", "region": "Frankfurt", "tries": 2}]}"#;

#[test]
fn every_member_of_a_v2_listing_arrives() {
    let listing = read(V2);
    assert_eq!((listing.format, listing.total_count, listing.is_partial()), (ListingFormat::MendixV2, Some(4), false));
    let [first, failed, queued, running] = &listing.records[..] else { panic!("{}", listing.records.len()) };
    assert_eq!(first.id, "a05b3f4f-7f63-4ed2-a0d2-e5b29d7f4d3d");
    assert_eq!((first.created_at, first.finished_at), (at("2021-05-05T18:38:41Z"), Some(at("2021-05-05T18:39:00Z"))));
    assert_eq!(
        (first.expires_at, first.updated_at),
        (Some(at("2021-08-05T18:38:41Z")), Some(at("2021-05-05T18:39:00Z")))
    );
    assert_eq!((first.phase, first.state.as_str()), (Phase::Completed, "completed"));
    assert_eq!(first.status_message.as_deref(), Some("Snapshot has been created."));
    assert_eq!(
        (first.model_version.as_deref(), first.comment.as_deref()),
        (Some("1.8.82.e3c1a393"), Some("before release"))
    );
    assert_eq!((first.origin, first.is_origin_guessed), (Some(Origin::Manual), true));
    assert!(first.details.is_empty(), "{:?}", first.details);
    assert_eq!((failed.origin, failed.cadence), (Some(Origin::Automatic), Some(Cadence::Nightly)));
    assert_eq!(failed.phase, Phase::Failed);
    assert_eq!((queued.phase, queued.model_version.as_deref()), (Phase::Queued, None));
    assert_eq!(running.phase, Phase::Running);
    assert_eq!(running.details.get("region").map(String::as_str), Some("Frankfurt"));
    assert_eq!(running.details.get("tries").map(String::as_str), Some("2"));
}

#[test]
fn a_page_of_a_listing_is_partial() {
    assert!(read(&V2.replace("\"total\": 4", "\"total\": 104")).is_partial());
}

#[test]
fn records_become_backups() {
    let backups = read(V2).to_backups();
    let statuses: Vec<_> = backups.iter().map(|backup| backup.status()).collect();
    assert_eq!(statuses, [Status::Completed, Status::Failed, Status::Queued, Status::Running]);
    assert_eq!(backups[1].origin(), Origin::Automatic);
    assert_eq!(backups[0].taken_at(), at("2021-05-05T18:38:41Z"));
    assert_eq!(backups[0].offset(), None, "Z says nothing about the local time");
}

#[test]
fn archives_list_their_contents() {
    let text = r#"{"archives": [
        {"archive_id": "x", "data_type": "files_and_database", "url": "https://example.org/x", "state": "completed", "created_at": "2021-05-05T18:38:41Z"},
        {"archive_id": "y", "data_type": "database_only", "state": "completed", "created_at": "2021-05-05T18:38:41Z"}]}"#;
    let listing = read(text);
    let contents: Vec<_> = listing.records.iter().map(|record| record.contents).collect();
    assert_eq!(contents, [Some(Contents::Full), Some(Contents::DatabaseOnly)]);
    assert_eq!(listing.records[0].details.get("url").map(String::as_str), Some("https://example.org/x"));
    let error = refusal(&text.replace("database_only", "tables"));
    assert_eq!(error.context(), Some("line 3, member archives[1].data_type"));
}

#[test]
fn a_v1_listing_counts_milliseconds() {
    let text = r#"[{"SnapshotID": "9b5ee28f-1e04-4bd3-a15f-4bd1b4b4cfb0", "Comment": "", "State": "Completed",
        "ExpiresOn": 1509804470000, "CreatedOn": 1501855670000, "ModelVersion": "2.5.0.702"},
        {"SnapshotID": 7, "State": "Failed", "CreatedOn": "1501855670000"}]"#;
    let listing = read(text);
    assert_eq!(listing.format, ListingFormat::MendixV1);
    let [first, second] = &listing.records[..] else { panic!() };
    assert_eq!(first.created_at, at("2017-08-04T14:07:50Z"));
    assert_eq!(first.expires_at, Some(at("2017-11-04T14:07:50Z")));
    assert_eq!((first.phase, first.model_version.as_deref()), (Phase::Completed, Some("2.5.0.702")));
    assert_eq!((second.id.as_str(), second.created_at), ("7", first.created_at));
}

#[test]
fn a_wrong_instant_names_its_member() {
    for (member, wrong) in [
        ("created_at", "\"2021-05-05\""),
        ("created_at", "\"2021-05-05T18:38:41\""),
        ("created_at", "\"yesterday\""),
        ("created_at", "\"\""),
        ("finished_at", "\"2021-13-05T18:38:41Z\""),
        ("expires_at", "\"2021-02-30T18:38:41Z\""),
        ("updated_at", "\"24:00\""),
    ] {
        let text = format!(
            r#"{{"snapshots": [{{"snapshot_id": "a", "state": "completed", "created_at": "2021-05-05T18:38:41Z"}},
                {{"snapshot_id": "b", "state": "completed", "created_at": "2021-05-05T18:38:41Z", "{member}": {wrong}}}]}}"#
        );
        let error = refusal(&text);
        assert!(matches!(error.kind(), ErrorKind::Instant { .. }), "{wrong}");
        assert_eq!(error.context(), Some(format!("line 2, member snapshots[1].{member}").as_str()));
        assert!(
            error.to_string().contains("is not an instant with a UTC offset: write one such as 2021-05-05T18:38:41Z"),
            "{error}"
        );
    }
    let error = refusal(r#"[{"SnapshotID": "x", "State": "Completed", "CreatedOn": 99999999999999999}]"#);
    assert_eq!(error.context(), Some("line 1, member [0].CreatedOn"));
}

#[test]
fn a_missing_value_names_its_member() {
    let whole = r#"{"snapshots": [{"snapshot_id": "a", "state": "completed", "created_at": "2021-05-05T18:38:41Z"}]}"#;
    read(whole);
    for (from, to, member) in [
        ("\"state\": \"completed\", ", "", "snapshots[0].state"),
        ("\"completed\"", "null", "snapshots[0].state"),
        ("\"completed\"", "3", "snapshots[0].state"),
        (", \"created_at\": \"2021-05-05T18:38:41Z\"", "", "snapshots[0].created_at"),
        ("\"2021-05-05T18:38:41Z\"", "1620239921", "snapshots[0].created_at"),
        ("\"a\"", "\"\"", "snapshots[0].snapshot_id"),
        ("\"a\"", "true", "snapshots[0].snapshot_id"),
    ] {
        let context = format!("line 1, member {member}");
        assert_eq!(refusal(&whole.replace(from, to)).context(), Some(context.as_str()), "{to}");
    }
    assert_eq!(refusal(r#"{"snapshots": 3}"#).kind(), &ErrorKind::Unrecognised);
    let error = refusal(
        r#"{"snapshots": [{"snapshot_id": "a", "state": "completed", "created_at": "2021-05-05T18:38:41Z"}, 7]}"#,
    );
    assert_eq!(error.context(), Some("line 1, member snapshots[1]"));
}

#[test]
fn the_metadata_of_the_archive_adds_the_size_that_the_portal_shows() {
    let metadata =
        Metadata::new().with_dump_size_bytes(94_769).with_files_size_bytes(1_346_575).with_model_version("1.0.0.40");
    let records = read(V2).records;
    let record = records[3].clone().with_metadata(&metadata);
    assert_eq!((record.size_bytes, record.model_version.as_deref()), (Some(1_441_344), Some("1.0.0.40")));
    assert_eq!(record.to_backup().bytes(), Some(1_441_344));
    let known = records[0].clone().with_metadata(&Metadata::new().with_model_version("2"));
    assert_eq!((known.size_bytes, known.model_version.as_deref()), (None, Some("1.8.82.e3c1a393")));
}
