//! An input that can be read at any position: a file, or an object in a bucket.

use std::fs::File;
use std::io::{self, Read, Seek};
use std::path::Path;

use appsnap::detect::{self, Detection};
use appsnap::io::ReadAt;

use super::bucket::Object;
use super::{InFile, Outcome};

/// As much as a detection needs.
const HEAD_BYTES: usize = 64 << 10;
const _: () = assert!(HEAD_BYTES as u64 == detect::HEAD_BYTES);

/// An input that can be read at any position.
#[derive(Debug)]
pub enum Stored {
    File(File),
    Object(Object),
}

/// A reader of all of it.
pub trait Reader: Read + Seek + Send {}

impl<R: Read + Seek + Send> Reader for R {}

impl Stored {
    /// Opens the file or the object at `path`.
    pub fn open(path: &Path) -> Outcome<Self> {
        if is_url(path) {
            return Object::open(path).map(Self::Object);
        }
        File::open(path).in_file(path).map(Self::File)
    }

    /// Returns a reader that begins at its beginning. There is one at a time: readers of a file share their position.
    pub fn reader(&self) -> io::Result<Box<dyn Reader>> {
        match self {
            Self::File(file) => {
                let mut again = file.try_clone()?;
                again.rewind()?;
                Ok(Box::new(again))
            }
            Self::Object(object) => Ok(Box::new(object.reader())),
        }
    }

    /// Detects its kind from its first bytes. Errors name `path`.
    pub fn identify(&self, path: &Path) -> Outcome<Detection> {
        if let Self::File(_) = self {
            return detect::identify_path(path).in_file(path);
        }
        let mut head = vec![0; HEAD_BYTES];
        // An object returns as much as there is.
        let count = self.read_at(&mut head, 0).in_file(path)?;
        head.truncate(count);
        Ok(detect::identify(&head))
    }

    pub fn try_clone(&self) -> io::Result<Self> {
        match self {
            Self::File(file) => file.try_clone().map(Self::File),
            Self::Object(object) => Ok(Self::Object(object.clone())),
        }
    }
}

impl ReadAt for Stored {
    fn read_at(&self, buffer: &mut [u8], offset_bytes: u64) -> io::Result<usize> {
        match self {
            Self::File(file) => file.read_at(buffer, offset_bytes),
            Self::Object(object) => object.read_at(buffer, offset_bytes),
        }
    }

    fn len_bytes(&self) -> io::Result<u64> {
        match self {
            Self::File(file) => ReadAt::len_bytes(file),
            Self::Object(object) => ReadAt::len_bytes(object),
        }
    }
}

/// Returns `true` if `path` is a URL: a scheme of two letters or more, and `://`.
pub fn is_url(path: &Path) -> bool {
    let scheme = path.to_str().and_then(|text| text.split_once("://")).map(|(scheme, _)| scheme);
    scheme.is_some_and(|scheme| {
        scheme.len() > 1 && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
    })
}

/// Detects the kind of the file, folder or object at `path` from its first bytes.
pub fn identify(path: &Path) -> Outcome<Detection> {
    if is_url(path) { Stored::open(path)?.identify(path) } else { detect::identify_path(path).in_file(path) }
}
