//! The nightly windows of the regions of Mendix Cloud, as published in 2021 and in 2026: [`Region`].

use jiff::civil::{Time, time};

use super::super::Error;

/// A region of Mendix Cloud, and the window in which its nightly backups are taken.
///
/// A nightly backup "can be backed up at any time during this period", and only while the app is deployed and running.
/// One that fails is tried twice more.
///
/// ```
/// use appsnap::retention::schedule::Region;
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
    /// The start of the window in UTC, in summer and winter.
    pub start_utc: Time,
    /// The start of the window in local time, as published. Some are in summer time and others in winter time: do not
    /// compute with them.
    pub published_local: Time,
    /// The length of the window.
    pub duration_hours: u8,
    /// The IANA name of the region's time zone. This is our reading of the region's name.
    pub zone_name: &'static str,
    /// The year of the first publication that lists the region: 2021 or 2026.
    pub published_year: u16,
}

const fn region(
    name: &'static str,
    start_utc: (i8, i8),
    published_local_hour: i8,
    duration_hours: u8,
    zone_name: &'static str,
    published_year: u16,
) -> Region {
    let start_utc = time(start_utc.0, start_utc.1, 0, 0);
    let published_local = time(published_local_hour, 0, 0, 0);
    Region { name, start_utc, published_local, duration_hours, zone_name, published_year }
}

/// Mendix documentation, "Backups", table of nightly windows: seven regions in 2021, ten more in 2026.
const REGIONS: [Region; 17] = [
    region("Dublin", (23, 0), 0, 3, "Europe/Dublin", 2021),
    region("Frankfurt", (0, 0), 1, 3, "Europe/Berlin", 2021),
    region("London", (23, 0), 23, 2, "Europe/London", 2021),
    region("Oregon", (7, 0), 0, 1, "America/Los_Angeles", 2021),
    region("Singapore", (17, 0), 1, 1, "Asia/Singapore", 2021),
    region("Tokyo", (16, 0), 1, 1, "Asia/Tokyo", 2021),
    region("N. Virginia", (5, 0), 0, 4, "America/New_York", 2021),
    region("Bahrain", (3, 0), 6, 1, "Asia/Bahrain", 2026),
    region("Canada", (5, 0), 0, 1, "America/Toronto", 2026),
    region("Cape Town", (2, 0), 4, 1, "Africa/Johannesburg", 2026),
    region("Jakarta", (0, 0), 7, 1, "Asia/Jakarta", 2026),
    region("Mumbai", (19, 30), 1, 1, "Asia/Kolkata", 2026),
    region("Osaka", (0, 0), 9, 1, "Asia/Tokyo", 2026),
    region("Sao Paulo", (0, 0), 21, 1, "America/Sao_Paulo", 2026),
    region("Seoul", (0, 0), 9, 1, "Asia/Seoul", 2026),
    region("Sydney", (7, 0), 17, 1, "Australia/Sydney", 2026),
    region("UAE", (0, 0), 4, 1, "Asia/Dubai", 2026),
];

impl Region {
    /// Returns all regions. Some are only in the publication of 2026; see [`published_year`](Self::published_year).
    pub fn all() -> impl Iterator<Item = Self> {
        REGIONS.into_iter()
    }

    /// Returns the region with this name. Upper and lower case are the same, and spaces, dots and hyphens are ignored.
    ///
    /// # Errors
    /// Returns an error if there is none.
    ///
    /// ```
    /// use appsnap::retention::schedule::Region;
    ///
    /// assert_eq!(Region::named("n-virginia")?.zone_name, "America/New_York");
    /// # Ok::<(), appsnap::retention::Error>(())
    /// ```
    pub fn named(name: &str) -> Result<Self, Error> {
        let normalised = |name: &str| -> String {
            name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).map(unaccented).collect()
        };
        let wanted = normalised(name);
        let found = REGIONS.into_iter().find(|region| normalised(region.name) == wanted);
        found.ok_or_else(|| {
            let known = REGIONS.map(|region| region.name).join(", ");
            Error::unknown_name("region", name, format!("known are {known}"))
        })
    }
}

const fn unaccented(letter: char) -> char {
    if letter == 'ã' { 'a' } else { letter }
}

#[cfg(test)]
mod tests {
    use super::super::super::Calendar;
    use super::*;

    #[test]
    fn every_region_has_a_zone_and_is_found_by_its_name() {
        for region in Region::all() {
            assert!(Calendar::in_zone(region.zone_name).is_ok(), "{}", region.name);
            assert_eq!(Region::named(region.name).unwrap(), region);
        }
        assert_eq!(Region::all().filter(|region| region.published_year == 2021).count(), 7);
        assert_eq!(Region::named("são paulo").unwrap().name, "Sao Paulo");
        assert!(Region::named("Atlantis").is_err());
    }
}
