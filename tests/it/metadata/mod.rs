//! `.metadata`: what is read, what is refused, and that writing and reading are inverse.

use std::error::Error as _;

use appsnap::Limits;
use appsnap::diagnostic::Diagnostics;
use appsnap::metadata::{Code, Error, ErrorKind, Metadata};
use proptest::prelude::*;

/// The form that the platform writes.
const PLATFORM: &str =
    r#"{"duration":"0","dumpSize":"94769","modelVersion":"1.0.0.40","databaseSize":"9730584","filesSize":"1346575"}"#;

fn parse(json: impl AsRef<[u8]>) -> Result<(Metadata, Diagnostics), Error> {
    Metadata::parse(json.as_ref(), &Limits::untrusted())
}

fn platform() -> Metadata {
    Metadata::new()
        .with_duration(0)
        .with_dump_size_bytes(94_769)
        .with_model_version("1.0.0.40")
        .with_database_size_bytes(9_730_584)
        .with_files_size_bytes(1_346_575)
}

#[test]
fn the_platforms_own_text_is_read_and_written_byte_for_byte() {
    let (metadata, diagnostics) = parse(PLATFORM).unwrap();
    assert_eq!((metadata, diagnostics.is_empty()), (platform(), true));
    assert_eq!(platform().render(), PLATFORM.as_bytes());
}

#[test]
fn unknown_keys_keep_their_order_and_their_text() {
    let json = r#"{"z":[1, 2.50e3 ,null],"filesSize":"1","a":{"b":"\u0041\n"},"":true}"#;
    let (metadata, _) = parse(json).unwrap();
    let other = [("z", "[1, 2.50e3 ,null]"), ("a", r#"{"b":"\u0041\n"}"#), ("", "true")];
    assert!(metadata.other().eq(other));
    let written = metadata.render();
    assert_eq!(written, br#"{"filesSize":"1","z":[1, 2.50e3 ,null],"a":{"b":"\u0041\n"},"":true}"#);
    assert_eq!(parse(&written).unwrap().0, metadata);
}

#[test]
fn everything_unusual_is_reported_with_its_key() {
    let (metadata, diagnostics) =
        parse("\u{feff}{\"dumpSize\": 18446744073709551615, \"modelVersion\": \"\"}").unwrap();
    assert_eq!(metadata, Metadata::new().with_dump_size_bytes(u64::MAX).with_model_version(""));
    let missing = ["duration", "databaseSize", "filesSize"].map(|key| (Code::MetadataKeyMissing, key));
    let reported = [(Code::MetadataBom, ""), (Code::MetadataTypeCoerced, "dumpSize")].into_iter().chain(missing);
    for (diagnostic, (code, key)) in diagnostics.iter().zip(reported) {
        assert!(diagnostic.is(code) && diagnostic.message().ends_with(key), "{diagnostic}");
    }
    assert_eq!(diagnostics.count(), 5);
}

#[test]
fn a_value_that_cannot_be_is_an_error_with_its_key() {
    for (json, key, reason) in [
        (r#"{"dumpSize":"-1"}"#, "dumpSize", "not a plain decimal number"),
        (r#"{"dumpSize":""}"#, "dumpSize", "not a plain decimal number"),
        (r#"{"filesSize":1.0}"#, "filesSize", "not a plain decimal number"),
        (r#"{"databaseSize":"18446744073709551616"}"#, "databaseSize", "larger than 2^64-1"),
        (r#"{"duration":null}"#, "duration", "not a plain decimal number"),
        (r#"{"modelVersion":1}"#, "modelVersion", "not a string"),
    ] {
        let error = parse(json).unwrap_err();
        match error.kind() {
            ErrorKind::Value { key: its, reason: own, .. } => assert_eq!((*its, *own), (key, reason), "{json}"),
            other => panic!("{json}: {other}"),
        }
        assert!(error.to_string().contains(key), "{error}");
    }
}

#[test]
fn what_is_no_object_is_an_error_with_its_cause() {
    for json in ["", "[]", "{", r#"{"a":1}x"#, r#"{"a":1,}"#, r#"{"modelVersion":"\ud800"}"#] {
        let error = parse(json).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Json { .. }), "{json}: {error}");
        assert!(error.source().is_some(), "{json}: {error}");
    }
    assert_eq!(parse(b"{\"a\":\"\xff\"}").unwrap_err().position(), Some(6));
    assert_eq!(parse(b"\xef\xbb\xbf{\xff").unwrap_err().position(), Some(4));
}

#[test]
fn a_key_may_stand_only_once_however_it_is_spelled() {
    for json in [r#"{"a":1,"a":1}"#, r#"{"a":1,"\u0061":1}"#, r#"{"x":[0,{"a":1,"b":2,"a":3}]}"#] {
        let error = parse(json).unwrap_err().to_string();
        assert_eq!(error, ".metadata contains the key \"a\" twice", "{json}");
    }
    let error = parse("{\"\u{202e}\":1,\"\u{202e}\":1}").unwrap_err().to_string();
    assert!(error.is_ascii(), "{error}");
}

#[test]
fn nesting_is_bounded_and_costs_no_stack() {
    let nested = |depth: usize| format!(r#"{{"x":{}{}}}"#, "[".repeat(depth), "]".repeat(depth));
    assert!(parse(nested(63)).is_ok());
    for depth in [64, 500_000] {
        let error = parse(nested(depth)).unwrap_err().to_string();
        assert_eq!(error, ".metadata is nested more than 64 levels deep");
    }
}

#[test]
fn the_limit_counts_bytes() {
    let limits = Limits::untrusted().with_max_metadata_bytes(PLATFORM.len() as u64);
    assert!(Metadata::parse(PLATFORM.as_bytes(), &limits).is_ok());
    let error = Metadata::parse(format!("{PLATFORM} ").as_bytes(), &limits).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Limit(exceeded) if exceeded.name == "max_metadata_bytes"), "{error}");
}

fn metadata() -> impl Strategy<Value = Metadata> {
    let size = || prop::option::of(any::<u64>());
    (size(), size(), size(), size(), prop::option::of(any::<String>())).prop_map(|(a, b, c, d, version)| {
        let metadata = Metadata::new();
        let metadata = a.into_iter().fold(metadata, Metadata::with_duration);
        let metadata = b.into_iter().fold(metadata, Metadata::with_dump_size_bytes);
        let metadata = c.into_iter().fold(metadata, Metadata::with_database_size_bytes);
        let metadata = d.into_iter().fold(metadata, Metadata::with_files_size_bytes);
        version.into_iter().fold(metadata, Metadata::with_model_version)
    })
}

proptest! {
    #[test]
    fn writing_and_reading_are_inverse(metadata in metadata()) {
        let (again, diagnostics) = parse(metadata.render()).unwrap();
        prop_assert_eq!(again, metadata);
        prop_assert_eq!(diagnostics.count(), diagnostics.count_of(Code::MetadataKeyMissing));
    }

    #[test]
    fn whatever_is_read_is_written_so_that_it_reads_the_same(json in "\\{(\"(a|b|dumpSize|filesSize)\": ?(\"[0-9a-z]{0,3}\"|[0-9.]{1,3}|\\[[01], ?\\{\\}\\]|null)[,}]){0,4}\\}?") {
        if let Ok((metadata, _)) = parse(&json) {
            let written = metadata.render();
            prop_assert_eq!(&parse(&written).unwrap().0, &metadata);
            prop_assert_eq!(metadata.render(), written);
        }
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = parse(&bytes);
        let _ = parse([b"{\"dumpSize\":", bytes.as_slice(), b"}"].concat());
    }
}
