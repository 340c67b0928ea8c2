//! The files that a database refers to, and their comparison with the documents of an archive.

mod comparison;
mod row;
mod sorted;
mod table;

pub(crate) use comparison::Document;
pub(crate) use comparison::FileComparison;
pub use comparison::{FileCase, FileCounts};
pub(crate) use sorted::Sorted;
pub(crate) use table::{FileTable, FileTableUnavailable, Numbers, find};
