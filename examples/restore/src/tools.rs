//! `pg_restore`: which one to use, and running it.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use appsnap::pgdump::FormatVersion;

use crate::meter::Meter;
use crate::server::Server;
use crate::support::{Failure, Outcome, harmless, shown};

/// From this release on pg_restore sets `transaction_timeout`, which older servers do not know.
const SETS_TIMEOUT_MAJOR: u32 = 17;
/// Lines of messages that are kept.
const KEPT_LINES: usize = 12;

/// A `pg_restore`.
#[derive(Clone, Debug)]
pub struct Tool {
    pub path: PathBuf,
    pub version: String,
    pub major: u32,
}

impl Tool {
    /// Runs `path --version`.
    fn at(path: &Path) -> Option<Self> {
        let output = Command::new(path).arg("--version").stderr(Stdio::null()).stdin(Stdio::null()).output().ok()?;
        // `pg_restore (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)`
        let text = String::from_utf8(output.stdout).ok()?;
        let version = text.split_whitespace().nth(2)?.to_owned();
        let major = version.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()?;
        Some(Self { path: path.to_owned(), version, major })
    }

    /// Chooses the program: the named one, or else one of `PATH`, or of Debian's folders if that suits the server better.
    pub fn choose(name: &str, named: Option<&Path>, server_major: u32) -> Outcome<Self> {
        if let Some(path) = named {
            return Self::at(path)
                .ok_or_else(|| Failure::environment(shown(path), format!("this is no {name}: check the path")));
        }
        let suits = |tool: &Self| !(tool.major >= SETS_TIMEOUT_MAJOR && server_major < SETS_TIMEOUT_MAJOR);
        let first = Self::at(Path::new(name));
        if let Some(tool) = first.clone().filter(suits) {
            return Ok(tool);
        }
        let mut others: Vec<Self> = std::fs::read_dir("/usr/lib/postgresql")
            .into_iter()
            .flatten()
            .filter_map(|entry| Self::at(&entry.ok()?.path().join("bin").join(name)))
            .collect();
        others.sort_by_key(|tool| tool.major);
        let best = others.iter().rev().find(|tool| suits(tool)).cloned();
        best.or(first).or_else(|| others.pop()).ok_or_else(|| {
            let message = format!(
                "it is not installed: install the client programs of PostgreSQL {server_major}, or name it with --{}",
                name.replace('_', "-")
            );
            Failure::environment(name.to_owned(), message)
        })
    }

    /// Returns the newest archive version that it reads.
    pub const fn max_version(&self) -> FormatVersion {
        match self.major {
            ..=11 => FormatVersion::V1_13,
            12..=15 => FormatVersion::V1_14,
            16 => FormatVersion::V1_15,
            _ => FormatVersion::V1_16,
        }
    }

    /// Returns `true` if its SQL has to be filtered on the way to this server.
    pub const fn needs_filter(&self, server_major: u32) -> bool {
        self.major >= SETS_TIMEOUT_MAJOR && server_major < SETS_TIMEOUT_MAJOR
    }
}

/// The task of pg_restore.
pub struct Job<'a> {
    pub tool: &'a Tool,
    pub database: &'a str,
    pub role: Option<&'a str>,
    pub jobs: u32,
    /// The dump; `None` for standard input.
    pub input: Option<&'a Path>,
    /// The entries to restore, as a list file; `None` for all.
    pub list: Option<&'a Path>,
}

/// A running pg_restore, perhaps with a psql after it.
pub struct Running {
    children: Vec<Child>,
    readers: Vec<JoinHandle<()>>,
    messages: Arc<Mutex<Messages>>,
    meter: Meter,
}

#[derive(Default)]
struct Messages {
    entry: Option<String>,
    errors: Vec<String>,
    recent: VecDeque<String>,
}

impl Job<'_> {
    /// Starts it. Its standard input, if the dump comes from there, is returned beside it.
    pub fn start(&self, server: &Server, meter: &Meter) -> Outcome<(Running, Option<ChildStdin>)> {
        let mut command = Command::new(&self.tool.path);
        server.connection.direct(&mut command);
        command.args(["--no-owner", "--no-acl", "--no-tablespaces", "--no-password", "--verbose"]);
        command.args(self.role.map(|role| format!("--role={role}")));
        if let Some(list) = self.list {
            command.arg("-L").arg(list);
        }
        let is_filtered = self.tool.needs_filter(server.major);
        if is_filtered {
            command.args(["--file", "-"]).stdout(Stdio::piped());
        } else {
            command
                .arg("--exit-on-error")
                .arg(format!("--dbname={}", server.connection.keywords(self.database, self.tool.major)))
                .stdout(Stdio::null());
            if self.jobs > 1 && self.input.is_some() {
                command.arg(format!("--jobs={}", self.jobs));
            }
        }
        command.stdin(if self.input.is_some() { Stdio::null() } else { Stdio::piped() }).stderr(Stdio::piped());
        if let Some(input) = self.input {
            command.arg(input);
        }
        let messages = Arc::new(Mutex::new(Messages::default()));
        let mut running = Running { children: Vec::new(), readers: Vec::new(), messages, meter: meter.clone() };
        let mut child = running.spawn(command)?;
        let stdin = child.stdin.take();
        let script = child.stdout.take();
        running.children.push(child);
        if let Some(script) = script {
            let psql = self.tool.path.with_file_name("psql");
            let psql = if psql.is_file() { psql } else { PathBuf::from("psql") };
            let mut command = Command::new(psql);
            server.connection.direct(&mut command);
            command.args(["-X", "-q", "-o", "/dev/null", "-v", "ON_ERROR_STOP=1", "-w", "-d"]);
            command.arg(server.connection.keywords(self.database, self.tool.major));
            command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
            let mut child = running.spawn(command)?;
            let sink = child.stdin.take();
            running.children.push(child);
            if let Some(sink) = sink {
                running.readers.push(std::thread::spawn(move || drop(filter(script, sink))));
            }
        }
        Ok((running, stdin))
    }
}

/// Copies a script without the settings that an older server does not know. They are at its beginning.
fn filter(script: impl Read, mut sink: impl Write) -> std::io::Result<()> {
    let mut script = BufReader::with_capacity(1 << 16, script);
    let mut line = Vec::new();
    loop {
        line.clear();
        if script.read_until(b'\n', &mut line)? == 0 {
            return Ok(());
        }
        if line.starts_with(b"SET transaction_timeout") {
            break;
        }
        sink.write_all(&line)?;
        // Nothing of the kind comes after the first statement that is no setting.
        if line.starts_with(b"CREATE") || line.starts_with(b"COPY") {
            break;
        }
    }
    std::io::copy(&mut script, &mut sink).map(drop)
}

impl Running {
    fn spawn(&mut self, mut command: Command) -> Outcome<Child> {
        let program = Path::new(command.get_program()).to_owned();
        let mut child = command.spawn().map_err(|error| Failure::environment(shown(&program), error))?;
        if let Some(stderr) = child.stderr.take() {
            let (messages, meter) = (Arc::clone(&self.messages), self.meter.clone());
            self.readers.push(std::thread::spawn(move || {
                let mut stderr = BufReader::new(stderr);
                let mut line = Vec::new();
                while stderr.read_until(b'\n', &mut line).is_ok_and(|count| count > 0) {
                    let text = String::from_utf8_lossy(&line);
                    if let Ok(mut messages) = messages.lock() {
                        messages.add(text.trim_end(), &meter);
                    }
                    line.clear();
                }
            }));
        }
        Ok(child)
    }

    /// Waits for the end.
    pub fn wait(mut self) -> Outcome {
        let mut is_good = true;
        let mut pending: Vec<Child> = std::mem::take(&mut self.children);
        while !pending.is_empty() {
            if self.meter.is_stopped() {
                pending.iter_mut().for_each(|child| drop(child.kill()));
            }
            let mut left = Vec::new();
            for mut child in pending {
                match child.try_wait() {
                    Ok(Some(status)) => is_good &= status.success(),
                    Ok(None) => left.push(child),
                    Err(error) => return Err(Failure::environment("pg_restore", error)),
                }
            }
            // What feeds a program that has failed need not go on.
            if !is_good {
                left.iter_mut().for_each(|child| drop(child.kill()));
            }
            pending = left;
            if !pending.is_empty() {
                std::thread::sleep(Duration::from_millis(10));
            }
        }
        for reader in self.readers.drain(..) {
            let _ = reader.join();
        }
        match (is_good, self.meter.is_stopped()) {
            (true, _) => Ok(()),
            (false, true) => Err(Failure::environment("restoring the dump", "cancelled")),
            (false, false) => Err(self.failure()),
        }
    }

    /// Ends it at once.
    pub fn kill(mut self) {
        for child in &mut self.children {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    fn failure(&self) -> Failure {
        let Ok(messages) = self.messages.lock() else { return Failure::environment("pg_restore", "it failed") };
        let lines: Vec<&str> = if messages.errors.is_empty() {
            messages.recent.iter().map(String::as_str).collect()
        } else {
            messages.errors.iter().map(String::as_str).collect()
        };
        let text = lines.iter().map(|line| line.trim()).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("; ");
        let entry = messages.entry.as_deref().map_or_else(String::new, |entry| format!(" at {entry}"));
        let message = if text.is_empty() { "it ended without a message".to_owned() } else { text };
        let of_environment = [
            "No space left on device",
            "server closed the connection",
            "terminating connection",
            "connection to server",
            "no connection to the server",
            "lost synchronization",
            "is starting up",
            "out of memory",
            "could not extend",
            "does not exist, and",
        ];
        let subject = format!("restoring the dump{entry}");
        if of_environment.iter().any(|phrase| message.contains(phrase)) {
            Failure::environment(subject, message)
        } else {
            Failure::input(subject, message)
        }
    }
}

impl Messages {
    fn add(&mut self, line: &str, meter: &Meter) {
        if line.contains("processing data for table") {
            meter.table();
        }
        // `pg_restore: from TOC entry 215; 1259 16386 TABLE foo postgres`
        if let Some((_, entry)) = line.split_once("from TOC entry ") {
            self.entry = Some(harmless(&format!("entry {entry}")));
        }
        let is_error = ["error:", "ERROR:", "FATAL:", "PANIC:"].iter().any(|word| line.contains(word));
        if (is_error || !self.errors.is_empty()) && self.errors.len() < KEPT_LINES {
            // Statements may be long.
            self.errors.push(harmless(&line.chars().take(400).collect::<String>()));
        }
        self.recent.push_back(harmless(&line.chars().take(400).collect::<String>()));
        if self.recent.len() > 3 {
            self.recent.pop_front();
        }
    }
}
