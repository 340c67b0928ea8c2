//! Disks that are full: for the documents, and for the database.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use appsnap_tests::postgres::Postgres;
use appsnap_tests::skips::skip;

use crate::app::{App, OLD_DOCUMENT, Snapshot, code, stderr, write_old};

/// A small file system; it ends with the test.
struct SmallDisk {
    folder: tempfile::TempDir,
}

impl SmallDisk {
    fn mount(size: &str) -> Option<Self> {
        let folder = tempfile::Builder::new().prefix("appsnap-small-").tempdir().unwrap();
        let option = format!("size={size},mode=0777");
        let mut command = Command::new("mount");
        command.args(["-t", "tmpfs", "-o", &option, "tmpfs"]).arg(folder.path()).stderr(Stdio::null());
        if !command.status().is_ok_and(|status| status.success()) {
            skip("mounting a small disk: that takes root");
            return None;
        }
        Some(Self { folder })
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.folder.path()).status();
    }
}

#[test]
fn full_disk_of_the_documents_changes_nothing() {
    let (Some(app), Some(disk)) = (App::new(), SmallDisk::mount("1m")) else { return };
    // Small files take a page each, which no sum of sizes says.
    let snapshot = Snapshot::with(&app, 0, "", |documents| {
        documents.extend(
            (0..400_u128).map(|number| (appsnap::DocumentId::from_bytes((number << 96).to_be_bytes()), vec![1])),
        );
    });
    let files = disk.path().join("files");
    write_old(&files);
    let mut command = Command::new(env!("CARGO_BIN_EXE_restore"));
    command.arg(&snapshot.path).args(["--quiet", "--database", &app.url(), "--files"]).arg(&files);
    let output = command.output().unwrap();
    assert_eq!(code(&output), 2);
    assert!(stderr(&output).contains("No space left") || stderr(&output).contains("make room"), "{}", stderr(&output));
    app.assert_old();
    assert_eq!(fs::read_dir(disk.path()).unwrap().count(), 1, "something is left");
    assert_eq!(fs::read(files.join(OLD_DOCUMENT)).unwrap(), b"old");
}

#[test]
fn too_small_disk_is_refused_before_anything_changes() {
    let (Some(app), Some(disk)) = (App::new(), SmallDisk::mount("1m")) else { return };
    let snapshot = Snapshot::of(&app, 300);
    let files = disk.path().join("files");
    let mut command = Command::new(env!("CARGO_BIN_EXE_restore"));
    command.arg(&snapshot.path).args(["--quiet", "--database", &app.url(), "--files"]).arg(&files);
    let output = command.output().unwrap();
    assert_eq!(code(&output), 2);
    assert!(stderr(&output).contains("make room"));
    app.assert_old();
    assert_eq!(fs::read_dir(disk.path()).unwrap().count(), 0);
}

#[test]
fn full_disk_of_the_database_changes_nothing() {
    // A server of its own: until the disk has room again, no checkpoint of it succeeds.
    let (Some(server), Some(disk)) = (Postgres::start(), SmallDisk::mount("24m")) else { return };
    let app = App::on(Arc::new(server));
    let space = disk.path().join("space");
    fs::create_dir(&space).unwrap();
    app.server.give(&space);
    app.server.sql("postgres", &format!("create tablespace small location '{}'", space.display()));
    app.server.sql("postgres", &format!("alter database \"{}\" set tablespace small", app.database));
    for rows in [600_000, 300_000] {
        let sql = format!("create table wide as select n, n as m from generate_series(1, {rows}) n;");
        let snapshot = Snapshot::with(&app, 5, &sql, |_| {});
        let output = app.restore(&snapshot.path, &[]);
        // The smaller one is full only when the pages in memory are written.
        if code(&output) == 0 {
            assert!(rows < 600_000);
            app.assert_new(&snapshot);
        } else {
            assert_eq!(output.status.code(), Some(2));
            assert!(rows < 600_000 || stderr(&output).contains("No space left"), "{}", stderr(&output));
            app.assert_old();
        }
    }
    app.server.run("dropdb", &[&app.database]);
    app.server.sql("postgres", "drop tablespace small");
}
