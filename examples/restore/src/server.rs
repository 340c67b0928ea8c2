//! The database server: how to reach it, what it is, and what it has.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use postgres::config::{Host, SslMode};
use postgres::error::SqlState;
use postgres::{Client, Config, NoTls};

use crate::support::{Failure, Outcome, harmless};

/// The oldest server that is restored into.
const OLDEST_MAJOR: u32 = 13;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);
/// Databases that every server has, for work on other databases.
const MAINTENANCE: [&str; 2] = ["postgres", "template1"];

/// A connection to a database beside the target.
pub struct Server {
    config: Config,
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
        // Not the whole URL: it may contain a password.
        let mut config: Config = url.parse().map_err(|error| {
            Failure::environment(
                "--database",
                format!("this is not a PostgreSQL URL: postgresql://USER@HOST:PORT/DATABASE: {error}"),
            )
        })?;
        let Some(target) = config.get_dbname().map(str::to_owned) else {
            return Err(Failure::environment("--database", "the URL names no database: add its name after the host"));
        };
        if ["template0", "template1"].contains(&&*target) {
            return Err(Failure::environment("--database", "templates are not restored into: name another database"));
        }
        complete(&mut config);
        let candidates = MAINTENANCE.iter().copied().filter(|name| *name != target);
        let mut refused = None;
        for maintenance in candidates {
            match open(&config, maintenance) {
                Ok(client) => return Self::of(config, maintenance, client, target),
                // A server without the database `postgres` has the other one.
                Err(error) if error.code() == Some(&SqlState::INVALID_CATALOG_NAME) => refused = Some(error),
                Err(error) => return Err(sql_failure("--database", &error)),
            }
        }
        let why = refused.map_or_else(|| "there is no database to connect to".to_owned(), |error| text_of(&error));
        Err(Failure::environment("--database", why))
    }

    fn of(config: Config, maintenance: &'static str, mut client: Client, target: String) -> Outcome<Self> {
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
        // Some providers take this function away.
        let system = client.query_one("select system_identifier::text from pg_control_system()", &[]);
        let system = system.ok().map(|row| row.get(0));
        let (user, is_superuser) = (row.get(2), row.get(3));
        Ok(Self { config, maintenance, client, target, version, major, user, is_superuser, system })
    }

    /// Opens another connection, to this database.
    pub fn open(&self, database: &str) -> Outcome<Client> {
        open(&self.config, database).map_err(|error| sql_failure(&format!("database {database:?}"), &error))
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

    /// Tells a client program where the server is. The password is not among its arguments, which other users can see.
    pub fn direct(&self, command: &mut Command) {
        let hosts = self.config.get_hosts().iter().map(|host| match host {
            Host::Tcp(name) => OsString::from(name),
            #[cfg(unix)]
            Host::Unix(path) => path.clone().into_os_string(),
        });
        let mut joined = OsString::new();
        for (index, host) in hosts.enumerate() {
            if index > 0 {
                joined.push(",");
            }
            joined.push(host);
        }
        let ports: Vec<String> = self.config.get_ports().iter().map(u16::to_string).collect();
        command.env("PGHOST", joined).env("PGPORT", ports.join(","));
        if let Some(user) = self.config.get_user() {
            command.env("PGUSER", user);
        }
        if let Some(password) = self.config.get_password() {
            command.env("PGPASSWORD", String::from_utf8_lossy(password).into_owned());
        }
        command.env(
            "PGSSLMODE",
            match self.config.get_ssl_mode() {
                SslMode::Disable => "disable",
                SslMode::Require => "require",
                _ => "prefer",
            },
        );
        command.env("PGAPPNAME", "appsnap restore").env("LC_ALL", "C");
        // A restore is repeated after a crash, so its transactions need not wait for the disk; and indexes deserve memory.
        command.env("PGOPTIONS", "-c synchronous_commit=off -c maintenance_work_mem=256MB");
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
        let is_local = self.config.get_hosts().iter().all(|host| match host {
            Host::Tcp(name) => ["localhost", "127.0.0.1", "::1"].contains(&&**name),
            #[cfg(unix)]
            Host::Unix(_) => true,
        });
        let folder: String = self.client.query_one("show data_directory", &[]).ok()?.get(0);
        let folder = PathBuf::from(folder);
        (is_local && folder.is_dir()).then_some(folder)
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

fn open(config: &Config, database: &str) -> Result<Client, postgres::Error> {
    let mut config = config.clone();
    config.dbname(database);
    config.connect(NoTls)
}

/// Adds what libpq takes from the environment.
fn complete(config: &mut Config) {
    let variable = |name: &str| env::var(name).ok().filter(|value| !value.is_empty());
    if config.get_hosts().is_empty() {
        let socket = ["/var/run/postgresql", "/tmp"].into_iter().find(|folder| {
            std::fs::read_dir(folder).is_ok_and(|mut entries| {
                entries.any(|entry| {
                    entry.is_ok_and(|entry| entry.file_name().as_encoded_bytes().starts_with(b".s.PGSQL."))
                })
            })
        });
        config.host(variable("PGHOST").as_deref().or(socket).unwrap_or("localhost"));
    }
    if config.get_ports().is_empty() {
        config.port(variable("PGPORT").and_then(|port| port.parse().ok()).unwrap_or(5432));
    }
    if config.get_user().is_none()
        && let Some(user) = variable("PGUSER").or_else(|| variable("USER")).or_else(|| variable("LOGNAME"))
    {
        config.user(&user);
    }
    if config.get_password().is_none()
        && let Some(password) = variable("PGPASSWORD").or_else(|| password_from_file(config))
    {
        config.password(password);
    }
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(CONNECT_TIMEOUT);
    }
    config.application_name("appsnap restore");
}

/// Looks the password up in libpq's password file: lines `host:port:database:user:password`, `*` for any.
fn password_from_file(config: &Config) -> Option<String> {
    let file = env::var_os("PGPASSFILE")
        .map(PathBuf::from)
        .or_else(|| Some(Path::new(&env::var_os("HOME")?).join(".pgpass")))?;
    let host = match config.get_hosts().first()? {
        Host::Tcp(name) => name.clone(),
        #[cfg(unix)]
        Host::Unix(_) => "localhost".to_owned(),
    };
    let port = config.get_ports().first().copied().unwrap_or(5432).to_string();
    let wanted = [host.as_str(), &port, config.get_dbname()?, config.get_user()?];
    std::fs::read_to_string(file).ok()?.lines().find_map(|line| {
        let mut fields = vec![String::new()];
        let mut characters = line.chars();
        while let Some(c) = characters.next() {
            match c {
                ':' => fields.push(String::new()),
                '\\' => fields.last_mut()?.extend(characters.next()),
                c => fields.last_mut()?.push(c),
            }
        }
        let (password, keys) = fields.split_last()?;
        let is_match =
            keys.len() == wanted.len() && keys.iter().zip(wanted).all(|(key, value)| key == "*" || key == value);
        is_match.then(|| password.clone())
    })
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
