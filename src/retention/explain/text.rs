//! Explanations as lines for people.

use std::fmt;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::super::names::weekday;
use super::super::plan::{Expiry, Reason, day_text};
use super::super::policy::rule::Rule;
use super::super::policy::{Guard, Select};
use super::{Explanation, Miss, NeededBackup};

/// An instant in UTC, and on the wall clock of a zone if that is another.
struct InBoth<'a>(Timestamp, Option<&'a TimeZone>);

impl fmt::Display for InBoth<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(at, zone) = self;
        match zone {
            Some(zone) if zone.iana_name() != Some("UTC") => {
                write!(f, "{at} ({})", at.to_zoned((*zone).clone()).strftime("%a %Y-%m-%d %H:%M %:z"))
            }
            _ => at.fmt(f),
        }
    }
}

impl<Id: fmt::Display> fmt::Display for Explanation<'_, Id> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (decision, zone) = (self.decision, self.plan.policy().calendar().time_zone());
        let backup = decision.backup();
        let verdict = if decision.keeps() { "stays" } else { "goes" };
        writeln!(f, "{} {verdict} as of {}", backup.id(), self.plan.now())?;
        if let Some(series) = backup.series() {
            writeln!(f, "  series   {}", series.escape_debug())?;
        }
        writeln!(f, "  taken    {}, {}, {}", InBoth(backup.taken_at(), zone), backup.origin(), backup.status())?;
        match decision.expires_at() {
            Some(Expiry::At(at)) => writeln!(f, "  expires  {}", InBoth(at, zone))?,
            Some(Expiry::Never) => writeln!(f, "  expires  never")?,
            None => writeln!(f, "  expires  no rule gives a date")?,
        }
        if let Some(stated) = backup.stated_expiry() {
            let contradiction = if decision.contradicts_stated_expiry() { ", against the rules" } else { "" };
            writeln!(f, "  stated   {} by the platform{contradiction}", InBoth(stated, zone))?;
        }
        for guard in decision.guards() {
            match decision.legal_hold() {
                Some((owner, reason)) if matches!(guard, Guard::LegalHold | Guard::Hold { .. }) => {
                    let (owner, reason) = (owner.escape_debug(), reason.escape_debug());
                    writeln!(f, "  guard    {}, by {owner}: {reason}", guard.name())?;
                }
                _ => writeln!(f, "  guard    {}", guard.name())?,
            }
        }
        if decision.is_kept_without_rules() {
            writeln!(f, "  guard    the policy has no rules")?;
        }
        for (rule, answer) in self.answers() {
            write!(f, "  rule     {}: ", rule.name())?;
            match answer {
                Ok(reason) => writeln!(f, "{}", ReasonText(reason, zone))?,
                Err(Miss::Expired(at)) => writeln!(f, "kept it until {}", InBoth(*at, zone))?,
                Err(miss) => writeln!(f, "{}", MissText(miss, rule, decision.is_of_night()))?,
            }
        }
        if let Some((nearest, _)) = self.nearest_miss() {
            writeln!(f, "  nearest  {}, of the rules that do not keep it", nearest.name())?;
        }
        match decision.download_before() {
            Some(at) => {
                let before = InBoth(at, zone);
                writeln!(f, "  advice   download it before {before} if it should outlive its rules")
            }
            None if decision.keeps() || !backup.is_completed() => Ok(()),
            None => writeln!(f, "  advice   download it now, if it still exists and should stay"),
        }
    }
}

struct ReasonText<'a>(&'a Reason<'a>, Option<&'a TimeZone>);

impl fmt::Display for ReasonText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(reason, zone) = self;
        f.write_str("keeps it")?;
        if let Some(bucket) = reason.bucket_text() {
            write!(f, " for {bucket}")?;
        }
        if let Some(rank) = reason.rank() {
            write!(f, ", number {rank}")?;
        }
        if reason.is_oldest() {
            f.write_str(", as the oldest of all")?;
        }
        match reason.expires_at() {
            Some(at) => write!(f, " until {}", InBoth(at, *zone)),
            None => Ok(()),
        }
    }
}

/// A miss, its rule, and whether the backup belongs to the night of another date than its own.
struct MissText<'a, 'p, Id>(&'a Miss<'p, Id>, &'a Rule, bool);

impl<Id: fmt::Display> fmt::Display for MissText<'_, '_, Id> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(miss, rule, is_of_night) = self;
        let text = |day: &Date| day_text(*day, *is_of_night);
        match miss {
            Miss::Expired(at) => write!(f, "kept it until {at}"),
            Miss::Origin(wanted) => write!(f, "covers {wanted} backups only"),
            Miss::Status(wanted) => write!(f, "covers {wanted} backups only"),
            Miss::Tags(tags) => write!(f, "covers backups with the tags {} only", tags.join(", ")),
            Miss::Day { is, needed: None, .. } => {
                write!(f, "selects {}; this is {}, and its month has none", Days(rule.select()), text(is))
            }
            Miss::Day { is, needed: Some(needed), found } => {
                let (days, is, needed) = (Days(rule.select()), text(is), text(needed));
                write!(f, "selects {days}; this is {is}, needed is {needed}, {found}")
            }
            Miss::SetAside(guard) => write!(f, "does not count what the guard {} holds", guard.name()),
            Miss::TooOld(cutoff) => write!(f, "reaches back to {cutoff} only"),
            Miss::TooNew(at) => write!(f, "selects what was taken until {at} only"),
            Miss::WindowTaken(by) => write!(f, "has {} for the same window", by.id()),
            Miss::BucketTaken { bucket, by } => write!(f, "has {} for {}", by.id(), bucket.text(*is_of_night)),
            Miss::KeptEarlier => f.write_str("skips what an earlier rule keeps or has skipped"),
            Miss::CountUsedUp(count) => write!(f, "has its {count} newer ones"),
        }
    }
}

struct Days(Select);

impl fmt::Display for Days {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Select::Weekday(day) => write!(f, "every {}", weekday::name(day)),
            Select::NthWeekday { nth, weekday: day, month } => {
                let day = weekday::name(day);
                let month = month.and_then(|month| Date::new(2001, month, 1).ok());
                let month = month.map_or_else(|| "the month".to_owned(), |date| date.strftime("%B").to_string());
                let ordinal = match nth {
                    1 => "first",
                    2 => "second",
                    3 => "third",
                    4 => "fourth",
                    5 => "fifth",
                    -1 => "last",
                    _ => return write!(f, "{day} number {} from the end of {month}", nth.unsigned_abs()),
                };
                write!(f, "the {ordinal} {day} of {month}")
            }
            Select::Every
            | Select::Bucket { .. }
            | Select::Tiered { .. }
            | Select::Rolling { .. }
            | Select::OlderThan { .. } => f.write_str("other days"),
        }
    }
}

impl<Id: fmt::Display> fmt::Display for NeededBackup<'_, Id> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent => f.write_str("of which there is no backup"),
            Self::Ahead => f.write_str("which has not begun yet"),
            Self::Present(backup) => write!(f, "of which there is {}", backup.id()),
            Self::Failed(backup) => write!(f, "whose backup failed ({})", backup.id()),
            Self::Unfinished(backup) => write!(f, "whose backup is {} ({})", backup.status(), backup.id()),
            Self::OtherOrigin(backup) => {
                write!(f, "of which there is only the {} backup {}", backup.origin(), backup.id())
            }
            Self::OtherTags(backup) => write!(f, "of which there is only {}, without the tags", backup.id()),
        }
    }
}
