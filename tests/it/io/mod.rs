//! Outputs whose tests need root, other tools or sockets.

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt, chown, symlink};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::Command;
use std::time::SystemTime;

use appsnap::io::{OutputFile, STAGING_PREFIX, remove_stale};

use crate::support::skips::skip;
use crate::support::tools::tool;

fn write(path: &Path, inputs: &[&Path]) -> Result<(), appsnap::Error> {
    let mut output = OutputFile::create(path, inputs)?;
    output.write_all(b"new").unwrap();
    output.finish()
}

#[test]
fn owner_and_group_of_a_replaced_file_are_kept_where_that_is_allowed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out");
    fs::write(&path, "old").unwrap();
    if chown(&path, Some(12_345), Some(54_321)).is_err() {
        skip("only root may give files away");
        return;
    }
    write(&path, &[]).unwrap();
    let after = fs::metadata(&path).unwrap();
    assert_eq!((fs::read(&path).unwrap().as_slice(), after.uid(), after.gid()), (&b"new"[..], 12_345, 54_321));
}

#[test]
fn read_only_file_is_not_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out");
    fs::write(&path, "old").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o444)).unwrap();
    let error = write(&path, &[]).unwrap_err();
    assert!(error.is_misuse() && error.to_string().contains("read-only"), "{error}");
    assert_eq!((fs::read(&path).unwrap().as_slice(), fs::read_dir(folder.path()).unwrap().count()), (&b"old"[..], 1));
}

#[test]
fn device_is_written_through_and_may_be_an_input() {
    let Some(mknod) = tool("mknod") else { return };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("null");
    // The null device has the numbers 1 and 3 (Linux, Documentation/admin-guide/devices.txt).
    let made = Command::new(mknod).arg(&path).args(["c", "1", "3"]).output().unwrap();
    if !made.status.success() || File::options().write(true).open(&path).is_err() {
        skip("only root may create devices, and where it may use them");
        return;
    }
    write(&path, &[&path]).unwrap();
    let link = folder.path().join("link");
    symlink(&path, &link).unwrap();
    write(&link, &[]).unwrap();
    assert!(fs::symlink_metadata(&path).unwrap().file_type().is_char_device());
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
}

#[test]
fn socket_is_refused_and_stays() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    let _listener = UnixListener::bind(&path).unwrap();
    let error = write(&path, &[]).unwrap_err();
    assert!(error.is_misuse() && error.to_string().contains("is a socket"), "{error}");
    assert!(fs::symlink_metadata(&path).unwrap().file_type().is_socket());
}

#[test]
fn directory_without_permission_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o555)).unwrap();
    if File::create(folder.path().join("probe")).is_ok() {
        skip("this user may write everywhere");
        return;
    }
    let error = write(&folder.path().join("out"), &[]).unwrap_err();
    assert!(error.is_io() && error.to_string().contains("choose another directory"), "{error}");
}

#[test]
fn file_in_use_is_not_stale_whatever_its_name_says() {
    let folder = tempfile::tempdir().unwrap();
    // No process of this system has the number, as if the file were another container's.
    let path = folder.path().join(format!("{STAGING_PREFIX}4294967295-a.part"));
    let file = File::create(&path).unwrap();
    file.lock().unwrap();
    let later = SystemTime::now() + std::time::Duration::from_secs(60);
    assert_eq!(remove_stale(folder.path(), later).unwrap(), [""; 0].map(std::path::PathBuf::from));
    drop(file);
    assert_eq!(remove_stale(folder.path(), later).unwrap(), [path]);
}
