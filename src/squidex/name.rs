//! Names of Squidex apps and of the files that their backups are downloaded as: [`AppName`] and [`FileName`].

use std::fmt;
use std::str::FromStr;

use super::error::{Error, ErrorKind, Result};

/// The name of an app: lower-case letters and digits, with single hyphens between them.
///
/// Squidex uses the pattern `^[a-z0-9]+(\-[a-z0-9]+)*$`; it sets no length.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct AppName(String);

impl AppName {
    pub(super) fn new(text: impl Into<String>) -> Result<Self> {
        let text = text.into();
        let word = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        if text.split('-').all(word) { Ok(Self(text)) } else { Err(ErrorKind::AppName.into()) }
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

/// The name under which Squidex offers a backup for download: the app and the time at which the backup was started.
///
/// ```
/// use appsnap::squidex::FileName;
///
/// let name: FileName = "backup-my-blog-2024-03-31_23-59-07.zip".parse()?;
/// assert_eq!((name.app(), name.started()), ("my-blog", [2024, 3, 31, 23, 59, 7]));
/// assert_eq!(name, FileName::new("my-blog", [2024, 3, 31, 23, 59, 7])?);
/// # Ok::<(), appsnap::squidex::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FileName {
    app: AppName,
    started: [u16; 6],
}

/// The length of `yyyy-MM-dd_HH-mm-ss`.
const STAMP_BYTES: usize = 19;

impl FileName {
    /// Creates the name of a backup of `app` that was started at `[year, month, day, hour, minute, second]` in UTC.
    ///
    /// # Errors
    /// Returns an error if `app` is not the name of an app, or if the numbers are not a date and time of the years 1 to
    /// 9999. The lengths of the months are not checked.
    pub fn new(app: &str, started: [u16; 6]) -> Result<Self> {
        let app = AppName::new(app)?;
        let ranges = [1..=9999, 1..=12, 1..=31, 0..=23, 0..=59, 0..=59];
        let fits = ranges.iter().zip(&started).all(|(range, number)| range.contains(number));
        if fits { Ok(Self { app, started }) } else { Err(ErrorKind::FileName.into()) }
    }

    /// Returns the name of the app.
    #[must_use]
    pub fn app(&self) -> &str {
        self.app.as_str()
    }

    /// Returns the start of the backup: year, month, day, hour, minute, second, in UTC.
    #[must_use]
    pub const fn started(&self) -> [u16; 6] {
        self.started
    }
}

impl FromStr for FileName {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let inner = text.strip_prefix("backup-").and_then(|rest| rest.strip_suffix(".zip"));
        let parse = |inner: &str| {
            let (app, stamp) = inner.split_at_checked(inner.len().checked_sub(STAMP_BYTES)?)?;
            let mut started = [0; 6];
            let mut numbers = stamp.split(['-', '_']);
            for slot in &mut started {
                let digits = numbers.next().filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))?;
                *slot = digits.parse().ok()?;
            }
            Self::new(app.strip_suffix('-')?, started).ok()
        };
        // Comparing the rendered name catches digits and separators at wrong positions.
        inner.and_then(parse).filter(|name| name.to_string() == text).ok_or_else(|| ErrorKind::FileName.into())
    }
}

impl fmt::Display for FileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (app, [year, month, day, hour, minute, second]) = (self.app(), self.started);
        write!(f, "backup-{app}-{year:04}-{month:02}-{day:02}_{hour:02}-{minute:02}-{second:02}.zip")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn app_names_follow_the_pattern() {
        for good in ["a", "0", "my-blog", "a-1-b-2"] {
            assert!(AppName::new(good).is_ok(), "{good}");
        }
        for bad in ["", "-", "a-", "-a", "a--b", "A", "a b", "a_b", "ä", "a\n"] {
            assert!(matches!(AppName::new(bad).unwrap_err().kind(), ErrorKind::AppName), "{bad:?}");
        }
    }

    #[test]
    fn file_names_are_parsed_exactly() {
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
            assert!(matches!(bad.parse::<FileName>().unwrap_err().kind(), ErrorKind::FileName), "{bad}");
        }
    }
}
