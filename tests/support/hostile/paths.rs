//! Group p: names that lead out, deceive, or are simply none of a snapshot's.

use super::header::{Field, Header};
use super::plan::{DATABASE, DOCUMENT, IDS, METADATA, Part, Plan, sample_path};
use super::{Case, rejected};

pub fn cases() -> Vec<Case> {
    let mut cases = traversal();
    cases.extend(encoding());
    cases.extend(spelling());
    cases.extend(layout());
    cases.extend(documents());
    cases.extend(duplicates());
    cases
}

/// The sample and one more file, of this name.
fn added(name: impl AsRef<[u8]>) -> Plan {
    Plan::sample().push(Part::file(name, "x"))
}

/// The sample with its first document renamed.
fn renamed(name: impl AsRef<[u8]>) -> Plan {
    Plan::sample().header(DOCUMENT, |header| header.with(Field::Name, name))
}

fn traversal() -> Vec<Case> {
    let path = sample_path(0);
    let prefixed = Plan::sample().push(Part::bare(Header::ustar("evil", 0).with(Field::Prefix, "../..")));
    let absolute = Plan::sample().push(Part::bare(Header::ustar("etc/passwd", 0).with(Field::Prefix, "/")));
    rejected(
        "path-traversal",
        vec![
            ("p-parent", added("../evil")),
            ("p-parents", added("../../../../tmp/evil")),
            ("p-parent-inside", added("tree/0d/3e/../../../evil")),
            ("p-parent-and-back", renamed(format!("tree/../{path}"))),
            ("p-parent-alone", added("..")),
            ("p-parent-after-dot", added("./../evil")),
            ("p-parent-at-the-end", added("tree/0d/3e/..")),
            ("p-parent-directory", Plan::sample().push(Part::directory("../"))),
            ("p-parent-directory-inside", Plan::sample().push(Part::directory("tree/../../"))),
            ("p-parent-in-prefix", prefixed),
            ("p-absolute", added("/etc/passwd")),
            ("p-absolute-prefix", absolute),
            ("p-absolute-valid-tail", renamed(format!("/{path}"))),
            ("p-absolute-directory", Plan::sample().push(Part::directory("/"))),
            ("p-absolute-twice", added("//server/share/x")),
            ("p-parent-of-appledouble", added("../._x")),
        ],
    )
    .collect()
}

fn encoding() -> Vec<Case> {
    let path = sample_path(0);
    rejected(
        "path-encoding",
        vec![
            ("p-backslash", added("tree\\0d\\3e")),
            ("p-backslash-traversal", added("..\\..\\evil")),
            ("p-mixed-separators", added("tree/0d\\..\\..\\evil")),
            ("p-unc", added("\\\\server\\share")),
            ("p-drive-absolute", added("C:\\Windows\\evil.dll")),
            ("p-not-utf8", added(b"tree/\xff\xfe/3e/x")),
            ("p-not-utf8-latin-1", added(b"tree/caf\xe9")),
            ("p-overlong-slash", added(b"..\xc0\xaf..\xc0\xafevil")),
            ("p-surrogate", added(b"tree/\xed\xa0\x80")),
            ("p-line-feed", added("tree/0d/3e/x\ny")),
            ("p-carriage-return", added("tree/0d/3e/x\ry")),
            ("p-tab", added("tree/0d/3e/x\ty")),
            ("p-line-feed-after-a-document", renamed(format!("{path}\n"))),
            ("p-terminal-escape", added("tree/\x1b]0;owned\x07")),
            ("p-bell", added("\x07")),
            ("p-delete", added("tree/\x7f")),
            ("p-c1-control", added("tree/\u{9b}2J")),
            ("p-next-line", added("tree/\u{85}")),
        ],
    )
    .collect()
}

fn spelling() -> Vec<Case> {
    let path = sample_path(0);
    rejected(
        "path-noncanonical",
        vec![
            ("p-empty", added("")),
            ("p-dot-file", added(".")),
            ("p-dot-inside", renamed(format!("tree/.{}", &path[4..]))),
            ("p-dot-at-the-end", added("tree/.")),
            ("p-dot-twice", renamed(format!("././{path}"))),
            ("p-slash-twice", renamed(path.replacen('/', "//", 1))),
            ("p-slash-twice-after-dot", renamed(format!(".//{path}"))),
            ("p-directory-two-slashes", Plan::sample().push(Part::directory("tree//"))),
            ("p-directory-dot-twice", Plan::sample().push(Part::directory("././"))),
            ("p-directory-dot-inside", Plan::sample().push(Part::directory("tree/./f1/"))),
        ],
    )
    .collect()
}

fn layout() -> Vec<Case> {
    let renamed_at = |at: usize, name: &str| Plan::sample().header(at, |header| header.with(Field::Name, name));
    let folder = |name: &str| Plan::sample().insert(0, Part::directory(name));
    let down = (0..Plan::sample().parts.len())
        .fold(Plan::sample(), |plan, at| plan.header(at, |header| header.with(Field::Prefix, "snapshot")));
    let rows: Vec<(&str, Plan)> = vec![
        ("p-drive", added("C:")),
        ("p-drive-relative", added("C:db/db.backup")),
        ("p-alternate-stream", renamed_at(METADATA, ".metadata:evil")),
        ("p-alternate-stream-data", renamed_at(METADATA, ".metadata::$DATA")),
        ("p-home", added("~/evil")),
        ("p-variable", added("$HOME/evil")),
        ("p-percent-encoded", added("%2e%2e/evil")),
        ("p-option", added("--checkpoint-action=exec=sh")),
        ("p-reserved-name", added("tree/co/n/con")),
        ("p-reserved-nul", added("NUL")),
        ("p-bidi", added("tree/0d/3e/\u{202e}gpj.exe")),
        ("p-zero-width", renamed_at(METADATA, ".meta\u{200b}data")),
        ("p-full-width", renamed_at(DATABASE, "\u{ff44}\u{ff42}/db.backup")),
        ("p-combining", renamed_at(METADATA, ".metadata\u{301}")),
        ("p-cyrillic", renamed_at(METADATA, ".metad\u{430}ta")),
        ("p-kelvin-sign", renamed_at(DATABASE, "db/db.bac\u{212a}up")),
        ("p-metadata-upper-case", renamed_at(METADATA, ".METADATA")),
        ("p-metadata-without-dot", renamed_at(METADATA, "metadata")),
        ("p-metadata-suffix", renamed_at(METADATA, ".metadata.json")),
        ("p-metadata-trailing-space", renamed_at(METADATA, ".metadata ")),
        ("p-metadata-trailing-dot", renamed_at(METADATA, ".metadata.")),
        ("p-metadata-below", added(".metadata/x")),
        ("p-database-upper-case", renamed_at(DATABASE, "DB/DB.BACKUP")),
        ("p-database-folder-case", renamed_at(DATABASE, "Db/db.backup")),
        ("p-database-without-folder", renamed_at(DATABASE, "db.backup")),
        ("p-database-sql", renamed_at(DATABASE, "db/db.sql")),
        ("p-database-second", added("db/other.backup")),
        ("p-database-below", added("db/db.backup/x")),
        ("p-database-deeper", renamed_at(DATABASE, "db/db/db.backup")),
        ("p-everything-one-down", down),
        ("p-foreign-file", added("README.md")),
        ("p-foreign-directory", folder("etc/")),
        ("p-foreign-directory-below", folder("db/x/")),
        ("p-shard-not-hex", folder("tree/zz/")),
        ("p-shard-one-digit", folder("tree/f/")),
        ("p-shard-three-digits", folder("tree/f11/")),
        ("p-shard-signed", folder("tree/+f/")),
        ("p-three-shards", folder("tree/f1/12/d8/")),
        ("p-macosx-folder", added("__MACOSX/._x")),
        ("p-appledouble-elsewhere", added("foo/._bar")),
        ("p-appledouble-below-a-document", added(format!("{}/._x", sample_path(0)))),
        ("p-thumbs-db", added("Thumbs.db")),
        ("p-ds-store-case", added(".ds_store")),
        ("p-git", added(".git/hooks/post-checkout")),
    ];
    rejected("path-layout", rows).collect()
}

fn documents() -> Vec<Case> {
    let [id, ..] = IDS;
    let rows: Vec<(&str, String)> = vec![
        ("p-shard-wrong", format!("tree/aa/bb/{id}")),
        ("p-shard-first-wrong", format!("tree/f2/12/{id}")),
        ("p-shard-second-wrong", format!("tree/f1/13/{id}")),
        ("p-shards-swapped", format!("tree/12/f1/{id}")),
        ("p-shard-missing-second", format!("tree/f1/{id}")),
        ("p-shard-third", format!("tree/f1/12/d8/{id}")),
        ("p-shard-four-digits", format!("tree/f112/{id}")),
        ("p-tree-missing", format!("f1/12/{id}")),
        ("p-tree-upper-case", format!("TREE/f1/12/{id}")),
        ("p-tree-named-files", format!("files/f1/12/{id}")),
        ("p-uuid-not-one", "tree/no/tu/notuuid".to_owned()),
        ("p-uuid-without-dashes", format!("tree/f1/12/{}", id.replace('-', ""))),
        ("p-uuid-in-braces", format!("tree/f1/12/{{{id}}}")),
        ("p-uuid-urn", format!("tree/f1/12/urn:uuid:{id}")),
        ("p-uuid-dashes-moved", "tree/f1/12/f112d82-01018-5452-ba14-de0fdd149386".to_owned()),
        ("p-uuid-short", format!("tree/f1/12/{}", &id[..35])),
        ("p-uuid-long", format!("tree/f1/12/{id}0")),
        ("p-uuid-not-hex", format!("tree/f1/12/{}g", &id[..35])),
        ("p-uuid-extension", format!("tree/f1/12/{id}.txt")),
        ("p-uuid-trailing-dot", format!("tree/f1/12/{id}.")),
        ("p-uuid-trailing-space", format!("tree/f1/12/{id} ")),
        ("p-uuid-alternate-stream", format!("tree/f1/12/{id}:x")),
        ("p-below-a-document", format!("tree/f1/12/{id}/x")),
        ("p-numeric-name", "tree/00/12345".to_owned()),
        ("p-thumbnail", format!("tree/f1/12/{id}_thumb")),
        ("p-full-width-digit", format!("tree/f1/12/{}\u{ff16}", &id[..35])),
    ];
    rows.into_iter().map(|(name, path)| Case::reject(name, "path-layout", renamed(path).gz())).collect()
}

fn duplicates() -> Vec<Case> {
    let path = sample_path(0);
    let [id, ..] = IDS;
    let again = |name: &str| Plan::sample().push(Part::file(name, "content"));
    let metadata = Plan::sample().parts[METADATA].clone();
    let database = Plan::sample().parts[DATABASE].clone();
    rejected(
        "path-duplicate",
        vec![
            ("p-twice", again(&path)),
            ("p-twice-at-once", Plan::sample().insert(DOCUMENT, Plan::sample().parts[DOCUMENT].clone())),
            ("p-twice-with-dot-slash", again(&format!("./{path}"))),
            ("p-twice-upper-case", again(&format!("tree/F1/12/{}", id.to_uppercase()))),
            ("p-twice-shard-case", again(&format!("tree/F1/12/{id}"))),
            ("p-twice-flat", again(&format!("tree/{id}"))),
            ("p-twice-empty-first", Plan::sample().insert(0, Part::file(&path, ""))),
            ("p-metadata-twice", Plan::sample().push(metadata.clone())),
            ("p-metadata-twice-dot-slash", Plan::sample().push(Part::file("./.metadata", metadata.payload))),
            ("p-database-twice", Plan::sample().push(database.clone())),
            (
                "p-database-twice-by-prefix",
                Plan::sample().push(Part::new(
                    Header::ustar("db.backup", database.payload.len() as u64).with(Field::Prefix, "db"),
                    database.payload,
                )),
            ),
        ],
    )
    .collect()
}
