//! Why an example ends without success, and who has to act.

use std::error::Error;
use std::fmt;
use std::io;
use std::path::Path;
use std::process::ExitCode;

use super::shown;

/// What an example's work ends with.
pub type Outcome<T = ()> = Result<T, Failure>;

/// An error with the file that it concerns, and whether that file's content is at fault.
#[derive(Debug)]
pub struct Failure {
    subject: String,
    error: Box<dyn Error>,
    is_input: bool,
}

impl Failure {
    /// The content of the input is bad.
    pub fn input(subject: impl Into<String>, error: impl Into<Box<dyn Error>>) -> Self {
        Self { subject: subject.into(), error: error.into(), is_input: true }
    }

    /// The example was used wrongly, or the system failed.
    pub fn environment(subject: impl Into<String>, error: impl Into<Box<dyn Error>>) -> Self {
        Self { subject: subject.into(), error: error.into(), is_input: false }
    }

    pub fn exit_code(&self) -> ExitCode {
        ExitCode::from(if self.is_input { 1 } else { 2 })
    }

    /// Whether the reader of our output has gone away, which is no failure of ours.
    pub fn is_broken_pipe(&self) -> bool {
        self.error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = self.error.to_string();
        let mut remedy = self.error.downcast_ref::<io::Error>().and_then(remedy);
        let mut cause = self.error.source();
        while let Some(error) = cause {
            text += &format!(": {error}");
            remedy = remedy.or_else(|| error.downcast_ref::<io::Error>().and_then(self::remedy));
            cause = error.source();
        }
        // Some errors name the file themselves.
        if !text.contains(&self.subject) {
            write!(f, "{}: ", self.subject)?;
        }
        f.write_str(&text)?;
        remedy.map_or(Ok(()), |remedy| write!(f, "; {remedy}"))
    }
}

/// What to do when the system refuses.
fn remedy(error: &io::Error) -> Option<&'static str> {
    Some(match error.kind() {
        io::ErrorKind::NotFound => "check the name",
        io::ErrorKind::IsADirectory => "name a file, not a folder",
        io::ErrorKind::PermissionDenied => "give this user the right to, or run it as another",
        io::ErrorKind::StorageFull => "make room, or choose another disk",
        _ => return None,
    })
}

/// Says whether an error is the fault of what was read, or of the system and the way it was used.
pub trait Blame: Error + Sized + 'static {
    fn is_input(&self) -> bool;
}

impl Blame for io::Error {
    /// Errors of the dump engine travel in this coat when a stream is read.
    fn is_input(&self) -> bool {
        let inner = self.get_ref().and_then(|inner| inner.downcast_ref::<appsnap::pgdump::Error>());
        inner.is_some_and(Blame::is_input)
    }
}

impl Blame for appsnap::source::Error {
    /// A folder that cannot be read or that changes is nothing a file's content is to blame for; an archive of one is.
    fn is_input(&self) -> bool {
        self.is_bad_input() || self.is_limit()
    }
}

impl Blame for appsnap::snapshot::Error {
    fn is_input(&self) -> bool {
        !self.is_io() && !self.is_misuse() && !self.is_cancelled()
    }
}

impl Blame for appsnap::prepare::Error {
    fn is_input(&self) -> bool {
        self.is_bad_input()
    }
}

impl Blame for appsnap::pgdump::Error {
    fn is_input(&self) -> bool {
        self.is_bad_input() || self.is_limit()
    }
}

impl Blame for appsnap::check::Error {
    /// Whatever is wrong with the file is a finding.
    fn is_input(&self) -> bool {
        false
    }
}

/// Whether an error began with content that the system read without complaint, such as a damaged entry of an archive of
/// files, which is opened and read as files on the disk are.
fn is_of_bad_data(error: &(dyn Error + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(error) = next {
        if error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::InvalidData) {
            return true;
        }
        next = error.source();
    }
    false
}

/// Adds the file to an error.
pub trait InFile<T> {
    fn in_file(self, path: &Path) -> Outcome<T>;
}

impl<T, E: Blame> InFile<T> for Result<T, E> {
    fn in_file(self, path: &Path) -> Outcome<T> {
        self.map_err(|error| {
            let is_input = error.is_input() || is_of_bad_data(&error);
            Failure { subject: shown(path), is_input, error: error.into() }
        })
    }
}
