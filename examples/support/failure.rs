//! Why an example ends without success, and who has to act.

use std::error::Error;
use std::fmt;
use std::io;
use std::path::Path;
use std::process::ExitCode;

use appsnap::error::Category;

use super::{raising_option, shown, shown_input, tell};

/// The outcome of a command's work.
pub type Outcome<T = ()> = Result<T, Failure>;

/// The subject of errors of standard output.
pub const STANDARD_OUTPUT: &str = "standard output";

/// An error with the file that it concerns, and whether that file's content is at fault.
#[derive(Debug)]
pub struct Failure {
    subject: String,
    error: Box<dyn Error + Send + Sync>,
    is_input: bool,
}

impl Failure {
    /// The content of the input is bad.
    pub fn input(subject: impl Into<String>, error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { subject: subject.into(), error: error.into(), is_input: true }
    }

    /// The example was used wrongly, or the system failed.
    pub fn environment(subject: impl Into<String>, error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { subject: subject.into(), error: error.into(), is_input: false }
    }

    /// Returns `true` if the content of the input is bad.
    pub const fn is_input(&self) -> bool {
        self.is_input
    }

    /// An error of the library, about `subject` unless it has a context of its own.
    pub fn of(subject: impl Into<String>, error: impl Into<appsnap::Error>) -> Self {
        failure(subject.into(), error.into())
    }

    pub fn exit_code(&self) -> ExitCode {
        ExitCode::from(if self.is_input { 1 } else { 2 })
    }

    /// Returns `true` if the reader of standard output has gone away, which is no failure of the command.
    pub fn is_broken_pipe(&self) -> bool {
        self.subject == STANDARD_OUTPUT
            && system(&*self.error).is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = self.error.to_string();
        let mut remedy = system(&*self.error).and_then(remedy);
        let mut cause = self.error.source();
        while let Some(error) = cause {
            text += &format!(": {error}");
            remedy = remedy.or_else(|| system(error).and_then(self::remedy));
            cause = error.source();
        }
        // Some errors name the file themselves.
        if !text.contains(&self.subject) {
            write!(f, "{}: ", self.subject)?;
        }
        f.write_str(&text)?;
        match (raising_option(&text), remedy) {
            // An error that is described in another one has said it.
            (Some(option), _) if text.contains(&option) => Ok(()),
            // One place knows which options there are: a command that has limits has all of them.
            (Some(option), _) => write!(f, "; raise it with {option} if the input is trusted"),
            (None, Some(remedy)) => write!(f, "; {remedy}"),
            (None, None) => Ok(()),
        }
    }
}

/// The operating system's error that this one is.
fn system<'e>(error: &'e (dyn Error + 'static)) -> Option<&'e io::Error> {
    let of_crate = || error.downcast_ref::<appsnap::Error>().and_then(appsnap::Error::downcast_ref);
    error.downcast_ref().or_else(of_crate)
}

/// The remedy for an error of the system.
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

    /// Adds the input to an error; `-` is standard input.
    fn in_input(self, path: &Path) -> Outcome<T>;
}

impl<T, E: Into<appsnap::Error>> InFile<T> for Result<T, E> {
    fn in_file(self, path: &Path) -> Outcome<T> {
        self.map_err(|error| failure(shown(path), error.into()))
    }

    fn in_input(self, path: &Path) -> Outcome<T> {
        self.map_err(|error| failure(shown_input(path), error.into()))
    }
}

fn failure(subject: String, error: appsnap::Error) -> Failure {
    let is_input = error.is_bad_input() || error.is_limit() || error.category() == Category::NotFound;
    Failure { subject, is_input, error: error.into() }
}

/// Combines a verdict with the outcome of printing it: a bad verdict stays one even if no one can read it.
pub fn judged(printed: Outcome, verdict: Outcome) -> Outcome {
    match (printed, verdict) {
        (Err(unprinted), Err(failure)) => {
            if !unprinted.is_broken_pipe() {
                tell(format_args!("error: {unprinted}"));
            }
            Err(failure)
        }
        (printed, verdict) => verdict.and(printed),
    }
}
