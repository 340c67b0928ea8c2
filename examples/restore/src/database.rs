//! The databases of a restore: the target, the new one beside it, and the old one.
//!
//! Each database that a restore creates or moves aside has a comment that says so, in JSON. Renaming two databases is one
//! transaction, and so is changing their comments.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use postgres::Row;
use postgres::error::SqlState;
use serde::{Deserialize, Serialize};

use crate::server::{Server, identifier, literal, sql_failure};
use crate::support::{Failure, Outcome};

/// The start of the comments, before the JSON.
const MARK: &str = "appsnap restore ";
/// Longest name of a database, NAMEDATALEN - 1.
const NAME_BYTES: usize = 63;
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
    fn comment(&self) -> String {
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

/// The target as it is before the restore.
#[derive(Clone, Debug)]
pub struct Target {
    pub oid: u32,
    pub owner: String,
    pub encoding: String,
    creation: String,
    connection_limit: i32,
    pub comment: Option<String>,
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

    /// Returns the object id of a database.
    pub fn oid_of(&mut self, database: &str) -> Outcome<Option<u32>> {
        let row = self.client.query_opt("select oid from pg_database where datname = $1", &[&database]);
        Ok(row.map_err(|error| sql_failure("pg_database", &error))?.map(|row| row.get(0)))
    }

    /// Describes the target; `None` if there is none.
    pub fn describe_target(&mut self) -> Outcome<Option<Target>> {
        let locale = match self.major {
            ..=14 => "null::text, null::text, null::text",
            15 => "datlocprovider::text, daticulocale, null::text",
            16 => "datlocprovider::text, daticulocale, daticurules",
            _ => "datlocprovider::text, datlocale, daticurules",
        };
        let sql = format!(
            "select d.oid, pg_get_userbyid(datdba)::text, pg_encoding_to_char(encoding)::text, datcollate::text, datctype::text,
                    spcname::text, datconnlimit, shobj_description(d.oid, 'pg_database'), {locale}
             from pg_database d join pg_tablespace t on t.oid = d.dattablespace where datname = $1"
        );
        let row = self.client.query_opt(&sql, &[&self.target]).map_err(|error| sql_failure("pg_database", &error))?;
        Ok(row.map(|row| Target {
            oid: row.get(0),
            owner: row.get(1),
            encoding: row.get(2),
            creation: creation(&row),
            connection_limit: row.get(6),
            comment: row.get(7),
        }))
    }

    /// Creates the new database, like the target if there is one.
    pub fn create_new(
        &mut self,
        names: &Names,
        target: Option<&Target>,
        encoding: &str,
        files: Option<&Path>,
    ) -> Outcome<u32> {
        let mut options =
            target.map_or_else(|| format!("ENCODING {}", literal(encoding)), |target| target.creation.clone());
        if let Some(target) = target {
            options = format!("OWNER {} {options}", identifier(&target.owner));
        }
        self.execute(&format!("CREATE DATABASE {} TEMPLATE template0 {options}", identifier(&names.new)))?;
        self.mark(&names.new, names, Role::New, files)?;
        let oid = self.oid_of(&names.new)?;
        oid.ok_or_else(|| {
            Failure::environment(names.new.clone(), "the new database is gone: another program dropped it")
        })
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

    /// Writes the new database to disk, where this role may: a disk that is full only then would keep the server from dropping
    /// the old one.
    pub fn write_to_disk(&mut self) -> Outcome {
        match self.client.batch_execute("CHECKPOINT") {
            Err(error) if error.code() != Some(&SqlState::INSUFFICIENT_PRIVILEGE) => {
                Err(sql_failure("writing the new database to disk", &error))
            }
            _ => Ok(()),
        }
    }

    /// Gives the new database the rights and the settings of the target.
    pub fn pass_on(&mut self, names: &Names, target: &Target) -> Outcome {
        let new = identifier(&names.new);
        let mut sql = format!("ALTER DATABASE {new} CONNECTION LIMIT {};\n", target.connection_limit);
        let rights = self.client.query(
            "select case when a.grantee = 0 then 'PUBLIC' else quote_ident(pg_get_userbyid(a.grantee)) end, a.privilege_type, a.is_grantable
             from pg_database d, aclexplode(d.datacl) a where d.oid = $1 and a.grantee <> d.datdba",
            &[&target.oid],
        );
        let has_rights =
            self.client.query_one("select datacl is not null from pg_database where oid = $1", &[&target.oid]);
        let settings = self.client.query(
            "select case when setrole = 0 then '' else quote_ident(pg_get_userbyid(setrole)) end, unnest(setconfig)
             from pg_db_role_setting where setdatabase = $1",
            &[&target.oid],
        );
        let failed = |error: postgres::Error| sql_failure("reading the rights and settings of the database", &error);
        if has_rights.map_err(failed)?.get(0) {
            sql += &format!("REVOKE ALL ON DATABASE {new} FROM PUBLIC;\n");
            for row in rights.map_err(failed)? {
                let (role, right, may_grant): (String, String, bool) = (row.get(0), row.get(1), row.get(2));
                let more = if may_grant { " WITH GRANT OPTION" } else { "" };
                sql += &format!("GRANT {right} ON DATABASE {new} TO {role}{more};\n");
            }
        }
        for row in settings.map_err(failed)? {
            let (role, setting): (String, String) = (row.get(0), row.get(1));
            let Some((name, value)) = setting.split_once('=') else { continue };
            let subject = if role.is_empty() { "DATABASE".to_owned() } else { format!("ROLE {role} IN DATABASE") };
            // Lists are stored as they are written, with the quotes of their elements.
            let value = if is_list(name) { value.to_owned() } else { literal(value) };
            let value = if value.is_empty() { "''".to_owned() } else { value };
            sql += &format!("ALTER {subject} {new} SET {} TO {value};\n", setting_name(name));
        }
        self.execute(&sql)
    }

    /// Renames the databases in one transaction: its commit decides that the restore has happened.
    ///
    /// Returns `Ok(false)` if other programs are connected to the target.
    pub fn swap(&mut self, names: &Names, target: Option<&Target>, swap: &Swap<'_>) -> Outcome<bool> {
        let current = identifier(&self.target);
        let mut sql = String::from("BEGIN;\n");
        if target.is_some() {
            let record = Record {
                id: names.id.clone(),
                role: if swap.keeps_old { Role::Kept } else { Role::Old },
                target: self.target.clone(),
                files: swap.files.map(Path::to_owned),
            };
            sql += &format!("ALTER DATABASE {current} RENAME TO {};\n", identifier(&names.old));
            sql += &comment_on(&names.old, Some(&record.comment()));
        }
        sql += &format!("ALTER DATABASE {} RENAME TO {current};\n", identifier(&names.new));
        sql += &comment_on(&self.target, target.and_then(|target| target.comment.as_deref()));
        sql += "COMMIT;";
        self.rename(&sql, swap.force_disconnect)
    }

    /// Renames the databases back.
    pub fn swap_back(&mut self, names: &Names, files: Option<&Path>) -> Outcome<bool> {
        let current = identifier(&self.target);
        let record = Record {
            id: names.id.clone(),
            role: Role::New,
            target: self.target.clone(),
            files: files.map(Path::to_owned),
        };
        let mut sql = format!("BEGIN;\nALTER DATABASE {current} RENAME TO {};\n", identifier(&names.new));
        sql += &comment_on(&names.new, Some(&record.comment()));
        if self.oid_of(&names.old)?.is_some() {
            sql += &format!("ALTER DATABASE {} RENAME TO {current};\n", identifier(&names.old));
            sql += &comment_on(&self.target, None);
        }
        sql += "COMMIT;";
        self.rename(&sql, false)
    }

    fn rename(&mut self, sql: &str, force_disconnect: bool) -> Outcome<bool> {
        let is_done = AtomicBool::new(false);
        let mut other =
            if force_disconnect { Some(self.open("template1").or_else(|_| self.open("postgres"))?) } else { None };
        let (client, target) = (&mut self.client, &self.target);
        let renamed = std::thread::scope(|scope| {
            if let Some(other) = &mut other {
                // While the rename waits for the connections to end, it keeps new ones out.
                scope.spawn(|| {
                    while !is_done.load(Ordering::Relaxed) {
                        let ended = other.execute(
                            "select pg_terminate_backend(pid) from pg_stat_activity where datname = $1 and pid <> pg_backend_pid()",
                            &[target],
                        );
                        if ended.is_err() {
                            break;
                        }
                        std::thread::sleep(Duration::from_millis(50));
                    }
                });
            }
            let renamed = client.batch_execute(sql);
            is_done.store(true, Ordering::Relaxed);
            renamed
        });
        let Err(error) = renamed else { return Ok(true) };
        // Without a connection there is no transaction, either.
        let _ = client.batch_execute("ROLLBACK");
        if error.code() == Some(&SqlState::OBJECT_IN_USE) {
            Ok(false)
        } else {
            Err(sql_failure("renaming the databases", &error))
        }
    }
}

/// The order in which the databases are renamed.
pub struct Swap<'a> {
    pub keeps_old: bool,
    pub force_disconnect: bool,
    pub files: Option<&'a Path>,
}

/// Returns the SQL that sets the comment of a database.
pub fn comment_on(database: &str, comment: Option<&str>) -> String {
    format!("COMMENT ON DATABASE {} IS {};\n", identifier(database), comment.map_or("NULL".to_owned(), literal))
}

/// Returns the options that create a database like this one.
fn creation(row: &Row) -> String {
    let text = |index| row.get::<_, Option<String>>(index);
    let mut sql = String::new();
    for (name, value) in [("ENCODING", text(2)), ("LC_COLLATE", text(3)), ("LC_CTYPE", text(4))] {
        if let Some(value) = value {
            sql += &format!("{name} {} ", literal(&value));
        }
    }
    let locale = text(9).map(|value| literal(&value));
    match (text(8).as_deref(), locale) {
        (Some("i"), Some(locale)) => sql += &format!("LOCALE_PROVIDER icu ICU_LOCALE {locale} "),
        (Some("b"), Some(locale)) => sql += &format!("LOCALE_PROVIDER builtin BUILTIN_LOCALE {locale} "),
        (Some("c"), _) => sql += "LOCALE_PROVIDER libc ",
        _ => {}
    }
    if let Some(rules) = text(10) {
        sql += &format!("ICU_RULES {} ", literal(&rules));
    }
    if let Some(tablespace) = text(5) {
        sql += &format!("TABLESPACE {}", identifier(&tablespace));
    }
    sql
}

/// Settings whose values are lists.
fn is_list(name: &str) -> bool {
    [
        "search_path",
        "local_preload_libraries",
        "session_preload_libraries",
        "shared_preload_libraries",
        "temp_tablespaces",
        "unix_socket_directories",
    ]
    .contains(&name)
}

/// Custom settings have a prefix and a dot.
fn setting_name(name: &str) -> String {
    name.split('.').map(identifier).collect::<Vec<_>>().join(".")
}
