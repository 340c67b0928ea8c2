//! Why the crate is as it is, and the formats byte for byte: pages to read, not code to call.
//!
//! | page | read it to |
//! |---|---|
//! | [`cookbook`] | do one of five common jobs, in Rust or from a command line |
//! | [`findings`] | look up what a check found, by its code |
//! | [`mod@format`] | read or write archives and their index in another language |
//! | [`security`] | know what may be done with an untrusted archive, and what a new version may change |
//! | [`performance`] | make it faster, and measure that |
//! | [`asynchronous`] | put it into a service with slow clients |
//! | [`workers`] | pack one archive on many machines |
//! | [`design`] | learn why it is built so, and what was refused |

// Its examples need more of tokio than the crate does: they are tested in `tests/support/lib.rs`.
#[cfg_attr(not(doctest), doc = include_str!("async.md"))]
#[doc = ""]
#[cfg_attr(feature = "object-store", doc = "[`remote`]: crate::remote")]
#[cfg_attr(not(feature = "object-store"), doc = "[`remote`]: https://docs.rs/appsnap/latest/appsnap/remote/")]
pub mod asynchronous {}

#[doc = include_str!("cookbook.md")]
#[doc = ""]
#[cfg_attr(feature = "catalog", doc = "[`catalog`]: crate::catalog")]
#[cfg_attr(not(feature = "catalog"), doc = "[`catalog`]: https://docs.rs/appsnap/latest/appsnap/catalog/")]
#[cfg_attr(feature = "object-store", doc = "[`remote`]: crate::remote")]
#[cfg_attr(not(feature = "object-store"), doc = "[`remote`]: https://docs.rs/appsnap/latest/appsnap/remote/")]
#[cfg_attr(feature = "retention", doc = "[`retention`]: crate::retention")]
#[cfg_attr(not(feature = "retention"), doc = "[`retention`]: https://docs.rs/appsnap/latest/appsnap/retention/")]
#[cfg_attr(feature = "zip", doc = "[`source::zip`]: crate::source::zip")]
#[cfg_attr(not(feature = "zip"), doc = "[`source::zip`]: https://docs.rs/appsnap/latest/appsnap/source/zip/")]
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
