//! Dumps a live database with the `pg_dump` that suits its server.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use appsnap::io::STAGING_PREFIX;
use tempfile::TempDir;

use super::{Failure, InFile, Outcome, signals};

/// A dump of a live database, in a temporary folder that is removed with it.
pub struct LiveDump {
    _folder: TempDir,
    path: PathBuf,
    warnings: Vec<String>,
}

impl LiveDump {
    /// Dumps the database at `url` into `spool_dir`: in custom format, or in directory format if several `jobs` work.
    pub fn make(url: &str, spool_dir: &Path, jobs: u8) -> Outcome<Self> {
        let (url, password) = without_password(url);
        let direct = |command: &mut Command| {
            command.env("PGAPPNAME", "appsnap pack").env("LC_ALL", "C");
            command.envs(password.as_ref().map(|password| ("PGPASSWORD", password)));
        };
        let server_major = server_major(&url, direct);
        let (program, major) = choose(server_major)?;
        let folder =
            tempfile::Builder::new().prefix(&format!("{STAGING_PREFIX}{}-", std::process::id())).tempdir_in(spool_dir);
        let folder = folder.in_file(spool_dir)?;
        signals::watch_folder(spool_dir);
        let path = folder.path().join("database.dump");
        let mut command = Command::new(&program);
        direct(&mut command);
        command.args(["--no-owner", "--no-acl", "--no-password"]).arg("--file").arg(&path);
        if jobs > 1 {
            command.args(["--format=directory", &format!("--jobs={jobs}")]);
        } else {
            command.arg("--format=custom");
        }
        command.arg(format!("--dbname={url}")).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let said = run(command, &format!("pg_dump {major}"))?;
        let warnings = said.lines().map(str::to_owned).filter(|line| !line.is_empty()).collect();
        Ok(Self { _folder: folder, path, warnings })
    }

    /// Returns the path of the dump.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the warnings of pg_dump.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }
}

/// Runs a program to its end, and returns its standard error. A signal ends it.
fn run(mut command: Command, name: &str) -> Outcome<String> {
    let failed = |error: std::io::Error| Failure::environment(name.to_owned(), error);
    let mut child = command.spawn().map_err(failed)?;
    let stderr = child.stderr.take();
    let reader = thread::spawn(move || {
        let mut text = Vec::new();
        // What cannot be read is not said.
        let _ = stderr.map(|mut stderr| stderr.read_to_end(&mut text));
        String::from_utf8_lossy(&text).into_owned()
    });
    let status = loop {
        if signals::is_interrupted() {
            let _ = child.kill();
        }
        match child.try_wait().map_err(failed)? {
            Some(status) => break status,
            None => thread::sleep(Duration::from_millis(20)),
        }
    };
    let said = reader.join().unwrap_or_default();
    if status.success() {
        return Ok(said);
    }
    let lines: Vec<&str> = said.lines().map(str::trim).filter(|line| !line.is_empty()).take(6).collect();
    Err(Failure::environment(name.to_owned(), if lines.is_empty() { status.to_string() } else { lines.join("; ") }))
}

/// Returns the major release of the server; `None` if no psql can ask it.
fn server_major(url: &str, direct: impl Fn(&mut Command)) -> Option<u32> {
    installed("psql").into_iter().find_map(|(psql, _)| {
        let mut command = Command::new(psql);
        direct(&mut command);
        command.args(["-X", "-A", "-t", "-w", "-c", "show server_version_num", "-d", url]);
        let output = command.stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
        let number: u32 = std::str::from_utf8(&output.stdout).ok()?.trim().parse().ok()?;
        number.checked_div(10_000)
    })
}

/// Chooses pg_dump: of the server's release, or else of the next newer one. An older one refuses the server.
fn choose(server_major: Option<u32>) -> Outcome<(PathBuf, u32)> {
    let found = installed("pg_dump");
    let Some(wanted) = server_major else {
        return found.into_iter().next().ok_or_else(|| {
            Failure::environment("pg_dump", "it is not installed: install PostgreSQL's client programs")
        });
    };
    let oldest = found.iter().filter(|(_, major)| *major >= wanted).min_by_key(|(_, major)| *major);
    oldest.cloned().ok_or_else(|| {
        let message = match found.iter().map(|(_, major)| *major).max() {
            Some(newest) => format!("the server is PostgreSQL {wanted}, and the newest pg_dump here is {newest}: install the client programs of {wanted}"),
            None => format!("it is not installed: install the client programs of PostgreSQL {wanted}"),
        };
        Failure::environment("pg_dump", message)
    })
}

/// Returns the programs of this name in `PATH` and in Debian's folders, with their major releases.
fn installed(name: &str) -> Vec<(PathBuf, u32)> {
    let folders = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let others = folders.map(|entry| entry.path().join("bin").join(name)).filter(|path| path.is_file());
    std::iter::once(PathBuf::from(name))
        .chain(others)
        .filter_map(|path| Some((major_of(&path)?, path)))
        .map(|(major, path)| (path, major))
        .collect()
}

/// Runs `program --version`, which prints for example `pg_dump (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)`.
fn major_of(program: &Path) -> Option<u32> {
    let output = Command::new(program).arg("--version").stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    text.split_whitespace().nth(2)?.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

/// Takes the password out of a URL or of settings such as `host=db password=x`, because other users can see the arguments
/// of a program.
fn without_password(connection: &str) -> (String, Option<String>) {
    let Some((scheme, rest)) = connection.split_once("://") else { return settings_without_password(connection) };
    let (rest, query) = match rest.split_once('?') {
        Some((rest, query)) => (rest, Some(query)),
        None => (rest, None),
    };
    let (authority, path) = rest.split_at_checked(rest.find('/').unwrap_or(rest.len())).unwrap_or((rest, ""));
    let mut password = None;
    let mut url = match authority.rsplit_once('@').and_then(|(user, host)| Some((user.split_once(':')?, host))) {
        Some(((user, text), host)) => {
            password = Some(decoded(text));
            format!("{scheme}://{user}@{host}{path}")
        }
        None => format!("{scheme}://{rest}"),
    };
    let mut kept = Vec::new();
    for parameter in query.into_iter().flat_map(|query| query.split('&')) {
        match parameter.split_once('=') {
            // It wins over the other one, as for libpq.
            Some((name, text)) if decoded(name) == "password" => password = Some(decoded(text)),
            _ => kept.push(parameter),
        }
    }
    if !kept.is_empty() {
        url.push('?');
        url.push_str(&kept.join("&"));
    }
    (url, password)
}

/// Takes the password out of settings. A value with spaces is in quotes, and a backslash escapes the next character.
fn settings_without_password(settings: &str) -> (String, Option<String>) {
    let (mut kept, mut password, mut rest) = (String::new(), None, settings);
    while let Some((name, after)) = rest.split_once('=') {
        let (mut value, mut is_quoted, mut is_escaped) = (String::new(), false, false);
        let after = after.trim_start();
        let mut end = after.len();
        for (index, letter) in after.char_indices() {
            match letter {
                _ if std::mem::take(&mut is_escaped) => value.push(letter),
                '\\' => is_escaped = true,
                '\'' => is_quoted = !is_quoted,
                _ if letter.is_whitespace() && !is_quoted => {
                    end = index;
                    break;
                }
                _ => value.push(letter),
            }
        }
        let (text, following) = after.split_at_checked(end).unwrap_or((after, ""));
        if name.trim() == "password" {
            password = Some(value);
        } else {
            kept.push_str(&format!("{name}={text}"));
        }
        rest = following;
    }
    kept.push_str(rest);
    (kept, password)
}

/// Decodes `%40` and the like.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let code = after.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        match code.filter(|_| *first == b'%').and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = after.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
