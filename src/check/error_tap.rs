//! Separates the errors of an archive from those of the dump inside it: [`SnapshotErrorTap`].

use std::io::{self, Read};

use crate::snapshot;

/// A reader of a dump in an archive that keeps an error of the archive, which the dump's reader would hide.
#[derive(Debug)]
pub(crate) struct SnapshotErrorTap<R> {
    inner: R,
    error: Option<snapshot::Error>,
}

impl<R> SnapshotErrorTap<R> {
    pub(crate) const fn new(inner: R) -> Self {
        Self { inner, error: None }
    }

    /// Returns the archive's error, if there was one.
    pub(crate) fn into_error(self) -> Option<snapshot::Error> {
        self.error
    }
}

impl<R: Read> Read for SnapshotErrorTap<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.inner.read(buffer).map_err(|error| match error.downcast::<snapshot::Error>() {
            Ok(error) => {
                self.error = Some(error);
                io::Error::other("the archive cannot be read")
            }
            Err(error) => error,
        })
    }
}
