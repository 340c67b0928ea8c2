//! Output files of every kind of target.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;

use appsnap::io::OutputFile;
use tempfile::TempDir;

use crate::support::tools::{finish, tool};

struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn put(&self, name: &str, text: &str) -> PathBuf {
        fs::write(self.path(name), text).unwrap();
        self.path(name)
    }

    fn names(&self) -> Vec<String> {
        let mut names: Vec<_> = fs::read_dir(self.0.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }
}

fn write(path: &Path, text: &str) -> io::Result<()> {
    let mut output = OutputFile::create(path, &[])?;
    output.write_all(text.as_bytes())?;
    output.persist()
}

fn text(path: &Path) -> String {
    fs::read_to_string(path).unwrap()
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().mode() & 0o777
}

#[test]
fn new_file_appears_when_it_is_complete_and_not_before() {
    let folder = Folder::new();
    let path = folder.path("new");
    let mut output = OutputFile::create(&path, &[]).unwrap();
    output.write_all(b"part").unwrap();
    assert!(!path.exists());
    drop(output);
    assert!(folder.names().is_empty(), "{:?}", folder.names());
    write(&path, "all of it").unwrap();
    assert_eq!((text(&path).as_str(), folder.names()), ("all of it", vec!["new".to_owned()]));
    let ordinary = File::create(folder.path("ordinary")).unwrap().metadata().unwrap().mode() & 0o777;
    assert_eq!(mode(&path), ordinary, "as the umask says");
}

#[test]
fn existing_file_is_replaced_with_its_permissions_or_kept() {
    let folder = Folder::new();
    let path = folder.put("old", "old");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    let before = fs::metadata(&path).unwrap();
    let mut output = OutputFile::create(&path, &[]).unwrap();
    output.write_all(b"new").unwrap();
    drop(output);
    assert_eq!(text(&path), "old");
    write(&path, "new").unwrap();
    let after = fs::metadata(&path).unwrap();
    assert_eq!((text(&path).as_str(), mode(&path)), ("new", 0o640));
    assert_eq!((before.uid(), before.gid()), (after.uid(), after.gid()));
    assert_ne!(before.ino(), after.ino(), "it was written in place");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o444)).unwrap();
    assert_eq!(write(&path, "newer").unwrap_err().kind(), io::ErrorKind::PermissionDenied);
    assert_eq!((text(&path).as_str(), folder.names().len()), ("new", 1));
}

#[test]
fn other_owner_of_a_replaced_file_is_kept_where_that_is_allowed() {
    let folder = Folder::new();
    let path = folder.put("old", "old");
    if std::os::unix::fs::chown(&path, Some(12_345), Some(54_321)).is_err() {
        eprintln!("SKIPPED: only root may give files away");
        return;
    }
    write(&path, "new").unwrap();
    let after = fs::metadata(&path).unwrap();
    assert_eq!((text(&path).as_str(), after.uid(), after.gid()), ("new", 12_345, 54_321));
}

#[test]
fn symbolic_link_stays_and_its_target_is_replaced_or_created() {
    let folder = Folder::new();
    fs::create_dir(folder.path("elsewhere")).unwrap();
    folder.put("elsewhere/old", "old");
    for (link, target, file) in [
        ("link", "elsewhere/old", "elsewhere/old"),
        ("dangling", "elsewhere/new", "elsewhere/new"),
        ("chain", "dangling-chain", "elsewhere/newest"),
        ("dangling-chain", "elsewhere/newest", "elsewhere/newest"),
    ] {
        symlink(target, folder.path(link)).unwrap();
        if link == "chain" {
            continue;
        }
        let link = folder.path(if link == "dangling-chain" { "chain" } else { link });
        write(&link, "new").unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink(), "{} was replaced", link.display());
        assert_eq!((text(&link), text(&folder.path(file))), ("new".to_owned(), "new".to_owned()));
    }
    assert_eq!(fs::read_dir(folder.path("elsewhere")).unwrap().count(), 3);
    symlink("loop", folder.path("loop")).unwrap();
    assert!(write(&folder.path("loop"), "new").is_err());
    symlink("no/such/folder", folder.path("lost")).unwrap();
    assert!(write(&folder.path("lost"), "new").unwrap_err().to_string().contains("no folder"));
}

#[test]
fn fifo_is_written_through_and_stays() {
    let Some(mkfifo) = tool("mkfifo") else { return };
    let folder = Folder::new();
    let path = folder.path("fifo");
    finish(Command::new(mkfifo).arg(&path));
    let reader = thread::spawn({
        let path = path.clone();
        move || text(&path)
    });
    let mut output = OutputFile::create(&path, &[]).unwrap();
    output.write_all(b"through").unwrap();
    assert_eq!(output.seek(SeekFrom::Start(0)).unwrap_err().kind(), io::ErrorKind::NotSeekable);
    output.persist().unwrap();
    assert_eq!(reader.join().unwrap(), "through");
    assert!(fs::symlink_metadata(&path).unwrap().file_type().is_fifo());
    assert_eq!(folder.names(), ["fifo"]);
}

#[test]
fn device_is_written_through_and_stays() {
    let Some(mknod) = tool("mknod") else { return };
    let folder = Folder::new();
    let path = folder.path("null");
    // The null device has the numbers 1 and 3 (Linux, Documentation/admin-guide/devices.txt).
    let made = Command::new(mknod).arg(&path).args(["c", "1", "3"]).output().unwrap();
    if !made.status.success() || File::options().write(true).open(&path).is_err() {
        eprintln!("SKIPPED: only root may create devices, and where it may use them");
        return;
    }
    // It is read from, too: that is no conflict.
    let mut output = OutputFile::create(&path, &[&path]).unwrap();
    output.write_all(b"away").unwrap();
    output.persist().unwrap();
    assert!(fs::symlink_metadata(&path).unwrap().file_type().is_char_device());
    symlink(&path, folder.path("link")).unwrap();
    write(&folder.path("link"), "away").unwrap();
    assert!(fs::symlink_metadata(&path).unwrap().file_type().is_char_device());
    assert_eq!(folder.names(), ["link", "null"]);
}

#[test]
fn socket_is_refused_and_stays() {
    let folder = Folder::new();
    let path = folder.path("socket");
    let _listener = std::os::unix::net::UnixListener::bind(&path).unwrap();
    assert!(write(&path, "new").is_err());
    assert!(fs::symlink_metadata(&path).unwrap().file_type().is_socket());
}

#[test]
fn output_that_is_an_input_is_refused_through_any_name() {
    let folder = Folder::new();
    let (input, other) = (folder.put("input", "precious"), folder.put("other", "other"));
    fs::hard_link(&input, folder.path("hard")).unwrap();
    symlink("input", folder.path("soft")).unwrap();
    symlink("hard", folder.path("soft-to-hard")).unwrap();
    for output in ["input", "hard", "soft", "soft-to-hard", "../input"] {
        let output = match output.strip_prefix("../") {
            Some(name) => folder.0.path().join("..").join(folder.0.path().file_name().unwrap()).join(name),
            None => folder.path(output),
        };
        for input in ["input", "hard", "soft"] {
            let input = folder.path(input);
            let error = OutputFile::create(&output, &[&other, &input]).unwrap_err();
            assert!(error.to_string().contains("the same file as the input"), "{error}");
        }
        assert!(OutputFile::create(&output, &[&other, &folder.path("missing")]).is_ok());
    }
    assert_eq!(text(&input), "precious");
    assert_eq!(folder.names().len(), 5, "{:?}", folder.names());
}

#[test]
fn folders_and_places_without_permission_are_named() {
    let folder = Folder::new();
    let inside = folder.path("folder");
    fs::create_dir(&inside).unwrap();
    assert_eq!(write(&inside, "new").unwrap_err().kind(), io::ErrorKind::IsADirectory);
    let error = write(&folder.path("missing/new"), "new").unwrap_err();
    assert!(error.kind() == io::ErrorKind::NotFound && error.to_string().contains("missing"), "{error}");
    fs::set_permissions(&inside, fs::Permissions::from_mode(0o555)).unwrap();
    if File::create(inside.join("probe")).is_ok() {
        eprintln!("SKIPPED: this user may write everywhere");
        return;
    }
    let error = write(&inside.join("new"), "new").unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::PermissionDenied);
    assert!(error.to_string().contains(&inside.display().to_string()), "{error}");
}

#[test]
fn what_was_written_can_be_patched_in_a_regular_file() {
    let folder = Folder::new();
    let path = folder.path("new");
    let mut output = OutputFile::create(&path, &[]).unwrap();
    output.write_all(b"....nail").unwrap();
    output.seek(SeekFrom::Start(0)).unwrap();
    output.write_all(b"head").unwrap();
    output.persist().unwrap();
    let mut all = Vec::new();
    File::open(&path).unwrap().read_to_end(&mut all).unwrap();
    assert_eq!(all, b"headnail");
}

#[test]
fn temporary_files_of_killed_processes_are_removed_and_others_are_not() {
    let folder = Folder::new();
    let path = folder.path("new");
    let output = OutputFile::create(&path, &[]).unwrap();
    let [used] = <[String; 1]>::try_from(folder.names()).unwrap();
    assert!(used.contains(&format!("-{}-", std::process::id())), "{used}");
    // No process has this number (Linux, PID_MAX_LIMIT).
    let left = folder.put(".appsnap-staging-4194305-abc.part", "left behind");
    for other in
        ["backup.part", ".appsnap-staging-4194305-abc", ".appsnap-staging-abc.part", ".appsnap-staging--abc.part"]
    {
        folder.put(other, "of someone else");
    }
    let locked = folder.put(".appsnap-staging-4194305-def.part", "used in another container");
    let lock = File::open(&locked).unwrap();
    lock.lock().unwrap();
    if cfg!(target_os = "linux") {
        assert_eq!(OutputFile::remove_stale(&path).unwrap(), [left]);
        assert_eq!(folder.names().len(), 6);
        drop(lock);
        assert_eq!(OutputFile::remove_stale(&path).unwrap(), [locked]);
    }
    // After a day the number may be another process's.
    let old = folder.put(&format!(".appsnap-staging-{}-abc.part", std::process::id()), "left behind");
    assert!(OutputFile::remove_stale(&path).unwrap().is_empty());
    let before = std::time::SystemTime::now() - std::time::Duration::from_secs(25 * 3600);
    File::options().write(true).open(&old).unwrap().set_modified(before).unwrap();
    assert_eq!(OutputFile::remove_stale(&path).unwrap(), [old]);
    drop(output);
    assert_eq!(folder.names().len(), 4, "{:?}", folder.names());
}
