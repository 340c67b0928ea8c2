//! The example that converts dumps.

use std::fs;
use std::path::Path;

use serde_json::{Value, json as value};
use tempfile::tempdir;

use super::{example, json, run, stderr};

fn dump(name: &str) -> Vec<u8> {
    fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("data/pgdump").join(name)).unwrap()
}

fn entry(id: u32, desc: &str, tag: &str) -> Value {
    value!({ "id": id, "desc": desc, "tag": tag })
}

#[test]
fn a_dump_is_converted_and_the_changes_are_reported() {
    let Some(convert) = example("convert_dump") else { return };
    let folder = tempdir().unwrap();
    let (input, output) = (folder.path().join("in.dump"), folder.path().join("out.dump"));
    fs::write(&input, dump("pg17-lo-acl.dump")).unwrap();
    let paths = [input.to_str().unwrap(), output.to_str().unwrap()];
    let report = json(&run(&convert, &[&paths[..], &["--json", "-x"]].concat(), b""));
    let told = ["from", "to", "entries_in", "entries_out", "recompressed", "offsets"].map(|name| report[name].clone());
    assert_eq!(told.to_vec(), value!(["1.16", "1.14", 10, 19, false, "set"]).as_array().unwrap()[..]);
    let mut dropped = entry(3423, "ACL", "LARGE OBJECTS 200001..200010");
    dropped["reason"] = value!("access rights are not wanted");
    assert_eq!(report["dropped"], value!([dropped]));
    let mut expanded = entry(3414, "BLOB METADATA", "200001..200010");
    expanded["entries"] = value!(10);
    assert_eq!(report["expanded"][0], expanded);
    assert_eq!(report["edited"][0]["desc"], "DATABASE");
    assert_eq!(report["warnings"], value!([]));
    assert_eq!(report["output_bytes"], fs::metadata(&output).unwrap().len());

    let Some(inspect) = example("inspect") else { return };
    let described = |path: &str| json(&run(&inspect, &[path, "--json"], b""));
    let (before, after) = (described(paths[0]), described(paths[1]));
    assert_eq!(after["archive_version"], "1.14");
    assert_eq!(after["streams"], before["streams"]);
}

#[test]
fn standard_streams_make_the_same_dump() {
    let Some(convert) = example("convert_dump") else { return };
    let folder = tempdir().unwrap();
    let (input, output) = (dump("pg17-lo-acl.dump"), folder.path().join("out.dump"));
    let piped = run(&convert, &["-", "-", "--to", "1.13", "--compression", "none", "--json"], &input);
    assert!(piped.status.success(), "{}", stderr(&piped));
    // The standard output is the dump's.
    let report: Value = serde_json::from_str(&stderr(&piped)).unwrap();
    assert_eq!((&report["to"], &report["recompressed"]), (&value!("1.13"), &value!(true)));
    let arguments = ["-", output.to_str().unwrap(), "--to", "1.13", "--compression", "none", "--quiet"];
    assert!(run(&convert, &arguments, &input).status.success());
    // A file states the positions of data in addition, in fields that are there anyhow.
    let written = fs::read(&output).unwrap();
    assert_eq!(written.len(), piped.stdout.len());
    let Some(inspect) = example("inspect") else { return };
    let described = |dump: &[u8]| json(&run(&inspect, &["-", "--json"], dump));
    let (file, pipe) = (described(&written), described(&piped.stdout));
    assert_eq!((&file["offsets"], &pipe["offsets"]), (&value!("set"), &value!("not-set")));
    assert_eq!((&file["streams"], &file["entries"]), (&pipe["streams"], &pipe["entries"]));
}

#[test]
fn nothing_appears_of_a_damaged_dump() {
    let Some(convert) = example("convert_dump") else { return };
    let folder = tempdir().unwrap();
    let output = folder.path().join("out.dump");
    fs::write(&output, b"what was here before").unwrap();
    let whole = dump("pg17-lo-acl.dump");
    let cut = run(&convert, &["-", output.to_str().unwrap()], &whole[..whole.len() - 3]);
    assert_eq!(cut.status.code(), Some(1), "{}", stderr(&cut));
    assert!(
        stderr(&cut).contains("the dump is truncated: it ends inside") && stderr(&cut).contains("at byte"),
        "{}",
        stderr(&cut)
    );
    assert_eq!(fs::read(&output).unwrap(), b"what was here before");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn wrong_use_is_told_from_bad_input() {
    let Some(convert) = example("convert_dump") else { return };
    let folder = tempdir().unwrap();
    let output = folder.path().join("out.dump");
    let code = |arguments: &[&str], input: &[u8]| run(&convert, arguments, input).status.code();
    let out = output.to_str().unwrap();
    let good = dump("pg17-lo-acl.dump");
    assert_eq!(code(&["-", out], b"not a dump at all"), Some(1));
    assert_eq!(code(&["/nowhere/at/all.dump", out], b""), Some(2));
    assert_eq!(code(&["-", "/nowhere/at/all.dump"], &good), Some(2));
    assert_eq!(code(&["-", out, "--to", "1.11"], &good), Some(2));
    assert_eq!(code(&["-", out, "--to", "1.99"], &good), Some(2));
    assert_eq!(code(&["-", out, "--compression", "lz4"], &good), Some(2));
    assert_eq!(code(&["-", out, "--compression", "none", "--level", "3"], &good), Some(2));
    assert_eq!(code(&["-"], &good), Some(2));
    assert!(!output.exists());
}

#[test]
fn folders_and_tars_are_inspected_converted_and_packed() {
    let (Some(convert), Some(inspect), Some(check), Some(pack)) =
        (example("convert_dump"), example("inspect"), example("check"), example("pack"))
    else {
        return;
    };
    let folder = tempdir().unwrap();
    for (name, kind) in [("pg15-directory", "pg-directory-toc"), ("pg15.tar", "pg-tar")] {
        let input = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/pgdump").join(name);
        let input = input.to_str().unwrap();
        let described = json(&run(&inspect, &[input, "--json"], b""));
        assert_eq!((&described["kind"], &described["offsets"]), (&value!(kind), &value!("set")));
        assert!(run(&check, &[input], b"").status.success());
        let mut outputs = Vec::new();
        for threads in ["0", "1", "2", "8"] {
            let output = folder.path().join("out.dump");
            let arguments = [input, output.to_str().unwrap(), "--threads", threads, "--quiet"];
            assert!(run(&convert, &arguments, b"").status.success());
            outputs.push(fs::read(&output).unwrap());
        }
        assert!(outputs.windows(2).all(|pair| pair[0] == pair[1]));
        let converted = json(&run(&inspect, &["-", "--json"], &outputs[0]));
        assert_eq!((&converted["kind"], &converted["streams"]), (&value!("custom-dump"), &described["streams"]));
        let archive = folder.path().join("packed.tar.gz");
        let packed = run(&pack, &["--database", input, "--output", archive.to_str().unwrap()], b"");
        assert!(packed.status.success(), "{}", stderr(&packed));
        let packed = json(&run(&inspect, &[archive.to_str().unwrap(), "--json"], b""));
        assert_eq!(packed["dump"]["streams"], described["streams"]);
        if name.ends_with("tar") {
            let piped = json(&run(&inspect, &["-", "--json"], &fs::read(input).unwrap()));
            assert_eq!(piped["streams"], described["streams"]);
        }
    }
    // Damage of a folder is a finding, not a crash.
    let broken = folder.path().join("broken");
    fs::create_dir(&broken).unwrap();
    fs::write(broken.join("toc.dat"), b"PGDMP").unwrap();
    let judged = run(&check, &[broken.to_str().unwrap(), "--json"], b"");
    assert_eq!((judged.status.code(), &json_of(&judged.stdout)["verdict"]), (Some(1), &value!("reject")));
    assert_eq!(run(&inspect, &[broken.to_str().unwrap()], b"").status.code(), Some(1));
}

fn json_of(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).unwrap()
}
