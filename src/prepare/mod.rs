//! On-premises data and unacceptable archives become archives that a platform takes.
//!
//! * [`Prepared`] joins a [`Database`] and documents: the dump is verified and, where the target needs it, converted down;
//!   the files that the database knows are compared with the documents; numbers of very old apps are mapped to uuids;
//!   `.metadata` is filled in truthfully. All that there is to say is said before the first byte is written.
//! * [`Repair`] reads an archive that is soundly framed and still not acceptable, and writes one that is.
//!
//! Nothing is guessed: what cannot be placed stops the work, and what was changed is [listed](Change).
//!
//! ```no_run
//! use std::fs::File;
//! use appsnap::observe::NoObserver;
//! use appsnap::prepare::{Database, PrepareOptions, Prepared};
//! use appsnap::snapshot::WriteOptions;
//! use appsnap::source::directory::{self, DirectoryOptions};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let options = PrepareOptions::new().with_model_version("1.8.82.e3c1a393").with_spool_dir("/var/tmp");
//! let mut plan = directory::scan("/srv/app/data/files", &DirectoryOptions::new(), &mut NoObserver)?;
//! let database = Database::open(File::open("mx.dump")?, &options, &mut NoObserver)?;
//! database.assign_numbers(&mut plan);
//! let prepared = Prepared::new(Some(database), Some(&plan), &options)?;
//! eprintln!("{}", prepared.report());
//! prepared.write(File::create("backup.tar.gz")?, &WriteOptions::new(), &mut NoObserver)?;
//! # Ok(())
//! # }
//! ```

mod change;
mod database;
mod error;
mod kept;
mod options;
mod prepared;
mod repair;

pub use change::Change;
pub use database::Database;
pub use kept::Kept;
pub use options::{Orphans, PrepareOptions};
pub use prepared::Prepared;
pub use repair::Repair;
