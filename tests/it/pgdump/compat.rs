//! SQL that older servers refuse is found, and no other: every verdict here was observed on servers of 13 and 15.

use appsnap::Limits;
use appsnap::pgdump::FormatVersion;
use appsnap::pgdump::compat::incompatibilities;
use appsnap::pgdump::raw::{BlockReader, Compression};

use super::transcode_support::Made;

/// The names of the features found in one definition for a server of this major release.
fn found_for(server_major: u16, desc: &'static str, sql: &'static str) -> Vec<(&'static str, u16)> {
    let mut made = Made::new(FormatVersion::V1_16, Compression::GZIP);
    made.header.server_version = Some(b"18.1 (Debian 18.1-1)".to_vec());
    made.sql(10, desc, "x", sql);
    let dump = made.build();
    let blocks = BlockReader::open(&dump[..], &Limits::untrusted()).unwrap();
    let found = incompatibilities(blocks.header(), blocks.toc(), server_major);
    assert!(found.iter().all(|found| found.id == 10));
    found.iter().map(|found| (found.feature.name(), found.feature.since_major())).collect()
}

/// One feature each, in the form that pg_dump writes.
const REFUSED: &[(&str, &str, &str, u16)] = &[
    (
        "TYPE",
        "CREATE TYPE n.r AS RANGE (\n    subtype = float8,\n    multirange_type_name = n.m\n);\n",
        "MultirangeTypeName",
        14,
    ),
    ("TYPE", "CREATE TYPE n.b (\n    INPUT = n.i,\n    OUTPUT = n.o,\n    SUBSCRIPT = n.s\n);\n", "TypeSubscript", 14),
    ("TABLE", "CREATE TABLE n.t (\n    a int4multirange\n);\n", "Multirange", 14),
    (
        "FUNCTION",
        "CREATE FUNCTION n.f(a anymultirange) RETURNS integer\n    LANGUAGE sql\n    AS 'select 1';\n",
        "Multirange",
        14,
    ),
    (
        "TABLE",
        "CREATE TABLE n.t (\n    a text\n);\nALTER TABLE ONLY n.t ALTER COLUMN a SET COMPRESSION lz4;\n",
        "ColumnCompression",
        14,
    ),
    (
        "FUNCTION",
        "CREATE FUNCTION n.f(a integer) RETURNS integer\n    LANGUAGE sql\n    RETURN (a + 1);\n",
        "SqlBody",
        14,
    ),
    (
        "FUNCTION",
        "CREATE FUNCTION n.f(a integer) RETURNS integer\n    LANGUAGE sql\n    BEGIN ATOMIC\n SELECT a;\nEND;\n",
        "SqlBody",
        14,
    ),
    (
        "PROCEDURE",
        "CREATE PROCEDURE n.p(OUT a integer)\n    LANGUAGE plpgsql\n    AS $$ BEGIN a := 1; END $$;\n",
        "ProcedureOut",
        14,
    ),
    ("STATISTICS", "CREATE STATISTICS n.s ON lower(t), (n * (2)::numeric) FROM n.base;\n", "ExpressionStatistics", 14),
    (
        "VIEW",
        "CREATE VIEW n.v AS\n WITH RECURSIVE q(id) AS (\n SELECT 1\n ) SEARCH DEPTH FIRST BY id SET o\n SELECT id FROM q;\n",
        "RecursiveSearch",
        14,
    ),
    (
        "VIEW",
        "CREATE VIEW n.v AS\n WITH RECURSIVE q(id) AS (\n SELECT 1\n ) CYCLE id SET c USING p\n SELECT id FROM q;\n",
        "RecursiveSearch",
        14,
    ),
    ("VIEW", "CREATE VIEW n.v AS\n SELECT id FROM n.t GROUP BY DISTINCT ROLLUP(id, t);\n", "GroupByDistinct", 14),
    ("VIEW", "CREATE VIEW n.v AS\n SELECT x.id FROM (n.base a JOIN n.base b USING (id) AS x);\n", "JoinUsingAlias", 14),
    ("INDEX", "CREATE INDEX i ON n.t USING brin (id int4_minmax_multi_ops);\n", "BrinMulti", 14),
    ("VIEW", "CREATE VIEW n.v AS\n SELECT date_bin('1 day'::interval, d, d) AS a FROM n.base;\n", "Function", 14),
    ("ACL", "GRANT SELECT ON TABLE n.t TO pg_read_all_data;\n", "PredefinedRole", 14),
    (
        "SUBSCRIPTION",
        "CREATE SUBSCRIPTION s CONNECTION 'dbname=x' PUBLICATION a WITH (connect = false, slot_name = 's', binary = true);\n",
        "SubscriptionOption",
        14,
    ),
    (
        "CONSTRAINT",
        "ALTER TABLE ONLY n.t\n    ADD CONSTRAINT c UNIQUE NULLS NOT DISTINCT (n);\n",
        "NullsNotDistinct",
        15,
    ),
    ("VIEW", "CREATE VIEW n.v WITH (security_invoker='true') AS\n SELECT 1 AS a;\n", "SecurityInvoker", 15),
    (
        "FK CONSTRAINT",
        "ALTER TABLE ONLY n.t\n    ADD CONSTRAINT c FOREIGN KEY (a) REFERENCES n.b(id) ON DELETE SET NULL (a);\n",
        "SetNullColumns",
        15,
    ),
    ("SEQUENCE", "CREATE UNLOGGED SEQUENCE n.s\n    START WITH 1;\n", "UnloggedSequence", 15),
    (
        "SEQUENCE",
        "ALTER TABLE n.t ALTER COLUMN i ADD GENERATED ALWAYS AS IDENTITY (\n    SEQUENCE NAME n.s\n);\nALTER SEQUENCE n.s SET LOGGED;\n",
        "UnloggedSequence",
        15,
    ),
    ("PUBLICATION TABLE", "ALTER PUBLICATION p ADD TABLE ONLY n.t (id, t);\n", "PublicationColumns", 15),
    ("PUBLICATION TABLE", "ALTER PUBLICATION p ADD TABLE ONLY n.t WHERE ((id > 3));\n", "PublicationRows", 15),
    ("PUBLICATION TABLES IN SCHEMA", "ALTER PUBLICATION p ADD TABLES IN SCHEMA n;\n", "PublicationSchema", 15),
    ("TABLE", "CREATE TABLE n.t (\n    a numeric(3,-2)\n);\n", "NumericScale", 15),
    ("DOMAIN", "CREATE DOMAIN n.d AS numeric(2,5);\n", "NumericScale", 15),
    (
        "DATABASE",
        "CREATE DATABASE mx WITH TEMPLATE = template0 LOCALE_PROVIDER = libc LOCALE = 'C';\n",
        "DatabaseLocale",
        15,
    ),
    ("DOMAIN", "CREATE DOMAIN n.d AS text\n\tCONSTRAINT c CHECK ((VALUE IS JSON));\n", "IsJson", 16),
    ("VIEW", "CREATE VIEW n.v AS\n SELECT (t IS NOT JSON ARRAY) AS x FROM n.base;\n", "IsJson", 16),
    ("VIEW", "CREATE VIEW n.v AS\n SELECT JSON_OBJECT('a' : 1 RETURNING json) AS o;\n", "JsonConstructor", 16),
    ("COLLATION", "CREATE COLLATION n.c (provider = icu, locale = 'und', rules = '&a<b');\n", "CollationRules", 16),
    ("VIEW", "CREATE VIEW n.v AS\n SELECT SYSTEM_USER AS u;\n", "SystemUser", 16),
    (
        "SUBSCRIPTION",
        "CREATE SUBSCRIPTION s CONNECTION '' PUBLICATION a WITH (connect = false, password_required = false);\n",
        "SubscriptionOption",
        16,
    ),
    ("COLLATION", "CREATE COLLATION n.c (provider = builtin, locale = 'C.UTF-8');\n", "BuiltinCollation", 17),
    (
        "VIEW",
        "CREATE VIEW n.v AS\n SELECT x FROM JSON_TABLE('[1]'::jsonb, '$[*]' COLUMNS (x integer PATH '$')) q;\n",
        "JsonTable",
        17,
    ),
    (
        "VIEW",
        "CREATE VIEW n.v AS\n SELECT JSON_VALUE(j, '$.\"a\"' RETURNING text) AS v FROM n.base;\n",
        "JsonQuery",
        17,
    ),
    ("ACL", "GRANT MAINTAIN ON TABLE n.t TO r;\n", "Maintain", 17),
    (
        "DEFAULT ACL",
        "ALTER DEFAULT PRIVILEGES FOR ROLE a IN SCHEMA n GRANT SELECT,MAINTAIN ON TABLES TO r;\n",
        "Maintain",
        17,
    ),
    ("VIEW", "CREATE VIEW n.v AS\n SELECT (d AT LOCAL) AS x FROM n.base;\n", "AtLocal", 17),
    ("EVENT TRIGGER", "CREATE EVENT TRIGGER e ON login\n   EXECUTE FUNCTION n.f();\n", "LoginTrigger", 17),
    (
        "TABLE",
        "CREATE TABLE n.t (\n    a integer,\n    b integer GENERATED ALWAYS AS ((a * (2 + 1)))\n);\n",
        "VirtualColumn",
        18,
    ),
    ("CONSTRAINT", "ALTER TABLE n.t\n    ADD CONSTRAINT x NOT NULL a NOT VALID;\n", "NotNullConstraint", 18),
    ("TABLE", "CREATE TABLE n.t (\n    a integer NOT NULL NO INHERIT\n);\n", "NotNullConstraint", 18),
    ("TABLE", "CREATE TABLE n.t (\n    CONSTRAINT x NOT NULL a\n)\nINHERITS (n.p);\n", "NotNullConstraint", 18),
    ("TABLE", "CREATE TABLE n.t (\n    b text,\n    NOT NULL a\n)\nINHERITS (n.p);\n", "NotNullConstraint", 18),
    (
        "CONSTRAINT",
        "ALTER TABLE ONLY n.t\n    ADD CONSTRAINT c PRIMARY KEY (id, v WITHOUT OVERLAPS);\n",
        "TemporalKey",
        18,
    ),
    (
        "FK CONSTRAINT",
        "ALTER TABLE ONLY n.t\n    ADD CONSTRAINT c FOREIGN KEY (id, PERIOD v) REFERENCES n.k(id, PERIOD v);\n",
        "TemporalKey",
        18,
    ),
    (
        "FK CONSTRAINT",
        "ALTER TABLE n.t\n    ADD CONSTRAINT c FOREIGN KEY (a) REFERENCES n.b(id) NOT ENFORCED;\n",
        "NotEnforced",
        18,
    ),
    (
        "DEFAULT ACL",
        "ALTER DEFAULT PRIVILEGES FOR ROLE a GRANT SELECT ON LARGE OBJECTS TO r;\n",
        "DefaultLargeObjectRights",
        18,
    ),
    (
        "PUBLICATION",
        "CREATE PUBLICATION p WITH (publish = 'insert', publish_generated_columns = stored);\n",
        "PublishGenerated",
        18,
    ),
    ("TRIGGER", "CREATE TRIGGER t BEFORE INSERT ON n.t FOR EACH ROW EXECUTE FUNCTION n.f();\n", "ExecuteFunction", 11),
    ("INDEX", "CREATE INDEX i ON n.t USING btree (a) INCLUDE (b);\n", "IndexInclude", 11),
    ("PUBLICATION", "CREATE PUBLICATION p WITH (publish = 'insert, truncate');\n", "PublishTruncate", 11),
    (
        "VIEW",
        "CREATE VIEW n.v AS\n SELECT sum(a) OVER (ORDER BY a GROUPS BETWEEN 1 PRECEDING AND CURRENT ROW) AS s FROM n.t;\n",
        "WindowFrame",
        11,
    ),
    (
        "TABLE",
        "CREATE TABLE n.t (\n    a integer,\n    b integer GENERATED ALWAYS AS ((a * 2)) STORED\n);\n",
        "StoredColumn",
        12,
    ),
    (
        "VIEW",
        "CREATE VIEW n.v AS\n WITH q AS NOT MATERIALIZED (\n SELECT 1\n )\n SELECT 1 FROM q;\n",
        "MaterializedQuery",
        12,
    ),
    ("VIEW", "CREATE VIEW n.v AS\n SELECT date_trunc('day'::text, d, 'UTC'::text) AS x FROM n.t;\n", "Function", 12),
    ("VIEW", "CREATE VIEW n.v AS\n SELECT (t IS NFC NORMALIZED) AS x FROM n.t;\n", "IsNormalized", 13),
    ("TABLE", "CREATE TABLE n.t (\n    a xid8\n);\n", "BuiltIn", 13),
    ("VIEW", "CREATE VIEW n.v AS\n SELECT \"date_bin\"('1 day'::interval, d, d) AS a FROM n.t;\n", "Function", 14),
    (
        "VIEW",
        "CREATE VIEW n.v AS\n SELECT pg_catalog.date_bin('1 day'::interval, d, d) AS a FROM n.t;\n",
        "Function",
        14,
    ),
    ("VIEW", "CREATE VIEW n.v AS\n SELECT j['k'::text] AS a FROM n.t;\n", "Subscript", 14),
    ("VIEW", "CREATE VIEW n.v AS\n SELECT round(EXTRACT(epoch FROM d), 2) AS a FROM n.t;\n", "NumericExtract", 14),
    ("VIEW", "CREATE VIEW n.v AS\n SELECT (EXTRACT(day FROM d) % (4)::numeric) AS a FROM n.t;\n", "NumericExtract", 14),
    ("TABLE", "CREATE TABLE n.t (\n    a numeric DEFAULT 'Infinity'::numeric\n);\n", "NumericInfinity", 14),
    ("VIEW", "CREATE VIEW n.v AS\n SELECT regexp_replace(t, 'a'::text, 'b'::text, 2) AS a FROM n.t;\n", "Function", 15),
    ("VIEW", "CREATE VIEW n.v WITH (\"security_invoker\"='true') AS\n SELECT 1 AS a;\n", "SecurityInvoker", 15),
    ("VIEW", "CREATE VIEW n.v AS\n SELECT XMLSERIALIZE(CONTENT x AS text NO INDENT) AS y FROM n.t;\n", "XmlIndent", 16),
    ("TABLE", "CREATE TABLE n.t (\n    a text COLLATE pg_catalog.\"unicode\"\n);\n", "BuiltIn", 16),
    ("TABLE", "CREATE TABLE n.t (\n    a interval DEFAULT '-infinity'::interval\n);\n", "IntervalInfinity", 17),
    ("TABLE", "CREATE TABLE n.t (\n    a jsonpath DEFAULT '$.\"a\".bigint()'::jsonpath\n);\n", "JsonPathMethod", 17),
    ("VIEW", "CREATE VIEW n.v AS\n SELECT random(1, 10) AS a;\n", "Function", 17),
    ("VIEW", "CREATE VIEW n.v AS\n SELECT reverse('\\x01'::bytea) AS a;\n", "Function", 18),
    ("VIEW", "CREATE VIEW n.v AS\n SELECT ('\\x01'::bytea)::integer AS a;\n", "ByteaCast", 18),
    ("VIEW", "CREATE VIEW n.v AS\n SELECT to_tsvector('estonian'::regconfig, t) AS a FROM n.t;\n", "BuiltIn", 18),
    ("VIEW", "CREATE VIEW n.v AS\n SELECT conenforced FROM pg_constraint;\n", "BuiltIn", 18),
    ("TABLE", "CREATE TABLE n.t (\n    a integer\n)\nWITH (autovacuum_vacuum_max_threshold='1000');\n", "BuiltIn", 18),
    (
        "FUNCTION",
        "CREATE FUNCTION n.f() RETURNS integer\n    LANGUAGE sql\n    SET io_method TO 'sync'\n    AS 'SELECT 1';\n",
        "BuiltIn",
        18,
    ),
    ("STATISTICS DATA", "SELECT * FROM pg_catalog.pg_restore_relation_stats();\n", "StatisticsImport", 18),
];

/// SQL that only resembles a feature.
const TAKEN: &[(&str, &str)] = &[
    (
        "FUNCTION",
        "CREATE FUNCTION n.f(a integer) RETURNS integer\n    LANGUAGE plpgsql\n    AS $$ BEGIN RETURN a; /* BEGIN ATOMIC */ END $$;\n",
    ),
    (
        "FUNCTION",
        "CREATE FUNCTION n.f(return integer, atomic integer) RETURNS integer\n    LANGUAGE sql\n    AS 'SELECT any_value(1)';\n",
    ),
    ("COMMENT", "COMMENT ON TABLE n.t IS 'NULLS NOT DISTINCT; SET COMPRESSION lz4; x IS JSON';\n"),
    ("TABLE", "CREATE TABLE n.\"x IS JSON\" (\n    \"GRANT MAINTAIN\" int, -- NOT ENFORCED\n    b integer\n);\n"),
    (
        "TABLE",
        "CREATE TABLE n.t (\n    a integer,\n    b integer GENERATED ALWAYS AS ((a * (2 + 1))) STORED,\n    c integer NOT NULL\n);\n",
    ),
    (
        "TABLE",
        "CREATE TABLE n.t (\n    a integer CONSTRAINT x NOT NULL,\n    b numeric(10,2) CONSTRAINT y NOT NULL,\n    CONSTRAINT c CHECK ((a IS NOT NULL))\n);\n",
    ),
    (
        "TABLE",
        "CREATE TABLE n.t (\n    any_value integer,\n    date_bin text,\n    json_table text DEFAULT 'JSON_TABLE('\n);\n",
    ),
    (
        "SEQUENCE",
        "ALTER TABLE n.t ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (\n    SEQUENCE NAME n.s\n    CACHE 1\n);\n",
    ),
    ("SEQUENCE", "CREATE SEQUENCE n.s\n    START WITH 1\n    CACHE 1\n    CYCLE;\n"),
    (
        "FK CONSTRAINT",
        "ALTER TABLE ONLY n.t\n    ADD CONSTRAINT c FOREIGN KEY (a, period) REFERENCES n.b(id) ON DELETE SET NULL;\n",
    ),
    ("INDEX", "CREATE INDEX date_bin ON n.t USING btree (any_value);\n"),
    ("INDEX", "CREATE UNIQUE INDEX i ON n.t USING btree (a) INCLUDE (b);\n"),
    ("STATISTICS", "CREATE STATISTICS n.s (ndistinct) ON id, t FROM n.base;\n"),
    (
        "VIEW",
        "CREATE VIEW n.v WITH (security_barrier='true') AS\n SELECT a.t, id FROM (n.base a JOIN n.base b USING (id));\n",
    ),
    (
        "VIEW",
        "CREATE VIEW n.v AS\n SELECT json_object('{a,b}'::text[]) AS o, n.any_value(1) AS x, (d AT TIME ZONE 'UTC'::text) AS z;\n",
    ),
    (
        "VIEW",
        "CREATE VIEW n.v AS\n SELECT count(DISTINCT id) AS c, (a IS NOT DISTINCT FROM b) AS d FROM n.base GROUP BY a, b;\n",
    ),
    ("RULE", "CREATE RULE r AS\n    ON INSERT TO n.t DO INSTEAD UPDATE n.u SET compression = 1;\n"),
    ("PUBLICATION TABLE", "ALTER PUBLICATION p ADD TABLE ONLY n.\"t (x) WHERE\";\n"),
    ("COLLATION", "CREATE COLLATION n.builtin (provider = icu, locale = 'und');\n"),
    ("ACL", "GRANT ALL ON TABLE n.maintain TO maintain;\n"),
    ("ACL", "GRANT SELECT ON TABLE n.t TO \"pg_read_all_data \";\n"),
    ("EVENT TRIGGER", "CREATE EVENT TRIGGER login ON ddl_command_end\n   EXECUTE FUNCTION n.login();\n"),
    (
        "SUBSCRIPTION",
        "CREATE SUBSCRIPTION s CONNECTION 'binary = true' PUBLICATION origin WITH (connect = false, slot_name = 's');\n",
    ),
    (
        "PROCEDURE",
        "CREATE PROCEDURE n.p(IN a integer, INOUT b integer)\n    LANGUAGE plpgsql\n    AS $$ BEGIN b := 1; END $$;\n",
    ),
    (
        "VIEW",
        "CREATE VIEW n.v AS\n WITH gamma(a) AS (\n SELECT 1\n ), crc32(a, b) AS (\n SELECT 2, 3\n )\n SELECT gamma.a FROM gamma, crc32;\n",
    ),
    ("VIEW", "CREATE VIEW n.v AS\n SELECT x FROM unnest(ARRAY[1, 2]) any_value(x);\n"),
    ("VIEW", "CREATE VIEW n.v AS\n SELECT n.gamma(1) AS x, ARRAY['a'::text] AS y, a[1] AS z FROM n.t;\n"),
    (
        "VIEW",
        "CREATE VIEW n.v AS\n SELECT round((EXTRACT(epoch FROM d))::numeric, 2) AS a, ((EXTRACT(day FROM d))::integer % 4) AS b FROM n.t;\n",
    ),
    (
        "VIEW",
        "CREATE VIEW n.v AS\n SELECT 'infinity'::timestamp with time zone AS a, 'Infinity'::double precision AS b;\n",
    ),
    ("VIEW", "CREATE VIEW n.v AS\n SELECT max(t) AS a, reverse(t) AS b, (t)::bytea AS c, random() AS d FROM n.t;\n"),
    (
        "FUNCTION",
        "CREATE FUNCTION n.f(a integer, OUT return numeric) RETURNS numeric\n    LANGUAGE plpgsql\n    AS 'x';\n",
    ),
    ("TABLE", "CREATE TABLE n.t (\n    jsonpath text,\n    xid8 integer,\n    unicode text\n);\n"),
    ("TYPE", "CREATE TYPE n.c AS (\n\tmultirange_type_name integer,\n\tsubscript text\n);\n"),
];

#[test]
fn refused_sql_is_found_with_the_first_release_that_accepts_it() {
    for (desc, sql, feature, since) in REFUSED {
        assert_eq!(found_for((*since - 1).min(13), desc, sql), [(*feature, *since)], "{desc}: {sql}");
        assert_eq!(found_for(*since - 1, desc, sql).len(), 1, "{desc}: {sql}");
        assert!(found_for(*since, desc, sql).is_empty(), "{desc}: {sql}");
    }
}

#[test]
fn nothing_is_found_in_names_strings_and_comments() {
    for (desc, sql) in TAKEN {
        let found = found_for(13, desc, sql);
        assert!(found.is_empty(), "{desc}: {sql}: {found:?}");
    }
}

#[test]
fn a_feature_is_reported_once_per_entry() {
    let sql = "CREATE VIEW n.v AS SELECT any_value(a), any_value(b), a IS JSON, b IS JSON;\n";
    assert_eq!(found_for(13, "VIEW", sql), [("Function", 16), ("IsJson", 16)]);
}

#[test]
fn a_server_has_no_features_of_later_ones() {
    let mut made = Made::new(FormatVersion::V1_16, Compression::GZIP);
    made.sql(10, "VIEW", "v", "CREATE VIEW n.v AS SELECT SYSTEM_USER, 1 AS \"x\";\n");
    let mut found = |version: Option<&[u8]>| {
        made.header.server_version = version.map(<[u8]>::to_vec);
        let dump = made.build();
        let blocks = BlockReader::open(&dump[..], &Limits::untrusted()).unwrap();
        incompatibilities(blocks.header(), blocks.toc(), 13).len()
    };
    // Before 16 this was an ordinary column.
    assert_eq!(found(Some(b"13.23 (Debian 13.23-0+deb11u4)")), 0);
    assert_eq!(found(Some(b"15beta2")), 0);
    assert_eq!(found(Some(b"16.1")), 1);
    assert_eq!(found(Some(b"19rc1")), 1);
    assert_eq!(found(None), 1);
    assert_eq!(found(Some(b"devel")), 1);
}

#[test]
fn the_owner_is_examined_if_pg_restore_sets_it() {
    let mut made = Made::new(FormatVersion::V1_16, Compression::GZIP);
    let table = made.sql(10, "TABLE", "t", "CREATE TABLE n.t ();\n");
    table.owner = Some(b"pg_database_owner");
    table.drop_statement = Some(b"DROP TABLE n.t;\n");
    made.sql(11, "ACL", "SCHEMA public", "GRANT ALL ON SCHEMA public TO x;\n").owner = Some(b"pg_database_owner");
    let dump = made.build();
    let blocks = BlockReader::open(&dump[..], &Limits::untrusted()).unwrap();
    let found = incompatibilities(blocks.header(), blocks.toc(), 13);
    assert_eq!(found.iter().map(|found| found.id).collect::<Vec<_>>(), [10]);
}

#[test]
fn names_of_new_multirange_types_are_found_in_their_range_types() {
    let mut made = Made::new(FormatVersion::V1_16, Compression::GZIP);
    made.sql(
        10,
        "TYPE",
        "r",
        "CREATE TYPE n.r AS RANGE (\n    subtype = int4,\n    multirange_type_name = n.\"M \"\"r\"\n);\n",
    );
    made.sql(11, "TABLE", "t", "CREATE TABLE n.t (\n    a n.\"M \"\"r\",\n    b n.r\n);\n");
    made.sql(12, "COMMENT", "TYPE r", "COMMENT ON TYPE n.\"M \"\"r\" IS 'x';\n");
    made.sql(13, "TABLE", "u", "CREATE TABLE n.u (\n    \"M \"\"r\" n.r,\n    c m.\"M \"\"r\"\n);\n");
    let dump = made.build();
    let blocks = BlockReader::open(&dump[..], &Limits::untrusted()).unwrap();
    let found = incompatibilities(blocks.header(), blocks.toc(), 13);
    let found: Vec<_> = found.iter().map(|found| (found.id, found.feature.name())).collect();
    assert_eq!(found, [(10, "MultirangeTypeName"), (11, "Multirange"), (12, "Multirange")]);
}
