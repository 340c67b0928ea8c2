//! Both kinds of folders, on the same files.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::path::Path;

use super::{FileKind, PlannedRead, handle, path};

/// The files in a folder: names and kinds, facts of each, and the length of each that can be opened.
type Seen = (Vec<(OsString, FileKind)>, Vec<String>, Vec<Option<Option<u64>>>);

macro_rules! seen {
    ($kind:ident, $root:expr) => {{
        let folder = $kind::Folder::open($root).unwrap();
        let (mut names, mut entries) = (Vec::new(), $kind::Entries::default());
        for _ in 0..2 {
            names.clear();
            let visit = |found: std::io::Result<(&std::ffi::OsStr, std::io::Result<FileKind>)>| {
                let (name, kind) = found.unwrap();
                names.push((name.to_owned(), kind.unwrap()));
                Ok::<_, ()>(true)
            };
            $kind::Folder::open($root).unwrap().for_each(&mut entries, visit).unwrap();
        }
        names.sort();
        let facts = names.iter().map(|(name, _)| format!("{:?}", folder.facts(name).unwrap())).collect();
        let open =
            |(name, _): &(OsString, FileKind)| folder.file(Path::new(name)).ok().map(|file| file.map(|found| found.1));
        let seen: Seen = (names.clone(), facts, names.iter().map(open).collect());
        seen
    }};
}

fn make(root: &Path) {
    fs::create_dir(root.join("folder")).unwrap();
    fs::write(root.join("folder/inner"), "inside").unwrap();
    fs::write(root.join("empty"), "").unwrap();
    fs::write(root.join("file"), "twelve bytes").unwrap();
    symlink("file", root.join("link")).unwrap();
    symlink("folder", root.join("linked-folder")).unwrap();
    symlink("nowhere", root.join("broken")).unwrap();
    drop(UnixListener::bind(root.join("socket")).unwrap());
    for number in 0..1500 {
        File::create(root.join(format!("0d3e301f-5551-46f8-ad44-{number:012}"))).unwrap();
    }
}

#[test]
fn handles_and_paths_see_the_same() {
    let folder = tempfile::tempdir().unwrap();
    make(folder.path());
    let seen = seen!(handle, folder.path());
    assert!(seen == seen!(path, folder.path()));
    let (names, _, opened) = seen;
    assert_eq!(names.len(), 1507);
    let of = |name: &str| opened[names.iter().position(|(found, _)| found == name).unwrap()];
    assert_eq!(of("file"), Some(Some(12)));
    // Neither a link nor anything but a file is opened.
    for name in ["folder", "link", "linked-folder", "broken", "socket"] {
        assert_eq!(of(name), Some(None), "{name}");
    }
}

#[test]
fn a_link_that_replaces_a_folder_is_not_followed() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("files");
    fs::create_dir_all(root.join("0d")).unwrap();
    fs::write(root.join("0d/document"), "planned").unwrap();
    let opened = handle::Folder::open(&root).unwrap();
    assert!(opened.file(Path::new("0d/document")).unwrap().is_some());
    fs::rename(root.join("0d"), folder.path().join("elsewhere")).unwrap();
    symlink(folder.path().join("elsewhere"), root.join("0d")).unwrap();
    assert!(opened.file(Path::new("0d/document")).unwrap().is_none());
    assert!(opened.folder(Path::new("0d")).is_err());
    assert!(path::Folder::open(&root).unwrap().folder(Path::new("0d")).is_err());
}

#[test]
fn a_folder_stays_the_one_that_was_opened() {
    let folder = tempfile::tempdir().unwrap();
    let (root, moved) = (folder.path().join("files"), folder.path().join("moved"));
    fs::create_dir(&root).unwrap();
    fs::write(root.join("document"), "planned").unwrap();
    let opened = handle::Folder::open(&root).unwrap();
    fs::rename(&root, &moved).unwrap();
    fs::create_dir(&root).unwrap();
    assert_eq!(opened.file(Path::new("document")).unwrap().map(|found| found.1), Some(7));
    fs::remove_dir_all(&moved).unwrap();
    assert_eq!(opened.file(Path::new("document")).unwrap_err().kind(), std::io::ErrorKind::NotFound);
}

#[test]
fn a_file_that_grows_or_shrinks_is_noticed_by_the_last_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    fs::write(&path, "twelve bytes").unwrap();
    let file = File::open(&path).unwrap();
    let both = |len: usize, offset: u64| {
        let mut buffers = [vec![0; len], vec![0; len]];
        let [first, second] = &mut buffers;
        let by_handle = handle::read_to_planned_end(&file, first, offset).unwrap();
        assert_eq!(by_handle, path::read_to_planned_end(&file, second, offset).unwrap());
        assert_eq!(buffers[0], buffers[1]);
        by_handle
    };
    assert_eq!(both(12, 0), PlannedRead::Last(12));
    assert_eq!(both(5, 7), PlannedRead::Last(5));
    OpenOptions::new().append(true).open(&path).unwrap().write_all(b"!").unwrap();
    assert_eq!(both(12, 0), PlannedRead::Longer);
    File::options().write(true).open(&path).unwrap().set_len(10).unwrap();
    assert_eq!(both(12, 0), PlannedRead::Some(10));
    assert_eq!(both(2, 10), PlannedRead::Some(0));
}

#[test]
fn files_and_folders_are_created_with_the_same_modes_and_never_over_others() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    macro_rules! created {
        ($kind:ident) => {{
            let root = folder.path().join(stringify!($kind));
            fs::create_dir(&root).unwrap();
            let opened = $kind::Folder::open(&root).unwrap();
            let (inner, file) = (Path::new("0d"), Path::new("0d/document"));
            let missing = opened.create_file(file).unwrap_err().kind();
            opened.create_folder(inner).unwrap();
            opened.create_file(file).unwrap().write_all(b"content").unwrap();
            symlink("nowhere", root.join("0d/link")).unwrap();
            let again = [
                opened.create_folder(inner).unwrap_err().kind(),
                opened.create_file(file).unwrap_err().kind(),
                opened.create_file(Path::new("0d/link")).unwrap_err().kind(),
            ];
            assert_eq!(fs::read(root.join(file)).unwrap(), b"content");
            let mode = |path: &Path| fs::metadata(root.join(path)).unwrap().permissions().mode();
            (missing, again, mode(inner), mode(file))
        }};
    }
    assert_eq!(created!(handle), created!(path));
}
