//! Output files that appear complete or not at all: [`OutputFile`].

use std::fs::{self, File, Metadata, OpenOptions, Permissions, TryLockError};
use std::io::{self, Stdout, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use tempfile::NamedTempFile;

use super::number::decimal;
use crate::error::{Category, Error};

/// The start of the names of unfinished files and directories, which are created beside their final location.
///
/// The id of the process that created them follows, so that [`remove_stale`] recognises those of processes that are gone.
pub const STAGING_PREFIX: &str = ".appsnap-staging-";

/// The number of symbolic links that are followed to an output that does not exist yet; Linux allows 40, too.
const MAX_LINKS: usize = 40;

/// An output file that appears complete or not at all.
///
/// The bytes go into a temporary file beside the output, which takes its name in [`finish`](Self::finish). Dropping an
/// unfinished output removes the temporary file.
///
/// * A symbolic link is kept, and the file that it points to is replaced.
/// * An existing device or FIFO is opened and written through, never replaced. A socket is refused.
/// * An output that is the same file as an input, also through links, is refused.
/// * A replaced file passes its permissions on, and its owner and group where the process may set them. A read-only file
///   is not replaced.
///
/// ```
/// use std::io::Write;
/// use std::path::Path;
/// use appsnap::io::OutputFile;
///
/// # let folder = tempfile::tempdir()?;
/// let path = folder.path().join("backup.tar.gz");
/// let mut output = OutputFile::create(&path, &[Path::new("input.dump")])?;
/// output.write_all(b"complete")?;
/// assert!(!path.exists());
/// output.finish()?;
/// assert!(path.exists());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct OutputFile {
    target: Target,
    name: String,
}

/// The destination of the bytes.
#[derive(Debug)]
enum Target {
    /// A temporary file, and the path that it gets.
    Replaced {
        file: NamedTempFile,
        path: PathBuf,
        is_overwriting: bool,
    },
    /// A device or FIFO.
    Special(File),
    Stdout(Stdout),
}

impl OutputFile {
    /// Creates the output at `path`, which is none of `inputs`. Inputs that do not exist are ignored.
    ///
    /// # Errors
    /// Returns an error of the category [`Misuse`](Category::Misuse) if `path` is a directory, a socket or one of the
    /// inputs, and of the category [`Io`](Category::Io) if its directory does not exist or no file can be created in it. The context of
    /// the error is the path.
    pub fn create(path: impl AsRef<Path>, inputs: &[&Path]) -> Result<Self, Error> {
        let path = path.as_ref();
        let name = format!("{path:?}");
        match Self::target(path, inputs) {
            Ok(target) => Ok(Self { target, name }),
            Err(error) => Err(error.within(name)),
        }
    }

    /// Creates an output that writes to standard output. It cannot be complete or absent: a reader that needs this must
    /// verify what it receives.
    #[must_use]
    pub fn stdout() -> Self {
        Self { target: Target::Stdout(io::stdout()), name: "standard output".to_owned() }
    }

    fn target(path: &Path, inputs: &[&Path]) -> Result<Target, Error> {
        match fs::metadata(path) {
            Ok(existing) => {
                if existing.is_dir() {
                    return Err(Error::of(Category::Misuse, "the output is a directory: name a file in it"));
                }
                if inputs.iter().any(|input| is_same_file(path, &existing, input)) {
                    return Err(Error::of(
                        Category::Misuse,
                        "the output is the same file as an input: choose another name",
                    ));
                }
                if is_socket(&existing) {
                    return Err(Error::of(
                        Category::Misuse,
                        "the output is a socket, to which nothing can be written by name: choose another name",
                    ));
                }
                if !existing.is_file() {
                    let file = OpenOptions::new().write(true).open(path);
                    return file.map(Target::Special).map_err(|error| Error::io("opening the output", error));
                }
                if existing.permissions().readonly() {
                    return Err(Error::of(
                        Category::Misuse,
                        "the output exists and is read-only: choose another name, or make the file writable",
                    ));
                }
                let real = fs::canonicalize(path).map_err(|error| Error::io("resolving the output", error))?;
                let file = temporary(&real)?;
                // The new file is the old one with other contents. A file system without permissions is no reason to stop.
                let _ = passed_on(file.as_file(), &existing)
                    .and_then(|permissions| file.as_file().set_permissions(permissions));
                Ok(Target::Replaced { file, path: real, is_overwriting: true })
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let real = follow_links(path)?;
                Ok(Target::Replaced { file: temporary(&real)?, path: real, is_overwriting: false })
            }
            Err(error) => Err(Error::io("looking at the output", error)),
        }
    }

    /// Returns `true` if the output replaces an existing file.
    #[must_use]
    pub const fn is_overwriting(&self) -> bool {
        matches!(self.target, Target::Replaced { is_overwriting: true, .. })
    }

    /// Returns the file for positioned access; `None` for devices, FIFOs and standard output.
    #[must_use]
    pub fn as_regular_file(&mut self) -> Option<&mut File> {
        match &mut self.target {
            Target::Replaced { file, .. } => Some(file.as_file_mut()),
            Target::Special(_) | Target::Stdout(_) => None,
        }
    }

    /// Completes the output: syncs the file and gives it its name, in place of an existing file.
    ///
    /// # Errors
    /// Returns an error if the file cannot be synced or renamed; the output then does not appear, and an existing file is
    /// unchanged.
    pub fn finish(self) -> Result<(), Error> {
        let Self { target, name } = self;
        let result = match target {
            Target::Replaced { file, path, .. } => {
                file.as_file().sync_all().and_then(|()| file.persist(&path).map_err(io::Error::from).map(drop))
            }
            Target::Special(mut file) => file.flush(),
            Target::Stdout(mut stdout) => stdout.flush(),
        };
        result.map_err(|error| Error::io("completing the output", error).within(name))
    }
}

impl Write for OutputFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.target {
            // Errors of the temporary file itself would name a path that the caller does not know.
            Target::Replaced { file, .. } => file.as_file_mut().write(bytes),
            Target::Special(file) => file.write(bytes),
            Target::Stdout(stdout) => stdout.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.target {
            Target::Replaced { file, .. } => file.as_file_mut().flush(),
            Target::Special(file) => file.flush(),
            Target::Stdout(stdout) => stdout.flush(),
        }
    }
}

/// The start of the names of unfinished files and directories of this process.
pub(crate) fn staging_prefix() -> String {
    format!("{STAGING_PREFIX}{}-", std::process::id())
}

/// Returns the directory of `path`.
pub(crate) fn directory_of(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn temporary(path: &Path) -> Result<NamedTempFile, Error> {
    let directory = directory_of(path);
    let prefix = staging_prefix();
    let mut builder = tempfile::Builder::new();
    builder.prefix(&prefix).suffix(".part");
    // As for any new file, the umask decides; a temporary file would be readable by its owner alone.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let file = builder.tempfile_in(directory).map_err(|error| match error.kind() {
        // The error names the temporary file, which the caller does not know.
        io::ErrorKind::NotFound => {
            Error::of(Category::Io, "the directory of the output does not exist: create it first")
        }
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            Error::of(Category::Io, "no file can be created in the directory of the output: choose another directory")
        }
        _ => Error::io("creating the output", error),
    })?;
    // Shows to other processes, also in other containers, that the file is in use. Without locks its name has to do.
    let _ = file.as_file().try_lock();
    Ok(file)
}

/// Returns the permissions for a file that takes the place of `replaced`, after setting owner and group where that is
/// allowed.
#[cfg(unix)]
fn passed_on(file: &File, replaced: &Metadata) -> io::Result<Permissions> {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};

    let own = file.metadata()?;
    let is_owned = (own.uid(), own.gid()) == (replaced.uid(), replaced.gid())
        || fchown(file, Some(replaced.uid()), Some(replaced.gid())).is_ok();
    let has_group = is_owned || own.gid() == replaced.gid() || fchown(file, None, Some(replaced.gid())).is_ok();
    // What one group was allowed is not for another.
    let mode = if has_group { replaced.mode() & 0o777 } else { replaced.mode() & 0o707 };
    Ok(Permissions::from_mode(mode))
}

#[cfg(not(unix))]
fn passed_on(_: &File, replaced: &Metadata) -> io::Result<Permissions> {
    Ok(replaced.permissions())
}

#[cfg(unix)]
fn is_socket(existing: &Metadata) -> bool {
    std::os::unix::fs::FileTypeExt::is_socket(&existing.file_type())
}

#[cfg(not(unix))]
const fn is_socket(_: &Metadata) -> bool {
    false
}

/// Follows symbolic links to a file that does not exist yet.
fn follow_links(path: &Path) -> Result<PathBuf, Error> {
    let mut path = path.to_owned();
    for _ in 0..MAX_LINKS {
        match fs::read_link(&path) {
            Ok(target) => path = directory_of(&path).join(target),
            Err(_) => return Ok(path),
        }
    }
    Err(Error::of(Category::Misuse, "too many symbolic links lead to the output"))
}

/// Reading from a character device and writing to it are different things: a terminal, or the null device.
#[cfg(unix)]
fn is_same_file(_: &Path, output: &Metadata, input: &Path) -> bool {
    use std::os::unix::fs::{FileTypeExt, MetadataExt};

    !output.file_type().is_char_device()
        && fs::metadata(input).is_ok_and(|input| (input.dev(), input.ino()) == (output.dev(), output.ino()))
}

/// Without inodes, hard links are not recognised.
#[cfg(not(unix))]
fn is_same_file(output: &Path, _: &Metadata, input: &Path) -> bool {
    fs::canonicalize(output).is_ok_and(|output| fs::canonicalize(input).is_ok_and(|input| input == output))
}

/// Removes what killed processes left in `directory`, and returns the paths.
///
/// Files and directories are removed if their names begin with [`STAGING_PREFIX`] and if the process that created them is
/// gone, where the system tells that, or if they were last modified before `before`. A file that is in use stays. An extraction modifies its staging
/// directory only at its start: choose a time before which no running extraction can have started.
///
/// ```
/// use std::time::{Duration, SystemTime};
///
/// # let folder = tempfile::tempdir()?;
/// let yesterday = SystemTime::now() - Duration::from_secs(24 * 3600);
/// for removed in appsnap::io::remove_stale(folder.path(), yesterday)? {
///     eprintln!("removed {removed:?}, which an interrupted run left");
/// }
/// # Ok::<(), appsnap::Error>(())
/// ```
///
/// # Errors
/// Returns an error if the directory cannot be listed, or if a stale file cannot be removed. The context of the error is
/// its path.
pub fn remove_stale(directory: &Path, before: SystemTime) -> Result<Vec<PathBuf>, Error> {
    let failed = |action, path: &Path| {
        let path = format!("{path:?}");
        move |error| Error::io(action, error).within(path)
    };
    let mut removed = Vec::new();
    for entry in fs::read_dir(directory).map_err(failed("listing a directory", directory))? {
        let entry = entry.map_err(failed("listing a directory", directory))?;
        let name = entry.file_name();
        let Some(rest) = name.as_encoded_bytes().strip_prefix(STAGING_PREFIX.as_bytes()) else { continue };
        let path = entry.path();
        let facts = match entry.metadata() {
            Ok(facts) => facts,
            // Another process has just finished it.
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(failed("looking at a staging file", &path)(error)),
        };
        let is_stale = is_orphaned(rest) || facts.modified().is_ok_and(|modified| modified < before);
        if is_stale && !is_in_use(&path, &facts) {
            let result = if facts.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
            result.map_err(failed("removing a stale staging file", &path))?;
            removed.push(path);
        }
    }
    Ok(removed)
}

/// Returns `true` for a file that a running process, perhaps one with another list of processes, has locked.
fn is_in_use(path: &Path, facts: &Metadata) -> bool {
    let is_locked = |file: File| matches!(file.try_lock(), Err(TryLockError::WouldBlock));
    facts.is_file() && OpenOptions::new().write(true).open(path).is_ok_and(is_locked)
}

/// Returns `true` if the process whose id begins the rest of a name is known to be gone.
fn is_orphaned(rest: &[u8]) -> bool {
    let Some(id) = rest.split(|byte| *byte == b'-').next().and_then(decimal::<u32>) else { return false };
    // Only where processes are files.
    Path::new("/proc/self").exists() && !Path::new("/proc").join(id.to_string()).exists()
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
    use std::time::Duration;

    use super::*;

    fn names(directory: &Path) -> Vec<String> {
        let mut names: Vec<_> =
            fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    fn write(path: &Path, inputs: &[&Path]) -> Result<(), Error> {
        let mut output = OutputFile::create(path, inputs)?;
        output.write_all(b"new").unwrap();
        output.finish()
    }

    #[test]
    fn output_is_complete_or_absent() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out");
        let mut output = OutputFile::create(&path, &[]).unwrap();
        output.write_all(b"half").unwrap();
        assert!(!path.exists() && !output.is_overwriting());
        drop(output);
        assert_eq!(names(folder.path()), [""; 0]);
        write(&path, &[]).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(names(folder.path()), ["out"]);
    }

    #[test]
    fn replaced_file_keeps_its_permissions_until_and_after_the_end() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out");
        fs::write(&path, "old").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        let mut output = OutputFile::create(&path, &[]).unwrap();
        assert!(output.is_overwriting() && output.as_regular_file().is_some());
        output.write_all(b"new").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"old");
        output.finish().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o640);
    }

    #[test]
    fn symbolic_links_are_kept() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("real")).unwrap();
        for existing in [true, false] {
            let (target, link) = (folder.path().join("real/target"), folder.path().join("link"));
            let _ = fs::remove_file(&target);
            let _ = fs::remove_file(&link);
            if existing {
                fs::write(&target, "old").unwrap();
            }
            symlink("real/target", &link).unwrap();
            write(&link, &[]).unwrap();
            assert_eq!(fs::read_link(&link).unwrap(), Path::new("real/target"));
            assert_eq!(fs::read(&target).unwrap(), b"new");
        }
        let circle = folder.path().join("circle");
        symlink("circle", &circle).unwrap();
        assert!(write(&circle, &[]).is_err());
    }

    #[test]
    fn fifo_and_device_are_written_through() {
        let folder = tempfile::tempdir().unwrap();
        let fifo = folder.path().join("fifo");
        let made = std::process::Command::new("mkfifo").arg(&fifo).status();
        assert!(made.is_ok_and(|status| status.success()), "mkfifo belongs to every Unix system");
        let reader = std::thread::spawn({
            let fifo = fifo.clone();
            move || fs::read(fifo).unwrap()
        });
        write(&fifo, &[]).unwrap();
        assert_eq!(reader.join().unwrap(), b"new");
        assert_eq!(names(folder.path()), ["fifo"]);
        write(Path::new("/dev/null"), &[]).unwrap();
        assert!(!fs::metadata("/dev/null").unwrap().is_file());
    }

    #[test]
    fn input_is_never_the_output() {
        let folder = tempfile::tempdir().unwrap();
        let input = folder.path().join("input");
        fs::write(&input, "old").unwrap();
        fs::hard_link(&input, folder.path().join("hard")).unwrap();
        symlink("input", folder.path().join("soft")).unwrap();
        for name in ["input", "hard", "soft", "./input"] {
            let error = write(&folder.path().join(name), &[Path::new("absent"), &input]).unwrap_err();
            assert!(error.is_misuse() && error.to_string().contains("same file as an input"), "{error}");
        }
        assert_eq!(fs::read(&input).unwrap(), b"old");
        write(&folder.path().join("other"), &[&input]).unwrap();
    }

    #[test]
    fn unusable_output_is_an_error_with_its_path() {
        let folder = tempfile::tempdir().unwrap();
        let error = write(folder.path(), &[]).unwrap_err();
        assert!(error.is_misuse() && error.to_string().contains("is a directory"), "{error}");
        let error = write(&folder.path().join("absent/out"), &[]).unwrap_err();
        assert!(error.is_io() && error.to_string().contains("create it first"), "{error}");
        assert!(error.context().unwrap().contains("absent/out"));
    }

    #[test]
    fn only_stale_staging_files_are_removed() {
        let folder = tempfile::tempdir().unwrap();
        let make = |name: &str| fs::write(folder.path().join(name), "").unwrap();
        // No system has so many processes.
        let gone = format!("{STAGING_PREFIX}4294967295-a.part");
        let own = format!("{}b.part", staging_prefix());
        make(&gone);
        make(&own);
        make("backup.tar.gz");
        let removed = remove_stale(folder.path(), SystemTime::UNIX_EPOCH).unwrap();
        if cfg!(target_os = "linux") {
            assert_eq!(removed, [folder.path().join(&gone)]);
            assert_eq!(names(folder.path()), [own.as_str(), "backup.tar.gz"]);
        }
        let later = SystemTime::now() + Duration::from_secs(60);
        assert!(remove_stale(folder.path(), later).unwrap().contains(&folder.path().join(&own)));
        assert_eq!(names(folder.path()), ["backup.tar.gz"]);
    }
}
