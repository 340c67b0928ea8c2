//! Files that very old apps named by numbers become documents where the dump knows their uuids.

use std::fs;
use std::io::Cursor;
use std::path::Path;

use appsnap::check::Code;
use appsnap::observe::NoObserver;
use appsnap::prepare::{Database, PrepareOptions, Prepared};
use appsnap::snapshot::{ReadOptions, WriteOptions};
use appsnap::source::directory::{self, DirectoryOptions};
use appsnap::source::{self, ArchiveOptions, DocumentPlan, tar};
use tempfile::tempdir;

use crate::check::app::{self, Row, id};
use crate::support::archives::read;
use crate::support::hostile::plan::Part;

/// Files as `(path, content)`.
const FILES: [(&str, &str); 7] = [
    ("00/7", "seven"),
    ("04/4711", "by number"),
    ("12/12345", "no row knows me"),
    ("123/123456", "a row without a uuid knows me"),
    ("05/5001", "two rows know me"),
    ("06/6001", "there is a document already"),
    ("06/06/06060606-0606-0606-0606-060606060606", "here"),
];

fn rows() -> Vec<Row> {
    let numbered = |object, number, uuid: u8, size| Row { number: Some(number), ..Row::of(object, id(uuid), size) };
    vec![
        numbered(1, 7, 1, 5),
        numbered(2, 4711, 2, 9),
        Row::numbered(3, Some(123_456)),
        numbered(4, 5001, 4, 16),
        numbered(5, 5001, 5, 16),
        numbered(6, 6001, 6, 4),
    ]
}

fn folder(root: &Path) -> DocumentPlan {
    for (path, content) in FILES {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
    directory::scan(root, &DirectoryOptions::new(), &mut NoObserver).unwrap()
}

fn packed(root: &Path) -> DocumentPlan {
    let mut bytes =
        FILES.iter().flat_map(|(path, text)| Part::file(format!("./files/{path}"), *text).render()).collect::<Vec<_>>();
    bytes.resize(bytes.len() + 1024, 0);
    let path = root.join("files.tar");
    fs::write(&path, bytes).unwrap();
    tar::scan(&path, &ArchiveOptions::new(), &mut NoObserver).unwrap()
}

#[test]
fn numbers_are_mapped_where_a_row_carries_both() {
    for make in [folder, packed] {
        let root = tempdir().unwrap();
        let mut plan = make(root.path());
        assert_eq!(
            plan.numbered().map(|(number, _)| number).collect::<Vec<_>>(),
            [7, 4711, 5001, 6001, 12_345, 123_456]
        );
        assert_eq!((plan.documents_count(), plan.diagnostics().count_of(source::Code::Numbered)), (1, 6));

        let options = PrepareOptions::new();
        let database = Database::open(Cursor::new(app::dump(&rows())), &options, &mut NoObserver).unwrap();
        assert_eq!(database.assign_numbers(&mut plan), 2);
        assert_eq!(plan.iter().collect::<Vec<_>>(), [(id(1), 5), (id(2), 9), (id(6), 4)]);
        assert_eq!(plan.document_bytes(), 18);
        let left = plan.diagnostics().iter().filter_map(|found| found.location()).collect::<Vec<_>>();
        assert_eq!(plan.diagnostics().count_of(source::Code::Numbered), 4);
        assert!(left.iter().all(|path| !path.ends_with("/7") && !path.ends_with("/4711")), "{left:?}");

        let prepared = Prepared::new(Some(database), Some(&plan), &options).unwrap();
        let by_hand = prepared.report().findings().iter().find(|finding| finding.code() == Code::DocumentNumbered);
        assert!(by_hand.unwrap().message().contains("123/123456"), "{}", prepared.report());
        let (archive, _) = prepared.write(Vec::new(), &WriteOptions::new(), &mut NoObserver).unwrap();
        let (contents, _) = read(archive.as_slice(), ReadOptions::new()).unwrap();
        let wanted = [(id(1), b"seven".to_vec()), (id(2), b"by number".to_vec()), (id(6), b"here".to_vec())];
        assert_eq!(contents.documents, wanted);
    }
}

#[test]
fn a_second_assignment_finds_nothing_new() {
    let root = tempdir().unwrap();
    let mut plan = folder(root.path());
    let options = PrepareOptions::new();
    let database = Database::open(Cursor::new(app::dump(&rows())), &options, &mut NoObserver).unwrap();
    assert_eq!((database.assign_numbers(&mut plan), database.assign_numbers(&mut plan)), (2, 0));
}
