//! Shared by the tests and the benches: archives and dumps made by code, hostile ones too, sources and
//! sinks that behave badly, and the real tools that serve as witnesses.

pub mod app;
pub mod archives;
pub mod browser;
#[cfg(feature = "object-store")]
pub mod counting;
pub mod dumps;
pub mod hostile;
pub mod postgres;
pub mod readers;
pub mod skips;
pub mod tools;
mod websocket;

// The examples of this page are tested here, where there is all of tokio that they need.
#[cfg(all(doctest, feature = "object-store"))]
#[doc = include_str!("../../src/_documentation/async.md")]
pub struct Asynchronous;
