//! The name of a plan that is packed in parts, and what a part states about itself: [`Part`].

use std::fmt::Write;
use std::ops::Range;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

use super::number::Shard;
use super::share::PlannedShare;
use crate::gzip::Level;
use crate::limits::Limits;
use crate::metadata::Metadata;
use crate::snapshot::error::{Error, ErrorKind, Result};
use crate::snapshot::options::{SectionSplit, WriteOptions};

/// The key in `.metadata` of a part.
const KEY: &str = "appsnapShard";

/// The program whose chunks are the same, byte for byte, and which names plans in the same way.
const WRITER: &str = if cfg!(feature = "zlib-rs") {
    concat!("appsnap ", env!("CARGO_PKG_VERSION"), " zlib-rs, plan 2")
} else {
    concat!("appsnap ", env!("CARGO_PKG_VERSION"), " miniz_oxide, plan 2")
};

/// Everything that the bytes of an archive depend on, except for its documents.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct Plan {
    pub(super) writer: String,
    level: u8,
    sections: String,
    pub(super) shards: u32,
    pub(super) documents: u64,
    /// A digest of facts that differ from dump to dump.
    pub(super) database: Option<String>,
    metadata: Box<RawValue>,
}

/// A part of a plan, as its `.metadata` states it.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct Part {
    /// SHA-256 of the plan with its documents, as 64 hex digits.
    pub(super) name: String,
    pub(super) number: u32,
    /// The number of the first document, from 0, and the number after that of the last one.
    from: u64,
    until: u64,
    pub(super) plan: Plan,
}

const SECTIONS: [(SectionSplit, &str); 3] =
    [(SectionSplit::Contents, "contents"), (SectionSplit::Digit, "digit"), (SectionSplit::Byte, "byte")];

impl Plan {
    /// Creates the plan of an archive with `metadata`. `database` differs from dump to dump.
    pub(super) fn new(
        (metadata, database): (&Metadata, Option<&str>),
        share: &PlannedShare,
        options: &WriteOptions,
    ) -> Result<Self> {
        let sections = SECTIONS.into_iter().find(|(split, _)| *split == options.sections).map(|(_, name)| name);
        let text = String::from_utf8(metadata.render()).ok();
        let metadata = text.and_then(|text| RawValue::from_string(text).ok());
        Ok(Self {
            writer: WRITER.to_owned(),
            level: options.level.get(),
            sections: sections.ok_or_else(|| Error::internal("sections without a name"))?.to_owned(),
            shards: share.shard().count(),
            documents: share.documents_count,
            database: database.map(|facts| hex(&Sha256::digest(facts))),
            metadata: metadata.ok_or_else(|| Error::internal("metadata is not JSON"))?,
        })
    }

    /// Returns the options that write the same chunks; `None` if this program cannot.
    pub(super) fn options(&self) -> Option<WriteOptions> {
        let (sections, _) = SECTIONS.into_iter().find(|(_, name)| *name == self.sections)?;
        let level = Level::new(self.level)?;
        (self.writer == WRITER).then(|| WriteOptions::new().with_level(level).with_sections(sections))
    }

    /// Returns the metadata of the whole archive.
    pub(super) fn metadata(&self) -> Result<Metadata> {
        let parsed = Metadata::parse(self.metadata.get().as_bytes(), &Limits::untrusted());
        Ok(parsed.map_err(|error| Error::new(ErrorKind::Metadata(error)))?.0)
    }

    /// Returns how `other` differs, in the first respect in which it does.
    pub(super) fn difference(&self, other: &Self) -> String {
        if self.writer != other.writer {
            "another version of the program wrote it".to_owned()
        } else if self.shards != other.shards {
            format!("the plans have {} and {} shards", self.shards, other.shards)
        } else if (self.level, &self.sections) != (other.level, &other.sections) {
            "the compression levels or sections differ".to_owned()
        } else if self.documents != other.documents {
            format!("the plans have {} and {} documents", self.documents, other.documents)
        } else if self.database != other.database {
            "the databases differ".to_owned()
        } else if self.metadata.get() != other.metadata.get() {
            "the metadata differs".to_owned()
        } else {
            "the ids or lengths of the documents differ".to_owned()
        }
    }
}

impl Plan {
    /// Returns the name of the plan with documents that have this digest: 64 hex digits.
    pub(super) fn name(&self, documents: [u8; 32]) -> Result<String> {
        let text = serde_json::to_string(self).map_err(|_| Error::internal("a plan is not JSON"))?;
        Ok(hex(&Sha256::new_with_prefix(text).chain_update(documents).finalize()))
    }
}

impl Part {
    /// Creates a part of a plan.
    pub(super) fn new(share: &PlannedShare, plan: Plan) -> Result<Self> {
        Ok(Self {
            name: plan.name(share.digest)?,
            number: share.shard().number(),
            from: share.first,
            until: share.first.saturating_add(share.count as u64),
            plan,
        })
    }

    /// Returns `metadata` with this part.
    pub(super) fn add_to(&self, metadata: Metadata) -> Result<Metadata> {
        let json = serde_json::to_string(self).map_err(|_| Error::internal("a part is not JSON"))?;
        Ok(metadata.with_other(KEY, json))
    }

    /// Reads the part that `metadata` states; `None` if it states none, and an error if that makes no sense.
    pub(super) fn of(metadata: &Metadata) -> Result<Option<Self>> {
        let Some((_, json)) = metadata.other().find(|(key, _)| *key == KEY) else { return Ok(None) };
        let part = serde_json::from_str::<Self>(json).ok().filter(|part| {
            let is_hex = part.name.len() == 64 && part.name.bytes().all(|byte| byte.is_ascii_hexdigit());
            let is_numbered = Shard::new(part.number, part.plan.shards).is_some();
            is_hex && is_numbered && part.from <= part.until && part.until <= part.plan.documents
        });
        match part {
            Some(part) => Ok(Some(part)),
            None => Err(Error::shards(format!("the value of {KEY} in its .metadata is damaged: pack the shard again"))),
        }
    }

    pub(super) const fn documents(&self) -> Range<u64> {
        self.from..self.until
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(64), |mut text, byte| {
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
