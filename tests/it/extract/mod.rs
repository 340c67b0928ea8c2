//! Extraction: all of it or nothing.

use std::collections::BTreeMap;
use std::fs;
use std::ops::ControlFlow;
use std::path::Path;
use std::time::{Duration, SystemTime};

use appsnap::io::Parallelism;
use appsnap::io::{STAGING_PREFIX, remove_stale};
use appsnap::layout;
use appsnap::observe::{Event, NoObserver, Observer};
use appsnap::snapshot::extract::{Durability, ExtractOptions, IfExists};
use appsnap::snapshot::index::IndexPlacement;
use appsnap::snapshot::{ErrorKind, ReadOptions, SnapshotArchive, SnapshotReader, WriteOptions, extract};

use crate::support::archives::{Contents, parallelisms};

/// Every file below a folder, by its path with slashes.
fn files(root: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(root).unwrap().to_str().unwrap().replace('\\', "/");
                found.insert(name, fs::read(path).unwrap());
            }
        }
    }
    found
}

fn expected(contents: &Contents, selection: layout::Contents) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    if selection.has_database() {
        files.insert("db.backup".to_owned(), contents.database.clone().unwrap());
    }
    if selection.has_documents() {
        for (id, bytes) in &contents.documents {
            let text = id.to_string();
            files.insert(format!("files/{}/{}/{text}", &text[..2], &text[2..4]), bytes.clone());
        }
    }
    files
}

#[test]
fn every_way_of_extracting_gives_the_same_files() {
    let contents = Contents::sample(60);
    let (archive, _) = contents.push(WriteOptions::new().with_index(IndexPlacement::Embedded));
    let indexed = SnapshotArchive::open(archive.as_slice(), &ReadOptions::new()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let destination = folder.path().join("out");
    let check = |selection, options: &ExtractOptions| {
        let mut reader = SnapshotReader::new(archive.as_slice(), ReadOptions::new());
        extract(&mut reader, &destination, options, &mut NoObserver).unwrap();
        assert!(files(&destination) == expected(&contents, selection), "{options:?}");
        let report = indexed.extract(&destination, options, &mut NoObserver).unwrap();
        assert!(files(&destination) == expected(&contents, selection), "{options:?}");
        assert_eq!(report.metadata(), Some(&contents.metadata()));
    };
    for selection in [layout::Contents::Full, layout::Contents::DatabaseOnly, layout::Contents::FilesOnly] {
        for parallelism in parallelisms() {
            let options = ExtractOptions::new().with_contents(selection).with_if_exists(IfExists::Replace);
            check(selection, &options.with_parallelism(parallelism));
        }
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "something is left beside the destination");
}

#[test]
fn durability_does_not_change_what_is_extracted() {
    let contents = Contents::tiny();
    let folder = tempfile::tempdir().unwrap();
    for (name, durability) in [("data", Durability::Data), ("full", Durability::Full)] {
        let archive = contents.archive();
        let mut reader = SnapshotReader::new(archive.as_slice(), ReadOptions::new());
        let options = ExtractOptions::new().with_durability(durability);
        extract(&mut reader, &folder.path().join(name), &options, &mut NoObserver).unwrap();
        assert!(files(&folder.path().join(name)) == expected(&contents, layout::Contents::Full));
    }
}

#[test]
fn existing_destination_is_refused_and_untouched() {
    let archive = Contents::tiny().archive();
    let folder = tempfile::tempdir().unwrap();
    let destination = folder.path().join("out");
    fs::create_dir(&destination).unwrap();
    fs::write(destination.join("mine"), "mine").unwrap();
    let mut reader = SnapshotReader::new(archive.as_slice(), ReadOptions::new());
    let error = extract(&mut reader, &destination, &ExtractOptions::new(), &mut NoObserver).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Exists));
    assert_eq!(files(&destination).len(), 1);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn damaged_archive_leaves_nothing_and_replaces_nothing() {
    let contents = Contents::sample(60);
    let (archive, _) = contents.push(WriteOptions::new().with_index(IndexPlacement::Embedded));
    let folder = tempfile::tempdir().unwrap();
    let destination = folder.path().join("out");
    fs::create_dir(&destination).unwrap();
    fs::write(destination.join("old"), "old").unwrap();
    for parallelism in parallelisms() {
        let options = ExtractOptions::new().with_if_exists(IfExists::Replace).with_parallelism(parallelism);
        for at in [archive.len() / 3, archive.len() / 2, archive.len() - 5_000] {
            let mut damaged = archive.clone();
            damaged[at] ^= 0x40;
            let mut reader = SnapshotReader::new(damaged.as_slice(), ReadOptions::new());
            extract(&mut reader, &destination, &options, &mut NoObserver).unwrap_err();
            if let Ok(archive) = SnapshotArchive::open(damaged, &ReadOptions::new()) {
                archive.extract(&destination, &options, &mut NoObserver).unwrap_err();
            }
            assert_eq!(files(&destination).len(), 1, "the old destination is gone");
            assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "something is left");
        }
    }
}

struct CancelAtThird;

impl Observer for CancelAtThird {
    fn observe(&mut self, event: &Event<'_>) -> ControlFlow<()> {
        match event {
            Event::Document { documents_count: 3.., .. } => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        }
    }
}

#[test]
fn cancelling_leaves_nothing() {
    let archive = Contents::sample(20).archive();
    let folder = tempfile::tempdir().unwrap();
    for parallelism in [Parallelism::INLINE, Parallelism::threads(2)] {
        let options = ExtractOptions::new().with_parallelism(parallelism);
        let mut reader = SnapshotReader::new(archive.as_slice(), ReadOptions::new());
        let error = extract(&mut reader, &folder.path().join("out"), &options, &mut CancelAtThird).unwrap_err();
        assert!(error.is_cancelled());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}

#[test]
fn missing_parent_folder_names_itself() {
    let archive = Contents::tiny().archive();
    let folder = tempfile::tempdir().unwrap();
    let mut reader = SnapshotReader::new(archive.as_slice(), ReadOptions::new());
    let destination = folder.path().join("absent").join("out");
    let error = extract(&mut reader, &destination, &ExtractOptions::new(), &mut NoObserver).unwrap_err();
    assert!(error.is_io() && error.to_string().contains("absent"), "{error}");
}

#[test]
fn stale_staging_is_recognised_and_removed() {
    let folder = tempfile::tempdir().unwrap();
    let stale = folder.path().join(format!("{STAGING_PREFIX}abc"));
    fs::create_dir_all(stale.join("content")).unwrap();
    fs::write(stale.join("content").join("db.backup"), "half").unwrap();
    fs::create_dir(folder.path().join("mine")).unwrap();
    let hour = Duration::from_secs(3600);
    assert_eq!(
        remove_stale(folder.path(), SystemTime::now() - hour).unwrap(),
        Vec::<std::path::PathBuf>::new(),
        "it is too young"
    );
    assert_eq!(remove_stale(folder.path(), SystemTime::now() + hour).unwrap(), std::slice::from_ref(&stale));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}
