//! Codes of findings about a dump: [`Code`].

use super::error::{Error, ErrorKind};
use crate::diagnostic::codes;

codes! {
    /// The codes of findings about a dump.
    pub enum Code {
        /// The database is not a dump in custom format.
        DumpNotCustomFormat = "D001" "dump-not-custom-format" Error, "dump again: pg_dump -O -x -Fc -f FILE DATABASE";
        /// The archive version of the dump is higher than what the platform's `pg_restore` reads.
        DumpFormatTooNew = "D002" "dump-format-too-new" Error,
            "convert the dump to an older version, let repair do it, or dump again with an older pg_dump";
        /// The archive version of the dump is below 1.0, which no program reads.
        DumpFormatTooOld = "D003" "dump-format-too-old" Error, "dump again with a pg_dump of this century";
        /// The dump ends too early: rows, tables or all of it are missing.
        DumpTruncated = "D004" "dump-truncated" Error, "copy the dump again, or dump again";
        /// The dump contradicts its format or itself.
        DumpDamaged = "D005" "dump-damaged" Error, "copy the dump again in binary mode, or dump again";
        /// The dump needs more than the limits allow, so reading stopped.
        DumpLimitExceeded = "D006" "dump-limit-exceeded" Error,
            "raise the limit that the message names, if the source of the dump is trusted";
        /// The dump has access rights; statements about roles that the target lacks fail.
        DumpWithAccessRights = "D007" "dump-with-access-rights" Warning,
            "dump again with -x, or convert the dump without access rights";
        /// The dump has tables and no data: restoring it makes an empty app.
        DumpSchemaOnly = "D008" "dump-schema-only" Error, "dump again without --schema-only";
        /// The dump has data and no tables: restoring it into an empty database fails.
        DumpDataOnly = "D009" "dump-data-only" Error, "dump again without --data-only";
        /// The dump has no entries: the database was empty, or a filter matched nothing.
        DumpEmpty = "D010" "dump-empty" Warning, "make sure that the right database was dumped";
        /// Tables refer to large objects, and the dump has none.
        DumpWithoutLargeObjects = "D011" "dump-without-large-objects" Warning,
            "dump again without -B, -t and -n, or add -b";
        /// The dump has SQL that the oldest server of the platform refuses: what it creates will be missing after the
        /// restore.
        DumpSqlNewerThanTarget = "D012" "dump-sql-newer-than-target" Warning,
            "remove it from the model or database, or ask for a newer server";
        /// The data is INSERT statements instead of COPY, which restore slowly.
        DumpWithInserts = "D013" "dump-with-inserts" Info, "dump again without --inserts";
        /// Texts are in another encoding than UTF-8; the server converts them.
        DumpEncoding = "D014" "dump-encoding" Info, "dump again with -E UTF8 if it cannot";
        /// Backslashes in strings are escapes, as before PostgreSQL 9.1.
        DumpEscapingStrings = "D015" "dump-escaping-strings" Info, "no action is needed; the dump sets the server to it";
        /// Data offsets are not stored, because the dump was written to a pipe: parallel restores are slower.
        DumpWithoutOffsets = "D016" "dump-without-offsets" Info, "no action is needed; pg_dump -f FILE stores them";
        /// The table of contents is stored a second time after the data, because the dump was redirected with `>`.
        DumpWithSecondToc = "D017" "dump-with-second-toc" Info, "no action is needed; pg_dump -f FILE writes it once";
        /// The archive version of the dump is higher than the one that the platform's text on uploads names. The platform
        /// itself writes this version, but an environment with an older PostgreSQL may refuse it.
        DumpFormatNewerThanDocumented = "D018" "dump-format-newer-than-documented" Info,
            "no action is needed; if the environment refuses the dump, convert it to the documented version";
        /// The dump states a creation time that does not exist.
        DumpCreationTime = "D020" "dump-creation-time" Warning, "make sure that the dump was not tampered with";
        /// Integers have more bytes than any known pg_dump writes.
        DumpUnusualIntegers = "D021" "dump-unusual-integers" Warning, "make sure that the dump's source is trusted";
        /// Only some of the entries state the offset of their data.
        DumpMixedOffsets = "D022" "dump-mixed-offsets" Warning, "make sure that the dump's source is trusted";
        /// The data is not in the order of its entries: `pg_restore` cannot read the dump from a pipe.
        DumpBlocksOutOfOrder = "D023" "dump-blocks-out-of-order" Warning,
            "make sure that the dump's source is trusted, or dump again";
        /// An entry that every pg_dump of the version writes is missing.
        DumpSettingMissing = "D024" "dump-setting-missing" Warning, "make sure that the dump's source is trusted";
        /// Large objects have data, but no entry creates them: restoring them fails.
        DumpUnlistedLargeObjects = "D025" "dump-unlisted-large-objects" Warning, "dump again with pg_dump itself";
        /// Tables were created WITH OIDS, which servers since PostgreSQL 12 ignore or refuse.
        DumpWithOids = "D026" "dump-with-oids" Warning, "ALTER TABLE ... SET WITHOUT OIDS, and dump again";
        /// The dump has only indexes, constraints, triggers and the like: nothing can be restored from it alone.
        DumpPostDataOnly = "D027" "dump-post-data-only" Error, "dump again without --section=post-data";
        /// The dump has only planner statistics: nothing can be restored from it alone.
        DumpStatisticsOnly = "D028" "dump-statistics-only" Error, "dump again without --statistics-only";
        /// Entries belong to a schema that no entry creates, so a restore into a new database fails for them.
        DumpSchemaMissing = "D029" "dump-schema-missing" Error,
            "dump the whole database, or create the schema before the restore";
        /// Tables have a definition, but no rows in the dump, not even none: their rows were left out.
        DumpTablesWithoutRows = "D030" "dump-tables-without-rows" Warning,
            "make sure that the rows are not needed, or dump again without --exclude-table-data and --filter";
        /// The encoding of the dump is SQL_ASCII, so no server converts its texts. All of them happen to be UTF-8.
        DumpSqlAscii = "D031" "dump-sql-ascii" Warning, "dump again with -E and the real encoding, if it is another";
        /// The encoding of the dump is SQL_ASCII, so no server converts its texts, and some are not UTF-8: a database in
        /// UTF-8 refuses their tables, or since PostgreSQL 14 takes text that it cannot read.
        DumpSqlAsciiNotUtf8 = "D032" "dump-sql-ascii-not-utf8" Error, "dump again with -E and the real encoding";
        /// Backslashes in strings are escapes, which servers since PostgreSQL 19 do not support: such strings come back
        /// wrong, those of INSERT data first of all.
        DumpEscapingStringsRefused = "D033" "dump-escaping-strings-refused" Error,
            "dump again from a server with standard_conforming_strings on";
        /// The dump has planner statistics, which the oldest server of the platform cannot import. They are no data:
        /// ANALYZE creates new ones.
        DumpWithStatistics = "D034" "dump-with-statistics" Info,
            "no action is needed; convert the dump, which drops them, or dump again with --no-statistics";
        /// Functions are in a language, or access methods in C, whose code can do all that the server can.
        DumpWithUntrustedLanguages = "D035" "dump-with-untrusted-languages" Warning,
            "review the code, and restore it only if its source is trusted: a superuser is needed";
        /// Event triggers run functions when definitions change or roles connect.
        DumpWithEventTriggers = "D036" "dump-with-event-triggers" Warning,
            "review the functions, or leave the event triggers out with pg_restore -L: a superuser is needed";
        /// Functions run with the rights of their owner (SECURITY DEFINER).
        DumpWithSecurityDefiner = "D037" "dump-with-security-definer" Warning,
            "review the functions: after a restore they have the rights of the role that restores";
        /// Triggers run functions when rows change.
        DumpWithTriggers = "D038" "dump-with-triggers" Info, "make sure that the app knows them";
        /// Rules rewrite statements on tables.
        DumpWithRules = "D039" "dump-with-rules" Warning, "make sure that the app knows them";
        /// Casts, operators, operator classes, transforms or conversions change what expressions mean, and run functions.
        DumpWithOperators = "D040" "dump-with-operators" Warning, "review their functions";
        /// Foreign servers, their user mappings and tables connect the database to others, and may contain passwords.
        DumpWithForeignServers = "D041" "dump-with-foreign-servers" Warning,
            "make sure that the servers may be reached from the target, and change passwords that are in the dump";
        /// Publications send changes of rows to other databases.
        DumpWithPublications = "D042" "dump-with-publications" Info,
            "leave them out with pg_restore --no-publications if the target must not publish";
        /// Subscriptions receive changes of rows from other databases; their connections may contain passwords.
        DumpWithSubscriptions = "D043" "dump-with-subscriptions" Warning,
            "leave them out with pg_restore --no-subscriptions if the target must not receive changes";
        /// Extensions must be available on the target.
        DumpWithExtensions = "D044" "dump-with-extensions" Info,
            "make sure that the target has them, and that its roles may create them";
        /// Tables outside the schema `public` have rows.
        DumpDataOutsidePublic = "D045" "dump-data-outside-public" Info, "make sure that the target keeps other schemas";
        /// Tables, indexes, constraints or materialized views call functions of the dump while it is restored.
        DumpCallsFunctions = "D046" "dump-calls-functions" Info, "review the functions if the source is not trusted";
        /// The text of functions names programs or files of the server, or connections to others.
        DumpReachesServer = "D047" "dump-reaches-server" Warning, "review the functions before the dump is restored";
        /// A name contains the end of a line. In a script that pg_restore writes, the rest of the name would be run.
        DumpLineFeedInName = "D048" "dump-line-feed-in-name" Warning,
            "do not restore the dump through a script; rename the object, and dump again";
        /// An entry has a statement that no pg_dump writes.
        DumpUnusualStatement = "D049" "dump-unusual-statement" Warning, "make sure that the dump's source is trusted";
    }
}

impl Error {
    /// Returns the code of the finding that a check reports for this error; `None` if the dump is not at fault.
    #[must_use]
    pub fn code(&self) -> Option<Code> {
        Some(match self.kind() {
            ErrorKind::NotAnArchive { .. } | ErrorKind::NotCustomFormat { .. } => Code::DumpNotCustomFormat,
            ErrorKind::UnsupportedVersion { major: 0, .. } => Code::DumpFormatTooOld,
            ErrorKind::UnsupportedVersion { .. } => Code::DumpFormatTooNew,
            // An empty input may never have been a dump.
            ErrorKind::Truncated { .. } if self.position() == Some(0) => Code::DumpNotCustomFormat,
            ErrorKind::Truncated { .. } => Code::DumpTruncated,
            ErrorKind::Corrupt(_) => Code::DumpDamaged,
            ErrorKind::Limit(_) => Code::DumpLimitExceeded,
            ErrorKind::Io { .. }
            | ErrorKind::CompressionUnavailable { .. }
            | ErrorKind::Changed
            | ErrorKind::Cancelled
            | ErrorKind::Inexpressible { .. }
            | ErrorKind::UnknownColumn { .. }
            | ErrorKind::UnexpectedValue { .. }
            | ErrorKind::Rule(_)
            | ErrorKind::Misuse(_)
            | ErrorKind::Internal(_) => return None,
        })
    }
}
