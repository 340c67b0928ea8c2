//! Objects in buckets for commands that are built without them: each function names the command to run instead.

use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use appsnap::io::{Parallelism, ReadAt};
use appsnap::observe::Observer;
use appsnap::prepare::Pack;
use appsnap::snapshot::join::Join;
use appsnap::snapshot::{SnapshotArchive, SnapshotReader};
use clap::Args;
use serde_json::Value;

use super::{Failure, Outcome, Progress, Stored, shown};

/// The options of commands with buckets: here, none.
#[derive(Args, Clone, Copy, Debug)]
pub struct BucketArgs {}

/// A type without values.
#[derive(Clone, Copy, Debug)]
enum Never {}

/// An object in a bucket.
#[derive(Clone, Debug)]
pub struct Object(Never);

impl Object {
    pub fn open(url: &Path) -> Outcome<Self> {
        Err(elsewhere(url))
    }

    pub const fn len_bytes(&self) -> u64 {
        match self.0 {}
    }

    pub fn reader(&self) -> Nothing {
        match self.0 {}
    }
}

/// The content of no object.
pub struct Nothing(Never);

impl Read for Nothing {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        match self.0 {}
    }
}

impl Seek for Nothing {
    fn seek(&mut self, _: SeekFrom) -> io::Result<u64> {
        match self.0 {}
    }
}

impl ReadAt for Object {
    fn read_at(&self, _: &mut [u8], _: u64) -> io::Result<usize> {
        match self.0 {}
    }

    fn len_bytes(&self) -> io::Result<u64> {
        match self.0 {}
    }
}

/// An object that is being written.
#[derive(Debug)]
pub struct Upload(Never);

impl Upload {
    pub fn create(url: &Path) -> Outcome<Self> {
        Err(elsewhere(url))
    }

    pub const fn expect_bytes(&mut self, _: u64) -> Outcome {
        match self.0 {}
    }

    pub fn finish(self) -> Result<(), appsnap::Error> {
        match self.0 {}
    }
}

impl Write for Upload {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        match self.0 {}
    }

    fn flush(&mut self) -> io::Result<()> {
        match self.0 {}
    }
}

pub const fn are_uploads_open() -> bool {
    false
}

/// The text around the UUIDs in keys, below the folder that a URL names.
#[derive(Clone, Copy, Debug)]
pub struct KeyNames<'a> {
    pub prefix: Option<&'a str>,
    pub suffix: Option<&'a str>,
}

pub fn add_files<'a>(_: Pack<'a>, url: &Path, _: KeyNames<'_>, _: BucketArgs, _: u64) -> Outcome<Pack<'a>> {
    Err(elsewhere(url))
}

/// An upload of documents below a URL.
#[derive(Debug)]
pub struct DocumentsUpload(Never);

/// The documents that were uploaded.
#[derive(Clone, Copy, Debug)]
pub struct Uploaded {
    pub documents_count: u64,
    pub document_bytes: u64,
    pub continued_count: u64,
}

/// An upload that failed.
#[derive(Debug)]
pub struct UploadFailed(Never);

impl DocumentsUpload {
    pub fn new(url: &Path, _: KeyNames<'_>, _: BucketArgs, _: bool) -> Outcome<Self> {
        Err(elsewhere(url))
    }

    pub const fn with_parallelism(self, _: Parallelism) -> Self {
        self
    }

    pub const fn upload_archive(
        &self,
        _: &SnapshotArchive<Stored>,
        _: &mut dyn Observer,
    ) -> Result<Uploaded, UploadFailed> {
        match self.0 {}
    }

    pub fn upload_stream<R: Read>(
        &self,
        _: impl FnMut() -> io::Result<SnapshotReader<R>>,
        _: &mut dyn Observer,
    ) -> Result<Uploaded, UploadFailed> {
        match self.0 {}
    }
}

impl UploadFailed {
    pub const fn of_archive(self, _: &Path) -> Failure {
        match self.0 {}
    }
}

pub fn objects_in(url: &Path, _: &str) -> Outcome<Vec<PathBuf>> {
    Err(elsewhere(url))
}

pub fn join_by_copies<'p, R: ReadAt>(
    _: &Join<'_, R>,
    _: &dyn Fn(usize) -> Option<&'p Path>,
    _: &Path,
    _: &mut Progress,
) -> Outcome<Option<u64>> {
    Ok(None)
}

pub const fn requests_json() -> Option<Value> {
    None
}

pub const fn tell_requests() {}

/// Names the command that reads and writes buckets, with the arguments of this one.
pub fn elsewhere(url: &Path) -> Failure {
    let arguments: Vec<_> = std::env::args_os().skip(1).map(|argument| quoted(&argument.to_string_lossy())).collect();
    let command =
        format!("cargo run --release -p appsnap-cloud --bin {} -- {}", env!("CARGO_CRATE_NAME"), arguments.join(" "));
    Failure::environment(shown(url), format!("this build does not read or write buckets: run `{command}` instead"))
}

/// Quotes an argument for a shell, if it needs that.
fn quoted(argument: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,+@%".contains(c);
    if !argument.is_empty() && argument.chars().all(is_plain) {
        return argument.to_owned();
    }
    format!("'{}'", argument.replace('\'', r"'\''"))
}
