//! Explanations as lines for people.

use std::fmt;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::super::names::weekday;
use super::super::plan::{Expiry, Reason};
use super::super::policy::Select;
use super::super::policy::rule::Rule;
use super::{Explanation, Miss, NeededBackup};

/// An instant in UTC, and on the wall clock of a zone if that is another.
struct InBoth<'a>(Timestamp, Option<&'a TimeZone>);

impl fmt::Display for InBoth<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(at, zone) = self;
        match zone {
            Some(zone) if zone.iana_name() != Some("UTC") => {
                write!(f, "{at} ({})", at.to_zoned((*zone).clone()).strftime("%a %Y-%m-%d %H:%M %Z"))
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
        writeln!(f, "  taken    {}, {}, {}", InBoth(backup.taken_at(), zone), backup.origin(), backup.status())?;
        match decision.expires_at() {
            Some(Expiry::At(at)) => writeln!(f, "  expires  {}", InBoth(at, zone))?,
            Some(Expiry::Never) => writeln!(f, "  expires  never")?,
            None => writeln!(f, "  expires  no rule gives a date")?,
        }
        for guard in decision.guards() {
            writeln!(f, "  guard    {}", guard.name())?;
        }
        if decision.is_kept_without_rules() {
            writeln!(f, "  guard    the policy has no rules")?;
        }
        for answer in &self.answers {
            write!(f, "  rule     {}: ", answer.rule.name())?;
            match &answer.answer {
                Ok(reason) => writeln!(f, "{}", ReasonText(reason, zone))?,
                Err(Miss::Expired(at)) => writeln!(f, "kept it until {}", InBoth(*at, zone))?,
                Err(miss) => writeln!(f, "{}", MissText(miss, answer.rule))?,
            }
        }
        if let Some(nearest) = self.nearest_miss() {
            writeln!(f, "  nearest  {}, of the rules that do not keep it", nearest.rule.name())?;
        }
        match self.download_before() {
            Some(at) => {
                let before = InBoth(at, zone);
                writeln!(f, "  advice   download it before {before} if it should outlive its rules")
            }
            None if decision.keeps() => Ok(()),
            None => writeln!(f, "  advice   download it now, if it still exists and should stay"),
        }
    }
}

struct ReasonText<'a>(&'a Reason<'a>, Option<&'a TimeZone>);

impl fmt::Display for ReasonText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(reason, zone) = self;
        f.write_str("keeps it")?;
        if let Some(bucket) = reason.bucket() {
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

struct MissText<'a, 'p, Id>(&'a Miss<'p, Id>, &'a Rule);

impl<Id: fmt::Display> fmt::Display for MissText<'_, '_, Id> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(miss, rule) = self;
        match miss {
            Miss::Expired(at) => write!(f, "kept it until {at}"),
            Miss::Origin(wanted) => write!(f, "covers {wanted} backups only"),
            Miss::Status(wanted) => write!(f, "covers {wanted} backups only"),
            Miss::Tags(tags) => write!(f, "covers backups with the tags {} only", tags.join(", ")),
            Miss::Day { is, needed: None, .. } => {
                write!(f, "selects {}; this is {is}, and its month has none", Days(rule.select()))
            }
            Miss::Day { is, needed: Some(needed), found } => {
                write!(f, "selects {}; this is {is}, needed is {needed}, {found}", Days(rule.select()))
            }
            Miss::SetAside(guard) => write!(f, "does not count what the guard {} holds", guard.name()),
            Miss::TooOld(cutoff) => write!(f, "reaches back to {cutoff} only"),
            Miss::BucketTaken { bucket, by } => write!(f, "has {} for {bucket}", by.id()),
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
            Select::NthWeekday { nth, weekday: day } => {
                let day = weekday::name(day);
                let ordinal = match nth {
                    1 => "first",
                    2 => "second",
                    3 => "third",
                    4 => "fourth",
                    5 => "fifth",
                    -1 => "last",
                    _ => return write!(f, "{day} number {} from the end of the month", nth.unsigned_abs()),
                };
                write!(f, "the {ordinal} {day} of the month")
            }
            Select::Every | Select::Bucket { .. } => f.write_str("other days"),
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
