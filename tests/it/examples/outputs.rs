//! Outputs of every kind: written through, replaced or refused, and never an input.

use std::fs::{self, File};
use std::os::unix::fs::{FileTypeExt, symlink};
use std::os::unix::net::UnixListener;
use std::process::Command;

use super::commands::Site;
use super::{example, run, stderr, stdout};
use crate::support::skips::skip;
use crate::support::tools::tool;

#[test]
fn output_of_every_kind_is_what_it_was_afterwards() {
    let site = Site::new();
    let (Some(fetch), Some(_)) = (example("fetch_document"), site.pack("backup.tar.gz", &[])) else { return };
    let (id, content) = &site.documents[3];
    let fetch_to = |name: &str| {
        let arguments = [&*site.arg("backup.tar.gz"), &id.to_string(), "--output", &*site.arg(name)];
        run(&fetch, &arguments, b"")
    };

    let fifo = site.path("fifo");
    assert!(Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    let reader = std::thread::spawn({
        let fifo = fifo.clone();
        move || fs::read(fifo).unwrap()
    });
    stdout(&fetch_to("fifo"));
    assert!(reader.join().unwrap() == *content && fs::symlink_metadata(&fifo).unwrap().file_type().is_fifo());

    let _listener = UnixListener::bind(site.path("socket")).unwrap();
    let refused = fetch_to("socket");
    assert_eq!(refused.status.code(), Some(2));
    assert!(stderr(&refused).contains("is a socket"), "{}", stderr(&refused));

    fs::create_dir(site.path("real")).unwrap();
    fs::write(site.path("real/target"), "old").unwrap();
    symlink("real/target", site.path("link")).unwrap();
    let replaced = fetch_to("link");
    stdout(&replaced);
    assert!(stderr(&replaced).contains("will be replaced"), "{}", stderr(&replaced));
    assert!(fs::symlink_metadata(site.path("link")).unwrap().is_symlink());
    assert!(fs::read(site.path("real/target")).unwrap() == *content);

    assert_eq!(stderr(&fetch_to("new")), "");
    assert_eq!(site.names(), ["backup.tar.gz", "fifo", "files", "link", "mx.dump", "new", "real", "socket"]);
}

#[test]
fn device_is_written_through() {
    let site = Site::new();
    let (Some(mknod), Some(fetch), Some(_)) =
        (tool("mknod"), example("fetch_document"), site.pack("backup.tar.gz", &[]))
    else {
        return;
    };
    let device = site.path("null");
    // The null device has the numbers 1 and 3.
    let made = Command::new(mknod).arg(&device).args(["c", "1", "3"]).output().unwrap();
    if !made.status.success() || File::options().write(true).open(&device).is_err() {
        skip("only root may create devices, and where it may use them");
        return;
    }
    let id = site.documents[3].0.to_string();
    for _ in 0..2 {
        let arguments = [&*site.arg("backup.tar.gz"), &id, "--output", &*site.arg("null")];
        assert_eq!(stderr(&run(&fetch, &arguments, b"")), "");
        assert!(fs::symlink_metadata(&device).unwrap().file_type().is_char_device());
    }
}

#[test]
fn input_is_never_replaced_by_an_output() {
    let site = Site::new();
    let (Some(fetch), Some(check), Some(_)) =
        (example("fetch_document"), example("check"), site.pack("backup.tar.gz", &[]))
    else {
        return;
    };
    let before = fs::read(site.path("backup.tar.gz")).unwrap();
    fs::hard_link(site.path("backup.tar.gz"), site.path("hard")).unwrap();
    symlink("backup.tar.gz", site.path("soft")).unwrap();
    let (archive, id) = (site.arg("backup.tar.gz"), site.documents[3].0.to_string());
    for output in ["backup.tar.gz", "hard", "soft"] {
        let output = site.arg(output);
        for (program, arguments) in [
            (&fetch, vec![&*archive, &id, "--output", &output]),
            (&fetch, vec![&*output, &id, "--output", &archive]),
            (&check, vec![&*archive, "--missing", &output]),
            (&check, vec![&*archive, "--orphans", &output]),
        ] {
            let refused = run(program, &arguments, b"");
            assert_eq!(refused.status.code(), Some(2), "{arguments:?}");
            assert!(stderr(&refused).contains("same file as an input"), "{}", stderr(&refused));
        }
    }
    // Also where the shell has opened it.
    let line = "\"$0\" - \"$1\" --output \"$2\" < \"$2\"";
    let refused = Command::new("sh").args(["-c", line]).arg(&fetch).args([&id, &archive]).output().unwrap();
    assert!(stderr(&refused).contains("same file as an input"), "{}", stderr(&refused));
    assert!(fs::read(site.path("backup.tar.gz")).unwrap() == before);
}
