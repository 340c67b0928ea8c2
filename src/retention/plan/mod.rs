//! Decides about a set of backups: [`RetentionPlan`], with a [`Decision`] and its [`Reason`]s for each.

mod bucket;
mod change;
mod decision;
mod engine;
mod expiring;
mod expiry;
mod reason;
mod rows;
mod series;
mod window;

pub use bucket::Bucket;
pub(super) use bucket::{Buckets, day_text};
pub use change::{ChangedBackup, PolicyChange};
pub use decision::{Decision, RetentionPlan};
pub(super) use engine::RuleOutcome;
pub use expiry::Expiry;
pub(super) use expiry::{agrees, expiry_alone};
pub use reason::Reason;
