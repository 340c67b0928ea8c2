//! The date on which a backup goes, as far as it depends on that backup alone: a platform's "expires on".

use std::fmt;

use jiff::Timestamp;
use jiff::tz::Offset;

use super::backup::Backup;
use super::civil::Local;
use super::clock::Clock;
use super::keep::{Anchor, Keep};
use super::plan::Plan;
use super::policy::Policy;
use super::rule::Rule;

/// Until when a backup is kept.
///
/// ```
/// use appsnap::retention::{Backup, Expiry, Keep, Policy, Rule};
///
/// let policy = Policy::new("archive").with_rule(Rule::new("all", Keep::Forever));
/// let expiry = policy.expires_at(&Backup::new("b", "2026-11-20T02:00:00Z".parse()?));
/// assert_eq!((expiry, expiry.and_then(Expiry::at)), (Some(Expiry::Never), None));
/// # Ok::<(), jiff::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Expiry {
    /// It goes at this instant.
    At(Timestamp),
    /// It never goes: a rule keeps it for good.
    Never,
}

impl Expiry {
    /// The instant, where there is one.
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

/// The date that `rule` gives `backup` by itself; none where it does not cover it or looks at other backups.
pub(super) fn alone<Id>(rule: &Rule, backup: &Backup<Id>, clock: &mut Clock) -> Option<Expiry> {
    if rule.looks_at_others() || !rule.from().covers(backup) {
        return None;
    }
    let (at, stamped) = (backup.taken_at(), backup.offset());
    if rule.select().asks_for_a_day() && !rule.select().is_day(clock.day(at, stamped)) {
        return None;
    }
    match rule.keep() {
        Keep::Forever => Some(Expiry::Never),
        keep => date(clock, keep, at, stamped).map(Expiry::At),
    }
}

/// When a rule that gives a date lets a backup go.
pub(super) fn date(clock: &mut Clock, keep: &Keep, at: Timestamp, stamped: Option<Offset>) -> Option<Timestamp> {
    let Keep::For { span, anchor } = keep else { return None };
    let local = clock.local(at, stamped);
    let from = match anchor {
        Anchor::Created => local,
        Anchor::PreviousDay => Local { day: local.day - 1, ..local },
        Anchor::StartOfDay => {
            let day = clock.day(at, stamped);
            let start = clock.start_of(day, stamped);
            clock.local(start, stamped)
        }
    };
    Some(clock.after(from, *span, stamped))
}

impl Policy {
    /// When the policy lets a backup go, judged by that backup alone: the latest date of the rules that cover it and
    /// look at nothing else.
    ///
    /// This is what a platform prints as "expires on". It may be past. None where no such rule covers the backup, as
    /// with rules that count or that keep one of each bucket: those need [`Policy::plan`].
    ///
    /// Months are calendar months on the calendar's wall clock and keep the time of day: from 3:18 on 3 December three
    /// months reach to 3:18 on 3 March, and from the 31st to the last day of a shorter month. Where that time is
    /// skipped because clocks are set forward, the instant is as much later; where it comes twice, it is the first.
    ///
    /// A later backup never goes on an earlier date. Because the time of day is kept, the order of instants can turn
    /// in two places: among backups of the 29th to the 31st that end on the same last day of a month, and among those
    /// within the hour that clocks repeat or skip.
    ///
    /// ```
    /// use appsnap::retention::{Backup, Expiry, Origin, presets};
    ///
    /// let manual = Backup::new("m", "2020-02-18T16:00:18Z".parse()?).with_origin(Origin::Manual);
    /// let expiry = presets::mendix_cloud_2021().expires_at(&manual);
    /// assert_eq!(expiry, Some(Expiry::At("2020-05-18T16:00:18Z".parse()?)));
    /// # Ok::<(), jiff::Error>(())
    /// ```
    #[must_use]
    pub fn expires_at<Id>(&self, backup: &Backup<Id>) -> Option<Expiry> {
        let mut clock = Clock::new(self.calendar());
        self.rules().iter().filter_map(|rule| alone(rule, backup, &mut clock)).max()
    }
}

/// A backup that will go soon.
///
/// ```
/// use appsnap::retention::{Backup, Period, presets};
///
/// let policy = presets::mendix_cloud();
/// let backups = [Backup::new("nightly", "2026-11-10T01:00:00Z".parse()?)];
/// let plan = policy.plan(&backups, "2026-11-20T00:00:00Z".parse()?);
/// for soon in plan.expiring(Period::weeks(1)) {
///     println!("{}: {} lets it go at {}", soon.backup.id(), soon.rule.name(), soon.expires_at);
/// }
/// assert!(plan.expiring(Period::days(1)).is_empty());
/// # Ok::<(), jiff::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Expiring<'p, Id> {
    /// The backup that goes.
    pub backup: &'p Backup<Id>,
    /// The rule that keeps it longest.
    pub rule: &'p Rule,
    /// When it goes: download it before, if it should stay.
    pub expires_at: Timestamp,
}

impl<Id> Plan<'_, Id> {
    /// The backups that are still kept and go within `span` from now, the soonest first.
    ///
    /// Left out are those that a guard, a rule without a date or a rule that counts keeps beyond that: nobody knows
    /// when those go.
    ///
    /// ```
    /// use appsnap::retention::{Backup, Period, presets};
    ///
    /// let policy = presets::mendix_cloud();
    /// let backups = [Backup::new("nightly", "2026-11-10T01:00:00Z".parse()?)];
    /// let plan = policy.plan(&backups, "2026-11-20T00:00:00Z".parse()?);
    /// let soon = plan.expiring(Period::weeks(1));
    /// assert_eq!(soon[0].expires_at, "2026-11-24T01:00:00Z".parse()?);
    /// # Ok::<(), jiff::Error>(())
    /// ```
    #[must_use]
    pub fn expiring(&self, span: super::Period) -> Vec<Expiring<'_, Id>> {
        let mut clock = Clock::new(self.policy().calendar());
        let local = clock.local(self.now(), None);
        let horizon = clock.after(local, span, None);
        let mut soon: Vec<Expiring<'_, Id>> = self
            .kept()
            .filter(|decision| decision.guards().next().is_none())
            .filter_map(|decision| {
                let dates: Option<Vec<_>> =
                    decision.reasons().map(|reason| Some((reason.expires_at()?, reason.rule()))).collect();
                let (expires_at, rule) = dates?.into_iter().max_by_key(|(at, _)| *at)?;
                (expires_at <= horizon).then_some(Expiring { backup: decision.backup(), rule, expires_at })
            })
            .collect();
        soon.sort_by_key(|expiring| expiring.expires_at);
        soon
    }
}
