//! Temporary files for data whose length is not known yet: [`Spool`].

use std::fmt;
use std::fs::File;
use std::io::{self, BufWriter, Read, Seek, Write};
use std::path::{Path, PathBuf};

use crate::limits::{Budget, LimitExceeded};

const BUFFER_BYTES: usize = 256 << 10;

/// A temporary file that grows up to a limit. It has no name where the system allows that, and is gone when dropped.
#[derive(Debug)]
pub(crate) struct Spool {
    folder: PathBuf,
    file: BufWriter<File>,
    budget: Budget,
}

/// The reason why data cannot be spooled.
#[derive(Debug)]
pub(crate) enum SpoolError {
    /// The source of the data failed.
    Read(io::Error),
    /// The temporary file failed; the error names its folder.
    Write(io::Error),
    /// The data is longer than allowed.
    Limit(LimitExceeded),
}

impl Spool {
    /// Creates a file in `folder` for as many bytes as `budget` allows.
    pub(crate) fn create(folder: &Path, budget: Budget) -> Result<Self, SpoolError> {
        let file = tempfile::tempfile_in(folder).map_err(|source| SpoolError::Write(in_folder(folder, source)))?;
        Ok(Self { folder: folder.to_owned(), file: BufWriter::with_capacity(BUFFER_BYTES, file), budget })
    }

    /// Spools everything that `reader` returns; returns the file, at its beginning, and its length in bytes.
    pub(crate) fn all_of(reader: &mut impl Read, folder: &Path, budget: Budget) -> Result<(File, u64), SpoolError> {
        let mut spool = Self::create(folder, budget)?;
        spool.append_all(reader)?;
        let len_bytes = spool.len_bytes();
        Ok((spool.finish()?, len_bytes))
    }

    /// Returns the number of bytes written so far.
    pub(crate) const fn len_bytes(&self) -> u64 {
        self.budget.spent()
    }

    /// Appends `bytes`.
    pub(crate) fn append(&mut self, bytes: &[u8]) -> Result<(), SpoolError> {
        self.budget.spend(bytes.len() as u64).map_err(SpoolError::Limit)?;
        self.file.write_all(bytes).map_err(|source| SpoolError::Write(in_folder(&self.folder, source)))
    }

    fn append_all(&mut self, reader: &mut impl Read) -> Result<(), SpoolError> {
        let mut buffer = vec![0; BUFFER_BYTES];
        loop {
            match reader.read(&mut buffer) {
                Ok(0) => return Ok(()),
                Ok(count) => self.append(super::prefix(&buffer, count as u64))?,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(SpoolError::Read(error)),
            }
        }
    }

    /// Returns the file, at its beginning.
    pub(crate) fn finish(self) -> Result<File, SpoolError> {
        let Self { folder, file, .. } = self;
        let rewound = file.into_inner().map_err(io::IntoInnerError::into_error).and_then(|mut file| {
            file.rewind()?;
            Ok(file)
        });
        rewound.map_err(|source| SpoolError::Write(in_folder(&folder, source)))
    }
}

/// For writers that take any sink. A passed limit is an error of the kind [`io::ErrorKind::FileTooLarge`].
impl Write for Spool {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.append(bytes)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush().map_err(|source| in_folder(&self.folder, source))
    }
}

impl From<SpoolError> for io::Error {
    fn from(error: SpoolError) -> Self {
        match error {
            SpoolError::Read(source) | SpoolError::Write(source) => source,
            SpoolError::Limit(exceeded) => Self::new(io::ErrorKind::FileTooLarge, exceeded),
        }
    }
}

fn in_folder(folder: &Path, source: io::Error) -> io::Error {
    io::Error::new(source.kind(), InFolder { folder: folder.to_owned(), source })
}

/// An error of the system, with the folder in which a file was to be.
#[derive(Debug)]
struct InFolder {
    folder: PathBuf,
    source: io::Error,
}

impl fmt::Display for InFolder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot write a temporary file in the folder {}: {}", self.folder.display(), self.source)
    }
}

impl std::error::Error for InFolder {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        std::error::Error::source(&self.source)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spooled(mut reader: impl Read, allowed: u64) -> Result<Vec<u8>, SpoolError> {
        let folder = tempfile::tempdir().unwrap();
        let budget = Budget::new("max_entry_bytes", allowed);
        let (mut file, len_bytes) = Spool::all_of(&mut reader, folder.path(), budget)?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).unwrap();
        assert_eq!(bytes.len() as u64, len_bytes);
        Ok(bytes)
    }

    #[test]
    fn everything_up_to_the_limit_is_read_back() {
        let bytes: Vec<u8> = (0..1_000_000_u32).map(|number| (number % 251) as u8).collect();
        assert!(spooled(bytes.as_slice(), 1_000_000).unwrap() == bytes);
        assert!(matches!(spooled(bytes.as_slice(), 999_999), Err(SpoolError::Limit(_))));
        assert!(spooled(&[][..], 0).unwrap().is_empty());
    }

    #[test]
    fn error_names_the_folder_or_is_that_of_the_reader() {
        let missing = Spool::create(Path::new("/no/such/folder"), Budget::new("max_entry_bytes", 1)).unwrap_err();
        let error = io::Error::from(missing);
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
        assert!(error.to_string().contains("/no/such/folder"), "{error}");
        let failing = io::Read::chain(&b"abc"[..], Failing);
        assert!(matches!(spooled(failing, 9), Err(SpoolError::Read(error)) if error.to_string() == "gone"));
    }

    struct Failing;

    impl Read for Failing {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("gone"))
        }
    }
}
