//! Connections to the server: this program's own, and those of PostgreSQL's programs.

use std::process::Command;
use std::time::Duration;

use postgres::config::{ChannelBinding, LoadBalanceHosts, SslMode, SslNegotiation, TargetSessionAttrs};
use postgres::{Client, Config, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::settings::Settings;
use crate::support::{Failure, Outcome, harmless};
use crate::tls::{self, Mode};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);
/// The name by which the server lists the connections.
const PROGRAM: &str = "appsnap restore";
/// Settings that not every release of PostgreSQL's programs knows, with the first one that does.
const SINCE: [(&str, u32); 4] =
    [("load_balance_hosts", 16), ("sslcertmode", 16), ("sslnegotiation", 17), ("sslsni", 14)];
/// Settings that are not among a program's arguments: other users can see those, or they are about the session.
const NOT_ARGUMENTS: [&str; 5] =
    ["password", "options", "application_name", "fallback_application_name", "client_encoding"];

/// The way to a server.
pub struct Connection {
    settings: Settings,
    config: Config,
    /// `None` if nothing is encrypted.
    tls: Option<MakeRustlsConnect>,
    is_local: bool,
}

impl Connection {
    /// Reads a URL or keywords, and adds what libpq would take from files and the environment.
    pub fn of(text: &str) -> Outcome<Self> {
        let wrong = |message: String| Failure::environment("--database", message);
        let settings = Settings::collect(text).map_err(wrong)?;
        refuse_unsupported(&settings).map_err(wrong)?;
        let hosts: Vec<&str> =
            settings.list(if settings.get("hostaddr").is_some() { "hostaddr" } else { "host" }).collect();
        if hosts.iter().any(|host| host.starts_with('@')) {
            return Err(wrong("abstract sockets are not supported: name a folder of sockets, or a host".to_owned()));
        }
        let is_socket = |host: &&str| host.starts_with('/');
        let is_local = hosts.iter().all(|host| is_socket(host) || ["localhost", "127.0.0.1", "::1"].contains(host));
        // As libpq: sockets are never encrypted, whatever is demanded.
        let mode = if hosts.iter().all(is_socket) { Mode::Disable } else { Mode::of(&settings).map_err(wrong)? };
        let tls = (mode != Mode::Disable).then(|| tls::connector(&settings, mode)).transpose().map_err(wrong)?;
        let config = config(&settings, mode).map_err(wrong)?;
        Ok(Self { settings, config, tls, is_local })
    }

    /// Returns the name of the database in the URL.
    pub fn database(&self) -> Option<&str> {
        self.settings.get("dbname")
    }

    /// Returns `true` if the server is on this machine.
    pub const fn is_local(&self) -> bool {
        self.is_local
    }

    /// Returns where the server is, for messages.
    pub fn place(&self) -> String {
        let hosts = self.settings.get("host").or(self.settings.get("hostaddr")).unwrap_or_default();
        let ports = self.settings.get("port").unwrap_or_default();
        harmless(&format!("the server at {hosts}, port {ports}"))
    }

    /// Connects to a database.
    pub fn open(&self, database: &str) -> Result<Client, postgres::Error> {
        let mut config = self.config.clone();
        config.dbname(database);
        match &self.tls {
            Some(tls) => config.connect(tls.clone()),
            None => config.connect(NoTls),
        }
    }

    /// Refuses a program that cannot connect with these settings.
    pub fn refuse_program(&self, name: &str, major: u32) -> Outcome {
        if self.settings.get("sslrootcert") == Some(tls::SYSTEM) && major < 16 {
            let message = format!(
                "{name} {major} does not know sslrootcert=system: name the file of the system's certificates, for example sslrootcert=/etc/ssl/certs/ca-certificates.crt"
            );
            return Err(Failure::environment("--database", message));
        }
        Ok(())
    }

    /// Gives a program what it needs to connect, apart from the [`arguments`](Self::keywords).
    pub fn direct(&self, command: &mut Command) {
        // All of these are among the settings already, or would change what the program reads.
        for name in ["PGSERVICE", "PGCLIENTENCODING", "PGHOSTADDR", "PGREQUIREPEER"] {
            command.env_remove(name);
        }
        if let Some(password) = self.settings.get("password") {
            command.env("PGPASSWORD", password);
        }
        command.env("PGAPPNAME", PROGRAM).env("LC_ALL", "C");
        // A restore is repeated after a crash, so its transactions need not wait for the disk; and indexes deserve memory.
        let options = self.settings.get("options").unwrap_or_default();
        command
            .env("PGOPTIONS", format!("-c synchronous_commit=off -c maintenance_work_mem=256MB {options}").trim_end());
    }

    /// Returns the way to a database as keywords, without the password, for programs of this release.
    pub fn keywords(&self, database: &str, major: u32) -> String {
        let is_known = |name: &str| SINCE.iter().all(|(newer, since)| *newer != name || major >= *since);
        let mut settings = self.settings.clone();
        settings.set("dbname", database);
        settings.keywords(|name| is_known(name) && !NOT_ARGUMENTS.contains(&name))
    }
}

/// Refuses what would otherwise be ignored, although it protects from something.
fn refuse_unsupported(settings: &Settings) -> Result<(), String> {
    let is_refused =
        |(name, harmless): &&(&str, &[&str])| settings.get(name).is_some_and(|value| !harmless.contains(&value));
    let demands: [(&str, &[&str]); 6] = [
        ("require_auth", &[]),
        ("requirepeer", &[]),
        ("sslcrl", &[]),
        ("sslcrldir", &[]),
        ("gssencmode", &["disable", "prefer"]),
        ("target_session_attrs", &["any", "read-write", "primary"]),
    ];
    match demands.iter().find(is_refused) {
        Some(("target_session_attrs", _)) => {
            Err("target_session_attrs is for servers that a restore cannot write to: any, read-write or primary"
                .to_owned())
        }
        Some((name, _)) => {
            Err(format!("the connection setting {name} is not supported: leave it out, also in the environment"))
        }
        None => Ok(()),
    }
}

fn config(settings: &Settings, mode: Mode) -> Result<Config, String> {
    let mut config = Config::new();
    if let Some(user) = settings.get("user") {
        config.user(user);
    }
    if let Some(password) = settings.get("password") {
        config.password(password);
    }
    if let Some(options) = settings.get("options") {
        config.options(options);
    }
    for host in settings.list("host") {
        config.host(host);
    }
    for address in settings.list("hostaddr") {
        config.hostaddr(address.parse().map_err(|_| "hostaddr is not an IP address".to_owned())?);
    }
    for port in settings.list("port") {
        config.port(if port.is_empty() {
            5432
        } else {
            port.parse().map_err(|_| "the port is no number".to_owned())?
        });
    }
    let number = |name: &str| -> Result<Option<u64>, String> {
        let parsed = settings.get(name).map(|value| value.trim().parse::<i64>());
        let parsed = parsed.transpose().map_err(|_| format!("{name} is not a number"))?;
        Ok(parsed.map(|value| u64::try_from(value).unwrap_or(0)))
    };
    match number("connect_timeout")? {
        None => {
            config.connect_timeout(CONNECT_TIMEOUT);
        }
        // Zero and less wait for ever.
        Some(0) => {}
        Some(seconds) => {
            config.connect_timeout(Duration::from_secs(seconds));
        }
    }
    if let Some(value) = number("keepalives")? {
        config.keepalives(value != 0);
    }
    if let Some(seconds @ 1..) = number("keepalives_idle")? {
        config.keepalives_idle(Duration::from_secs(seconds));
    }
    if let Some(seconds @ 1..) = number("keepalives_interval")? {
        config.keepalives_interval(Duration::from_secs(seconds));
    }
    if let Some(count @ 1..) = number("keepalives_count")? {
        config.keepalives_retries(u32::try_from(count).map_err(|_| "keepalives_count is too large".to_owned())?);
    }
    config.ssl_mode(match mode {
        Mode::Disable => SslMode::Disable,
        Mode::Prefer => SslMode::Prefer,
        Mode::Require | Mode::VerifyCa | Mode::VerifyFull => SslMode::Require,
    });
    config.ssl_negotiation(choice(
        settings,
        "sslnegotiation",
        &[("postgres", SslNegotiation::Postgres), ("direct", SslNegotiation::Direct)],
    )?);
    config.channel_binding(choice(
        settings,
        "channel_binding",
        &[
            ("prefer", ChannelBinding::Prefer),
            ("disable", ChannelBinding::Disable),
            ("require", ChannelBinding::Require),
        ],
    )?);
    config.load_balance_hosts(choice(
        settings,
        "load_balance_hosts",
        &[("disable", LoadBalanceHosts::Disable), ("random", LoadBalanceHosts::Random)],
    )?);
    config.target_session_attrs(choice(
        settings,
        "target_session_attrs",
        &[
            ("any", TargetSessionAttrs::Any),
            ("read-write", TargetSessionAttrs::ReadWrite),
            ("primary", TargetSessionAttrs::ReadWrite),
        ],
    )?);
    config.application_name(PROGRAM);
    Ok(config)
}

/// Returns the value of a setting that has few; the first one if it is not set.
fn choice<T: Copy, const N: usize>(settings: &Settings, name: &str, values: &[(&str, T); N]) -> Result<T, String> {
    let wanted = settings.get(name);
    let found = values.iter().find(|(word, _)| wanted.is_none_or(|wanted| wanted == *word));
    found.map(|(_, value)| *value).ok_or_else(|| {
        format!("{name} is none of {}", values.iter().map(|(word, _)| *word).collect::<Vec<_>>().join(", "))
    })
}
