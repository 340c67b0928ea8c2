//! The date on which a backup goes, as far as it depends on that backup alone: [`Expiry`].

use std::fmt;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::Offset;

use super::super::backup::Backup;
use super::super::clock::{Clock, ExpiryFrom};
use super::super::policy::data::Policy;
use super::super::policy::rule::Rule;
use super::super::policy::{ExpiryStart, Keep, SpanEnd};
use super::rows::BackupRow;

/// The end of the time for which a backup is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Expiry {
    /// The backup goes at this instant.
    At(Timestamp),
    /// The backup never goes: a rule keeps it forever.
    Never,
}

impl Expiry {
    /// Returns the instant, or `None` for [`Expiry::Never`].
    #[must_use]
    pub const fn at(self) -> Option<Timestamp> {
        match self {
            Self::At(at) => Some(at),
            Self::Never => None,
        }
    }
}

impl fmt::Display for Expiry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::At(at) => at.fmt(f),
            Self::Never => f.write_str("never"),
        }
    }
}

/// Returns `true` if two dates are the same. Platforms cut or round fractions of a second.
pub(in super::super) fn agrees(stated: Timestamp, given: Timestamp) -> bool {
    stated.duration_since(given).unsigned_abs() < std::time::Duration::from_secs(1)
}

/// The date that a rule gives a backup, independent of other backups. `None` if the rule does not select it or depends
/// on others.
pub(in super::super) fn expiry_alone<Id>(rule: &Rule, backup: &Backup<Id>, clock: &mut Clock) -> Option<Expiry> {
    if rule.depends_on_others() || !rule.covers(backup) {
        return None;
    }
    let (at, offset) = (backup.taken_at(), backup.offset());
    let local = clock.local(at, offset);
    let day = clock.day(at, local);
    if !rule.select().admits_day(day) {
        return None;
    }
    match rule.keep() {
        Keep::Forever => Some(Expiry::Never),
        // As of another instant than now, there is no date.
        keep if keep.end() != Some(SpanEnd::Now) => None,
        keep => date(clock, keep, (at, local, day), (offset, backup.finished_at())).map(Expiry::At),
    }
}

/// The date until which a rule keeps a backup, if it keeps it for a time.
pub(super) fn expiry_date(
    clock: &Clock,
    keep: &Keep,
    row: &BackupRow,
    finished_at: Option<Timestamp>,
) -> Option<Timestamp> {
    date(clock, keep, (row.at, row.local, row.day), (row.offset, finished_at))
}

fn date(
    clock: &Clock,
    keep: &Keep,
    (at, local, day): (Timestamp, DateTime, Date),
    (stamped, finished_at): (Option<Offset>, Option<Timestamp>),
) -> Option<Timestamp> {
    let Keep::For { span, anchor, .. } = keep else { return None };
    let from = match anchor {
        ExpiryStart::Created => ExpiryFrom { at, local, is_day_before: false },
        ExpiryStart::Finished => {
            let end = finished_at.unwrap_or(at);
            ExpiryFrom { at: end, local: clock.local(end, stamped), is_day_before: false }
        }
        ExpiryStart::PreviousDay => ExpiryFrom { at, local, is_day_before: true },
        ExpiryStart::StartOfDay => {
            let start = clock.start_of(day, stamped);
            ExpiryFrom { at: start, local: clock.local(start, stamped), is_day_before: false }
        }
    };
    Some(clock.expiry(from, *span, stamped))
}

impl Policy {
    /// Returns the date on which the policy lets a backup go, independent of other backups: the latest date of the
    /// rules that cover it and that depend on nothing else. Platforms call it "expires on".
    ///
    /// The date can be past. `None` if there is no such rule: for rules that count, or that keep one backup of each
    /// bucket, use [`Policy::plan`].
    ///
    /// Months are calendar months on the wall clock of the calendar and keep the time of day: three months from 3:18 on
    /// 3 December end at 3:18 on 3 March, and from the 31st they end on the last day of a shorter month. If clocks are
    /// set forward over that time, the instant is as much later. If it occurs twice, the first is taken. See
    /// [`Calendar::with_utc_expiry`](crate::retention::Calendar::with_utc_expiry) for dates in UTC.
    ///
    /// A later backup never goes on an earlier date. The order of instants can differ in two cases, because the time of
    /// day is kept: for backups of the 29th to the 31st that end on the same last day of a month, and for backups
    /// within an hour that clocks repeat or skip.
    ///
    /// ```
    /// use appsnap::retention::{Backup, Origin, plan::Expiry, presets};
    ///
    /// let manual = Backup::new("m", "2020-02-18T16:00:18Z".parse()?).with_origin(Origin::Manual);
    /// let expiry = presets::mendix_cloud_2021().expires_at(&manual);
    /// assert_eq!(expiry, Some(Expiry::At("2020-05-18T16:00:18Z".parse()?)));
    /// # Ok::<(), appsnap::jiff::Error>(())
    /// ```
    #[must_use]
    pub fn expires_at<Id>(&self, backup: &Backup<Id>) -> Option<Expiry> {
        let mut clock = Clock::new(self.calendar());
        self.rules().iter().filter_map(|rule| expiry_alone(rule, backup, &mut clock)).max()
    }
}
