//! A server that speaks S3: moto, from PyPI.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use appsnap::remote::object_store::ObjectStoreExt;
use appsnap::remote::object_store::aws::{AmazonS3, AmazonS3Builder};
use appsnap::remote::{RemoteUpload, UploadOptions};
use appsnap::snapshot::{IndexPlacement, ReadOptions, SnapshotArchive, SnapshotWriter, WriteOptions};

use super::{open, place, runtime, upload};
use crate::support::archives::{Contents, id, noise, text};
use crate::support::counting::{Counting, Counts};
use crate::support::tools::tool;

const BUCKET: &str = "snapshots";

/// A running server; it ends with the test.
struct Server {
    child: Child,
    port: u16,
}

impl Server {
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
        let answer = server.request(&format!("PUT /{BUCKET} HTTP/1.1"));
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        Some(server)
    }

    fn request(&self, line: &str) -> String {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        let head = format!("{line}\r\nHost: 127.0.0.1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        stream.write_all(head.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    /// Uploads that were begun and neither completed nor aborted.
    fn uploads_count(&self) -> usize {
        self.request(&format!("GET /{BUCKET}?uploads HTTP/1.1")).matches("<UploadId>").count()
    }

    fn store(&self) -> Arc<Counting<AmazonS3>> {
        let store = AmazonS3Builder::new()
            .with_endpoint(format!("http://127.0.0.1:{}", self.port))
            .with_http_connector(super::http::Plain)
            .with_allow_http(true)
            .with_region("us-east-1")
            .with_bucket_name(BUCKET)
            .with_access_key_id("test")
            .with_secret_access_key("test")
            .build();
        Arc::new(Counting::new(store.unwrap()))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself; either way it is gone then.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn contents() -> Contents {
    let mut documents: Vec<_> = (0..3000).map(|number| (id(number), text(number, 200))).collect();
    documents.push((id(3000), noise(1, 9 << 20)));
    documents.sort();
    Contents { database: None, documents }
}

fn pack(contents: &Contents, upload: RemoteUpload) -> RemoteUpload {
    let options = WriteOptions::new().with_index(IndexPlacement::Embedded);
    let mut writer = SnapshotWriter::start(upload, &contents.metadata(), options).unwrap();
    writer.documents(contents, &mut appsnap::observe::Silent).unwrap();
    writer.finish().unwrap().0
}

#[test]
fn s3_server_takes_a_snapshot_in_parts_and_gives_documents_by_range() {
    let Some(server) = Server::start() else { return };
    let store = server.store();
    let contents = contents();
    let options = UploadOptions::new().with_part_bytes(5 << 20);

    let unfinished = pack(&contents, upload(&store, options));
    assert_eq!(server.uploads_count(), 1);
    unfinished.abort().unwrap();
    assert_eq!(server.uploads_count(), 0);
    assert!(runtime().block_on(store.head(&place())).is_err());

    let uploaded = pack(&contents, upload(&store, options)).finish().unwrap();
    let (expected, _) = contents.push(WriteOptions::new().with_index(IndexPlacement::Embedded));
    assert_eq!(uploaded.len_bytes, expected.len() as u64);
    assert_eq!(server.uploads_count(), 0);
    let bytes = runtime().block_on(async { store.get(&place()).await.unwrap().bytes().await.unwrap() });
    assert!(bytes == expected);

    // The first of them, whose part of the index does not lie in the tail.
    for (id, expected) in contents.documents.iter().take(500).step_by(167) {
        store.counts.reset();
        let object = open(&store);
        let len_bytes = object.len_bytes();
        let archive = SnapshotArchive::open(object, len_bytes, ReadOptions::new()).unwrap();
        let mut content = Vec::new();
        archive.document(*id).unwrap().unwrap().read_to_end(&mut content).unwrap();
        assert!(content == *expected);
        assert_eq!(Counts::get(&store.counts.gets), 3);
    }

    let object = open(&store);
    runtime().block_on(store.put(&place(), vec![0; 100].into())).unwrap();
    let mut byte = [0];
    let error = appsnap::gzip::ReadAt::read_at(&object, &mut byte, 0).unwrap_err();
    assert!(error.downcast::<appsnap::remote::Error>().unwrap().is_changed());
}
