//! An open dump, which several threads read: [`Opened`].

use std::sync::atomic::AtomicBool;

use super::contents::{Block, Contents, StreamFile};
use super::files::DumpFiles;
use super::find::{Found, open};
use super::sums::{self, Sums};
use crate::limits::Limits;
use crate::pgdump::error::{Error, ErrorKind};

/// The files of a dump and its table of contents.
pub(super) struct Opened<S> {
    pub(super) files: S,
    pub(super) contents: Contents,
    pub(super) limits: Limits,
}

impl<S: DumpFiles> Opened<S> {
    /// Opens the file of a stream, which must have its length.
    pub(super) fn open(&self, block: &Block, stream: &StreamFile) -> Result<S::File, Error> {
        let name = block.file_name(stream);
        match open(&self.files, name.0, name.1)? {
            Some(Found { file, len_bytes, .. }) if len_bytes == stream.file_bytes => Ok(file),
            _ => Err(Error::new(ErrorKind::Changed).within(name.to_string())),
        }
    }

    /// Computes the checksums of the file of a stream.
    pub(super) fn sums(&self, block: &Block, stream: &StreamFile, stopped: &AtomicBool) -> Result<Sums, Error> {
        let file = self.open(block, stream)?;
        sums::of_file(&file, (stream.start, stream.end), &self.limits, stopped)
            .map_err(|error| error.within(block.file_name(stream).to_string()))
    }
}
