//! Maps errors and diagnostics to the reason classes of the corpus.

use appsnap::diagnostic::Code;
use appsnap::layout::{self, MemberName};
use appsnap::limits::LimitExceeded;
use appsnap::snapshot;
use appsnap::tarball::{Ambiguity, Damage, ExtensionFault, TypeFault};
use appsnap::{gzip, metadata, pgdump, tarball};

/// The class of a rejection.
pub fn of_error(error: &snapshot::Error) -> &'static str {
    match error.kind() {
        snapshot::ErrorKind::Gzip(error) => of_gzip(error.kind()),
        snapshot::ErrorKind::Tar(error) => of_tar(error.kind()),
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

fn of_tar(kind: &tarball::ErrorKind) -> &'static str {
    match kind {
        tarball::ErrorKind::Damaged(damage) => match damage {
            Damage::Truncated(_) => "tar-truncated",
            Damage::Checksum => "tar-checksum",
            Damage::StrayZeroBlock | Damage::TrailingData => "tar-trailing-data",
            other => panic!("no class for {other:?}"),
        },
        tarball::ErrorKind::Ambiguous(Ambiguity::Number { .. }) => "tar-number",
        tarball::ErrorKind::Ambiguous(_) => "tar-ambiguous",
        tarball::ErrorKind::Extension(fault) => of_extension(fault),
        tarball::ErrorKind::Type(fault) => match fault {
            TypeFault::Link => "type-link",
            TypeFault::Device => "type-device",
            TypeFault::Sparse => "type-sparse",
            TypeFault::Payload => "type-payload",
            _ => "type-unsupported",
        },
        tarball::ErrorKind::Limit(exceeded) => of_limit(exceeded),
        other => panic!("no class for {other:?}"),
    }
}

fn of_extension(fault: &ExtensionFault) -> &'static str {
    match fault {
        ExtensionFault::Carrier => "ext-carrier",
        ExtensionFault::Dangling => "ext-dangling",
        ExtensionFault::Duplicate(_) => "ext-duplicate",
        ExtensionFault::Global(_) => "ext-global",
        ExtensionFault::Malformed(_) => "ext-malformed",
        ExtensionFault::Mixed => "ext-mixed",
        ExtensionFault::Number(_) => "ext-number",
        // A name that contradicts the header's is refused whatever it is; the class says what it would have been.
        ExtensionFault::Path { extension, .. } => {
            MemberName::parse(extension).map_or_else(of_name, |_| "ext-path-conflict")
        }
        ExtensionFault::Size { .. } => "ext-size-conflict",
        ExtensionFault::LinkTarget => "ext-unexpected",
        other => panic!("no class for {other:?}"),
    }
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
        // Of nothing at all nobody can say that it was a dump once.
        pgdump::ErrorKind::Truncated { .. } if error.position() == Some(0) => "db-format",
        pgdump::ErrorKind::Truncated { .. } => "db-truncated",
        _ => "db-header",
    }
}
