//! The creation time in an archive's header, a local time without a time zone: [`CreatedAt`].

use std::fmt;

use super::error::Error;
use super::primitives::{Cursor, Dialect, Fault};

/// The local time at which a dump was started, as the fields of C's `struct tm`.
///
/// The time zone is not recorded, so this is not a point in time. Nothing depends on it when a dump is restored, and
/// PostgreSQL only warns about impossible values, which [`is_possible`](Self::is_possible) detects.
///
/// ```
/// use appsnap::pgdump::raw::CreatedAt;
///
/// let mut created = CreatedAt::default();
/// assert_eq!((created.to_string().as_str(), created.is_possible()), ("1970-01-01 00:00:00", true));
/// created.month0 = 12;
/// assert!(!created.is_possible());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct CreatedAt {
    /// The second, 0 to 60.
    pub second: i32,
    /// The minute, 0 to 59.
    pub minute: i32,
    /// The hour, 0 to 23.
    pub hour: i32,
    /// The day of the month, 1 to 31.
    pub day: i32,
    /// The number of months since January, 0 to 11.
    pub month0: i32,
    /// The number of years since 1900.
    pub years_since_1900: i32,
    /// The daylight saving flag: positive in effect, 0 not in effect, negative unknown.
    pub daylight_saving: i32,
}

impl Default for CreatedAt {
    /// Returns the first second of 1970.
    fn default() -> Self {
        Self { second: 0, minute: 0, hour: 0, day: 1, month0: 0, years_since_1900: 70, daylight_saving: 0 }
    }
}

impl CreatedAt {
    /// Returns the year, for example 2026.
    #[must_use]
    pub const fn year(&self) -> i32 {
        self.years_since_1900.saturating_add(1900)
    }

    /// Returns the month, 1 to 12 in a possible date.
    #[must_use]
    pub const fn month(&self) -> i32 {
        self.month0.saturating_add(1)
    }

    /// Returns `true` if this date and time exist and the year is 1900 to 9999.
    #[must_use]
    pub fn is_possible(&self) -> bool {
        let year = self.year();
        let leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
        let days = match self.month() {
            2 if leap => 29,
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            1..=12 => 31,
            _ => return false,
        };
        (1900..=9999).contains(&year)
            && (1..=days).contains(&self.day)
            && (0..=23).contains(&self.hour)
            && (0..=59).contains(&self.minute)
            && (0..=60).contains(&self.second)
    }

    pub(super) fn read(cursor: &mut Cursor<'_>, dialect: &Dialect) -> Result<Self, Fault> {
        // Fields of a struct expression are evaluated in the order in which they are written.
        Ok(Self {
            second: cursor.int(dialect)?,
            minute: cursor.int(dialect)?,
            hour: cursor.int(dialect)?,
            day: cursor.int(dialect)?,
            month0: cursor.int(dialect)?,
            years_since_1900: cursor.int(dialect)?,
            daylight_saving: cursor.int(dialect)?,
        })
    }

    pub(super) fn write(&self, dialect: &Dialect, out: &mut Vec<u8>) -> Result<(), Error> {
        for field in
            [self.second, self.minute, self.hour, self.day, self.month0, self.years_since_1900, self.daylight_saving]
        {
            dialect.put_int(field, out)?;
        }
        Ok(())
    }
}

impl fmt::Display for CreatedAt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { second, minute, hour, day, .. } = self;
        write!(f, "{:04}-{:02}-{day:02} {hour:02}:{minute:02}:{second:02}", self.year(), self.month())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn impossible_times_are_detected() {
        let good = CreatedAt { day: 29, month0: 1, years_since_1900: 124, ..CreatedAt::default() };
        assert!(good.is_possible());
        for bad in [
            CreatedAt { years_since_1900: 123, ..good },
            CreatedAt { month0: 99, ..good },
            CreatedAt { month0: -1, ..good },
            CreatedAt { day: 0, ..good },
            CreatedAt { hour: 24, ..good },
            CreatedAt { years_since_1900: i32::MAX, ..good },
        ] {
            assert!(!bad.is_possible(), "{bad}");
        }
    }

    #[test]
    fn display_counts_months_and_years_as_people_do() {
        let time = CreatedAt {
            second: 5,
            minute: 52,
            hour: 12,
            day: 20,
            month0: 10,
            years_since_1900: 126,
            ..CreatedAt::default()
        };
        assert_eq!(time.to_string(), "2026-11-20 12:52:05");
    }
}
