//! Detects what a file is from its first bytes, and reads headers of those that are archives.

use super::error::Error;
use super::header::{FORMAT_CUSTOM, FORMAT_DIRECTORY, FORMAT_TAR, HEADER, Header, MAGIC};
use super::identity::Identity;
use super::primitives::{Cursor, Fault, Reason};
use crate::limits::Limits;

impl Identity {
    /// The number of a file's first bytes that [`of`](Self::of) looks at. With fewer bytes it is less certain.
    pub const SAMPLE_BYTES: usize = 4096;

    /// Detects what a file is from its first [`SAMPLE_BYTES`](Self::SAMPLE_BYTES) bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        identify(bytes)
    }
}

impl Header {
    /// Parses the header at the start of `bytes`, and returns it with its length.
    ///
    /// Of the limits only [`Limits::max_string_bytes`] applies. Headers of every [format](Self::format_code) are parsed.
    ///
    /// # Errors
    /// Returns an error if the bytes are not the start of an archive of a known version, are too short, are damaged or
    /// exceed the limit.
    pub fn parse(bytes: &[u8], limits: &Limits) -> Result<(Self, usize), Error> {
        let mut cursor = Cursor::new(bytes);
        let result = read_header(&mut cursor, limits);
        let len = bytes.len().saturating_sub(cursor.rest().len());
        match result {
            Ok(header) => Ok((header, len)),
            Err(Fault::Incomplete) => Err(Error::truncated(HEADER).at(len as u64)),
            Err(Fault::Because(reason)) => Err(Error::from(reason).at(len as u64)),
        }
    }
}

/// Reads a header, or names the file that has none.
pub(super) fn read_header(cursor: &mut Cursor<'_>, limits: &Limits) -> Result<Header, Fault> {
    let start = cursor.rest();
    Header::read(cursor, limits)?.ok_or_else(|| Fault::Because(Reason::NotAnArchive(Identity::of(start))))
}

fn identify(bytes: &[u8]) -> Identity {
    let (bytes, _) = bytes.split_at(bytes.len().min(Identity::SAMPLE_BYTES));
    if bytes.is_empty() {
        return Identity::Empty;
    }
    if bytes.starts_with(MAGIC) {
        return archive(bytes);
    }
    if bytes.starts_with(b"toc.dat\0") && bytes.get(257..262).is_none_or(|magic| magic == b"ustar") {
        return Identity::Tar;
    }
    for (magic, identity) in [
        (&b"\x1f\x8b"[..], Identity::Gzip),
        (b"\x04\x22\x4d\x18", Identity::Lz4),
        (b"\x28\xb5\x2f\xfd", Identity::Zstd),
        (b"BZh", Identity::Bzip2),
        (b"\xfd7zXZ\0", Identity::Xz),
        (b"PK\x03\x04", Identity::Zip),
        (b"PK\x05\x06", Identity::Zip),
        (b"7z\xbc\xaf\x27\x1c", Identity::SevenZip),
        (b"Rar!\x1a\x07", Identity::Rar),
        (b"SQLite format 3\0", Identity::Sqlite),
        (b"PGCOPY\n\xff\r\n\0", Identity::CopyBinary),
        (b"\x6d\xe2\x99\x81", Identity::MongoDb),
        (b"age-encryption.org/", Identity::Age),
        (b"-----BEGIN AGE ENCRYPTED FILE", Identity::Age),
        (b"Salted__", Identity::OpenSsl),
        (b"U2FsdGVkX1", Identity::OpenSsl),
        (b"-----BEGIN PGP MESSAGE", Identity::Gpg),
        // A packet with an encrypted session key (RFC 9580), as gpg writes it for common keys and for passwords.
        (b"\x85\x01\x0c\x03", Identity::Gpg),
        (b"\x85\x01\x8c\x03", Identity::Gpg),
        (b"\x85\x02\x0c\x03", Identity::Gpg),
        (b"\x84\x5e\x03", Identity::Gpg),
        (b"\x8c\x0d\x04", Identity::Gpg),
        (b"version https://git-lfs.github.com/spec/", Identity::GitLfsPointer),
        // PGDMP, and the start of gzip.
        (b"UEdETV", Identity::Base64),
        (b"H4sI", Identity::Base64),
    ] {
        if bytes.starts_with(magic) {
            return identity;
        }
    }
    // UTF-16 of either byte order, with or without a byte order mark, of an archive or of a script.
    let wide = bytes.strip_prefix(b"\xff\xfe").or_else(|| bytes.strip_prefix(b"\xfe\xff")).unwrap_or(bytes);
    if [&b"P\0G\0D\0"[..], b"\0P\0G\0D", b"-\0-\0\n\0", b"-\0-\0\r\0", b"\0-\0-\0"]
        .iter()
        .any(|text| wide.starts_with(text))
    {
        return Identity::Utf16Damage;
    }
    let unmarked = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if unmarked.starts_with(MAGIC) {
        return Identity::TextDamage;
    }
    match script(unmarked) {
        Identity::Unknown => leading_text(bytes).unwrap_or_else(|| text(unmarked)),
        script => script,
    }
}

/// Looks for the start of a dump after other text.
fn leading_text(bytes: &[u8]) -> Option<Identity> {
    let starts = bytes.windows(MAGIC.len()).enumerate().filter(|(_, window)| *window == MAGIC);
    let is_header =
        |rest: &[u8]| matches!(rest.get(5..11), Some([1, minor, _, 1..=8, _, FORMAT_CUSTOM]) if *minor <= LATEST_MINOR);
    let (at, _) = starts
        .into_iter()
        // Other archives have dumps in them, too; text has no zero bytes.
        .take_while(|(at, _)| bytes.get(..*at).is_some_and(|text| !text.contains(&0)))
        .find(|(at, _)| bytes.get(*at..).is_some_and(is_header))?;
    Some(Identity::LeadingText { text_bytes: u16::try_from(at).ok()? })
}

/// Higher minor versions are not expected soon.
const LATEST_MINOR: u8 = 32;

/// Examines text that is no script of pg_dump.
fn text(bytes: &[u8]) -> Identity {
    let start = bytes.trim_ascii_start();
    let begins = |words: &[&str]| {
        words
            .iter()
            .any(|word| start.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word.as_bytes())))
    };
    if begins(&["pg_dump: ", "pg_dumpall: ", "pg_restore: ", "psql: ", "pg_dump (PostgreSQL)", "bash: ", "sh: "]) {
        return Identity::PgDumpOutput;
    }
    if begins(&["<!doctype html", "<html", "<?xml", "<error", "<head"]) {
        return Identity::WebPage;
    }
    if begins(&["-- MySQL dump", "-- MariaDB dump", "/*M!", "/*!40"]) {
        return Identity::MySql;
    }
    let is_json = match start {
        [b'{', rest @ ..] => matches!(rest.trim_ascii_start().first(), Some(b'"' | b'}')),
        [b'[', rest @ ..] => matches!(rest.trim_ascii_start().first(), Some(b'{' | b'"' | b']')),
        _ => false,
    };
    if is_json {
        return Identity::Json;
    }
    if begins_like_sql(start) { Identity::BareSql } else { Identity::Unknown }
}

/// Returns `true` if the first line that is no comment begins like a statement of a dump, and all of it is text.
fn begins_like_sql(text: &[u8]) -> bool {
    const STATEMENTS: [&str; 14] = [
        "set ",
        "select pg_catalog.",
        "create table ",
        "create schema ",
        "create extension ",
        "create database ",
        "create type ",
        "create function ",
        "alter table ",
        "insert into ",
        "copy ",
        "drop table ",
        "begin;",
        "\\restrict ",
    ];
    if text.contains(&0) {
        return false;
    }
    let mut lines = text.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    let first = lines.find(|line| !line.is_empty() && !line.starts_with(b"--"));
    first.is_some_and(|line| {
        STATEMENTS
            .iter()
            .any(|word| line.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word.as_bytes())))
    })
}

/// Examines bytes that start like an archive.
fn archive(bytes: &[u8]) -> Identity {
    // The first entries of every dump hold SQL with bare line feeds, and a transfer in text mode leaves none of them.
    let mut line_feeds = bytes.iter().zip(bytes.iter().skip(1)).filter(|(_, second)| **second == b'\n').peekable();
    if line_feeds.peek().is_some() && line_feeds.all(|(first, _)| *first == b'\r') {
        return Identity::LineEndDamage;
    }
    let (major, minor) = match bytes.get(5..7) {
        Some([major, minor]) => (*major, *minor),
        _ => return Identity::Unknown,
    };
    match Header::read(&mut Cursor::new(bytes), &Limits::untrusted()) {
        Ok(Some(header)) => match header.format_code {
            FORMAT_CUSTOM => Identity::Custom { major, minor },
            FORMAT_TAR | FORMAT_DIRECTORY => Identity::TocFile,
            _ => Identity::Unknown,
        },
        Ok(None) => Identity::Unknown,
        // A truncated, damaged or too new dump is still a dump; the error on reading it says more.
        Err(_) => match bytes.get(10) {
            Some(&(FORMAT_TAR | FORMAT_DIRECTORY)) => Identity::TocFile,
            _ => Identity::Custom { major, minor },
        },
    }
}

fn script(bytes: &[u8]) -> Identity {
    // Tools add statements and comments before the heading.
    let contains = |text: &[u8]| bytes.split(|byte| *byte == b'\n').any(|line| line.trim_ascii_end() == text);
    if bytes.contains(&0) {
        Identity::Unknown
    } else if contains(b"-- PostgreSQL database cluster dump") {
        Identity::ClusterSql
    } else if contains(b"-- PostgreSQL database dump") {
        Identity::PlainSql
    } else {
        Identity::Unknown
    }
}
