//! Codes for what stops the reader of archives, and for what it tolerates.

use crate::check::error::{Error, ErrorKind};
use crate::check::registry::Code;
use crate::snapshot::report::ReadReport;
use crate::snapshot::{self, AnomalyKind};
use crate::{gzip, layout, metadata, tarball};

/// The code of what stopped the reader.
///
/// # Errors
/// The error itself, when the file is not to blame for it.
pub(in crate::check) fn of_error(error: snapshot::Error) -> Result<(Code, snapshot::Error), Error> {
    use snapshot::ErrorKind as Kind;
    let code = match error.kind() {
        Kind::Gzip(inner) => of_gzip(inner.kind()),
        Kind::Tar(inner) => of_tar(inner.kind()),
        Kind::NotASnapshot(_) => Ok(Code::NotASnapshot),
        Kind::Name(fault) => Ok(of_name(*fault)),
        Kind::Duplicate => Ok(Code::NameRepeated),
        Kind::Metadata(inner) => Ok(of_metadata(inner.kind())),
        Kind::MetadataMissing => Ok(Code::MetadataMissing),
        Kind::Limit(_) => Ok(Code::LimitExceeded),
        Kind::Index(_) => Ok(Code::IndexWrong),
        Kind::Io { .. } => Err(ErrorKind::Io),
        Kind::Cancelled => Err(ErrorKind::Cancelled),
        Kind::TooShort { .. }
        | Kind::TooLong { .. }
        | Kind::MetadataSize { .. }
        | Kind::Absent(_)
        | Kind::Exists
        | Kind::Misuse(_) => Err(ErrorKind::Internal),
    };
    match code {
        Ok(code) => Ok((code, error)),
        Err(kind) => Err(Error::because(kind, error)),
    }
}

fn of_gzip(kind: &gzip::ErrorKind) -> Result<Code, ErrorKind> {
    Ok(match kind {
        gzip::ErrorKind::NotGzip => Code::NotASnapshot,
        gzip::ErrorKind::Truncated { .. } => Code::GzipTruncated,
        gzip::ErrorKind::Header(_) => Code::GzipHeader,
        gzip::ErrorKind::Deflate => Code::GzipDamaged,
        gzip::ErrorKind::Crc { .. } | gzip::ErrorKind::Length { .. } => Code::GzipChecksum,
        gzip::ErrorKind::TrailingData => Code::GzipTrailingData,
        gzip::ErrorKind::Limit(_) => Code::LimitExceeded,
        gzip::ErrorKind::Io { .. } => return Err(ErrorKind::Io),
        gzip::ErrorKind::WorkerPanicked => return Err(ErrorKind::Internal),
    })
}

fn of_tar(kind: &tarball::ErrorKind) -> Result<Code, ErrorKind> {
    use tarball::{Ambiguity, Damage, ErrorKind as Kind, ExtensionFault, TypeFault};
    Ok(match kind {
        Kind::Damaged(Damage::Truncated(_)) => Code::TarTruncated,
        Kind::Damaged(Damage::Checksum) => Code::TarChecksum,
        Kind::Damaged(Damage::StrayZeroBlock) => Code::TarStrayZeros,
        Kind::Damaged(Damage::TrailingData) => Code::TarTrailingData,
        Kind::Ambiguous(Ambiguity::Number { .. }) => Code::TarNumber,
        Kind::Ambiguous(Ambiguity::Magic | Ambiguity::Prefix) => Code::TarDialect,
        Kind::Extension(fault) => match fault {
            ExtensionFault::Carrier => Code::ExtensionCarrier,
            ExtensionFault::Dangling => Code::ExtensionDangling,
            ExtensionFault::Duplicate(_) => Code::ExtensionDuplicate,
            ExtensionFault::Global(_) => Code::ExtensionGlobal,
            ExtensionFault::Malformed(_) => Code::ExtensionMalformed,
            ExtensionFault::Mixed => Code::ExtensionMixed,
            ExtensionFault::Number(_) => Code::ExtensionNumber,
            ExtensionFault::Path { .. } => Code::ExtensionPath,
            ExtensionFault::Size { .. } => Code::ExtensionSize,
            ExtensionFault::LinkTarget => Code::ExtensionLink,
        },
        Kind::Type(TypeFault::Link) => Code::TypeLink,
        Kind::Type(TypeFault::Device) => Code::TypeDevice,
        Kind::Type(TypeFault::Sparse) => Code::TypeSparse,
        Kind::Type(TypeFault::Payload) => Code::TypePayload,
        Kind::Type(TypeFault::Unsupported(_)) => Code::TypeUnsupported,
        Kind::Limit(_) => Code::LimitExceeded,
        Kind::Io(_) => return Err(ErrorKind::Io),
        Kind::Misuse(_) => return Err(ErrorKind::Internal),
    })
}

const fn of_name(fault: layout::Fault) -> Code {
    match fault {
        layout::Fault::Traversal => Code::NameTraversal,
        layout::Fault::Encoding => Code::NameEncoding,
        layout::Fault::NonCanonical => Code::NameNotCanonical,
        layout::Fault::Unknown => Code::NameUnknown,
        layout::Fault::ShardMismatch => Code::ShardMismatch,
        layout::Fault::WrongKind => Code::NameWrongKind,
    }
}

const fn of_metadata(kind: &metadata::ErrorKind) -> Code {
    match kind {
        metadata::ErrorKind::Limit(_) => Code::LimitExceeded,
        metadata::ErrorKind::Json { .. } | metadata::ErrorKind::Value { .. } => Code::MetadataUnusable,
    }
}

/// The code of something that was tolerated. What is missing weighs differently where there is nothing else.
pub(in crate::check) const fn of_anomaly(kind: &AnomalyKind, report: &ReadReport) -> Code {
    match kind {
        AnomalyKind::Framing(oddity) => match oddity {
            tarball::Oddity::ModeBits => Code::ModeBits,
            tarball::Oddity::ContiguousFile => Code::ContiguousFile,
            tarball::Oddity::SlashedFile => Code::SlashedFile,
            tarball::Oddity::IgnoredField => Code::IgnoredField,
            tarball::Oddity::ShortEndMarker => Code::ShortEndMarker,
        },
        AnomalyKind::Name(layout::Oddity::FlatTree) => Code::FlatTree,
        AnomalyKind::Name(layout::Oddity::ShardLetterCase) => Code::ShardLetterCase,
        AnomalyKind::Name(layout::Oddity::UpperCaseId) => Code::UpperCaseId,
        AnomalyKind::Label | AnomalyKind::Junk(layout::Junk::DsStore) => Code::JunkSkipped,
        AnomalyKind::Junk(layout::Junk::AppleDouble) => Code::AppleDoubleSkipped,
        AnomalyKind::Metadata(metadata::Oddity::ByteOrderMark) => Code::MetadataBom,
        AnomalyKind::Metadata(metadata::Oddity::JsonNumber(_)) => Code::MetadataNumber,
        AnomalyKind::Metadata(metadata::Oddity::Missing(_)) => Code::MetadataKeyMissing,
        AnomalyKind::MetadataMissing if report.database_bytes().is_none() && report.documents_count() > 0 => {
            Code::MetadataMissingFilesOnly
        }
        AnomalyKind::MetadataMissing => Code::MetadataMissing,
        AnomalyKind::DatabaseMissing => Code::FilesOnly,
        AnomalyKind::MetadataSize { .. } => Code::MetadataSizeDiffers,
        AnomalyKind::Misplaced(fault) => of_name(*fault),
        AnomalyKind::Repeated => Code::NameRepeated,
        AnomalyKind::MetadataFault(_) => Code::MetadataUnusable,
    }
}
