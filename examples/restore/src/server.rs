//! The database server: how to reach it, what it is, and what it has.

use std::path::PathBuf;
use std::time::Duration;

use postgres::Client;
use postgres::error::SqlState;

use crate::connection::Connection;
use crate::support::{Failure, Outcome, harmless};
use crate::tls;

/// The oldest server that is restored into.
const OLDEST_MAJOR: u32 = 13;
/// The longest name of a database, NAMEDATALEN - 1.
pub const NAME_BYTES: usize = 63;
/// Databases that every server has, for work on other databases.
const MAINTENANCE: [&str; 2] = ["postgres", "template1"];

/// A connection to a database beside the target.
pub struct Server {
    pub connection: Connection,
    maintenance: &'static str,
    pub client: Client,
    /// The name of the database to restore into.
    pub target: String,
    pub version: String,
    pub major: u32,
    pub user: String,
    pub is_superuser: bool,
    /// The number that initdb gave the cluster; `None` if this role may not see it.
    pub system: Option<String>,
}

/// A connection of another program.
pub struct Visitor {
    description: String,
}

impl Server {
    pub fn connect(url: &str) -> Outcome<Self> {
        let connection = Connection::of(url)?;
        let Some(target) = connection.database().map(str::to_owned) else {
            let message = "the URL does not name the database to replace: add its name after the host";
            return Err(Failure::environment("--database", message));
        };
        if ["template0", "template1"].contains(&&*target) {
            return Err(Failure::environment("--database", "templates are not restored into: name another database"));
        }
        if target.len() > NAME_BYTES {
            let message =
                format!("names of databases have at most {NAME_BYTES} bytes, and this one has {}", target.len());
            return Err(Failure::environment("--database", message));
        }
        let candidates = MAINTENANCE.iter().copied().filter(|name| *name != target);
        let mut refused = None;
        for maintenance in candidates {
            match connection.open(maintenance) {
                Ok(client) => return Self::of(connection, maintenance, client, target),
                // A server without the database `postgres` has the other one.
                Err(error) if error.code() == Some(&SqlState::INVALID_CATALOG_NAME) => refused = Some(error),
                Err(error) => return Err(sql_failure(&connection.place(), &error)),
            }
        }
        let why = refused.map_or_else(|| "there is no database to connect to".to_owned(), |error| text_of(&error));
        Err(Failure::environment("--database", why))
    }

    fn of(connection: Connection, maintenance: &'static str, mut client: Client, target: String) -> Outcome<Self> {
        let row = client.query_one(
            "select current_setting('server_version'), current_setting('server_version_num')::int, current_user::text,
                    coalesce((select rolsuper from pg_roles where rolname = current_user), false)",
            &[],
        );
        let row = row.map_err(|error| sql_failure("--database", &error))?;
        let number: i32 = row.get(1);
        let major = u32::try_from(number / 10_000).unwrap_or_default();
        let version: String = row.get(0);
        if major < OLDEST_MAJOR {
            let message = format!("PostgreSQL {version} is not supported: restore into {OLDEST_MAJOR} or newer");
            return Err(Failure::environment("--database", message));
        }
        if client.query_one("select pg_is_in_recovery()", &[]).is_ok_and(|row| row.get(0)) {
            let message = "the server is a standby, which nothing can be restored into: name the primary server";
            return Err(Failure::environment("--database", message));
        }
        // Some providers take this function away.
        let system = client.query_one("select system_identifier::text from pg_control_system()", &[]);
        let system = system.ok().map(|row| row.get(0));
        let (user, is_superuser) = (row.get(2), row.get(3));
        Ok(Self { connection, maintenance, client, target, version, major, user, is_superuser, system })
    }

    /// Opens another connection, to this database.
    pub fn open(&self, database: &str) -> Outcome<Client> {
        self.connection.open(database).map_err(|error| sql_failure(&format!("database {database:?}"), &error))
    }

    /// Returns the way to the server for PostgreSQL's programs, to a database beside the target.
    pub fn maintenance_keywords(&self) -> String {
        self.connection.keywords(self.maintenance, OLDEST_MAJOR)
    }

    /// Connects again after the connection was lost, for up to this time.
    pub fn reconnect(&mut self, patience: Duration) -> Outcome {
        let begun = std::time::Instant::now();
        loop {
            match self.open(self.maintenance) {
                Ok(client) => {
                    self.client = client;
                    return Ok(());
                }
                Err(failure) if begun.elapsed() > patience => return Err(failure),
                Err(_) => std::thread::sleep(Duration::from_millis(300)),
            }
        }
    }

    /// Returns the connections to a database.
    pub fn visitors(&mut self, database: &str) -> Outcome<Vec<Visitor>> {
        let rows = self.client.query(
            "select pid, coalesce(usename::text, ''), coalesce(application_name, ''), coalesce(host(client_addr), 'a local socket'),
                    coalesce(to_char(backend_start, 'YYYY-MM-DD HH24:MI:SS TZ'), ''), coalesce(state, ''), backend_type
             from pg_stat_activity
             where datname = $1 and pid <> pg_backend_pid() and backend_type is distinct from 'autovacuum worker'
             order by backend_start",
            &[&database],
        );
        let rows = rows.map_err(|error| sql_failure("pg_stat_activity", &error))?;
        Ok(rows
            .iter()
            .map(|row| {
                let text = |index| harmless(row.get::<_, &str>(index));
                let program = match text(2) {
                    name if name.is_empty() => text(6),
                    name => format!("{name:?}"),
                };
                let description = format!(
                    "process {}, role {}, {program} from {} since {}{}",
                    row.get::<_, i32>(0),
                    text(1),
                    text(3),
                    text(4),
                    if text(5).is_empty() { String::new() } else { format!(", {}", text(5)) }
                );
                Visitor { description }
            })
            .collect())
    }

    /// Returns the folder of the server's data if the server is on this machine.
    pub fn local_data_folder(&mut self) -> Option<PathBuf> {
        if !self.connection.is_local() {
            return None;
        }
        let folder: String = self.client.query_one("show data_directory", &[]).ok()?.get(0);
        let folder = PathBuf::from(folder);
        folder.is_dir().then_some(folder)
    }

    /// Returns the object id of a database.
    pub fn oid_of(&mut self, database: &str) -> Outcome<Option<u32>> {
        let row = self.client.query_opt("select oid from pg_database where datname = $1", &[&database]);
        Ok(row.map_err(|error| sql_failure("pg_database", &error))?.map(|row| row.get(0)))
    }

    /// Runs SQL without parameters.
    pub fn execute(&mut self, sql: &str) -> Outcome {
        self.client.batch_execute(sql).map_err(|error| sql_failure(sql, &error))
    }
}

impl std::fmt::Display for Visitor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.description)
    }
}

/// Returns a failure of the environment with the server's own words.
pub fn sql_failure(subject: &str, error: &postgres::Error) -> Failure {
    Failure::environment(subject, text_of(error))
}

/// Returns the server's message with its detail and hint, or the error of the connection.
pub fn text_of(error: &postgres::Error) -> String {
    match error.as_db_error() {
        Some(error) => {
            let more = [error.detail(), error.hint()].into_iter().flatten().map(|text| format!(": {text}"));
            harmless(&more.fold(error.message().to_owned(), |text, more| text + &more))
        }
        None => {
            let mut text = error.to_string();
            let mut cause = std::error::Error::source(error);
            while let Some(error) = cause {
                if let Some(remedy) = tls::remedy(error) {
                    return harmless(&remedy);
                }
                if !text.contains(&error.to_string()) {
                    text = format!("{text}: {error}");
                }
                cause = error.source();
            }
            text
        }
    }
}

/// Quotes an identifier.
pub fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Quotes a text.
pub fn literal(text: &str) -> String {
    // In this form it does not depend on standard_conforming_strings.
    let escaped = text.replace('\\', "\\\\").replace('\'', "''");
    if escaped.contains('\\') { format!("E'{escaped}'") } else { format!("'{escaped}'") }
}
