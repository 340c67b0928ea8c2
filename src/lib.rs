//! Read, write, check and convert application backups, and plan their retention.
//!
#![cfg_attr(feature = "retention", doc = include_str!("../README.md"))]
//!
//! # Modules
//!
//! Modules form layers, and none uses one above it. Values and engines are useful by themselves: for a dump without an
//! archive, or for retention without either.
//!
//! | layer | modules |
//! |---|---|
//! | values | [`mod@error`], [`diagnostic`], [`io`], [`document`], [`layout`], [`metadata`], [`limits`], [`observe`], [`platform`] |
//! | engines | [`gzip`] and [`tarball`] for any archive, [`pgdump`] for dumps, [`retention`] for policies |
//! | the archive | [`snapshot`]: writing, reading, extraction, random access |
//! | sources and destinations | [`source`] for files, [`squidex`], [`catalog`] for listings, [`remote`] for object storage |
//! | archive and dump together | [`check`], [`prepare`], [`detect`], [`mod@diff`], [`restore`] |
//! | pages | [`_documentation`]: cookbook, formats, design, findings, threat model |
//!
//! Every module's page begins with its purpose and its main job in a few lines. Each module has an error with a `kind()` to
//! match on, and all of them convert into [`Error`]. Long operations report to an [`Observer`](observe::Observer), which can
//! cancel them.
//!
#![cfg_attr(not(feature = "catalog"), doc = "[`catalog`]: https://docs.rs/appsnap/latest/appsnap/catalog/")]
#![cfg_attr(not(feature = "object-store"), doc = "[`remote`]: https://docs.rs/appsnap/latest/appsnap/remote/")]
#![cfg_attr(not(feature = "retention"), doc = "[`retention`]: https://docs.rs/appsnap/latest/appsnap/retention/")]
#![cfg_attr(not(feature = "squidex"), doc = "[`squidex`]: https://docs.rs/appsnap/latest/appsnap/squidex/")]
#![cfg_attr(docsrs, feature(doc_cfg))]
// The lints of `Cargo.toml` are for code that runs on people's data. A test that panics is a test that fails.
#![cfg_attr(
    test,
    allow(
        clippy::arithmetic_side_effects,
        clippy::cast_possible_truncation,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::unwrap_used
    )
)]

// L0: values, and the reading and writing that everything above shares.
pub mod diagnostic;
pub mod document;
pub mod error;
pub mod io;
mod json;
pub mod layout;
pub mod limits;
pub mod metadata;
pub mod observe;
pub mod platform;

// L1: engines, which do not use each other.
pub mod gzip;
pub mod pgdump;
#[cfg(feature = "retention")]
pub mod retention;
pub mod tarball;
// Public for the fuzz targets and the integration tests alone: archives of files are read by `source::zip`.
#[cfg(feature = "zip")]
#[doc(hidden)]
pub mod zip;

// L2: the archive.
pub mod snapshot;

// L3: where data comes from and goes to.
#[cfg(feature = "catalog")]
pub mod catalog;
#[cfg(feature = "object-store")]
pub mod remote;
pub mod source;
#[cfg(feature = "squidex")]
pub mod squidex;

// L4: archive and dump seen together.
mod carried;
pub mod check;
pub mod detect;
pub mod diff;
pub mod prepare;
pub mod restore;

pub mod _documentation;

pub use document::DocumentId;
pub use error::Error;
#[cfg(feature = "retention")]
pub use jiff;
pub use limits::Limits;
