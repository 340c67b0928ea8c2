//! SQL that newer PostgreSQL servers accept and older ones refuse: [`Feature`].

use std::fmt;

macro_rules! features {
    ($($(#[$doc:meta])* $name:ident, $since:literal, $text:literal;)*) => {
        /// A feature in the SQL of a dump that servers have only since a certain PostgreSQL release.
        ///
        /// ```
        /// use appsnap::pgdump::compat::Feature;
        ///
        /// let feature = Feature::SqlBody;
        /// assert_eq!((feature.name(), feature.since_major()), ("SqlBody", 14));
        /// assert_eq!(feature.to_string(), "a function body in SQL");
        /// ```
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Feature {
            $($(#[$doc])* $name,)*
            /// A call of a built-in function.
            #[non_exhaustive]
            Function {
                /// The name of the function.
                name: &'static str,
                /// The first major release that has it.
                since_major: u16,
            },
            /// An option of a subscription.
            #[non_exhaustive]
            SubscriptionOption {
                /// The name of the option.
                name: &'static str,
                /// The first major release that has it.
                since_major: u16,
            },
            /// A predefined role that is granted rights or is an owner.
            #[non_exhaustive]
            PredefinedRole {
                /// The name of the role.
                name: &'static str,
                /// The first major release that has it.
                since_major: u16,
            },
        }

        impl Feature {
            /// Returns the first major release of PostgreSQL that has the feature.
            #[must_use]
            pub const fn since_major(self) -> u16 {
                match self {
                    $(Self::$name => $since,)*
                    Self::Function { since_major, .. }
                    | Self::SubscriptionOption { since_major, .. }
                    | Self::PredefinedRole { since_major, .. } => since_major,
                }
            }

            /// Returns the name for programs, which is that of the variant.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$name => stringify!($name),)*
                    Self::Function { .. } => "Function",
                    Self::SubscriptionOption { .. } => "SubscriptionOption",
                    Self::PredefinedRole { .. } => "PredefinedRole",
                }
            }
        }

        impl fmt::Display for Feature {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self {
                    $(Self::$name => f.write_str($text),)*
                    Self::Function { name, .. } => write!(f, "the function {name}"),
                    Self::SubscriptionOption { name, .. } => write!(f, "the option {name} of a subscription"),
                    Self::PredefinedRole { name, .. } => write!(f, "the predefined role {name}"),
                }
            }
        }
    };
}

features! {
    /// `multirange_type_name` of a range type; every range type in a dump of PostgreSQL 14 and later has it.
    MultirangeTypeName, 14, "the name of a multirange type in a range type";
    /// A multirange type, built in or created with a range type of the dump.
    Multirange, 14, "a multirange type";
    /// `ALTER COLUMN .. SET COMPRESSION`.
    ColumnCompression, 14, "compression of a column";
    /// A function whose body is SQL instead of a string: `BEGIN ATOMIC` or `RETURN`.
    SqlBody, 14, "a function body in SQL";
    /// A procedure with an `OUT` argument.
    ProcedureOut, 14, "an OUT argument of a procedure";
    /// `CREATE STATISTICS` on expressions.
    ExpressionStatistics, 14, "extended statistics on an expression";
    /// `SEARCH` or `CYCLE` in a recursive query.
    RecursiveSearch, 14, "SEARCH or CYCLE in a recursive query";
    /// `GROUP BY DISTINCT`.
    GroupByDistinct, 14, "GROUP BY DISTINCT";
    /// `JOIN .. USING (..) AS alias`.
    JoinUsingAlias, 14, "an alias for JOIN USING";
    /// BRIN operator classes `.._minmax_multi_ops` and `.._bloom_ops`.
    BrinMulti, 14, "a BRIN operator class for several ranges or a Bloom filter";
    /// `SUBSCRIPT` of a base type.
    TypeSubscript, 14, "a subscript function of a type";
    /// `NULLS NOT DISTINCT` of a unique constraint or index.
    NullsNotDistinct, 15, "NULLS NOT DISTINCT";
    /// `security_invoker` of a view.
    SecurityInvoker, 15, "the option security_invoker of a view";
    /// `ON DELETE SET NULL (column)` and `SET DEFAULT (column)`.
    SetNullColumns, 15, "a column list for ON DELETE SET";
    /// Sequences that are not logged, or whose logging is changed.
    UnloggedSequence, 15, "an unlogged sequence";
    /// The rows of a published table are filtered.
    PublicationRows, 15, "a row filter of a publication";
    /// The columns of a published table are listed.
    PublicationColumns, 15, "a column list of a publication";
    /// A publication of all tables of a schema.
    PublicationSchema, 15, "a publication of the tables in a schema";
    /// `numeric` with a negative scale or one above the precision.
    NumericScale, 15, "a numeric type with an unusual scale";
    /// `LOCALE_PROVIDER` and related options; every dump of PostgreSQL 15 and later has them, and only `pg_restore -C` uses
    /// them.
    DatabaseLocale, 15, "the locale provider of the database, which matters only to pg_restore -C";
    /// `IS JSON`.
    IsJson, 16, "IS JSON";
    /// SQL/JSON constructors such as `JSON_OBJECT(..)`.
    JsonConstructor, 16, "an SQL/JSON constructor";
    /// A collation with rules of its own.
    CollationRules, 16, "rules of a collation";
    /// `SYSTEM_USER`.
    SystemUser, 16, "SYSTEM_USER";
    /// `JSON_TABLE`.
    JsonTable, 17, "JSON_TABLE";
    /// `JSON_EXISTS`, `JSON_QUERY`, `JSON_VALUE`, `JSON_SCALAR`, `JSON_SERIALIZE`, `JSON(..)`.
    JsonQuery, 17, "an SQL/JSON query function";
    /// A collation of the provider `builtin`.
    BuiltinCollation, 17, "a collation of the builtin provider";
    /// `GRANT MAINTAIN`.
    Maintain, 17, "the privilege MAINTAIN";
    /// `AT LOCAL`.
    AtLocal, 17, "AT LOCAL";
    /// An event trigger on logins.
    LoginTrigger, 17, "an event trigger on logins";
    /// A generated column that is not stored.
    VirtualColumn, 18, "a virtual generated column";
    /// A NOT NULL constraint with a name of its own, `NOT VALID` or `NO INHERIT`.
    NotNullConstraint, 18, "a NOT NULL constraint of a table";
    /// `WITHOUT OVERLAPS` and `PERIOD`.
    TemporalKey, 18, "a temporal key";
    /// `NOT ENFORCED`.
    NotEnforced, 18, "a constraint that is not enforced";
    /// Default rights on large objects.
    DefaultLargeObjectRights, 18, "default rights on large objects";
    /// Generated columns in a publication.
    PublishGenerated, 18, "generated columns in a publication";
    /// Planner statistics (`STATISTICS DATA`), which are restored by functions that older servers lack.
    StatisticsImport, 18, "planner statistics";
    /// Planner statistics of extended statistics objects (`EXTENDED STATISTICS DATA`).
    ExtendedStatisticsImport, 19, "planner statistics of extended statistics objects";
}

impl Feature {
    /// Returns `true` if the feature is planner statistics, which a conversion drops without loss.
    #[must_use]
    pub const fn is_statistics(self) -> bool {
        matches!(self, Self::StatisticsImport | Self::ExtendedStatisticsImport)
    }

    /// Returns `true` if only `pg_restore -C`, which creates the database itself, uses the feature.
    #[must_use]
    pub const fn is_of_database(self) -> bool {
        matches!(self, Self::DatabaseLocale)
    }
}
