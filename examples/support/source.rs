//! An input that is read from front to back: a file, a pipe, or standard input.

use std::fs::File;
use std::io::{self, Read, Seek, StdinLock};
use std::path::Path;

use appsnap::detect::{self, Detection};

use super::{Failure, Followed, InFile, Outcome, Progress, is_dash, shown};

/// An input that is read once. `-` is standard input.
pub struct Source {
    inner: Inner,
    /// The first bytes, which were read to detect the kind of file.
    head: io::Cursor<Vec<u8>>,
    len_bytes: Option<u64>,
}

enum Inner {
    File(File),
    Stdin(StdinLock<'static>),
}

impl Source {
    /// Opens `path`. The length is known of files only.
    pub fn open(path: &Path) -> Outcome<Self> {
        if is_dash(path) {
            let inner = Inner::Stdin(io::stdin().lock());
            return Ok(Self { inner, head: io::Cursor::default(), len_bytes: None });
        }
        let file = File::open(path).in_input(path)?;
        let facts = file.metadata().in_input(path)?;
        if facts.is_dir() {
            let detection = detect::identify_path(path).ok();
            let hint = detection.as_ref().and_then(Detection::hint).unwrap_or("name a file in it");
            return Err(Failure::environment(shown(path), format!("this is a folder: {hint}")));
        }
        let len_bytes = facts.is_file().then_some(facts.len());
        Ok(Self { inner: Inner::File(file), head: io::Cursor::default(), len_bytes })
    }

    /// Detects the kind of file from its first bytes, which are read again afterwards.
    pub fn detect(&mut self, path: &Path) -> Outcome<Detection> {
        let mut head = Vec::new();
        self.by_ref().take(detect::HEAD_BYTES).read_to_end(&mut head).in_input(path)?;
        let detection = detect::identify(&head);
        self.head = io::Cursor::new(head);
        Ok(detection)
    }

    /// Shows in `progress` how much of the input was read, and stops reading after a signal.
    pub fn followed(self, progress: &mut Progress) -> Followed<Self> {
        let len_bytes = self.len_bytes;
        progress.follow(self, len_bytes)
    }

    /// Returns a file to be read at any position: the input itself, or a temporary file without a name to which a pipe is
    /// copied.
    pub fn into_file(self, path: &Path, progress: &mut Progress) -> Outcome<File> {
        match (self.inner, self.len_bytes) {
            (Inner::File(mut file), Some(_)) => {
                file.rewind().in_input(path)?;
                Ok(file)
            }
            (inner, len_bytes) => {
                progress.begin("spooling", None);
                let mut spool = tempfile::tempfile().in_input(path)?;
                let mut source = progress.follow(Self { inner, head: self.head, len_bytes }, None);
                io::copy(&mut source, &mut spool).in_input(path)?;
                spool.rewind().in_input(path)?;
                Ok(spool)
            }
        }
    }
}

impl Read for Source {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.head.read(buffer)? {
            0 => match &mut self.inner {
                Inner::File(file) => file.read(buffer),
                Inner::Stdin(stdin) => stdin.read(buffer),
            },
            count => Ok(count),
        }
    }
}
