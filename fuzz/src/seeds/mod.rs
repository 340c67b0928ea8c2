//! Seeds made by code: one of every shape that a target distinguishes.

pub mod dumps;
pub mod zips;

use std::io::Read;

use appsnap::retention::{Policy, presets};
use flate2::read::MultiGzDecoder;

use crate::archive::{diff, index, read, rework, sidecar};
use crate::calendar::PRESETS;
use crate::{compression, tape, verdict};
use appsnap_tests::hostile::extension::{global, pax};
use appsnap_tests::hostile::plan::{DOCUMENT, Plan, metadata as json, sample_path};
use appsnap_tests::hostile::{cases, gzip};

/// The database of a small app, with the table of its files.
const SAMPLE_DUMP: &[u8] = include_bytes!("../../../examples/data/quickstart.dump");

/// A seed is not worth mutating when it is larger.
const MAX_BYTES: usize = 24 << 10;

/// An input with its control byte.
fn controlled(control: u8, bytes: &[u8]) -> Vec<u8> {
    [&[control], bytes].concat()
}

/// Copies of `bytes`, each with one bit turned over, all over its length: what is compressed breaks in many ways.
fn damaged(bytes: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    (0..bytes.len()).step_by(bytes.len().div_ceil(60)).enumerate().map(|(number, at)| {
        let mut copy = bytes.to_vec();
        copy[at] ^= 1 << (number % 8);
        copy
    })
}

/// The uncompressed content, if it is compressed.
fn plain(bytes: &[u8]) -> Option<Vec<u8>> {
    if !bytes.starts_with(&[0x1f, 0x8b]) {
        return Some(bytes.to_vec());
    }
    let mut plain = Vec::new();
    MultiGzDecoder::new(bytes).take(MAX_BYTES as u64 + 1).read_to_end(&mut plain).ok().map(|_| plain)
}

/// Archives and dumps as they are and wrapped into each other, the sample dump with its rows of files, and other files.
pub fn checks() -> Vec<Vec<u8>> {
    let archives = snapshots().into_iter().map(|seed| seed.get(1..).unwrap_or_default().to_vec());
    let mut seeds = archives.map(|archive| controlled(0, &archive)).collect::<Vec<_>>();
    seeds.extend(tar_streams().iter().map(|tar| controlled(verdict::SEAL | verdict::COMPRESS, tar)));
    for (number, dump) in dumps::whole().iter().chain([&SAMPLE_DUMP.to_vec()]).enumerate() {
        seeds.push(controlled([0, verdict::WRAP, verdict::SMALL_LIMITS][number % 3], dump));
    }
    let size = SAMPLE_DUMP.len();
    // What is compressed breaks at once; the table of contents, with its COPY statements, is not.
    seeds.extend((0..size).step_by(size.div_ceil(400)).map(|at| {
        let mut copy = SAMPLE_DUMP.to_vec();
        copy[at] ^= 1 << (at % 8);
        controlled([0, verdict::WRAP][at % 2], &copy)
    }));
    seeds.extend(detect().iter().map(|file| controlled(0, file)));
    seeds.extend(zips::squidex_archives().iter().map(|file| controlled(0, file)));
    seeds
}

/// The hostile corpus as it is, and its tar streams, sealed and to be compressed.
pub fn snapshots() -> Vec<Vec<u8>> {
    let fits = |bytes: &&[u8]| bytes.len() <= MAX_BYTES;
    let packed = cases().iter().map(|case| case.bytes.as_slice()).filter(fits);
    let mut seeds = packed.map(|bytes| controlled(0, bytes)).collect::<Vec<_>>();
    for (number, tar) in tar_streams().into_iter().enumerate() {
        seeds.push(controlled([read::SEAL, read::SEAL | read::SALVAGE][number % 2], &tar));
    }
    let sample = Plan::sample().tar();
    seeds.push(controlled(read::SEAL | read::COMPRESS, &sample));
    seeds.push(controlled(read::SALVAGE | read::COMPRESS, &sample));
    seeds.extend(index::BASES.iter().map(|base| controlled(0, &base.data)));
    seeds.extend(damaged(&Plan::sample().gz()).map(|bytes| controlled(0, &bytes)));
    seeds
}

fn tar_streams() -> Vec<Vec<u8>> {
    let streams = cases().iter().filter_map(|case| plain(&case.bytes));
    let mut streams = streams.filter(|tar| tar.len() >= 512 && tar.len() <= MAX_BYTES).collect::<Vec<_>>();
    streams.sort();
    streams.dedup();
    streams
}

/// The tar streams of the hostile corpus; those about checksums keep theirs.
pub fn tars() -> Vec<Vec<u8>> {
    let mut seeds = tar_streams().iter().map(|tar| controlled(0, tar)).collect::<Vec<_>>();
    let checksums = cases().iter().filter(|case| case.name.contains("checksum"));
    seeds.extend(checksums.filter_map(|case| plain(&case.bytes)).map(|tar| controlled(tape::AS_IS, &tar)));
    seeds
}

/// Every framing of the corpus, bare deflate streams, and members side by side.
pub fn gzip_members() -> Vec<Vec<u8>> {
    let framings = cases().iter().filter(|case| case.name.starts_with("g-") || case.name.starts_with("a-"));
    let framings = framings.filter(|case| case.bytes.len() <= MAX_BYTES);
    let mut seeds = framings.map(|case| controlled(0, &case.bytes)).collect::<Vec<_>>();
    for level in [0, 1, 9] {
        let deflate = gzip::deflate(&b"one line, and again one line\n".repeat(9), flate2::Compression::new(level));
        seeds.push(controlled(compression::SEAL, &deflate));
    }
    seeds.push(controlled(0, &gzip::members(&[b'a'; 100], 30)));
    seeds.extend(damaged(&gzip::member(&Plan::sample().tar())).map(|bytes| controlled(0, &bytes)));
    seeds.push(controlled(0, &[gzip::member(b""), gzip::member(b"x"), vec![0; 512]].concat()));
    seeds
}

/// Records of every key that means something, whole and bent.
pub fn pax_records() -> Vec<Vec<u8>> {
    let long = format!("{}/tail", "n".repeat(100));
    let sets: &[&[(&str, &str)]] = &[
        &[],
        &[("path", "db/db.backup")],
        &[("path", &long)],
        &[("path", "./db/db.backup")],
        &[("size", "700")],
        &[("size", "0000700")],
        &[("size", "8589934592")],
        &[("mtime", "-1.5"), ("atime", "1"), ("ctime", "9999999999.000000001")],
        &[("uid", "4294967296"), ("gid", "0"), ("uname", "ü"), ("gname", "")],
        &[("linkpath", "x")],
        &[("comment", "a\n20 path=../../evil\n")],
        &[("hdrcharset", "BINARY"), ("LIBARCHIVE.creationtime", "1"), ("SCHILY.xattr.user.a", "b\0c")],
        &[("GNU.sparse.major", "1")],
        &[("path", "a"), ("path", "b")],
    ];
    let payload = |member: Vec<u8>| {
        let size = std::str::from_utf8(&member[124..135]).expect("digits");
        let size = usize::from_str_radix(size, 8).expect("a size");
        member[512..512 + size].to_vec()
    };
    let mut seeds = Vec::new();
    for set in sets {
        seeds.push(controlled(0, &payload(pax(set))));
        seeds.push(controlled(1, &payload(pax(set))));
        seeds.push(controlled(2, &payload(global(set))));
    }
    for bent in
        [&b"6 a=b\n"[..], b"7 a=b\n", b"5 a=b\n", b"06 a=b\n", b"6 ab\n", b" \n", b"0 ", b"18446744073709551616 a=b\n"]
    {
        seeds.push(controlled(0, bent));
    }
    seeds
}

/// The true indexes, and whole archives that carry one.
pub fn indexes() -> Vec<Vec<u8>> {
    let pages = index::BASES.iter().enumerate();
    let mut seeds = pages.map(|(number, base)| index::encode((number as u8) << 1, &base.pages)).collect::<Vec<_>>();
    // The pages of one archive after the data of another.
    seeds.push(index::encode(2, &index::BASES[2].pages));
    seeds.push(index::encode(2, &[]));
    seeds
}

/// Archives and dumps to be compared, and true indexes.
pub fn diffs() -> Vec<Vec<u8>> {
    let packed = cases().iter().map(|case| case.bytes.as_slice()).filter(|bytes| bytes.len() <= MAX_BYTES);
    let mut seeds = packed.map(|bytes| controlled(0, bytes)).collect::<Vec<_>>();
    seeds.extend(tar_streams().iter().map(|tar| controlled(diff::SEAL, tar)));
    seeds.extend(dumps::whole().iter().map(|dump| controlled(0, dump)));
    for (number, base) in index::BASES.iter().enumerate() {
        seeds.push(controlled(diff::INDEX, &index::encode(number as u8, &base.pages)));
    }
    seeds
}

/// Archives to be indexed, and the index of one, whole and damaged.
pub fn sidecars() -> Vec<Vec<u8>> {
    let packed = cases().iter().map(|case| case.bytes.as_slice()).filter(|bytes| bytes.len() <= MAX_BYTES);
    let mut seeds = packed.map(|bytes| controlled(sidecar::ARCHIVE, bytes)).collect::<Vec<_>>();
    seeds.extend(tar_streams().iter().map(|tar| controlled(sidecar::ARCHIVE | sidecar::SEAL, tar)));
    let (_, index) = &*sidecar::BASE;
    seeds.push(controlled(0, index));
    seeds.extend(damaged(index).map(|index| controlled(0, &index)));
    seeds
}

/// Archives to be made others of: contents, the hostile corpus, and true indexes.
pub fn rework() -> Vec<Vec<u8>> {
    let archive = |number: usize| rework::ARCHIVE | [0, rework::DIGIT][number % 2];
    let packed = cases().iter().map(|case| case.bytes.as_slice()).filter(|bytes| bytes.len() <= MAX_BYTES);
    let mut seeds = packed.enumerate().map(|(number, bytes)| controlled(archive(number), bytes)).collect::<Vec<_>>();
    seeds.extend(tar_streams().iter().map(|tar| controlled(rework::ARCHIVE | rework::SEAL, tar)));
    seeds.extend(contents().iter().map(|choices| controlled(0, choices)));
    for (number, base) in index::BASES.iter().enumerate() {
        let input = index::encode(number as u8, &base.pages);
        seeds.extend([0, 1].map(|bits| controlled(archive(bits) | rework::INDEX, &input)));
    }
    seeds
}

/// Names of every kind, and what people put where they belong.
pub fn names() -> Vec<Vec<u8>> {
    let document = sample_path(0);
    let upper = document.to_uppercase().replace("TREE", "tree");
    let flat = document.replacen(&document[4..10], "", 1);
    let names = [
        ".metadata",
        "./.metadata",
        "db/db.backup",
        "db/",
        "tree",
        "tree/f1/",
        "tree/f1/12",
        "./",
        ".",
        "/",
        &document,
        &upper,
        &flat,
        "._x",
        "tree/._x",
        ".DS_Store",
        "../x",
        "/etc/passwd",
        "tree/../x",
        "a\\b",
        "C:x",
        "tree//x",
        "\u{202e}",
        "\u{1b}[2J",
        "f112d820-1018-5452-ba14-de0fdd149386",
    ];
    names.iter().map(|name| name.as_bytes().to_vec()).collect()
}

/// `.metadata` as the platform writes it, and most ways of not writing it.
pub fn metadata() -> Vec<Vec<u8>> {
    let texts = [
        json(94_769, 1_346_575),
        json(0, 0).replace("\"0\"", "0"),
        format!("\u{feff}{}", json(1, 2)),
        "{}".to_owned(),
        r#"{"a":[[[{"b":null}]]],"dumpSize":"1","dumpSize":"2"}"#.to_owned(),
        r#"{"dumpSize":1e3,"filesSize":-1,"duration":"00"}"#.to_owned(),
        r#"{"modelVersion":"\ud83d\ude00\u0000"}"#.to_owned(),
        // A number that fits no type, under an unknown key.
        r#"{"a":1e311}"#.to_owned(),
        "[1]".to_owned(),
    ];
    let mut seeds = texts.into_iter().map(String::into_bytes).collect::<Vec<_>>();
    let bent = cases().iter().filter(|case| case.name.starts_with("m-")).filter_map(|case| plain(&case.bytes));
    seeds.extend(bent.filter(|tar| tar.starts_with(b".metadata")).filter_map(|tar| {
        let size = usize::from_str_radix(std::str::from_utf8(&tar[124..135]).ok()?, 8).ok()?;
        tar.get(512..512 + size).map(<[u8]>::to_vec)
    }));
    seeds
}

/// One of everything that can be recognised by its first bytes.
pub fn detect() -> Vec<Vec<u8>> {
    let mut seeds = dumps::whole();
    seeds.push(Plan::sample().tar());
    seeds.push(Plan::sample().gz());
    seeds.push(Plan::sample().without(0).without(0).gz());
    seeds.push(Plan::sample().extend(DOCUMENT, pax(&[("mtime", "1")])).tar());
    let heads: [&[u8]; 14] = [
        b"--\n-- PostgreSQL database dump\n--\n\n",
        b"--\n-- PostgreSQL database cluster dump\n--\n\n",
        b"PK\x03\x04",
        b"\x28\xb5\x2f\xfd",
        b"\x04\x22\x4d\x18",
        b"\xff\xfeP\0G\0D\0M\0P\0",
        b"\xef\xbb\xbfPGDMP",
        b"TAPE",
        b"BZh9",
        b"\xfd7zXZ\0",
        b"SQLite format 3\0",
        b"#HSQL Database Engine\n",
        b"toc.dat",
        b"",
    ];
    seeds.extend(heads.map(<[u8]>::to_vec));
    seeds
}

/// Bytes that choices are made of; any will do.
fn choices(count: usize, len: usize) -> Vec<Vec<u8>> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut byte = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 24) as u8
    };
    (0..count).map(|number| (0..len * (number + 1) / count).map(|_| byte()).collect()).collect()
}

/// Contents of snapshots, from none to many.
pub fn contents() -> Vec<Vec<u8>> {
    [vec![Vec::new()], choices(16, 400)].concat()
}

/// Plans over every preset.
pub fn plans() -> Vec<Vec<u8>> {
    let mut seeds = choices(16, 900);
    for preset in 0..=PRESETS.len() as u8 {
        seeds.extend(choices(2, 600).into_iter().map(|bytes| controlled(preset, &bytes)));
    }
    seeds
}

/// Every preset as JSON, its notation, and policies with every part that one can have.
pub fn policies() -> Vec<Vec<u8>> {
    let policies = PRESETS.iter().map(|name| presets::by_name(name).expect("a preset"));
    let json = |policy: Policy| serde_json::to_vec(&policy).expect("a policy can be written");
    let mut seeds = policies.map(json).collect::<Vec<_>>();
    seeds.extend(PRESETS.iter().map(|name| name.as_bytes().to_vec()));
    let text = r#"{"name":"ours","calendar":{"zone":"Europe/Amsterdam","day":{"night-of":"12:00:00"}},
        "counting":"skip-kept","rules":[
        {"name":"nightly","from":{"origin":"automatic"},"keep":{"for":{"span":"30 days"}}},
        {"name":"weekly","select":{"weekday":"sunday"},"keep":{"for":{"span":"3 months"}}},
        {"name":"by hand","from":{"origin":"manual"},"keep":{"last":4}}],
        "guards":["unfinished","protected","newest-successful","future",{"tagged":"release"}],"quota_count":50}"#;
    seeds.push(text.as_bytes().to_vec());
    seeds
}

/// A listing of every format.
pub fn listings() -> Vec<Vec<u8>> {
    let texts = [
        r#"{"limit":100,"offset":0,"total":2,"snapshots":[
          {"snapshot_id":"a05b3f4f-7f63-4ed2-a0d2-e5b29d7f4d3d","model_version":"1.8.82.e3c1a393","comment":"before release",
           "expires_at":"2021-08-05T18:38:41.000Z","state":"completed","status_message":"Snapshot has been created.",
           "created_at":"2021-05-05T18:38:41.000Z","finished_at":"2021-05-05T18:39:00.000Z","updated_at":"2021-05-05T18:39:00.000Z"},
          {"snapshot_id":"b","model_version":null,"comment":"Automatically created nightly snapshot","state":"queued",
           "expires_at":"2021-08-05T18:38:41.000Z","status_message":null,"created_at":"2021-05-05T18:38:41.000Z",
           "finished_at":null,"updated_at":null}]}"#,
        r#"[{"SnapshotID":"a","Comment":"x","State":"Completed","ExpiresOn":1628188721000,"CreatedOn":1620239921000,"ModelVersion":"1.0"}]"#,
        r#"{"items":[{"id":"a","started":"2021-05-05T18:38:41Z","stopped":null,"handledEvents":3,"handledAssets":1,"status":"Started"}]}"#,
        r#"[{"created_at":"2021-05-05T18:38:41Z","updated_at":"2021-05-05T18:38:41Z","id":"a","status":"CREATED","expires_at":null,
          "index":1,"commit_id":"c","environment":"main","safe":true,"size_of_volumes":1,"size_used":2,"restorable":true,"automated":false}]"#,
        "Created,Backup ID,Restorable\n2021-05-05T18:38:41+00:00,a,true\n\"2021-05-06T18:38:41+00:00\",\"b,c\",false\n",
        "Created\tBackup ID\tRestorable\n2021-05-05T18:38:41+00:00\ta\ttrue\n",
        "+---------------------------+------------+------------+\n| Created                   | Backup ID  | Restorable |\n\
         +---------------------------+------------+------------+\n| 2021-05-05T18:38:41+00:00 | a          | true       |\n\
         +---------------------------+------------+------------+\n",
        r#"{"backups":[{"id":"a","taken_at":"2026-11-01T23:04:11Z","origin":"automatic","status":"completed"}]}"#,
        r#"[{"id":"a","taken_at":"2026-11-01T23:04:11Z"}]"#,
        // A letter that is none of an instant's, and one that turns the direction of writing.
        "Created\tBackup ID\tRestorable\n2021-05-05T18:38:\u{26b}\ta\ttrue\n",
        "Created\tBackup ID\tRestorable\n2021-05-05T18:38:\u{202e}\ta\ttrue\n",
        "[]",
        "{}",
    ];
    texts.iter().map(|text| text.as_bytes().to_vec()).collect()
}
