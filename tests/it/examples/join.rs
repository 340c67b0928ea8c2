//! `pack --shard` and `join`: the same archive as one `pack`, or an error that names what is wrong.

use std::fs;

use serde_json::Value;

use super::commands::Site;
use super::pack::App;
use super::{example, json, run, stderr};

/// A folder with some files and a dump, packed in shards.
struct Shards {
    site: Site,
}

impl Shards {
    fn new() -> Option<Self> {
        example("join")?;
        example("pack")?;
        Some(Self { site: Site::new() })
    }

    fn pack(&self, arguments: &[&str]) -> (i32, String) {
        let inputs = ["--database", &*self.site.arg("mx.dump"), "--files", &*self.site.arg("files"), "--quiet"];
        let arguments = [&inputs[..], &["--profile", "format"], arguments].concat();
        let output = run(&example("pack").unwrap(), &arguments, b"");
        (output.status.code().unwrap(), stderr(&output))
    }

    /// Packs all of `count` shards into the folder `name`.
    fn shards(&self, name: &str, count: usize, more: &[&str]) {
        for number in 1..=count {
            let shard = format!("{number}/{count}");
            let folder = self.site.arg(&format!("{name}/"));
            let (code, messages) = self.pack(&[&["--shard", &*shard, "--output", &*folder], more].concat());
            assert_eq!(code, 0, "{messages}");
        }
    }

    fn join(&self, arguments: &[&str]) -> (i32, String) {
        let output = run(&example("join").unwrap(), arguments, b"");
        (output.status.code().unwrap(), stderr(&output))
    }

    fn files(&self, folder: &str) -> Vec<String> {
        let entries = fs::read_dir(self.site.path(folder)).unwrap();
        let mut paths: Vec<_> =
            entries.map(|entry| entry.unwrap().path().into_os_string().into_string().unwrap()).collect();
        paths.sort();
        paths
    }
}

#[test]
fn joined_shards_are_the_archive_of_one_pack() {
    let Some(shards) = Shards::new() else { return };
    let (whole, joined) = (shards.site.arg("whole.tar.gz"), shards.site.arg("joined.tar.gz"));
    for (index, no_index) in [(&["--index"][..], &[][..]), (&[], &["--no-index"])] {
        let stated = ["--model-version", "1.2.3", "--database-size", "1GiB", "--level", "6"];
        assert_eq!(shards.pack(&[&["--output", &*whole], &stated[..], index].concat()).0, 0);
        for count in [1, 3, 16, 41] {
            let folder = format!("shards-{count}-{}", index.len());
            shards.shards(&folder, count, &stated);
            assert_eq!(shards.files(&folder).len(), count);
            let (code, messages) =
                shards.join(&[&[&*shards.site.arg(&folder), "--output", &*joined][..], no_index].concat());
            assert_eq!(code, 0, "{messages}");
            assert!(fs::read(&joined).unwrap() == fs::read(&whole).unwrap(), "{count} shards");
        }
    }
}

#[test]
fn retried_shard_replaces_the_same_bytes_and_the_join_reports_in_json() {
    let Some(shards) = Shards::new() else { return };
    shards.shards("shards", 3, &[]);
    let before = shards.files("shards").iter().map(|path| fs::read(path).unwrap()).collect::<Vec<_>>();
    shards.shards("shards", 3, &["--threads", "1"]);
    let after = shards.files("shards").iter().map(|path| fs::read(path).unwrap()).collect::<Vec<_>>();
    assert!(before == after);
    // The joined archive in the folder of the shards is no shard when the engine tries again.
    let joined = shards.site.arg("shards/joined.tar.gz");
    for _ in 0..2 {
        let folder = shards.site.arg("shards");
        let output = run(&example("join").unwrap(), &[&*folder, "--output", &*joined, "--json"], b"");
        let report: Value = json(&output);
        assert_eq!(
            (&report["shards"], &report["indexed"], &report["written"]),
            (&3.into(), &true.into(), &true.into())
        );
        assert_eq!(report["plan"].as_str().unwrap().len(), 64);
        let name = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        assert!(name.into_iter().any(|name| name.starts_with(&report["plan"].as_str().unwrap()[..16])));
    }
    let archive = run(&example("check").unwrap(), &[&*joined, "--profile", "format"], b"");
    assert_eq!(archive.status.code(), Some(0), "{}", stderr(&archive));
}

#[test]
fn shards_that_do_not_belong_together_are_refused_by_name() {
    let Some(shards) = Shards::new() else { return };
    let out = shards.site.arg("joined.tar.gz");
    shards.shards("shards", 4, &[]);
    let files = shards.files("shards");
    let join = |parts: &[&str]| {
        let (code, messages) = shards.join(&[parts, &["--output", &*out]].concat());
        assert!(!shards.site.path("joined.tar.gz").exists(), "{messages}");
        (code, messages)
    };

    let (code, messages) = join(&[&*files[0], &*files[3]]);
    assert!(code == 1 && messages.contains("shards 2, 3 of 4 missing"), "{messages}");

    // A truncated one.
    let whole = fs::read(&files[2]).unwrap();
    fs::write(&files[2], &whole[..whole.len() - 100]).unwrap();
    let (code, messages) = join(&[&*shards.site.arg("shards")]);
    assert!(code == 1 && messages.contains(&files[2]) && messages.contains("truncated"), "{messages}");
    // One with another byte in the middle.
    let mut damaged = whole.clone();
    damaged[whole.len() / 3] ^= 4;
    fs::write(&files[2], &damaged).unwrap();
    let (code, messages) = join(&[&*shards.site.arg("shards")]);
    assert!(code == 1 && messages.contains(&files[2]), "{messages}");
    fs::write(&files[2], &whole).unwrap();

    // A document arrived between two workers.
    let late = shards.site.path("files/ff/ff");
    fs::create_dir_all(&late).unwrap();
    fs::write(late.join("ffffffff-5551-46f8-ad44-8de2be084c95"), "late").unwrap();
    shards.shards("later", 4, &[]);
    let later = shards.files("later");
    let (code, messages) = join(&[&*files[0], &*files[1], &*later[2], &*files[3]]);
    assert!(code == 1 && messages.contains("another plan") && messages.contains(&later[2]), "{messages}");

    // An output that is an input.
    let (code, messages) = shards.join(&[&*files[0], &*files[1], &*files[2], &*files[3], "--output", &*files[1]]);
    assert!(code == 2 && messages.contains("input"), "{messages}");
    assert!(fs::read(&files[2]).unwrap() == whole);

    let (code, messages) = join(&[&*shards.site.arg("mx.dump")]);
    assert!(code == 1 && messages.contains("not a snapshot"), "{messages}");
    assert_ne!(join(&[&*shards.site.arg("nowhere")]).0, 0);
    fs::create_dir(shards.site.path("empty")).unwrap();
    let (code, messages) = join(&[&*shards.site.arg("empty")]);
    assert!(code == 1 && messages.contains("no file"), "{messages}");
    assert_eq!(join(&[]).0, 2);
}

#[test]
fn metadata_file_replaces_all_but_the_sizes() {
    let Some(shards) = Shards::new() else { return };
    shards.shards("shards", 2, &[]);
    let file = shards.site.path("metadata.json");
    fs::write(&file, r#"{"duration":"5","dumpSize":"1","modelVersion":"7.7","databaseSize":"3"}"#).unwrap();
    let (folder, out, file) = (shards.site.arg("shards"), shards.site.arg("out.tar.gz"), file.to_str().unwrap());
    let output = run(&example("join").unwrap(), &[&*folder, "--output", &*out, "--metadata", file, "--json"], b"");
    let messages = stderr(&output);
    assert!(messages.contains("dumpSize is") && messages.contains("not 1"), "{messages}");
    let report = json(&output);
    let metadata = &report["metadata"];
    assert_eq!((metadata["modelVersion"].as_str(), metadata["duration"].as_str()), (Some("7.7"), Some("5")));
    assert_eq!(metadata["dumpSize"].as_str().unwrap(), report["database_bytes"].to_string());
    assert_eq!(metadata["filesSize"].as_str().unwrap(), report["document_bytes"].to_string());
}

#[test]
fn shard_option_is_checked() {
    let Some(shards) = Shards::new() else { return };
    let out = shards.site.arg("one.tar.gz");
    for shard in ["0/3", "4/3", "3", "1/0", "a/b"] {
        assert_eq!(shards.pack(&["--output", &*out, "--shard", shard]).0, 2, "{shard}");
    }
    let (code, messages) = shards.pack(&["--output", &*out, "--shard", "1/3", "--on-vanished", "skip"]);
    assert!(code == 2 && messages.contains("--shard"), "{messages}");
    // A file of any name is a shard as well, and standard output.
    assert_eq!(shards.pack(&["--output", &*out, "--shard", "1/1"]).0, 0);
    let (code, messages) = shards.join(&[&*out, "--output", &*shards.site.arg("joined.tar.gz")]);
    assert_eq!(code, 0, "{messages}");
}

#[test]
fn rejected_plan_writes_no_shard() {
    let app = App::new();
    fs::remove_file(app.document(1)).unwrap();
    let arguments = ["--database", "mx.dump", "--files", "app/data/files", "--shard", "2/2", "--output", "shards/"];
    let Some((code, _, messages)) = app.run("pack", &arguments) else { return };
    assert!(code == 1 && messages.contains("document-missing"), "{messages}");
    assert_eq!(fs::read_dir(app.path("shards")).unwrap().count(), 0);
}
