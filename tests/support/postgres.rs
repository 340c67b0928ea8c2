//! A private PostgreSQL server for tests: on a socket in a temporary folder, stopped and gone when it is dropped.
#![cfg(unix)]

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use super::tools::tool;

/// The server listens on this port of its socket only, so any number will do.
const PORT: &str = "54329";
const START_TIMEOUT: Duration = Duration::from_secs(60);

/// A running server.
pub struct Postgres {
    /// Folder of the newest PostgreSQL that is installed.
    programs: PathBuf,
    /// The account that it runs under when the tests run as root, which PostgreSQL refuses.
    account: Option<&'static str>,
    folder: tempfile::TempDir,
    port: String,
}

impl Postgres {
    /// The server that tests share, each with databases of its own in it; `None`, said loudly, when there is none.
    pub fn shared() -> Option<Arc<Self>> {
        static SHARED: Mutex<Weak<Postgres>> = Mutex::new(Weak::new());
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(server) = shared.upgrade() {
            return Some(server);
        }
        let server = Arc::new(Self::start()?);
        *shared = Arc::downgrade(&server);
        Some(server)
    }

    /// Starts a server of the newest PostgreSQL that is installed; `None`, said loudly, when there is none.
    pub fn start() -> Option<Self> {
        Self::start_of(newest_programs()?)
    }

    /// Starts a server with more lines in its configuration, which listens on a port of this machine, too. `prepare` may add
    /// files to the folder of its data, and is called before it starts.
    pub fn start_with(configuration: &str, prepare: impl FnOnce(&Self)) -> Option<Self> {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut server = Self::create(newest_programs()?)?;
        server.port = port.to_string();
        let file = server.path("data/postgresql.conf");
        let text = fs::read_to_string(&file).unwrap() + "listen_addresses = '127.0.0.1'\n" + configuration;
        fs::write(&file, text).unwrap();
        prepare(&server);
        server.resume();
        Some(server)
    }

    /// Starts a server of this major release; `None` when it is not installed.
    ///
    /// Its programs are in the folder that `APPSNAP_PG_13` names, for example, as `.ci/postgres` prints it, or else where
    /// Debian installs them.
    pub fn start_major(major: u32) -> Option<Self> {
        let named = std::env::var_os(format!("APPSNAP_PG_{major}")).map(PathBuf::from);
        let programs = named.unwrap_or_else(|| PathBuf::from(format!("/usr/lib/postgresql/{major}/bin")));
        is_complete(&programs).then(|| Self::start_of(programs)).flatten()
    }

    fn start_of(programs: PathBuf) -> Option<Self> {
        let server = Self::create(programs)?;
        server.resume();
        Some(server)
    }

    fn create(programs: PathBuf) -> Option<Self> {
        let account = if is_root() {
            tool("setpriv")?;
            Some(["postgres", "nobody"].into_iter().find(|name| account_exists(name))?)
        } else {
            None
        };
        let folder = tempfile::Builder::new().prefix("appsnap-pg-").tempdir().unwrap();
        // The server's account must be able to reach and write it.
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o777)).unwrap();
        let server = Self { programs, account, folder, port: PORT.to_owned() };
        let data = server.path("data");
        server
            .run_as_server("initdb", &["-D", &data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "-N"]);
        let file = server.path("data/postgresql.conf");
        fs::write(&file, fs::read_to_string(&file).unwrap() + "listen_addresses = ''\n").unwrap();
        Some(server)
    }

    /// Ends the server at once, as a crash does.
    pub fn crash(&self) {
        self.run_as_server("pg_ctl", &["-D", &self.path("data"), "-m", "immediate", "stop"]);
    }

    /// Starts a server that has [crashed](Self::crash), and waits until it accepts connections.
    pub fn resume(&self) {
        let options = format!("-k {} -p {} -c fsync=off", self.path(""), self.port);
        self.run_as_server("pg_ctl", &["-D", &self.path("data"), "-l", &self.path("log"), "-o", &options, "start"]);
        let begun = Instant::now();
        while self.program("pg_isready").output().is_ok_and(|output| !output.status.success()) {
            assert!(begun.elapsed() < START_TIMEOUT, "the server did not start: {}", self.log());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Returns the URL of a database.
    pub fn url(&self, database: &str) -> String {
        format!("postgresql://postgres@/{database}?host={}&port={}", self.folder.path().display(), self.port)
    }

    /// Returns the port of its socket.
    pub fn port(&self) -> &str {
        &self.port
    }

    /// Lets the account of the server own a folder.
    pub fn give(&self, folder: &Path) {
        if let Some(account) = self.account {
            assert!(Command::new("chown").arg("-R").arg(account).arg(folder).status().unwrap().success());
        }
    }

    /// Returns the path of a program of this release.
    pub fn program_path(&self, name: &str) -> PathBuf {
        self.programs.join(name)
    }

    /// A client program that is told where the server is.
    pub fn program(&self, name: &str) -> Command {
        let mut command = Command::new(self.programs.join(name));
        command.env("PGHOST", self.folder.path()).env("PGPORT", &self.port).env("PGUSER", "postgres");
        command
    }

    /// Runs a program and returns its output.
    ///
    /// # Panics
    /// When it fails.
    pub fn run(&self, name: &str, arguments: &[&str]) -> Vec<u8> {
        let output = self.program(name).args(arguments).output().unwrap();
        assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    }

    /// Creates an empty database of this name, and drops an old one.
    pub fn create_database(&self, name: &str) {
        self.run("dropdb", &["--if-exists", name]);
        self.run("createdb", &[name]);
    }

    /// Runs SQL in a database.
    pub fn sql(&self, database: &str, sql: &str) -> String {
        let output = self.run("psql", &["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", database, "-c", sql]);
        String::from_utf8(output).unwrap()
    }

    /// A path inside of the temporary folder.
    pub fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().unwrap().to_owned()
    }

    /// The major version, for example 15.
    pub fn major(&self) -> u32 {
        let text = String::from_utf8(self.run("pg_dump", &["--version"])).unwrap();
        let number = text.split_whitespace().nth(2).unwrap();
        number.split(|c: char| !c.is_ascii_digit()).next().unwrap().parse().unwrap()
    }

    fn log(&self) -> String {
        fs::read_to_string(self.path("log")).unwrap_or_default()
    }

    fn run_as_server(&self, name: &str, arguments: &[&str]) {
        let program = self.programs.join(name);
        let mut command = match self.account {
            None => Command::new(program),
            Some(account) => {
                let mut command = Command::new("setpriv");
                command.args(["--reuid", account, "--regid", group_of(account), "--clear-groups", "--"]).arg(program);
                command
            }
        };
        // Nothing may be inherited: the server outlives the command, and a pipe would stay open with it.
        let output = command
            .args(arguments)
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .unwrap();
        assert!(output.success(), "{name} failed: {}", self.log());
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let data = self.path("data");
        if Path::new(&data).join("postmaster.pid").exists() {
            self.run_as_server("pg_ctl", &["-D", &data, "-m", "immediate", "stop"]);
        }
        // What belongs to the server's account, root may remove, and otherwise it is the same account.
    }
}

fn newest_programs() -> Option<PathBuf> {
    let installed = (9..40).rev().map(|major| PathBuf::from(format!("/usr/lib/postgresql/{major}/bin")));
    if let Some(folder) = installed.into_iter().find(|folder| is_complete(folder)) {
        return Some(folder);
    }
    let folder = tool("initdb")?.parent()?.to_path_buf();
    is_complete(&folder).then_some(folder)
}

fn is_complete(folder: &Path) -> bool {
    ["initdb", "pg_ctl", "pg_dump", "psql"].iter().all(|name| folder.join(name).is_file())
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}

fn account_exists(name: &str) -> bool {
    Command::new("id").arg(name).output().is_ok_and(|output| output.status.success())
}

fn group_of(account: &str) -> &'static str {
    if account == "nobody" { "nogroup" } else { "postgres" }
}
