//! There are no buckets: the page requests nothing.

use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

use appsnap::io::ReadAt;

use super::{Failure, Outcome, shown};

/// A type without values.
#[derive(Clone, Copy, Debug)]
enum Never {}

/// An object in a bucket.
#[derive(Clone, Debug)]
pub struct Object(Never);

impl Object {
    pub fn open(url: &Path) -> Outcome<Self> {
        Err(absent(url))
    }

    pub const fn len_bytes(&self) -> u64 {
        match self.0 {}
    }

    pub const fn reader(&self) -> Nothing {
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

/// An object that is being written.
#[derive(Debug)]
pub struct Upload(Never);

impl Upload {
    pub fn create(url: &Path) -> Outcome<Self> {
        Err(absent(url))
    }

    pub const fn expect_bytes(&mut self, _: u64) -> Outcome {
        match self.0 {}
    }

    pub const fn finish(self) -> Result<(), appsnap::Error> {
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

fn absent(url: &Path) -> Failure {
    Failure::environment(shown(url), "the page requests nothing: choose a file")
}
