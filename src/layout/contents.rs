//! The parts of a snapshot: [`Contents`].

use std::fmt;

/// The parts of a snapshot besides its metadata: those that it has, or those that are wanted of it.
///
/// ```
/// use appsnap::layout::Contents;
///
/// assert_eq!(Contents::DatabaseOnly.to_string(), "database-only");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Contents {
    /// The database and the documents.
    #[default]
    Full,
    /// The database alone.
    DatabaseOnly,
    /// The documents alone.
    FilesOnly,
}

impl Contents {
    /// Returns `true` if the database is one of them.
    #[must_use]
    pub const fn has_database(self) -> bool {
        !matches!(self, Self::FilesOnly)
    }

    /// Returns `true` if the documents are one of them.
    #[must_use]
    pub const fn has_documents(self) -> bool {
        !matches!(self, Self::DatabaseOnly)
    }

    /// Returns the stable name: `full`, `database-only` or `files-only`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::DatabaseOnly => "database-only",
            Self::FilesOnly => "files-only",
        }
    }
}

impl fmt::Display for Contents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
