//! An archive as a list of parts that a case may bend before it is rendered.

use appsnap::DocumentId;

use super::header::{BLOCK, Header};
use super::{dump, gzip};

/// The positions of the parts of [`Plan::sample`].
pub const METADATA: usize = 0;
pub const DATABASE: usize = 1;
pub const DOCUMENT: usize = 2;

/// Ids of the sample's documents.
pub const IDS: [&str; 3] = [
    "f112d820-1018-5452-ba14-de0fdd149386",
    "479d858b-adc4-5005-a45e-ff878356f25b",
    "a530c042-46b1-528d-a601-60ff02d66d31",
];

/// One member, with its extensions.
#[derive(Clone)]
pub struct Part {
    /// Extension members, already rendered.
    pub before: Vec<u8>,
    pub header: Header,
    pub payload: Vec<u8>,
}

/// An archive that is not rendered yet.
#[derive(Clone)]
pub struct Plan {
    pub parts: Vec<Part>,
    /// The bytes after the last member.
    pub end: Vec<u8>,
}

impl Part {
    /// A regular file under the POSIX magic.
    pub fn file(name: impl AsRef<[u8]>, payload: impl Into<Vec<u8>>) -> Self {
        let payload = payload.into();
        Self::new(Header::ustar(name, payload.len() as u64), payload)
    }

    /// A directory under the POSIX magic.
    pub fn directory(name: &str) -> Self {
        Self::bare(Header::ustar(name, 0).of_type(b'5'))
    }

    /// A header and nothing else.
    pub fn bare(header: Header) -> Self {
        Self::new(header, Vec::new())
    }

    pub fn new(header: Header, payload: Vec<u8>) -> Self {
        Self { before: Vec::new(), header, payload }
    }

    /// The same after an extension.
    pub fn behind(mut self, extension: impl AsRef<[u8]>) -> Self {
        self.before.extend_from_slice(extension.as_ref());
        self
    }

    /// The bytes: extensions, header, payload, padding.
    pub fn render(&self) -> Vec<u8> {
        let mut bytes = self.before.clone();
        bytes.extend(self.header.render());
        bytes.extend(&self.payload);
        bytes.resize(bytes.len().next_multiple_of(BLOCK), 0);
        bytes
    }
}

impl Plan {
    /// A full snapshot without any fault: metadata, database, three documents.
    pub fn sample() -> Self {
        Self::of(&dump::small(), &documents())
    }

    /// A full snapshot with the given dump.
    pub fn with_dump(dump: &[u8]) -> Self {
        Self::of(dump, &documents())
    }

    /// A full snapshot with other documents.
    pub fn with_documents(documents: &[(DocumentId, Vec<u8>)]) -> Self {
        Self::of(&dump::small(), documents)
    }

    /// A full snapshot with another `.metadata`.
    pub fn with_metadata(json: impl Into<Vec<u8>>) -> Self {
        let mut plan = Self::sample();
        plan.parts[METADATA] = Part::file(".metadata", json);
        plan
    }

    fn of(dump: &[u8], documents: &[(DocumentId, Vec<u8>)]) -> Self {
        let files_size = documents.iter().map(|(_, payload)| payload.len()).sum::<usize>();
        let mut parts =
            vec![Part::file(".metadata", metadata(dump.len(), files_size)), Part::file("db/db.backup", dump)];
        parts.extend(documents.iter().map(|(id, payload)| Part::file(path(id), payload.as_slice())));
        Self { parts, end: vec![0; 2 * BLOCK] }
    }

    /// Changes the header of part `at`.
    pub fn header(mut self, at: usize, change: impl FnOnce(Header) -> Header) -> Self {
        let part = &mut self.parts[at];
        part.header = change(part.header.clone());
        self
    }

    /// Changes every header.
    pub fn headers(mut self, change: impl Fn(Header) -> Header) -> Self {
        for part in &mut self.parts {
            part.header = change(part.header.clone());
        }
        self
    }

    /// Puts an extension before part `at`.
    pub fn extend(mut self, at: usize, extension: impl AsRef<[u8]>) -> Self {
        self.parts[at].before.extend_from_slice(extension.as_ref());
        self
    }

    /// Puts a part in at `at`.
    pub fn insert(mut self, at: usize, part: Part) -> Self {
        self.parts.insert(at, part);
        self
    }

    /// Adds a part after the others.
    pub fn push(mut self, part: Part) -> Self {
        self.parts.push(part);
        self
    }

    /// Takes part `at` out.
    pub fn without(mut self, at: usize) -> Self {
        self.parts.remove(at);
        self
    }

    /// Replaces what follows the last member.
    pub fn ending(mut self, end: impl Into<Vec<u8>>) -> Self {
        self.end = end.into();
        self
    }

    /// The tar stream.
    pub fn tar(&self) -> Vec<u8> {
        let mut bytes = self.parts.iter().flat_map(Part::render).collect::<Vec<_>>();
        bytes.extend(&self.end);
        bytes
    }

    /// The tar stream as one gzip member.
    pub fn gz(&self) -> Vec<u8> {
        gzip::member(&self.tar())
    }
}

/// `tree/xx/yy/<uuid>`.
pub fn path(id: &DocumentId) -> String {
    let text = id.to_string();
    format!("tree/{}/{}/{text}", &text[..2], &text[2..4])
}

/// The path of one of the sample's documents.
pub fn sample_path(index: usize) -> String {
    path(&IDS[index].parse().unwrap())
}

/// The sample's documents.
pub fn documents() -> Vec<(DocumentId, Vec<u8>)> {
    let payloads = [b"content".to_vec(), b"0123456789".repeat(27)[..266].to_vec(), vec![0xa5; 525]];
    IDS.iter().map(|id| id.parse().unwrap()).zip(payloads).collect()
}

/// A `.metadata` as the platform writes it.
pub fn metadata(dump_size: usize, files_size: usize) -> String {
    format!(
        r#"{{"duration":"0","dumpSize":"{dump_size}","modelVersion":"1.0.0.40","databaseSize":"9730584","filesSize":"{files_size}"}}"#
    )
}
