//! An input that is read from front to back: a file, a pipe, standard input, or a dump in any form.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, StdinLock};
use std::path::Path;

use appsnap::detect::{self, Detection};
use appsnap::pgdump::{self, ErrorKind};
use appsnap::source::dump::{DumpOptions, DumpReader};

use super::bucket::Object;
use super::open::may_be_dump;
use super::stored::Reader;
use super::{Failure, Followed, InFile, Outcome, Progress, Stored, is_dash, is_url, output, shown};

/// An input that is read once. `-` is standard input.
pub struct Source {
    inner: Inner,
    /// The first bytes, which were read to detect the kind of file.
    head: io::Cursor<Vec<u8>>,
    len_bytes: Option<u64>,
    /// The form of a dump that is read as one in custom format.
    form: Option<&'static str>,
}

enum Inner {
    Dump(Box<DumpReader>),
    Damaged(Option<appsnap::Error>),
    File(File),
    Object(Object, Box<dyn Reader>),
    Stdin(StdinLock<'static>),
}

impl Source {
    /// Opens `path`. The length is known of files only.
    pub fn open(path: &Path) -> Outcome<Self> {
        if is_dash(path) {
            let inner = Inner::Stdin(io::stdin().lock());
            return Ok(Self { inner, head: io::Cursor::default(), len_bytes: None, form: None });
        }
        if is_url(path) {
            let object = Object::open(path)?;
            let (len_bytes, reader) = (Some(object.len_bytes()), Box::new(object.reader()));
            return Ok(Self {
                inner: Inner::Object(object, reader),
                head: io::Cursor::default(),
                len_bytes,
                form: None,
            });
        }
        let file = File::open(path).in_input(path)?;
        let facts = file.metadata().in_input(path)?;
        if facts.is_dir() {
            let detection = detect::identify_path(path).ok();
            let hint = detection.as_ref().and_then(Detection::hint).unwrap_or("name a file in it".into());
            return Err(Failure::environment(shown(path), format!("this is a folder: {hint}")));
        }
        let len_bytes = facts.is_file().then_some(facts.len());
        Ok(Self { inner: Inner::File(file), head: io::Cursor::default(), len_bytes, form: None })
    }

    /// Opens `path`, and reads a dump in directory or tar format, or one that is compressed or alone in a tar file, as a dump
    /// in custom format. Everything else is read as it is.
    pub fn of_any_form(path: &Path, options: &DumpOptions) -> Outcome<Self> {
        match Self::opened(path, options)? {
            Opened::Source(source) => Ok(source),
            Opened::NoDump(_, error) => Err(error).in_input(path),
        }
    }

    /// Opens `path` as [`of_any_form`](Self::of_any_form) does, for a check: damage is reported by the first read, so that it
    /// becomes a finding.
    pub fn judged(path: &Path, options: &DumpOptions) -> Outcome<Self> {
        match Self::opened(path, options)? {
            Opened::Source(source) => Ok(source),
            Opened::NoDump(_, error) if is_finding(&error) => {
                let inner = Inner::Damaged(Some(error));
                Ok(Self { inner, head: io::Cursor::default(), len_bytes: None, form: None })
            }
            // The kind of file is a finding as well.
            Opened::NoDump(Some(source), error) if !error.is_io() => Ok(source),
            Opened::NoDump(_, error) => Err(error).in_input(path),
        }
    }

    fn opened(path: &Path, options: &DumpOptions) -> Outcome<Opened> {
        if path.is_dir() {
            return Ok(match DumpReader::open(path, options) {
                Ok(dump) => Opened::Source(Self::of_dump(dump)),
                Err(error) => Opened::NoDump(None, error),
            });
        }
        let mut source = Self::open(path)?;
        let detection = source.detect(path)?;
        if !may_be_dump(&detection) || detection.is_custom_dump() {
            return Ok(Opened::Source(source));
        }
        let opened = if source.is_regular_file() {
            DumpReader::open(path, options)
        } else {
            // What is no dump after all is read again from its beginning.
            let file = source.spooled(path)?;
            let again = file.try_clone().in_input(path)?;
            let opened = DumpReader::from_file(file, options);
            source = Self::of_file(again, path)?;
            opened
        };
        Ok(match opened {
            Ok(dump) => Opened::Source(Self::of_dump(dump)),
            // The command reports what it is instead.
            Err(error) if is_no_dump(&error) || (detection.may_be_snapshot() && !error.is_io()) => {
                Opened::Source(source)
            }
            Err(error) => Opened::NoDump(Some(source), error),
        })
    }

    /// Reads `file`, which contains what was read from `path`, from its beginning.
    pub fn of_file(mut file: File, path: &Path) -> Outcome<Self> {
        file.rewind().in_input(path)?;
        let len_bytes = Some(file.metadata().in_input(path)?.len());
        Ok(Self { inner: Inner::File(file), head: io::Cursor::default(), len_bytes, form: None })
    }

    /// Copies everything into a temporary file without a name.
    fn spooled(mut self, path: &Path) -> Outcome<File> {
        let folder = std::env::temp_dir();
        let mut spool = tempfile::tempfile().in_file(&folder)?;
        output::copy(&mut self, path, &mut spool, &folder)?;
        spool.rewind().in_file(&folder)?;
        Ok(spool)
    }

    fn of_dump(dump: DumpReader) -> Self {
        let (form, len_bytes) = (dump.form(), dump.len_bytes());
        Self { inner: Inner::Dump(Box::new(dump)), head: io::Cursor::default(), len_bytes, form: Some(form) }
    }

    /// Returns the form of a dump that is read as one in custom format: `directory`, `tar`, `gzip` and so on.
    pub const fn form(&self) -> Option<&'static str> {
        self.form
    }

    /// Returns `true` for an input that is read as it is, and `false` for a dump in another form than the custom format.
    pub const fn is_as_it_is(&self) -> bool {
        matches!(self.inner, Inner::File(_) | Inner::Object(..) | Inner::Stdin(_))
    }

    const fn is_regular_file(&self) -> bool {
        matches!(self.inner, Inner::File(_)) && self.len_bytes.is_some()
    }

    /// Returns the file that is read as it is, and can be read at any position.
    pub const fn as_file(&self) -> Option<&File> {
        match (&self.inner, self.len_bytes) {
            (Inner::File(file), Some(_)) => Some(file),
            _ => None,
        }
    }

    /// Detects the kind of file from its first bytes, which are read again afterwards.
    pub fn detect(&mut self, path: &Path) -> Outcome<Detection> {
        let mut head = Vec::new();
        self.by_ref().take(detect::HEAD_BYTES).read_to_end(&mut head).in_input(path)?;
        let detection = detect::identify(&head);
        self.head = io::Cursor::new(head);
        Ok(detection)
    }

    /// Returns `true` if a dump in custom format can be read at any position: from a file, or from the files of another form.
    pub fn is_seekable_dump(&self) -> bool {
        match &self.inner {
            Inner::Dump(dump) => dump.is_seekable(),
            Inner::File(_) => self.len_bytes.is_some(),
            Inner::Damaged(_) | Inner::Stdin(_) | Inner::Object(..) => false,
        }
    }

    /// Shows in `progress` how much of the input was read, and stops reading after a signal.
    pub fn followed(self, progress: &mut Progress) -> Followed<Self> {
        let len_bytes = self.len_bytes;
        progress.follow(self, len_bytes)
    }

    /// Returns what can be read at any position: the file or object itself, or a temporary file without a name to which a
    /// pipe is copied.
    pub fn into_stored(self, path: &Path, progress: &mut Progress) -> Outcome<Stored> {
        match self.inner {
            Inner::Object(object, _) => Ok(Stored::Object(object)),
            _ => self.into_file(path, progress).map(Stored::File),
        }
    }

    /// Returns a file to be read at any position: the input itself, or a temporary file without a name to which it is copied.
    pub fn into_file(mut self, path: &Path, progress: &mut Progress) -> Outcome<File> {
        if let (Inner::File(file), Some(_)) = (&mut self.inner, self.len_bytes) {
            file.rewind().in_input(path)?;
            return file.try_clone().in_input(path);
        }
        progress.begin("spooling", None);
        let folder = std::env::temp_dir();
        let mut spool = tempfile::tempfile().in_file(&folder)?;
        output::copy(&mut self.followed(progress), path, &mut spool, &folder)?;
        spool.rewind().in_file(&folder)?;
        Ok(spool)
    }
}

/// The outcome of opening what may be a dump in any form.
enum Opened {
    Source(Source),
    /// The input as it is, unless it is a folder, and the reason why it is no dump.
    NoDump(Option<Source>, appsnap::Error),
}

/// Returns `true` for an error that a check turns into a finding.
fn is_finding(error: &appsnap::Error) -> bool {
    error.downcast_ref::<pgdump::Error>().is_some_and(|error| error.code().is_some())
}

fn is_no_dump(error: &appsnap::Error) -> bool {
    let error = error.downcast_ref::<pgdump::Error>();
    error.is_some_and(|error| matches!(error.kind(), ErrorKind::NotAnArchive { .. }))
}

impl Seek for Source {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        // The first bytes have been read twice.
        let unread = (self.head.get_ref().len() as u64).saturating_sub(self.head.position());
        let to = match to {
            SeekFrom::Current(by) => SeekFrom::Current(by.saturating_sub_unsigned(unread)),
            other => other,
        };
        self.head = io::Cursor::default();
        match &mut self.inner {
            Inner::Dump(dump) => dump.seek(to),
            Inner::File(file) => file.seek(to),
            Inner::Damaged(_) | Inner::Stdin(_) | Inner::Object(..) => Err(io::ErrorKind::Unsupported.into()),
        }
    }
}

impl Read for Source {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.head.read(buffer)? {
            0 => match &mut self.inner {
                Inner::Dump(dump) => dump.read(buffer),
                Inner::Damaged(error) => error.take().map_or(Ok(0), |error| Err(error.into())),
                Inner::File(file) => file.read(buffer),
                Inner::Object(_, reader) => reader.read(buffer),
                Inner::Stdin(stdin) => stdin.read(buffer),
            },
            count => Ok(count),
        }
    }
}
