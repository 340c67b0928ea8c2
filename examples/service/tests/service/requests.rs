//! One client at a time.

use std::fs;
use std::io::Write;
use std::thread;
use std::time::Duration;

use appsnap::metadata::Metadata;
use appsnap::observe::NoObserver;
use appsnap::snapshot::index::IndexPlacement;
use appsnap::snapshot::{Content, ReadOptions, SnapshotWriter, WriteOptions};
use appsnap::source::directory::{self, DirectoryOptions};

use super::{Service, text};
use appsnap_tests::app::{DUMP, make_files};
use appsnap_tests::archives::{Contents, noise, read};
use appsnap_tests::hostile::{self, Verdict};

/// An archive with a real dump in it.
fn good(count: u64) -> Contents {
    Contents { database: Some(DUMP.to_vec()), ..Contents::sample(count) }
}

#[test]
fn upload_is_checked_kept_listed_and_given_out_whole_and_in_part() {
    let service = Service::start(&[]);
    for index in [IndexPlacement::Omitted, IndexPlacement::Embedded] {
        let contents = good(if index == IndexPlacement::Omitted { 20 } else { 30 });
        let archive = contents.push(WriteOptions::new().with_index(index)).0;
        let answer = service.upload(&archive);
        assert_eq!(answer.status, 201, "{}", String::from_utf8_lossy(&answer.body));
        let place = answer.header("location").unwrap().to_owned();
        let json = answer.json();
        assert_eq!(place, format!("/snapshots/{}", json["id"].as_str().unwrap()));
        assert_eq!(json["report"]["verdict"], "accept");
        assert_eq!(json["report"]["contents"]["documents"], contents.documents.len());
        assert_eq!(service.upload(&archive).status, 200);

        let listed = service.get("/snapshots").json();
        assert!(listed["snapshots"].as_array().unwrap().iter().any(|listed| listed["id"] == json["id"]));

        let whole = service.get(&place);
        assert_eq!((whole.status, whole.header("content-type")), (200, Some("application/gzip")));
        let (again, report) = read(whole.body.as_slice(), ReadOptions::new()).unwrap();
        assert!(again == contents && report.is_indexed());

        let documents = service.get(&format!("{place}/documents")).json();
        assert_eq!(documents.as_array().unwrap().len(), contents.documents.len());
        for (id, expected) in &contents.documents {
            let document = service.get(&format!("{place}/documents/{id}"));
            assert!(document.status == 200 && document.body == *expected, "{id}");
        }
    }
    assert_eq!(service.incoming_count(), 0);
}

#[test]
fn what_is_not_there_is_not_found() {
    let service = Service::start(&[]);
    let place = service.upload(&good(5).archive()).header("location").unwrap().to_owned();
    for target in [
        "/snapshots/nothing".to_owned(),
        "/snapshots/..%2f..%2fetc%2fpasswd".to_owned(),
        format!("/snapshots/{}", "0".repeat(64)),
        format!("{place}/documents/ffffffff-ffff-ffff-ffff-ffffffffffff"),
        format!("{place}/documents/no-uuid"),
        "/live".to_owned(),
        "/elsewhere".to_owned(),
    ] {
        assert_eq!(service.get(&target).status, 404, "{target}");
    }
}

#[test]
fn every_hostile_archive_is_refused_with_findings() {
    let service = Service::start(&["--max-total-bytes", &(256 << 20).to_string()]);
    let mut refused = 0;
    for case in hostile::cases() {
        let answer = service.upload(&case.bytes);
        let json = answer.json();
        match answer.status {
            200 | 201 => assert_ne!(json["report"]["verdict"], "reject", "{}", case.name),
            // A bare dump may be a good one.
            415 => assert_ne!(json["contents"]["kind"], "snapshot", "{json}"),
            422 => {
                assert!(json["verdict"] == "reject" && !json["findings"].as_array().unwrap().is_empty(), "{json}");
                refused += 1;
            }
            status => panic!("{}: {status} {json}", case.name),
        }
        // Limits of a case's own are not the service's.
        if case.verdict == Verdict::Accept {
            assert!(answer.status < 300, "{}: {json}", case.name);
        }
    }
    assert!(refused > hostile::cases().len() / 2, "{refused}");
    assert!(service.peak_mib() < 150, "{} MiB", service.peak_mib());
    assert_eq!(service.incoming_count(), 0);
}

#[test]
fn what_is_no_snapshot_is_no_media_type_of_this_service() {
    let service = Service::start(&[]);
    for body in [&b""[..], b"hello", b"PK\x03\x04", DUMP] {
        let answer = service.upload(body);
        assert_eq!(answer.status, 415, "{}", String::from_utf8_lossy(&answer.body));
    }
}

#[test]
fn too_large_an_upload_is_refused_announced_or_not() {
    let service = Service::start(&["--max-upload-bytes", "1000000"]);
    let answer = service.upload(&noise(1, 2_000_000));
    assert_eq!(answer.status, 413);
    let mut stream = service.client.connect();
    let head = "POST /snapshots HTTP/1.1\r\nhost: test\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n";
    stream.write_all(head.as_bytes()).unwrap();
    for _ in 0..20 {
        // It may have answered, and stopped listening, before the last of them.
        let _ = stream
            .write_all(b"10000\r\n")
            .and_then(|()| stream.write_all(&[7; 1 << 16]))
            .and_then(|()| stream.write_all(b"\r\n"));
    }
    assert_eq!(super::client::read_answer(stream).unwrap().status, 413);
    assert_eq!(service.incoming_count(), 0);
}

#[test]
fn refused_client_that_still_sends_gets_its_answer() {
    let more = ["--max-upload-bytes", "1000", "--max-transfers", "1", "--patience-seconds", "2"];
    let service = Service::start(&more);
    // More than sockets hold, from a client that reads nothing before all of it is sent.
    let body = noise(1, 32 << 20);
    let send = |head: &str| {
        let mut stream = service.client.connect();
        stream.write_all(head.as_bytes()).unwrap();
        stream.write_all(b"2000000\r\n").and_then(|()| stream.write_all(&body)).unwrap();
        stream.write_all(b"\r\n0\r\n\r\n").unwrap();
        super::client::read_answer(stream).unwrap().status
    };
    let head = "POST /snapshots HTTP/1.1\r\nhost: test\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n";
    assert_eq!(send(head), 413);
    // The only place is taken by somebody who sends a byte now and then.
    let mut first = service.client.begin("POST", "/snapshots", 900).unwrap();
    // The service needs a moment to see it.
    first.write_all(b"x").unwrap();
    thread::sleep(Duration::from_millis(500));
    thread::scope(|scope| {
        let second = scope.spawn(|| send(head));
        while !second.is_finished() {
            let _ = first.write_all(b"x");
            thread::sleep(Duration::from_millis(200));
        }
        assert_eq!(second.join().unwrap(), 503);
    });
}

#[test]
fn live_data_are_packed_as_a_writer_packs_them() {
    let folder = tempfile::tempdir().unwrap();
    let (files, dump) = (folder.path().join("files"), folder.path().join("mx.dump"));
    make_files(&files, 60);
    fs::write(&dump, DUMP).unwrap();
    let more = ["--files", text(&files), "--database", text(&dump)];
    let service = Service::start(&more);
    let answer = service.get("/live");
    assert_eq!(answer.status, 200);

    let plan = directory::scan(&files, &DirectoryOptions::new(), &mut NoObserver).unwrap();
    let metadata =
        plan.complete(Metadata::new().with_duration(0).with_model_version("0.0.0.0"), Some(DUMP.len() as u64));
    let mut writer = SnapshotWriter::start(Vec::new(), &metadata, &WriteOptions::new()).unwrap();
    writer.database(Content::sized(DUMP.len() as u64, DUMP), &mut NoObserver).unwrap();
    writer.documents(&plan, &mut NoObserver).unwrap();
    assert!(answer.body == writer.finish().unwrap().0);
}
