//! Backup archives of the Squidex content management system: read, examine, clone under a new app name, write.
//!
//! A Squidex backup is a zip file that contains one app: its event log, with one JSON file per event, and attachments with
//! the settings, the users and every version of every asset. It is meant for moving and cloning an app between
//! installations; according to Squidex itself, not for regular backups of an installation.
//!
//! [`Archive`] reads a backup as a restore by Squidex does, and reports what the restore does not: a gap in the numbers of
//! the events ends the restore, an empty event fails it, an empty attachment counts as missing, of two entries with the same name only the first is
//! restored, and missing asset files are left out. [`Archive::survey`] examines all events. [`clone_app`] gives an app a new
//! id and name; [`Writer`] creates archives.
//!
//! ```
//! use appsnap::Limits;
//! use appsnap::observe::NoObserver;
//! use appsnap::squidex::{Archive, Code, NewApp, clone_app};
//!
//! let backup = std::fs::read("examples/data/squidex.zip")?;
//! let archive = Archive::open(&backup, &Limits::untrusted())?;
//! assert!(archive.diagnostics().is_empty());
//!
//! let survey = archive.survey(&mut NoObserver)?;
//! assert_eq!((survey.events_count, survey.app.unwrap().name), (3, "blog".to_owned()));
//! for finding in &survey.diagnostics {
//!     println!("{finding}"); // An asset file is missing.
//! }
//! assert_eq!(survey.diagnostics.count_of(Code::AssetFileMissing), 1);
//!
//! let new = NewApp::new("0d3e301f-5551-46f8-ad44-8de2be084c95".parse()?).with_name("blog-copy")?;
//! let (copy, _) = clone_app(&archive, Vec::new(), &new, &mut NoObserver)?;
//! let copy = Archive::open(&copy, &Limits::untrusted())?;
//! assert_eq!(copy.app()?.unwrap().name, "blog-copy");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Formats and behaviour follow the source of Squidex (`Squidex.Domain.Apps.Entities/Backup`) as of 2026.

mod app;
mod archive;
mod clone;
mod code;
mod error;
mod event;
mod known;
mod name;
mod object;
mod path;
mod survey;
mod writer;

pub use app::{App, NewApp};
pub use archive::Archive;
pub use clone::clone_app;
pub use code::Code;
pub use error::{Error, ErrorKind};
pub use event::Event;
pub use path::{attachment_path, event_path};
pub use survey::Survey;
pub use writer::{WriteReport, Writer};
