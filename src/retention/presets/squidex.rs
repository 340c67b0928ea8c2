//! The policies of Squidex.

use super::super::policy::data::Policy;
use super::super::policy::rule::Rule;
use super::super::policy::{Guard, Keep};

const LIMIT_COUNT: u32 = 10;

/// Returns the policy of Squidex as described in its product guide: the last ten backups stay, older ones are deleted.
///
/// Source: Squidex documentation, "Backups", 2024.
#[must_use]
pub fn squidex() -> Policy {
    Policy::new("squidex").with_guards([Guard::Unfinished]).with_rule(Rule::new("last", Keep::last(LIMIT_COUNT)))
}

/// Returns the policy of Squidex as implemented in its source code: nothing is deleted, and the eleventh backup is
/// refused. See [`Policy::admits_another`].
///
/// Source: Squidex 7, `BackupService`, 2024.
#[must_use]
pub fn squidex_quota() -> Policy {
    Policy::new("squidex-quota")
        .with_guards([Guard::Unfinished])
        .with_rule(Rule::new("all", Keep::Forever))
        .with_quota_count(LIMIT_COUNT)
}
