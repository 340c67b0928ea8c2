//! Faults of the network and the store: the result is right, or the command fails, and nothing is left.

use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

use appsnap_tests::archives::{id, noise, text};

use crate::server::{BUCKET, Fault, Server};
use crate::{PACK, UNPACK, fill, folder, json, messages, packed, run, url};

const COUNT: u64 = 60;

#[test]
fn faults_that_pass_do_not_change_the_result() {
    let Some(server) = Server::start() else { return };
    fill(&server, COUNT, "files/", "");
    let expected = packed(folder(COUNT).path());
    let faults = [
        ("GET /apps/files/", 20, Fault::Status(503)),
        ("GET /apps/files/", 5, Fault::Reset),
        ("GET /apps/files/", 5, Fault::Truncate),
        ("GET /apps/files/", 5, Fault::Slow(Duration::from_millis(300))),
        ("list-type=2", 3, Fault::Status(503)),
        ("list-type=2", 1, Fault::Truncate),
        ("PUT /apps/out", 2, Fault::Status(503)),
    ];
    for (number, (text, times, fault)) in faults.into_iter().enumerate() {
        server.inject(text, times, fault);
        let out = format!("out/{number}.tar.gz");
        let args = ["--files", &url("files"), "--output", &url(&out), "--profile", "format", "--requests", "8"];
        let report = json(&server, PACK, &args);
        assert_eq!(server.heal(), 0, "{text} {fault:?}");
        assert!(server.get(&out) == expected, "{text} {fault:?}");
        let slowed = if matches!(fault, Fault::Status(503)) { times } else { 0 };
        assert_eq!(report["requests"]["slowed_down"], slowed, "{text} {fault:?}: {report}");
    }
    // The other direction.
    server.inject("PUT /apps/back/", 10, Fault::Status(503));
    server.inject("PUT /apps/back/", 3, Fault::Reset);
    server.inject("GET /apps/out/0", 1, Fault::Truncate);
    let report = json(&server, UNPACK, &[&url("out/0.tar.gz"), &url("back"), "--only", "files"]);
    assert_eq!((&report["documents"], server.heal()), (&COUNT.into(), 0));
    json(&server, PACK, &["--files", &url("back"), "--output", &url("out/x.tar.gz"), "--profile", "format"]);
    assert!(server.get("out/x.tar.gz") == expected);
    assert_eq!(server.uploads_count(), 0);
}

#[test]
fn faults_that_last_end_the_command_and_leave_nothing() {
    let Some(server) = Server::start() else { return };
    fill(&server, COUNT, "files/", "");
    let args = ["--files", &url("files"), "--output", &url("out.tar.gz"), "--profile", "format"];
    // A page of the listing expired, a document may not be read, the store does not accept the output.
    let document = format!("GET /apps/files/{}", id(3));
    for (text, status) in [("start-after", 400), (&*document, 403), (&*document, 404), ("PUT /apps/out", 403)] {
        server.inject(text, 1_000, Fault::Status(status));
        let output = run(&server, PACK, &args);
        assert!(server.heal() < 1_000, "{text}");
        assert!(matches!(output.status.code(), Some(1 | 2)), "{text}: {}", messages(&output));
        assert_eq!((server.keys("out").len(), server.uploads_count()), (0, 0), "{text}");
        if text == document {
            assert!(messages(&output).contains(&id(3).to_string()), "{}", messages(&output));
        }
    }
}

#[test]
fn changed_and_deleted_objects_are_named_or_left_out() {
    let Some(server) = Server::start() else { return };
    fill(&server, COUNT, "files/", "");
    // Between the listing and the request for the first document, which waits.
    let (first, changed, gone) = (least(COUNT), id(5), id(6));
    let change = |args: &[&str]| {
        server.put(&format!("files/{changed}"), &text(5, 500));
        server.put(&format!("files/{gone}"), &text(6, 500));
        server.inject(&format!("GET /apps/files/{first}"), 1, Fault::Slow(Duration::from_secs(2)));
        let mut command = server.command(PACK);
        let before = server.seen(&first);
        command.args([
            "--files",
            &url("files"),
            "--output",
            &url("out.tar.gz"),
            "--profile",
            "format",
            "--requests",
            "1",
        ]);
        let running = command.args(args).stderr(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        wait_for(|| server.seen(&first) > before);
        server.put(&format!("files/{changed}"), b"other contents");
        server.delete(&format!("files/{gone}"));
        running.wait_with_output().unwrap()
    };
    let output = change(&[]);
    assert_eq!(output.status.code(), Some(2), "{}", messages(&output));
    let named = messages(&output);
    assert!(named.contains(&changed.to_string()) || named.contains(&gone.to_string()), "{named}");
    assert_eq!((server.keys("out").len(), server.uploads_count()), (0, 0));

    let output = change(&["--on-vanished", "skip"]);
    assert_eq!(output.status.code(), Some(0), "{}", messages(&output));
    assert!(messages(&output).contains(&gone.to_string()), "{}", messages(&output));
    let listed = json(&server, env!("CARGO_BIN_EXE_list"), &[&url("out.tar.gz")]);
    assert_eq!(listed.as_array().unwrap().len() as u64, COUNT - 1);
    for (id, contents) in [(changed, b"other contents".to_vec()), (id(7), text(7, 500))] {
        let document = run(&server, env!("CARGO_BIN_EXE_fetch_document"), &[&url("out.tar.gz"), &id.to_string()]);
        assert!(document.stdout == contents, "{}", messages(&document));
    }
}

/// The first id in the order of an archive.
fn least(count: u64) -> String {
    (0..count).map(id).min().unwrap().to_string()
}

fn wait_for(is_there: impl Fn() -> bool) {
    let since = Instant::now();
    while !is_there() {
        assert!(since.elapsed() < Duration::from_secs(60), "it does not happen");
        thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn interrupted_upload_of_an_archive_is_aborted() {
    let Some(server) = Server::start() else { return };
    let folder = tempfile::tempdir().unwrap();
    for number in 0..4 {
        std::fs::write(folder.path().join(id(number).to_string()), noise(number, 9 << 20)).unwrap();
    }
    for (signal, code) in [("INT", 130), ("TERM", 143)] {
        server.inject("partNumber=", 100, Fault::Slow(Duration::from_millis(1_500)));
        let before = server.seen("partNumber=");
        let mut command = server.command(PACK);
        command.args(["--output", &url("out.tar.gz"), "--profile", "format", "--files"]).arg(folder.path());
        let running = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        wait_for(|| server.seen("partNumber=") > before);
        let status =
            std::process::Command::new("kill").args([&format!("-{signal}"), &running.id().to_string()]).status();
        assert!(status.unwrap().success());
        let output = running.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(code), "{}", messages(&output));
        server.heal();
        assert_eq!((server.keys("out").len(), server.uploads_count()), (0, 0), "{signal}");
    }
}

#[test]
fn killed_upload_of_documents_continues() {
    let Some(server) = Server::start() else { return };
    let count = 2_100;
    let local = folder(count);
    let out = url("out.tar.gz");
    let files = local.path().to_str().unwrap();
    json(&server, PACK, &["--files", files, "--output", &out, "--profile", "format", "--index"]);
    let mut command = server.command(UNPACK);
    command.args([&out, &url("back"), "--only", "files"]);
    let mut running = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    // The manifest is written again after 1,000 documents.
    let manifest = format!("PUT /{BUCKET}/back/.appsnap-upload.json");
    wait_for(|| server.seen(&manifest) > 1);
    running.kill().unwrap();
    running.wait().unwrap();
    thread::sleep(Duration::from_millis(200));
    let manifest = String::from_utf8(server.get("back/.appsnap-upload.json")).unwrap();
    assert!(manifest.contains("\"is_complete\": false"), "{manifest}");

    let report = json(&server, UNPACK, &[&out, &url("back"), "--only", "files"]);
    let (uploaded, continued) = (report["documents"].as_u64().unwrap(), report["continued"].as_u64().unwrap());
    assert!(continued > 0 && uploaded + continued == count, "{report}");
    assert_eq!(server.keys("back/").len() as u64, count + 1);
    json(&server, PACK, &["--files", &url("back"), "--output", &url("again.tar.gz"), "--profile", "format"]);
    assert!(server.get("again.tar.gz") == packed(local.path()));
}
