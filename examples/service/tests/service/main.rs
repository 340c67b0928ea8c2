//! The service, spoken to over HTTP, by clients of all kinds.
#![cfg(target_os = "linux")]

mod client;
mod crowd;
mod downloads;
mod page;
mod requests;
mod shutdown;
mod start;

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use client::{Answer, Client};
use serde_json::Value;
use tempfile::TempDir;

/// A running service with a folder of its own; it ends with the test.
struct Service {
    child: Child,
    folder: TempDir,
    client: Client,
}

impl Service {
    /// Starts it with few workers and little patience.
    fn start(more: &[&str]) -> Self {
        Self::start_in(tempfile::tempdir().unwrap(), more)
    }

    fn start_in(folder: TempDir, more: &[&str]) -> Self {
        let store = folder.path().join("store");
        Self::spawn(folder, &store, more)
    }

    /// Starts one more with the store of another.
    fn start_with_store(store: &Path) -> Self {
        Self::spawn(tempfile::tempdir().unwrap(), store, &[])
    }

    fn spawn(folder: TempDir, store: &Path, more: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_service"));
        command.env_remove("APPSNAP_PAGE").args(["--listen", "127.0.0.1:0", "--workers", "2", "--profile", "format"]);
        command.arg("--store").arg(store).args(more);
        let log = fs::File::create(folder.path().join("log")).unwrap();
        let mut child = command.stdout(Stdio::piped()).stderr(log).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("listening on http://").unwrap().parse().unwrap();
        Self { child, folder, client: Client { address } }
    }

    fn store(&self) -> PathBuf {
        self.folder.path().join("store")
    }

    fn get(&self, target: &str) -> Answer {
        self.client.send("GET", target, b"").unwrap()
    }

    fn upload(&self, archive: &[u8]) -> Answer {
        self.client.send("POST", "/snapshots", archive).unwrap()
    }

    /// The lines of the log so far.
    fn log(&self) -> Vec<Value> {
        let text = fs::read_to_string(self.folder.path().join("log")).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}"))).collect()
    }

    /// Waits for the line of a request, and returns it.
    fn logged(&self, method: &str, path: &str) -> Value {
        let is_it = |line: &Value| line["method"] == method && line["path"] == path;
        eventually("the request is not logged", || self.log().iter().any(is_it));
        self.log().into_iter().rfind(is_it).unwrap()
    }

    fn signal(&self, name: &str) {
        assert!(Command::new("kill").args([name, &self.child.id().to_string()]).status().unwrap().success());
    }

    /// A figure out of `/proc/PID/status`.
    fn status(&self, key: &str) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix(key)).unwrap();
        line.trim_start_matches(':').split_whitespace().next().unwrap().parse().unwrap()
    }

    /// The most memory that it ever had.
    fn peak_mib(&self) -> u64 {
        self.status("VmHWM") / 1024
    }

    /// Connections that it has.
    fn connections_count(&self) -> usize {
        let table = fs::read_to_string(format!("/proc/{}/net/tcp", self.child.id())).unwrap();
        let port = format!(":{:04X}", self.client.address.port());
        // Local address, remote address, state; 01 is established, 08 is half closed by the client.
        let fields = table.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
        fields.filter(|fields| fields[1].ends_with(&port) && matches!(fields[3], "01" | "08")).count()
    }

    /// Uploads in the store that have no place yet.
    fn incoming_count(&self) -> usize {
        let names = fs::read_dir(self.store()).unwrap().map(|entry| entry.unwrap().file_name());
        names.filter(|name| name.to_string_lossy().starts_with(".incoming-")).count()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // It may have ended by itself; either way it is gone then.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Waits until `condition` holds.
fn eventually(what: &str, mut condition: impl FnMut() -> bool) {
    let since = Instant::now();
    while !condition() {
        assert!(since.elapsed() < Duration::from_secs(60), "{what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}
