#![doc = include_str!("../README.md")]
#![deny(missing_docs)]
#![warn(unreachable_pub)]
#![cfg_attr(not(test), warn(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

// L0: values, no I/O.
pub mod document;
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
pub use limits::Limits;
