//! Why the crate is as it is, and the formats byte for byte: pages to read, not code to call.

#[doc = include_str!("async.md")]
pub mod asynchronous {}

#[doc = include_str!("cookbook.md")]
pub mod cookbook {}

#[doc = include_str!("design.md")]
pub mod design {}

#[doc = include_str!("findings.md")]
pub mod findings {}

#[doc = include_str!("format.md")]
pub mod format {}

#[doc = include_str!("performance.md")]
pub mod performance {}

#[doc = include_str!("security.md")]
pub mod security {}

#[doc = include_str!("workers.md")]
pub mod workers {}
