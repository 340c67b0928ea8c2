//! The documented keys of `.metadata`: [`Key`].

/// A key that the platform documents. The order is the one in which it writes them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Key {
    /// `duration`. Its unit is not known, so it is a bare number.
    Duration,
    /// `dumpSize`: length of `db/db.backup`.
    DumpSize,
    /// `modelVersion`: opaque text, such as `1.8.82.e3c1a393`.
    ModelVersion,
    /// `databaseSize`: size of the database on its server.
    DatabaseSize,
    /// `filesSize`: sum of the documents' lengths.
    FilesSize,
}

impl Key {
    /// All of them, in the order in which they are written.
    pub(crate) const ALL: [Self; 5] =
        [Self::Duration, Self::DumpSize, Self::ModelVersion, Self::DatabaseSize, Self::FilesSize];

    /// The key in the JSON.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Duration => "duration",
            Self::DumpSize => "dumpSize",
            Self::ModelVersion => "modelVersion",
            Self::DatabaseSize => "databaseSize",
            Self::FilesSize => "filesSize",
        }
    }

    pub(super) fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|key| key.name() == name)
    }
}
