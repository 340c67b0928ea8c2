//! Backup archives of the Squidex content management system: read, surveyed, cloned under a new app name, written.
//!
//! A Squidex backup is a zip file that holds one app: its event log, one JSON file an event, and attachments with the
//! settings, the users and every version of every asset. It is made for moving and cloning an app between installations,
//! not for backing up an installation day by day; Squidex itself says so.
//!
//! [`Archive`] reads one as Squidex's own restore does, and says what the restore keeps silent about: a gap in the numbering
//! ends the events there, an attachment of zero length counts as missing, of two entries with one name the first is taken,
//! and assets whose file is missing are skipped. [`Archive::survey`] goes through all events and lists what a restore would
//! stumble over or leave out. [`clone_app`] moves an app to a new id and name; [`Writer`] makes archives.
//!
//! ```
//! use appsnap::Limits;
//! use appsnap::observe::NoObserver;
//! use appsnap::squidex::{Archive, Event, NewApp, Writer, clone_app};
//!
//! let mut writer = Writer::start(Vec::new())?;
//! writer.json("Users.json", &serde_json::json!({}))?;
//! writer.json("Settings.json", &serde_json::json!({}))?;
//! let app = "f4c43ae4-0d14-4ee0-a5c4-4d4e3e1a5f10";
//! let payload = format!(r#"{{"name":"blog","appId":"{app},blog"}}"#);
//! writer.event(&Event::new("AppCreatedEvent", format!("app-{app}"), payload)?)?;
//! let (bytes, _) = writer.finish()?;
//!
//! let archive = Archive::open(&bytes, bytes.len() as u64, &Limits::untrusted())?;
//! assert!(archive.survey(&mut NoObserver)?.faults().is_empty());
//!
//! let new = NewApp::new("0d3e301f-5551-46f8-ad44-8de2be084c95".parse()?).with_name("blog-copy".parse()?);
//! let (copy, _) = clone_app(&archive, Vec::new(), &new, &mut NoObserver)?;
//! let copy = Archive::open(&copy, copy.len() as u64, &Limits::untrusted())?;
//! assert_eq!(copy.survey(&mut NoObserver)?.app().map(|app| app.name()), Some("blog-copy"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Formats and behaviour follow the source of Squidex (`Squidex.Domain.Apps.Entities/Backup`) as it was in 2026.
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

mod anomaly;
mod attachment;
mod clone;
mod error;
mod event;
mod name;
mod object;
mod path;
mod reader;
mod survey;
mod writer;

pub use anomaly::{Anomalies, Anomaly};
pub use attachment::{AssetFile, Urls};
pub use clone::{CloneReport, NewApp, clone_app};
pub use error::{Error, ErrorKind, EventFault, Result};
pub use event::{Event, Shape};
pub use name::{AppName, FileName, ParseNameError};
pub use path::{attachment_path, event_path};
pub use reader::{Archive, Events};
pub use survey::{App, Fault, Survey};
pub use writer::{WriteReport, Writer};
