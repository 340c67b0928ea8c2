use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use appsnap::pgdump::FormatVersion;
use appsnap::pgdump::raw::Compression;
use serde_json::{Value, json as value};
use tempfile::{TempDir, tempdir};

use super::{example, json, run, stderr, stdout};
use crate::support::app::{DUMP, document_path, make_files};
use crate::support::dumps::DumpBuilder;
use crate::support::hostile::plan::{METADATA, Part, Plan};

/// A dump and forty documents, and a snapshot packed from them.
pub(super) struct Site {
    folder: TempDir,
    pub(super) documents: Vec<(appsnap::DocumentId, Vec<u8>)>,
}

impl Site {
    pub(super) fn new() -> Self {
        let folder = tempdir().unwrap();
        fs::write(folder.path().join("mx.dump"), DUMP).unwrap();
        let documents = make_files(&folder.path().join("files"), 40);
        Self { folder, documents }
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(super) fn arg(&self, name: &str) -> String {
        self.path(name).to_str().unwrap().to_owned()
    }

    /// Packs everything into `name`.
    pub(super) fn pack(&self, name: &str, more: &[&str]) -> Option<Value> {
        let (dump, files, output) = (self.arg("mx.dump"), self.arg("files"), self.arg(name));
        let mut arguments = vec!["--database", &dump, "--files", &files, "--output", &output, "--json"];
        // The documents are not those of the rows.
        arguments.extend(["--profile", "format"]);
        arguments.extend(more);
        Some(json(&run(&example("pack")?, &arguments, b"")))
    }

    fn document_bytes(&self) -> u64 {
        self.documents.iter().map(|(_, content)| content.len() as u64).sum()
    }

    /// Names in the folder, to see that nothing is left.
    pub(super) fn names(&self) -> Vec<String> {
        names(self.folder.path())
    }
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn quickstart_leaves_a_snapshot_and_what_it_unpacks_to() {
    let Some(quickstart) = example("quickstart") else { return };
    let folder = tempdir().unwrap();
    // Twice: the second run finds the first one's files.
    for _ in 0..2 {
        let output = Command::new(&quickstart).current_dir(folder.path()).output().unwrap();
        let text = stdout(&output);
        assert!(text.contains("300 documents, verified to the last byte"), "{text}");
        let made = folder.path().join("target/quickstart");
        assert_eq!(names(&made), ["backup.tar.gz", "onpremises", "restored"]);
        assert_eq!(fs::read(made.join("restored/db.backup")).unwrap(), DUMP);
    }
}

#[test]
fn packed_documents_are_listed_and_unpacked_unchanged() {
    let site = Site::new();
    fs::write(site.path("files/Thumbs.db"), "").unwrap();
    let Some(packed) = site.pack("backup.tar.gz", &["--model-version", "1.2.3"]) else { return };
    let (Some(list), Some(unpack)) = (example("list"), example("unpack")) else { return };
    assert_eq!(packed["documents"], 40);
    assert_eq!(packed["left_out"], value!({"junk": 1}));
    assert_eq!(packed["archive_bytes"], fs::metadata(site.path("backup.tar.gz")).unwrap().len());

    let expected: Vec<_> = site
        .documents
        .iter()
        .map(|(id, content)| {
            let crc32 = format!("{:08x}", crc32fast::hash(content));
            value!({"uuid": id.to_string(), "bytes": content.len(), "crc32": crc32})
        })
        .collect();
    let archive = site.arg("backup.tar.gz");
    assert_eq!(json(&run(&list, &[&*archive, "--json"], b"")), Value::from(expected.clone()));
    let lines = stdout(&run(&list, &[&archive], b""));
    let of = |row: &Value| {
        format!("{} {} {}\n", row["uuid"].as_str().unwrap(), row["bytes"], row["crc32"].as_str().unwrap())
    };
    assert_eq!(lines, expected.iter().map(of).collect::<String>());

    let report = json(&run(&unpack, &[&*archive, &site.arg("restored"), "--json"], b""));
    assert_eq!((&report["documents"], &report["document_bytes"]), (&value!(40), &value!(site.document_bytes())));
    assert_eq!(fs::read(site.path("restored/db.backup")).unwrap(), DUMP);
    for (id, content) in &site.documents {
        assert_eq!(fs::read(document_path(&site.path("restored/files"), *id)).unwrap(), *content);
    }
}

#[test]
fn pack_fills_in_the_metadata() {
    let site = Site::new();
    let Some(packed) = site.pack("a.tar.gz", &["--model-version", "1.8.82.e3c1a393", "--database-size", "9730584"])
    else {
        return;
    };
    let expected = value!({
        "duration": "0",
        "dumpSize": DUMP.len().to_string(),
        "modelVersion": "1.8.82.e3c1a393",
        "databaseSize": "9730584",
        "filesSize": site.document_bytes().to_string(),
    });
    assert_eq!(packed["metadata"], expected);
    assert_eq!(packed["warnings"], value!([]));

    let guessed = site.pack("b.tar.gz", &[]).unwrap();
    assert_eq!(guessed["metadata"]["modelVersion"], "0.0.0.0");
    // The data that pg_restore would load: the bytes of all tables and large objects.
    assert_eq!(guessed["metadata"]["databaseSize"], "26465");
    assert_eq!(guessed["warnings"].as_array().unwrap().len(), 2);
}

#[test]
fn any_number_of_threads_packs_the_same_bytes() {
    let site = Site::new();
    let Some(_) = site.pack("0.tar.gz", &["--threads", "0"]) else { return };
    for threads in ["1", "3"] {
        site.pack("n.tar.gz", &["--threads", threads]);
        assert!(fs::read(site.path("n.tar.gz")).unwrap() == fs::read(site.path("0.tar.gz")).unwrap(), "{threads}");
    }
}

#[test]
fn pack_reads_a_dump_from_the_standard_input() {
    let site = Site::new();
    let (Some(pack), Some(unpack)) = (example("pack"), example("unpack")) else { return };
    let output = run(&pack, &["--database", "-", "--output", &site.arg("backup.tar.gz")], DUMP);
    assert!(stdout(&output).contains(" 0 documents"), "{}", stdout(&output));
    stdout(&run(&unpack, &[site.arg("backup.tar.gz"), site.arg("restored")], b""));
    assert_eq!(fs::read(site.path("restored/db.backup")).unwrap(), DUMP);
    assert_eq!(site.names(), ["backup.tar.gz", "files", "mx.dump", "restored"]);
}

#[test]
fn pack_refuses_what_is_no_sound_dump_and_leaves_nothing() {
    let site = Site::new();
    let Some(pack) = example("pack") else { return };
    let script = b"--\n-- PostgreSQL database dump\n--\n\n";
    for (dump, reason) in [(&script[..], "pg_dump"), (&DUMP[..DUMP.len() - 1], "the dump is truncated"), (b"", "empty")]
    {
        let output = run(&pack, &["--database", "-", "--output", &site.arg("backup.tar.gz")], dump);
        assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
        assert!(stderr(&output).contains(reason), "{}", stderr(&output));
        assert_eq!(site.names(), ["files", "mx.dump"]);
    }
}

#[test]
fn wrong_use_is_exit_code_two_and_names_the_file() {
    let site = Site::new();
    let (Some(pack), Some(list)) = (example("pack"), example("list")) else { return };
    let output = site.arg("backup.tar.gz");
    assert_eq!(run(&pack, &["--output", &output], b"").status.code(), Some(2), "neither database nor files");
    for missing in [["--files", "nowhere"], ["--database", "nowhere"]] {
        let refused = run(&pack, &[&missing[..], &["--output", &output]].concat(), b"");
        assert_eq!(refused.status.code(), Some(2));
        assert!(stderr(&refused).contains("nowhere"), "{}", stderr(&refused));
    }
    let refused = run(&pack, &["--files", &site.arg("files"), "--output", &site.arg("nowhere/backup.tar.gz")], b"");
    assert_eq!(refused.status.code(), Some(2));
    assert_eq!(run(&list, &["nowhere"], b"").status.code(), Some(2));
    assert_eq!(site.names(), ["files", "mx.dump"]);
}

#[test]
fn what_is_taken_for_something_else_is_called_by_its_name() {
    let site = Site::new();
    let Some(_) = site.pack("backup.tar.gz", &[]) else { return };
    let (Some(pack), Some(list), Some(convert), Some(unpack)) =
        (example("pack"), example("list"), example("convert_dump"), example("unpack"))
    else {
        return;
    };
    fs::write(site.path("files.tar.xz"), b"\xfd7zXZ\0").unwrap();
    fs::create_dir(site.path("folder")).unwrap();
    fs::write(site.path("folder/toc.dat"), "").unwrap();
    let [archive, dump, xz, folder, out] =
        ["backup.tar.gz", "mx.dump", "files.tar.xz", "folder", "out"].map(|name| site.arg(name));
    let [archive, dump, xz, folder, out] = [&*archive, &*dump, &*xz, &*folder, &*out];
    let squidex = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/data/squidex.zip");
    for (program, arguments, parts) in [
        (&list, vec![dump], ["custom-dump", "pack it"]),
        (&unpack, vec![dump, out], ["custom-dump", "pack it"]),
        (&convert, vec![archive, out], ["snapshot", "unpack it"]),
        (&pack, vec!["--database", archive, "--output", out], ["snapshot", "unpack it"]),
        (&pack, vec!["--files", xz, "--output", out], ["files.tar.xz", "xz: use gzip"]),
        (&pack, vec!["--files", dump, "--output", out], ["custom-dump", "--database"]),
        (&pack, vec!["--files", folder, "--output", out], ["pg-directory-toc", "pg_dump -Fc"]),
        (&pack, vec!["--files", squidex, "--output", out], ["squidex", "only Squidex restores"]),
    ] {
        let refused = run(program, &arguments, b"");
        assert_eq!(refused.status.code(), Some(1), "{arguments:?}");
        assert!(parts.iter().all(|part| stderr(&refused).contains(part)), "{parts:?}: {}", stderr(&refused));
        assert!(!Path::new(out).exists());
    }
    // The documents of a snapshot can be packed again, and the snapshot is named as one.
    let packed = run(&pack, &["--files", archive, "--output", out, "--profile", "format"], b"");
    assert_eq!(packed.status.code(), Some(0), "{}", stderr(&packed));
    assert!(stderr(&packed).contains("backup.tar.gz\": a snapshot"), "{}", stderr(&packed));
}

#[cfg(feature = "zip")]
#[test]
fn zip_of_files_is_packed_and_a_damaged_one_is_bad_input() {
    use crate::zip::builder::{Item, build};

    let site = Site::new();
    let Some(pack) = example("pack") else { return };
    let id = site.documents[17].0;
    let item = Item::deflated(&format!("files/{id}"), b"contents that fill some bytes");
    let mut zip = build(&[item]);
    let output = site.arg("backup.tar.gz");
    let arguments = ["--files", &*site.arg("files.zip"), "--output", &*output, "--profile", "format"];
    fs::write(site.path("files.zip"), &zip).unwrap();
    assert!(stdout(&run(&pack, &arguments, b"")).contains("1 documents of 29 bytes"));
    fs::remove_file(&output).unwrap();

    // In the middle of the contents: found when they are packed.
    zip[30 + 6 + 36 + 10] ^= 1;
    fs::write(site.path("files.zip"), &zip).unwrap();
    let refused = run(&pack, &arguments, b"");
    assert_eq!(refused.status.code(), Some(1), "{}", stderr(&refused));
    assert!(stderr(&refused).contains("files.zip") && stderr(&refused).contains(&id.to_string()));
    assert_eq!(site.names(), ["files", "files.zip", "mx.dump"]);
}

#[test]
fn place_that_cannot_be_written_to_is_refused_before_anything_is_read() {
    let site = Site::new();
    let (Some(pack), Some(repack), Some(convert)) = (example("pack"), example("repack"), example("convert_dump"))
    else {
        return;
    };
    for (output, part) in [("nowhere/out", "create it first"), ("files", "name a file in it")] {
        let (output, dump) = (site.arg(output), site.arg("mx.dump"));
        for (program, arguments) in [
            (&pack, vec!["--files", "absent", "--output", &output]),
            (&repack, vec![&dump, &output]),
            (&convert, vec![&dump, &output]),
        ] {
            let refused = run(program, &arguments, b"");
            assert_eq!(refused.status.code(), Some(2), "{arguments:?}");
            assert!(stderr(&refused).contains(part), "{part}: {}", stderr(&refused));
        }
    }
    let Some(unpack) = example("unpack") else { return };
    let refused = run(&unpack, &["absent", &*site.arg("nowhere/out")], b"");
    assert!(refused.status.code() == Some(2) && stderr(&refused).contains("first"), "{}", stderr(&refused));
    assert_eq!(site.names(), ["files", "mx.dump"]);
}

#[cfg(unix)]
#[test]
fn dump_in_a_pipe_of_the_shell_is_packed() {
    let site = Site::new();
    let (Some(pack), Some(list)) = (example("pack"), example("list")) else { return };
    let output = site.arg("backup.tar.gz");
    stdout(&run(&pack, &["--database", "/dev/stdin", "--output", &output], DUMP));
    let archive = fs::read(&output).unwrap();
    assert_eq!(stdout(&run(&list, &["/dev/stdin"], &archive)), "");
}

#[test]
fn unpack_replaces_only_when_asked_to() {
    let site = Site::new();
    let (Some(_), Some(unpack)) = (site.pack("backup.tar.gz", &[]), example("unpack")) else { return };
    let (archive, dest) = (site.arg("backup.tar.gz"), site.arg("restored"));
    fs::create_dir(&dest).unwrap();
    fs::write(site.path("restored/old"), "").unwrap();
    for arguments in [&[&*archive, &*dest][..], &[&*archive, &*dest, "--replace"]] {
        let refused = run(&unpack, arguments, b"");
        assert_eq!((refused.status.code(), names(Path::new(&dest))), (Some(2), vec!["old".to_owned()]));
    }
    fs::remove_file(site.path("restored/old")).unwrap();
    stdout(&run(&unpack, &[&*archive, &dest, "--replace", "--only", "database"], b""));
    assert_eq!(names(Path::new(&dest)), ["db.backup"]);
    stdout(&run(&unpack, &[&*archive, &dest, "--replace", "--only", "files"], b""));
    assert_eq!(names(Path::new(&dest)), ["files"]);
}

#[test]
fn damaged_archive_is_exit_code_one_and_nothing_comes_out() {
    let site = Site::new();
    let Some(_) = site.pack("backup.tar.gz", &[]) else { return };
    let mut bytes = fs::read(site.path("backup.tar.gz")).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0x10;
    fs::write(site.path("backup.tar.gz"), bytes).unwrap();
    for (name, more) in [("list", None), ("inspect", None), ("unpack", Some("restored"))] {
        let Some(program) = example(name) else { return };
        let arguments: Vec<_> = [Some("backup.tar.gz"), more].iter().flatten().map(|name| site.arg(name)).collect();
        let output = run(&program, &arguments, b"");
        assert_eq!(output.status.code(), Some(1), "{name}: {}", stderr(&output));
        assert!(stderr(&output).contains("backup.tar.gz") && output.stdout.is_empty(), "{name}: {}", stderr(&output));
    }
    assert_eq!(site.names(), ["backup.tar.gz", "files", "mx.dump"]);
}

#[test]
fn inspect_describes_an_archive_and_its_dump() {
    let site = Site::new();
    let (Some(_), Some(inspect)) = (site.pack("backup.tar.gz", &[]), example("inspect")) else { return };
    let archive = json(&run(&inspect, &[&site.arg("backup.tar.gz"), "--json"], b""));
    for (member, expected) in [
        ("kind", value!("snapshot")),
        ("contents", value!("full")),
        ("documents", value!(40)),
        ("document_bytes", value!(site.document_bytes())),
        ("database_bytes", value!(DUMP.len())),
        ("indexed", value!(false)),
        ("anomalies", value!([])),
    ] {
        assert_eq!(archive[member], expected, "{member}");
    }
    let mut dump = json(&run(&inspect, &[&site.arg("mx.dump"), "--json"], b""));
    // In an archive there is only one form.
    assert_eq!(dump.as_object_mut().unwrap().remove("form"), Some(value!("custom")));
    assert_eq!(archive["dump"], dump);
    for (member, expected) in [
        ("kind", value!("custom-dump")),
        ("archive_version", value!("1.14")),
        ("database", value!("mx")),
        ("compression", value!("gzip")),
        ("offsets", value!("set")),
        ("int_size", value!(4)),
        ("off_size", value!(8)),
        ("decompressed_bytes", value!(26_465)),
    ] {
        assert_eq!(dump[member], expected, "{member}");
    }
    assert_eq!(dump["entries"].as_array().unwrap().len(), 58);
    assert!(stdout(&run(&inspect, &[&site.arg("mx.dump")], b"")).starts_with("custom-dump\n"));
}

#[test]
fn index_is_added_only_when_asked_for() {
    let site = Site::new();
    let (Some(plain), Some(inspect)) = (site.pack("plain.tar.gz", &[]), example("inspect")) else { return };
    let indexed = site.pack("indexed.tar.gz", &["--index"]).unwrap();
    assert_eq!((&plain["indexed"], &indexed["indexed"]), (&value!(false), &value!(true)));
    let told = json(&run(&inspect, &[&site.arg("indexed.tar.gz"), "--json"], b""));
    assert_eq!((&told["indexed"], &told["documents"]), (&value!(true), &value!(40)));
}

#[test]
fn inspect_names_what_is_no_snapshot_and_says_what_would_be_right() {
    let site = Site::new();
    let Some(inspect) = example("inspect") else { return };
    for (content, kind, code) in [
        (&b"--\n-- PostgreSQL database dump\n--\n\n"[..], "plain-sql", 0),
        (b"TAPE\0\0", "mssql-backup", 0),
        (b"hello", "unknown", 1),
    ] {
        fs::write(site.path("file"), content).unwrap();
        let output = run(&inspect, &[&site.arg("file"), "--json"], b"");
        let told: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!((told["kind"].as_str(), output.status.code()), (Some(kind), Some(code)));
        assert!(told["hint"].as_str().unwrap().contains("pg_dump"), "{told}");
    }
}

#[test]
fn inspect_spends_the_limits_of_its_options() {
    let site = Site::new();
    let (Some(_), Some(inspect)) = (site.pack("backup.tar.gz", &[]), example("inspect")) else { return };
    for (option, file) in
        [("--max-entries", "backup.tar.gz"), ("--max-total-bytes", "backup.tar.gz"), ("--max-total-bytes", "mx.dump")]
    {
        let output = run(&inspect, &[&site.arg(file), option, "20"], b"");
        assert_eq!(output.status.code(), Some(1), "{option} {file}");
        assert!(stderr(&output).contains("the limit max_"), "{}", stderr(&output));
    }
}

#[test]
fn one_document_is_fetched_with_and_without_an_index() {
    let Some(fetch) = example("fetch_document") else { return };
    let site = Site::new();
    for (archive, more) in [("plain.tar.gz", &[][..]), ("indexed.tar.gz", &["--index"])] {
        site.pack(archive, more);
        let (id, content) = &site.documents[17];
        let fetched = run(&fetch, &[site.arg(archive), id.to_string()], b"");
        assert!(fetched.status.success(), "{}", stderr(&fetched));
        assert!(fetched.stdout == *content);
        let output = site.arg("fetched");
        assert!(run(&fetch, &[&site.arg(archive), &id.to_string(), "--output", &output], b"").status.success());
        assert!(fs::read(&output).unwrap() == *content);
        fs::remove_file(&output).unwrap();

        let absent = "00000000-0000-0000-0000-000000000000";
        let refused = run(&fetch, &[&site.arg(archive), absent, "--output", &output], b"");
        assert_eq!(refused.status.code(), Some(1));
        assert!(stderr(&refused).contains(absent));
        assert!(!Path::new(&output).exists());
        assert_eq!(run(&fetch, &[&site.arg(archive), "no-uuid"], b"").status.code(), Some(2));
    }
}

#[test]
fn repacked_parts_hold_what_was_asked_for() {
    let (Some(repack), Some(list)) = (example("repack"), example("list")) else { return };
    let site = Site::new();
    let packed = site.pack("plain.tar.gz", &[]).unwrap();
    // Once from an archive without an index, which is compressed again, and once from an indexed one, which is copied.
    for source in ["plain.tar.gz", "indexed.tar.gz"] {
        let parts = [
            ("indexed.tar.gz", &[][..], 40),
            ("db.tar.gz", &["--only", "database"], 0),
            ("files.tar.gz", &["--only", "files"], 40),
        ];
        for (part, more, count) in parts {
            if source == part {
                continue;
            }
            let mut arguments = vec![site.arg(source), site.arg(part)];
            arguments.extend(more.iter().map(|word| (*word).to_owned()));
            assert!(run(&repack, &arguments, b"").status.success());
            let listed = json(&run(&list, &[site.arg(part), "--json".to_owned()], b""));
            assert_eq!(listed.as_array().unwrap().len(), count, "{source} to {part}");
        }
    }
    // Without its index a repacked archive is the one that was packed.
    let arguments = [&site.arg("indexed.tar.gz"), &site.arg("again.tar.gz"), "--no-index"];
    assert!(run(&repack, &arguments, b"").status.success());
    assert_eq!(fs::metadata(site.path("again.tar.gz")).unwrap().len(), packed["archive_bytes"]);
    assert!(fs::read(site.path("again.tar.gz")).unwrap() == fs::read(site.path("plain.tar.gz")).unwrap());

    let refused = run(&repack, &[site.arg("mx.dump"), site.arg("never.tar.gz")], b"");
    assert_eq!(refused.status.code(), Some(1));
    assert!(!site.path("never.tar.gz").exists());
}

/// The contents of a file are untrusted, and the output may go to a terminal.
#[test]
fn nothing_printed_of_a_hostile_file_can_disturb_a_terminal() {
    let (Some(inspect), Some(check)) = (example("inspect"), example("check")) else { return };
    let hostile = "a\u{1b}[2J\u{7}\n\u{7f}\u{85}\u{9b}2J\u{2028}\u{202e}\u{2066}\u{feff}\u{e0041}z";
    let mut dump = DumpBuilder::new(FormatVersion::V1_14, Compression::None);
    dump.header.database = Some(hostile.into());
    dump.header.server_version = Some(hostile.into());
    dump.table(hostile, "a", b"1\n");
    let metadata = value!({ "modelVersion": hostile, hostile: { hostile: [hostile] } });
    let archive = Plan::with_dump(&dump.build()).without(METADATA).push(Part::file(".metadata", metadata.to_string()));
    let archive = archive.push(Part::file("._\u{202e}\u{2028}", ""));
    let folder = tempdir().unwrap();
    for (name, bytes) in [("dump", dump.build()), ("archive", archive.gz())] {
        let path = folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        for program in [&inspect, &check] {
            for form in [&[][..], &["--json"]] {
                let arguments = [&[path.to_str().unwrap()], form].concat();
                let output = run(program, &arguments, b"");
                let text = [stdout(&output), stderr(&output)].concat();
                let disturbing = text.chars().find(|c| !(' '..='~').contains(c) && *c != '\n');
                assert_eq!(disturbing, None, "{name} {form:?}: {text}");
                if !form.is_empty() && program == &inspect {
                    let whole = json(&output);
                    let described = whole.get("dump").unwrap_or(&whole);
                    assert_eq!(described["database"], hostile, "it must still say what is there");
                }
            }
        }
    }
}
