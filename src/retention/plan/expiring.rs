//! The backups of a plan that go soon.

use super::super::clock::Clock;
use super::super::period::Period;
use super::decision::{Decision, RetentionPlan};

impl<Id> RetentionPlan<'_, Id> {
    /// Returns the decisions about backups that stay now and go within `span`, the first to go first.
    ///
    /// Backups are left out if the instant at which they go is unknown; see [`Decision::goes_at`].
    ///
    /// ```
    /// use appsnap::retention::{Backup, Period, presets};
    ///
    /// let policy = presets::mendix_cloud();
    /// let backups = [Backup::new("nightly", "2026-11-10T01:00:00Z".parse()?)];
    /// let plan = policy.plan(&backups, "2026-11-20T00:00:00Z".parse()?);
    /// let soon = plan.expiring(Period::weeks(1));
    /// assert_eq!(soon[0].goes_at(), Some("2026-11-24T01:00:00Z".parse()?));
    /// # Ok::<(), appsnap::jiff::Error>(())
    /// ```
    #[must_use]
    pub fn expiring(&self, span: Period) -> Vec<Decision<'_, Id>> {
        let clock = Clock::new(self.policy().calendar());
        let horizon = clock.after(clock.local(self.now(), None), span, None);
        let mut soon: Vec<_> = self
            .kept()
            .filter_map(|decision| Some((decision.goes_at()?, decision)))
            .filter(|(goes_at, _)| *goes_at <= horizon)
            .collect();
        soon.sort_by_key(|(goes_at, _)| *goes_at);
        soon.into_iter().map(|(_, decision)| decision).collect()
    }
}
