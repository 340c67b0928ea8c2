//! Why the crate is as it is, and the formats byte for byte: pages to read, not code to call.

#[doc = include_str!("async.md")]
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
#[doc = ""]
#[cfg_attr(feature = "object-store", doc = "[`RemoteUpload`]: crate::remote::RemoteUpload")]
#[cfg_attr(not(feature = "object-store"), doc = "[`RemoteUpload`]: https://docs.rs/appsnap/latest/appsnap/remote/")]
pub mod workers {}
