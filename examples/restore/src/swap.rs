//! Renames the databases: both in one transaction, together with their comments.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use postgres::error::SqlState;

use crate::marks::{Names, Record, Role, comment_on};
use crate::server::{Server, identifier, sql_failure};
use crate::support::Outcome;
use crate::target::Target;

/// The order in which the databases are renamed.
pub struct Swap<'a> {
    pub keeps_old: bool,
    pub force_disconnect: bool,
    pub files: Option<&'a Path>,
}

impl Server {
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
        if target.is_some_and(|target| !target.allows_connections) {
            sql += &format!("ALTER DATABASE {current} ALLOW_CONNECTIONS false;\n");
        }
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
