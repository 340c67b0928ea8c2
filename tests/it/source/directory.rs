use std::collections::BTreeMap;
use std::fs;
use std::ops::ControlFlow;
use std::path::Path;

use appsnap::DocumentId;
use appsnap::diagnostic::Diagnostic;
use appsnap::io::Parallelism;
use appsnap::observe::{Event, NoObserver, Observer};
use appsnap::snapshot::DocumentSource;
use appsnap::source::directory::{self, DirectoryOptions};
use appsnap::source::{DocumentPlan, ErrorKind};
use tempfile::tempdir;

use super::{id, put, sharded};

const ID: &str = "0d3e301f-5551-46f8-ad44-8de2be084c95";

fn scan(root: &Path) -> DocumentPlan {
    directory::scan(root, &DirectoryOptions::new(), &mut NoObserver).unwrap()
}

fn threads(count: u8) -> DirectoryOptions {
    DirectoryOptions::new().with_parallelism(Parallelism::threads(count))
}

fn content(plan: &DocumentPlan, index: usize) -> Vec<u8> {
    use appsnap::io::ReadAt;
    let file = plan.open(index).unwrap();
    let mut content = vec![0; usize::try_from(file.len_bytes().unwrap()).unwrap()];
    file.read_exact_at(&mut content, 0).unwrap();
    content
}

fn skipped(plan: &DocumentPlan) -> Vec<(&'static str, String)> {
    let path = |found: &Diagnostic| found.location().unwrap().replace('\\', "/");
    plan.diagnostics().iter().map(|found| (found.code().name(), path(found))).collect()
}

#[test]
fn every_shard_depth_and_letter_case_is_found_and_opened() {
    let folder = tempdir().unwrap();
    let layouts: [fn(&str) -> String; 6] = [
        |id| id.to_owned(),
        |id| format!("{}/{id}", &id[..2]),
        |id| format!("{}/{}/{id}", &id[..2], &id[2..4]),
        |id| id.to_uppercase(),
        |id| format!("{}/{}/{}", id[..2].to_uppercase(), &id[2..4], id.to_uppercase()),
        |id| format!("{}/{}{}", &id[..2], &id[..18], id[18..].to_uppercase()),
    ];
    let mut expected = BTreeMap::new();
    for number in 1..=60 {
        let text = id(number).to_string();
        let layout = layouts[number as usize % layouts.len()];
        put(folder.path(), &layout(&text), format!("document {number}"));
        expected.insert(id(number), format!("document {number}").into_bytes());
    }
    let plan = scan(folder.path());
    assert_eq!(skipped(&plan), []);
    let found: BTreeMap<_, _> = (0..plan.documents_count()).map(|i| (plan.row(i).0, content(&plan, i))).collect();
    assert_eq!(found, expected);
    assert!(plan.iter().map(|(id, _)| id).is_sorted());
    assert_eq!(plan.document_bytes(), expected.values().map(|content| content.len() as u64).sum::<u64>());
}

#[test]
fn other_files_are_reported_and_not_used() {
    let folder = tempdir().unwrap();
    let root = folder.path();
    put(root, &format!("0d/3e/{ID}"), "a document");
    put(root, "0d/3e/notes.txt", "");
    put(root, &format!("0d/3e/{ID}.jpg"), "");
    put(root, &format!("{{{ID}}}"), "");
    put(root, "12/12345", "a file of an old app");
    put(root, "123/123456", "another");
    put(root, "0d/3f/0d3e301f-5551-46f8-ad44-8de2be084c96", "");
    put(root, "0e/0d3e301f-5551-46f8-ad44-8de2be084c97", "");
    put(root, &format!("0d/{ID}"), "the same document, elsewhere");
    put(root, "Thumbs.db", "");
    put(root, "0d/.DS_Store", "");
    put(root, &format!("0d/3e/._{ID}"), "");
    put(root, "lost+found/0d3e301f-5551-46f8-ad44-8de2be084c98", "");
    put(root, "0d/3e/30/0d3e301f-5551-46f8-ad44-8de2be084c99", "");

    let plan = scan(root);
    assert_eq!(plan.iter().collect::<Vec<_>>(), [(ID.parse().unwrap(), 10)]);
    let expected = [
        ("not-an-id", format!("0d/3e/{ID}.jpg")),
        ("not-an-id", "0d/3e/notes.txt".to_owned()),
        ("not-an-id", format!("{{{ID}}}")),
        ("numbered", "12/12345".to_owned()),
        ("numbered", "123/123456".to_owned()),
        ("wrong-shard", "0d/3f/0d3e301f-5551-46f8-ad44-8de2be084c96".to_owned()),
        ("wrong-shard", "0e/0d3e301f-5551-46f8-ad44-8de2be084c97".to_owned()),
        ("duplicate", format!("0d/{ID}")),
        ("folder", "0d/3e/30".to_owned()),
        ("folder", "lost+found".to_owned()),
        ("junk", "0d/.DS_Store".to_owned()),
        ("junk", format!("0d/3e/._{ID}")),
        ("junk", "Thumbs.db".to_owned()),
    ];
    assert_eq!(skipped(&plan), expected);
    assert_eq!(plan.diagnostics().count(), expected.len() as u64);
}

#[test]
fn any_number_of_threads_gives_the_same_plan() {
    let folder = tempdir().unwrap();
    for number in 1..=700 {
        // Half of the files are in one folder, which is long enough to be shared, half of them in shard folders.
        let document = id(number);
        let path = if number % 2 == 0 { document.to_string() } else { sharded(document) };
        put(folder.path(), &path, vec![b'x'; number as usize % 7]);
        if number % 10 == 0 {
            put(folder.path(), &format!("junk {number}"), "");
            put(folder.path(), &sharded(document), "again");
        }
    }
    let summary = |options: DirectoryOptions| {
        let plan = directory::scan(folder.path(), &options.with_max_findings_per_code(5), &mut NoObserver).unwrap();
        let origins: Vec<_> = (0..plan.documents_count()).map(|i| plan.origin(i)).collect();
        (plan.iter().collect::<Vec<_>>(), origins, skipped(&plan), plan.diagnostics().count(), plan.document_bytes())
    };
    let inline = summary(DirectoryOptions::new());
    assert_eq!((inline.0.len(), inline.2.len(), inline.3), (700, 10, 140));
    for count in [1, 2, 16] {
        assert_eq!(summary(threads(count)), inline, "{count} threads");
    }
}

#[test]
fn key_prefix_and_suffix_are_removed_and_added_again() {
    let folder = tempdir().unwrap();
    put(folder.path(), &format!("apps/shop-{ID}.bin"), "stored");
    put(folder.path(), &format!("apps/{ID}"), "of another app");
    let options = DirectoryOptions::new().with_key_prefix("apps/shop-").with_key_suffix(".bin");
    let plan = directory::scan(folder.path(), &options, &mut NoObserver).unwrap();
    assert_eq!(plan.len_bytes(ID.parse().unwrap()), Some(6));
    assert_eq!(content(&plan, 0), b"stored");
    assert_eq!(skipped(&plan), [("not-an-id", ID.to_owned())]);
}

#[test]
fn affixes_that_escape_from_the_folder_are_refused() {
    let folder = tempdir().unwrap();
    for options in [
        DirectoryOptions::new().with_key_prefix("../other/"),
        DirectoryOptions::new().with_key_prefix("/etc/"),
        DirectoryOptions::new().with_key_prefix("a\\b"),
        DirectoryOptions::new().with_key_suffix("/data"),
    ] {
        let error = directory::scan(folder.path(), &options, &mut NoObserver).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Misuse(_)), "{error}");
    }
}

#[test]
fn missing_folder_is_an_error_that_names_it() {
    let folder = tempdir().unwrap();
    let missing = folder.path().join("files");
    for options in [DirectoryOptions::new(), threads(2), DirectoryOptions::new().with_unreadable_reported()] {
        let error = directory::scan(&missing, &options, &mut NoObserver).unwrap_err();
        assert_eq!(error.context(), missing.to_str());
        assert!(matches!(error.kind(), ErrorKind::Io { .. }));
        assert!(std::error::Error::source(&error).is_some());
    }
}

#[cfg(unix)]
#[test]
fn links_and_special_files_are_reported_and_never_followed() {
    let folder = tempdir().unwrap();
    let elsewhere = tempdir().unwrap();
    let root = folder.path();
    put(elsewhere.path(), ID, "a secret");
    fs::create_dir_all(root.join("0d/3e")).unwrap();
    std::os::unix::fs::symlink(elsewhere.path().join(ID), root.join("0d/3e").join(ID)).unwrap();
    std::os::unix::fs::symlink(elsewhere.path(), root.join("1d")).unwrap();
    // A socket represents all special files; opening a pipe would block.
    let _socket = std::os::unix::net::UnixListener::bind(root.join(ID)).unwrap();
    let plan = scan(root);
    assert_eq!(plan.documents_count(), 0);
    let expected = [("symlink", format!("0d/3e/{ID}")), ("symlink", "1d".to_owned()), ("special", ID.to_owned())];
    assert_eq!(skipped(&plan), expected);

    // The folder itself may be a link, since storage is often mounted elsewhere.
    let link = elsewhere.path().join("files");
    std::os::unix::fs::symlink(root, &link).unwrap();
    put(root, "ff", "");
    assert_eq!(scan(&link).diagnostics().count(), 4);
}

#[cfg(unix)]
#[test]
fn file_replaced_by_a_link_after_planning_is_not_followed() {
    let folder = tempdir().unwrap();
    put(folder.path(), ID, "planned");
    put(folder.path(), "other", "planned");
    let plan = scan(folder.path());
    fs::remove_file(folder.path().join(ID)).unwrap();
    std::os::unix::fs::symlink(folder.path().join("other"), folder.path().join(ID)).unwrap();
    let error = plan.open(0).unwrap_err();
    let error = error.get_ref().unwrap().downcast_ref::<appsnap::source::Error>().unwrap();
    assert!(matches!(error.kind(), ErrorKind::Replaced));
    assert_eq!(error.context(), folder.path().join(ID).to_str());
}

/// Links are put in place of the file itself, of its folder and of the folder above, and lead to a file of the same length.
#[cfg(target_os = "linux")]
#[test]
fn no_link_is_followed_on_the_way_to_a_planned_file() {
    let other = tempdir().unwrap();
    let path = sharded(ID.parse().unwrap());
    put(other.path(), &path, "planted");
    for replaced in ["0d/3e", "0d"] {
        let folder = tempdir().unwrap();
        put(folder.path(), &path, "planned");
        let plan = scan(folder.path());
        fs::remove_dir_all(folder.path().join(replaced)).unwrap();
        std::os::unix::fs::symlink(other.path().join(replaced), folder.path().join(replaced)).unwrap();
        let error = plan.open(0).unwrap_err();
        let error = error.get_ref().unwrap().downcast_ref::<appsnap::source::Error>().unwrap();
        assert!(matches!(error.kind(), ErrorKind::Replaced), "{replaced}: {error}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_plan_keeps_to_the_folder_that_was_scanned() {
    use appsnap::io::ReadAt;
    let parent = tempdir().unwrap();
    let (root, moved) = (parent.path().join("files"), parent.path().join("moved"));
    put(&root, ID, "planned");
    let plan = scan(&root);
    fs::rename(&root, &moved).unwrap();
    put(&root, ID, "planted");
    let mut content = [0; 7];
    plan.open(0).unwrap().read_exact_at(&mut content, 0).unwrap();
    assert_eq!(&content, b"planned");
}

#[test]
fn file_whose_length_changed_after_planning_is_an_error_that_names_it() {
    let folder = tempdir().unwrap();
    put(folder.path(), ID, "planned");
    let plan = scan(folder.path());
    for found in ["longer than planned", "short"] {
        put(folder.path(), ID, found);
        let error = plan.open(0).unwrap_err();
        assert!(error.to_string().contains(ID), "{error}");
        let error = error.get_ref().unwrap().downcast_ref::<appsnap::source::Error>().unwrap();
        assert!(
            matches!(*error.kind(), ErrorKind::Changed { planned_bytes: 7, found_bytes, .. } if found_bytes == found.len() as u64)
        );
    }
}

#[test]
fn file_whose_length_changes_while_it_is_read_is_an_error_that_names_it() {
    use appsnap::io::ReadAt;
    let folder = tempdir().unwrap();
    put(folder.path(), ID, "planned");
    let plan = scan(folder.path());
    for found in ["longer than planned", "short"] {
        put(folder.path(), ID, "planned");
        let file = plan.open(0).unwrap();
        let mut buffer = [0; 7];
        file.read_exact_at(&mut buffer[..3], 0).unwrap();
        put(folder.path(), ID, found);
        let error = file.read_exact_at(&mut buffer[3..], 3).unwrap_err();
        assert!(error.to_string().contains(ID), "{error}");
    }
}

#[test]
fn file_that_is_gone_when_opened_is_an_error_that_names_it() {
    let folder = tempdir().unwrap();
    put(folder.path(), ID, "planned");
    let plan = scan(folder.path());
    fs::remove_file(folder.path().join(ID)).unwrap();
    let error = plan.open(0).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::NotFound);
    assert!(error.to_string().contains(ID), "{error}");
}

/// Records all events, and cancels after this many documents.
struct Recorder {
    stop_after: u64,
    documents: Vec<(DocumentId, u64, u64)>,
    planned: Option<(u64, u64)>,
}

impl Observer for Recorder {
    fn observe(&mut self, event: &Event) -> ControlFlow<()> {
        match *event {
            Event::Document { id, documents_count, document_bytes, .. } => {
                self.documents.push((id, documents_count, document_bytes));
                if documents_count == self.stop_after {
                    return ControlFlow::Break(());
                }
            }
            Event::Planned { documents_count, document_bytes, .. } => {
                self.planned = Some((documents_count, document_bytes));
            }
            _ => {}
        }
        ControlFlow::Continue(())
    }
}

#[test]
fn observer_receives_running_totals_and_can_cancel() {
    let folder = tempdir().unwrap();
    (1..=3_000).for_each(|number| put(folder.path(), &id(number).to_string(), "xy"));
    for options in [DirectoryOptions::new(), threads(3)] {
        let mut recorder = Recorder { stop_after: u64::MAX, documents: Vec::new(), planned: None };
        directory::scan(folder.path(), &options, &mut recorder).unwrap();
        assert_eq!(recorder.planned, Some((3_000, 6_000)));
        let totals = recorder.documents.iter().map(|(_, count, bytes)| (*count, *bytes));
        assert!(totals.eq((1..=3_000).map(|count| (count, 2 * count))));

        let mut recorder = Recorder { stop_after: 10, documents: Vec::new(), planned: None };
        let error = directory::scan(folder.path(), &options, &mut recorder).unwrap_err();
        assert!(error.is_cancelled(), "{error}");
        assert_eq!((recorder.documents.len(), recorder.planned), (10, None));
    }
}
