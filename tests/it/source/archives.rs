//! Zip and tar archives of a files folder give the same plan as the folder itself.

use std::fs::{self, File};
use std::io::{Seek as _, SeekFrom, Write as _};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::Command;

use ::tar as tar_crate;
use appsnap::io::ReadAt as _;
use appsnap::metadata::Metadata;
use appsnap::observe::{Event, NoObserver, Observer};
use appsnap::snapshot::{DocumentSource as _, SnapshotWriter, WriteOptions};
use appsnap::source::directory::{self, DirectoryOptions};
use appsnap::source::{ArchiveOptions, Code, DocumentPlan, Error, ErrorKind, tar};
use appsnap::{DocumentId, Limits};
use flate2::Compression;
use flate2::write::GzEncoder;
use tempfile::{TempDir, tempdir};

use super::{id, put, sharded};
use crate::support::tools::tool;

/// The length of a document that is not decompressed in memory.
const BIG_BYTES: usize = (1 << 20) + 12_345;

fn contents(number: u64) -> Vec<u8> {
    match number {
        1 => (0..BIG_BYTES).map(|at| (at / 100) as u8).collect(),
        2 => Vec::new(),
        _ => format!("document {number}").repeat(number as usize).into_bytes(),
    }
}

/// `(name, contents)` of a files folder below `root`, with a file that is not a document.
fn files(root: &str) -> Vec<(String, Vec<u8>)> {
    let documents = (1..=20).map(|number| (format!("{root}{}", sharded(id(number))), contents(number)));
    documents.chain([(format!("{root}Thumbs.db"), b"junk".to_vec())]).collect()
}

fn tar_of(files: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (name, contents) in files {
        bytes.extend(appsnap::tarball::file_header(name.as_bytes(), contents.len() as u64).unwrap());
        bytes.extend(contents);
        bytes.resize(bytes.len().next_multiple_of(512), 0);
    }
    bytes.resize(bytes.len() + 1024, 0);
    bytes
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

struct TestFolder(TempDir);

impl TestFolder {
    fn new() -> Self {
        Self(tempdir().unwrap())
    }

    fn put(&self, name: &str, bytes: &[u8]) -> PathBuf {
        fs::write(self.0.path().join(name), bytes).unwrap();
        self.0.path().join(name)
    }

    fn options(&self) -> ArchiveOptions {
        ArchiveOptions::new().with_spool_dir(self.0.path())
    }
}

fn documents(plan: &DocumentPlan) -> Vec<(DocumentId, Vec<u8>)> {
    let read = |index| {
        let (id, len_bytes) = plan.row(index);
        let document = plan.open(index).unwrap();
        assert_eq!(document.len_bytes().unwrap(), len_bytes);
        let mut contents = vec![0; len_bytes as usize];
        document.read_exact_at(&mut contents, 0).unwrap();
        assert_eq!(document.read_at(&mut [0; 9], len_bytes).unwrap(), 0, "reads beyond the end");
        (id, contents)
    };
    (0..plan.documents_count()).map(read).collect()
}

fn expected() -> Vec<(DocumentId, Vec<u8>)> {
    let mut expected: Vec<_> = (1..=20).map(|number| (id(number), contents(number))).collect();
    expected.sort();
    expected
}

fn skipped(plan: &DocumentPlan) -> Vec<(&str, &str)> {
    plan.diagnostics().iter().map(|found| (found.code().name(), found.location().unwrap())).collect()
}

fn snapshot_of(plan: &DocumentPlan) -> Vec<u8> {
    let metadata = plan.complete(Metadata::new().with_model_version("1"), None);
    let options = WriteOptions::new();
    let mut writer = SnapshotWriter::start(Vec::new(), &metadata, &options).unwrap();
    writer.documents(plan, &mut NoObserver).unwrap();
    writer.finish().unwrap().0
}

fn refused(result: Result<DocumentPlan, Error>) -> ErrorKind {
    result.expect_err("there is a plan").kind().to_owned()
}

#[test]
fn a_tar_of_any_kind_gives_the_plan_of_its_folder() {
    let site = TestFolder::new();
    let folder = site.0.path().join("files");
    for (name, contents) in files("") {
        put(&folder, &name, contents);
    }
    let from_folder = snapshot_of(&directory::scan(&folder, &DirectoryOptions::new(), &mut NoObserver).unwrap());
    for (root, member) in [("", "Thumbs.db"), ("./", "./Thumbs.db"), ("data/files/", "data/files/Thumbs.db")] {
        let bare = tar_of(&files(root));
        for (name, bytes) in [("files.tar", bare.clone()), ("files.tar.gz", gzip(&bare))] {
            let plan = tar::scan(site.put(name, &bytes), &site.options(), &mut NoObserver).unwrap();
            assert_eq!(documents(&plan), expected(), "{root}{name}");
            assert_eq!(skipped(&plan), [("junk", member)]);
            assert_eq!(
                snapshot_of(&plan),
                from_folder,
                "the snapshot does not depend on where the documents came from"
            );
        }
    }
}

#[test]
fn an_uncompressed_tar_needs_no_spool_and_a_compressed_one_asks_for_it() {
    let site = TestFolder::new();
    let bare = tar_of(&files(""));
    assert!(tar::scan(site.put("a.tar", &bare), &ArchiveOptions::new(), &mut NoObserver).is_ok());
    let error = tar::scan(site.put("a.tar.gz", &gzip(&bare)), &ArchiveOptions::new(), &mut NoObserver).unwrap_err();
    assert!(error.to_string().contains("with_spool_dir"), "{error}");
    let nowhere = ArchiveOptions::new().with_spool_dir(site.0.path().join("missing"));
    let error = tar::scan(site.put("a.tar.gz", &gzip(&bare)), &nowhere, &mut NoObserver).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Io { .. }) && error.context().unwrap().ends_with("missing"), "{error}");
}

#[test]
fn a_spool_leaves_no_files() {
    let (site, spool) = (TestFolder::new(), tempdir().unwrap());
    let path = site.put("a.tar.gz", &gzip(&tar_of(&files(""))));
    let plan = tar::scan(path, &ArchiveOptions::new().with_spool_dir(spool.path()), &mut NoObserver).unwrap();
    assert_eq!(documents(&plan), expected());
    drop(plan);
    assert_eq!(fs::read_dir(spool.path()).unwrap().count(), 0);
}

#[test]
fn a_damaged_or_truncated_archive_gives_no_plan() {
    let site = TestFolder::new();
    let bare = tar_of(&files(""));
    let whole = gzip(&bare);
    let mut wrong_crc = whole.clone();
    let at = wrong_crc.len() - 6;
    wrong_crc[at] ^= 1;
    let mut more = bare.clone();
    more.extend(&bare);
    for bytes in [
        &whole[..whole.len() / 2],
        &whole[..whole.len() - 1],
        &wrong_crc,
        &bare[..bare.len() - 1024],
        &more,
        b"junk",
        b"",
    ] {
        let result = tar::scan(site.put("a", bytes), &site.options(), &mut NoObserver);
        assert!(matches!(refused(result), ErrorKind::Archive(_)), "{} bytes", bytes.len());
    }
}

#[test]
fn limits_bound_what_is_spooled() {
    let site = TestFolder::new();
    let bomb = gzip(&tar_of(&[(sharded(id(1)), vec![0; 8 << 20])]));
    let options = site.options().with_limits(Limits::untrusted().with_max_total_bytes(1 << 20));
    let error = tar::scan(site.put("a", &bomb), &options, &mut NoObserver).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Archive(_)));
    assert!(error.is_limit() && error.to_string().contains("max_total_bytes"), "{error}");
}

#[test]
fn hostile_and_duplicate_names_give_no_plan() {
    let site = TestFolder::new();
    let with = |name: &str| {
        let mut files = files("");
        files.push((name.to_owned(), b"x".to_vec()));
        tar::scan(site.put("a", &tar_of(&files)), &site.options(), &mut NoObserver)
    };
    assert!(matches!(refused(with(&format!("../{}", sharded(id(30))))), ErrorKind::HostileName));
    for (name, code) in [("../../etc/passwd", "unsafe-name"), ("a\nb", "unsafe-name"), ("files/Icon\r", "junk")] {
        let plan = with(name).unwrap();
        assert_eq!(documents(&plan), expected(), "{name:?}");
        assert!(skipped(&plan).iter().any(|(found, path)| *found == code && *path != "Thumbs.db"), "{name:?}");
    }
    let error = with(&sharded(id(3))).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Ambiguous));
    assert!(error.to_string().contains(&id(3).to_string()), "{error}");
}

#[test]
fn of_one_document_at_two_depths_the_deeper_file_is_used() {
    let site = TestFolder::new();
    let flat = format!("files/{}", id(3));
    let mut files = files("files/");
    files.insert(0, (flat.clone(), b"another".to_vec()));
    let plan = tar::scan(site.put("a", &tar_of(&files)), &site.options(), &mut NoObserver).unwrap();
    assert_eq!(documents(&plan), expected());
    assert!(skipped(&plan).contains(&("duplicate", &*flat)), "{:?}", skipped(&plan));
}

#[test]
fn several_files_folders_are_refused_until_one_is_named() {
    let site = TestFolder::new();
    let mut both = files("data/files/");
    both.push((format!("old/{}", sharded(id(3))), b"old".to_vec()));
    let path = site.put("a", &tar_of(&both));
    assert!(matches!(refused(tar::scan(&path, &site.options(), &mut NoObserver)), ErrorKind::Misuse(_)));
    let plan = tar::scan(&path, &site.options().with_root("data/files/"), &mut NoObserver).unwrap();
    assert_eq!(documents(&plan), expected());
    assert_eq!(plan.diagnostics().count_of(Code::Folder), 1);
}

#[test]
fn a_whole_snapshot_serves_as_files_too() {
    let site = TestFolder::new();
    let path = site.put("files.tar", &tar_of(&files("")));
    let snapshot = snapshot_of(&tar::scan(path, &site.options(), &mut NoObserver).unwrap());
    let plan = tar::scan(site.put("snapshot.tar.gz", &snapshot), &site.options(), &mut NoObserver).unwrap();
    assert_eq!(documents(&plan), expected());
    assert_eq!(skipped(&plan), [("not-an-id", ".metadata")]);
}

#[test]
fn an_observer_receives_every_document_and_can_cancel() {
    #[derive(Default)]
    struct Counting(u64, Option<(u64, u64)>, u64);
    impl Observer for Counting {
        fn observe(&mut self, event: &Event) -> ControlFlow<()> {
            match event {
                Event::Document { documents_count, .. } => self.0 = *documents_count,
                Event::Planned { documents_count, document_bytes, .. } => {
                    self.1 = Some((*documents_count, *document_bytes))
                }
                _ => {}
            }
            if self.2 != 0 && self.0 >= self.2 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        }
    }
    let site = TestFolder::new();
    let path = site.put("a", &tar_of(&files("")));
    let mut counting = Counting::default();
    let plan = tar::scan(&path, &site.options(), &mut counting).unwrap();
    assert_eq!((counting.0, counting.1), (20, Some((20, plan.document_bytes()))));
    let stopped = tar::scan(&path, &site.options(), &mut Counting(0, None, 5));
    assert!(stopped.unwrap_err().is_cancelled());
}

#[test]
fn archives_of_real_tars_are_read() {
    let Some(gnu) = tool("tar") else { return };
    let site = TestFolder::new();
    for (name, contents) in files("files/") {
        put(site.0.path(), &name, contents);
    }
    for (options, name) in [("-cf", "a.tar"), ("-czf", "a.tar.gz")] {
        let done = Command::new(&gnu).args([options, name, "files"]).current_dir(&site.0).status().unwrap();
        assert!(done.success());
        let plan = tar::scan(site.0.path().join(name), &site.options(), &mut NoObserver).unwrap();
        assert_eq!(documents(&plan), expected(), "{name}");
    }
}

/// A header of GNU tar with this type and link target.
fn special_header(type_: u8, name: &str, target: &str, len_bytes: u64) -> tar_crate::Header {
    let mut header = tar_crate::Header::new_gnu();
    header.set_entry_type(tar_crate::EntryType::new(type_));
    header.set_path(name).unwrap();
    if !target.is_empty() {
        header.set_link_name(target).unwrap();
    }
    header.set_mode(0o644);
    header.set_size(len_bytes);
    header.set_cksum();
    header
}

/// A tar archive of `files`, followed by these members without payload.
fn tar_with(files: &[(String, Vec<u8>)], headers: &[tar_crate::Header]) -> Vec<u8> {
    let mut bytes = tar_of(files);
    bytes.truncate(bytes.len() - 1024);
    headers.iter().for_each(|header| bytes.extend(header.as_bytes()));
    bytes.resize(bytes.len() + 1024, 0);
    bytes
}

#[test]
fn links_and_special_files_are_left_out_and_hard_links_are_documents() {
    let site = TestFolder::new();
    let (first, second, third) = (sharded(id(3)), sharded(id(30)), sharded(id(31)));
    let headers = [
        special_header(b'2', "link", "/etc/passwd", 0),
        special_header(b'6', "pipe", "", 0),
        special_header(b'1', "junk/Thumbs.db", &first, 0),
        special_header(b'1', &second, &first, 0),
        special_header(b'1', &third, &second, 0),
    ];
    let bare = tar_with(&files(""), &headers);
    for bytes in [bare.clone(), gzip(&bare)] {
        let plan = tar::scan(site.put("a", &bytes), &site.options(), &mut NoObserver).unwrap();
        let mut expected = expected();
        expected.extend([30, 31].map(|number| (id(number), contents(3))));
        expected.sort();
        assert_eq!(documents(&plan), expected);
        let mut left_out = skipped(&plan);
        left_out.sort();
        assert_eq!(
            left_out,
            [("junk", "Thumbs.db"), ("junk", "junk/Thumbs.db"), ("special", "pipe"), ("symlink", "link")]
        );
    }
}

#[test]
fn hard_links_to_other_files_are_refused_and_their_number_is_bounded() {
    let site = TestFolder::new();
    for target in [sharded(id(77)), "Thumbs.db".to_owned(), "/etc/passwd".to_owned()] {
        let bytes = tar_with(&files(""), &[special_header(b'1', &sharded(id(30)), &target, 0)]);
        let error = tar::scan(site.put("a", &bytes), &site.options(), &mut NoObserver).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::LinkTarget), "{error}");
        assert!(error.to_string().contains(&id(30).to_string()), "{error}");
    }
    // 1 MiB once, and a hundred names for it.
    let headers: Vec<_> =
        (100..200).map(|number| special_header(b'1', &sharded(id(number)), &sharded(id(1)), 0)).collect();
    let bytes = tar_with(&files(""), &headers);
    let limits = Limits::untrusted().with_max_total_bytes(20 << 20);
    let options = site.options().with_limits(limits);
    assert!(tar::scan(site.put("a", &bytes), &options, &mut NoObserver).unwrap_err().is_limit());
}

/// A file of this length with data at some offsets and holes between them.
fn write_sparse(path: &Path, len_bytes: u64, offsets: impl IntoIterator<Item = u64>) -> Vec<u8> {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let mut file = File::create(path).unwrap();
    let mut contents = vec![0; len_bytes as usize];
    file.set_len(len_bytes).unwrap();
    for offset in offsets {
        let data = format!("data at {offset}").into_bytes();
        file.seek(SeekFrom::Start(offset)).unwrap();
        file.write_all(&data).unwrap();
        contents[offset as usize..][..data.len()].copy_from_slice(&data);
    }
    contents
}

#[test]
fn sparse_files_and_hard_links_of_real_tars_are_read() {
    let site = TestFolder::new();
    let sparse = [
        (
            id(41),
            write_sparse(&site.0.path().join("files").join(sharded(id(41))), 3 << 20, (0..40).map(|n| n * 70_000)),
        ),
        (id(42), write_sparse(&site.0.path().join("files").join(sharded(id(42))), 1 << 20, [])),
        (id(43), write_sparse(&site.0.path().join("files").join(sharded(id(43))), 2 << 20, [1_500_000])),
    ];
    for (name, contents) in files("files/") {
        put(site.0.path(), &name, contents);
    }
    let linked = site.0.path().join("files").join(sharded(id(44)));
    fs::create_dir_all(linked.parent().unwrap()).unwrap();
    fs::hard_link(site.0.path().join("files").join(sharded(id(5))), linked).unwrap();
    let mut expected = expected();
    expected.extend(sparse);
    expected.push((id(44), contents(5)));
    expected.sort();
    let tars: [(&str, &[&str]); 5] = [
        ("tar", &["--sparse", "--format=gnu"]),
        ("tar", &["--sparse", "--format=posix"]),
        ("tar", &["--format=ustar"]),
        ("bsdtar", &["--format=pax"]),
        ("bsdtar", &["--format=gnutar", "--no-read-sparse"]),
    ];
    for (program, options) in tars {
        let Some(program) = tool(program) else { continue };
        let done = Command::new(program).args(options).args(["-cf", "a.tar", "files"]).current_dir(&site.0).status();
        assert!(done.unwrap().success());
        let bare = fs::read(site.0.path().join("a.tar")).unwrap();
        for bytes in [bare.clone(), gzip(&bare)] {
            let plan = tar::scan(site.put("a", &bytes), &site.options(), &mut NoObserver).unwrap();
            assert!(documents(&plan) == expected, "{options:?}");
            assert!(snapshot_of(&plan).len() > 1000);
        }
    }
}

#[test]
fn sparse_files_are_bounded_and_their_maps_checked() {
    let site = TestFolder::new();
    let sparse = |records: &[(&str, &str)], payload: &[u8]| {
        let mut builder = tar_crate::Builder::new(Vec::new());
        builder.append_pax_extensions(records.iter().map(|(key, value)| (*key, value.as_bytes()))).unwrap();
        let mut header = tar_crate::Header::new_ustar();
        header.set_size(payload.len() as u64);
        builder.append_data(&mut header, "GNUSparseFile.0/x", payload).unwrap();
        let bytes = builder.into_inner().unwrap();
        tar::scan(site.put("a", &bytes), &site.options(), &mut NoObserver)
    };
    let name = sharded(id(1));
    let records = |size: &'static str| {
        [
            ("GNU.sparse.major", "1"),
            ("GNU.sparse.minor", "0"),
            ("GNU.sparse.name", &*name),
            ("GNU.sparse.realsize", size),
        ]
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
    };
    let scan = |size: &'static str, map: &str, data: &[u8]| {
        let records = records(size);
        let records: Vec<(&str, &str)> = records.iter().map(|(key, value)| (&**key, &**value)).collect();
        let mut payload = map.as_bytes().to_vec();
        payload.resize(payload.len().next_multiple_of(512), 0);
        payload.extend(data);
        sparse(&records, &payload)
    };
    let plan = scan("10", "1\n3\n2\n", b"ab").unwrap();
    assert_eq!(documents(&plan), [(id(1), b"\0\0\0ab\0\0\0\0\0".to_vec())]);
    // Longer than the file, not ascending, another length than the data, not a number, endless.
    for (map, data) in
        [("1\n9\n2\n", &b"ab"[..]), ("2\n3\n2\n1\n1\n", b"abc"), ("1\n3\n2\n", b"abc"), ("x\n", b""), ("1000\n", b"")]
    {
        assert!(matches!(refused(scan("10", map, data)), ErrorKind::Archive(_)), "{map:?}");
    }
    assert!(scan("9223372036854775807", "1\n3\n2\n", b"ab").unwrap_err().is_limit());
    // Formats 0.0 and 0.1, which GNU tar wrote for a short time, are refused.
    let old = [("GNU.sparse.size", "10"), ("GNU.sparse.map", "3,2")];
    assert!(matches!(refused(sparse(&old, b"ab")), ErrorKind::Archive(_)));
}

#[cfg(feature = "zip")]
mod zipped {
    use appsnap::source::zip;

    use super::*;
    use crate::zip::builder::{Item, build};

    fn zip_of(files: &[(String, Vec<u8>)], pack: fn(&str, &[u8]) -> Item) -> Vec<u8> {
        let items: Vec<Item> = files.iter().map(|(name, contents)| pack(name, contents)).collect();
        build(&items)
    }

    #[test]
    fn stored_and_deflated_zips_give_the_plan_of_their_folder() {
        let site = TestFolder::new();
        for root in ["", "files/", "data\\files\\"] {
            for pack in [Item::stored, Item::deflated] {
                let mut files = files(root);
                if root.contains('\\') {
                    files.iter_mut().for_each(|(name, _)| *name = name.replace('/', "\\"));
                }
                let path = site.put("files.zip", &zip_of(&files, pack));
                let plan = zip::scan(path, &site.options(), &mut NoObserver).unwrap();
                assert_eq!(documents(&plan), expected(), "{root}");
                assert_eq!(plan.diagnostics().count_of(Code::Junk), 1);
            }
        }
    }

    #[test]
    fn only_large_deflated_documents_need_a_spool() {
        let site = TestFolder::new();
        let small: Vec<_> = files("").into_iter().filter(|(_, contents)| contents.len() < 1 << 20).collect();
        for (files, pack, is_fine) in [
            (&files(""), Item::stored as fn(&str, &[u8]) -> Item, true),
            (&small, Item::deflated, true),
            (&files(""), Item::deflated, false),
        ] {
            let path = site.put("a.zip", &zip_of(files, pack));
            assert_eq!(zip::scan(path, &ArchiveOptions::new(), &mut NoObserver).is_ok(), is_fine);
        }
    }

    #[test]
    fn a_stored_document_with_a_wrong_checksum_gives_no_plan() {
        let site = TestFolder::new();
        let mut bytes = zip_of(&files(""), Item::stored);
        let at = bytes.windows(10).position(|window| window == b"document 3").unwrap();
        bytes[at] ^= 1;
        let error = zip::scan(site.put("a.zip", &bytes), &site.options(), &mut NoObserver).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Archive(_)));
        assert!(error.to_string().contains("CRC-32"), "{error:?}");
    }

    #[test]
    fn a_small_deflated_document_with_a_wrong_checksum_is_refused_on_opening() {
        let site = TestFolder::new();
        let mut item = Item::deflated(&sharded(id(1)), b"contents");
        item.crc ^= 1;
        item.local_numbers.0 ^= 1;
        let plan = zip::scan(site.put("a.zip", &build(&[item])), &site.options(), &mut NoObserver).unwrap();
        assert!(plan.open(0).is_err());
    }

    #[test]
    fn hostile_zips_give_no_plan() {
        let site = TestFolder::new();
        let scan = |items: &[Item]| zip::scan(site.put("a.zip", &build(items)), &site.options(), &mut NoObserver);
        let document = || Item::stored(&sharded(id(1)), b"x");
        let hostile = format!("../{}", sharded(id(2)));
        assert!(matches!(refused(scan(&[document(), Item::stored(&hostile, b"")])), ErrorKind::HostileName));
        assert!(matches!(refused(scan(&[document(), document()])), ErrorKind::Ambiguous));
        assert!(matches!(refused(scan(&[document(), Item { offset: Some(0), ..document() }])), ErrorKind::Archive(_)));
    }

    #[test]
    fn links_special_files_and_unsafe_names_are_left_out() {
        let site = TestFolder::new();
        let with_mode = |mode: u32, name: &str| Item { attributes: mode << 16, ..Item::stored(name, b"/etc/passwd") };
        let items = [
            Item::stored(&sharded(id(1)), b"x"),
            with_mode(0o120_777, &sharded(id(2))),
            with_mode(0o120_777, "files/link"),
            with_mode(0o010_644, "pipe"),
            Item::stored("../x", b""),
        ];
        let path = site.put("a.zip", &build(&items));
        let plan = zip::scan(path, &site.options(), &mut NoObserver).unwrap();
        assert_eq!(documents(&plan), [(id(1), b"x".to_vec())]);
        let link = sharded(id(2));
        let mut expected =
            [("symlink", &*link), ("symlink", "files/link"), ("special", "pipe"), ("unsafe-name", "../x")];
        expected[..2].sort();
        assert_eq!(skipped(&plan), expected);
    }

    #[test]
    fn archives_of_python_are_read() {
        let Some(python) = tool("python3") else { return };
        let site = TestFolder::new();
        for (name, contents) in files("files/") {
            put(site.0.path(), &name, contents);
        }
        let done = Command::new(python).args(["-m", "zipfile", "-c", "a.zip", "files"]).current_dir(&site.0).status();
        assert!(done.unwrap().success());
        let plan = zip::scan(site.0.path().join("a.zip"), &site.options(), &mut NoObserver).unwrap();
        assert_eq!(documents(&plan), expected());
    }
}

#[test]
fn a_missing_archive_is_named() {
    let error = tar::scan("/nowhere/at/all.tar", &ArchiveOptions::new(), &mut NoObserver).unwrap_err();
    assert_eq!(error.to_string(), "/nowhere/at/all.tar: opening failed");
    assert!(File::open(error.context().unwrap()).is_err());
}
