//! Squidex's lists of backups and jobs.

use appsnap::catalog::{ListingFormat, Phase};
use appsnap::retention::{Origin, Status};

use super::{at, read, refusal};

#[test]
fn backups_of_every_state_are_read() {
    let text = r#"{"items": [
        {"id": "1", "started": "2024-01-01T10:00:00Z", "stopped": "2024-01-01T10:01:00Z", "handledEvents": 1200, "handledAssets": 7, "status": "Completed", "_links": {"download": {"href": "/x"}}},
        {"id": "2", "started": "2024-01-02T10:00:00Z", "stopped": null, "handledEvents": 3, "handledAssets": 0, "status": "Started"},
        {"id": "3", "started": "2024-01-03T10:00:00Z", "handledEvents": 0, "handledAssets": 0, "status": "Cancelled"},
        {"id": "4", "started": "2024-01-04T10:00:00Z", "handledEvents": 0, "handledAssets": 0, "status": "Created"},
        {"started": "2024-01-05T10:00:00+01:00", "handledEvents": 0, "handledAssets": 0, "status": "Failed"}]}"#;
    let listing = read(text);
    assert_eq!(listing.format, ListingFormat::Squidex);
    let phases: Vec<_> = listing.records.iter().map(|record| record.phase).collect();
    assert_eq!(phases, [Phase::Completed, Phase::Running, Phase::Cancelled, Phase::Queued, Phase::Failed]);
    let statuses: Vec<_> = listing.records.iter().map(|record| record.to_backup().status()).collect();
    assert_eq!(statuses, [Status::Completed, Status::Running, Status::Failed, Status::Queued, Status::Failed]);
    let first = &listing.records[0];
    assert_eq!(first.finished_at, Some(at("2024-01-01T10:01:00Z")));
    assert_eq!(first.details.get("handledEvents").map(String::as_str), Some("1200"));
    assert_eq!((first.origin, first.is_origin_guessed), (Some(Origin::Manual), false));
    assert_eq!(listing.records[4].id, "2024-01-05T09:00:00Z", "the start is the id of a row without one");
    assert_eq!(listing.records[4].to_backup().offset(), Some(jiff::tz::offset(1)));
}

#[test]
fn jobs_that_create_no_backup_are_skipped_and_counted() {
    let text = r#"{"items": [
        {"id": "1", "taskName": "backup", "description": "Backup app", "started": "2024-01-01T10:00:00Z", "status": "Completed", "canDownload": true},
        {"id": "2", "taskName": "run-rule", "started": "2024-01-01T10:00:00Z", "status": "Completed"}]}"#;
    let listing = read(text);
    assert_eq!((listing.records.len(), listing.skipped_count), (1, 1));
    assert_eq!(listing.records[0].comment.as_deref(), Some("Backup app"));
}

#[test]
fn a_start_without_an_offset_names_its_member() {
    let error = refusal(r#"{"items": [{"id": "1", "started": "2024-01-01 10:00", "status": "Completed"}]}"#);
    assert_eq!(error.context(), Some("line 1, member items[0].started"));
}
