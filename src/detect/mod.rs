//! Detects the kind of a file from its first bytes, never from its name, and says how to get a usable one instead.
//!
//! ```
//! use appsnap::detect;
//!
//! let detection = detect::identify(b"--\n-- PostgreSQL database dump\n--\n\n");
//! assert_eq!(detection.name(), "plain-sql");
//! assert!(detection.hint().unwrap().contains("pg_dump"));
//! ```

mod detection;
mod foreign;
mod recoded;
mod tar;

use std::fs::File;
use std::io::Read;
use std::path::Path;

pub use detection::{Detection, Kind};

use crate::error::Error;
use crate::gzip;
use crate::limits::Limits;
use crate::pgdump::Identity;
use crate::source::dump::decompressed_head;

/// The number of bytes that [`identify`] needs: enough for the first members of a compressed tar archive.
pub const HEAD_BYTES: u64 = 64 << 10;

/// Bytes to inflate of a compressed head.
const INFLATED_BYTES: u64 = 64 << 10;

/// Detects the kind of a file from `head`, its first [`HEAD_BYTES`] bytes, or all of it if it is shorter.
///
/// ```
/// use appsnap::detect::{Kind, identify};
/// use appsnap::pgdump::Identity;
///
/// assert_eq!(identify(b"").kind(), Kind::Other(Identity::Empty));
/// assert!(identify(b"PGDMP\x01\x0e\x00\x04\x08\x01").is_custom_dump());
/// ```
///
/// # Security
/// At most 64 KiB are inflated. The result is a guess from the beginning of the file: a file that begins like a snapshot
/// still has to be read as one.
#[must_use]
pub fn identify(head: &[u8]) -> Detection {
    if !gzip::is_gzip(head) {
        let kind = match kind_of(head) {
            Kind::Other(identity @ (Identity::Lz4 | Identity::Zstd)) => compressed(identity, head),
            Kind::Other(Identity::Unknown) if is_zeros(head) => Kind::Zeros,
            kind => kind,
        };
        return Detection { kind, is_gzip: false };
    }
    let mut content = Vec::new();
    let mut reader = gzip::Reader::new(head, &Limits::untrusted()).take(INFLATED_BYTES);
    // The head ends in the middle of the data, so an error is expected; the bytes before it count.
    let _ = reader.read_to_end(&mut content);
    let kind = match kind_of(&content) {
        Kind::Other(Identity::Gzip) => Kind::GzipTwice,
        // A whole header block without any sign of one: not a damaged archive, but something else.
        Kind::Other(Identity::Unknown) if !tar::may_be_damaged(&content) => Kind::GzipOfOther,
        kind => kind,
    };
    Detection { kind, is_gzip: true }
}

/// Detects the kind of the file at `path`, reading at most [`HEAD_BYTES`].
///
/// A folder with a table of contents of `pg_dump`, compressed or not, is [`Identity::TocFile`].
///
/// ```
/// use appsnap::detect::identify_path;
///
/// let detection = identify_path("examples/data/quickstart.dump")?;
/// assert!(detection.name() == "custom-dump" && detection.hint().is_none());
/// # Ok::<(), appsnap::Error>(())
/// ```
///
/// # Errors
/// Returns an error if the file cannot be opened or read, or if `path` is any other folder.
pub fn identify_path(path: impl AsRef<Path>) -> Result<Detection, Error> {
    let path = path.as_ref();
    let has = |name: &&str| path.join(name).is_file();
    if path.is_dir() && ["toc.dat", "toc.dat.gz", "toc.dat.lz4", "toc.dat.zst"].iter().any(has) {
        return Ok(Detection { kind: Kind::Other(Identity::TocFile), is_gzip: false });
    }
    let mut head = Vec::new();
    File::open(path)?.take(HEAD_BYTES).read_to_end(&mut head)?;
    Ok(identify(&head))
}

/// Returns the kind of bytes that are compressed by gzip, or that were compressed.
fn kind_of(head: &[u8]) -> Kind {
    match Identity::of(head) {
        Identity::Zip if is_squidex(head) => Kind::Squidex,
        Identity::Utf16Damage if is_utf16_script(head) => Kind::Utf16Sql,
        identity @ (Identity::Custom { .. } | Identity::TextDamage) => {
            Kind::Other(recoded::identify(head).unwrap_or(identity))
        }
        // Their statements are SQL, too.
        Identity::BareSql => foreign::identify(head).unwrap_or(Kind::Other(Identity::BareSql)),
        Identity::Unknown => {
            tar::identify(head).or_else(|| foreign::identify(head)).unwrap_or(Kind::Other(Identity::Unknown))
        }
        // Programs also print messages before the data that they write.
        Identity::PgDumpOutput => foreign::after_text(head).unwrap_or(Kind::Other(Identity::PgDumpOutput)),
        identity => Kind::Other(identity),
    }
}

/// Looks into a file that is compressed otherwise than with gzip.
fn compressed(identity: Identity, head: &[u8]) -> Kind {
    match kind_of(&decompressed_head(identity, head, INFLATED_BYTES)) {
        Kind::Snapshot | Kind::SnapshotInFolder | Kind::FilesTar => {
            Kind::TarWithoutGzip { is_zstd: identity == Identity::Zstd }
        }
        _ => Kind::Other(identity),
    }
}

/// A shorter file, or a record of zeros, could be an empty tar archive.
fn is_zeros(head: &[u8]) -> bool {
    const RECORD_BYTES: usize = 10_240;
    head.len() > RECORD_BYTES && head.iter().all(|byte| *byte == 0)
}

/// A script in UTF-16 can be brought back; bytes of an archive that were treated as text cannot.
fn is_utf16_script(head: &[u8]) -> bool {
    head.split_at(head.len().min(4)).0.contains(&b'-')
}

/// Squidex writes `attachments/` and `events/` and nothing else; the first local header names one of them.
fn is_squidex(head: &[u8]) -> bool {
    /// Offset of the name in a local file header (APPNOTE.TXT section 4.3.7).
    const NAME_AT: usize = 30;
    let begins = |name: &[u8]| name.starts_with(b"attachments/") || name.starts_with(b"events/");
    head.get(NAME_AT..).is_some_and(begins)
}
