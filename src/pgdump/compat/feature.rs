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
            /// A setting of the database, which only `pg_restore -C` changes.
            #[non_exhaustive]
            DatabaseSetting {
                /// The name of the setting.
                name: &'static str,
                /// The first major release that has it.
                since_major: u16,
            },
            /// Another object that every database has since a certain release, or an option with a name.
            #[non_exhaustive]
            BuiltIn {
                /// The kind of the object, for example `type`, `collation` or `storage parameter`.
                kind: &'static str,
                /// The name of the object.
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
                    | Self::PredefinedRole { since_major, .. }
                    | Self::DatabaseSetting { since_major, .. }
                    | Self::BuiltIn { since_major, .. } => since_major,
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
                    Self::DatabaseSetting { .. } => "DatabaseSetting",
                    Self::BuiltIn { .. } => "BuiltIn",
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
                    Self::DatabaseSetting { name, .. } => {
                        write!(f, "the setting {name} of the database, which matters only to pg_restore -C")
                    }
                    Self::BuiltIn { kind, name, .. } => write!(f, "the {kind} {name}"),
                }
            }
        }
    };
}

features! {
    /// A procedure, or a statement about one.
    Procedure, 11, "a procedure";
    /// `EXECUTE FUNCTION` instead of `EXECUTE PROCEDURE` in a trigger.
    ExecuteFunction, 11, "EXECUTE FUNCTION in a trigger";
    /// A partition for all rows that no other partition takes.
    DefaultPartition, 11, "a default partition";
    /// `PARTITION BY HASH`, and partitions by modulus and remainder.
    HashPartition, 11, "partitions by hash";
    /// An index of a partitioned table.
    PartitionedIndex, 11, "an index of a partitioned table";
    /// A primary key, unique or foreign key constraint of a partitioned table.
    PartitionedConstraint, 11, "a key of a partitioned table";
    /// A trigger for each row of a partitioned table.
    PartitionedTrigger, 11, "a row trigger of a partitioned table";
    /// `INCLUDE` in an index or a constraint.
    IndexInclude, 11, "INCLUDE in an index";
    /// The number of values that are sampled for a column of an index.
    IndexStatistics, 11, "a statistics target of an index";
    /// A window frame with `GROUPS`, `EXCLUDE`, or `RANGE` with an offset.
    WindowFrame, 11, "a window frame with GROUPS, EXCLUDE or an offset of RANGE";
    /// `FINALFUNC_MODIFY` or `MFINALFUNC_MODIFY` of an aggregate.
    AggregateModify, 11, "FINALFUNC_MODIFY of an aggregate";
    /// A publication of TRUNCATE, which is the default since 11.
    PublishTruncate, 11, "a publication of TRUNCATE";
    /// A domain over a composite type.
    CompositeDomain, 11, "a domain over a composite type";
    /// An array of a domain.
    DomainArray, 11, "an array of a domain";
    /// A cast of `jsonb` to a number or a Boolean value.
    JsonbCast, 11, "a cast of jsonb to a number";
    /// The operator `^@`.
    StartsWith, 11, "the operator ^@";
    /// A generated column that is stored.
    StoredColumn, 12, "a stored generated column";
    /// `WITH .. AS MATERIALIZED` and `NOT MATERIALIZED`.
    MaterializedQuery, 12, "MATERIALIZED in WITH";
    /// A collation that is not deterministic.
    NondeterministicCollation, 12, "a collation that is not deterministic";
    /// A foreign key that refers to a partitioned table.
    ForeignKeyToPartitioned, 12, "a foreign key to a partitioned table";
    /// `mcv` in extended statistics.
    McvStatistics, 12, "lists of common values in extended statistics";
    /// `SUPPORT` of a function.
    SupportFunction, 12, "a support function";
    /// An access method of tables.
    TableAccessMethod, 12, "an access method of tables";
    /// `INCLUDE` in a GiST index.
    GistInclude, 12, "INCLUDE in a GiST index";
    /// A path with `.datetime()` in `jsonpath`.
    JsonPathDatetime, 13, "the method datetime() in jsonpath";
    /// Parameters of an operator class in an index.
    OperatorClassParameter, 13, "a parameter of an operator class";
    /// `FETCH FIRST .. WITH TIES`.
    WithTies, 13, "WITH TIES";
    /// `IS NORMALIZED`.
    IsNormalized, 13, "IS NORMALIZED";
    /// A `BEFORE` trigger for each row of a partitioned table.
    PartitionedBeforeTrigger, 13, "a BEFORE row trigger of a partitioned table";
    /// A published partitioned table.
    PublishedPartitioned, 13, "a published partitioned table";
    /// `publish_via_partition_root` of a publication.
    PublishViaRoot, 13, "publish_via_partition_root";
    /// `ALTER STATISTICS .. SET STATISTICS`.
    StatisticsTarget, 13, "a statistics target of extended statistics";
    /// A member of a row constructor: `(ROW(a, b)).f1`.
    RowMember, 11, "a member of a row constructor";
    /// Infinity in a `numeric` value.
    NumericInfinity, 14, "infinity as a numeric value";
    /// The result of `EXTRACT` where only a `numeric` value is accepted.
    NumericExtract, 14, "a numeric result of EXTRACT";
    /// A subscript of `jsonb`, or of another type that is no array.
    Subscript, 14, "a subscript of jsonb";
    /// `SUBSTRING(.. SIMILAR .. ESCAPE ..)`.
    SubstringSimilar, 14, "SUBSTRING with SIMILAR";
    /// An aggregate, operator or cast that uses an array function for `anycompatible`.
    CompatibleArray, 14, "an array function for anycompatible";
    /// `INCLUDE` in an SP-GiST index.
    SpgistInclude, 14, "INCLUDE in an SP-GiST index";
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
    /// `MERGE` in the body of a function.
    Merge, 15, "MERGE";
    /// `IS JSON`.
    IsJson, 16, "IS JSON";
    /// SQL/JSON constructors such as `JSON_OBJECT(..)`.
    JsonConstructor, 16, "an SQL/JSON constructor";
    /// A collation with rules of its own.
    CollationRules, 16, "rules of a collation";
    /// A generated column whose expression differs from that of the table from which it is inherited.
    InheritedGeneration, 16, "a generated column that is also inherited";
    /// `SYSTEM_USER`.
    SystemUser, 16, "SYSTEM_USER";
    /// `INDENT` or `NO INDENT` in `XMLSERIALIZE`.
    XmlIndent, 16, "INDENT in XMLSERIALIZE";
    /// A TRUNCATE trigger of a foreign table.
    ForeignTruncateTrigger, 16, "a TRUNCATE trigger of a foreign table";
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
    /// An exclusion constraint of a partitioned table.
    PartitionedExclusion, 17, "an exclusion constraint of a partitioned table";
    /// Infinity in an `interval` value.
    IntervalInfinity, 17, "infinity as an interval";
    /// A method such as `.bigint()` in `jsonpath`.
    JsonPathMethod, 17, "a method for the conversion of types in jsonpath";
    /// A generated column that is not stored.
    VirtualColumn, 18, "a virtual generated column";
    /// A NOT NULL constraint with a name of its own, `NOT VALID` or `NO INHERIT`.
    NotNullConstraint, 18, "a NOT NULL constraint of a table";
    /// `WITHOUT OVERLAPS` and `PERIOD`.
    TemporalKey, 18, "a temporal key";
    /// `NOT ENFORCED`.
    NotEnforced, 18, "a constraint that is not enforced";
    /// A foreign key of a partitioned table that is not valid.
    PartitionedNotValid, 18, "NOT VALID for a foreign key of a partitioned table";
    /// A cast between integers and `bytea`.
    ByteaCast, 18, "a cast between integers and bytea";
    /// Names for old and new rows in `RETURNING`.
    ReturningAlias, 18, "OLD and NEW in RETURNING";
    /// Default rights on large objects.
    DefaultLargeObjectRights, 18, "default rights on large objects";
    /// Generated columns in a publication.
    PublishGenerated, 18, "generated columns in a publication";
    /// Planner statistics (`STATISTICS DATA`), which are restored by functions that older servers lack.
    StatisticsImport, 18, "planner statistics";
    /// Planner statistics of extended statistics objects (`EXTENDED STATISTICS DATA`).
    ExtendedStatisticsImport, 19, "planner statistics of extended statistics objects";
    /// A property graph, or a query of one.
    PropertyGraph, 19, "a property graph";
    /// `IGNORE NULLS` and `RESPECT NULLS` of a window function.
    WindowNulls, 19, "IGNORE NULLS or RESPECT NULLS";
    /// A publication of all sequences, or one with exceptions.
    PublicationExcept, 19, "a publication of sequences or with exceptions";
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
        matches!(self, Self::DatabaseLocale | Self::DatabaseSetting { .. })
    }

    /// Returns `true` if the feature is a value in rows, or in a default or other constant.
    #[must_use]
    pub const fn is_value(self) -> bool {
        matches!(self, Self::NumericInfinity | Self::IntervalInfinity | Self::JsonPathMethod | Self::JsonPathDatetime)
    }

    /// Returns what to do so that an older server accepts the dump.
    ///
    /// ```
    /// use appsnap::pgdump::compat::Feature;
    ///
    /// assert_eq!(Feature::NumericInfinity.remedy(), "replace the value before the dump is made, or restore into a newer server");
    /// ```
    #[must_use]
    pub const fn remedy(self) -> &'static str {
        match self {
            feature if feature.is_value() => {
                "replace the value before the dump is made, or restore into a newer server"
            }
            Self::DatabaseLocale | Self::DatabaseSetting { .. } => {
                "restore without -C, into a database that exists already"
            }
            Self::StatisticsImport | Self::ExtendedStatisticsImport => {
                "leave it out, and run ANALYZE after the restore"
            }
            Self::Function { .. } => "replace the call before the dump is made, or restore into a newer server",
            Self::PredefinedRole { .. } | Self::Maintain | Self::DefaultLargeObjectRights => {
                "leave access rights and owners out, or restore into a newer server"
            }
            Self::SubscriptionOption { .. } => "create the subscription again after the restore without the option",
            Self::MultirangeTypeName => "convert the dump, which removes the name",
            _ => {
                "change the object before the dump is made, create it in another way after the restore, or restore into \
                  a newer server"
            }
        }
    }
}
