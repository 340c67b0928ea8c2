//! Application snapshots written, read, checked, converted, and their retention planned.
//!
#![doc = include_str!("../README.md")]
//!
//! # Where to find what
//!
//! Modules stand in layers, and none knows one above it or beside it. Values and engines are of use alone: for a dump
//! without an archive, or for retention without either.
//!
//! | layer | modules |
//! |---|---|
//! | values | [`io`] sources, [`document`] ids, [`layout`] of names, [`metadata`], [`limits`], [`observe`] events, [`platform`] facts, [`diagnostic`] codes |
//! | engines | [`gzip`], [`tarball`] and [`zip`] for any archive, [`pgdump`] for dumps, [`retention`] for policies |
//! | the archive | [`snapshot`]: written, read, extracted, fetched from at random |
//! | where data come from and go to | folders as [`source`], [`squidex`], [`catalog`] of backups, [`remote`] objects |
//! | archive and dump together | [`check`] before an upload, [`prepare`] for it, [`detect`] what a file is |
//! | to read | [`_documentation`]: cookbook, formats, design, findings, threat model |
//!
//! Every module begins with what it is for and its main job in a few lines. The error of each module has a `kind()` to
//! match on, and what takes long is told of, and ended by, an [`Observer`](observe::Observer).
//!
#![cfg_attr(not(feature = "catalog"), doc = "[`catalog`]: https://docs.rs/appsnap/latest/appsnap/catalog/")]
#![cfg_attr(not(feature = "object-store"), doc = "[`remote`]: https://docs.rs/appsnap/latest/appsnap/remote/")]
#![cfg_attr(not(feature = "retention"), doc = "[`retention`]: https://docs.rs/appsnap/latest/appsnap/retention/")]
#![cfg_attr(not(feature = "squidex"), doc = "[`squidex`]: https://docs.rs/appsnap/latest/appsnap/squidex/")]
#![cfg_attr(not(feature = "zip"), doc = "[`zip`]: https://docs.rs/appsnap/latest/appsnap/zip/")]
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

// L1: engines. None of them knows another.
pub mod gzip;
pub mod pgdump;
#[cfg(feature = "retention")]
pub mod retention;
pub mod tarball;
#[cfg(feature = "zip")]
pub mod zip;

// L2: the archive.
#[allow(clippy::arithmetic_side_effects, reason = "not clean yet")]
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
pub mod check;
pub mod detect;
pub mod prepare;

pub mod _documentation;

pub use document::DocumentId;
pub use error::Error;
#[cfg(feature = "retention")]
pub use jiff;
pub use limits::Limits;
