//! Dumps in every form, read as dumps in custom format: [`DumpReader`].
//!
//! | form | read |
//! |---|---|
//! | custom format (`pg_dump -Fc`) | as it is |
//! | directory format (`-Fd`): a folder, or a tar file of it | its files [joined](crate::pgdump::forms) |
//! | tar format (`-Ft`) | its members joined |
//! | custom format compressed with gzip, lz4 or zstd | decompressed |
//! | custom format alone in a tar file | as it is |
//! | a tar file that is compressed | decompressed into a temporary file |
//!
//! ```
//! use appsnap::observe::NoObserver;
//! use appsnap::pgdump;
//! use appsnap::source::dump::{DumpOptions, DumpReader};
//!
//! let options = DumpOptions::new();
//! let dump = DumpReader::open("tests/data/pgdump/pg17-directory", &options)?;
//! let inspection = pgdump::inspect(dump, options.limits(), &mut NoObserver)?;
//! assert_eq!(inspection.rows_count(), 3);
//! # Ok::<(), appsnap::Error>(())
//! ```

mod decompress;
mod options;
mod reader;
mod section;
mod tar;

pub(crate) use decompress::decompressed_head;
pub use options::DumpOptions;
pub use reader::DumpReader;
