//! The settings of a connection, from where PostgreSQL's own programs take them: a URL or keywords, a service file, the
//! environment, and a password file.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use crate::support::tell;

/// Every setting that is used or refused, with the environment variable for it. Names are those of libpq 18.
const KNOWN: [(&str, &str); 33] = [
    ("application_name", ""),
    ("channel_binding", "PGCHANNELBINDING"),
    ("client_encoding", ""),
    ("connect_timeout", "PGCONNECT_TIMEOUT"),
    ("dbname", ""),
    ("fallback_application_name", ""),
    ("gssencmode", "PGGSSENCMODE"),
    ("host", "PGHOST"),
    ("hostaddr", "PGHOSTADDR"),
    ("keepalives", ""),
    ("keepalives_count", ""),
    ("keepalives_idle", ""),
    ("keepalives_interval", ""),
    ("load_balance_hosts", "PGLOADBALANCEHOSTS"),
    ("options", "PGOPTIONS"),
    ("passfile", "PGPASSFILE"),
    ("password", "PGPASSWORD"),
    ("port", "PGPORT"),
    ("require_auth", "PGREQUIREAUTH"),
    ("requirepeer", "PGREQUIREPEER"),
    ("ssl_max_protocol_version", "PGSSLMAXPROTOCOLVERSION"),
    ("ssl_min_protocol_version", "PGSSLMINPROTOCOLVERSION"),
    ("sslcert", "PGSSLCERT"),
    ("sslcertmode", "PGSSLCERTMODE"),
    ("sslcrl", "PGSSLCRL"),
    ("sslcrldir", "PGSSLCRLDIR"),
    ("sslkey", "PGSSLKEY"),
    ("sslmode", "PGSSLMODE"),
    ("sslnegotiation", "PGSSLNEGOTIATION"),
    ("sslrootcert", "PGSSLROOTCERT"),
    ("sslsni", "PGSSLSNI"),
    ("target_session_attrs", "PGTARGETSESSIONATTRS"),
    ("user", "PGUSER"),
];
/// Where Debian and the servers' own builds put their sockets.
const SOCKET_FOLDERS: [&str; 3] = ["/var/run/postgresql", "/run/postgresql", "/tmp"];

/// Settings by name.
#[derive(Clone, Default)]
pub struct Settings(BTreeMap<String, String>);

/// Messages never contain a value: it may be a part of a password.
type Result<T, E = String> = std::result::Result<T, E>;

impl Settings {
    /// Collects the settings that a URL or a text of keywords, the service that it names, and the environment have.
    ///
    /// The database is the one that is named: the environment does not choose what is replaced.
    pub fn collect(text: &str) -> Result<Self> {
        let is_url = ["postgresql://", "postgres://"].iter().any(|scheme| text.starts_with(scheme));
        let mut settings = Self(if is_url { of_url(text)? } else { of_keywords(text)? });
        // As libpq: an empty setting is none.
        settings.0.retain(|_, value| !value.is_empty());
        settings.adopt_jdbc();
        let service = settings.0.remove("service").or_else(|| variable("PGSERVICE"));
        let file = settings.0.remove("servicefile").or_else(|| variable("PGSERVICEFILE"));
        if let Some(service) = service {
            for (name, value) in of_service(&service, file.map(PathBuf::from))? {
                settings.0.entry(name).or_insert(value);
            }
        }
        if let Some(name) = settings.0.keys().find(|name| KNOWN.iter().all(|(known, _)| known != name)) {
            return Err(format!("the connection setting {name:?} is not supported: leave it out"));
        }
        for (name, value) in KNOWN.iter().filter_map(|(name, variable)| Some((*name, self::variable(variable)?))) {
            settings.0.entry(name.to_owned()).or_insert(value);
        }
        settings.complete()?;
        Ok(settings)
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    pub fn set(&mut self, name: &str, value: impl Into<String>) {
        self.0.insert(name.to_owned(), value.into());
    }

    pub fn remove(&mut self, name: &str) -> Option<String> {
        self.0.remove(name)
    }

    /// Returns the parts of a list, such as the hosts.
    pub fn list(&self, name: &str) -> impl Iterator<Item = &str> {
        self.get(name).into_iter().flat_map(|value| value.split(','))
    }

    /// Returns the settings of these names as a text of keywords, which has no characters with another meaning.
    pub fn keywords(&self, is_wanted: impl Fn(&str) -> bool) -> String {
        let wanted = self.0.iter().filter(|(name, _)| is_wanted(name));
        let quoted =
            wanted.map(|(name, value)| format!("{name}='{}'", value.replace('\\', "\\\\").replace('\'', "\\'")));
        quoted.collect::<Vec<_>>().join(" ")
    }

    /// Takes `ssl=true`, which JDBC has and libpq accepts in URLs.
    fn adopt_jdbc(&mut self) {
        if self.0.get("ssl").is_some_and(|value| value == "true") {
            self.0.remove("ssl");
            self.0.entry("sslmode".to_owned()).or_insert("require".to_owned());
        }
    }

    /// Adds what libpq assumes.
    fn complete(&mut self) -> Result<()> {
        if self.get("host").is_none() && self.get("hostaddr").is_none() {
            let socket = SOCKET_FOLDERS.into_iter().find(|folder| {
                fs::read_dir(folder).is_ok_and(|mut entries| {
                    entries.any(|entry| {
                        entry.is_ok_and(|entry| entry.file_name().as_encoded_bytes().starts_with(b".s.PGSQL."))
                    })
                })
            });
            self.set("host", socket.unwrap_or("localhost"));
        }
        if self.get("port").is_none() {
            self.set("port", "5432");
        }
        if self.list("port").any(|port| !port.is_empty() && port.parse::<u16>().map_or(true, |number| number == 0)) {
            return Err("the port is not a number from 1 to 65535: characters of a password that have a meaning in a URL are written with a percent sign, @ as %40, / as %2F, : as %3A".to_owned());
        }
        if self.get("user").is_none() {
            let user = account().or_else(|| variable("USER")).or_else(|| variable("LOGNAME"));
            self.set("user", user.ok_or("the URL names no user: postgresql://USER@HOST/DATABASE")?);
        }
        let passfile = self.remove("passfile").map(PathBuf::from).or_else(|| Some(home()?.join(".pgpass")));
        if self.get("password").is_none()
            && let Some(password) = passfile.and_then(|file| self.password_from(&file))
        {
            self.set("password", password);
        }
        Ok(())
    }

    /// Looks the password up in a password file: lines `host:port:database:user:password`, `*` for any.
    fn password_from(&self, file: &Path) -> Option<String> {
        let text = fs::read_to_string(file).ok()?;
        if is_open_to_others(file) {
            tell(format_args!(
                "warning: the password file {file:?} is not used, because other users may read it: chmod 0600"
            ));
            return None;
        }
        let (database, user) = (self.get("dbname")?, self.get("user")?);
        let ports: Vec<&str> = self.list("port").collect();
        let hosts = self.list(if self.get("host").is_some() { "host" } else { "hostaddr" }).enumerate();
        let servers: Vec<(&str, &str)> =
            hosts.filter_map(|(at, host)| Some((host, *ports.get(at).or_else(|| ports.first())?))).collect();
        text.lines().filter(|line| !line.starts_with('#')).find_map(|line| {
            let fields = fields_of(line);
            let [host, port, of_database, of_user, password] = &fields[..] else { return None };
            let is_any_or = |key: &str, value: &str| key == "*" || key == value;
            let is_match = servers.iter().any(|(name, number)| {
                // A server at the usual socket is `localhost` there.
                let is_usual = SOCKET_FOLDERS.contains(name);
                (is_any_or(host, name) || is_usual && host == "localhost") && is_any_or(port, number)
            });
            (is_match && is_any_or(of_database, database) && is_any_or(of_user, user)).then(|| password.clone())
        })
    }
}

/// Splits a line of a password file. A backslash takes the next character as it is.
fn fields_of(line: &str) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut characters = line.chars();
    while let Some(c) = characters.next() {
        // The rest of the line is the password.
        let is_key = fields.len() < 5;
        let Some(field) = fields.last_mut() else { break };
        match c {
            ':' if is_key => fields.push(String::new()),
            '\\' => field.extend(characters.next()),
            c => field.push(c),
        }
    }
    fields
}

#[cfg(unix)]
fn is_open_to_others(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;

    fs::metadata(file).is_ok_and(|facts| facts.permissions().mode() & 0o077 != 0)
}

#[cfg(not(unix))]
fn is_open_to_others(_: &Path) -> bool {
    false
}

/// Returns the name of the account that this process runs under.
#[cfg(unix)]
fn account() -> Option<String> {
    let id = rustix::process::geteuid().as_raw().to_string();
    let text = fs::read_to_string("/etc/passwd").ok()?;
    text.lines().find_map(|line| {
        let mut fields = line.split(':');
        let (name, number) = (fields.next()?, fields.nth(1)?);
        (number == id).then(|| name.to_owned())
    })
}

#[cfg(not(unix))]
fn account() -> Option<String> {
    variable("USERNAME")
}

/// Returns the folder of the user.
pub fn home() -> Option<PathBuf> {
    env::home_dir()
}

fn variable(name: &str) -> Option<String> {
    if name.is_empty() {
        return None;
    }
    env::var(name).ok().filter(|value| !value.is_empty())
}

/// Reads a URL as libpq does: `postgresql://user:password@host:port,host:port/database?name=value&name=value`.
fn of_url(url: &str) -> Result<BTreeMap<String, String>> {
    let (_, rest) = url.split_once("://").unwrap_or(("", url));
    let mut settings = BTreeMap::new();
    let end = rest.find(['@', '/']).unwrap_or(rest.len());
    let rest = match rest.split_at_checked(end).and_then(|(user, rest)| Some((user, rest.strip_prefix('@')?))) {
        Some((user, rest)) => {
            let (user, password) = user.split_once(':').unwrap_or((user, ""));
            settings.insert("user".to_owned(), decoded(user)?);
            settings.insert("password".to_owned(), decoded(password)?);
            rest
        }
        None => rest,
    };
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (servers, database) = rest.split_once('/').unwrap_or((rest, ""));
    let (mut hosts, mut ports) = (Vec::new(), Vec::new());
    for server in servers.split(',').filter(|_| !servers.is_empty()) {
        let (host, rest) = match server.strip_prefix('[') {
            Some(address) => address.split_once(']').ok_or("the address in the URL has no closing bracket: [::1]")?,
            None => server.split_at_checked(server.find(':').unwrap_or(server.len())).unwrap_or((server, "")),
        };
        let port = match rest.strip_prefix(':') {
            Some(port) => port,
            None if rest.is_empty() => "",
            None => return Err("something other than a port follows the address in the URL".to_owned()),
        };
        hosts.push(decoded(host)?);
        ports.push(decoded(port)?);
    }
    if hosts.iter().any(|host| !host.is_empty()) {
        settings.insert("host".to_owned(), hosts.join(","));
    }
    if ports.iter().any(|port| !port.is_empty()) {
        let filled = ports.iter().map(|port| if port.is_empty() { "5432" } else { port.as_str() });
        settings.insert("port".to_owned(), filled.collect::<Vec<_>>().join(","));
    }
    settings.insert("dbname".to_owned(), decoded(database)?);
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').ok_or("a parameter of the URL has no value: name=value")?;
        settings.insert(decoded(name)?, decoded(value)?);
    }
    Ok(settings)
}

/// Decodes `%40` and the like.
fn decoded(text: &str) -> Result<String> {
    let wrong = "a percent sign in the URL is not followed by two hexadecimal digits: write a percent sign as %25";
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        if *first != b'%' {
            bytes.push(*first);
            rest = after;
            continue;
        }
        let (digits, after) = after.split_at_checked(2).ok_or(wrong)?;
        let digits = std::str::from_utf8(digits).ok().filter(|digits| digits.bytes().all(|c| c.is_ascii_hexdigit()));
        let byte = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()).ok_or(wrong)?;
        bytes.push(byte);
        rest = after;
    }
    let text = String::from_utf8(bytes).map_err(|_| "a part of the URL is not in UTF-8")?;
    if text.contains('\0') { Err("a part of the URL contains %00".to_owned()) } else { Ok(text) }
}

/// Reads keywords as libpq does: `host=localhost dbname='my database'`.
fn of_keywords(text: &str) -> Result<BTreeMap<String, String>> {
    let wrong = || "this is neither a PostgreSQL URL nor keywords: postgresql://USER@HOST:PORT/DATABASE".to_owned();
    let mut settings = BTreeMap::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let (name, after) = rest.split_once('=').ok_or_else(wrong)?;
        let name = name.trim();
        if name.is_empty() || !name.bytes().all(|c| c.is_ascii_lowercase() || c == b'_') {
            return Err(wrong());
        }
        let after = after.trim_start();
        let is_quoted = after.starts_with('\'');
        let mut characters = after.char_indices().skip(usize::from(is_quoted));
        let (mut value, mut end) = (String::new(), None);
        while let Some((at, c)) = characters.next() {
            match c {
                '\\' => value.extend(characters.next().map(|(_, c)| c)),
                '\'' if is_quoted => {
                    end = Some(at.saturating_add(1));
                    break;
                }
                c if !is_quoted && c.is_whitespace() => {
                    end = Some(at);
                    break;
                }
                c => value.push(c),
            }
        }
        if is_quoted && end.is_none() {
            return Err("a quoted value has no closing quote".to_owned());
        }
        settings.insert(name.to_owned(), value);
        rest = end.and_then(|end| after.get(end..)).unwrap_or_default().trim_start();
    }
    Ok(settings)
}

/// Reads the settings of a service, from the file of the user or else from that of the machine.
fn of_service(name: &str, named: Option<PathBuf>) -> Result<BTreeMap<String, String>> {
    let own = named.or_else(|| Some(home()?.join(".pg_service.conf")));
    let folder = variable("PGSYSCONFDIR").unwrap_or("/etc/postgresql-common".to_owned());
    let files = own.into_iter().chain([Path::new(&folder).join("pg_service.conf")]);
    for file in files {
        let Ok(text) = fs::read_to_string(&file) else { continue };
        if let Some(settings) = section_of(&text, name).map_err(|error| format!("{file:?}: {error}"))? {
            return Ok(settings);
        }
    }
    Err(format!("no service file has the service {name:?}: add it to ~/.pg_service.conf, or set PGSERVICEFILE"))
}

fn section_of(text: &str, name: &str) -> Result<Option<BTreeMap<String, String>>> {
    let mut settings = None;
    for (line, number) in text.lines().map(str::trim).zip(1_u32..) {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(section) = line.strip_prefix('[') {
            if settings.is_some() {
                break;
            }
            settings = (section.strip_suffix(']') == Some(name)).then(BTreeMap::new);
            continue;
        }
        let Some(settings) = &mut settings else { continue };
        if line.starts_with("ldap") {
            return Err(format!("line {number}: services in LDAP are not supported: write the settings into the file"));
        }
        let (key, value) = line.split_once('=').ok_or_else(|| format!("line {number}: not name=value"))?;
        if key.trim() == "service" {
            return Err(format!("line {number}: a service cannot name another one"));
        }
        settings.entry(key.trim().to_owned()).or_insert_with(|| value.trim().to_owned());
    }
    Ok(settings)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> String {
        match of_url(text) {
            Ok(settings) => Settings(settings).keywords(|_| true),
            Err(error) => error,
        }
    }

    #[test]
    fn urls_are_read_as_libpq_reads_them() {
        for (text, expected) in [
            ("postgresql://", "dbname=''"),
            ("postgresql:///mx", "dbname='mx'"),
            (
                "postgres://me@db.example.com:6543/mx",
                "dbname='mx' host='db.example.com' password='' port='6543' user='me'",
            ),
            ("postgresql://me:p%40ss%2Fw%25@h/a%20b%22c", "dbname='a b\"c' host='h' password='p@ss/w%' user='me'"),
            ("postgresql://[::1]:5433/mx", "dbname='mx' host='::1' port='5433'"),
            ("postgresql://a,b:6000/mx", "dbname='mx' host='a,b' port='5432,6000'"),
            ("postgresql://%2Fvar%2Frun/mx", "dbname='mx' host='/var/run'"),
            ("postgresql:///mx?host=/tmp&port=1&user=it's", "dbname='mx' host='/tmp' port='1' user='it\\'s'"),
            ("postgresql://h/?dbname=My%20Db", "dbname='My Db' host='h'"),
        ] {
            assert_eq!(url(text), expected, "{text}");
        }
        for text in [
            "postgresql://me:100%@h/mx",
            "postgresql://me:a%zz@h/mx",
            "postgresql://[::1/mx",
            "postgresql://[::1]x/mx",
            "postgresql://h/mx?sslmode",
            "postgresql://h/m%00x",
            "postgresql://h/m%ffx",
        ] {
            assert!(of_url(text).is_err(), "{text}");
        }
    }

    #[test]
    fn keywords_are_read_as_libpq_reads_them() {
        let text = r"host = /tmp dbname='my \'d\'' user=a\ b password=";
        let settings = Settings(of_keywords(text).unwrap());
        assert_eq!(settings.keywords(|_| true), r"dbname='my \'d\'' host='/tmp' password='' user='a b'");
        for text in ["nonsense", "mysql://h/db", "host='x", "=x"] {
            assert!(of_keywords(text).is_err(), "{text}");
        }
    }

    #[test]
    fn service_is_found_between_others() {
        let text = "# mine\n[other]\nhost=a\n\n[mx]\nhost=b\n port = 5 \nhost=c\n[last]\nuser=d\n";
        let settings = Settings(section_of(text, "mx").unwrap().unwrap());
        assert_eq!(settings.keywords(|_| true), "host='b' port='5'");
        assert!(section_of(text, "none").unwrap().is_none());
        assert!(section_of("[mx]\nservice=other", "mx").is_err());
        assert!(section_of("[mx]\nhost", "mx").is_err());
    }

    #[test]
    fn password_file_has_escaped_colons() {
        assert_eq!(fields_of(r"[\:\:1]:5432:*:me:a:b\\c"), ["[::1]", "5432", "*", "me", r"a:b\c"]);
    }
}
