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

use sha2::{Digest, Sha256};

use super::{Service, text};
use appsnap_tests::app::{DUMP, make_files};
use appsnap_tests::archives::{Contents, noise, read};
use appsnap_tests::hostile::{self, Verdict};

pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// An archive with a real dump in it.
pub fn good(count: u64) -> Contents {
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
        assert_eq!(json["upload_sha256"], sha256(&archive));
        let again = service.upload(&archive);
        assert_eq!((again.status, &again.json()["id"]), (200, &json["id"]));

        let listed = service.get("/snapshots").json();
        assert!(listed["snapshots"].as_array().unwrap().iter().any(|listed| listed["id"] == json["id"]));

        let whole = service.get(&place);
        assert_eq!((whole.status, whole.header("content-type")), (200, Some("application/gzip")));
        let (again, report) = read(whole.body.as_slice(), ReadOptions::new()).unwrap();
        assert!(again == contents && report.is_indexed());
        assert_eq!(json["id"], sha256(&whole.body), "the id is that of the bytes that are returned");
        assert_eq!(json["archive_bytes"], whole.body.len());
        // What was downloaded can be uploaded, and is the same snapshot.
        assert_eq!(service.upload(&whole.body).json()["id"], json["id"]);

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
            413 => assert!(json["limit"].is_string(), "{json}"),
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
fn what_is_no_snapshot_is_refused_with_what_to_do() {
    let service = Service::start(&[]);
    for (body, remedy) in [
        (&b""[..], "pg_dump"),
        (b"hello", "pg_dump"),
        (b"PK\x03\x04", "unzip"),
        (DUMP, "create a snapshot with pack --database FILE"),
    ] {
        let answer = service.upload(body);
        let json = answer.json();
        assert_eq!((answer.status, &json["verdict"]), (415, &"reject".into()), "{json}");
        assert_eq!(json["findings"][0]["severity"], "error", "{json}");
        assert!(json["error"].as_str().unwrap().contains(remedy), "{json}");
    }
    assert_eq!(service.upload(DUMP).json()["findings"][0]["code"], "U001");
}

#[test]
fn what_is_no_snapshot_is_refused_before_the_rest_travels() {
    let service = Service::start(&[]);
    let head = [DUMP, &noise(1, 100_000)].concat();
    assert_eq!(service.client.send("POST", "/identify", &head[..65_536]).unwrap().status, 415);
    assert_eq!(service.client.send("POST", "/identify", &head).unwrap().status, 413);
    assert_eq!(service.client.send("POST", "/identify", &good(1).archive()).unwrap().status, 200);
    // The answer comes although most of the upload does not.
    let mut stream = service.client.begin("POST", "/snapshots", 1 << 30).unwrap();
    stream.write_all(&head).unwrap();
    let answer = super::client::read_answer(stream).unwrap();
    assert_eq!((answer.status, &answer.json()["findings"][0]["code"]), (415, &"U001".into()));
}

#[test]
fn damaged_snapshot_is_no_other_kind() {
    let service = Service::start(&[]);
    let archive = good(5).archive();
    let mut flipped = archive.clone();
    flipped[40] ^= 0xff;
    for damaged in [&archive[..archive.len() - 1], &archive[..100], &flipped] {
        let answer = service.upload(damaged);
        let json = answer.json();
        assert_eq!((answer.status, &json["verdict"]), (422, &"reject".into()), "{json}");
        assert!(!json["findings"].as_array().unwrap().is_empty(), "{json}");
    }
}

#[test]
fn form_is_refused_with_what_to_do() {
    let service = Service::start(&[]);
    let form = ("content-type", "multipart/form-data; boundary=x");
    let answer = service.client.ask("POST", "/snapshots", &[form, ("content-length", "0")]);
    let json = answer.json();
    assert_eq!((answer.status, &json["findings"][0]["code"]), (415, &"U002".into()), "{json}");
    assert!(json["error"].as_str().unwrap().contains("curl -T FILE"), "{json}");
    // A client that waits for permission gets the answer instead.
    let expect = [form, ("content-length", "1000000"), ("expect", "100-continue")];
    assert_eq!(service.client.ask("POST", "/snapshots", &expect).status, 415);
}

#[test]
fn exceeded_limit_is_named() {
    let archive = good(5).archive();
    for (option, limit) in [
        ("--max-upload-bytes=1000", "max_upload_bytes"),
        ("--max-total-bytes=30000", "max_total_bytes"),
        ("--max-decompressed-bytes=20000", "max_decompressed_bytes"),
        ("--max-entries=3", "max_entries"),
        ("--max-toc-entries=2", "max_toc_entries"),
    ] {
        let service = Service::start(&[option]);
        let answer = service.upload(&archive);
        let json = answer.json();
        assert_eq!((answer.status, &json["limit"]), (413, &limit.into()), "{json}");
        assert_eq!(service.incoming_count(), 0);
    }
}

#[test]
fn name_of_the_upload_is_kept_for_the_list_and_the_download() {
    let service = Service::start(&[]);
    let archive = good(3).archive();
    let answer = service.client.send("PUT", "/snapshots/backup%20of%20today.tar.gz", &archive).unwrap();
    let place = answer.header("location").unwrap().to_owned();
    let listed = service.get("/snapshots").json()["snapshots"][0].clone();
    assert_eq!((&listed["name"], &listed["documents"]), (&"backup of today.tar.gz".into(), &3.into()), "{listed}");
    assert_eq!(listed["verdict"], "accept");
    let disposition = service.get(&place).header("content-disposition").unwrap().to_owned();
    assert!(disposition.contains("\"backup of today.tar.gz\""), "{disposition}");
    let report = service.get(&format!("{place}/report")).json();
    assert_eq!(report["report"]["contents"]["documents"], 3);
}

#[test]
fn deleted_snapshot_is_gone() {
    let service = Service::start(&[]);
    let place = service.upload(&good(5).archive()).header("location").unwrap().to_owned();
    assert_eq!(service.client.ask("DELETE", &place, &[]).status, 204);
    assert_eq!(service.client.ask("DELETE", &place, &[]).status, 404);
    for target in [place.clone(), format!("{place}/report"), format!("{place}/documents")] {
        assert_eq!(service.get(&target).status, 404, "{target}");
    }
    assert_eq!(fs::read_dir(service.store()).unwrap().count(), 0, "the record is gone, too");
}

#[test]
fn same_archive_from_many_clients_is_kept_once() {
    let service = Service::start(&[]);
    let archive = good(20).archive();
    let statuses = thread::scope(|scope| {
        let clients: Vec<_> = (0..8).map(|_| scope.spawn(|| service.upload(&archive).status)).collect();
        clients.into_iter().map(|client| client.join().unwrap()).collect::<Vec<_>>()
    });
    assert_eq!(statuses.iter().filter(|status| **status == 201).count(), 1, "{statuses:?}");
    assert!(statuses.iter().all(|status| matches!(status, 200 | 201)), "{statuses:?}");
    assert_eq!(service.get("/snapshots").json()["snapshots"].as_array().unwrap().len(), 1);
    assert_eq!(service.incoming_count(), 0);
}

#[test]
fn page_of_another_site_cannot_change_anything() {
    let service = Service::start(&[]);
    let place = service.upload(&good(5).archive()).header("location").unwrap().to_owned();
    let foreign = [("sec-fetch-site", "cross-site")];
    assert_eq!(service.client.ask("DELETE", &place, &foreign).status, 403);
    assert_eq!(service.client.ask("DELETE", &place, &[("sec-fetch-site", "same-origin")]).status, 204);
}

#[test]
fn health_says_what_is_wrong_with_the_store() {
    let service = Service::start(&[]);
    let answer = service.get("/healthz");
    assert_eq!((answer.status, &answer.json()["status"]), (200, &"ok".into()));
    fs::remove_dir_all(service.store()).unwrap();
    let answer = service.get("/healthz");
    assert_eq!((answer.status, &answer.json()["store"]["writable"]), (503, &false.into()));

    let full = Service::start(&["--min-free-bytes", "1000000TB"]);
    let answer = full.get("/healthz");
    assert_eq!((answer.status, &answer.json()["store"]["has_room"]), (503, &false.into()));
    assert_eq!(full.upload(&good(5).archive()).status, 507);
}

#[test]
fn log_has_one_line_for_each_request() {
    let service = Service::start(&[]);
    let archive = good(5).archive();
    let place = service.upload(&archive).header("location").unwrap().to_owned();
    let line = service.logged("POST", "/snapshots");
    assert_eq!((&line["status"], &line["received_bytes"]), (&201.into(), &archive.len().into()), "{line}");
    let whole = service.client.ask("GET", &place, &[("x-request-id", "from-a-proxy")]);
    assert_eq!(whole.header("x-request-id"), Some("from-a-proxy"));
    let line = service.logged("GET", &place);
    assert_eq!((&line["id"], &line["bytes"]), (&"from-a-proxy".into(), &whole.body.len().into()), "{line}");
    assert!(line["milliseconds"].is_u64() && line["complete"] == true && line["time"].is_string(), "{line}");
    assert_eq!(service.log().len(), 2);
    // A client that goes away before its answer.
    let mut stream = service.client.begin("POST", "/snapshots", 1000).unwrap();
    stream.write_all(b"part").unwrap();
    super::eventually("the upload does not begin", || service.incoming_count() == 1);
    drop(stream);
    super::eventually("the end is not logged", || service.log().len() == 3);
    assert!(matches!(service.log()[2]["status"].as_u64(), Some(400 | 499)), "{}", service.log()[2]);
    assert_eq!(service.incoming_count(), 0);
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
    // The only slot is taken by a client that sends a byte now and then.
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
