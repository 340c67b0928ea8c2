//! What is worth knowing, or odd, about a dump that could be read: [`Finding`].

use std::fmt;

use super::created::CreatedAt;

/// Something about a dump that is not an error: it can be read and restored.
///
/// ```
/// use std::fs::File;
/// use appsnap::Limits;
/// use appsnap::observe::NoObserver;
/// use appsnap::pgdump::{Finding, inspect};
///
/// let dump = File::open("tests/data/pgdump/pg13-inserts.dump")?;
/// let findings = inspect(dump, &Limits::untrusted(), &mut NoObserver)?.findings;
/// assert!(findings.iter().any(|finding| matches!(finding, Finding::Inserts { .. }) && !finding.is_warning()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Finding {
    /// The creation time does not exist. Warning.
    ImpossibleCreationTime(CreatedAt),
    /// Integers have more than the 4 bytes that those of pg_dump have; pg_restore warns, too. Warning.
    UnusualIntegers {
        /// The size that the header states.
        int_bytes: u8,
    },
    /// Some entries with data state their position and some do not. Warning.
    MixedOffsets,
    /// Data blocks do not come in the order of their entries: pg_restore cannot read the dump from a pipe. Warning.
    BlocksOutOfOrder,
    /// An entry is missing that every pg_dump of this archive version writes. Warning.
    MissingSetting {
        /// `ENCODING`, `STDSTRINGS` or `SEARCHPATH`.
        name: &'static str,
    },
    /// Large objects have data and no entry creates them: restoring fails there. Warning.
    UnlistedLargeObjects {
        /// How many large objects.
        objects_count: u64,
        /// OID of the first of them.
        first_oid: u32,
    },
    /// Tables were created `WITH OIDS`, which PostgreSQL 12 took away. Warning.
    TablesWithOids {
        /// How many entries say so.
        entries_count: u64,
    },
    /// Access rights are in the dump: it was made without `-x`.
    AccessRights {
        /// How many entries grant or revoke.
        entries_count: u64,
    },
    /// There are definitions of tables and no data: made with `--schema-only`.
    SchemaOnly,
    /// There are data and no definition of a table: made with `--data-only`.
    DataOnly,
    /// There is nothing but settings: the database was empty, or a filter matched nothing.
    Empty,
    /// Data are INSERT statements instead of COPY: made with `--inserts`; restoring is slow.
    Inserts {
        /// How many tables.
        tables_count: u64,
    },
    /// No large object is in the dump.
    NoLargeObjects,
    /// The dump is in another encoding than UTF-8.
    Encoding {
        /// Its name, as the dump has it.
        name: Vec<u8>,
    },
    /// Backslashes in string literals are escapes, as before PostgreSQL 9.1.
    EscapingStrings,
    /// Positions are not stored: the dump went through a pipe; pg_restore cannot restore it in parallel as fast.
    OffsetsNotSet,
    /// The table of contents stands a second time behind the data: pg_dump 17 or later was redirected with `>`.
    /// pg_restore does not look at it; with `-f` the dump would be smaller and state where its data lie.
    SecondToc {
        /// Length of the second one.
        len_bytes: u64,
    },
}

impl Finding {
    /// Whether it is a warning: something that no healthy dump has. The others describe how the dump was made.
    #[must_use]
    pub const fn is_warning(&self) -> bool {
        matches!(
            self,
            Self::ImpossibleCreationTime(_)
                | Self::UnusualIntegers { .. }
                | Self::MixedOffsets
                | Self::BlocksOutOfOrder
                | Self::MissingSetting { .. }
                | Self::UnlistedLargeObjects { .. }
                | Self::TablesWithOids { .. }
        )
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ImpossibleCreationTime(time) => write!(f, "the creation time {time} does not exist"),
            Self::UnusualIntegers { int_bytes } => write!(f, "integers have {int_bytes} bytes instead of 4"),
            Self::MixedOffsets => f.write_str("only some entries state where their data lie"),
            Self::BlocksOutOfOrder => f.write_str("the data do not come in the order of the entries"),
            Self::MissingSetting { name } => write!(f, "the entry {name} is missing"),
            Self::UnlistedLargeObjects { objects_count, first_oid } => {
                write!(f, "{objects_count} large objects have data and no entry creates them, {first_oid} is the first")
            }
            Self::TablesWithOids { entries_count } => write!(f, "{entries_count} tables have OIDs"),
            Self::AccessRights { entries_count } => {
                write!(f, "{entries_count} entries grant or revoke rights: the dump was made without -x")
            }
            Self::SchemaOnly => f.write_str("there are tables and no data: the dump was made with --schema-only"),
            Self::DataOnly => f.write_str("there are data and no tables: the dump was made with --data-only"),
            Self::Empty => f.write_str("there is nothing in the dump but settings"),
            Self::Inserts { tables_count } => {
                write!(f, "the data of {tables_count} tables are INSERT statements: the dump was made with --inserts")
            }
            Self::NoLargeObjects => f.write_str("there are no large objects"),
            Self::Encoding { name } => write!(f, "texts are in {}, not in UTF-8", name.escape_ascii()),
            Self::EscapingStrings => f.write_str("backslashes in string literals are escapes"),
            Self::SecondToc { len_bytes } => write!(
                f,
                "the table of contents follows the data once more ({len_bytes} bytes): made with > instead of -f"
            ),
            Self::OffsetsNotSet => f.write_str("positions are not stored: the dump was made through a pipe"),
        }
    }
}
