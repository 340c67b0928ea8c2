//! The policies of Proxmox Backup Server.

use super::super::calendar::Calendar;
use super::super::error::Error;
use super::super::period::Period;
use super::super::policy::data::Policy;
use super::super::policy::rule::Rule;
use super::super::policy::{Count, Counting, Guard, Keep, Select, Unit};
use super::notation::assignments;

const KNOWN: &str = "last, hourly, daily, weekly, monthly, yearly";

/// The rules in the order in which they are applied. `last` counts seconds: snapshots of one second are one.
const RULES: [(&str, Unit); 6] = [
    ("last", Unit::Second),
    ("hourly", Unit::Hour),
    ("daily", Unit::Day),
    ("weekly", Unit::Week),
    ("monthly", Unit::Month),
    ("yearly", Unit::Year),
];

/// Returns the policy of Proxmox Backup Server with these `keep-` options: `last=n`, `hourly=n`, `daily=n`, `weekly=n`,
/// `monthly=n`, `yearly=n`.
///
/// It decides like `pbs-datastore/src/prune.rs` (2025). Rules are applied from fine to coarse, and skip the buckets that
/// contain a kept snapshot. Protected snapshots stay and are not counted. An unfinished snapshot stays only if it is the
/// newest of all. Without options, everything stays. The server counts in its own time zone; here it is UTC unless
/// [`Policy::in_zone`] changes it.
///
/// # Errors
/// Returns an error with the wrong option and its position.
///
/// ```
/// use appsnap::retention::presets;
///
/// assert_eq!(presets::proxmox("last=3,daily=7")?.rules().len(), 2);
/// # Ok::<(), appsnap::retention::Error>(())
/// ```
pub fn proxmox(options: &str) -> Result<Policy, Error> {
    parse(options, options)
}

pub(super) fn parse(whole: &str, text: &str) -> Result<Policy, Error> {
    let mut policy = Policy::new(format!("proxmox:{text}"))
        .with_calendar(Calendar::utc().with_civil_days())
        .with_counting(Counting::SkipKeptBuckets)
        .with_guards([Guard::Protected, Guard::NewestUnfinished { count: 1, younger_than: Period::default() }]);
    let options = assignments(whole, text, &[])?;
    if let Some(unknown) = options.iter().find(|option| RULES.iter().all(|(word, _)| *word != option.key)) {
        return Err(unknown.wrong_key(KNOWN));
    }
    for (word, unit) in RULES {
        let Some(option) = options.iter().find(|option| option.key == word) else { continue };
        let count = option.count(&[])?;
        if count != Count::AtMost(0) {
            policy = policy.with_rule(Rule::new(word, Keep::Last(count)).with_select(Select::newest_of(unit)));
        }
    }
    Ok(policy)
}
