//! Which backups stay, until when, and why: policies as data, and an engine that explains its decisions.
//!
//! A [`Policy`] is a calendar, rules and guards. [`Policy::expires_at`] dates one backup by itself, [`Policy::plan`]
//! decides about a set and gives reasons.
//!
//! `now` is always an argument and time zones come from the database that is compiled in, so the same input gives the
//! same answer everywhere and at any time.

mod backup;
mod bucket;
mod calendar;
mod civil;
mod clock;
mod cron;
mod error;
mod expiry;
mod explain;
mod json;
mod keep;
mod names;
mod period;
mod plan;
mod policy;
pub mod presets;
mod regions;
mod rule;
mod schedule;

pub use backup::{Backup, Origin, Status};
pub use bucket::{Bucket, Unit};
pub use calendar::{Calendar, Day, MonthEnd, Zone};
pub use cron::Cron;
pub use error::{Error, ErrorKind};
pub use expiry::{Expiring, Expiry};
pub use explain::{Answer, Explanation, Found, Miss, RuleAnswer};
pub use keep::{Anchor, Count, Keep, Reference};
pub use names::Wanted;
pub use period::Period;
pub use plan::{Decision, Plan, Reason};
pub use policy::{Counting, Guard, Policy};
pub use regions::{Edition, Region};
pub use rule::{Fallback, Filter, Pick, Rule, Select};
pub use schedule::{Runs, Schedule, Window};
