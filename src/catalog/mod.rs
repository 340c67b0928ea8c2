//! Reads the listings of backups of platforms and of backup programs, and gives advice about restoring them.
//!
//! [`read`] takes the answer of an API or the output of a command line, detects the platform from its content, and
//! returns a [`Listing`]. Text can be UTF-8 or UTF-16, and several pages can follow each other; [`Listing::append`] adds
//! those of other files. Absent and additional members are accepted, since platforms add and remove them over the years.
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

pub mod advice;
mod code;
mod error;
mod format;
mod listing;
mod member;
mod mendix;
mod own;
mod pages;
mod peers;
pub mod platformsh;
mod record;
mod squidex;
mod table;
mod text;

pub use code::Code;
pub use error::{Error, ErrorKind};
pub use format::ListingFormat;
pub use listing::{Listing, detect, read, read_as};
pub use record::{Cadence, Phase, Provider, Record};
