//! The commands with URLs, against a server that speaks S3, with and without faults.
#![cfg(unix)]

mod faults;
mod server;

use std::fs;
use std::path::Path;
use std::process::Output;

use appsnap_tests::archives::{id, noise, text};
use serde_json::Value;
use server::{BUCKET, Server};
use tempfile::TempDir;

const PACK: &str = env!("CARGO_BIN_EXE_pack");
const UNPACK: &str = env!("CARGO_BIN_EXE_unpack");

/// The documents of an app, in a folder.
fn folder(count: u64) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for number in 0..count {
        fs::write(folder.path().join(id(number).to_string()), text(number, 500)).unwrap();
    }
    folder
}

/// The same documents in the bucket, with keys that begin with `prefix` and end with `suffix`.
fn fill(server: &Server, count: u64, prefix: &str, suffix: &str) {
    for number in 0..count {
        server.put(&format!("{prefix}{}{suffix}", id(number)), &text(number, 500));
    }
}

fn url(key: &str) -> String {
    format!("s3://{BUCKET}/{key}")
}

fn run(server: &Server, program: &str, args: &[&str]) -> Output {
    server.command(program).args(args).output().unwrap()
}

fn messages(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Runs a command that succeeds, and returns its JSON.
fn json(server: &Server, program: &str, args: &[&str]) -> Value {
    let output = run(server, program, &[args, &["--json"]].concat());
    assert_eq!(output.status.code(), Some(0), "{args:?}: {}", messages(&output));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Packs a folder without a bucket.
fn packed(folder: &Path) -> Vec<u8> {
    let target = tempfile::tempdir().unwrap();
    let output = target.path().join("x.tar.gz");
    let status = std::process::Command::new(PACK)
        .args(["--profile", "format", "--quiet", "--files"])
        .arg(folder)
        .arg("--output")
        .arg(&output)
        .output()
        .unwrap();
    assert!(status.status.success(), "{}", messages(&status));
    fs::read(output).unwrap()
}

#[test]
fn documents_go_from_bucket_to_archive_to_bucket_with_one_request_each() {
    let Some(server) = Server::start() else { return };
    let count = 150;
    fill(&server, count, "files/shop-", ".bin");
    server.put("files/readme.txt", b"x");
    let expected = packed(folder(count).path());
    let (files, archive) = (url("files"), url("out/one.tar.gz"));
    let skipped = tempfile::tempdir().unwrap();
    let list = skipped.path().join("skipped.txt");

    let report = json(
        &server,
        PACK,
        &[
            "--files",
            &files,
            "--key-prefix",
            "shop-",
            "--key-suffix",
            ".bin",
            "--output",
            &archive,
            "--profile",
            "format",
            "--skipped",
            list.to_str().unwrap(),
        ],
    );
    assert_eq!((&report["documents"], &report["written"]), (&count.into(), &true.into()));
    assert_eq!((&report["requests"]["get"], &report["requests"]["head"]), (&count.into(), &0.into()), "{report}");
    assert_eq!(report["requests"]["put"], 1, "the archive");
    assert!(server.get("out/one.tar.gz") == expected);
    assert!(fs::read_to_string(&list).unwrap().contains("readme.txt"));
    assert_eq!(server.uploads_count(), 0);

    // The archive is read where it is: front to back without an index, by ranges with one.
    let indexed = url("out/two.tar.gz");
    let program = env!("CARGO_BIN_EXE_repack");
    assert_eq!(json(&server, program, &[&archive, &indexed])["indexed"], true);
    for archive in [&archive, &indexed] {
        assert_eq!(json(&server, env!("CARGO_BIN_EXE_check"), &[archive])["verdict"], "warn");
        let described = json(&server, env!("CARGO_BIN_EXE_inspect"), &[archive]);
        assert_eq!((&described["documents"], &described["kind"]), (&count.into(), &"snapshot".into()));
        let listed = json(&server, env!("CARGO_BIN_EXE_list"), &[archive]);
        assert_eq!(listed.as_array().unwrap().len() as u64, count);
        let document = run(&server, env!("CARGO_BIN_EXE_fetch_document"), &[archive, &id(7).to_string()]);
        assert!(document.stdout == text(7, 500), "{}", messages(&document));
        let dest = skipped.path().join("unpacked");
        json(&server, UNPACK, &[archive, dest.to_str().unwrap()]);
        assert!(packed(&dest.join("files")) == expected);
        fs::remove_dir_all(&dest).unwrap();
    }
    let before = server.seen("GET ");
    run(&server, env!("CARGO_BIN_EXE_fetch_document"), &[&indexed, &id(7).to_string()]);
    assert!(server.seen("GET ") - before <= 3, "{}", server.seen("GET ") - before);

    // And back, below other keys.
    for (number, archive) in [&archive, &indexed].into_iter().enumerate() {
        let dest = url(&format!("back{number}/"));
        let names = ["--only", "files", "--key-prefix", "a-", "--key-suffix", ".dat"];
        let report = json(&server, UNPACK, &[&[archive, &*dest], &names[..]].concat());
        assert_eq!((&report["documents"], &report["continued"]), (&count.into(), &0.into()));
        let again = url(&format!("out/again{number}.tar.gz"));
        let names = &names[2..];
        let args = ["--files", &*dest, "--output", &again, "--profile", "format"];
        json(&server, PACK, &[&args[..], names].concat());
        assert!(server.get(&format!("out/again{number}.tar.gz")) == expected);
    }
    let repeated =
        run(&server, UNPACK, &[&archive, &files, "--only", "files", "--key-prefix", "shop-", "--key-suffix", ".bin"]);
    assert_eq!(repeated.status.code(), Some(2));
    assert!(messages(&repeated).contains("--replace"), "{}", messages(&repeated));
}

#[test]
fn database_and_tar_of_files_may_be_objects() {
    let Some(server) = Server::start() else { return };
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../data");
    server.put("in/mx.dump", &fs::read(data.join("quickstart.dump")).unwrap());
    server.put("in/files.tar.gz", &fs::read(data.join("files.tar.gz")).unwrap());
    let (dump, files, out) = (url("in/mx.dump"), url("in/files.tar.gz"), url("out.tar.gz"));
    let report =
        json(&server, PACK, &["--database", &dump, "--files", &files, "--output", &out, "--profile", "format"]);
    assert!(report["documents"].as_u64().unwrap() > 0 && report["database_bytes"].as_u64().unwrap() > 0, "{report}");
    assert_eq!(json(&server, env!("CARGO_BIN_EXE_inspect"), &[&dump])["kind"], "custom-dump");
    // The table of the dump, and of the dump in the snapshot.
    let table = |input: &str| {
        let output = run(&server, env!("CARGO_BIN_EXE_rows"), &[input, "--table", "public.system$filedocument"]);
        assert_eq!(output.status.code(), Some(0), "{}", messages(&output));
        assert!(output.stdout.len() > 100);
        output.stdout
    };
    assert!(table(&dump) == table(&out));
    let compare = |old: &str, new: &str| run(&server, env!("CARGO_BIN_EXE_diff"), &[old, new, "--json"]);
    let same = url("in/same.tar.gz");
    json(&server, env!("CARGO_BIN_EXE_repack"), &[&out, &same]);
    let output = compare(&out, &same);
    assert_eq!(output.status.code(), Some(0), "{}", messages(&output));
    let without = url("in/without.tar.gz");
    json(&server, env!("CARGO_BIN_EXE_repack"), &[&same, &without, "--only", "database"]);
    let output = compare(&same, &without);
    assert_eq!(output.status.code(), Some(1), "{}", messages(&output));
    assert_eq!(run(&server, env!("CARGO_BIN_EXE_diff"), &[&out, &url("none")]).status.code(), Some(2));
    let converted = url("in/mx-1.13.dump");
    json(&server, env!("CARGO_BIN_EXE_convert_dump"), &[&dump, &converted, "--to", "1.13"]);
    assert_eq!(json(&server, env!("CARGO_BIN_EXE_inspect"), &[&converted])["archive_version"], "1.13");
}

#[test]
fn large_archive_is_sent_in_parts() {
    let Some(server) = Server::start() else { return };
    let folder = tempfile::tempdir().unwrap();
    for number in 0..3 {
        fs::write(folder.path().join(id(number).to_string()), noise(number, 9 << 20)).unwrap();
    }
    let expected = packed(folder.path());
    let out = url("large.tar.gz");
    let files = folder.path().to_str().unwrap();
    let report = json(&server, PACK, &["--files", files, "--output", &out, "--profile", "format"]);
    assert!(report["requests"]["put"].as_u64().unwrap() >= 4, "{report}");
    assert!(server.get("large.tar.gz") == expected);
    // Documents of several parts, and the way back.
    json(&server, UNPACK, &[&out, &url("large"), "--only", "files"]);
    let report = json(&server, PACK, &["--files", &url("large"), "--output", &out, "--profile", "format"]);
    assert_eq!(report["documents"], 3);
    assert!(server.get("large.tar.gz") == expected);
    assert_eq!(server.uploads_count(), 0);
}

#[test]
fn shards_in_a_bucket_are_joined_by_the_store() {
    let Some(server) = Server::start() else { return };
    let local = tempfile::tempdir().unwrap();
    for number in 0..24 {
        let contents = noise(number, 1 << 20);
        fs::write(local.path().join(id(number).to_string()), &contents).unwrap();
        server.put(&format!("files/{}", id(number)), &contents);
    }
    let expected = packed(local.path());
    let shards = url("shards/");
    let mut counts = Vec::new();
    for shard in ["1/3", "2/3", "3/3", "2/3"] {
        // The second time, the same object with the same bytes.
        let args = ["--files", &url("files"), "--output", &shards, "--profile", "format", "--shard", shard];
        let report = json(&server, PACK, &args);
        // Nothing after the shard is read ahead.
        assert_eq!((&report["requests"]["get"], &report["requests"]["head"]), (&report["documents"], &0.into()));
        counts.push(report["documents"].as_u64().unwrap());
    }
    assert_eq!((counts[..3].iter().sum::<u64>(), counts[3]), (24, counts[1]));
    assert_eq!(server.keys("shards/").len(), 3);
    let program = env!("CARGO_BIN_EXE_join");
    server.inject("partNumber=2", 3, server::Fault::Status(503));
    let report = json(&server, program, &[&shards, "--no-index", "--output", &url("joined.tar.gz")]);
    assert!(server.get("joined.tar.gz") == expected);
    let (uploaded, copies) = (report["joiner_bytes"].as_u64().unwrap(), report["requests"]["copy"].as_u64().unwrap());
    // Ranges of less than 5 MiB go through the joiner.
    assert!(copies > 0 && uploaded < expected.len() as u64 * 3 / 4, "{report}");
    assert_eq!((server.heal(), server.uploads_count()), (0, 0));

    // Elsewhere, the bytes go through the joiner.
    let out = local.path().join("joined.tar.gz");
    let report = json(&server, program, &[&shards, "--no-index", "--output", out.to_str().unwrap()]);
    assert!(fs::read(&out).unwrap() == expected);
    assert_eq!((&report["joiner_bytes"], &report["copied_by_the_store"]), (&expected.len().into(), &false.into()));

    // A store that does not copy, and a missing shard: nothing is left.
    server.inject("partNumber=", 1_000, server::Fault::Status(403));
    let output = run(&server, program, &[&shards, "--output", &url("joined2.tar.gz")]);
    server.heal();
    assert_eq!(output.status.code(), Some(2), "{}", messages(&output));
    server.delete(&server.keys("shards/")[1]);
    let output = run(&server, program, &[&shards, "--output", &url("joined2.tar.gz")]);
    assert_eq!(output.status.code(), Some(1), "{}", messages(&output));
    assert_eq!((server.keys("joined2").len(), server.uploads_count()), (0, 0));
}

#[test]
fn wrong_urls_are_refused_with_a_remedy() {
    let Some(server) = Server::start() else { return };
    fill(&server, 3, "files/shop-", "");
    let out = url("out.tar.gz");
    let cases: [(&[&str], &str); 7] = [
        (&["--files", "s4://x/y", "--output", "x.tar.gz"], "s4://x/y"),
        (&["--files", &url("files"), "--output", &out], "key prefix"),
        (&["--files", &url("files/shop-"), "--output", &out], "no document"),
        (&["--files", &url("files?x"), "--output", &out], "%3F"),
        (&["--files", &url("files"), "--root", "x", "--output", &out], "--root"),
        (&["--files", &url("files"), "--key-prefix", "shop-", "--output", &url("")], "name of the object"),
        (&["--database", &out, "--output", &out], "same object"),
    ];
    for (args, message) in cases {
        let output = run(&server, PACK, args);
        assert!(matches!(output.status.code(), Some(1 | 2)), "{args:?}");
        assert!(messages(&output).contains(message), "{args:?}: {}", messages(&output));
    }
    let mut plain = server.command(PACK);
    plain.env_remove("AWS_ALLOW_HTTP").args(["--files", &url("files"), "--output", &out]);
    assert!(messages(&plain.output().unwrap()).contains("AWS_ALLOW_HTTP"));
    assert_eq!(server.keys("out"), [""; 0]);
}
