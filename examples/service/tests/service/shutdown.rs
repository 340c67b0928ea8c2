//! The end of the service: by SIGTERM and by SIGINT, with requests in progress.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use super::client::read_answer;
use super::requests::good;
use super::{Service, eventually, text};
use appsnap_tests::archives::{id, noise};

#[test]
fn requests_in_progress_end_and_no_others_begin() {
    for signal in ["-TERM", "-INT"] {
        let folder = tempfile::tempdir().unwrap();
        let files = folder.path().join("files");
        fs::create_dir(&files).unwrap();
        (0..6).for_each(|number| fs::write(files.join(id(number).to_string()), noise(number, 4 << 20)).unwrap());
        let mut service = Service::start_in(folder, &["--files", text(&files)]);

        let archive = good(5).archive();
        let mut upload = service.client.begin("POST", "/snapshots", archive.len()).unwrap();
        upload.write_all(&archive[..1000]).unwrap();
        let mut download = service.client.begin("GET", "/live", 0).unwrap();
        let mut taken = vec![0; 1 << 20];
        download.read_exact(&mut taken).unwrap();
        // A connection without a request is no reason to wait.
        let idle = service.client.connect();
        eventually("the upload does not begin", || service.incoming_count() == 1);

        service.signal(signal);
        eventually("it still listens", || TcpStream::connect(service.client.address).is_err());
        thread::sleep(Duration::from_millis(300));
        assert!(service.child.try_wait().unwrap().is_none(), "it waits for both");
        upload.write_all(&archive[1000..]).unwrap();
        assert_eq!(read_answer(upload).unwrap().status, 201);
        download.read_to_end(&mut taken).unwrap();
        assert!(taken.ends_with(b"\r\n0\r\n\r\n"), "the download is complete");

        assert_eq!(service.child.wait().unwrap().code(), Some(0), "{signal}");
        drop(idle);
        assert_eq!(service.incoming_count(), 0);
        assert_eq!(service.log().last().unwrap()["event"], "stopped");
    }
}

#[test]
fn upload_that_does_not_end_is_cut_off_and_leaves_nothing() {
    for (grace, signals) in [("1", 1), ("600", 2)] {
        let mut service = Service::start(&["--grace-seconds", grace]);
        let mut upload = service.client.begin("POST", "/snapshots", 1000).unwrap();
        upload.write_all(b"part").unwrap();
        eventually("the upload does not begin", || service.incoming_count() == 1);
        for number in 0..signals {
            service.signal("-TERM");
            eventually("it does not stop", || service.log().len() > number);
        }
        assert_eq!(service.child.wait().unwrap().code(), Some(1));
        assert_eq!(fs::read_dir(service.store()).unwrap().count(), 0);
        let log = service.log();
        let stopped = log.iter().find(|line| line["event"] == "stopped").unwrap();
        assert!(stopped["error"].as_str().unwrap().contains("cut off"), "{stopped}");
        let request = log.iter().find(|line| line["event"] == "request").unwrap();
        assert_eq!((&request["status"], &request["complete"]), (&499.into(), &false.into()), "{request}");
    }
}

#[test]
fn leftovers_of_a_killed_service_are_removed_at_the_next_start() {
    let mut service = Service::start(&[]);
    let mut upload = service.client.begin("POST", "/snapshots", 1000).unwrap();
    upload.write_all(b"part").unwrap();
    eventually("the upload does not begin", || service.incoming_count() == 1);
    // Another service with the same store leaves it alone.
    let other = Service::start_with_store(&service.store());
    assert_eq!(service.incoming_count(), 1);
    drop(other);
    service.signal("-KILL");
    service.child.wait().unwrap();
    assert_eq!(service.incoming_count(), 1);
    let next = Service::start_with_store(&service.store());
    assert_eq!(service.incoming_count(), 0);
    assert_eq!(next.log()[0]["event"], "removed");
}
