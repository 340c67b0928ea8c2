//! Listings become records, records become backups, and advice follows the documentation.

mod advice;
mod mendix;
mod own;
mod pages;
mod peers;
mod platformsh;
mod squidex;

use appsnap::catalog::{self, Error, ErrorKind, Listing};

pub(crate) fn read(text: &str) -> Listing {
    catalog::read(text.as_bytes()).unwrap_or_else(|error| panic!("{error}"))
}

pub(crate) fn refusal(text: &str) -> Error {
    catalog::read(text.as_bytes()).expect_err("the listing is wrong")
}

pub(crate) fn at(text: &str) -> jiff::Timestamp {
    text.parse().unwrap()
}

#[test]
fn other_text_is_not_a_listing() {
    for text in ["", "hello", "42", "{}", r#"{"a":[]}"#, r#"[{"x":1}]"#, "a,b\n1,2\n", "[1,2]"] {
        let error = refusal(text);
        assert!(error.to_string().contains("listing"), "{text:?}: {error}");
    }
    let encoding = catalog::read(b"[]\xff").unwrap_err();
    assert_eq!((encoding.kind(), encoding.position()), (&ErrorKind::Encoding, Some(2)));
    let broken = refusal("[{\"taken_at\":\n");
    assert!(broken.context().unwrap().starts_with("line 2"), "{broken}");
    assert!(std::error::Error::source(&broken).is_some());
}

#[test]
fn unknown_names_are_shown_escaped() {
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
