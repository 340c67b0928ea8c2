//! One error for the whole crate, and the skeleton on which every module builds its own.
//!
//! Every module has an `Error` with a `kind()` to match on, and all of them answer the same questions: the
//! [`Category`], the position in the input, the context (a member, a file, an entry), and a predicate for each category
//! that a program usually acts on. Each of them converts into [`Error`], so that `?` works across modules:
//!
//! ```
//! use appsnap::error::Category;
//! use appsnap::{Limits, metadata::Metadata};
//!
//! fn dump_bytes(json: &[u8]) -> Result<Option<u64>, appsnap::Error> {
//!     let (metadata, _) = Metadata::parse(json, &Limits::untrusted())?;
//!     Ok(metadata.dump_size_bytes())
//! }
//!
//! fn http_status(error: &appsnap::Error) -> u16 {
//!     match error.category() {
//!         Category::BadInput | Category::Truncated => 422,
//!         Category::Unsupported => 415,
//!         Category::Limit => 413,
//!         Category::NotFound => 404,
//!         Category::Changed => 409,
//!         Category::Misuse => 400,
//!         _ => 500,
//!     }
//! }
//!
//! let error = dump_bytes(br#"{"dumpSize":"many"}"#).unwrap_err();
//! assert_eq!(http_status(&error), 422);
//! assert!(error.downcast_ref::<appsnap::metadata::Error>().is_some());
//! ```

mod any;
mod category;
mod face;
mod finish;
mod macros;
mod skeleton;
#[cfg(test)]
mod tests;

pub use any::Error;
pub(crate) use any::Reason;
pub use category::Category;
pub(crate) use face::error_face;
pub use finish::FinishError;
pub(crate) use macros::module_error;
pub(crate) use skeleton::{Kind, ModuleError, Skeleton, carried};
