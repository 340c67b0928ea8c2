//! The example that packs: it judges before it writes, and says what helps.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json as value};
use tempfile::{TempDir, tempdir};

use super::{example, json, run, stderr, stdout};
use crate::support::app::DUMP;
use crate::support::tools::{finish, tool};

/// The documents to which the rows of the dump refer.
pub(super) const DOCUMENTS: [(&str, &str); 2] = [
    ("8a3f4c2e-0c3b-4b40-9b77-0f4f1f5d0001", "twenty bytes of text"),
    ("8a3f4c2e-0c3b-4b40-9b77-0f4f1f5d0002", "image"),
];

/// A dump and its documents, as in the folder of an app server.
pub(super) struct App {
    folder: TempDir,
}

impl App {
    pub(super) fn new() -> Self {
        let folder = tempdir().unwrap();
        fs::write(folder.path().join("mx.dump"), DUMP).unwrap();
        let shard = folder.path().join("app/data/files/8a/3f");
        fs::create_dir_all(&shard).unwrap();
        for (id, content) in DOCUMENTS {
            fs::write(shard.join(id), content).unwrap();
        }
        Self { folder }
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(super) fn document(&self, number: usize) -> PathBuf {
        self.path("app/data/files/8a/3f").join(DOCUMENTS[number].0)
    }

    pub(super) fn command(&self, name: &str, arguments: &[&str]) -> Option<Command> {
        let mut command = Command::new(example(name)?);
        command.current_dir(self.folder.path()).args(arguments);
        Some(command)
    }

    /// Runs a command; the exit code, what it printed, and its messages.
    pub(super) fn run(&self, name: &str, arguments: &[&str]) -> Option<(i32, String, String)> {
        let output = self.command(name, arguments)?.output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        Some((output.status.code().unwrap(), text, stderr(&output)))
    }

    /// Packs to `out.tar.gz`.
    pub(super) fn pack(&self, more: &[&str]) -> Option<(i32, String, String)> {
        self.run("pack", &[&["--output", "out.tar.gz"], more].concat())
    }

    pub(super) fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.folder.path()).unwrap();
        let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

const BOTH: [&str; 4] = ["--database", "mx.dump", "--files", "app/data/files"];
const STATED: [&str; 4] = ["--model-version", "1.2.3", "--database-size", "10MiB"];

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[test]
fn a_healthy_app_is_accepted_and_counted() {
    let app = App::new();
    let Some((code, text, messages)) = app.pack(&[&BOTH[..], &STATED, &["--json"]].concat()) else { return };
    assert_eq!(code, 0, "{messages}");
    let json = parsed(&text);
    assert_eq!(
        (&json["verdict"], &json["profile"], &json["written"]),
        (&value!("accept"), &value!("mendix-cloud"), &value!(true))
    );
    assert_eq!((&json["files"]["rows"], &json["files"]["present"]), (&value!(2), &value!(2)));
    // The sample has a table outside of the schema public, which is worth a note.
    let counts = value!({ "D045": 1 });
    assert_eq!((&json["warnings"], &json["counts"], &json["allowed"]), (&value!([]), &counts, &value!([])));
    assert_eq!(json["metadata"]["databaseSize"], "10485760");
    assert_eq!(app.names(), ["app", "mx.dump", "out.tar.gz"]);
}

#[test]
fn a_missing_document_is_rejected_unless_it_is_allowed() {
    let app = App::new();
    fs::remove_file(app.document(1)).unwrap();
    let Some((code, text, messages)) = app.pack(&[&BOTH[..], &STATED, &["--json"]].concat()) else { return };
    assert_eq!(code, 1, "{messages}");
    assert!(messages.contains("document-missing") && messages.contains("--allow F001"), "{messages}");
    let json = parsed(&text);
    assert_eq!((&json["verdict"], &json["written"]), (&value!("reject"), &value!(false)));
    assert_eq!((&json["files"]["missing"], &json["counts"]["F001"]), (&value!(1), &value!(1)));
    assert_eq!(app.names(), ["app", "mx.dump"]);

    let (code, text, messages) = app.pack(&[&BOTH[..], &STATED, &["--json", "--allow", "F001"]].concat()).unwrap();
    assert_eq!(code, 0, "{messages}");
    let json = parsed(&text);
    assert_eq!((&json["allowed"], &json["findings"][0]["allowed"]), (&value!(["F001"]), &value!(true)));
    // Another profile judges otherwise.
    assert_eq!(app.pack(&[&BOTH[..], &["--profile", "format"]].concat()).unwrap().0, 0);
    assert_eq!(app.pack(&[&BOTH[..], &["--profile", "nowhere"]].concat()).unwrap().0, 2);
    assert_eq!(app.pack(&[&BOTH[..], &["--allow", "X999"]].concat()).unwrap().0, 2);
}

#[test]
fn what_is_lost_is_never_silent() {
    let app = App::new();
    let Some((code, _, messages)) = app.pack(&["--database", "mx.dump"]) else { return };
    assert_eq!(code, 0, "{messages}");
    assert!(messages.contains("2 rows of the database must have a document"), "{messages}");
    assert!(messages.contains("model-version-placeholder") && messages.contains("0.0.0.0"), "{messages}");
    let check = |arguments: &[&str]| app.run("check", &[arguments, &["--profile", "mendix-cloud", "--json"]].concat());
    let Some((code, text, _)) = check(&["out.tar.gz"]) else { return };
    let json = parsed(&text);
    assert_eq!((code, &json["verdict"]), (0, &value!("warn")));
    assert_eq!((&json["counts"]["F012"], &json["counts"]["M014"]), (&value!(1), &value!(1)));

    let Some(gzip) = tool("gzip") else { return };
    finish(Command::new(gzip).arg("-d").arg(app.path("out.tar.gz")));
    let json = parsed(&check(&["out.tar"]).unwrap().1);
    assert_eq!((&json["verdict"], &json["counts"]["S007"]), (&value!("warn"), &value!(1)));

    // Files alone are no snapshot for a platform that restores apps.
    let (code, _, messages) = app.pack(&["--files", "app/data/files"]).unwrap();
    assert_eq!(code, 1, "{messages}");
    assert!(messages.contains("--database") && messages.contains("--allow S002"), "{messages}");
}

#[test]
fn the_folder_that_would_do_is_named() {
    let app = App::new();
    fs::create_dir_all(app.path("app/data/tmp")).unwrap();
    for wrong in [".", "app", "app/data", "app/data/tmp", "app/data/files/8a", "app/data/files/8a/3f"] {
        let Some((code, _, messages)) = app.pack(&["--database", "mx.dump", "--files", wrong]) else { return };
        assert_eq!(code, 1, "{wrong}: {messages}");
        assert!(messages.contains("app/data/files"), "{wrong}: {messages}");
    }
    fs::create_dir(app.path("empty")).unwrap();
    let (code, _, messages) = app.pack(&["--database", "mx.dump", "--files", "empty"]).unwrap();
    assert!(code == 1 && messages.contains("no document was found"), "{messages}");
    assert_eq!(app.names(), ["app", "empty", "mx.dump"]);
}

#[test]
fn keys_with_prefix_and_suffix_are_packed_and_the_options_are_named() {
    let app = App::new();
    fs::create_dir_all(app.path("bucket/apps")).unwrap();
    for (number, (id, _)) in DOCUMENTS.iter().enumerate() {
        fs::copy(app.document(number), app.path("bucket/apps").join(format!("shop-{id}.bin"))).unwrap();
    }
    let base = ["--database", "mx.dump", "--files", "bucket"];
    let Some((code, _, messages)) = app.pack(&[&base[..], &["--root", "apps"]].concat()) else { return };
    assert_eq!(code, 1);
    assert!(
        messages.contains("\"shop-\"") && messages.contains("\".bin\"") && messages.contains("key prefix"),
        "{messages}"
    );
    let named = ["--root", "apps", "--key-prefix", "shop-", "--key-suffix", ".bin"];
    let (code, _, messages) = app.pack(&[&base[..], &named, &STATED].concat()).unwrap();
    assert_eq!(code, 0, "{messages}");
    // As the only folder above documents, it is found in an archive.
    let Some(tar) = tool("tar") else { return };
    finish(Command::new(tar).current_dir(app.path(".")).args(["-cf", "bucket.tar", "bucket"]));
    let base = ["--database", "mx.dump", "--files", "bucket.tar"];
    assert_eq!(app.pack(&[&base[..], &named[2..], &STATED].concat()).unwrap().0, 0);
}

#[test]
fn everything_that_is_left_out_is_listed_in_full() {
    let app = App::new();
    for number in 0..3000 {
        fs::write(app.path("app/data/files").join(format!("note {number}.txt")), "").unwrap();
    }
    let arguments = [&BOTH[..], &STATED, &["--skipped", "skipped.txt"]].concat();
    let Some((code, _, messages)) = app.pack(&arguments) else { return };
    assert_eq!(code, 0, "{messages}");
    assert!(messages.contains("left out: 3000 not-an-id"), "{messages}");
    let list = fs::read_to_string(app.path("skipped.txt")).unwrap();
    assert_eq!(list.lines().count(), 3000);
    assert!(list.lines().all(|line| line.starts_with("note ") && line.contains("not-an-id")));
}

#[test]
fn orphans_are_dropped_but_never_all_of_them() {
    let app = App::new();
    let orphan = "9b3f4c2e-0c3b-4b40-9b77-0f4f1f5d0002";
    fs::write(app.path("app/data/files").join(orphan), "x").unwrap();
    let drop = ["--on-orphan", "drop"];
    let Some((code, text, messages)) = app.pack(&[&BOTH[..], &STATED, &drop].concat()) else { return };
    assert!(code == 0 && text.contains("2 documents"), "{text}{messages}");
    assert!(messages.contains("1 document (1 bytes) without a row"), "{messages}");

    (0..2).for_each(|number| fs::remove_file(app.document(number)).unwrap());
    fs::remove_file(app.path("out.tar.gz")).unwrap();
    let (code, _, messages) = app.pack(&[&BOTH[..], &STATED, &drop].concat()).unwrap();
    assert!(code == 1 && messages.contains("--on-orphan drop: no row of the database"), "{messages}");
    assert!(!app.path("out.tar.gz").exists());
}

#[test]
fn a_tar_stream_on_standard_input_is_packed() {
    let app = App::new();
    let (Some(pack), Some(tar)) = (example("pack"), tool("tar")) else { return };
    let (dump, output) = (app.path("mx.dump"), app.path("out.tar.gz"));
    let [dump, output] = [&dump, &output].map(|path| path.to_str().unwrap());
    let arguments = ["--database", dump, "--files", "-", "--output", output, "--json", "--model-version", "1"];
    for compressed in ["-cf", "-czf"] {
        let stream = finish(Command::new(&tar).arg("-C").arg(app.path("app/data/files")).args([compressed, "-", "."]));
        let packed = json(&run(&pack, &arguments, &stream));
        assert_eq!((&packed["documents"], &packed["files"]["present"]), (&value!(2), &value!(2)));
        fs::remove_file(output).unwrap();
        // A stream that breaks is not taken for a complete one.
        let cut = run(&pack, &arguments, &stream[..if compressed == "-cf" { 2000 } else { stream.len() / 2 }]);
        assert_eq!(cut.status.code(), Some(1), "{}", stderr(&cut));
        assert!(stderr(&cut).contains("standard input") && stderr(&cut).contains("truncated"), "{}", stderr(&cut));
        assert_eq!(app.names(), ["app", "mx.dump"]);
    }
    let both = run(&pack, &["--database", "-", "--files", "-", "--output", output], b"");
    assert_eq!(both.status.code(), Some(2));
}

#[test]
fn a_live_app_is_packed_in_parts_and_judged_again() {
    let app = App::new();
    let skip = ["--on-vanished", "skip", "--json"];
    let Some((code, text, messages)) = app.pack(&[&BOTH[..], &STATED, &skip].concat()) else { return };
    assert_eq!(code, 0, "{messages}");
    assert_eq!((&parsed(&text)["documents"], &parsed(&text)["written"]), (&value!(2), &value!(true)));
    let Some((code, text, _)) = app.run("check", &["out.tar.gz", "--profile", "mendix-cloud", "--json"]) else {
        return;
    };
    assert_eq!((code, &parsed(&text)["verdict"]), (0, &value!("accept")));
    let (code, _, messages) =
        app.pack(&[&BOTH[..], &STATED, &["--on-vanished", "skip", "--output", "-"]].concat()).unwrap_or_default();
    assert_eq!(code, 2, "one output only: {messages}");
    assert_eq!(app.names(), ["app", "mx.dump", "out.tar.gz"]);
}

#[test]
fn a_conversion_says_what_convert_dump_says() {
    let app = App::new();
    let dump = fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("data/pgdump/pg17-lo-acl.dump")).unwrap();
    fs::write(app.path("new.dump"), dump).unwrap();
    let Some((_, text, lines)) = app.run("convert_dump", &["new.dump", "converted.dump"]) else { return };
    let (code, _, messages) = app.pack(&["--database", "new.dump", "--convert-dump"]).unwrap();
    assert_eq!(code, 0, "{messages}");
    assert!(lines.contains("changed: entry") && text.contains("1.14"), "{lines}{text}");
    for line in lines.lines() {
        assert!(messages.contains(line), "{line} is not in {messages}");
    }
    let json_of = |name: &str, arguments: &[&str]| parsed(&app.run(name, arguments).unwrap().1);
    let converted = json_of("convert_dump", &["new.dump", "converted.dump", "--json"]);
    let packed = json_of("pack", &["--database", "new.dump", "--convert-dump", "--output", "out.tar.gz", "--json"]);
    for member in ["from", "to", "dropped", "edited", "expanded", "warnings", "entries_in", "entries_out"] {
        assert_eq!(packed["conversion"][member], converted[member], "{member}");
    }
    let (code, _, messages) = app.pack(&["--database", "new.dump", "--profile", "mendix-cloud-2021"]).unwrap();
    assert!(code == 1 && messages.contains("--convert-dump"), "{messages}");
}

#[test]
fn options_that_cannot_be_meant_are_refused() {
    let app = App::new();
    for arguments in [
        &["--database", "mx.dump", "--threads", "20000"][..],
        &["--database", "mx.dump", "--level", "0"],
        &["--database", "mx.dump", "--database-size", "10 furlongs"],
        &["--database", "mx.dump", "--root", "x"],
        &["--database", "mx.dump", "--spool-dir", "nowhere"],
        &["--database", "mx.dump", "--on-orphan", "perhaps"],
    ] {
        let Some((code, _, messages)) = app.pack(arguments) else { return };
        assert_eq!(code, 2, "{arguments:?}: {messages}");
    }
    assert_eq!(app.names(), ["app", "mx.dump"]);
}

#[test]
fn dump_that_is_given_as_files_is_refused_with_the_option_for_it() {
    let app = App::new();
    let Some((code, _, messages)) = app.pack(&["--files", "mx.dump"]) else { return };
    assert!(code == 1 && messages.contains("name a dump with --database"), "{messages}");
}

#[test]
fn bucket_is_refused_with_the_command_that_reads_it() {
    let app = App::new();
    let cases: [(&str, &[&str], &str); 4] = [
        ("pack", &["--files", "s3://b/x", "--output", "a b.tar.gz"], "--files s3://b/x --output 'a b.tar.gz'`"),
        (
            "pack",
            &["--database", "mx.dump", "--output", "gs://b/x.tar.gz"],
            "--database mx.dump --output gs://b/x.tar.gz`",
        ),
        ("unpack", &["az://b/x.tar.gz", "out"], "az://b/x.tar.gz out`"),
        ("check", &["https://host/x.tar.gz"], "https://host/x.tar.gz`"),
    ];
    for (name, arguments, rest) in cases {
        let Some((code, _, messages)) = app.run(name, arguments) else { return };
        let command = format!("run `cargo run --release -p appsnap-cloud --bin {name} -- {rest}");
        assert!(code == 2 && messages.contains(&command), "{arguments:?}: {messages}");
    }
    assert_eq!(app.names(), ["app", "mx.dump"]);
}

#[cfg(unix)]
#[test]
fn outputs_are_written_through_links_and_pipes_and_never_onto_inputs() {
    use std::os::unix::fs::symlink;

    let app = App::new();
    let Some(_) = example("pack") else { return };
    let pack = |output: &str| app.run("pack", &[&BOTH[..], &STATED, &["--output", output]].concat()).unwrap();
    let (code, _, messages) = pack("plain.tar.gz");
    assert_eq!(code, 0, "{messages}");
    let expected = fs::read(app.path("plain.tar.gz")).unwrap();

    fs::write(app.path("target.tar.gz"), "old").unwrap();
    symlink("target.tar.gz", app.path("link")).unwrap();
    let (code, _, messages) = pack("link");
    assert_eq!(code, 0, "{messages}");
    assert!(messages.contains("will be replaced"), "{messages}");
    assert!(app.path("link").is_symlink() && fs::read(app.path("target.tar.gz")).unwrap() == expected);

    symlink("mx.dump", app.path("to-input")).unwrap();
    fs::hard_link(app.path("mx.dump"), app.path("hard")).unwrap();
    for output in ["mx.dump", "to-input", "hard"] {
        let (code, _, messages) = pack(output);
        assert!(code == 2 && messages.contains("same file as an input"), "{output}: {messages}");
        assert_eq!(fs::read(app.path(output)).unwrap(), DUMP);
    }

    let Some(mkfifo) = tool("mkfifo") else { return };
    finish(Command::new(mkfifo).arg(app.path("pipe")));
    let pipe = app.path("pipe");
    let reader = std::thread::spawn(move || fs::read(pipe).unwrap());
    let (code, _, messages) = pack("pipe");
    assert_eq!(code, 0, "{messages}");
    assert!(reader.join().unwrap() == expected);

    // The archive, and nothing else, is on standard output.
    let output = app.command("pack", &[&BOTH[..], &STATED, &["--output", "-"]].concat()).unwrap().output().unwrap();
    assert!(output.status.success() && output.stdout == expected, "{}", stderr(&output));
    assert!(stderr(&output).contains("2 documents"));
}

#[cfg(unix)]
#[test]
fn a_pipe_of_the_shell_can_be_each_input() {
    let app = App::new();
    let (Some(pack), Some(tar)) = (example("pack"), tool("tar")) else { return };
    let stream = finish(Command::new(tar).arg("-C").arg(app.path("app/data/files")).args(["-cf", "-", "."]));
    let arguments = ["--files", "/dev/stdin", "--output", app.path("out.tar.gz").to_str().unwrap()].map(str::to_owned);
    let packed = run(&pack, &[&arguments[..], &["--profile".to_owned(), "format".to_owned()]].concat(), &stream);
    assert!(stdout(&packed).contains("2 documents"), "{}", stderr(&packed));
}
