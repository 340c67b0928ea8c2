//! The files that a database knows, and the documents that an archive holds.

mod comparison;
mod row;
mod sorted;
mod table;

pub(crate) use comparison::Document;
pub use comparison::{FileCase, FileComparison, FileCounts, FileState};
pub use row::{Expectation, FileRow, UnnamedRow};
pub(crate) use sorted::Sorted;
pub use table::{FileTable, NoTable};
pub(crate) use table::{Numbers, find};
