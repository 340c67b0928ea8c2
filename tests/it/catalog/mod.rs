//! Platforms' listings are read into records, records into backups, and advice follows the documentation.

mod advice;
mod mendix;
mod own;
mod platformsh;
mod squidex;

use appsnap::catalog::{self, Error, Listing};

pub(crate) fn read(text: &str) -> Listing {
    catalog::read(text.as_bytes()).unwrap_or_else(|error| panic!("{error}"))
}

pub(crate) fn refusal(text: &str) -> Error {
    catalog::read(text.as_bytes()).expect_err("the listing was read")
}

pub(crate) fn at(text: &str) -> jiff::Timestamp {
    text.parse().unwrap()
}

#[test]
fn what_is_no_listing_is_said_to_be_none() {
    for text in ["", "hello", "42", "{}", r#"{"a":[]}"#, r#"[{"x":1}]"#, "a,b\n1,2\n", "[1,2]"] {
        let error = refusal(text);
        assert!(error.to_string().contains("listing"), "{text:?}: {error}");
    }
    assert_eq!(catalog::read(b"\xff").unwrap_err().to_string(), "not text in UTF-8");
    let broken = refusal("[{\"taken_at\":\n");
    assert_eq!(broken.line(), Some(2));
    assert!(std::error::Error::source(&broken).is_some());
}

#[test]
fn names_that_nobody_knows_are_shown_escaped() {
    let error = refusal("[{\"id\":\"a\",\"taken_at\":\"2026-03-01T00:00:00Z\",\"or\u{7f}\u{202e}gin\":1}]");
    let shown = std::error::Error::source(&error).unwrap().to_string();
    assert!(shown.starts_with(r"unknown field `or\u{7f}\u{202e}gin`, expected one of"), "{shown}");
}

#[test]
fn nesting_and_garbage_are_refused_without_a_panic() {
    assert!(catalog::read("[".repeat(100_000).as_bytes()).is_err());
    let table = "| Created | Backup ID |\n".to_owned() + &"|".repeat(100_000);
    assert!(catalog::read(table.as_bytes()).is_err());
    let csv = "Created,Backup ID\n".to_owned() + &"\"".repeat(99_999);
    assert!(catalog::read(csv.as_bytes()).is_err());
}

#[test]
fn an_empty_listing_has_no_records() {
    for text in ["[]", r#"{"snapshots":[],"total":0}"#, r#"{"items":[]}"#, "Created,Backup ID,Restorable\n"] {
        assert_eq!(read(text).records, [], "{text}");
    }
}
