//! Turns on-premises data, and archives that a platform refuses, into archives that it accepts.
//!
//! * [`Pack`] combines a dump and files. The dump is verified and, where the target requires it, converted to an older
//!   version; its rows are compared with the documents; numeric names of very old apps are mapped to uuids; `.metadata` is
//!   filled in. The result is judged before the first byte is written.
//! * [`extract_converted`] extracts an archive and converts its dump for an older server.
//! * [`Repair`] reads an archive with sound framing that is not acceptable, and writes one that is.
//!
//! Nothing is guessed: a file without a definite location stops the operation, and every change is [listed](Change).
//!
//! ```no_run
//! use std::process::{Command, Stdio};
//! use appsnap::observe::NoObserver;
//! use appsnap::prepare::{Pack, PrepareOptions};
//! use appsnap::snapshot::WriteOptions;
//!
//! let mut pg_dump = Command::new("pg_dump").args(["-O", "-x", "-Fc", "mx"]).stdout(Stdio::piped()).spawn()?;
//! let options = PrepareOptions::new().with_model_version("1.8.82.e3c1a393").with_spool_dir("/var/tmp");
//! let prepared = Pack::new(&options)
//!     .with_database_reader(pg_dump.stdout.take().ok_or("no pipe")?)
//!     .with_files("/srv/app/data/files")
//!     .prepare(&mut NoObserver)?;
//! println!("{}", prepared.report());
//! prepared.write_file("backup.tar.gz", &WriteOptions::new(), &mut NoObserver)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod change;
mod code;
mod database;
mod error;
mod files;
mod filtered;
mod options;
mod pack;
mod prepared;
mod repair;
mod sharded;
mod staged;
mod unpack;

pub use change::Change;
pub use code::Code;
pub use database::Database;
pub use options::PrepareOptions;
pub use pack::Pack;
pub use prepared::Prepared;
pub use repair::Repair;
pub use unpack::extract_converted;
