//! Lists in the form of retention.

use appsnap::catalog::{ListingFormat, Phase};
use appsnap::retention::Backup;

use super::{read, refusal};

const LIST: &str = r#"[{"id":"a","taken_at":"2026-10-25T02:30:00+02:00"},
    {"id":"b","taken_at":"2026-10-26T02:30:00Z","finished_at":"2026-10-26T02:40:00Z","origin":"manual","status":"failed","tags":["x","y"],"protected":true,"bytes":12,
     "series":"blog","hold":{"owner":"legal","reason":"case 7"},"expires_at":"2027-01-01T00:00:00Z"}]"#;

#[test]
fn an_own_list_becomes_the_same_backups() {
    let listing = read(LIST);
    assert_eq!(listing.format, ListingFormat::Own);
    assert_eq!(listing.records[0].phase, Phase::Completed);
    let direct: Vec<Backup<String>> = serde_json::from_str(LIST).unwrap();
    assert_eq!(listing.to_backups(), direct);
}

#[test]
fn an_id_can_be_a_number() {
    let listing = read(r#"[{"id":7,"taken_at":"2026-10-25T02:30:00Z"}]"#);
    assert_eq!(listing.records[0].id, "7");
}

#[test]
fn a_wrong_member_is_named_with_its_location() {
    let error = refusal(
        r#"[{"id":"a","taken_at":"2026-10-25T02:30:00Z"},{"id":"b","taken_at":"2026-10-25T02:30:00Z","kind":1}]"#,
    );
    assert_eq!(error.context(), Some("line 1, member [1].kind"));
    let cause = std::error::Error::source(&error).unwrap().to_string();
    assert!(cause.contains("unknown field `kind`"), "{cause}");
}
