//! Reads the rows of the files back from the new database, and compares them with those of the snapshot.
//!
//! The documents of the snapshot are compared with the files in the new folder elsewhere: together, each row that must have
//! a document has it, with its size.

use appsnap::DocumentId;
use appsnap::check::FileCase;
use appsnap::restore::Survey;
use postgres::Client;
use postgres::fallible_iterator::FallibleIterator;

use crate::server::identifier;

/// Differences that are named.
const SHOWN_COUNT: usize = 20;

/// Returns the differences between the rows that must have a document in the new database and in the snapshot.
pub fn differences(client: &mut Client, survey: &Survey) -> Result<Vec<String>, postgres::Error> {
    let (Some(files), Some(table)) = (survey.report().files(), Table::find(client)?) else { return Ok(Vec::new()) };
    let mut expected = files.filter(FileCase::requires_document).peekable();
    let (mut differences, mut differences_count) = (Vec::new(), 0_u64);
    let mut add = |difference: String| {
        differences_count = differences_count.saturating_add(1);
        if differences.len() < SHOWN_COUNT {
            differences.push(difference);
        }
    };
    let mut rows = client.query_raw::<_, String, _>(&table.sql(), [])?;
    while let Some(row) = rows.next()? {
        let (text, size): (String, Option<i64>) = (row.get(0), row.get(1));
        let Ok(id) = text.parse::<DocumentId>() else { continue };
        while let Some(missing) = expected.next_if(|case| case.id < id) {
            add(format!("document {}: the new database has no row that must have it", missing.id));
        }
        let Some(case) = expected.next_if(|case| case.id == id) else {
            add(format!("document {id}: the snapshot has no row that must have it, but the new database has one"));
            continue;
        };
        let stated = case.stated_bytes();
        if let (Some(stated), Some(size)) = (stated, size)
            && u64::try_from(size) != Ok(stated)
        {
            add(format!(
                "document {id}: the row in the new database has the size {size}, the one in the snapshot {stated}"
            ));
        }
    }
    drop(rows);
    for missing in expected {
        add(format!("document {}: the new database has no row that must have it", missing.id));
    }
    let more = differences_count.saturating_sub(differences.len() as u64);
    if more > 0 {
        differences.push(format!("and {more} more documents"));
    }
    Ok(differences)
}

/// The table of an app's files, with the columns that its version of the platform has.
struct Table {
    name: String,
    columns: Vec<String>,
}

impl Table {
    fn find(client: &mut Client) -> Result<Option<Self>, postgres::Error> {
        let rows = client.query(
            "select n.nspname::text, array_agg(a.attname::text) from pg_class c join pg_namespace n on n.oid = c.relnamespace
             join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
             where c.relname = 'system$filedocument' and c.relkind in ('r', 'p')
             group by n.nspname order by n.nspname <> 'public', n.nspname limit 1",
            &[],
        )?;
        let found = rows.first().map(|row| {
            let name = format!("{}.{}", identifier(row.get(0)), identifier("system$filedocument"));
            Self { name, columns: row.get(1) }
        });
        Ok(found.filter(|table| table.has("__uuid__")))
    }

    fn has(&self, column: &str) -> bool {
        self.columns.iter().any(|name| name == column)
    }

    /// Returns the query for the rows that must have a document, as the check of a snapshot decides it.
    fn sql(&self) -> String {
        let has_contents = match (self.has("hascontents"), self.has("size")) {
            (true, _) => "coalesce(hascontents::text in ('t', 'true'), false)",
            (false, true) => "coalesce(size > 0, false)",
            (false, false) => "false",
        };
        let is_thumbnail = if self.has("submetaobjectname") {
            "coalesce(submetaobjectname = 'System.Thumbnail', false)"
        } else {
            "false"
        };
        let is_kept = if self.has("deleteafterdownload") {
            "not coalesce(deleteafterdownload::text in ('t', 'true'), false)"
        } else {
            "true"
        };
        let size = if self.has("size") { "size::bigint" } else { "null::bigint" };
        format!(
            "select lower(__uuid__::text), {size} from {} where __uuid__ is not null and ({has_contents} or {is_thumbnail})
             and {is_kept} order by lower(__uuid__::text) collate \"C\"",
            self.name
        )
    }
}
