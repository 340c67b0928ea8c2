//! When the regions of Mendix Cloud take their nightly backups, as published in 2021 and in 2026.

use jiff::civil::{Time, time};

use super::Error;
use super::calendar::Zone;

/// Which publication a figure is from. Published windows and periods have moved, so every figure carries its year.
///
/// ```
/// use appsnap::retention::{Edition, Region};
///
/// assert!(Region::all(Edition::Y2021).count() <= Region::all(Edition::Y2026).count());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Edition {
    /// The documentation of 2021.
    Y2021,
    /// The documentation of 2026.
    Y2026,
}

/// A region of Mendix Cloud and the window in which its nightly backups are taken.
///
/// A nightly "can be backed up at any time during this period", only while the app is deployed and running; one that
/// fails is tried twice more.
///
/// ```
/// use appsnap::retention::Region;
///
/// let dublin = Region::named("Dublin")?;
/// assert_eq!((dublin.start_utc.hour(), dublin.duration_hours, dublin.zone_name), (23, 3, "Europe/Dublin"));
/// # Ok::<(), appsnap::retention::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Region {
    /// The name, as published.
    pub name: &'static str,
    /// Start of the window in UTC, the year round.
    pub start_utc: Time,
    /// Start of the window in local time, as published. The column mixes summer and winter time: do not compute with
    /// it.
    pub published_local: Time,
    /// Length of the window.
    pub duration_hours: u8,
    /// IANA name of the zone whose wall clock the region lives by. This is our reading of the region's name.
    pub zone_name: &'static str,
    /// The publication that has it first.
    pub since: Edition,
}

const fn region(
    name: &'static str,
    start_utc: (i8, i8),
    published_local_hour: i8,
    duration_hours: u8,
    zone_name: &'static str,
    since: Edition,
) -> Region {
    let start_utc = time(start_utc.0, start_utc.1, 0, 0);
    let published_local = time(published_local_hour, 0, 0, 0);
    Region { name, start_utc, published_local, duration_hours, zone_name, since }
}

/// Mendix documentation, "Backups", table of nightly windows: seven regions in 2021, ten more in 2026.
const REGIONS: [Region; 17] = {
    use Edition::{Y2021, Y2026};
    [
        region("Dublin", (23, 0), 0, 3, "Europe/Dublin", Y2021),
        region("Frankfurt", (0, 0), 1, 3, "Europe/Berlin", Y2021),
        region("London", (23, 0), 23, 2, "Europe/London", Y2021),
        region("Oregon", (7, 0), 0, 1, "America/Los_Angeles", Y2021),
        region("Singapore", (17, 0), 1, 1, "Asia/Singapore", Y2021),
        region("Tokyo", (16, 0), 1, 1, "Asia/Tokyo", Y2021),
        region("N. Virginia", (5, 0), 0, 4, "America/New_York", Y2021),
        region("Bahrain", (3, 0), 6, 1, "Asia/Bahrain", Y2026),
        region("Canada", (5, 0), 0, 1, "America/Toronto", Y2026),
        region("Cape Town", (2, 0), 4, 1, "Africa/Johannesburg", Y2026),
        region("Jakarta", (0, 0), 7, 1, "Asia/Jakarta", Y2026),
        region("Mumbai", (19, 30), 1, 1, "Asia/Kolkata", Y2026),
        region("Osaka", (0, 0), 9, 1, "Asia/Tokyo", Y2026),
        region("Sao Paulo", (0, 0), 21, 1, "America/Sao_Paulo", Y2026),
        region("Seoul", (0, 0), 9, 1, "Asia/Seoul", Y2026),
        region("Sydney", (7, 0), 17, 1, "Australia/Sydney", Y2026),
        region("UAE", (0, 0), 4, 1, "Asia/Dubai", Y2026),
    ]
};

impl Region {
    /// The regions that a publication lists.
    pub fn all(edition: Edition) -> impl Iterator<Item = Self> {
        REGIONS.into_iter().filter(move |region| edition == Edition::Y2026 || region.since == Edition::Y2021)
    }

    /// The region of this name in the publication of 2026; upper and lower case, spaces, dots and hyphens are alike.
    ///
    /// # Errors
    /// When there is none.
    ///
    /// ```
    /// use appsnap::retention::Region;
    ///
    /// assert_eq!(Region::named("n-virginia")?.zone_name, "America/New_York");
    /// # Ok::<(), appsnap::retention::Error>(())
    /// ```
    pub fn named(name: &str) -> Result<Self, Error> {
        let plain = |name: &str| -> String {
            name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).map(unaccented).collect()
        };
        let wanted = plain(name);
        REGIONS.into_iter().find(|region| plain(region.name) == wanted).ok_or_else(|| Error::unknown_region(name))
    }

    /// The zone whose wall clock the region lives by.
    ///
    /// # Errors
    /// When the bundled database does not hold it, which the tests of this crate rule out.
    pub fn zone(&self) -> Result<Zone, Error> {
        Zone::named(self.zone_name)
    }
}

const fn unaccented(letter: char) -> char {
    if letter == 'ã' { 'a' } else { letter }
}

pub(super) fn names() -> String {
    REGIONS.map(|region| region.name).join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_region_has_a_zone_and_is_found_by_its_name() {
        for region in Region::all(Edition::Y2026) {
            assert!(region.zone().is_ok(), "{}", region.name);
            assert_eq!(Region::named(region.name).unwrap(), region);
        }
        assert_eq!(Region::all(Edition::Y2021).count(), 7);
        assert_eq!(Region::named("são paulo").unwrap().name, "Sao Paulo");
        assert!(Region::named("Atlantis").unwrap_err().is_unknown_name());
    }
}
