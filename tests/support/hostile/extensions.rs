//! Group x: pax headers and GNU long names that rename, resize, repeat or contradict.

use super::extension::{global, long_name, long_name_of, member, pax, pax_raw, record};
use super::header::{BLOCK, Field, Header, base_256};
use super::plan::{DOCUMENT, METADATA, Part, Plan, sample_path};
use super::{Case, rejected};

pub fn cases() -> Vec<Case> {
    let mut cases = sizes();
    cases.extend(order());
    cases.extend(records());
    cases.extend(values());
    cases.extend(globals());
    cases.extend(long_names());
    cases.extend(paths());
    cases.extend(sparse());
    cases.extend(bounds());
    cases
}

fn before(extension: Vec<u8>) -> Plan {
    Plan::sample().extend(DOCUMENT, extension)
}

fn raw(payload: impl AsRef<[u8]>) -> Plan {
    before(pax_raw(payload.as_ref()))
}

fn sizes() -> Vec<Case> {
    let sized = |size: &str| before(pax(&[("size", size)]));
    // The header says nothing, the pax header says two blocks; they hold a member that a pax-blind program sees.
    let mut hidden = Plan::sample();
    let inner = Part::file("../../etc/cron.d/evil", "* * * * *").render();
    hidden.parts[DOCUMENT] =
        Part::new(Header::ustar(sample_path(0), 0), inner.clone()).behind(pax(&[("size", "1024")]));
    // The other way round: the header spans a member that a pax-aware program would see.
    let mut shown = Plan::sample();
    shown.parts[DOCUMENT] = Part::file(sample_path(0), inner).behind(pax(&[("size", "0")]));
    let with = |field: Vec<u8>, size: &str| {
        Plan::sample()
            .header(DOCUMENT, |header| header.with(Field::Size, field))
            .extend(DOCUMENT, pax(&[("size", size)]))
    };
    let folder = Part::directory("tree/").behind(pax(&[("size", "512")]));
    let mut cases = rejected(
        "ext-size-conflict",
        vec![
            ("x-size-hides-a-member", hidden),
            ("x-size-shows-a-member", shown),
            ("x-size-one-more", sized("8")),
            ("x-size-one-less", sized("6")),
            ("x-size-zero", sized("0")),
            ("x-size-next-member", sized("1024")),
            ("x-size-8-gib-over-a-small-header", sized("8589934592")),
            ("x-size-small-over-8-gib-header", with(base_256(0x80, 1 << 33, 12), "7")),
            ("x-size-small-over-a-zero-header", with(b"00000000000\0".to_vec(), "7")),
            ("x-size-small-over-an-unset-header", with(Vec::new(), "7")),
            ("x-size-on-a-directory", Plan::sample().insert(0, folder)),
        ],
    )
    .collect::<Vec<_>>();
    let huge = |name: &str, field: Vec<u8>| {
        Case::reject(name, "tar-truncated", with(field, "8589934592").gz())
            .limits(|limits| limits.with_max_total_bytes(16 << 30))
    };
    cases.extend([
        huge("x-size-8-gib-of-nothing-over-zero", b"00000000000\0".to_vec()),
        huge("x-size-8-gib-of-nothing-over-the-octal-maximum", b"77777777777\0".to_vec()),
        huge("x-size-8-gib-of-nothing-over-an-unset-header", Vec::new()),
    ]);
    cases
}

fn order() -> Vec<Case> {
    let path = sample_path(0);
    let other = long_name_of(".metadata");
    let at_end = |extension: Vec<u8>| {
        let mut plan = Plan::sample();
        plan.end = [extension, plan.end].concat();
        plan
    };
    let over_end = Plan::sample()
        .ending([pax(&[("path", "x")]), vec![0; 2 * BLOCK], Part::file("y", "").render(), vec![0; 2 * BLOCK]].concat());
    let label = Part::bare(Header::gnu("label", 0).of_type(b'V'));
    let mut cases = rejected(
        "ext-mixed",
        vec![
            ("x-pax-then-long-name", before([pax(&[("path", &path)]), long_name_of(&path)].concat())),
            ("x-long-name-then-pax", before([long_name_of(&path), pax(&[("path", &path)])].concat())),
            ("x-pax-size-for-a-long-name", before([pax(&[("size", "512")]), other].concat())),
            ("x-empty-pax-then-long-name", before([pax(&[]), long_name_of(&path)].concat())),
            ("x-pax-global-long-name", before([pax(&[]), global(&[]), long_name_of(&path)].concat())),
        ],
    )
    .collect::<Vec<_>>();
    cases.extend(rejected(
        "ext-duplicate",
        vec![
            ("x-two-pax-headers", before([pax(&[("uid", "1")]), pax(&[("uid", "1")])].concat())),
            ("x-two-empty-pax-headers", before([pax(&[]), pax(&[])].concat())),
            ("x-two-pax-headers-around-a-global", before([pax(&[]), global(&[]), pax(&[])].concat())),
            ("x-two-long-names", before([long_name_of(&path), long_name_of(&path)].concat())),
            ("x-path-twice", before(pax(&[("path", &path), ("path", "../evil")]))),
            ("x-path-twice-the-same", before(pax(&[("path", &path), ("path", &path)]))),
            ("x-size-twice", before(pax(&[("size", "7"), ("size", "9")]))),
            ("x-size-twice-the-same", before(pax(&[("size", "7"), ("size", "7")]))),
        ],
    ));
    cases.extend(rejected(
        "ext-dangling",
        vec![
            ("x-pax-at-the-end", at_end(pax(&[("path", &path)]))),
            ("x-empty-pax-at-the-end", at_end(pax(&[]))),
            ("x-long-name-at-the-end", at_end(long_name_of(&path))),
            ("x-global-at-the-end", at_end(global(&[("comment", "the end")]))),
            ("x-pax-over-the-end", over_end),
            ("x-pax-before-a-label", Plan::sample().insert(0, label.clone().behind(pax(&[])))),
            ("x-long-name-before-a-label", Plan::sample().insert(0, label.behind(long_name_of("label")))),
        ],
    ));
    cases
}

fn records() -> Vec<Case> {
    rejected(
        "ext-malformed",
        vec![
            ("x-record-without-line-feed", raw("8 size=7")),
            ("x-record-length-too-long", raw("90 size=7\n")),
            ("x-record-length-one-too-long", raw("11 size=7\n")),
            ("x-record-length-one-too-short", raw("8 size=7\n")),
            ("x-record-length-only-itself", raw("2 size=7\n")),
            ("x-record-length-zero", raw("0 size=7\n")),
            ("x-record-length-minus", raw("-9 size=7\n")),
            ("x-record-length-plus", raw("+9 size=7\n")),
            ("x-record-length-hex", raw("0x9 size=7\n")),
            ("x-record-length-leading-zero", raw("010 size=7\n")),
            ("x-record-length-leading-space", raw(" 10 size=7\n")),
            ("x-record-length-over-64-bits", raw("18446744073709551616 size=7\n")),
            ("x-record-length-missing", raw("size=7\n")),
            ("x-record-length-tab", raw("9\tsize=7\n")),
            ("x-record-without-equals", raw("7 size\n")),
            ("x-record-without-key", raw("5 =7\n")),
            ("x-record-empty", raw("3 \n")),
            ("x-record-nul-in-key", raw(record("si\0ze", "7"))),
            ("x-record-blank-before-the-key", raw(record(" path", "../../etc/cron.d/evil"))),
            ("x-record-tab-before-the-key", raw(record("\tGNU.sparse.name", "evil"))),
            ("x-record-key-not-utf8", raw(record(b"\xff\xfe", "7"))),
            ("x-record-charset-not-utf8", raw(record("hdrcharset", b"\x80INARY"))),
            ("x-record-then-nuls", raw([&record("uid", "1")[..], &[0; 16]].concat())),
            ("x-record-then-line-feed", raw([&record("uid", "1")[..], b"\n"].concat())),
            ("x-record-then-half", raw([&record("uid", "1")[..], b"20 comm"].concat())),
            ("x-record-nuls-only", raw([0; 64])),
            ("x-path-empty", before(pax(&[("path", "")]))),
            ("x-path-with-nul", raw(record("path", b"tree\0/../../etc/passwd"))),
            ("x-path-ends-in-nul", raw(record("path", format!("{}\0", sample_path(0))))),
        ],
    )
    .collect()
}

fn values() -> Vec<Case> {
    let row = |key: &'static str, what: &str, value: &str| {
        Case::reject(format!("x-{key}-{what}"), "ext-number", before(pax(&[(key, value)])).gz())
    };
    let sizes = [
        ("plus", "+7"),
        ("minus", "-7"),
        ("space-before", " 7"),
        ("space-trailing", "7 "),
        ("line-feed-trailing", "7\n"),
        ("nul-trailing", "7\0"),
        ("hex", "0x7"),
        ("octal-prefix", "0o7"),
        ("fraction", "7.0"),
        ("exponent", "7e0"),
        ("empty", ""),
        ("text", "seven"),
        ("full-width", "\u{ff17}"),
        ("2-to-63", "9223372036854775808"),
        ("2-to-64", "18446744073709551616"),
        ("2-to-64-and-7", "18446744073709551623"),
    ];
    let mut cases = sizes.map(|(what, value)| row("size", what, value)).into_iter().collect::<Vec<_>>();
    cases.extend([
        row("uid", "minus", "-1"),
        row("uid", "text", "root"),
        row("gid", "empty", ""),
        row("mtime", "text", "now"),
        row("mtime", "empty", ""),
        row("atime", "two-points", "1.2.3"),
        row("ctime", "hex", "0x10"),
        row("mtime", "plus", "+1"),
    ]);
    cases
}

fn globals() -> Vec<Case> {
    let in_front = |records: &[(&str, &str)]| Plan::sample().extend(METADATA, global(records));
    rejected(
        "ext-global",
        vec![
            ("x-global-path", in_front(&[("path", "db/db.backup")])),
            ("x-global-size", in_front(&[("size", "7")])),
            ("x-global-size-zero", in_front(&[("size", "0")])),
            ("x-global-linkpath", in_front(&[("linkpath", "/etc/passwd")])),
            ("x-global-path-after-others", in_front(&[("comment", "x"), ("path", "x")])),
            ("x-global-path-later", before(global(&[("path", "x")]))),
        ],
    )
    .collect()
}

fn long_names() -> Vec<Case> {
    let path = sample_path(0);
    let named = |payload: &[u8]| before(long_name(payload));
    let link = member(Header::gnu("././@LongLink", 12).of_type(b'K'), b"/etc/passwd\0");
    let mut cases = rejected(
        "ext-malformed",
        vec![
            ("x-long-name-empty", named(b"")),
            ("x-long-name-only-nul", named(b"\0")),
            ("x-long-name-nuls-first", named(format!("\0{path}\0").as_bytes())),
            ("x-long-name-suffix-after-nul", named(format!("{path}\0/../../etc/passwd\0").as_bytes())),
            ("x-long-name-line-feed-after-nul", named(format!("{path}\0\n").as_bytes())),
        ],
    )
    .collect::<Vec<_>>();
    cases.extend(rejected(
        "ext-unexpected",
        vec![
            ("x-long-link-on-a-file", before(link)),
            ("x-linkpath-on-a-file", before(pax(&[("linkpath", "/etc/passwd")]))),
            ("x-linkpath-empty-on-a-file", before(pax(&[("linkpath", "")]))),
            (
                "x-linkpath-on-a-directory",
                Plan::sample().insert(0, Part::directory("tree/").behind(pax(&[("linkpath", "x")]))),
            ),
        ],
    ));
    cases
}

fn paths() -> Vec<Case> {
    let path = sample_path(0);
    let renamed = |name: &str| {
        Plan::sample()
            .header(DOCUMENT, |header| header.with(Field::Name, name))
            .extend(DOCUMENT, pax(&[("path", &path)]))
    };
    let long = format!("tree/{}", "a".repeat(300));
    let cut = Plan::sample()
        .header(DOCUMENT, |header| header.with(Field::Name, &long[..100]))
        .extend(DOCUMENT, long_name_of(&long));
    let cut_pax = Plan::sample()
        .header(DOCUMENT, |header| header.with(Field::Name, &long[..100]))
        .extend(DOCUMENT, pax(&[("path", &long)]));
    let slashed = Part::file("tree/", "").behind(pax(&[("path", "tree")]));
    let mut cases = rejected(
        "ext-path-conflict",
        vec![
            ("x-path-of-another-document", before(pax(&[("path", &sample_path(1))]))),
            ("x-path-of-the-metadata", before(pax(&[("path", ".metadata")]))),
            ("x-path-with-dot-slash", before(pax(&[("path", &format!("./{path}"))]))),
            ("x-path-upper-case", before(pax(&[("path", &path.to_uppercase().replace("TREE", "tree"))]))),
            ("x-path-fine-header-traversal", renamed("../../../evil")),
            ("x-path-fine-header-empty", renamed("")),
            ("x-path-fine-header-elsewhere", renamed("evil")),
            ("x-long-name-of-another-document", before(long_name_of(&sample_path(2)))),
        ],
    )
    .collect::<Vec<_>>();
    cases.extend(rejected(
        "path-traversal",
        vec![
            ("x-path-traversal", before(pax(&[("path", "../../etc/cron.d/x")]))),
            ("x-path-absolute", before(pax(&[("path", "/etc/cron.d/x")]))),
            ("x-long-name-traversal", before(long_name_of("../../etc/cron.d/x"))),
        ],
    ));
    // To some programs a slash at the end makes a directory of whatever it is.
    cases.extend(rejected(
        "path-noncanonical",
        vec![
            ("x-path-slash-after-a-file", before(pax(&[("path", &format!("{path}/"))]))),
            ("x-long-name-slash-after-a-file", before(long_name_of(&format!("{path}/")))),
        ],
    ));
    cases.extend(rejected(
        "path-encoding",
        vec![
            ("x-path-not-utf8", raw(record("path", b"tree/\xff\xfe/aa/x"))),
            (
                "x-path-not-utf8-by-charset",
                raw([record("hdrcharset", "BINARY"), record("path", b"tree/\xff")].concat()),
            ),
            ("x-path-control", before(pax(&[("path", "tree/\x1b[2J")]))),
            ("x-long-name-not-utf8", before(long_name(b"tree/\xc3\x28\0"))),
        ],
    ));
    cases.extend(rejected(
        "path-layout",
        vec![
            ("x-long-name-completes-a-cut-name", cut),
            ("x-path-completes-a-cut-name", cut_pax),
            ("x-path-without-the-slash-of-a-file", Plan::sample().insert(0, slashed)),
            ("x-path-bidi", before(pax(&[("path", "tree/\u{202e}gpj.exe")]))),
        ],
    ));
    cases
}

fn sparse() -> Vec<Case> {
    let with = |records: &[(&str, &str)]| before(pax(records));
    rejected(
        "type-sparse",
        vec![
            (
                "x-sparse-0-0",
                with(&[
                    ("GNU.sparse.size", "7"),
                    ("GNU.sparse.numblocks", "1"),
                    ("GNU.sparse.offset", "0"),
                    ("GNU.sparse.numbytes", "7"),
                ]),
            ),
            ("x-sparse-0-1", with(&[("GNU.sparse.map", "0,7"), ("GNU.sparse.size", "7")])),
            (
                "x-sparse-1-0",
                with(&[("GNU.sparse.major", "1"), ("GNU.sparse.minor", "0"), ("GNU.sparse.realsize", "7")]),
            ),
            ("x-sparse-orphan-name", with(&[("GNU.sparse.name", "db/db.backup")])),
            ("x-sparse-orphan-realsize", with(&[("GNU.sparse.realsize", "512")])),
            ("x-sparse-of-star", with(&[("SCHILY.realsize", "512")])),
            ("x-sparse-of-solaris", with(&[("SUN.holesdata", " 0 512")])),
            ("x-sparse-global", Plan::sample().extend(METADATA, global(&[("GNU.sparse.name", "x")]))),
        ],
    )
    .chain(rejected(
        "type-unsupported",
        vec![
            ("x-volume-continued", with(&[("GNU.volume.filename", "x"), ("GNU.volume.offset", "512")])),
            ("x-dump-directory", with(&[("GNU.dumpdir", "Yfile\0")])),
        ],
    ))
    .collect()
}

fn bounds() -> Vec<Case> {
    let claims = |flag: u8, size: u64| {
        before(Header::gnu("x", 0).with(Field::Size, format!("{size:012o}")).of_type(flag).render().to_vec())
    };
    let exabyte =
        before(Header::ustar("x", 0).with(Field::Size, base_256(0x80, 1 << 60, 12)).of_type(b'x').render().to_vec());
    let comment = "c".repeat(400_000);
    let chain = |count: usize| (0..count).fold(Plan::sample(), |plan, _| plan.extend(METADATA, global(&[])));
    let three = (0..3).fold(Plan::sample(), |plan, _| plan.extend(METADATA, global(&[("comment", &comment)])));
    rejected(
        "limit-ext",
        vec![
            ("x-pax-claims-4-gib", claims(b'x', 4 << 30)),
            ("x-global-claims-4-gib", claims(b'g', 4 << 30)),
            ("x-long-name-claims-4-gib", claims(b'L', 4 << 30)),
            ("x-pax-claims-1-eib", exabyte),
            ("x-pax-one-byte-over", before(pax_raw(&vec![b'x'; (1 << 20) + 1]))),
            ("x-long-name-2-mib", before(long_name(&vec![b'x'; 2 << 20]))),
            ("x-three-globals-over-1-mib", three),
            ("x-seventeen-globals", chain(17)),
            ("x-five-thousand-globals", chain(5000)),
        ],
    )
    .collect()
}
