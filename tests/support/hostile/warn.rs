//! Group w: what a careful writer does not do, but every program reads alike.

use super::extension::member;
use super::header::{BLOCK, Field, Header};
use super::plan::{DATABASE, DOCUMENT, METADATA, Part, Plan, sample_path};
use super::{Case, warned};

pub fn cases() -> Vec<Case> {
    let mut cases = junk();
    cases.extend(headers());
    cases.extend(names());
    cases.extend(contents());
    cases
}

fn junk() -> Vec<Case> {
    let beside = |name: &str| Plan::sample().insert(METADATA, Part::file(name, [0, 5, 0x16, 7]));
    let label = |header: Header| Part::bare(header.of_type(b'V'));
    let real_label = Part::bare(
        [Field::Mode, Field::Uid, Field::Gid, Field::Size, Field::Type]
            .into_iter()
            .fold(Header::v7("nightly backup", 0), |header, field| header.with(field, b""))
            .of_type(b'V'),
    );
    let long_path = format!("tree/f1/12/._{}", super::plan::IDS[0]);
    let mut cases = warned(
        "appledouble-skipped",
        vec![
            ("w-appledouble", beside("._.metadata")),
            ("w-appledouble-of-the-top", beside("./._.")),
            ("w-appledouble-of-the-database", beside("db/._db.backup")),
            ("w-appledouble-of-a-folder", beside("tree/._f1")),
            ("w-appledouble-of-a-document", beside(&long_path)),
            ("w-appledouble-large", Plan::sample().push(Part::file("._db", vec![7; 100_000]))),
            ("w-appledouble-twice", beside("._db").push(Part::file("._db", ""))),
        ],
    )
    .collect::<Vec<_>>();
    cases.extend(warned(
        "junk-skipped",
        vec![
            ("w-ds-store", beside(".DS_Store")),
            ("w-ds-store-dot-slash", beside("./.DS_Store")),
            ("w-ds-store-in-tree", beside("tree/f1/.DS_Store")),
            ("w-label-of-gnu-tar", Plan::sample().insert(0, real_label.clone())),
            ("w-label-posix", Plan::sample().insert(0, label(Header::ustar("label", 0)))),
            ("w-label-gnu", Plan::sample().insert(0, label(Header::gnu("label", 0)))),
            ("w-label-size-unset", Plan::sample().insert(0, label(Header::gnu("label", 0).with(Field::Size, b"")))),
            ("w-label-without-name", Plan::sample().insert(0, label(Header::gnu("", 0)))),
            ("w-label-hostile-name", Plan::sample().insert(0, label(Header::gnu("../../\x1b[2J\n", 0)))),
            ("w-label-in-the-middle", Plan::sample().insert(DOCUMENT, real_label.clone())),
            ("w-label-at-the-end", Plan::sample().push(real_label)),
        ],
    ));
    cases
}

fn headers() -> Vec<Case> {
    let mode = |digits: &'static str| Plan::sample().header(DATABASE, |header| header.with(Field::Mode, digits));
    let with = |field, bytes: &[u8]| Plan::sample().header(METADATA, |header| header.with(field, bytes));
    let slashed =
        |change: &dyn Fn(Header) -> Header| Plan::sample().insert(0, Part::bare(change(Header::ustar("tree/", 0))));
    let mut cases = warned(
        "mode-bits-ignored",
        vec![
            ("w-setuid", mode("0004755\0")),
            ("w-setgid", mode("0002755\0")),
            ("w-sticky", mode("0001777\0")),
            ("w-all-special-bits", mode("0107777\0")),
            (
                "w-setgid-directory",
                Plan::sample()
                    .insert(0, Part::bare(Header::ustar("tree/", 0).of_type(b'5').with(Field::Mode, b"0002755\0"))),
            ),
        ],
    )
    .collect::<Vec<_>>();
    cases.extend(warned(
        "type-treated-as-file",
        vec![
            ("w-contiguous", Plan::sample().headers(|header| header.of_type(b'7'))),
            ("w-contiguous-gnu", Plan::sample().header(DOCUMENT, |header| header.into_gnu().of_type(b'7'))),
        ],
    ));
    cases.extend(warned(
        "type-treated-as-directory",
        vec![
            ("w-slashed-file", slashed(&|header| header)),
            ("w-slashed-file-gnu", slashed(&Header::into_gnu)),
            ("w-slashed-file-typeflag-nul", slashed(&|header| header.of_type(0))),
        ],
    ));
    cases.extend(warned(
        "ignored-field-malformed",
        vec![
            ("w-bytes-after-name", with(Field::Name, b".metadata\0\0\0junk")),
            ("w-path-after-name", with(Field::Name, b".metadata\0/../../etc/passwd")),
            ("w-bytes-after-prefix", with(Field::Prefix, b"\0db")),
            ("w-bytes-after-owner", with(Field::UserName, b"root\0junk")),
            ("w-bytes-after-group", with(Field::GroupName, b"\0junk")),
            ("w-link-name-on-a-file", with(Field::LinkName, b"/etc/passwd")),
            ("w-bytes-in-the-padding", with(Field::Pad, b"padding")),
        ],
    ));
    cases
}

fn names() -> Vec<Case> {
    let named = |name: String| Plan::sample().header(DOCUMENT, |header| header.with(Field::Name, name));
    let [id, ..] = super::plan::IDS;
    let flat = (0..3).fold(Plan::sample(), |plan, index| {
        plan.header(DOCUMENT + index, |header| header.with(Field::Name, format!("tree/{}", super::plan::IDS[index])))
    });
    let mut cases = warned(
        "flat-tree",
        vec![
            ("w-flat-document", named(format!("tree/{id}"))),
            ("w-flat-document-dot-slash", named(format!("./tree/{id}"))),
            ("w-flat-document-upper-case", named(format!("tree/{}", id.to_uppercase()))),
            ("w-flat-tree", flat),
        ],
    )
    .collect::<Vec<_>>();
    cases.extend(warned(
        "shard-letter-case",
        vec![
            ("w-upper-case-shard", named(format!("tree/F1/12/{id}"))),
            ("w-upper-case-uuid", named(format!("tree/f1/12/{}", id.to_uppercase()))),
        ],
    ));
    cases
}

fn contents() -> Vec<Case> {
    let no_database = Plan::with_metadata(super::plan::metadata(0, 798)).without(DATABASE);
    let row =
        |name: &str, reason, plan: Plan, documents: usize| Case::warn(name, reason, plan.gz()).documents(documents);
    let lone = Plan::sample().ending(vec![0; BLOCK]);
    let bare_lone = Case::warn("w-lone-zero-block-bare-tar", "short-end-marker", lone.tar());
    let neither = Plan::with_metadata(super::plan::metadata(0, 0));
    let neither = (0..4).fold(neither, |plan, _| plan.without(DATABASE));
    let several = Plan::sample()
        .insert(0, Part::file("._.", ""))
        .header(DATABASE, |header| header.with(Field::Mode, b"0004644\0"))
        .ending(vec![0; BLOCK]);
    let hidden = member(Header::ustar("._x", 0).of_type(b'7'), b"");
    vec![
        row("w-lone-zero-block", "short-end-marker", lone, 3),
        bare_lone,
        row("w-no-database", "database-missing", no_database.clone(), 3),
        row("w-neither-database-nor-documents", "database-missing", neither, 0),
        row("w-neither-database-nor-metadata", "database-missing,metadata-missing", no_database.without(METADATA), 3),
        row("w-three-things-at-once", "appledouble-skipped,mode-bits-ignored,short-end-marker", several, 3),
        row(
            "w-contiguous-junk",
            "appledouble-skipped,type-treated-as-file",
            Plan::sample().extend(METADATA, hidden),
            3,
        ),
        row("w-document-left-out", "metadata-size-mismatch", Plan::sample().without(DOCUMENT), 2),
        row(
            "w-document-not-counted",
            "metadata-size-mismatch",
            Plan::sample().push(Part::file(sample_path(0).replace("f112", "f113").replace("/12/", "/13/"), "more")),
            4,
        ),
    ]
}
