//! Decides which backups stay, until when, and why: policies as data, and an engine that explains its decisions.
//!
//! A [`Policy`] consists of a calendar, rules and guards. [`presets`] contains those of platforms and of other programs;
//! [`Policy::from_json`] reads your own.
//!
//! | question | answer |
//! |---|---|
//! | How long is this backup kept, independent of others? | [`Policy::expires_at`] |
//! | Which of these backups stay, and why? | [`Policy::plan`] |
//! | Why did that one go? What would have kept it? | [`RetentionPlan::explain`](plan::RetentionPlan::explain) |
//! | Which go soon? | [`RetentionPlan::expiring`](plan::RetentionPlan::expiring) |
//! | What would the policy keep over the years? | [`Policy::simulate`] with a [`Schedule`](schedule::Schedule) |
//! | When is the next backup taken? | [`Schedule::next_run`](schedule::Schedule::next_run) |
//!
//! ```
//! use appsnap::retention::{Backup, Status, presets};
//!
//! let policy = presets::mendix_cloud().in_zone("Europe/Dublin")?;
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
//! # Decisions
//! A backup stays as long as any rule gives it a reason. Its date is the latest that any rule gives. Guards hold backups
//! that no rule keeps. `now` is always an argument, and the time zone database is compiled in, so the same input leads
//! to the same answer on every machine and at any time. The order of the backups never matters.
//!
//! # Whose Sunday?
//! Platforms say that the backup of a Sunday is kept longer, but not whose Sunday. By the date on the wall clock, some
//! Sundays have no nightly run and others have two when clocks change: in Dublin and London none on 29 March 2026 and
//! two on 25 October. A [`Calendar`] therefore counts nights by default, from noon to noon, of which every date has one.
//! [`Calendar::with_civil_days`] counts dates on the wall clock.

#![deny(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation
)]
#![cfg_attr(
    test,
    allow(
        clippy::indexing_slicing,
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::arithmetic_side_effects,
        clippy::cast_possible_truncation
    )
)]

mod backup;
mod calendar;
mod clock;
mod error;
pub mod explain;
mod names;
mod period;
pub mod plan;
pub mod policy;
pub mod presets;
pub mod schedule;
pub mod simulate;

pub use backup::{Backup, Origin, Status};
pub use calendar::Calendar;
pub use error::{Error, ErrorKind};
pub use period::Period;
pub use policy::data::Policy;
pub use policy::rule::Rule;
