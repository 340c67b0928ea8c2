//! Files are identified by their first bytes, and platforms refuse dumps that are too new.

use appsnap::Limits;
use appsnap::check::{CheckOptions, Profile, check};
use appsnap::observe::NoObserver;
use appsnap::pgdump::raw::Compression;
use appsnap::pgdump::{ErrorKind, FormatVersion, Identity, inspect};

use crate::support::dumps::sample;

#[test]
fn files_are_identified_by_their_first_bytes() {
    let mut tar = b"toc.dat".to_vec();
    tar.resize(257, 0);
    tar.extend_from_slice(b"ustar  \0");
    for (bytes, name) in [
        (&b""[..], "empty"),
        (b"--\n-- PostgreSQL database dump\n--\n\n\\restrict abc\n", "plain-sql"),
        (b"--\r\n-- PostgreSQL database dump\r\n--\r\n", "plain-sql"),
        (b"\xef\xbb\xbf--\n-- PostgreSQL database dump\n--\n", "plain-sql"),
        (b"--\n-- PostgreSQL database cluster dump\n--\n", "dumpall-sql"),
        (b"-- some other script\nSELECT 1;\n", "unknown"),
        (&tar, "pg-tar"),
        (b"\x1f\x8b\x08\0", "gzip"),
        (b"\x04\x22\x4d\x18\x40", "lz4"),
        (b"\x28\xb5\x2f\xfd\0", "zstd"),
        (b"PK\x03\x04", "zip"),
        (b"\xff\xfeP\0G\0D\0M\0P\0", "utf16-damaged"),
        (b"\xff\xfe-\0-\0\r\0\n\0", "utf16-damaged"),
        (b"\xef\xbb\xbfPGDMP\x01\x0e", "text-damaged"),
        (b"\nPGDMP\x01\x0e\0\x04\x08\x01", "text-before-dump"),
        (b"Password: \r\nPGDMP\x01\x10\0\x04\x08\x01", "text-before-dump"),
        (b"\0\nPGDMP\x01\x10\0\x04\x08\x01", "unknown"),
        (b"the word PGDMP in a text", "unknown"),
        (b"SET x = 1;\n\n--\n-- PostgreSQL database dump\n--\n", "plain-sql"),
        (b"SET statement_timeout = 0;\nCREATE TABLE public.t (a integer);\n", "sql-script"),
        (b"-- MySQL dump 10.13  Distrib 8.0.36\n--\n", "mysql-dump"),
        (b"SQLite format 3\0\x10\0", "sqlite-database"),
        (b"PGCOPY\n\xff\r\n\0\0\0", "copy-binary"),
        (b"pg_dump: error: aborting because of server version mismatch\n", "program-output"),
        (b"age-encryption.org/v1\n-> X25519 abc\n", "age-encrypted"),
        (b"Salted__abcdefgh", "openssl-encrypted"),
        (b"-----BEGIN PGP MESSAGE-----\n\nhQEMA", "gpg-encrypted"),
        (b"7z\xbc\xaf\x27\x1c\0\x04", "7z"),
        (b"Rar!\x1a\x07\x01\0", "rar"),
        (b"UEdETVABEAAECAEB", "base64"),
        (b"<?xml version=\"1.0\"?>\n<Error><Code>AccessDenied</Code></Error>", "web-page"),
        (b"<!DOCTYPE html><html><body>502</body></html>", "web-page"),
        (b"{\"error\":\"unauthorized\"}", "json-document"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:ab\n", "git-lfs-pointer"),
        (b"TAPE\0\0\x03\0", "unknown"),
    ] {
        let identity = Identity::of(bytes);
        assert_eq!(identity.name(), name);
        assert!(identity.hint().is_some(), "{name} has no hint");
    }
}

#[test]
fn text_before_a_dump_is_counted() {
    let dump = sample(FormatVersion::V1_16, Compression::GZIP).build();
    let text = b"Defaulted container \"postgres\" out of: postgres, sidecar\n";
    let hint = Identity::of(&[&text[..], &dump].concat()).hint().unwrap();
    assert!(hint.contains(&format!("tail -c +{} FILE > DUMP", text.len() + 1)), "{hint}");
    let far = [vec![b' '; Identity::SAMPLE_BYTES], dump].concat();
    assert_eq!(Identity::of(&far), Identity::Unknown);
}

#[test]
fn every_dump_is_identified_by_any_part_of_its_start() {
    for version in FormatVersion::ALL {
        let bytes = sample(*version, Compression::GZIP).build();
        let wanted =
            |identity| matches!(identity, Identity::Custom { major: 1, minor, .. } if minor == version.minor());
        for len in [16, 64, 300, Identity::SAMPLE_BYTES, bytes.len()] {
            let identity = Identity::of(&bytes[..len.min(bytes.len())]);
            assert!(wanted(identity), "{version} by {len} bytes: {identity}");
            assert_eq!(identity.hint(), None);
        }
    }
}

#[test]
fn a_table_of_contents_alone_is_not_a_dump() {
    let mut builder = sample(FormatVersion::V1_16, Compression::None);
    builder.header.format_code = 3;
    let identity = Identity::of(&builder.build());
    assert_eq!(identity, Identity::TocFile);
    assert!(identity.hint().unwrap().contains("pg_dump -Fc"));
}

#[test]
fn platforms_refuse_what_is_too_new() {
    for (version, cloud_2021, cloud_2026_05) in [
        (FormatVersion::V1_12, true, true),
        (FormatVersion::V1_14, true, true),
        (FormatVersion::V1_15, false, true),
        (FormatVersion::V1_16, false, false),
    ] {
        let inspection =
            inspect(&sample(version, Compression::GZIP).build()[..], &Limits::untrusted(), &mut NoObserver).unwrap();
        let takes = |profile: Profile| inspection.header.version() <= profile.max_dump_version();
        assert_eq!(takes(Profile::mendix_cloud_2021()), cloud_2021, "{version}");
        assert_eq!(takes(Profile::mendix_cloud_2026_05()), cloud_2026_05, "{version}");
        assert_eq!(takes(Profile::mendix_on_azure_2026_05()), cloud_2026_05, "{version}");
        assert!(takes(Profile::mendix_cloud()) && takes(Profile::mendix_on_azure()), "{version}");
    }
}

#[test]
fn the_finding_says_how_to_get_an_older_version() {
    let dump = sample(FormatVersion::V1_16, Compression::GZIP).build();
    let options = CheckOptions::new();
    let report = check(dump.as_slice(), &Profile::mendix_cloud_2021(), &options, &mut NoObserver).unwrap();
    let help = "convert the dump to 1.14, or make it with pg_dump of PostgreSQL 15";
    assert!(report.findings().iter().any(|finding| finding.message().ends_with(help)), "{report:?}");
}

#[test]
fn the_error_for_another_file_names_it_and_says_what_to_do() {
    let script = b"--\n-- PostgreSQL database dump\n--\n\n";
    let error = inspect(&script[..], &Limits::untrusted(), &mut NoObserver).map(|_| ()).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::NotAnArchive { identity: Identity::PlainSql, .. }), "{error}");
    assert!(error.to_string().contains("pg_dump -Fc -f FILE DATABASE"), "{error}");
}

#[test]
#[cfg(not(feature = "lz4"))]
fn a_build_without_a_decoder_reads_the_entries_and_names_the_missing_feature() {
    let mut builder = sample(FormatVersion::V1_16, Compression::None);
    let bytes = {
        let plain = builder.build();
        let mut header = Vec::new();
        builder.header.compression = Compression::Lz4;
        builder.header.encode(&mut header).unwrap();
        [&header[..], &plain[header.len()..]].concat()
    };
    let mut dump = appsnap::pgdump::Dump::open(&bytes[..], &Limits::untrusted()).unwrap();
    assert_eq!(dump.toc().len(), builder.items.len());
    let error = dump.next_stream().map(|_| ()).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::CompressionUnavailable { algorithm: "lz4", .. }), "{error}");
}
