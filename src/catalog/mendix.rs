//! Listings of the Mendix Backups API, versions 1 and 2.

use super::error::Error;
use super::member::{Element, Members};
use super::record::{Cadence, Provider, Record};
use crate::layout::Contents;
use crate::retention::Origin;

const CONTENTS: [(&str, Contents); 3] = [
    ("files_and_database", Contents::Full),
    ("database_only", Contents::DatabaseOnly),
    ("files_only", Contents::FilesOnly),
];

/// A snapshot or archive of `GET .../snapshots` or `.../archives` of version 2 (2021).
pub(super) fn record_v2(element: Element<'_>) -> Result<Record, Error> {
    let mut members = Members::of(element)?;
    let id = if members.has("snapshot_id") { "snapshot_id" } else { "archive_id" };
    let id = members.required_id(id)?;
    let created = members.required_instant("created_at")?;
    let mut record = Record::new(Provider::MendixCloud, id, created.at, members.required_text("state")?);
    record.created_offset = created.offset;
    record.finished_at = members.instant("finished_at")?.map(|stamp| stamp.at);
    record.expires_at = members.instant("expires_at")?.map(|stamp| stamp.at);
    record.updated_at = members.instant("updated_at")?.map(|stamp| stamp.at);
    record.status_message = members.text("status_message")?;
    record.model_version = members.text("model_version")?;
    record.comment = members.text("comment")?;
    guess_origin(&mut record);
    record.contents = members.word("data_type", &CONTENTS, "files_and_database, database_only or files_only")?;
    record.details = members.into_details()?;
    Ok(record)
}

/// A snapshot of version 1 (before 2021), whose instants are milliseconds since 1970.
pub(super) fn record_v1(element: Element<'_>) -> Result<Record, Error> {
    let mut members = Members::of(element)?;
    let id = members.required_id("SnapshotID")?;
    let created = members.required_epoch_milliseconds("CreatedOn")?;
    let mut record = Record::new(Provider::MendixCloud, id, created.at, members.required_text("State")?);
    record.expires_at = members.epoch_milliseconds("ExpiresOn")?.map(|stamp| stamp.at);
    record.model_version = members.text("ModelVersion")?;
    record.comment = members.text("Comment")?;
    guess_origin(&mut record);
    record.details = members.into_details()?;
    Ok(record)
}

/// Guesses the origin from the comment, the only place in which listings show it.
///
/// The platform writes "Automatically created nightly snapshot" (Backups API v2, 2021). A comment that mentions an
/// upload is taken for that of an uploaded snapshot, and every other for a person's own.
fn guess_origin(record: &mut Record) {
    let comment = record.comment.as_deref().map(|comment| comment.trim().to_ascii_lowercase());
    let contains = |word: &str| comment.as_ref().is_some_and(|comment| comment.contains(word));
    (record.origin, record.cadence) =
        if comment.as_ref().is_some_and(|comment| comment.starts_with("automatically created")) {
            let cadences = [("nightly", Cadence::Nightly), ("weekly", Cadence::Weekly), ("monthly", Cadence::Monthly)];
            let cadence = cadences.into_iter().find(|(word, _)| contains(word)).map(|(_, cadence)| cadence);
            (Some(Origin::Automatic), cadence)
        } else {
            let origin = if contains("upload") { Origin::Uploaded } else { Origin::Manual };
            (Some(origin), Some(Cadence::OnDemand))
        };
    record.is_origin_guessed = true;
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    #[test]
    fn the_origin_is_guessed_from_the_comment() {
        for (comment, origin, cadence) in [
            (Some("Automatically created nightly snapshot"), Origin::Automatic, Some(Cadence::Nightly)),
            (Some("  automatically created weekly snapshot"), Origin::Automatic, Some(Cadence::Weekly)),
            (Some("Automatically created snapshot"), Origin::Automatic, None),
            (Some("Uploaded snapshot"), Origin::Uploaded, Some(Cadence::OnDemand)),
            (Some("before release 4"), Origin::Manual, Some(Cadence::OnDemand)),
            (Some("not automatically created"), Origin::Manual, Some(Cadence::OnDemand)),
            (Some(""), Origin::Manual, Some(Cadence::OnDemand)),
            (None, Origin::Manual, Some(Cadence::OnDemand)),
        ] {
            let mut record = Record::new(Provider::MendixCloud, "a", Timestamp::UNIX_EPOCH, "completed");
            record.comment = comment.map(str::to_owned);
            guess_origin(&mut record);
            assert_eq!((record.origin, record.cadence), (Some(origin), cadence), "{comment:?}");
            assert!(record.is_origin_guessed);
        }
    }
}
