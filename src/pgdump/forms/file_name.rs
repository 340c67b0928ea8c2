//! The names that pg_dump gives to the files of a dump: [`FileName`].

use std::fmt;

use crate::io::canonical_decimal;

/// The name of a file, without the suffix of its compression.
///
/// Names in a dump are parsed into this type and rendered from it, so that no name can lead out of the dump.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FileName {
    /// `toc.dat`: header and table of contents.
    Toc,
    /// `17.dat`: the data of the table with this dump id.
    Table(u32),
    /// `blobs.toc`: the list of all large objects, before archive version 1.16.
    LargeObjects,
    /// `blobs_17.toc`: the list of the large objects of the entry with this dump id.
    LargeObjectGroup(u32),
    /// `blob_17.dat`: the large object with this OID.
    LargeObject(u32),
}

impl FileName {
    /// Parses a name as pg_dump writes it.
    pub(super) fn parse(name: &[u8]) -> Option<Self> {
        let number = |digits: &[u8]| canonical_decimal(digits).filter(|number| *number != 0);
        if name == b"toc.dat" {
            Some(Self::Toc)
        } else if name == b"blobs.toc" {
            Some(Self::LargeObjects)
        } else if let Some(rest) = name.strip_prefix(b"blobs_") {
            rest.strip_suffix(b".toc").and_then(number).map(Self::LargeObjectGroup)
        } else if let Some(rest) = name.strip_prefix(b"blob_") {
            rest.strip_suffix(b".dat").and_then(number).map(Self::LargeObject)
        } else {
            name.strip_suffix(b".dat").and_then(number).map(Self::Table)
        }
    }
}

impl fmt::Display for FileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Toc => f.write_str("toc.dat"),
            Self::Table(id) => write!(f, "{id}.dat"),
            Self::LargeObjects => f.write_str("blobs.toc"),
            Self::LargeObjectGroup(id) => write!(f, "blobs_{id}.toc"),
            Self::LargeObject(oid) => write!(f, "blob_{oid}.dat"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_that_pg_dump_gives_parse() {
        for name in ["toc.dat", "17.dat", "blobs.toc", "blobs_3513.toc", "blob_3000000001.dat"] {
            assert_eq!(FileName::parse(name.as_bytes()).map(|name| name.to_string()).as_deref(), Some(name));
        }
        for name in [
            "",
            "0.dat",
            "017.dat",
            "../17.dat",
            "/etc/passwd",
            "blob_.dat",
            "blob_1.dat/",
            "17.dat.gz",
            "blob_4294967296.dat",
        ] {
            assert_eq!(FileName::parse(name.as_bytes()), None, "{name}");
        }
    }
}
