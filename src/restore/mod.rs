//! Restores a snapshot all or nothing: what a restore needs besides a client of the database server.
//!
//! A restore of this kind never writes into what is in use. It builds a new database and a new folder beside them, verifies
//! both, and then renames. This module has the parts that no server is needed for:
//!
//! * [`Survey`] reads the snapshot to its last byte before anything changes, judges it, and knows what must come back.
//! * [`Verification`] compares what came back with the survey.
//! * [`Journal`] keeps the new folder beside the old one, swaps them, and records the [`Step`] in a file, so that the next run
//!   after a crash ends with everything old or everything new.
//!
//! The example `restore` is a complete command: it adds `pg_restore` and a PostgreSQL client.
//!
//! # Order of the steps
//!
//! 1. Survey the snapshot. A verdict of [`Reject`](crate::check::Verdict::Reject) changes nothing.
//! 2. [`Journal::begin`]: create the new database, restore into it, and extract the documents into
//!    [`Journal::staging`].
//! 3. Verify both, sync the folder to disk, and [advance](Journal::advance) to [`Step::Verified`].
//! 4. Advance to [`Step::Swapping`], and rename the databases in one transaction: PostgreSQL allows
//!    `ALTER DATABASE ... RENAME` in a transaction, so its commit decides whether the restore happened.
//! 5. [`Journal::swap`] renames the folders, and [`Journal::finish`] removes or keeps the old one.
//!
//! After a crash, [`Journal::open`] finds the journal. Ask the server whether the transaction was committed, and pass the answer
//! to [`Journal::recover`].
//!
//! ```
//! use std::fs::{self, File};
//! use appsnap::check::{CheckOptions, Profile, Verdict};
//! use appsnap::observe::NoObserver;
//! use appsnap::restore::{Journal, Step, Survey, Verification};
//! use appsnap::snapshot::extract::ExtractOptions;
//! use appsnap::snapshot::{ReadOptions, SnapshotReader, extract};
//!
//! # let folder = tempfile::tempdir()?;
//! # let files = folder.path().join("files");
//! # fs::create_dir(&files)?;
//! let path = "examples/data/quickstart.tar.gz";
//! let (profile, options) = (Profile::format(), CheckOptions::new());
//! let survey = Survey::of(File::open(path)?, &profile, &options, &mut NoObserver)?;
//! assert_ne!(survey.report().verdict(), Verdict::Reject);
//!
//! let mut journal = Journal::begin(&files, [("database".to_owned(), "mx".to_owned())])?;
//! let mut reader = SnapshotReader::new(File::open(path)?, &ReadOptions::new());
//! extract(&mut reader, &journal.staging(), &ExtractOptions::new(), &mut NoObserver)?;
//! // Here the database is restored beside the old one, and its rows are counted.
//! let mut verification = Verification::new(&survey);
//! let documents = journal.documents();
//! verification.documents(|id| fs::metadata(documents.join(id.path())).ok().map(|file| file.len()));
//! // All documents came back. There is no server here to count the rows.
//! assert!(verification.differences().iter().all(|line| line.ends_with("its rows were not counted")));
//!
//! journal.advance(Step::Verified)?;
//! journal.advance(Step::Swapping)?;
//! // Here the databases are renamed.
//! journal.swap()?;
//! journal.finish(None)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod folders;
mod journal;
mod step;
mod survey;
mod verification;

pub use journal::Journal;
pub use step::Step;
pub use survey::Survey;
pub use verification::Verification;

type Result<T, E = crate::Error> = std::result::Result<T, E>;
