//! Platforms' own listings of backups, read into one kind of [`Record`], and advice about restoring them.
//!
//! [`read`] takes what an API answered or a command line printed, tells by the contents which platform it is, and gives a
//! [`Listing`]. Missing and additional members are taken in stride, since platforms add and drop them from year to year;
//! instants are not guessed at: one without an offset, or none at all, is an error that names the member or the line.
//! [`Record::to_backup`] turns a record into what [`retention`](crate::retention) judges, and [`advice`] says what
//! the platforms' documentation has to say about restoring it.
//!
//! ```
//! use appsnap::catalog::{self, Phase};
//! use appsnap::retention::Origin;
//!
//! let listing = catalog::read(br#"{"limit": 100, "offset": 0, "total": 1, "snapshots": [{
//!     "snapshot_id": "a05b3f4f-7f63-4ed2-a0d2-e5b29d7f4d3d", "model_version": "1.8.82.e3c1a393",
//!     "comment": "Automatically created nightly snapshot", "expires_at": "2021-05-18T01:41:27.000Z",
//!     "state": "completed", "status_message": "Snapshot has been created.", "created_at": "2021-05-04T01:41:27.000Z",
//!     "finished_at": "2021-05-04T01:42:00.000Z", "updated_at": "2021-05-04T01:42:00.000Z"}]}"#)?;
//! let record = &listing.records[0];
//! assert_eq!((record.state.phase(), record.kind.origin()), (Phase::Completed, Some(Origin::Automatic)));
//! assert!(record.kind.is_guess());
//! # Ok::<(), catalog::Error>(())
//! ```
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

pub mod advice;
mod error;
mod listing;
mod member;
mod mendix;
mod plain;
pub mod platformsh;
mod record;
mod squidex;
mod table;
mod to_backup;

pub use error::{Error, ErrorKind, Result};
pub use listing::{Format, Listing, detect, read, read_as};
pub use record::{Cadence, Certainty, Host, Kind, Phase, Record, State};
