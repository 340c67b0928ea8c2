//! The clock on the wall that days are counted by: [`Calendar`].

use std::fmt;

use jiff::civil::{Time, Weekday, time};
use jiff::tz::{TimeZone, TimeZoneDatabase};
use serde::de::{Deserializer, Error as _};
use serde::ser::Serializer;
use serde::{Deserialize, Serialize};

use super::{Error, names};

/// The rules by which a policy assigns backups to days, weeks and months, and adds months to a date.
///
/// ```
/// use appsnap::retention::{Backup, Calendar, plan::Expiry, presets};
///
/// // Two in the morning of a Monday is the night of Sunday, but its date is not a Sunday.
/// let backup = Backup::new("b", "2026-11-09T02:00:00Z".parse()?);
/// let expiry = |calendar| presets::mendix_cloud().with_calendar(calendar).expires_at(&backup);
/// assert_eq!(expiry(Calendar::utc().with_nights()), Some(Expiry::At("2027-02-09T02:00:00Z".parse()?)));
/// assert_eq!(expiry(Calendar::utc()), Some(Expiry::At("2026-11-23T02:00:00Z".parse()?)));
/// # Ok::<(), appsnap::jiff::Error>(())
/// ```
///
/// # JSON
/// ```json
/// {"zone": "Europe/Dublin", "day": {"night-of": "12:00:00"}, "week_start": "monday", "months": "clamp",
///  "expiry": "local"}
/// ```
/// Every member may be absent. `zone` is an IANA name, `"UTC"` (the default), or `"stamped"`. `day` is `"civil"` by
/// default. `months` can be `"normalise"`, and `expiry` can be `"utc"`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Calendar {
    zone: Zone,
    day: Day,
    #[serde(with = "names::weekday")]
    week_start: Weekday,
    months: MonthEnd,
    #[serde(skip_serializing_if = "ExpiryClock::is_local")]
    expiry: ExpiryClock,
}

impl Default for Calendar {
    fn default() -> Self {
        Self::utc()
    }
}

impl Calendar {
    const fn new(zone: Zone) -> Self {
        let (week_start, months, expiry) = (Weekday::Monday, MonthEnd::Clamp, ExpiryClock::Local);
        Self { zone, day: Day::Civil, week_start, months, expiry }
    }

    /// Creates a calendar in UTC. Days are dates, weeks start on Monday, and months are clamped.
    #[must_use]
    pub const fn utc() -> Self {
        Self::new(Zone::Named(TimeZone::UTC))
    }

    /// Creates a calendar in the time zone with this IANA name, otherwise like [`Calendar::utc`].
    ///
    /// Names are looked up in the time zone database that is compiled in, never in that of the machine. Upper and lower
    /// case are the same.
    ///
    /// # Errors
    /// Returns an error if the database does not contain the name.
    ///
    /// ```
    /// use appsnap::retention::Calendar;
    ///
    /// assert_eq!(Calendar::in_zone("europe/dublin")?.zone_name(), "Europe/Dublin");
    /// assert!(Calendar::in_zone("Europe/Nowhere").is_err());
    /// # Ok::<(), appsnap::retention::Error>(())
    /// ```
    pub fn in_zone(name: &str) -> Result<Self, Error> {
        Zone::named(name).map(Self::new)
    }

    /// Creates a calendar that reads each backup in the UTC offset of its own time stamp, otherwise like
    /// [`Calendar::utc`]. This is how restic counts. Backups whose offset is unknown are read in UTC.
    #[must_use]
    pub const fn stamped() -> Self {
        Self::new(Zone::Stamped)
    }

    /// Replaces the time zone. See [`Calendar::in_zone`].
    ///
    /// # Errors
    /// Returns an error if the database does not contain the name.
    pub fn with_zone(mut self, name: &str) -> Result<Self, Error> {
        self.zone = Zone::named(name)?;
        Ok(self)
    }

    /// Makes the day of a backup the date on the wall clock, which is the default.
    ///
    /// If clocks change at night, a Sunday can have no nightly run, or two of them.
    #[must_use]
    pub const fn with_civil_days(mut self) -> Self {
        self.day = Day::Civil;
        self
    }

    /// Makes the day of a backup the date on whose evening its night began. Nights last from noon to noon.
    ///
    /// Every date has exactly one night in every region and season, and a run after midnight belongs to the evening
    /// before.
    #[must_use]
    pub const fn with_nights(self) -> Self {
        self.with_nights_from(NOON)
    }

    /// Makes the day of a backup the date on which its night began: the night of a date lasts from this time of day on
    /// that date to the same time on the next date.
    #[must_use]
    pub const fn with_nights_from(mut self, start: Time) -> Self {
        self.day = Day::NightOf(start);
        self
    }

    /// Replaces the first day of the week. The default is Monday, as in ISO 8601.
    #[must_use]
    pub const fn with_week_start(mut self, week_start: Weekday) -> Self {
        self.week_start = week_start;
        self
    }

    /// Carries days that a shorter month does not have into the next month: 30 November plus three months is 2 March.
    ///
    /// This is how Go adds months, and programs written in it. By default the last day of the month is taken.
    #[must_use]
    pub const fn with_normalised_months(mut self) -> Self {
        self.months = MonthEnd::Normalise;
        self
    }

    /// Adds the days and months of an expiry date in UTC, so that it has the same time of day in UTC as the backup.
    ///
    /// By default they are added on the wall clock, and a date in summer keeps the local time of day of a backup in
    /// winter.
    #[must_use]
    pub const fn with_utc_expiry(mut self) -> Self {
        self.expiry = ExpiryClock::Utc;
        self
    }

    /// Returns the IANA name of the time zone, or `stamped`.
    #[must_use]
    pub fn zone_name(&self) -> &str {
        self.zone.name()
    }

    /// Returns the time zone, or `None` for [`Calendar::stamped`].
    #[must_use]
    pub const fn time_zone(&self) -> Option<&TimeZone> {
        match &self.zone {
            Zone::Named(zone) => Some(zone),
            Zone::Stamped => None,
        }
    }

    /// Returns the time of day at which nights begin, or `None` if days are dates on the wall clock.
    #[must_use]
    pub const fn night_start(&self) -> Option<Time> {
        match self.day {
            Day::Civil => None,
            Day::NightOf(start) => Some(start),
        }
    }

    /// Returns the first day of the week.
    #[must_use]
    pub const fn week_start(&self) -> Weekday {
        self.week_start
    }

    pub(super) const fn months(&self) -> MonthEnd {
        self.months
    }

    pub(super) const fn has_utc_expiry(&self) -> bool {
        matches!(self.expiry, ExpiryClock::Utc)
    }

    /// The time zone in which people see instants.
    pub(super) fn shown_zone(&self) -> TimeZone {
        self.time_zone().cloned().unwrap_or(TimeZone::UTC)
    }
}

/// The wall clock that a calendar reads.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Zone {
    Named(TimeZone),
    Stamped,
}

const STAMPED: &str = "stamped";

impl Zone {
    fn named(name: &str) -> Result<Self, Error> {
        TimeZoneDatabase::bundled()
            .get(name)
            .map(Self::Named)
            .map_err(|_| Error::unknown_name("time zone", name, "write an IANA name such as Europe/Amsterdam"))
    }

    fn name(&self) -> &str {
        match self {
            // Zones come from the database and have a name, except for UTC.
            Self::Named(zone) => zone.iana_name().unwrap_or("UTC"),
            Self::Stamped => STAMPED,
        }
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Serialize for Zone {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Zone {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        if name == STAMPED { Ok(Self::Stamped) } else { Self::named(&name).map_err(D::Error::custom) }
    }
}

const NOON: Time = time(12, 0, 0, 0);

/// The day that a backup belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Day {
    Civil,
    NightOf(Time),
}

/// The clock on which the days and months of an expiry date are added.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum ExpiryClock {
    Local,
    Utc,
}

impl ExpiryClock {
    const fn is_local(&self) -> bool {
        matches!(self, Self::Local)
    }
}

/// The date that adding months leads to if the month is too short.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum MonthEnd {
    Clamp,
    Normalise,
}
