//! The `.metadata` member: sizes and model version of a snapshot, read strictly and written canonically.
//!
//! The platform writes one JSON object whose values are all strings, numbers in decimal:
//! `{"duration":"0","dumpSize":"94769","modelVersion":"1.0.0.40","databaseSize":"9730584","filesSize":"1346575"}`
//! (Mendix documentation, 2021 to 2026). The units are not documented. Sizes are taken to be in bytes.
//!
//! [`Metadata`] is built with `with_` methods and [rendered](Metadata::render), or [parsed](Metadata::parse) from the bytes
//! of a member. Parsing also reports everything unusual.
//!
//! ```
//! use appsnap::Limits;
//! use appsnap::metadata::{Code, Metadata};
//!
//! let json = br#"{"duration":"0","dumpSize":94769,"modelVersion":"1.0.0.40","databaseSize":"9","filesSize":"0"}"#;
//! let (metadata, diagnostics) = Metadata::parse(json, &Limits::untrusted())?;
//! assert_eq!((metadata.dump_size_bytes(), metadata.model_version()), (Some(94_769), Some("1.0.0.40")));
//! assert_eq!(diagnostics.count_of(Code::MetadataTypeCoerced), 1);
//! # Ok::<(), appsnap::metadata::Error>(())
//! ```

mod code;
mod error;
mod fields;
mod key;
mod object;
mod parse;

pub use code::Code;
pub use error::{Error, ErrorKind};
pub use fields::Metadata;
pub(crate) use key::Key;
