//! Output files that are complete or absent: [`OutputFile`].

use std::fs::{self, File, Metadata, Permissions};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::stale::{TEMPORARY_SUFFIX, temporary_prefix};

/// Links that are followed from a name to the file it stands for, as on Linux.
const MAX_LINKS: usize = 40;

/// An output that takes its name only when it is complete.
///
/// * What is written goes to a temporary file beside the target. [`persist`](Self::persist) renames it; dropping it
///   without that removes it, and the target is as it was.
/// * A symbolic link stays: the file it points to is created or replaced. A file that is replaced passes its permissions
///   on, and its owner and group where the process may set them. A read-only file is not replaced.
/// * An existing device, FIFO or socket is written as it is, and never replaced.
/// * An output that is the same file as an input, through links or hard links, is refused before anything is read.
///
/// A process that is killed leaves its temporary file, which [`remove_stale`](Self::remove_stale) removes.
///
/// ```
/// use std::io::Write;
/// use appsnap::io::OutputFile;
///
/// let folder = tempfile::tempdir()?;
/// let input = folder.path().join("backup.tar.gz");
/// std::fs::write(&input, "an archive")?;
///
/// let mut output = OutputFile::create(folder.path().join("copy.tar.gz"), &[&input])?;
/// output.write_all(b"an archive")?;
/// assert!(!folder.path().join("copy.tar.gz").exists());
/// output.persist()?;
/// assert!(folder.path().join("copy.tar.gz").exists());
///
/// assert!(OutputFile::create(&input, &[&input]).is_err());
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct OutputFile(Sink);

#[derive(Debug)]
enum Sink {
    /// A file that is to become `target`.
    Temporary {
        file: NamedTempFile,
        target: PathBuf,
        replaced: Option<Box<Metadata>>,
    },
    /// A device, FIFO or socket.
    Existing(File),
    StandardOutput(io::Stdout),
}

impl OutputFile {
    /// Creates an output for `path`. `inputs` are the files that are read while it is written; those that do not exist are
    /// not compared.
    ///
    /// # Errors
    /// Returns an error if `path` is a folder, a read-only file or one of the inputs, or if no file can be created in its
    /// folder.
    pub fn create(path: impl AsRef<Path>, inputs: &[&Path]) -> io::Result<Self> {
        let path = path.as_ref();
        let existing = match fs::metadata(path) {
            Ok(existing) => existing,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Self::temporary(end_of_links(path)?, None),
            Err(error) => return Err(error),
        };
        for input in inputs {
            refuse_same(path, &existing, input)?;
        }
        if existing.is_dir() {
            return Err(refused(io::ErrorKind::IsADirectory, "this is a folder: name a file in it".to_owned()));
        }
        if !existing.is_file() {
            return Ok(Self(Sink::Existing(File::options().write(true).open(path)?)));
        }
        if existing.permissions().readonly() {
            let what = "the existing file is read-only: choose another name, or make the file writable".to_owned();
            return Err(refused(io::ErrorKind::PermissionDenied, what));
        }
        Self::temporary(fs::canonicalize(path)?, Some(Box::new(existing)))
    }

    /// Creates an output that is the standard output. What is written to it cannot be taken back.
    #[must_use]
    pub fn standard_output() -> Self {
        Self(Sink::StandardOutput(io::stdout()))
    }

    /// Removes the temporary files that killed processes left in the folder of `path`; returns their paths.
    ///
    /// A file is left alone while its process runs, unless that was more than a day ago.
    ///
    /// # Errors
    /// Returns an error if the folder cannot be listed.
    pub fn remove_stale(path: impl AsRef<Path>) -> io::Result<Vec<PathBuf>> {
        super::stale::remove(folder_of(&end_of_links(path.as_ref())?))
    }

    fn temporary(target: PathBuf, replaced: Option<Box<Metadata>>) -> io::Result<Self> {
        let folder = folder_of(&target);
        let prefix = temporary_prefix();
        let mut builder = tempfile::Builder::new();
        builder.prefix(&prefix).suffix(TEMPORARY_SUFFIX);
        // Like any new file: the umask decides, where a temporary file would be its owner's alone.
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        let file = builder.tempfile_in(folder).map_err(|error| match error.kind() {
            // The error would name a temporary file that the caller knows nothing about.
            io::ErrorKind::NotFound => {
                refused(error.kind(), format!("there is no folder {}: create it first", folder.display()))
            }
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => refused(
                error.kind(),
                format!("no file can be created in the folder {}: choose another folder", folder.display()),
            ),
            _ => error,
        })?;
        // Shows others that the file is in use. Where there are no locks, its name and age have to do.
        drop(file.as_file().try_lock());
        Ok(Self(Sink::Temporary { file, target, replaced }))
    }

    /// Completes the output: flushes it to the disk and gives it its name.
    ///
    /// # Errors
    /// Returns an error if what is written cannot be flushed, or if the file cannot take its name; the target is then as
    /// it was.
    pub fn persist(self) -> io::Result<()> {
        match self.0 {
            Sink::Temporary { file, target, replaced } => {
                if let Some(replaced) = replaced {
                    file.as_file().set_permissions(passed_on(file.as_file(), &replaced)?)?;
                }
                file.as_file().sync_all()?;
                file.persist(target).map(drop).map_err(|error| error.error)
            }
            Sink::Existing(mut file) => file.flush(),
            Sink::StandardOutput(mut stdout) => stdout.flush(),
        }
    }
}

impl Write for OutputFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.0 {
            Sink::Temporary { file, .. } => file.as_file_mut().write(bytes),
            Sink::Existing(file) => file.write(bytes),
            Sink::StandardOutput(stdout) => stdout.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.0 {
            Sink::Temporary { file, .. } => file.as_file_mut().flush(),
            Sink::Existing(file) => file.flush(),
            Sink::StandardOutput(stdout) => stdout.flush(),
        }
    }
}

impl Seek for OutputFile {
    /// Moves within a regular file; anything else is an error of the kind [`io::ErrorKind::NotSeekable`].
    fn seek(&mut self, position: SeekFrom) -> io::Result<u64> {
        match &mut self.0 {
            Sink::Temporary { file, .. } => file.as_file_mut().seek(position),
            Sink::Existing(_) | Sink::StandardOutput(_) => {
                let what = "this output can only be written from its start to its end: name a regular file".to_owned();
                Err(refused(io::ErrorKind::NotSeekable, what))
            }
        }
    }
}

#[cold]
fn refused(kind: io::ErrorKind, what: String) -> io::Error {
    io::Error::new(kind, what)
}

/// The folder in which `path` is.
fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Follows symbolic links to the name that they end in, whether there is a file of that name or not.
fn end_of_links(path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_owned();
    for _ in 0..=MAX_LINKS {
        match fs::read_link(&path) {
            Ok(target) => path = folder_of(&path).join(target),
            // It is no link.
            Err(_) => return Ok(path),
        }
    }
    Err(refused(io::ErrorKind::InvalidInput, "this is a symbolic link that leads nowhere".to_owned()))
}

fn refuse_same(path: &Path, existing: &Metadata, input: &Path) -> io::Result<()> {
    let is_same = fs::metadata(input).is_ok_and(|read| is_same(path, existing, input, &read));
    if !is_same {
        return Ok(());
    }
    let what = format!("this is the same file as the input {}: choose another name", input.display());
    Err(refused(io::ErrorKind::InvalidInput, what))
}

/// Reading from a character device and writing to it are different things: a terminal, or the null device.
#[cfg(unix)]
fn is_same(_: &Path, existing: &Metadata, _: &Path, read: &Metadata) -> bool {
    use std::os::unix::fs::{FileTypeExt, MetadataExt};
    (existing.dev(), existing.ino()) == (read.dev(), read.ino()) && !existing.file_type().is_char_device()
}

/// The standard library knows no stable number of a file here, so hard links are not noticed.
#[cfg(not(unix))]
fn is_same(path: &Path, _: &Metadata, input: &Path, _: &Metadata) -> bool {
    matches!((fs::canonicalize(path), fs::canonicalize(input)), (Ok(path), Ok(input)) if path == input)
}

/// The permissions for a file that takes the place of `replaced`, after owner and group were set where that is allowed.
#[cfg(unix)]
fn passed_on(file: &File, replaced: &Metadata) -> io::Result<Permissions> {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};

    let own = file.metadata()?;
    let is_owned = (own.uid(), own.gid()) == (replaced.uid(), replaced.gid())
        || fchown(file, Some(replaced.uid()), Some(replaced.gid())).is_ok();
    let has_group = is_owned || own.gid() == replaced.gid() || fchown(file, None, Some(replaced.gid())).is_ok();
    // What a group was allowed is not for another one.
    let mode = if has_group { replaced.mode() & 0o777 } else { replaced.mode() & 0o707 };
    Ok(Permissions::from_mode(mode))
}

#[cfg(not(unix))]
fn passed_on(_: &File, replaced: &Metadata) -> io::Result<Permissions> {
    Ok(replaced.permissions())
}
