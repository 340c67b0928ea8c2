//! Files of a running app: what is deleted or modified after the listing is told, judged and packed as it is then.

use std::fs;
use std::path::PathBuf;

use appsnap::check::{CheckOptions, Code, Profile, Verdict, check};
use appsnap::observe::{CancelFlag, NoObserver};
use appsnap::prepare::{Change, Pack, PrepareOptions};
use appsnap::snapshot::index::IndexPlacement;
use appsnap::snapshot::{ReadOptions, WriteOptions};
use appsnap::{DocumentId, source};
use tempfile::{TempDir, tempdir};

use crate::support::app::{DUMP, document_path, make_files};
use crate::support::archives::read;

/// The documents of the rows, and others.
struct Live {
    folder: TempDir,
    options: PrepareOptions,
    documents: Vec<(DocumentId, Vec<u8>)>,
}

impl Live {
    fn new() -> Self {
        let folder = tempdir().unwrap();
        let files = folder.path().join("files");
        let mut documents = make_files(&files, 60);
        for (id, content) in [
            ("8a3f4c2e-0c3b-4b40-9b77-0f4f1f5d0001", "twenty bytes of text"),
            ("8a3f4c2e-0c3b-4b40-9b77-0f4f1f5d0002", "image"),
        ] {
            let id = id.parse().unwrap();
            let path = document_path(&files, id);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
            documents.push((id, content.into()));
        }
        documents.sort();
        let options = PrepareOptions::new()
            .with_profile(Profile::mendix_cloud())
            .with_model_version("1.2.3")
            .with_spool_dir(folder.path());
        fs::write(folder.path().join("mx.dump"), DUMP).unwrap();
        Self { folder, options, documents }
    }

    fn pack(&self) -> Pack<'static> {
        Pack::new(&self.options).with_database(self.folder.path().join("mx.dump")).with_files(self.files())
    }

    fn files(&self) -> PathBuf {
        self.folder.path().join("files")
    }
}

#[test]
fn an_undisturbed_app_is_packed_as_without_settling() {
    let live = Live::new();
    let mut prepared = live.pack().prepare(&mut NoObserver).unwrap();
    let options = WriteOptions::new().with_index(IndexPlacement::Embedded);
    let before = prepared.changes().len();
    prepared.settle(&options, &mut NoObserver).unwrap();
    assert_eq!(prepared.changes().len(), before);
    let (archive, report) = prepared.write(Vec::new(), &options, &mut NoObserver).unwrap();
    assert_eq!((report.documents_count(), report.archive_bytes()), (62, archive.len() as u64));
    let (contents, _) = read(archive.as_slice(), ReadOptions::new()).unwrap();
    assert_eq!((contents.database.as_deref(), contents.documents), (Some(DUMP), live.documents));
}

#[test]
fn deleted_and_modified_documents_are_listed_and_judged_again() {
    let mut live = Live::new();
    let mut prepared = live.pack().prepare(&mut NoObserver).unwrap();
    assert_eq!(prepared.report().findings().count_of(Code::DocumentMissing), 0);
    // The first, the last, and one to which a row refers.
    let wanted: DocumentId = "8a3f4c2e-0c3b-4b40-9b77-0f4f1f5d0002".parse().unwrap();
    let gone = [live.documents[0].0, live.documents[61].0, wanted];
    for id in gone {
        fs::remove_file(document_path(&live.files(), id)).unwrap();
    }
    let (grown, shrunken) = (live.documents[10].0, live.documents[30].0);
    fs::write(document_path(&live.files(), grown), vec![7; 300_000]).unwrap();
    fs::write(document_path(&live.files(), shrunken), "").unwrap();

    prepared.settle(&WriteOptions::new(), &mut NoObserver).unwrap();
    let vanished = |change: &Change| matches!(change, Change::DocumentsVanished { documents_count: 3, first, .. } if *first == gone[0]);
    assert!(prepared.changes().iter().any(vanished), "{:?}", prepared.changes());
    assert!(prepared.changes().iter().any(|change| matches!(change, Change::DocumentsModified { .. })));
    assert_eq!(prepared.report().findings().count_of(Code::DocumentMissing), 1);
    assert_eq!(prepared.report().verdict(), Verdict::Reject);
    assert_eq!(prepared.source().unwrap().diagnostics().count_of(source::Code::Vanished), 3);

    let expected = prepared.report().clone();
    let (archive, report) = prepared.write(Vec::new(), &WriteOptions::new(), &mut NoObserver).unwrap();
    assert_eq!(report.documents_count(), 59);
    live.documents.retain(|(id, _)| !gone.contains(id));
    for (id, content) in &mut live.documents {
        if *id == grown {
            *content = vec![7; 300_000];
        } else if *id == shrunken {
            content.clear();
        }
    }
    let (contents, _) = read(archive.as_slice(), ReadOptions::new()).unwrap();
    assert_eq!(contents.documents, live.documents);
    let checked = check(archive.as_slice(), &Profile::mendix_cloud(), &CheckOptions::new(), &mut NoObserver).unwrap();
    assert_eq!(checked.findings().counts().collect::<Vec<_>>(), expected.findings().counts().collect::<Vec<_>>());
}

#[test]
fn other_failures_are_errors_and_cancelling_cancels() {
    let live = Live::new();
    let mut prepared = live.pack().prepare(&mut NoObserver).unwrap();
    let cancelled = CancelFlag::new();
    cancelled.cancel();
    assert!(prepared.settle(&WriteOptions::new(), &mut cancelled.clone()).unwrap_err().is_cancelled());
    // Without settling, a deleted document is an error that names it.
    let prepared = live.pack().prepare(&mut NoObserver).unwrap();
    let path = document_path(&live.files(), live.documents[5].0);
    fs::remove_file(&path).unwrap();
    let error = prepared.write(Vec::new(), &WriteOptions::new(), &mut NoObserver).unwrap_err();
    assert!(error.to_string().contains(&live.documents[5].0.to_string()), "{error}");
}
