//! Indexes beside archives, made by `list` and found by the commands themselves.

use std::fs;

use tempfile::tempdir;

use super::{example, run, stderr, stdout};
use crate::support::archives::{Contents, noise};

#[test]
fn index_is_made_found_and_refused() {
    let (Some(list), Some(fetch)) = (example("list"), example("fetch_document")) else { return };
    let folder = tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (archive, named) = (path("backup.tar.gz"), path("named"));
    let contents = Contents::sample(20);
    fs::write(&archive, contents.archive()).unwrap();
    let before = stdout(&run(&list, &[&archive], b""));
    assert_eq!(stdout(&run(&list, &[&archive, "--make-index"], b"")), before);
    assert!(folder.path().join("backup.tar.gz.idx").is_file());
    assert_eq!(stdout(&run(&list, &[&archive], b"")), before);
    assert_eq!(stdout(&run(&list, &[&archive, "--make-index", &named], b"")), before);
    assert_eq!(stdout(&run(&list, &[&archive, "--index", &named], b"")), before);
    let (id, bytes) = contents.documents.iter().find(|(_, bytes)| bytes.len() > 1000).unwrap();
    let output = run(&fetch, &[&archive, &id.to_string()], b"");
    assert!(output.stdout == *bytes, "{}", stderr(&output));

    // The archive changes: the index beside it is refused, and nothing is returned.
    let changed = Contents { database: Some(noise(1, 30_000)), ..contents.clone() };
    fs::write(&archive, changed.archive()).unwrap();
    for output in [run(&list, &[&archive], b""), run(&fetch, &[&archive, &id.to_string()], b"")] {
        assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
        assert!(output.stdout.is_empty() && stderr(&output).contains("backup.tar.gz.idx"), "{}", stderr(&output));
        assert!(stderr(&output).contains("another archive"), "{}", stderr(&output));
    }
    assert_eq!(stdout(&run(&list, &[&archive, "--make-index"], b"")), before);
    let refused = run(&list, &["-", "--index", &named], &contents.archive());
    assert_eq!(refused.status.code(), Some(2), "{}", stderr(&refused));
}
