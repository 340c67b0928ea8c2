//! One of the parts into which a plan is divided: [`Shard`].

use std::fmt;
use std::str::FromStr;

use crate::error::{Category, Error};

/// One of several parts of an archive that are packed independently and joined afterwards: number K of N.
///
/// The documents of a plan are divided into N ranges of about the same work, by their number and their bytes. The
/// database is in the first part, and counts. The division depends on nothing but the plan. There may be more parts than
/// documents; some are empty then.
///
/// [`Prepared::write_shard`](crate::prepare::Prepared::write_shard) writes such a part, and [`Shards`](super::Shards) joins
/// all of them.
///
/// ```
/// use appsnap::snapshot::join::Shard;
///
/// let shard: Shard = "3/16".parse()?;
/// assert_eq!((shard.number(), shard.count(), shard.to_string()), (3, 16, "3/16".to_owned()));
/// assert_eq!(Shard::new(3, 16), Some(shard));
/// assert_eq!(Shard::new(17, 16), None);
/// # Ok::<(), appsnap::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Shard {
    number: u32,
    count: u32,
}

impl Shard {
    /// The most parts of a plan. A join needs up to 1 MiB of memory for each.
    pub const MAX_COUNT: u32 = 10_000;

    /// Creates part `number` of `count`. Returns `None` unless 1 <= `number` <= `count` <=
    /// [`MAX_COUNT`](Self::MAX_COUNT).
    #[must_use]
    pub const fn new(number: u32, count: u32) -> Option<Self> {
        if 1 <= number && number <= count && count <= Self::MAX_COUNT { Some(Self { number, count }) } else { None }
    }

    /// Returns the number of the part, from 1.
    #[must_use]
    pub const fn number(self) -> u32 {
        self.number
    }

    /// Returns the number of parts.
    #[must_use]
    pub const fn count(self) -> u32 {
        self.count
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.number, self.count)
    }
}

impl FromStr for Shard {
    type Err = Error;

    /// Parses `K/N`, for example `3/16`.
    fn from_str(text: &str) -> Result<Self, Error> {
        let number = |digits: &str| digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?;
        let parsed = text.split_once('/').and_then(|(k, n)| Self::new(number(k)?, number(n)?));
        parsed.ok_or_else(|| {
            let message = "a part is written as K/N, such as 3/16, with K from 1 to N, and N at most 10000";
            Error::of(Category::Misuse, message)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_that_is_no_part_is_refused() {
        for text in ["", "/", "1", "0/4", "5/4", "1/0", "+1/4", "1/4/4", " 1/4", "1/10001", "99999999999/4", "one/two"]
        {
            assert!(text.parse::<Shard>().is_err(), "{text}");
        }
        assert_eq!("0010/0010".parse::<Shard>().unwrap().to_string(), "10/10");
    }
}
