//! Other programs as witnesses: of whatever the reader accepts, they read the same members with the same bytes.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use appsnap::layout::{Code, MemberName};
use sha2::{Digest as _, Sha256};

use super::read;
use crate::support::hostile::{Case, Verdict, cases};
use crate::support::tools::tool;

/// The members that a program saw: typed name to digest of the content, without junk, directories and labels.
type Members = BTreeMap<String, String>;

/// Known differences of other programs: case, program, and its behaviour.
const INTENDED: &[(&str, &str, &str)] = &[
    ("a-gnu-octal-times", "python3", JOINS_TIMES),
    ("a-gnu-octal-times-space-terminated", "python3", JOINS_TIMES),
    ("a-gnu-base-256-times", "python3", JOINS_TIMES),
    ("a-directories-v7-type-zero", "python3", SEES_FILE),
    ("w-slashed-file", "python3", SEES_FILE),
    ("w-slashed-file-gnu", "python3", SEES_FILE),
];
const JOINS_TIMES: &str = "takes the times of GNU headers for a prefix of the name";
const SEES_FILE: &str = "sees an empty file beside the same documents, for it wants typeflag NUL for an old directory";

fn accepted() -> impl Iterator<Item = &'static Case> {
    // What is wrong with a dump is no concern of tar programs.
    cases().iter().filter(|case| case.verdict != Verdict::Reject)
}

fn ours(case: &Case) -> Members {
    let outcome = read(case.bytes.as_slice(), &case.limits);
    let named = |name: MemberName, content: &[u8]| (name.to_string(), digest(content));
    let mut members =
        outcome.documents.iter().map(|(id, content)| named(MemberName::Document(*id), content)).collect::<Members>();
    // An archive may lack either; neither is ever empty here.
    for (name, content) in [(MemberName::Metadata, &outcome.metadata), (MemberName::Database, &outcome.database)] {
        members.extend((!content.is_empty()).then(|| named(name, content)));
    }
    members
}

fn digest(content: &[u8]) -> String {
    Sha256::digest(content).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The typed name of a regular file, unless it is junk; a name that is none is shown as it is.
fn typed(raw: &[u8]) -> Option<String> {
    match MemberName::parse(raw) {
        Ok(name) => Some(name.to_string()),
        Err(Code::JunkSkipped | Code::AppledoubleSkipped) => None,
        Err(_) => Some(raw.escape_ascii().to_string()),
    }
}

/// Everything below `folder` that is a regular file.
fn walk(root: &Path, folder: &Path, members: &mut Members) {
    fs::set_permissions(folder, fs::Permissions::from_mode(0o700)).unwrap();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let kind = fs::symlink_metadata(&path).unwrap().file_type();
        assert!(kind.is_dir() || kind.is_file(), "{} is neither file nor directory", path.display());
        if kind.is_dir() {
            walk(root, &path, members);
            continue;
        }
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        let name = path.strip_prefix(root).unwrap().as_os_str().as_encoded_bytes();
        if let Some(name) = typed(name) {
            members.insert(name, digest(&fs::read(&path).unwrap()));
        }
    }
}

/// Runs a command that extracts. Its exit status is ignored, since some programs complain about padding.
fn extracted(program: &OsStr, more: &[&str], case: &Case) -> Members {
    let scratch = tempfile::tempdir().unwrap();
    let (archive, root) = (scratch.path().join("archive"), scratch.path().join("root"));
    fs::write(&archive, &case.bytes).unwrap();
    fs::create_dir(&root).unwrap();
    let output = Command::new(program)
        .args(more)
        .args(["--no-same-owner", "--no-same-permissions", "-xf"])
        .args([archive.as_os_str(), OsStr::new("-C"), root.as_os_str()])
        .output()
        .unwrap();
    drop(output);
    let mut members = Members::new();
    walk(&root, &root, &mut members);
    members
}

fn differences(witness: &str, of: impl Fn(&Case) -> Members) -> Vec<String> {
    let mut wrong = Vec::new();
    for case in accepted() {
        let (ours, theirs) = (ours(case), of(case));
        let intended = INTENDED.iter().find(|(name, program, _)| *name == case.name && *program == witness);
        match (ours == theirs, intended) {
            (true, None) | (false, Some(_)) => {}
            (false, None) => wrong.push(format!("{}: we read {ours:?}, {witness} reads {theirs:?}", case.name)),
            (true, Some((_, _, why))) => wrong.push(format!("{}: stale, {witness} no longer {why}", case.name)),
        }
    }
    wrong
}

#[test]
fn gnu_tar_reads_every_accepted_archive_alike() {
    let Some(tar) = tool("tar") else { return };
    // Without root, folders without permissions block extraction unless their modes are set last.
    let wrong = differences("tar", |case| extracted(tar.as_os_str(), &["--delay-directory-restore"], case));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn bsdtar_reads_every_accepted_archive_alike() {
    let Some(bsdtar) = tool("bsdtar") else { return };
    let wrong = differences("bsdtar", |case| extracted(bsdtar.as_os_str(), &[], case));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Reads every archive of a folder; prints archive, name in hexadecimal, digest.
const PYTHON: &str = r#"
import hashlib, os, sys, tarfile
for archive in sorted(os.listdir(sys.argv[1])):
    try:
        with tarfile.open(os.path.join(sys.argv[1], archive)) as tar:
            for member in tar:
                if member.isfile():
                    content = tar.extractfile(member).read()
                    name = member.name.encode("utf-8", "surrogateescape")
                    print(archive, "=" + name.hex(), hashlib.sha256(content).hexdigest())
    except (tarfile.TarError, OSError, EOFError) as error:
        print("error", archive, error, file=sys.stderr)
"#;

#[test]
fn python_reads_every_accepted_archive_alike() {
    let Some(python) = tool("python3") else { return };
    let scratch = tempfile::tempdir().unwrap();
    for case in accepted() {
        fs::write(scratch.path().join(&case.name), &case.bytes).unwrap();
    }
    let output = Command::new(python).args(["-c", PYTHON]).arg(scratch.path()).output().unwrap();
    let mut read = BTreeMap::<String, Members>::new();
    for line in String::from_utf8(output.stdout).unwrap().lines() {
        let [archive, name, digest] = line.split(' ').collect::<Vec<_>>()[..] else { panic!("{line}") };
        let hex = name.trim_start_matches('=');
        let name =
            (0..hex.len() / 2).map(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).unwrap()).collect::<Vec<_>>();
        if let Some(name) = typed(&name) {
            read.entry(archive.to_owned()).or_default().insert(name, digest.to_owned());
        }
    }
    let wrong = differences("python3", |case| read.get(&case.name).cloned().unwrap_or_default());
    assert!(wrong.is_empty(), "{}\n{}", wrong.join("\n"), String::from_utf8_lossy(&output.stderr));
}

#[test]
fn pg_restore_lists_the_dump_of_the_corpus() {
    let Some(pg_restore) = tool("pg_restore") else { return };
    let scratch = tempfile::tempdir().unwrap();
    let dump = scratch.path().join("db.backup");
    fs::write(&dump, crate::support::hostile::dump::small()).unwrap();
    let output = Command::new(pg_restore).args(["-f", "-"]).arg(&dump).output().unwrap();
    let script = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(script.contains("1\thello\n2\tworld\n\\.\n"), "{script}");
}
