//! A server that speaks S3: moto, from PyPI.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use appsnap::io::{Parallelism, ReadAt};
use appsnap::metadata::Metadata;
use appsnap::observe::NoObserver;
use appsnap::remote::object_store::ObjectStoreExt;
use appsnap::remote::object_store::aws::{AmazonS3, AmazonS3Builder};
use appsnap::remote::object_store::path::Path;
use appsnap::remote::{RemoteObject, RemoteUpload};
use appsnap::snapshot::index::IndexPlacement;
use appsnap::snapshot::join::{Join, S3_PIECE_BYTES, shard};
use appsnap::snapshot::options::SectionSplit;
use appsnap::snapshot::{ReadOptions, SnapshotArchive, SnapshotWriter, WriteOptions};
use appsnap::source::bucket::{self, BucketOptions};

use super::{location, open, runtime, upload};
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
        server.request(&format!("PUT /{BUCKET}"), "", b"");
        Some(server)
    }

    /// Sends a request without a signature, which this server does not ask for.
    fn request(&self, target: &str, headers: &str, body: &[u8]) -> String {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        let len = body.len();
        let fixed = format!("Host: 127.0.0.1\r\nContent-Length: {len}\r\nConnection: close\r\n");
        stream.write_all(format!("{target} HTTP/1.1\r\n{fixed}{headers}\r\n").as_bytes()).unwrap();
        stream.write_all(body).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{target}: {answer}");
        answer
    }

    /// Uploads that were begun and neither completed nor aborted.
    fn uploads_count(&self) -> usize {
        self.request(&format!("GET /{BUCKET}?uploads"), "", b"").matches("<UploadId>").count()
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
    let mut writer = SnapshotWriter::start(upload, &contents.metadata(), &options).unwrap();
    writer.documents(contents, &mut NoObserver).unwrap();
    writer.finish().unwrap().0
}

#[test]
fn documents_in_an_s3_bucket_are_planned_and_packed_with_one_request_each() {
    let Some(server) = Server::start() else { return };
    let store = server.store();
    // More than a page of a listing, below a prefix, and objects of another app beside them.
    let documents: Vec<_> = (0..1_100).map(|number| (id(number), text(number, 100))).collect();
    for (id, bytes) in &documents {
        server.request(&format!("PUT /{BUCKET}/apps/shop-{id}.bin"), "", bytes);
    }
    server.request(&format!("PUT /{BUCKET}/apps/other.txt"), "", b"x");
    server.request(&format!("PUT /{BUCKET}/elsewhere/{}", id(5)), "", b"x");
    for parallelism in [Parallelism::INLINE, Parallelism::threads(8)] {
        store.counts.reset();
        let options = BucketOptions::new().with_key_prefix("apps/shop-").with_key_suffix(".bin");
        let options = options.with_listing_parallelism(parallelism);
        let plan = bucket::scan(Arc::clone(&store) as _, &runtime(), &options, &mut NoObserver).unwrap();
        assert_eq!((plan.documents_count(), plan.diagnostics().count()), (1_100, 1));
        let metadata = plan.complete(Metadata::new().with_model_version("1"), None);
        let mut writer = SnapshotWriter::start(Vec::new(), &metadata, &WriteOptions::new()).unwrap();
        writer.documents(&plan, &mut NoObserver).unwrap();
        let archive = writer.finish().unwrap().0;
        assert_eq!((Counts::get(&store.counts.gets), Counts::get(&store.counts.heads)), (1_100, 0));
        let (read, _) = crate::support::archives::read(archive.as_slice(), ReadOptions::new()).unwrap();
        let mut expected = documents.clone();
        expected.sort();
        assert!(read.documents == expected);
    }
    let plan = bucket::scan(Arc::clone(&store) as _, &runtime(), &BucketOptions::new(), &mut NoObserver).unwrap();
    assert_eq!((plan.documents_count(), plan.diagnostics().count()), (0, 1_102), "the folder is not named");
}

#[test]
fn s3_server_takes_a_snapshot_in_parts_and_gives_documents_by_range() {
    let Some(server) = Server::start() else { return };
    let store = server.store();
    let contents = contents();
    let begin = || upload(&store).with_part_bytes(5 << 20).unwrap();

    let unfinished = pack(&contents, begin());
    assert_eq!(server.uploads_count(), 1);
    unfinished.abort().unwrap();
    assert_eq!(server.uploads_count(), 0);
    assert!(runtime().block_on(store.head(&location())).is_err());

    let packed = pack(&contents, begin());
    let len_bytes = packed.len_bytes();
    assert!(packed.finish().unwrap().e_tag.is_some());
    let (expected, _) = contents.push(WriteOptions::new().with_index(IndexPlacement::Embedded));
    assert_eq!(len_bytes, expected.len() as u64);
    assert_eq!(server.uploads_count(), 0);
    let bytes = runtime().block_on(async { store.get(&location()).await.unwrap().bytes().await.unwrap() });
    assert!(bytes == expected);

    // The first of them, whose part of the index is not in the tail.
    for (id, expected) in contents.documents.iter().take(500).step_by(167) {
        store.counts.reset();
        let object = open(&store);
        let archive = SnapshotArchive::open(object, &ReadOptions::new()).unwrap();
        let mut content = Vec::new();
        archive.document(*id).unwrap().unwrap().read_to_end(&mut content).unwrap();
        assert!(content == *expected);
        assert_eq!(Counts::get(&store.counts.gets), 3);
    }

    let object = open(&store);
    runtime().block_on(store.put(&location(), vec![0; 100].into())).unwrap();
    let mut byte = [0];
    let error = object.read_at(&mut byte, 0).unwrap_err();
    let error = error.downcast::<appsnap::remote::Error>().unwrap();
    assert_eq!(error.category(), appsnap::error::Category::Changed);
}

/// The text between two strings.
fn between<'a>(text: &'a str, from: &str, until: &str) -> &'a str {
    text.split_once(from).and_then(|(_, rest)| rest.split_once(until)).unwrap_or_else(|| panic!("{text}")).0
}

#[test]
fn s3_server_joins_parts_by_copying_ranges_of_them() {
    let Some(server) = Server::start() else { return };
    let store = server.store();
    let mut documents: Vec<_> = (0..22).map(|number| (id(number), noise(number, 1 << 20))).collect();
    documents.sort();
    let contents = Contents { database: None, documents };
    let options = || WriteOptions::new().with_sections(SectionSplit::Digit).with_index(IndexPlacement::Embedded);
    let parts: Vec<_> = [0..=5, 6..=10, 11..=15]
        .into_iter()
        .enumerate()
        .map(|(number, digits)| {
            let location = Path::from(format!("part-{number}"));
            let sink = RemoteUpload::new(Arc::clone(&store) as _, location.clone(), runtime());
            let mut writer = SnapshotWriter::start(sink, &Metadata::new(), &options()).unwrap();
            writer.documents(&shard(&contents, digits), &mut NoObserver).unwrap();
            writer.finish().unwrap().0.finish().unwrap();
            let object = RemoteObject::open(Arc::clone(&store) as _, location, runtime()).unwrap();
            SnapshotArchive::open(object, &ReadOptions::new()).unwrap()
        })
        .collect();

    let joined = Join::plan(&contents.metadata(), &parts, &options()).unwrap();
    let begun = server.request(&format!("POST /{BUCKET}/joined?uploads"), "", b"");
    let upload = between(&begun, "<UploadId>", "</UploadId>");
    let mut list = String::new();
    let mut uploaded_bytes = 0;
    for (number, piece) in (1..).zip(joined.pieces(S3_PIECE_BYTES).unwrap()) {
        let target = format!("PUT /{BUCKET}/joined?partNumber={number}&uploadId={upload}");
        let range = piece.output_bytes();
        let tag = if let Some((part, from)) = piece.source() {
            let headers = format!(
                "x-amz-copy-source: /{BUCKET}/part-{part}\r\nx-amz-copy-source-range: bytes={}-{}\r\n",
                from.start,
                from.end - 1
            );
            let answer = server.request(&target, &headers, b"");
            between(&answer, "<ETag>", "</ETag>").to_owned()
        } else {
            let mut bytes = vec![0; usize::try_from(range.end - range.start).unwrap()];
            joined.read_exact_at(&mut bytes, range.start).unwrap();
            uploaded_bytes += bytes.len();
            let answer = server.request(&target, "", &bytes).to_lowercase();
            between(&answer, "etag: ", "\r\n").to_owned()
        };
        list += &format!("<Part><PartNumber>{number}</PartNumber><ETag>{tag}</ETag></Part>");
    }
    let list = format!("<CompleteMultipartUpload>{list}</CompleteMultipartUpload>");
    server.request(&format!("POST /{BUCKET}/joined?uploadId={upload}"), "", list.as_bytes());

    let bytes = runtime().block_on(async { store.get(&Path::from("joined")).await.unwrap().bytes().await.unwrap() });
    assert!(bytes == contents.push(options()).0);
    assert!(uploaded_bytes < bytes.len() / 2, "{uploaded_bytes} of {}", bytes.len());
}
