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

/// Adds the file to an error.
pub trait InFile<T> {
    fn in_file(self, path: &Path) -> Outcome<T>;
}

impl<T, E: Into<appsnap::Error>> InFile<T> for Result<T, E> {
    fn in_file(self, path: &Path) -> Outcome<T> {
        self.map_err(|error| {
            let error = error.into();
            let is_input = error.is_bad_input() || error.is_limit();
            Failure { subject: shown(path), is_input, error: error.into() }
        })
    }
}
