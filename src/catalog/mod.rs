//! Reads platforms' listings of backups, and gives advice about restoring them.
//!
//! [`read`] takes the answer of an API or the output of a command line, detects the platform from its content, and
//! returns a [`Listing`]. Absent and additional members are accepted, since platforms add and remove them over the years.
//! An instant without a UTC offset, or a value that is none, is an error that names the line and the member.
//! [`Record::to_backup`] converts a record for [`retention`](crate::retention), and [`advice`] contains what the
//! platforms' documentation says about restoring it.
//!
//! ```
//! use appsnap::catalog::{self, Phase};
//! use appsnap::retention::Origin;
//!
//! let listing = catalog::read(br#"{"limit": 100, "offset": 0, "total": 1, "snapshots": [{
//!     "snapshot_id": "a05b3f4f-7f63-4ed2-a0d2-e5b29d7f4d3d", "model_version": "1.8.82.e3c1a393",
//!     "comment": "Automatically created nightly snapshot", "expires_at": "2021-05-18T01:41:27.000Z",
//!     "state": "completed", "created_at": "2021-05-04T01:41:27.000Z"}]}"#)?;
//! let record = &listing.records[0];
//! assert_eq!((record.phase, record.origin), (Phase::Completed, Some(Origin::Automatic)));
//! assert!(record.is_origin_guessed);
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
mod own;
pub mod platformsh;
mod record;
mod squidex;
mod table;

pub use error::{Error, ErrorKind};
pub use listing::{Listing, ListingFormat, detect, read, read_as};
pub use record::{Cadence, Phase, Provider, Record};
