//! An app on a live server: a database and a folder of documents, a snapshot of another state of both, and the command.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use appsnap::DocumentId;
use appsnap::metadata::Metadata;
use appsnap::observe::NoObserver;
use appsnap::snapshot::{Content, SnapshotWriter, WriteOptions};
use appsnap_tests::app::{document_path, make_files};
use appsnap_tests::postgres::Postgres;
use tempfile::TempDir;

/// An app with a database of its own, in the state `old`.
pub struct App {
    pub server: Arc<Postgres>,
    pub folder: TempDir,
    pub database: String,
}

/// The document of the old state.
pub const OLD_DOCUMENT: &str = "ff/ff/ffff0000-0000-4000-8000-000000000001";

/// Makes a folder with the document of the old state.
pub fn write_old(folder: &Path) {
    fs::create_dir_all(folder.join("ff/ff")).unwrap();
    fs::write(folder.join(OLD_DOCUMENT), "old").unwrap();
}

/// The state of an app: what its marker table says, and its documents by name.
#[derive(Debug, PartialEq, Eq)]
pub struct State {
    pub marker: String,
    pub files: BTreeMap<String, Vec<u8>>,
}

impl App {
    /// Creates an app on the shared server; `None` if there is none.
    pub fn new() -> Option<Self> {
        Some(Self::on(Postgres::shared()?))
    }

    pub fn on(server: Arc<Postgres>) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(1);
        let database = format!("app {}", NUMBER.fetch_add(1, Ordering::Relaxed));
        let app = Self { server, folder: tempfile::tempdir().unwrap(), database };
        app.make_old();
        app
    }

    /// Makes the state `old`.
    pub fn make_old(&self) {
        self.server.create_database(&self.database);
        self.server.sql(&self.database, "create table marker (state text); insert into marker values ('old')");
        let _ = fs::remove_dir_all(self.files());
        write_old(&self.files());
    }

    pub fn files(&self) -> PathBuf {
        self.folder.path().join("files")
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn url(&self) -> String {
        self.server.url(&self.database.replace(' ', "%20"))
    }

    /// The command with the database and the files of this app.
    pub fn command(&self, archive: Option<&Path>) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_restore"));
        command.args(archive).args(["--quiet", "--database", &self.url(), "--files"]).arg(self.files());
        command.env("PATH", path_with(&self.server));
        command.stdin(Stdio::null());
        command
    }

    pub fn restore(&self, archive: &Path, more: &[&str]) -> Output {
        self.command(Some(archive)).args(more).output().unwrap()
    }

    pub fn state(&self) -> State {
        let marker = self.server.sql(&self.database, "select state from marker").trim().to_owned();
        State { marker, files: files_below(&self.files()) }
    }

    /// Asserts that the app is in the old state, and that nothing is left beside it.
    pub fn assert_old(&self) {
        let state = self.state();
        assert_eq!(state.marker, "old");
        assert_eq!(state.files.keys().collect::<Vec<_>>(), [OLD_DOCUMENT]);
        self.assert_nothing_left();
    }

    pub fn assert_new(&self, snapshot: &Snapshot) {
        assert_eq!(self.state(), snapshot.state());
        self.assert_nothing_left();
    }

    pub fn assert_nothing_left(&self) {
        assert_eq!(self.databases(), std::slice::from_ref(&self.database), "databases are left");
        let names = fs::read_dir(self.folder.path()).unwrap().map(|entry| entry.unwrap().file_name());
        let left = names.filter(|name| name.as_encoded_bytes().starts_with(b".")).collect::<Vec<_>>();
        assert!(left.is_empty(), "files are left: {left:?}");
    }

    /// The databases whose names begin like that of this app.
    pub fn databases(&self) -> Vec<String> {
        let sql = format!(
            "select datname from pg_database where datname = '{0}' or datname like '{0}\\_%' order by 1",
            self.database
        );
        self.server.sql("postgres", &sql).lines().map(str::to_owned).collect()
    }
}

impl Drop for App {
    fn drop(&mut self) {
        // The shared server lives as long as there are apps.
        if !std::thread::panicking() {
            for database in self.databases() {
                self.server.run("dropdb", &["--force", "--if-exists", &database]);
            }
        }
    }
}

/// A snapshot of the state `new`.
pub struct Snapshot {
    pub path: PathBuf,
    pub documents: Vec<(DocumentId, Vec<u8>)>,
}

impl Snapshot {
    /// Makes a snapshot with `count` documents and some rows, beside the app's files.
    pub fn of(app: &App, count: u64) -> Self {
        Self::with(app, count, "", |_| {})
    }

    /// The same after more SQL, and with other documents.
    pub fn with(app: &App, count: u64, sql: &str, change: impl FnOnce(&mut Vec<(DocumentId, Vec<u8>)>)) -> Self {
        let source = tempfile::tempdir().unwrap();
        let mut documents = make_files(source.path(), count);
        let dump = dump(&app.server, &documents, sql);
        change(&mut documents);
        let path = app.path("backup.tar.gz");
        write(&path, &dump, &documents);
        Self { path, documents }
    }

    pub fn state(&self) -> State {
        let name = |id: &DocumentId| document_path(Path::new(""), *id).to_str().unwrap().to_owned();
        let files = self.documents.iter().map(|(id, content)| (name(id), content.clone())).collect();
        State { marker: "new".to_owned(), files }
    }
}

/// Dumps a database in the state `new`, which has a row for each document.
pub fn dump(server: &Postgres, documents: &[(DocumentId, Vec<u8>)], more: &str) -> Vec<u8> {
    static NUMBER: AtomicU32 = AtomicU32::new(1);
    let name = format!("source_{}", NUMBER.fetch_add(1, Ordering::Relaxed));
    let mut sql = String::from(
        r#"create table marker (state text); insert into marker values ('new');
           create table "system$filedocument" (
               id bigint primary key, name varchar(400), __uuid__ varchar(36), hascontents boolean, size bigint
           );
           create table "shop$order" (id serial primary key, customer text, remark text);
           insert into "shop$order" (customer, remark) select md5(number::text), E'tab\there «één»' from generate_series(1, 3000) as number;
           create index on "shop$order" (customer);
           create table nothing (id int);
           select lo_from_bytea(0, 'large object ' || number::text::bytea) from generate_series(1, 7) as number;
           "#,
    )
    .replace("'large object ' || number::text::bytea", "convert_to('large object ' || number, 'UTF8')");
    for (number, (id, content)) in documents.iter().enumerate() {
        writeln!(
            sql,
            r#"insert into "system$filedocument" values ({number}, 'file {number}', '{id}', true, {});"#,
            content.len()
        )
        .unwrap();
    }
    sql += more;
    server.create_database(&name);
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), sql).unwrap();
    server.run("psql", &["-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", &name, "-f", file.path().to_str().unwrap()]);
    let dump = server.run("pg_dump", &["-Fc", &name]);
    server.run("dropdb", &[&name]);
    dump
}

/// Writes a snapshot.
pub fn write(path: &Path, dump: &[u8], documents: &[(DocumentId, Vec<u8>)]) {
    let bytes = documents.iter().map(|(_, content)| content.len() as u64).sum();
    let metadata = Metadata::new()
        .with_model_version("1.0.0.40")
        .with_dump_size_bytes(dump.len() as u64)
        .with_files_size_bytes(bytes)
        .with_database_size_bytes(1 << 20)
        .with_duration(0);
    let file = fs::File::create(path).unwrap();
    let mut writer = SnapshotWriter::start(file, &metadata, &WriteOptions::new()).unwrap();
    writer.database(Content::sized(dump.len() as u64, dump), &mut NoObserver).unwrap();
    for (id, content) in documents {
        writer.document(*id, Content::sized(content.len() as u64, content.as_slice()), &mut NoObserver).unwrap();
    }
    writer.finish().unwrap();
}

/// Every file below a folder, by its path there.
pub fn files_below(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(inner) = folders.pop() {
        for entry in fs::read_dir(inner).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                files.insert(path.strip_prefix(folder).unwrap().to_str().unwrap().to_owned(), fs::read(path).unwrap());
            }
        }
    }
    files
}

/// The programs of this server's release come first.
fn path_with(server: &Postgres) -> std::ffi::OsString {
    let own = server.program_path("pg_restore").parent().unwrap().to_owned();
    let others = std::env::var_os("PATH").unwrap_or_default();
    std::env::join_paths([own].into_iter().chain(std::env::split_paths(&others))).unwrap()
}

/// The exit code, after printing what the command said.
pub fn code(output: &Output) -> i32 {
    println!("{}\n{}", String::from_utf8_lossy(&output.stdout), stderr(output));
    output.status.code().unwrap_or(-1)
}

pub fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}
