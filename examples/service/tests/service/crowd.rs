//! Many clients at once, and clients that stall or vanish.

use std::fs;
use std::io::{self, Read, Write};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use appsnap::metadata::Metadata;
use appsnap::observe::NoObserver;
use appsnap::snapshot::{Content, ReadOptions, SnapshotWriter, WriteOptions};

use super::{Service, eventually, text};
use appsnap_tests::app::DUMP;
use appsnap_tests::archives::{Contents, id, noise, read};

/// The memory that the service may take at its worst: its own size, and for each transfer a few steps.
const MOST_MIB: u64 = 250;

fn contents(seed: u64) -> Contents {
    let mut documents: Vec<_> = (0..10).map(|number| (id(seed * 100 + number), noise(seed + number, 40_000))).collect();
    documents.sort();
    Contents { database: Some(DUMP.to_vec()), documents }
}

#[test]
fn two_hundred_clients_at_once_are_all_served_and_memory_stays_bounded() {
    let service = Service::start(&["--patience-seconds", "100"]);
    let place = service.upload(&contents(1000).archive()).header("location").unwrap().to_owned();
    let served = AtomicUsize::new(0);
    thread::scope(|scope| {
        for number in 0..200 {
            let (service, place, served) = (&service, &place, &served);
            scope.spawn(move || {
                if number % 2 == 0 {
                    let contents = contents(number);
                    let answer = service.upload(&contents.archive());
                    assert_eq!(answer.status, 201, "{}", String::from_utf8_lossy(&answer.body));
                    let back = service.get(answer.header("location").unwrap());
                    assert!(read(back.body.as_slice(), ReadOptions::new()).unwrap().0 == contents);
                } else {
                    assert!(read(service.get(place).body.as_slice(), ReadOptions::new()).unwrap().0 == contents(1000));
                }
                served.fetch_add(1, Ordering::Relaxed);
            });
        }
    });
    assert_eq!(served.load(Ordering::Relaxed), 200);
    assert!(service.peak_mib() < MOST_MIB, "{} MiB", service.peak_mib());
    assert_eq!(service.incoming_count(), 0);
}

/// A service whose live data is 24 MiB that no compressor shortens: more than sockets hold.
fn with_live_data(more: &[&str]) -> Service {
    let folder = tempfile::tempdir().unwrap();
    let files = folder.path().join("files");
    fs::create_dir(&files).unwrap();
    for number in 0..6 {
        fs::write(files.join(id(number).to_string()), noise(number, 4 << 20)).unwrap();
    }
    let mut arguments = vec!["--files", text(&files)];
    arguments.extend(more);
    Service::start_in(folder, &arguments)
}

#[test]
fn stalled_and_vanished_clients_hold_no_thread_and_leave_nothing_behind() {
    let service = with_live_data(&["--patience-seconds", "3", "--max-transfers", "120"]);
    let archive = contents(1).archive();
    let mut stalled = Vec::new();
    for number in 0..100 {
        let target = if number % 2 == 0 { "/snapshots" } else { "/live" };
        let stream = if target == "/live" {
            // Takes nothing of its download.
            service.client.begin("GET", target, 0).unwrap()
        } else {
            let mut stream = service.client.begin("POST", target, archive.len()).unwrap();
            stream.write_all(&archive[..archive.len() / 2]).unwrap();
            stream
        };
        // Half of them stay and do nothing, the others are gone.
        if number % 4 < 2 {
            stalled.push(stream);
        }
    }
    for _ in 0..50 {
        // Half a request's head.
        let mut stream = service.client.connect();
        stream.write_all(b"GET /snapshots HT").unwrap();
        stalled.push(stream);
    }
    // With two workers, others are served as if nothing were.
    let since = Instant::now();
    let answer = service.upload(&archive);
    assert_eq!(answer.status, 201, "{}", String::from_utf8_lossy(&answer.body));
    assert_eq!(service.get(answer.header("location").unwrap()).status, 200);
    assert!(since.elapsed() < Duration::from_secs(30), "{:?}", since.elapsed());
    // Two workers for checks, two for steps, four for writes, the runtime's own, and the first.
    let cores = thread::available_parallelism().map_or(1, usize::from) as u64;
    assert!(service.status("Threads") <= 2 + 2 + 4 + cores + 1, "{}", service.status("Threads"));
    eventually("the stalled uploads are still there", || service.incoming_count() == 0);
    // A stalled client is given up: the connection ends, and no answer is complete.
    eventually("the stalled clients are still connected", || service.connections_count() == 0);
    for mut stream in stalled {
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        let mut rest = Vec::new();
        let ended = stream.read_to_end(&mut rest);
        assert!(ended.is_err() || rest.len() < 24 << 20, "{} bytes", rest.len());
    }
    assert!(service.peak_mib() < 2 * MOST_MIB, "{} MiB", service.peak_mib());
}

#[test]
fn slow_client_gets_all_of_a_live_snapshot_while_others_are_served() {
    let service = with_live_data(&["--max-transfers", "2"]);
    let mut slow = service.client.begin("GET", "/live", 0).unwrap();
    let mut taken = vec![0; 1 << 20];
    slow.read_exact(&mut taken).unwrap();
    for _ in 0..5 {
        thread::sleep(Duration::from_millis(100));
        assert_eq!(service.get("/snapshots").status, 200);
        assert_eq!(service.get("/live").status, 200);
    }
    slow.read_to_end(&mut taken).unwrap();
    // The last chunk, of no bytes, says that it is whole.
    assert!(taken.ends_with(b"\r\n0\r\n\r\n"));
    let whole = service.get("/live");
    let (contents, _) = read(whole.body.as_slice(), ReadOptions::new()).unwrap();
    assert_eq!(contents.documents.len(), 6);
}

#[test]
fn check_ends_when_its_client_goes_away() {
    let service = Service::start(&["--max-transfers", "1", "--patience-seconds", "60"]);
    // Half a gigabyte of zeros in half a megabyte: some seconds of reading.
    let len_bytes = 512 << 20;
    let mut writer = SnapshotWriter::start(Vec::new(), &Metadata::new(), &WriteOptions::new()).unwrap();
    writer.document(id(1), Content::sized(len_bytes, io::repeat(0).take(len_bytes)), &mut NoObserver).unwrap();
    let bomb = writer.finish().unwrap().0;
    let mut client = service.client.begin("POST", "/snapshots", bomb.len()).unwrap();
    client.write_all(&bomb).unwrap();
    eventually("the upload did not come", || service.incoming_count() == 1);
    thread::sleep(Duration::from_millis(300));
    drop(client);
    eventually("the upload is still there", || service.incoming_count() == 0);
    // Its slot is free again, and no thread works on it any more.
    assert_eq!(service.upload(b"hello").status, 415);
    let used = || {
        let stat = fs::read_to_string(format!("/proc/{}/stat", service.child.id())).unwrap();
        let fields: Vec<_> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
        fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
    };
    let before = used();
    thread::sleep(Duration::from_millis(500));
    assert!(used() - before < 20, "it still works");
}
