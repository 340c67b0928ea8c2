//! Compares the new database and the new folder with what the snapshot contains.

use std::collections::BTreeSet;
use std::fs;

use appsnap::DocumentId;
use appsnap::pgdump::transcode::{ConversionReport, EntryChangeKind};
use appsnap::restore::{Survey, Verification};
use postgres::Client;
use serde::Serialize;

use crate::bucket_files::Delivered;
use crate::file_rows;
use crate::ledger::Ledger;
use crate::server::{Server, identifier, sql_failure};
use crate::support::{Failure, Outcome, harmless, signals};

/// The counts of the new database.
#[derive(Default)]
pub struct Counted {
    pub tables: u64,
    pub rows: u64,
    pub large_objects: u64,
    /// Tables whose rows nothing can be compared with.
    pub uncounted_tables: u64,
    pub behind: Vec<Behind>,
    /// Tables whose rows a mask changed.
    pub masked: Vec<String>,
}

/// A sequence that will draw numbers that its column has already.
#[derive(Clone, Debug, Serialize)]
pub struct Behind {
    pub sequence: String,
    pub column: String,
    pub last_value: i64,
    pub max: i64,
}

/// Counts everything, and returns the differences as a failure.
pub fn verify(
    server: &Server,
    database: &str,
    survey: &Survey,
    documents: Option<(&Ledger, Delivered)>,
    conversion: &ConversionReport,
) -> Outcome<Counted> {
    let mut client = server.open(database)?;
    let failed = |error: postgres::Error| sql_failure("counting rows", &error);
    // Rows that a policy hides are an error, not a smaller number.
    client.batch_execute("SET row_security = off; SET default_transaction_read_only = on").map_err(failed)?;
    let mut verification = Verification::new(survey);
    let mut counted = Counted { uncounted_tables: survey.uncounted_tables().len() as u64, ..Counted::default() };
    let rows = client.query(
        "select nspname::text, relname::text from pg_class c join pg_namespace n on n.oid = relnamespace where relkind in ('r', 'p', 'f')",
        &[],
    );
    let existing: BTreeSet<(String, String)> =
        rows.map_err(failed)?.iter().map(|row| (row.get(0), row.get(1))).collect();
    let changes = conversion.changes.entries.iter();
    let edited: BTreeSet<(&[u8], &[u8])> = changes
        .filter(|change| matches!(change.kind, EntryChangeKind::RowsEdited | EntryChangeKind::DataExcluded))
        .filter_map(|change| conversion.toc.get(change.id))
        .map(|entry| (entry.namespace.unwrap_or_default(), entry.tag))
        .collect();
    counted.masked = edited.iter().map(|(schema, table)| text_of(schema, table)).collect();
    for ((schema, table), expected) in survey.tables() {
        if signals::is_interrupted() {
            return Err(Failure::environment("verifying", "interrupted"));
        }
        let (Ok(schema_name), Ok(table_name)) = (std::str::from_utf8(schema), std::str::from_utf8(table)) else {
            // The name is in the encoding of the dump, and other names are in UTF-8 here.
            verification.skip(schema, table);
            counted.uncounted_tables += 1;
            continue;
        };
        let name = (schema_name.to_owned(), table_name.to_owned());
        if !existing.contains(&name) {
            verification.table(schema, table, None);
            continue;
        }
        let sql = format!("select count(*) from only {}.{}", identifier(schema_name), identifier(table_name));
        let count: i64 = client.query_one(&sql, &[]).map_err(failed)?.get(0);
        let count = u64::try_from(count).unwrap_or_default();
        // A mask drops all rows of a table or none.
        let is_dropped = count == 0 && edited.contains(&(schema, table));
        verification.table(schema, table, Some(if is_dropped { expected } else { count }));
        counted.tables += 1;
        counted.rows += count;
    }
    let count: i64 = client.query_one("select count(*) from pg_largeobject_metadata", &[]).map_err(failed)?.get(0);
    counted.large_objects = u64::try_from(count).unwrap_or_default();
    verification.large_objects(counted.large_objects);
    if let Some((ledger, delivered)) = documents {
        verification.totals(delivered.documents_count, delivered.document_bytes);
        match ledger {
            Ledger::Folder(journal) => {
                let folder = journal.documents();
                verification.documents(|id| fs::metadata(folder.join(id.path())).ok().map(|facts| facts.len()));
            }
            Ledger::Bucket(bucket) => {
                let len_bytes_of = bucket.lengths()?;
                let known = known_documents(survey);
                // What the snapshot does not contain is from the old state, which stays.
                verification.documents(|id| known.binary_search(&id).ok().and_then(|_| len_bytes_of(id)));
            }
        }
    }
    let mut differences = verification.differences();
    // A mask may have changed them.
    if !edited.iter().any(|(_, table)| *table == b"system$filedocument") {
        differences.extend(file_rows::differences(&mut client, survey).map_err(failed)?);
    }
    if !differences.is_empty() {
        return Err(Failure::input("verifying what was restored", harmless(&differences.join("; "))));
    }
    counted.behind = behind(&mut client).map_err(failed)?;
    Ok(counted)
}

/// Returns the documents of the snapshot, in the order of the uuids.
fn known_documents(survey: &Survey) -> Vec<DocumentId> {
    let cases = survey.report().files().into_iter().flatten();
    cases.filter(|case| case.document_bytes.is_some()).map(|case| case.id).collect()
}

fn text_of(schema: &[u8], table: &[u8]) -> String {
    harmless(&format!("{}.{}", String::from_utf8_lossy(schema), String::from_utf8_lossy(table)))
}

/// Finds sequences whose next number is not above all numbers of their column.
fn behind(client: &mut Client) -> Result<Vec<Behind>, postgres::Error> {
    let owned = client.query(
        "with used as (
             select objid as sequence, refobjid as relation, refobjsubid as number from pg_depend
             where classid = 'pg_class'::regclass and refclassid = 'pg_class'::regclass and deptype in ('a', 'i') and refobjsubid > 0
             union
             select d.refobjid, a.adrelid, a.adnum from pg_depend d join pg_attrdef a on a.oid = d.objid
             where d.classid = 'pg_attrdef'::regclass and d.refclassid = 'pg_class'::regclass
         )
         select sn.nspname::text, sc.relname::text, tn.nspname::text, tc.relname::text, a.attname::text, s.seqincrement
         from used
         join pg_class sc on sc.oid = used.sequence and sc.relkind = 'S' join pg_namespace sn on sn.oid = sc.relnamespace
         join pg_sequence s on s.seqrelid = sc.oid
         join pg_class tc on tc.oid = used.relation and tc.relkind in ('r', 'p') join pg_namespace tn on tn.oid = tc.relnamespace
         join pg_attribute a on a.attrelid = tc.oid and a.attnum = used.number
         where a.atttypid in ('int2'::regtype, 'int4'::regtype, 'int8'::regtype) and s.seqincrement > 0
         order by 1, 2, 3, 4, 5",
        &[],
    )?;
    let mut behind = Vec::new();
    for row in owned {
        let text = |index| row.get::<_, String>(index);
        let sequence = format!("{}.{}", identifier(&text(0)), identifier(&text(1)));
        let table = format!("{}.{}", identifier(&text(2)), identifier(&text(3)));
        let sql = format!(
            "select last_value, is_called, (select max({})::bigint from {table}) from {sequence}",
            identifier(&text(4))
        );
        let facts = client.query_one(&sql, &[])?;
        let (last_value, is_called, max): (i64, bool, Option<i64>) = (facts.get(0), facts.get(1), facts.get(2));
        let Some(max) = max else { continue };
        if max > last_value || (max == last_value && !is_called) {
            let column = harmless(&format!("{}.{}.{}", text(2), text(3), text(4)));
            behind.push(Behind { sequence: harmless(&format!("{}.{}", text(0), text(1))), column, last_value, max });
        }
    }
    Ok(behind)
}
