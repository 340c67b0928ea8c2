//! Will this platform take this archive, and will everything come back? [`check`] answers before the upload.
//!
//! A [`Report`] holds [`Finding`]s, each with a stable [`Code`], a [`Severity`](crate::diagnostic::Severity) that the [`Profile`] decides, a place, a
//! message, and help. [A page](crate::_documentation::findings) lists all codes.
//!
//! ```no_run
//! use std::fs::File;
//! use appsnap::check::{CheckOptions, Profile, Verdict, check};
//! use appsnap::observe::NoObserver;
//!
//! let options = CheckOptions::new().with_target_database_bytes(20 << 30);
//! let report = check(File::open("backup.tar.gz")?, &Profile::mendix_cloud(), &options, &mut NoObserver)?;
//! if report.verdict() == Verdict::Reject {
//!     eprintln!("{report}");
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Findings are what is wrong with the file; an [`Error`] is why the check itself could not be made. Rows and documents
//! are compared in [`FileComparison`], which [`Report::files`] hands out for full lists.
//!
//! ```
//! use std::fs::File;
//! use appsnap::check::{CheckOptions, Code, Profile, Verdict, check};
//! use appsnap::observe::NoObserver;
//!
//! // A bare dump of PostgreSQL 18, for a platform that takes archive version 1.15 at most.
//! let dump = File::open("tests/data/check/pg18-default.dump")?;
//! let report = check(dump, &Profile::mendix_cloud(), &CheckOptions::new(), &mut NoObserver)?;
//! assert_eq!(report.verdict(), Verdict::Reject);
//! let worst = &report.findings()[0];
//! assert_eq!(worst.code(), Code::DumpTooNew);
//! println!("{worst}: {}", worst.code().help());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub(crate) mod dump;
mod error;
pub(crate) mod files;
mod finding;
mod judge;
mod options;
mod pass;
mod profile;
mod registry;
mod report;
mod rules;
pub(crate) mod tap;
mod verdict;

pub use error::{Error, ErrorKind, Result};
pub use files::{
    Expectation, FileCase, FileComparison, FileCounts, FileRow, FileState, FileTable, NoTable, UnnamedRow,
};
pub use finding::Finding;
pub(crate) use judge::{Prospect, foresee};
pub use options::CheckOptions;
pub use pass::check;
pub use profile::Profile;
pub use registry::{Code, ParseCodeError};
pub use report::{Report, Summary};
pub use verdict::Verdict;
