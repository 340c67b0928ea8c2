//! What Squidex keeps.

use super::super::{Guard, Keep, Policy, Rule};

const LIMIT_COUNT: u32 = 10;

/// Squidex as its product guide tells it: the last ten backups, older ones are deleted.
///
/// Source: Squidex documentation, "Backups", 2024.
#[must_use]
pub fn squidex() -> Policy {
    Policy::new("squidex").with_guards([Guard::Unfinished]).with_rule(Rule::new("last", Keep::last(LIMIT_COUNT)))
}

/// Squidex as its source code does it: nothing is deleted, and the eleventh backup is refused.
///
/// Source: Squidex 7, `BackupService`, 2024. See [`Policy::admits_another`].
#[must_use]
pub fn squidex_quota() -> Policy {
    Policy::new("squidex-quota")
        .with_guards([Guard::Unfinished])
        .with_rule(Rule::new("all", Keep::Forever))
        .with_quota_count(LIMIT_COUNT)
}
