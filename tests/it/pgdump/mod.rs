//! Dumps of pg_dump: read, verified, described, and written back.

mod compat;
mod compat_live;
mod complete_live;
mod damage;
mod forms;
mod forms_live;
mod identity;
mod limits;
mod live;
mod masks;
mod parallel;
mod real;
mod rows;
mod second_toc;
mod streams;
mod transcode;
mod transcode_entries;
mod transcode_live;
mod transcode_properties;
mod transcode_support;
mod versions;
#[cfg(feature = "zstd")]
mod zstd;
