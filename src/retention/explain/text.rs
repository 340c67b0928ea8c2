//! Explanations and their parts as lines for people.

use std::fmt;

use jiff::Timestamp;

use super::super::calendar::Zone;
use super::super::expiry::Expiry;
use super::super::names::weekday;
use super::super::rule::{Rule, Select};
use super::{Answer, Explanation, Found, Miss};

/// An instant in UTC and on a zone's wall clock.
struct Both<'a>(Timestamp, &'a Zone);

impl fmt::Display for Both<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(at, zone) = self;
        match zone {
            Zone::Named(zone) if zone.iana_name() != Some("UTC") => {
                write!(f, "{at} ({})", at.to_zoned(zone.clone()).strftime("%a %Y-%m-%d %H:%M %Z"))
            }
            _ => at.fmt(f),
        }
    }
}

impl<Id: fmt::Display> fmt::Display for Explanation<'_, Id> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (decision, zone) = (self.decision, self.plan.policy().calendar().zone());
        let backup = decision.backup();
        let verdict = if decision.keeps() { "stays" } else { "goes" };
        writeln!(f, "{} {verdict} as of {}", backup.id(), self.plan.now())?;
        writeln!(
            f,
            "  taken    {}, {}, {}",
            Both(backup.taken_at(), zone),
            Word(backup.origin()),
            Word(backup.status())
        )?;
        match decision.expires_at() {
            Some(Expiry::At(at)) => writeln!(f, "  expires  {}", Both(at, zone))?,
            Some(Expiry::Never) => writeln!(f, "  expires  never")?,
            None => writeln!(f, "  expires  no rule gives a date")?,
        }
        for guard in decision.guards() {
            writeln!(f, "  guard    {}", guard.name())?;
        }
        if decision.is_kept_for_want_of_rules() {
            writeln!(f, "  guard    the policy has no rules")?;
        }
        for answer in &self.answers {
            write!(f, "  rule     {}: ", answer.rule.name())?;
            match &answer.answer {
                Answer::Keeps(reason) => {
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
                    if let Some(at) = reason.expires_at() {
                        write!(f, " until {}", Both(at, zone))?;
                    }
                    writeln!(f)?;
                }
                Answer::Expired(at) => writeln!(f, "kept it until {}", Both(*at, zone))?,
                Answer::Misses(miss) => writeln!(f, "{}", MissText(miss, answer.rule))?,
            }
        }
        if let Some(nearest) = self.nearest_miss() {
            writeln!(f, "  nearest  {}, of the rules that do not keep it", nearest.rule.name())?;
        }
        match self.download_before() {
            Some(at) => writeln!(f, "  advice   download it before {} if it should outlive its rules", Both(at, zone)),
            None if decision.keeps() => Ok(()),
            None => writeln!(f, "  advice   download it now, if it is still there and should stay"),
        }
    }
}

/// The word by which JSON knows a value.
struct Word<T>(T);

impl<T: serde::Serialize> fmt::Display for Word<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = serde_json::to_string(&self.0).map_err(|_| fmt::Error)?;
        f.write_str(word.trim_matches('"'))
    }
}

struct MissText<'a, 'p, Id>(&'a Miss<'p, Id>, &'a Rule);

impl<Id: fmt::Display> fmt::Display for MissText<'_, '_, Id> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(miss, rule) = self;
        match miss {
            Miss::Origin(wanted) => write!(f, "is about {} backups", Word(wanted)),
            Miss::Status(wanted) => write!(f, "is about {} backups", Word(wanted)),
            Miss::Tags(tags) => write!(f, "asks for the tags {}", tags.join(", ")),
            Miss::Day { is, needed: None, .. } => write!(f, "{} is not its day, and the month has none", is),
            Miss::Day { is, needed: Some(needed), found } => {
                write!(f, "is about {}; this is {is}, needed is {needed}, {found}", Days(rule.select()))
            }
            Miss::SetAside(guard) => write!(f, "does not count what the guard {} holds", guard.name()),
            Miss::TooOld(cutoff) => write!(f, "reaches back to {cutoff} only"),
            Miss::BucketTaken { bucket, by } => write!(f, "has {} for {bucket}", by.id()),
            Miss::KeptEarlier => f.write_str("passes over what an earlier rule keeps or has passed over"),
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
                let place = match nth {
                    1 => "first",
                    2 => "second",
                    3 => "third",
                    4 => "fourth",
                    5 => "fifth",
                    -1 => "last",
                    _ => return write!(f, "the {} number {nth} of the month", weekday::name(day)),
                };
                write!(f, "the {place} {} of the month", weekday::name(day))
            }
            Select::Every | Select::Bucket { .. } => f.write_str("other days"),
        }
    }
}

impl<Id: fmt::Display> fmt::Display for Found<'_, Id> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent => f.write_str("of which there is no backup"),
            Self::Ahead => f.write_str("which is still to come"),
            Self::Present(backup) => write!(f, "of which there is {}", backup.id()),
            Self::Failed(backup) => write!(f, "whose backup failed ({})", backup.id()),
            Self::Unfinished(backup) => write!(f, "whose backup is not done ({})", backup.id()),
            Self::OtherOrigin(backup) => {
                write!(f, "of which there is only {}, which is {}", backup.id(), Word(backup.origin()))
            }
            Self::OtherTags(backup) => write!(f, "of which there is only {}, without the tags", backup.id()),
        }
    }
}
