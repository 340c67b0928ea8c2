//! The differences if a policy is replaced by another: [`PolicyChange`].

use jiff::Timestamp;

use super::super::error::Error;
use super::decision::{Decision, RetentionPlan};

/// The effect of replacing a policy by another on a set of backups. Created by [`RetentionPlan::change_to`].
#[derive(Debug)]
#[non_exhaustive]
pub struct PolicyChange<'p, Id> {
    /// The backups that the new policy deletes although the old one keeps them longer, the first to go first.
    pub earlier: Vec<ChangedBackup<'p, Id>>,
    /// The backups that the new policy keeps longer than the old one, in the caller's order.
    pub later: Vec<ChangedBackup<'p, Id>>,
}

/// A backup that two policies keep for different times.
#[derive(Debug)]
#[non_exhaustive]
pub struct ChangedBackup<'p, Id> {
    /// The decision of the old policy.
    pub before: Decision<'p, Id>,
    /// The decision of the new policy.
    pub after: Decision<'p, Id>,
    /// The instant at which the new policy deletes the backup: that of the plan if it does so at once. `None` if it is
    /// unknown or never.
    pub goes_at: Option<Timestamp>,
}

impl<Id> RetentionPlan<'_, Id> {
    /// Returns what changes if the policy of this plan is replaced by that of another plan for the same backups.
    ///
    /// A backup that a rule which counts keeps goes at an unknown time, which is taken to be later than every known one.
    ///
    /// # Errors
    /// Returns an error if the plans are for different backups or instants.
    ///
    /// ```
    /// use appsnap::retention::{Backup, presets};
    ///
    /// let (old, new) = (presets::mendix_cloud_2021(), presets::mendix_cloud());
    /// let backups = [("a", "2026-11-01T01:00:00Z"), ("b", "2026-11-19T01:00:00Z")]
    ///     .map(|(id, at)| Backup::new(id, at.parse().unwrap()).with_bytes(1000));
    /// let now = "2026-11-20T00:00:00Z".parse()?;
    /// let (before, after) = (old.plan(&backups, now), new.plan(&backups, now));
    /// let change = before.change_to(&after)?;
    /// let dates: Vec<_> = change.earlier.iter().map(|changed| changed.goes_at.unwrap().to_string()).collect();
    /// assert_eq!(dates, ["2026-11-20T00:00:00Z", "2026-12-03T01:00:00Z"]);
    /// assert!(change.later.is_empty());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn change_to<'p>(&'p self, new: &'p RetentionPlan<'_, Id>) -> Result<PolicyChange<'p, Id>, Error> {
        if !std::ptr::eq(self.backups(), new.backups()) || self.now() != new.now() {
            return Err(Error::misuse("the plans are for different backups or instants: compare plans of one set"));
        }
        let mut change = PolicyChange { earlier: Vec::new(), later: Vec::new() };
        for (before, after) in self.decisions().zip(new.decisions()) {
            let (end_before, goes_at) = (end(&before), end(&after));
            let changed = ChangedBackup { before, after, goes_at };
            match (end_before, goes_at) {
                (_, Some(goes_at)) if before.keeps() && end_before.is_none_or(|end| goes_at < end) => {
                    change.earlier.push(changed);
                }
                (Some(end), goes_at) if after.keeps() && goes_at.is_none_or(|goes_at| end < goes_at) => {
                    change.later.push(changed);
                }
                _ => {}
            }
        }
        change.earlier.sort_by_key(|changed| changed.goes_at);
        Ok(change)
    }
}

/// The instant at which a backup goes, if it is known.
fn end<Id>(decision: &Decision<'_, Id>) -> Option<Timestamp> {
    if decision.keeps() { decision.goes_at() } else { Some(decision.now()) }
}
