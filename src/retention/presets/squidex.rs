//! What Squidex keeps.

use super::super::{Guard, Keep, Policy, Rule};

const LIMIT_COUNT: u32 = 10;

/// Squidex as its product guide tells it: the last ten backups, older ones are deleted.
///
/// Source: Squidex documentation, "Backups", 2024.
///
/// ```
/// use appsnap::retention::{Backup, presets};
///
/// let at = |day| format!("2026-11-{day:02}T00:00:00Z").parse().unwrap();
/// let backups: Vec<_> = (1..=11).map(|day| Backup::new(day, at(day))).collect();
/// let policy = presets::squidex();
/// let plan = policy.plan(&backups, "2026-11-20T00:00:00Z".parse()?);
/// assert!(plan.deleted().map(|decision| *decision.backup().id()).eq([1]));
/// # Ok::<(), jiff::Error>(())
/// ```
#[must_use]
pub fn squidex() -> Policy {
    Policy::new("squidex").with_guards([Guard::Unfinished]).with_rule(Rule::new("last", Keep::last(LIMIT_COUNT)))
}

/// Squidex as its source code does it: nothing is deleted, and the eleventh backup is refused.
///
/// Source: Squidex 7, `BackupService`, 2024. See [`Policy::admits_another`].
///
/// ```
/// use appsnap::retention::presets;
///
/// let policy = presets::squidex_quota();
/// assert!(policy.admits_another(9) && !policy.admits_another(10));
/// ```
#[must_use]
pub fn squidex_quota() -> Policy {
    Policy::new("squidex-quota")
        .with_guards([Guard::Unfinished])
        .with_rule(Rule::new("all", Keep::Forever))
        .with_quota_count(LIMIT_COUNT)
}
