//! Maps errors and diagnostics to the reason classes of the corpus.

use appsnap::diagnostic::Code;
use appsnap::layout::{self, MemberName};
use appsnap::limits::LimitExceeded;
use appsnap::snapshot;
use appsnap::{gzip, metadata, pgdump, tarball};

/// The class of a rejection.
pub fn of_error(error: &snapshot::Error) -> &'static str {
    match error.kind() {
        snapshot::ErrorKind::Gzip(error) => of_gzip(error.kind()),
        snapshot::ErrorKind::Tar(error) => of_tar(error),
        snapshot::ErrorKind::NotASnapshot(_) => "not-gzip",
        snapshot::ErrorKind::Name(code) => of_name(*code),
        snapshot::ErrorKind::Duplicate => "path-duplicate",
        snapshot::ErrorKind::Metadata(error) => of_metadata(error),
        snapshot::ErrorKind::MetadataMissing => "metadata-missing",
        snapshot::ErrorKind::Limit(exceeded) => of_limit(exceeded),
        other => panic!("no class for {other:?}"),
    }
}

fn of_gzip(kind: &gzip::ErrorKind) -> &'static str {
    match kind {
        gzip::ErrorKind::NotGzip => "not-gzip",
        gzip::ErrorKind::Truncated { .. } => "gzip-truncated",
        gzip::ErrorKind::Header(_) => "gzip-header",
        gzip::ErrorKind::Deflate => "gzip-deflate",
        gzip::ErrorKind::Crc { .. } | gzip::ErrorKind::Length { .. } => "gzip-crc",
        gzip::ErrorKind::TrailingData => "gzip-trailing-data",
        gzip::ErrorKind::Limit(exceeded) => of_limit(exceeded),
        other => panic!("no class for {other:?}"),
    }
}

fn of_tar(error: &tarball::Error) -> &'static str {
    if let tarball::ErrorKind::Limit(exceeded) = error.kind() {
        return of_limit(exceeded);
    }
    match error.code().unwrap_or_else(|| panic!("no class for {error:?}")) {
        tarball::Code::TarTruncated => "tar-truncated",
        tarball::Code::TarHeaderDamaged => "tar-checksum",
        tarball::Code::TarStrayZeroBlock | tarball::Code::TarTrailingData => "tar-trailing-data",
        tarball::Code::TarNumber => "tar-number",
        tarball::Code::TarDialect => "tar-ambiguous",
        tarball::Code::ExtensionWithoutMagic => "ext-carrier",
        tarball::Code::ExtensionDangling => "ext-dangling",
        tarball::Code::ExtensionDuplicate => "ext-duplicate",
        tarball::Code::ExtensionGlobal => "ext-global",
        tarball::Code::ExtensionMalformed => "ext-malformed",
        tarball::Code::ExtensionMixed => "ext-mixed",
        tarball::Code::ExtensionNumber => "ext-number",
        // A name that contradicts the header's is refused whatever it is; the class says what it would have been.
        tarball::Code::ExtensionPathConflict => {
            let text = error.to_string();
            let (_, rest) = text.split_once(", its extension ").unwrap();
            let name = rest.split_once(" (at byte").map_or(rest, |(name, _)| name);
            MemberName::parse(&unescaped(name)).map_or_else(of_name, |_| "ext-path-conflict")
        }
        tarball::Code::ExtensionSizeConflict => "ext-size-conflict",
        tarball::Code::ExtensionLinkTarget => "ext-unexpected",
        tarball::Code::TypeLink => "type-link",
        tarball::Code::TypeDevice => "type-device",
        tarball::Code::TypeSparse => "type-sparse",
        tarball::Code::TypeWithPayload => "type-payload",
        tarball::Code::TypeUnsupported => "type-unsupported",
        other => panic!("no class for {other}"),
    }
}

/// The bytes of a name that a message shows.
fn unescaped(text: &str) -> Vec<u8> {
    let mut parts = text.split("\\x");
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        let (digits, rest) = part.split_at(2);
        bytes.push(u8::from_str_radix(digits, 16).unwrap());
        bytes.extend(rest.bytes());
    }
    bytes
}

fn of_name(code: layout::Code) -> &'static str {
    match code {
        layout::Code::NameLeadsOut => "path-traversal",
        layout::Code::NameEncoding => "path-encoding",
        layout::Code::NameNotCanonical => "path-noncanonical",
        _ => "path-layout",
    }
}

fn of_metadata(error: &metadata::Error) -> &'static str {
    match error.kind() {
        metadata::ErrorKind::Limit(_) => "limit-metadata",
        metadata::ErrorKind::Value { .. } => "metadata-value",
        _ => "metadata-json",
    }
}

fn of_limit(exceeded: &LimitExceeded) -> &'static str {
    match exceeded.name {
        "max_total_bytes" | "max_entry_bytes" => "limit-size",
        "max_entries" => "limit-entries",
        "max_metadata_bytes" => "limit-metadata",
        "max_extensions" | "max_extension_bytes" => "limit-ext",
        "max_gzip_header_bytes" => "gzip-header",
        other => panic!("no class for {other}"),
    }
}

/// The class of a warning; `None` for what is legal without a word.
pub fn of_code(code: Code) -> Option<&'static str> {
    match code.name() {
        "upper-case-id" => None,
        "metadata-size-differs" => Some("metadata-size-mismatch"),
        "metadata-missing-files-only" => Some("metadata-missing"),
        "files-only" => Some("database-missing"),
        name => Some(name),
    }
}

/// The class of a dump that the platform would not take.
pub fn of_dump(error: &pgdump::Error) -> &'static str {
    match error.kind() {
        pgdump::ErrorKind::NotAnArchive { .. } | pgdump::ErrorKind::NotCustomFormat { .. } => "db-format",
        pgdump::ErrorKind::UnsupportedVersion { .. } => "db-version",
        // An empty file cannot be recognised as a former dump.
        pgdump::ErrorKind::Truncated { .. } if error.position() == Some(0) => "db-format",
        pgdump::ErrorKind::Truncated { .. } => "db-truncated",
        _ => "db-header",
    }
}
