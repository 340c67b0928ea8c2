//! One of the parts into which a plan is divided: [`Shard`].

use std::fmt;
use std::ops::Range;
use std::str::FromStr;

use crate::error::{Category, Error};
use crate::snapshot::content::DocumentSource;

/// The share of a document in the work, besides its bytes: opening it costs about as much as reading this many bytes.
const DOCUMENT_BYTES: u64 = 16 << 10;

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

    /// Returns the documents of this part, by their numbers in `source`.
    pub(crate) fn documents<S: DocumentSource>(self, source: &S, database_bytes: u64) -> Range<usize> {
        let weights = || (0..source.documents_count()).map(|index| source.row(index).1.saturating_add(DOCUMENT_BYTES));
        let sum = |sum: u128, weight: u64| sum.saturating_add(u128::from(weight));
        let total = weights().fold(u128::from(database_bytes), sum);
        // A document belongs to the part in which it begins, on a line that is as long as all of the work.
        let is_before = |start: u128, number: u32| {
            start.saturating_mul(u128::from(self.count)) < total.saturating_mul(u128::from(number))
        };
        let (mut start, mut from, mut until) = (u128::from(database_bytes), 0_usize, 0_usize);
        for weight in weights() {
            from = from.saturating_add(usize::from(is_before(start, self.number.saturating_sub(1))));
            until = until.saturating_add(usize::from(is_before(start, self.number)));
            start = sum(start, weight);
        }
        from..until
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
    use crate::document::DocumentId;

    struct Lengths(Vec<u64>);

    impl DocumentSource for Lengths {
        type File = Vec<u8>;

        fn documents_count(&self) -> usize {
            self.0.len()
        }

        fn row(&self, index: usize) -> (DocumentId, u64) {
            (DocumentId::from_bytes((index as u128).to_be_bytes()), self.0[index])
        }

        fn open(&self, _: usize) -> std::io::Result<Vec<u8>> {
            Ok(Vec::new())
        }

        fn origin(&self, _: usize) -> String {
            String::new()
        }
    }

    #[test]
    fn parts_cover_every_document_once_and_are_balanced() {
        let mut random = fastrand::Rng::with_seed(3);
        for count in [1, 2, 3, 7, 16, 100] {
            for documents in [0, 1, 2, 15, 1000] {
                let lengths = Lengths((0..documents).map(|_| random.u64(0..200_000)).collect());
                let database_bytes = random.u64(0..10_000_000);
                let mut at = 0;
                let total: u64 = database_bytes + lengths.0.iter().map(|len| len + DOCUMENT_BYTES).sum::<u64>();
                for number in 1..=count {
                    let range = Shard::new(number, count).unwrap().documents(&lengths, database_bytes);
                    assert_eq!(range.start, at);
                    at = range.end;
                    let work: u64 = lengths.0[range].iter().map(|len| len + DOCUMENT_BYTES).sum();
                    assert!(work <= total / u64::from(count) + 200_000 + DOCUMENT_BYTES);
                }
                assert_eq!(at, documents, "{count} parts of {documents}");
            }
        }
    }

    #[test]
    fn lengths_beyond_64_bits_do_not_overflow() {
        let lengths = Lengths(vec![u64::MAX; 5]);
        let ranges = (1..=5).map(|number| Shard::new(number, 5).unwrap().documents(&lengths, u64::MAX));
        assert_eq!(ranges.map(|range| range.len()).sum::<usize>(), 5);
    }

    #[test]
    fn text_that_is_no_part_is_refused() {
        for text in ["", "/", "1", "0/4", "5/4", "1/0", "+1/4", "1/4/4", " 1/4", "1/10001", "99999999999/4", "one/two"]
        {
            assert!(text.parse::<Shard>().is_err(), "{text}");
        }
        assert_eq!("0010/0010".parse::<Shard>().unwrap().to_string(), "10/10");
    }
}
