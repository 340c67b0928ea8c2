//! From a live database and a files folder to a snapshot that other programs read, and back into a database.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use appsnap::DocumentId;
use tempfile::tempdir;

use super::{example, run, stdout};
use crate::support::app::{DUMP, document_path, make_files};
use crate::support::postgres::Postgres;
use crate::support::tools::finish;
use crate::support::tools::tool;

/// Content of each file below a folder, by its path there.
type Files = BTreeMap<String, Vec<u8>>;

fn files_below(folder: &Path) -> Files {
    let mut files = Files::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(inner) = folders.pop() {
        for entry in fs::read_dir(inner).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().to_str().unwrap().to_owned();
                files.insert(name, fs::read(path).unwrap());
            }
        }
    }
    files
}

/// A database as an app has it: a row for each document, and a table of other data.
fn fill_database(server: &Postgres, name: &str, documents: &[(DocumentId, Vec<u8>)]) {
    let mut sql = String::from(
        r#"create table "system$filedocument" (
               id bigint primary key, name varchar(400), __uuid__ varchar(36) unique, hascontents boolean, size bigint
           );
           create table "shop$order" as
               select number as id, md5(number::text) as customer, E'tab\there, newline\nthere, «één»' as remark
               from generate_series(1, 2000) as number;
           insert into "system$filedocument" values "#,
    );
    for (number, (id, content)) in documents.iter().enumerate() {
        let comma = if number == 0 { "" } else { "," };
        write!(sql, "{comma} ({number}, 'file {number}', '{id}', true, {})", content.len()).unwrap();
    }
    server.create_database(name);
    server.sql(name, &sql);
}

fn rows(server: &Postgres, database: &str) -> Vec<String> {
    ["system$filedocument", "shop$order"]
        .map(|table| server.sql(database, &format!(r#"select * from "{table}" order by id"#)))
        .to_vec()
}

#[test]
fn live_database_and_files_come_back_unchanged() {
    let (Some(pack), Some(unpack), Some(server)) = (example("pack"), example("unpack"), Postgres::shared()) else {
        return;
    };
    let folder = tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let documents = make_files(&folder.path().join("files"), 300);
    fill_database(&server, "round_trip", &documents);

    // Through a pipe, as an operator would do it: the dump then states no offsets.
    let dump = server.run("pg_dump", &["-O", "-x", "-Fc", "round_trip"]);
    let arguments = ["--database", "-", "--files", &path("files"), "--output", &path("backup.tar.gz")];
    stdout(&run(&pack, &arguments, &dump));
    stdout(&run(&unpack, &[path("backup.tar.gz"), path("restored")], b""));

    assert_eq!(files_below(&folder.path().join("restored/files")), files_below(&folder.path().join("files")));
    server.create_database("round_trip_restored");
    server.run("pg_restore", &["-e", "-d", "round_trip_restored", &path("restored/db.backup")]);
    assert_eq!(rows(&server, "round_trip_restored"), rows(&server, "round_trip"));
    let listed = server.sql("round_trip_restored", r#"select __uuid__ from "system$filedocument" where hascontents"#);
    for id in listed.lines() {
        assert!(document_path(&folder.path().join("restored/files"), id.parse().unwrap()).is_file(), "{id}");
    }
}

/// A program that reads archives: its name, and its arguments to list, to extract into the current folder, or `None`.
struct Witness {
    program: &'static str,
    list: &'static [&'static str],
    extract: &'static [&'static str],
}

const PYTHON_LIST: &str = "import sys, tarfile\nfor m in tarfile.open(sys.argv[1]): print(m.name)";
const PYTHON_EXTRACT: &str = "import sys, tarfile\ntarfile.open(sys.argv[1]).extractall()";

const WITNESSES: [Witness; 4] = [
    Witness { program: "tar", list: &["-tzf"], extract: &["-xzf"] },
    Witness { program: "bsdtar", list: &["-tf"], extract: &["-xf"] },
    Witness { program: "busybox", list: &["tar", "-tzf"], extract: &["tar", "-xzf"] },
    Witness { program: "python3", list: &["-c", PYTHON_LIST], extract: &["-c", PYTHON_EXTRACT] },
];

#[test]
fn other_programs_read_the_same_members_in_a_packed_archive() {
    let Some(pack) = example("pack") else { return };
    let folder = tempdir().unwrap();
    let archive = folder.path().join("backup.tar.gz");
    let documents = make_files(&folder.path().join("files"), 300);
    let dump = folder.path().join("mx.dump");
    fs::write(&dump, DUMP).unwrap();
    let arguments: [&Path; 8] = [
        "--database".as_ref(),
        &dump,
        "--files".as_ref(),
        &folder.path().join("files"),
        "--output".as_ref(),
        &archive,
        "--profile".as_ref(),
        "format".as_ref(),
    ];
    stdout(&run(&pack, &arguments, b""));

    let tree: Vec<_> = documents.iter().map(|(id, content)| (document_path("tree".as_ref(), *id), content)).collect();
    let names =
        [".metadata".into(), "db/db.backup".into()].into_iter().chain(tree.iter().map(|(path, _)| path.clone()));
    let names: Vec<PathBuf> = names.collect();
    if let Some(gzip) = tool("gzip") {
        finish(Command::new(gzip).arg("-t").arg(&archive));
    }
    for Witness { program, list, extract } in WITNESSES {
        let Some(tool) = tool(program) else { continue };
        let listed = String::from_utf8(finish(Command::new(&tool).args(list).arg(&archive))).unwrap();
        assert_eq!(listed.lines().map(PathBuf::from).collect::<Vec<_>>(), names, "{program}");

        let into = folder.path().join(program);
        fs::create_dir(&into).unwrap();
        finish(Command::new(&tool).current_dir(&into).args(extract).arg(&archive));
        let mut files = files_below(&into);
        assert!(files.remove(".metadata").is_some(), "{program}");
        assert_eq!(files.remove("db/db.backup").as_deref(), Some(DUMP), "{program}");
        let expected: Files =
            tree.iter().map(|(path, content)| (path.to_str().unwrap().to_owned(), (*content).clone())).collect();
        assert!(files == expected, "{program}");
    }
}
