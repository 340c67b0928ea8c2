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
/// assert_eq!(expiry(Calendar::utc()), Some(Expiry::At("2027-02-09T02:00:00Z".parse()?)));
/// assert_eq!(expiry(Calendar::utc().with_civil_days()), Some(Expiry::At("2026-11-23T02:00:00Z".parse()?)));
/// # Ok::<(), appsnap::jiff::Error>(())
/// ```
///
/// # JSON
/// ```json
/// {"zone": "Europe/Dublin", "day": {"night-of": "12:00:00"}, "week_start": "monday", "months": "clamp"}
/// ```
/// Every member may be absent. `zone` is an IANA name, `"UTC"`, or `"stamped"`; `day` can be `"civil"`, and `months`
/// can be `"normalise"`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Calendar {
    zone: Zone,
    day: Day,
    #[serde(with = "names::weekday")]
    week_start: Weekday,
    months: MonthEnd,
}

impl Default for Calendar {
    fn default() -> Self {
        Self::utc()
    }
}

impl Calendar {
    const fn new(zone: Zone) -> Self {
        Self { zone, day: Day::NightOf(NOON), week_start: Weekday::Monday, months: MonthEnd::Clamp }
    }

    /// Creates a calendar in UTC, with nights from noon to noon, weeks from Monday, and months that are clamped.
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

    /// Makes the day of a backup the date on the wall clock.
    ///
    /// If clocks change at night, a Sunday can have no nightly run, or two of them.
    #[must_use]
    pub const fn with_civil_days(mut self) -> Self {
        self.day = Day::Civil;
        self
    }

    /// Makes the day of a backup the date on whose evening its night began: the night of a date lasts from this time of
    /// day on that date to the same time on the next date.
    ///
    /// From noon, which is the default, every date has exactly one night in every region and season, and a run after
    /// midnight belongs to the evening before.
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

/// The date that adding months leads to if the month is too short.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum MonthEnd {
    Clamp,
    Normalise,
}
