//! A document of a plan, opened for reading: [`Document`].

use std::fs::File;
use std::io;
use std::sync::Arc;

use super::archive::OpenSparseFile;
#[cfg(feature = "object-store")]
use super::bucket::store::ObjectFile;
use super::directory::planned_file::PlannedFile;
use crate::io::{ReadAt, at_most};

/// A document of a plan, opened for reading.
///
/// Opening and reading return a [`source::Error`](super::Error) with the path inside the [`io::Error`] if the file no longer
/// has its planned length: if it is longer or shorter when it is opened, and if it changes while it is read.
///
/// ```
/// use appsnap::io::ReadAt;
/// use appsnap::observe::NoObserver;
/// use appsnap::snapshot::DocumentSource;
/// use appsnap::source::directory::{self, DirectoryOptions};
///
/// let plan = directory::scan("examples/data/files", &DirectoryOptions::new(), &mut NoObserver)?;
/// let document = plan.open(0)?;
/// let mut content = [0; 10];
/// document.read_exact_at(&mut content, 0)?;
/// assert_eq!(&content, b"a document");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Document(Inner);

#[derive(Debug)]
enum Inner {
    File(PlannedFile),
    Range {
        file: Arc<File>,
        offset_bytes: u64,
        len_bytes: u64,
    },
    Sparse(OpenSparseFile),
    #[cfg(feature = "zip")]
    Memory(Vec<u8>),
    #[cfg(feature = "object-store")]
    Object(ObjectFile),
}

impl Document {
    pub(super) const fn file(file: PlannedFile) -> Self {
        Self(Inner::File(file))
    }

    pub(super) const fn range(file: Arc<File>, offset_bytes: u64, len_bytes: u64) -> Self {
        Self(Inner::Range { file, offset_bytes, len_bytes })
    }

    pub(super) const fn sparse(file: OpenSparseFile) -> Self {
        Self(Inner::Sparse(file))
    }

    #[cfg(feature = "object-store")]
    pub(super) const fn object(object: ObjectFile) -> Self {
        Self(Inner::Object(object))
    }

    #[cfg(feature = "zip")]
    pub(super) const fn memory(contents: Vec<u8>) -> Self {
        Self(Inner::Memory(contents))
    }
}

impl ReadAt for Document {
    fn read_at(&self, buffer: &mut [u8], offset_bytes: u64) -> io::Result<usize> {
        match &self.0 {
            Inner::File(file) => file.read_at(buffer, offset_bytes),
            Inner::Range { file, offset_bytes: start, len_bytes } => {
                let count = at_most(buffer.len(), len_bytes.saturating_sub(offset_bytes));
                if count == 0 {
                    return Ok(0);
                }
                let (wanted, _) = buffer.split_at_mut(count);
                file.read_at(wanted, start.saturating_add(offset_bytes))
            }
            Inner::Sparse(file) => file.read_at(buffer, offset_bytes),
            #[cfg(feature = "zip")]
            Inner::Memory(contents) => contents.read_at(buffer, offset_bytes),
            #[cfg(feature = "object-store")]
            Inner::Object(object) => object.read_at(buffer, offset_bytes),
        }
    }

    fn len_bytes(&self) -> io::Result<u64> {
        match &self.0 {
            Inner::File(file) => Ok(file.planned_bytes()),
            Inner::Range { len_bytes, .. } => Ok(*len_bytes),
            Inner::Sparse(file) => Ok(file.len_bytes()),
            #[cfg(feature = "zip")]
            Inner::Memory(contents) => Ok(contents.len() as u64),
            #[cfg(feature = "object-store")]
            Inner::Object(object) => Ok(object.len_bytes()),
        }
    }
}
