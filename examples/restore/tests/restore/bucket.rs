//! Snapshots in a bucket, and documents into one. A folder behind a `file:` URL is a bucket; with moto, S3 is another.
#![cfg(feature = "cloud")]

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use appsnap_tests::tools::tool;
use serde_json::Value;

use crate::app::{App, Snapshot, code, files_below, stderr};

/// A server that speaks S3: moto, from PyPI. It ends with the test.
struct S3 {
    child: Child,
    port: u16,
}

impl S3 {
    fn start() -> Option<Self> {
        let program = tool("moto_server")?;
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut command = Command::new(program);
        command.args(["-H", "127.0.0.1", "-p", &port.to_string()]).stdout(Stdio::null()).stderr(Stdio::null());
        let server = Self { child: command.spawn().unwrap(), port };
        let since = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(since.elapsed() < Duration::from_secs(60), "moto_server does not answer");
            std::thread::sleep(Duration::from_millis(50));
        }
        server.request("PUT /app", b"");
        Some(server)
    }

    /// Sends a request without a signature, which this server does not ask for.
    fn request(&self, target: &str, body: &[u8]) -> String {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        let fixed = format!("Host: 127.0.0.1\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
        stream.write_all(format!("{target} HTTP/1.1\r\n{fixed}").as_bytes()).unwrap();
        stream.write_all(body).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        String::from_utf8_lossy(&answer).into_owned()
    }

    fn keys(&self) -> Vec<String> {
        let answer = self.request("GET /app?list-type=2", b"");
        let keys = answer.split("<Key>").skip(1).map(|rest| rest.split("</Key>").next().unwrap().to_owned());
        keys.collect()
    }

    fn variables(&self) -> [(&'static str, String); 5] {
        [
            ("AWS_ENDPOINT_URL", format!("http://127.0.0.1:{}", self.port)),
            ("AWS_ALLOW_HTTP", "true".to_owned()),
            ("AWS_ACCESS_KEY_ID", "key".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "secret".to_owned()),
            ("AWS_REGION", "us-east-1".to_owned()),
        ]
    }
}

impl Drop for S3 {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Restores into a bucket.
fn command(app: &App, archive: Option<&str>, files: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_restore"));
    command.args(archive).args(["--quiet", "--database", &app.url(), "--files", files]).stdin(Stdio::null());
    command
}

fn restore(app: &App, archive: &Path, files: &str, more: &[&str]) -> Output {
    command(app, archive.to_str(), files).args(more).output().unwrap()
}

fn marker(app: &App) -> String {
    app.server.sql(&app.database, "select state from marker").trim().to_owned()
}

#[test]
fn documents_are_added_to_a_bucket_and_taken_away_again() {
    let Some(app) = App::new() else { return };
    let snapshot = Snapshot::of(&app, 20);
    let bucket = app.path("bucket");
    fs::create_dir(&bucket).unwrap();
    let url = format!("file://{}", bucket.display());
    let key = |number: usize| format!("shop-{}.bin", snapshot.documents[number].0);
    let content = |number: usize| snapshot.documents[number].1.clone();
    let is_left = |name: &String| name.contains("appsnap");
    let names = ["--key-prefix", "shop-", "--key-suffix", ".bin"];
    // One of the snapshot's documents is there, and some of the old state.
    let prepare = || {
        app.make_old();
        fs::remove_dir_all(&bucket).unwrap();
        fs::create_dir(&bucket).unwrap();
        fs::write(bucket.join(key(3)), content(3)).unwrap();
        fs::write(bucket.join("shop-00000000-0000-4000-8000-000000000000.bin"), "old").unwrap();
    };
    prepare();
    let output = restore(&app, &snapshot.path, &url, &[&names[..], &["--json"]].concat());
    assert_eq!(code(&output), 0);
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (&json["documents"], &json["documents_present"], &json["other_objects"]),
        (&20.into(), &1.into(), &1.into())
    );
    let all = files_below(&bucket);
    assert_eq!(all.len(), 21);
    assert!((0..20).all(|number| all[&key(number)] == content(number)) && !all.keys().any(is_left));
    assert_eq!(marker(&app), "new");
    app.assert_nothing_left();
    // Again: everything is there.
    let output = restore(&app, &snapshot.path, &url, &[&names[..], &["--json"]].concat());
    assert_eq!(code(&output), 0);
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(json["documents_present"], 20);

    // Another content under the same name is in use, and refused.
    for other in [&b"x"[..], &content(5).iter().map(|byte| byte ^ 1).collect::<Vec<_>>()] {
        prepare();
        fs::write(bucket.join(key(5)), other).unwrap();
        let before = files_below(&bucket);
        let output = restore(&app, &snapshot.path, &url, &names);
        assert_eq!(code(&output), 2);
        assert!(stderr(&output).contains("--key-prefix"), "{}", stderr(&output));
        assert_eq!((files_below(&bucket), marker(&app)), (before, "old".to_owned()));
        app.assert_nothing_left();
    }

    // Whenever it is killed, the next run ends in old or new.
    for point in ["created", "fed", "verified", "swapping", "renamed", "swapped", "dropped"] {
        for way in ["--resume", "--rollback"] {
            prepare();
            let before = files_below(&bucket);
            let mut killed = command(&app, snapshot.path.to_str(), &url);
            killed.args(names).env("APPSNAP_ABORT_AT", point).output().unwrap();
            let output = command(&app, None, &url).arg(way).output().unwrap();
            assert!([0, 2].contains(&code(&output)), "{point} {way}");
            let after = files_below(&bucket);
            if marker(&app) == "new" {
                assert!(point != "created" && point != "fed");
                assert_eq!(after.len(), 21, "{point} {way}");
            } else {
                assert_eq!(after, before, "{point} {way}");
            }
            assert!(!after.keys().any(is_left), "{point} {way}");
            app.assert_nothing_left();
        }
    }
}

#[test]
fn archive_and_documents_are_in_s3() {
    let (Some(app), Some(s3)) = (App::new(), S3::start()) else { return };
    let snapshot = Snapshot::of(&app, 30);
    let run = |archive: &str, files: &str, more: &[&str]| {
        let mut command = command(&app, Some(archive), files);
        code(&command.envs(s3.variables()).args(more).output().unwrap())
    };
    s3.request("PUT /app/backups/plain.tar.gz", &fs::read(&snapshot.path).unwrap());
    let read = appsnap::snapshot::ReadOptions::new();
    let source = fs::File::open(&snapshot.path).unwrap();
    let sections = appsnap::snapshot::options::SectionSplit::Contents;
    let index =
        appsnap::snapshot::index::make_index(&source, sections, &read, &mut appsnap::observe::NoObserver).unwrap();
    index.write_to(&mut fs::File::options().append(true).open(&snapshot.path).unwrap()).unwrap();
    s3.request("PUT /app/backups/indexed.tar.gz", &fs::read(&snapshot.path).unwrap());
    for archive in ["s3://app/backups/indexed.tar.gz", "s3://app/backups/plain.tar.gz"] {
        app.make_old();
        assert_eq!(run(archive, app.files().to_str().unwrap(), &["--jobs", "2"]), 0, "{archive}");
        app.assert_new(&snapshot);
    }
    app.make_old();
    assert_eq!(run("s3://app/backups/indexed.tar.gz", "s3://app/files", &[]), 0);
    let keys = s3.keys();
    assert_eq!(keys.iter().filter(|key| key.starts_with("files/")).count(), 30, "{keys:?}");
    // What is there has the checksum of its content.
    assert_eq!(run(snapshot.path.to_str().unwrap(), "s3://app/files/", &[]), 0);
    assert_eq!(s3.keys(), keys);
    s3.request(&format!("PUT /app/others/{}", snapshot.documents[7].0), b"other");
    assert_eq!(run("s3://app/backups/plain.tar.gz", "s3://app/others", &[]), 2);
    let keys = s3.keys();
    assert_eq!(keys.iter().filter(|key| key.starts_with("others/")).count(), 1, "{keys:?}");
    assert_eq!(run("s3://app/backups/none.tar.gz", "s3://app/files", &[]), 1);
    assert_eq!(s3.keys(), keys);
    assert_eq!(marker(&app), "new");
    app.assert_nothing_left();
}

#[test]
fn damaged_archive_in_a_bucket_changes_nothing() {
    let Some(app) = App::new() else { return };
    let snapshot = Snapshot::of(&app, 20);
    let whole = fs::read(&snapshot.path).unwrap();
    let damaged = app.path("damaged.tar.gz");
    for len in [0, 10, 600, whole.len() / 2, whole.len() - 1] {
        fs::write(&damaged, &whole[..len]).unwrap();
        let mut command = command(&app, Some(&format!("file://{}", damaged.display())), app.files().to_str().unwrap());
        assert_eq!(code(&command.output().unwrap()), 1, "{len} bytes");
    }
    app.assert_old();
}
