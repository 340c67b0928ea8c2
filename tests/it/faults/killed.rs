//! SIGKILL at any moment: what the example programs were to make is absent or complete.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use appsnap::io::{STAGING_PREFIX, remove_stale};

use super::names;
use crate::examples::example;
use crate::support::archives::{Contents, noise, text};

/// The number of times each program is killed; `APPSNAP_KILLS` raises it.
const KILLS: u32 = 12;

fn kills() -> u32 {
    env::var("APPSNAP_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(KILLS)
}

/// Everything below a folder: relative path to content.
fn tree(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut all = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(current) = folders.pop() {
        for entry in fs::read_dir(current).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().to_str().unwrap().to_owned();
                all.insert(name, fs::read(path).unwrap());
            }
        }
    }
    all
}

/// Runs a program that makes `made` in `folder`, then again and again, killed each time at another moment.
///
/// `check` says whether what is there is complete.
fn kill(folder: &Path, made: &str, command: impl Fn() -> Command, check: impl Fn(&Path)) {
    let destination = folder.join(made);
    let remove = || {
        if destination.is_dir() {
            fs::remove_dir_all(&destination).unwrap();
        } else if destination.exists() {
            fs::remove_file(&destination).unwrap();
        }
    };
    let silent = || {
        let mut command = command();
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command
    };
    // The second time the programs and their input are in memory, as they are for those that are killed.
    let mut whole = Duration::ZERO;
    for _ in 0..2 {
        remove();
        let start = Instant::now();
        assert!(silent().status().unwrap().success());
        whole = start.elapsed();
        check(&destination);
    }
    let (mut absent, mut complete) = (0, 0);
    for number in 0..kills() {
        remove();
        // Moments spread evenly over the time it takes, in no order.
        let share = f64::from(number) * 0.618_033_988_749_895 % 1.0;
        let mut child = silent().spawn().unwrap();
        thread::sleep(Duration::from_secs_f64(whole.as_secs_f64() * share * 1.2));
        child.kill().unwrap();
        child.wait().unwrap();
        if destination.exists() {
            check(&destination);
            complete += 1;
        } else {
            absent += 1;
        }
        // Leftovers have a known name, and a documented call removes them.
        let known = |name: &String| name == made || name.starts_with(STAGING_PREFIX);
        assert!(names(folder).iter().all(known), "{:?}", names(folder));
        remove_stale(folder, SystemTime::now() + Duration::from_secs(60)).unwrap();
        assert!(names(folder).iter().all(|name| name == made), "{:?}", names(folder));
    }
    println!("{made}: {absent} times absent, {complete} times complete, of {whole:?}");
    assert!(absent > 0, "every kill came too late");
}

#[test]
fn killed_pack_leaves_no_part_of_an_archive() {
    let Some(program) = example("pack") else { return };
    let source = tempfile::tempdir().unwrap();
    let files = source.path().join("files");
    for number in 0..300 {
        let id = crate::support::archives::id(number).to_string();
        let folder = files.join(&id[..2]).join(&id[2..4]);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(&id), if number % 2 == 0 { noise(number, 9000) } else { text(number, 9000) }).unwrap();
    }
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("backup.tar.gz");
    let command = || {
        let mut command = Command::new(&program);
        command.args(["--quiet", "--threads", "2", "--profile", "format", "--files"]).arg(&files);
        command.arg("--output").arg(&output);
        command
    };
    assert!(command().stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap().success());
    let expected = fs::read(&output).unwrap();
    kill(folder.path(), "backup.tar.gz", command, |path| {
        assert!(fs::read(path).unwrap() == expected, "a partial file")
    });
}

#[test]
fn killed_unpack_leaves_no_part_of_a_folder() {
    let Some(program) = example("unpack") else { return };
    let source = tempfile::tempdir().unwrap();
    let archive = source.path().join("backup.tar.gz");
    let contents = Contents::sample(200);
    fs::write(&archive, contents.archive()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let destination = folder.path().join("restored");
    let command = || {
        let mut command = Command::new(&program);
        command.args(["--quiet", "--threads", "2"]).arg(&archive).arg(&destination);
        command
    };
    kill(folder.path(), "restored", command, |path| {
        let found = tree(path);
        assert_eq!(found.len(), contents.documents.len() + 1, "a partial folder");
        assert!(found["db.backup"] == *contents.database.as_ref().unwrap());
        for (id, bytes) in &contents.documents {
            let text = id.to_string();
            assert!(found[&format!("files/{}/{}/{text}", &text[..2], &text[2..4])] == *bytes, "{text}");
        }
    });
}
