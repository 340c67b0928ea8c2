//! Lets a dump be read out of an archive, and keeps apart whose error it was: [`Tap`].

use std::io::{self, Read};

use crate::snapshot;

/// Gives what `inner` gives, and keeps an error of the archive that the reader above would bury.
#[derive(Debug)]
pub(crate) struct Tap<R> {
    inner: R,
    failure: Option<snapshot::Error>,
}

impl<R> Tap<R> {
    pub(crate) const fn new(inner: R) -> Self {
        Self { inner, failure: None }
    }

    /// Why the archive could not be read on, if that is what happened.
    pub(crate) fn into_failure(self) -> Option<snapshot::Error> {
        self.failure
    }
}

impl<R: Read> Read for Tap<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.inner.read(buffer).map_err(|error| match error.downcast::<snapshot::Error>() {
            Ok(failure) => {
                self.failure = Some(failure);
                io::Error::other("the archive cannot be read on")
            }
            Err(error) => error,
        })
    }
}
