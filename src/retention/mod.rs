//! Which backups stay, until when, and why: policies as data, and an engine that explains its decisions.
//!
//! A [`Policy`] is a calendar, rules and guards; [`presets`] has those of platforms and of other programs, and
//! [`Policy::from_json`] reads one's own. What it is asked:
//!
//! | question | answer |
//! |---|---|
//! | until when is this backup kept, going by itself? | [`Policy::expires_at`] |
//! | which of these stay, and why? | [`Policy::plan`]: a [`Decision`] each, with [`Reason`]s and guards |
//! | why did that one go? what would have kept it? | [`Plan::explain`] |
//! | which go soon? | [`Plan::expiring`] |
//! | what would the policy keep over the years? | [`Policy::simulate`] with a [`Schedule`] |
//! | when is the next run? | [`Schedule::next_run`], which is a window |
//!
//! ```
//! use appsnap::retention::{Backup, Calendar, Region, Status, presets};
//!
//! let dublin = Calendar::new(Region::named("Dublin")?.zone()?);
//! let policy = presets::mendix_cloud().with_calendar(dublin);
//! let backups = [
//!     Backup::new("first sunday", "2026-11-01T23:00:00Z".parse()?).with_status(Status::Failed),
//!     Backup::new("monday", "2026-11-02T23:00:00Z".parse()?),
//! ];
//! let plan = policy.plan(&backups, "2026-11-05T00:00:00Z".parse()?);
//! let monday = plan.decision(1).unwrap();
//! assert!(monday.keeps());
//! assert_eq!(monday.reasons().map(|reason| reason.to_string()).collect::<Vec<_>>(), ["nightly"]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What decides
//! Rules are united: a backup stays as long as any rule gives it a reason, and its date is the latest that any gives.
//! Guards hold what no rule keeps. `now` is always an argument and time zones come from the database that is compiled
//! in, so the same input gives the same answer on every machine and at any time. The order of input never matters.
//!
//! # Whose Sunday?
//! Platforms say that the backup of a Sunday is kept longer, not whose Sunday. By the date on the wall clock some
//! Sundays have no nightly run and others two, where clocks change: in Dublin and London none on 29 March 2026 and two
//! on 25 October. So a [`Calendar`] by default counts nights, from noon to noon, of which every date has one; the
//! wall clock's date ([`Day::Civil`]) and UTC ([`Zone::UTC`]) are there for whoever knows better.

#![deny(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::cast_possible_truncation
)]
#![cfg_attr(
    test,
    allow(
        clippy::indexing_slicing,
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::cast_possible_truncation
    )
)]

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
mod simulate;

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
pub use simulate::{Difference, Gap, Simulated, SimulatedDay, Simulation, Steady};
