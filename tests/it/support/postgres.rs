//! A real PostgreSQL server of our own, for the tests that want one.

use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::Command;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tempfile::TempDir;

use super::tools::tool;

/// A server in a temporary folder that listens on a socket there and nowhere else; stopped when the last test drops it.
pub struct Server {
    folder: TempDir,
    programs: PathBuf,
}

/// The superuser of the server.
const USER: &str = "mx";

impl Server {
    /// The server that all tests share, which each of them has databases of its own in; `None`, said loudly, when
    /// PostgreSQL is not installed.
    pub fn shared() -> Option<Arc<Self>> {
        static SHARED: Mutex<Weak<Server>> = Mutex::new(Weak::new());
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(server) = shared.upgrade() {
            return Some(server);
        }
        let server = Arc::new(Self::start()?);
        *shared = Arc::downgrade(&server);
        Some(server)
    }

    fn start() -> Option<Self> {
        // Behind its link, where all programs of one version lie together.
        let programs = tool("initdb")?.canonicalize().unwrap().parent().unwrap().to_owned();
        let server = Self { folder: tempfile::tempdir().unwrap(), programs };
        let (data, socket) = (server.data(), server.folder.path());
        if let Some(owner) = unprivileged() {
            std::os::unix::fs::chown(socket, Some(owner), None).unwrap();
        }
        let data = data.as_os_str();
        let arguments = ["-A", "trust", "-U", USER, "-E", "UTF8", "--locale=C", "--no-sync", "-D"].map(OsStr::new);
        finish(server.as_owner("initdb").args(arguments).arg(data));
        let options = format!("-c listen_addresses='' -c fsync=off -k {}", socket.display());
        let log = socket.join("log");
        let arguments = [OsStr::new("start"), "-w".as_ref(), "-l".as_ref(), log.as_ref(), "-o".as_ref()];
        finish(server.as_owner("pg_ctl").args(arguments).arg(options).arg("-D").arg(data));
        Some(server)
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// A program of the server's version that connects to it.
    pub fn client(&self, program: &str) -> Command {
        let mut command = Command::new(self.programs.join(program));
        for variable in ["PGPORT", "PGDATABASE", "PGPASSWORD", "PGSERVICE", "PGOPTIONS", "PGCLIENTENCODING"] {
            command.env_remove(variable);
        }
        command.env("PGHOST", self.folder.path()).env("PGUSER", USER);
        command
    }

    /// Makes an empty database of this name, in place of an old one.
    pub fn create_database(&self, name: &str) {
        finish(self.client("dropdb").args(["--if-exists", name]));
        finish(self.client("createdb").arg(name));
    }

    /// Runs SQL and returns the rows as psql prints them, unaligned.
    pub fn sql(&self, database: &str, sql: &str) -> String {
        let arguments = ["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", database, "-c", sql];
        String::from_utf8(finish(self.client("psql").args(arguments))).unwrap()
    }

    /// A program that runs as the owner of the server's files: PostgreSQL refuses to run as root.
    fn as_owner(&self, program: &str) -> Command {
        use std::os::unix::process::CommandExt;

        let mut command = Command::new(self.programs.join(program));
        command.current_dir(self.folder.path());
        if let Some(owner) = unprivileged() {
            command.uid(owner);
        }
        command
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Nothing can be done about a failure here, and the folder goes away anyhow.
        let _ = self.as_owner("pg_ctl").args(["stop", "-m", "immediate", "-D"]).arg(self.data()).output();
    }
}

/// Runs `command` to its end and returns what it printed.
///
/// # Panics
/// When it fails, with what it said about that.
pub fn finish(command: &mut Command) -> Vec<u8> {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// Who runs the server when this test runs as root: the user that Debian's packages make for it, or nobody.
fn unprivileged() -> Option<u32> {
    let id = |arguments: &[&str]| -> Option<u32> {
        let output = Command::new("id").args(arguments).output().ok().filter(|output| output.status.success())?;
        String::from_utf8(output.stdout).ok()?.trim().parse().ok()
    };
    if id(&["-u"])? != 0 {
        return None;
    }
    id(&["-u", "postgres"]).or_else(|| id(&["-u", "nobody"]))
}
