//! The databases that a restore creates or moves aside: their names, and the comments that mark them.
//!
//! Each has a comment that says so, in JSON.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::server::{NAME_BYTES, Server, identifier, literal, sql_failure};
use crate::support::{Failure, Outcome};

/// The start of the comments, before the JSON.
const MARK: &str = "appsnap restore ";
const NEW: &str = "_appsnap_new_";
const OLD: &str = "_appsnap_old_";
const ID_BYTES: usize = 8;
/// The time that a run waits for the session of one that was killed a moment ago.
const LOCK_PATIENCE: Duration = Duration::from_secs(15);

/// The part that a database has in a restore.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Being restored into.
    New,
    /// Restored and verified.
    Verified,
    /// Replaced, and to be dropped.
    Old,
    /// Replaced, and kept on request.
    Kept,
}

/// The comment of a database.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Record {
    pub id: String,
    pub role: Role,
    pub target: String,
    /// The folder of documents that is replaced with it.
    #[serde(default)]
    pub files: Option<PathBuf>,
}

impl Record {
    pub fn comment(&self) -> String {
        format!("{MARK}{}", serde_json::to_string(self).unwrap_or_default())
    }

    fn parse(comment: &str) -> Option<Self> {
        serde_json::from_str(comment.strip_prefix(MARK)?).ok()
    }
}

/// A database that a restore created or moved aside.
pub struct Marked {
    pub name: String,
    pub record: Record,
}

/// The names of the databases of one restore.
#[derive(Clone)]
pub struct Names {
    pub id: String,
    pub new: String,
    pub old: String,
}

impl Names {
    pub fn of(target: &str, id: &str) -> Self {
        let stem = stem(target);
        Self { id: id.to_owned(), new: format!("{stem}{NEW}{id}"), old: format!("{stem}{OLD}{id}") }
    }

    /// Draws an id that no other restore has.
    pub fn draw(target: &str) -> Self {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        let mixed = now.as_nanos() ^ (u128::from(std::process::id()) << 40);
        Self::of(target, &format!("{:08x}", (mixed ^ (mixed >> 32)) & 0xffff_ffff))
    }
}

/// The start of a target's name that leaves room for the rest.
fn stem(target: &str) -> &str {
    let mut end = target.len().min(NAME_BYTES - NEW.len() - ID_BYTES);
    while !target.is_char_boundary(end) {
        end -= 1;
    }
    &target[..end]
}

impl Server {
    /// Takes the lock of the target: one restore at a time. It ends with the connection.
    pub fn lock(&mut self) -> Outcome {
        let target = stem(&self.target).to_owned();
        let begun = Instant::now();
        loop {
            let row = self
                .client
                .query_one("select pg_try_advisory_lock(hashtext('appsnap restore'), hashtext($1))", &[&target]);
            if row.map_err(|error| sql_failure("locking the target", &error))?.get(0) {
                return Ok(());
            }
            if begun.elapsed() > LOCK_PATIENCE {
                let message =
                    format!("another restore into the database {:?} is in progress: wait for its end", self.target);
                return Err(Failure::environment("--database", message));
            }
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// Writes the comment of a database.
    pub fn mark(&mut self, database: &str, names: &Names, role: Role, files: Option<&Path>) -> Outcome {
        let record =
            Record { id: names.id.clone(), role, target: self.target.clone(), files: files.map(Path::to_owned) };
        self.execute(&comment_on(database, Some(&record.comment())))
    }

    /// Returns the databases that restores of this target left, without those that are kept on request.
    pub fn left_over(&mut self) -> Outcome<Vec<Marked>> {
        let rows = self.client.query(
            "select datname::text, shobj_description(oid, 'pg_database') from pg_database where not datistemplate order by 1",
            &[],
        );
        let rows = rows.map_err(|error| sql_failure("pg_database", &error))?;
        let mut marked = Vec::new();
        for row in rows {
            let (name, comment): (String, Option<String>) = (row.get(0), row.get(1));
            match comment.as_deref().map(Record::parse) {
                Some(Some(record)) => {
                    let is_wanted = record.target == self.target && record.role != Role::Kept;
                    marked.extend(is_wanted.then_some(Marked { name, record }));
                }
                // Killed between the creation and the comment: it is empty.
                None if self.is_unmarked_new(&name) && self.is_empty(&name)? => {
                    let record =
                        Record { id: String::new(), role: Role::New, target: self.target.clone(), files: None };
                    marked.push(Marked { name, record });
                }
                _ => {}
            }
        }
        Ok(marked)
    }

    fn is_unmarked_new(&self, name: &str) -> bool {
        let rest = name.strip_prefix(stem(&self.target)).and_then(|rest| rest.strip_prefix(NEW));
        rest.is_some_and(|id| id.len() == ID_BYTES && id.bytes().all(|byte| byte.is_ascii_hexdigit()))
    }

    fn is_empty(&self, database: &str) -> Outcome<bool> {
        let mut client = self.open(database)?;
        let row = client.query_one("select not exists (select from pg_class where oid >= 16384)", &[]);
        Ok(row.map_err(|error| sql_failure(database, &error))?.get(0))
    }

    /// Drops a database that a restore created or moved aside.
    pub fn drop_marked(&mut self, database: &str) -> Outcome {
        self.execute(&format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", identifier(database)))
    }
}

/// Returns the SQL that sets the comment of a database.
pub fn comment_on(database: &str, comment: Option<&str>) -> String {
    format!("COMMENT ON DATABASE {} IS {};\n", identifier(database), comment.map_or("NULL".to_owned(), literal))
}
