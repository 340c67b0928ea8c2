//! Names of Squidex apps and of the files that their backups are downloaded as: [`AppName`] and [`FileName`].

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// The name of an app: lower-case letters, digits, and single hyphens between them.
///
/// Squidex's rule is `^[a-z0-9]+(\-[a-z0-9]+)*$`; it sets no length.
///
/// ```
/// use appsnap::squidex::AppName;
///
/// assert_eq!("my-blog-2".parse::<AppName>()?.as_str(), "my-blog-2");
/// assert!("My Blog".parse::<AppName>().is_err());
/// # Ok::<(), appsnap::squidex::ParseNameError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AppName(String);

/// A text is no name of an app, or no name of a backup file.
///
/// ```
/// use appsnap::squidex::{AppName, FileName, ParseNameError};
///
/// assert_eq!("My Blog".parse::<AppName>(), Err(ParseNameError::App));
/// assert_eq!("backup.zip".parse::<FileName>(), Err(ParseNameError::File));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ParseNameError {
    /// Not an app's name.
    #[error("an app's name has lower-case letters and digits, with single hyphens between them")]
    App,
    /// Not a backup file's name.
    #[error("a backup's file name has the form backup-<app>-<yyyy-MM-dd_HH-mm-ss>.zip")]
    File,
}

impl AppName {
    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for AppName {
    type Err = ParseNameError;

    fn from_str(text: &str) -> Result<Self, ParseNameError> {
        let word = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        if text.split('-').all(word) { Ok(Self(text.to_owned())) } else { Err(ParseNameError::App) }
    }
}

impl fmt::Display for AppName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// The name under which Squidex offers a backup for download: the app and when the backup was started.
///
/// ```
/// use appsnap::squidex::FileName;
///
/// let name: FileName = "backup-my-blog-2024-03-31_23-59-07.zip".parse()?;
/// assert_eq!((name.app().as_str(), name.started()), ("my-blog", [2024, 3, 31, 23, 59, 7]));
/// assert_eq!(name.to_string(), "backup-my-blog-2024-03-31_23-59-07.zip");
/// # Ok::<(), appsnap::squidex::ParseNameError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FileName {
    app: AppName,
    started: [u16; 6],
}

/// `yyyy-MM-dd_HH-mm-ss`.
const STAMP_BYTES: usize = 19;

impl FileName {
    /// The name of a backup of `app` started at `[year, month, day, hour, minute, second]` in UTC.
    ///
    /// # Errors
    /// [`ParseNameError::File`] when those are no date and time of the years 1 to 9999. The lengths of months are not
    /// looked at.
    pub fn new(app: AppName, started: [u16; 6]) -> Result<Self, ParseNameError> {
        let ranges = [1..=9999, 1..=12, 1..=31, 0..=23, 0..=59, 0..=59];
        let fits = ranges.iter().zip(&started).all(|(range, number)| range.contains(number));
        if fits { Ok(Self { app, started }) } else { Err(ParseNameError::File) }
    }

    /// The app that was backed up.
    #[must_use]
    pub const fn app(&self) -> &AppName {
        &self.app
    }

    /// Year, month, day, hour, minute, second, in UTC.
    #[must_use]
    pub const fn started(&self) -> [u16; 6] {
        self.started
    }
}

impl FromStr for FileName {
    type Err = ParseNameError;

    fn from_str(text: &str) -> Result<Self, ParseNameError> {
        let inner = text.strip_prefix("backup-").and_then(|rest| rest.strip_suffix(".zip"));
        let parse = |inner: &str| {
            let (app, stamp) = inner.split_at_checked(inner.len().checked_sub(STAMP_BYTES)?)?;
            let mut started = [0; 6];
            let mut numbers = stamp.split(['-', '_']);
            for slot in &mut started {
                let digits = numbers.next().filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))?;
                *slot = digits.parse().ok()?;
            }
            Self::new(app.strip_suffix('-')?.parse().ok()?, started).ok()
        };
        // Rendering again catches every digit and separator in the wrong place.
        inner.and_then(parse).filter(|name| name.to_string() == text).ok_or(ParseNameError::File)
    }
}

impl fmt::Display for FileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (app, [year, month, day, hour, minute, second]) = (&self.app, self.started);
        write!(f, "backup-{app}-{year:04}-{month:02}-{day:02}_{hour:02}-{minute:02}-{second:02}.zip")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn app_names_follow_the_pattern() {
        for good in ["a", "0", "my-blog", "a-1-b-2"] {
            assert!(good.parse::<AppName>().is_ok(), "{good}");
        }
        for bad in ["", "-", "a-", "-a", "a--b", "A", "a b", "a_b", "ä", "a\n"] {
            assert_eq!(bad.parse::<AppName>(), Err(ParseNameError::App), "{bad:?}");
        }
    }

    #[test]
    fn file_names_are_read_exactly() {
        for bad in [
            "backup-a-2024-13-01_00-00-00.zip",
            "backup-a-2024-01-01-00-00-00.zip",
            "backup-a-2024_01_01_00-00-00.zip",
            "backup--2024-01-01_00-00-00.zip",
            "backup-a-2024-01-01_00-00-00.ZIP",
            "backup-a-+024-01-01_00-00-00.zip",
            "backup-a2024-01-01_00-00-00.zip",
            "a.zip",
            "backup-ä-1.zip",
        ] {
            assert!(bad.parse::<FileName>().is_err(), "{bad}");
        }
    }
}
