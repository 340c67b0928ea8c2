//! Whose days are counted: [`Calendar`], a time zone and the reading of "the day" of a backup in it.

use std::fmt;

use jiff::civil::{Time, Weekday};
use jiff::tz::{TimeZone, TimeZoneDatabase};
use serde::de::{Deserializer, Error as _};
use serde::ser::Serializer;
use serde::{Deserialize, Serialize};

use super::{Error, names};

/// Whose wall clock a calendar reads.
///
/// In JSON an IANA name (`"Europe/Dublin"`, `"UTC"`) or `"stamped"`. Names are looked up in the database that is
/// compiled in, never in the machine's.
///
/// ```
/// use appsnap::retention::{ErrorKind, Zone};
///
/// assert_eq!(Zone::named("europe/dublin")?.to_string(), "Europe/Dublin");
/// assert!(matches!(Zone::named("Europe/Nowhere").unwrap_err().kind(), ErrorKind::UnknownZone { .. }));
/// # Ok::<(), appsnap::retention::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Zone {
    /// One time zone for all backups.
    Named(TimeZone),
    /// The offset that each backup was stamped with, UTC where none is known. This is how restic buckets.
    Stamped,
}

impl Zone {
    /// Coordinated universal time.
    pub const UTC: Self = Self::Named(TimeZone::UTC);

    /// The zone with this IANA name, upper or lower case.
    ///
    /// # Errors
    /// When the bundled database does not hold it.
    pub fn named(name: &str) -> Result<Self, Error> {
        TimeZoneDatabase::bundled().get(name).map(Self::Named).map_err(|_| Error::unknown_zone(name))
    }

    /// The time zone to show instants in.
    pub(super) fn for_people(&self) -> TimeZone {
        match self {
            Self::Named(zone) => zone.clone(),
            Self::Stamped => TimeZone::UTC,
        }
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Named(zone) => f.write_str(zone.iana_name().unwrap_or("UTC")),
            Self::Stamped => f.write_str("stamped"),
        }
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
        if name == "stamped" { Ok(Self::Stamped) } else { Self::named(&name).map_err(D::Error::custom) }
    }
}

/// Which day a backup belongs to.
///
/// ```
/// use appsnap::retention::{Backup, Calendar, Day, Expiry, Zone, presets};
///
/// // Two in the morning of a Monday: the night of Sunday, but not the date of one.
/// let backup = Backup::new("b", "2026-11-09T02:00:00Z".parse()?);
/// let nights = presets::mendix_cloud();
/// let dates = presets::mendix_cloud().with_calendar(Calendar::new(Zone::UTC).with_day(Day::Civil));
/// assert_eq!(nights.expires_at(&backup), Some(Expiry::At("2027-02-09T02:00:00Z".parse()?)));
/// assert_eq!(dates.expires_at(&backup), Some(Expiry::At("2026-11-23T02:00:00Z".parse()?)));
/// # Ok::<(), jiff::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Day {
    /// The date on the wall clock. Where clocks change at night, a Sunday can have no nightly run, or two.
    Civil,
    /// The night of a date: from this time of day on that date until the same on the next. With noon, every date has
    /// exactly one night in every region and season, and a run after midnight counts for the evening before.
    NightOf(Time),
}

impl Default for Day {
    /// The night of a date, from noon to noon.
    fn default() -> Self {
        Self::NightOf(Time::midnight() + jiff::SignedDuration::from_hours(12))
    }
}

/// What adding months to the 29th, 30th or 31st does in a shorter month.
///
/// ```
/// use appsnap::retention::{Backup, Calendar, Expiry, Keep, MonthEnd, Period, Policy, Rule, Zone};
///
/// let rule = || Rule::new("quarter", Keep::span(Period::months(3)));
/// let backup = Backup::new("b", "2026-11-30T02:00:00Z".parse()?);
/// let go = Calendar::new(Zone::UTC).with_months(MonthEnd::Normalise);
/// let clamped = Policy::new("ours").with_rule(rule()).expires_at(&backup);
/// let normalised = Policy::new("go's").with_rule(rule()).with_calendar(go).expires_at(&backup);
/// assert_eq!(clamped, Some(Expiry::At("2027-02-28T02:00:00Z".parse()?)));
/// assert_eq!(normalised, Some(Expiry::At("2027-03-02T02:00:00Z".parse()?)));
/// # Ok::<(), jiff::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum MonthEnd {
    /// Ends on the last day of the month: 30 November and three months are 28 February.
    #[default]
    Clamp,
    /// Runs over into the next month, as Go's `AddDate` does: 30 November and three months are 2 March, but
    /// 1 December and three months are 1 March. Only for answers that must equal such a program's.
    Normalise,
}

/// How instants become days, weeks and months.
///
/// ```
/// use appsnap::retention::{Calendar, Day, Zone};
///
/// let calendar = Calendar::new(Zone::named("Europe/Dublin")?).with_day(Day::Civil);
/// assert_eq!(calendar.zone().to_string(), "Europe/Dublin");
/// # Ok::<(), appsnap::retention::Error>(())
/// ```
///
/// # JSON
/// ```json
/// {"zone": "Europe/Dublin", "day": {"night-of": "12:00:00"}, "week_start": "monday", "months": "clamp"}
/// ```
/// `day` may also be `"civil"`, `months` also `"normalise"`. Every member may be absent; the defaults are those of
/// [`Calendar::default`].
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
    /// UTC, nights from noon to noon, weeks from Monday, months clamped.
    fn default() -> Self {
        Self { zone: Zone::UTC, day: Day::default(), week_start: Weekday::Monday, months: MonthEnd::Clamp }
    }
}

impl Calendar {
    /// The default calendar in `zone`.
    #[must_use]
    pub fn new(zone: Zone) -> Self {
        Self { zone, ..Self::default() }
    }

    /// Replaces the zone.
    #[must_use]
    pub fn with_zone(mut self, zone: Zone) -> Self {
        self.zone = zone;
        self
    }

    /// Chooses which day a backup belongs to. Default: the night of, from noon to noon.
    #[must_use]
    pub fn with_day(mut self, day: Day) -> Self {
        self.day = day;
        self
    }

    /// Chooses the first day of the week. Default: Monday, as in ISO 8601.
    #[must_use]
    pub fn with_week_start(mut self, week_start: Weekday) -> Self {
        self.week_start = week_start;
        self
    }

    /// Chooses what adding months does at the end of a month. Default: [`MonthEnd::Clamp`].
    #[must_use]
    pub fn with_months(mut self, months: MonthEnd) -> Self {
        self.months = months;
        self
    }

    /// Whose wall clock is read.
    #[must_use]
    pub const fn zone(&self) -> &Zone {
        &self.zone
    }

    /// Which day a backup belongs to.
    #[must_use]
    pub const fn day(&self) -> Day {
        self.day
    }

    /// The first day of the week.
    #[must_use]
    pub const fn week_start(&self) -> Weekday {
        self.week_start
    }

    /// What adding months does at the end of a month.
    #[must_use]
    pub const fn months(&self) -> MonthEnd {
        self.months
    }
}
