//! Documents in a bucket, for a build without the clients of clouds: there are none.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

use appsnap::DocumentId;
use appsnap::restore::{Step, Survey};
use appsnap::snapshot::SnapshotReader;

use crate::meter::Meter;
use crate::support::{Failure, Outcome, shown};

/// The text around the uuids in keys.
#[derive(Clone, Debug, Default)]
#[expect(dead_code, reason = "there are no keys here")]
pub struct KeyNames {
    pub prefix: String,
    pub suffix: String,
}

/// The result for the documents.
#[derive(Clone, Copy, Debug, Default)]
pub struct Delivered {
    pub documents_count: u64,
    pub document_bytes: u64,
    /// Those that were there already.
    pub present_count: u64,
}

/// A type without values.
enum Never {}

/// The documents of an app in a bucket.
pub struct BucketFiles(Never);

/// Refuses a URL.
pub fn refuse(url: &Path) -> Failure {
    let message = "this build of the command reads and writes no buckets: build it with --features cloud";
    Failure::environment(shown(url), message)
}

impl BucketFiles {
    pub fn begin(url: &Path, _: &KeyNames, _: Vec<(String, String)>) -> Outcome<Self> {
        Err(refuse(url))
    }

    pub fn open(url: &Path) -> Outcome<Option<Self>> {
        Err(refuse(url))
    }

    pub const fn url(&self) -> &Path {
        match self.0 {}
    }

    pub const fn step(&self) -> Step {
        match self.0 {}
    }

    pub const fn facts(&self) -> &BTreeMap<String, String> {
        match self.0 {}
    }

    pub fn add_fact(&mut self, _: &str, _: String) -> Outcome {
        match self.0 {}
    }

    pub fn advance(&mut self, _: Step) -> Outcome {
        match self.0 {}
    }

    pub fn plan(&self, _: &Survey) -> Outcome {
        match self.0 {}
    }

    pub fn upload<R: Read>(&self, _: &Path, _: &mut SnapshotReader<R>, _: &Meter) -> Outcome<Delivered> {
        match self.0 {}
    }

    pub fn lengths(&self) -> Outcome<fn(DocumentId) -> Option<u64>> {
        match self.0 {}
    }

    pub fn other_count(&self, _: &Delivered) -> u64 {
        match self.0 {}
    }

    pub fn finish(self) -> Outcome {
        match self.0 {}
    }

    pub fn abandon(self) -> Outcome {
        match self.0 {}
    }
}
