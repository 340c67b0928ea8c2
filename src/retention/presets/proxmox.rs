//! The policies of Proxmox Backup Server's prune.

use std::str::FromStr;

use super::super::{Calendar, Count, Counting, Day, Error, Guard, Keep, Period, Policy, Rule, Select, Unit, Zone};
use super::notation::options;

const KNOWN: &str = "last, hourly, daily, weekly, monthly, yearly";

/// The rules in the order in which they are asked. `last` counts seconds: snapshots of one second are one.
const RULES: [(&str, Unit); 6] = [
    ("last", Unit::Second),
    ("hourly", Unit::Hour),
    ("daily", Unit::Day),
    ("weekly", Unit::Week),
    ("monthly", Unit::Month),
    ("yearly", Unit::Year),
];

/// The `keep-` options of Proxmox Backup Server, as the text behind `proxmox:`: `last=n`, `hourly=n`, `daily=n`,
/// `weekly=n`, `monthly=n`, `yearly=n`.
///
/// Answers follow `pbs-datastore/src/prune.rs` (2025): rules are asked from fine to coarse, and a bucket that already
/// holds a kept snapshot is passed over; protected snapshots stay and are not counted; of unfinished ones only the
/// newest snapshot of all stays. The server reads its own zone; here it is UTC unless [`Policy::with_calendar`] says
/// otherwise. Without any option everything stays.
///
/// ```
/// use appsnap::retention::presets::Proxmox;
///
/// let options: Proxmox = "last=3,daily=7".parse()?;
/// assert_eq!(options.policy().rules().len(), 2);
/// # Ok::<(), appsnap::retention::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct Proxmox {
    rules: [Option<Count>; 6],
}

impl Proxmox {
    pub(super) fn parse_in(whole: &str, text: &str) -> Result<Self, Error> {
        let mut proxmox = Self::default();
        for option in options(whole, text, &[])? {
            let number = RULES.iter().position(|(known, _)| *known == option.key);
            let slot =
                number.and_then(|number| proxmox.rules.get_mut(number)).ok_or_else(|| option.wrong_key(KNOWN))?;
            *slot = Some(option.count(&[])?);
        }
        Ok(proxmox)
    }

    /// The policy that answers as the program with these options does.
    #[must_use]
    pub fn policy(&self) -> Policy {
        let mut policy = Policy::new("proxmox")
            .with_calendar(Calendar::new(Zone::UTC).with_day(Day::Civil))
            .with_counting(Counting::SkipKeptBuckets)
            .with_guards([Guard::Protected, Guard::NewestUnfinished { count: 1, younger_than: Period::default() }]);
        for ((word, unit), count) in RULES.into_iter().zip(self.rules) {
            if let Some(count) = count.filter(|count| *count != Count::AtMost(0)) {
                policy = policy.with_rule(Rule::new(word, Keep::Last(count)).with_select(Select::newest_of(unit)));
            }
        }
        policy
    }
}

impl FromStr for Proxmox {
    type Err = Error;

    /// Reads the options, without `proxmox:` in front.
    ///
    /// # Errors
    /// Names the option that is wrong and its place.
    fn from_str(text: &str) -> Result<Self, Error> {
        Self::parse_in(text, text)
    }
}
