//! The compression level: [`Level`].

use crate::error::Error;

/// A compression level as zlib numbers them, from 1, the fastest, to 9, the slowest.
///
/// The default is 2, chosen by measurement: it takes little more time than 1. Contents that are mostly text become 4 to 6 %
/// smaller on level 6, which takes three times as long. Levels 1 and 2 are an encoder of this crate, which gives the same
/// bytes with every deflate backend; from 3 on the backend compresses. The page on
/// [performance](crate::_documentation::performance) has a curve of all levels.
///
/// ```
/// use appsnap::gzip::Level;
///
/// let level = Level::try_from(9)?;
/// assert_eq!(level.get(), 9);
/// assert!(Level::new(0).is_none() && Level::try_from(10).is_err());
/// # Ok::<(), appsnap::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Level(u8);

impl Level {
    /// Creates a level; `None` if it is not from 1 to 9.
    #[must_use]
    pub const fn new(level: u8) -> Option<Self> {
        if 1 <= level && level <= 9 { Some(Self(level)) } else { None }
    }

    /// Returns the number, from 1 to 9.
    #[must_use]
    pub const fn get(self) -> u8 {
        self.0
    }
}

impl TryFrom<u8> for Level {
    type Error = Error;

    fn try_from(level: u8) -> Result<Self, Error> {
        Self::new(level).ok_or_else(|| Error::out_of_range("compression level", u64::from(level), &(1..=9)))
    }
}

/// Chosen on the corpora of `benches/corpus`: level 2 takes less than half the time of zlib-rs at level 6 on text, at a size
/// between those of `igzip -1` and `pigz -6`; on short documents it is the smaller of the two.
impl Default for Level {
    fn default() -> Self {
        Self(2)
    }
}
