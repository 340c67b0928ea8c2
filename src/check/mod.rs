//! Checks archives and dumps before an upload: whether a platform accepts them, and whether everything can be restored.
//!
//! [`check()`] returns a [`Report`]: a [`Verdict`] and its findings. A finding is a
//! [`Diagnostic`](crate::diagnostic::Diagnostic) whose severity the [`Profile`] decides.
//! [A page](crate::_documentation::findings) lists all codes.
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
//! Findings are about the file; an [`Error`](crate::Error) is why it could not be checked. [`Report::files`] returns the full
//! comparison of rows and documents, one [`FileCase`] after the other.
//!
//! ```
//! use std::fs::File;
//! use appsnap::check::{CheckOptions, Profile, Verdict, check};
//! use appsnap::observe::NoObserver;
//! use appsnap::pgdump;
//!
//! // A bare dump of PostgreSQL 18, for an environment that accepts at most archive version 1.14.
//! let dump = File::open("tests/data/check/pg18-default.dump")?;
//! let profile = Profile::mendix_cloud().with_max_dump_version(pgdump::FormatVersion::V1_14);
//! let report = check(dump, &profile, &CheckOptions::new(), &mut NoObserver)?;
//! assert_eq!(report.verdict(), Verdict::Reject);
//! let worst = report.findings().first().expect("a finding");
//! assert_eq!(worst.code(), pgdump::Code::DumpFormatTooNew);
//! println!("{worst}: {}", worst.code().help());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod beside;
mod code;
pub(crate) mod dump;
pub(crate) mod error_tap;
pub(crate) mod files;
mod options;
mod pass;
mod profile;
mod ranking;
mod registry;
mod report;
mod rules;
mod run;
mod verdict;

pub use code::Code;
pub use files::{FileCase, FileCounts};
pub(crate) use files::{FileComparison, FileTable, FileTableUnavailable};
pub use options::CheckOptions;
pub(crate) use pass::survey;
pub use pass::{check, check_at};
pub use profile::Profile;
pub use registry::{codes, find_code};
pub use report::{Report, Summary};
pub(crate) use run::{Files, PlannedArchive, predict_report};
pub use verdict::Verdict;

type Result<T, E = crate::Error> = std::result::Result<T, E>;
