//! Group d: archives in good order whose `db/db.backup` is not a dump that the platform takes.

use super::dump::{Dump, small};
use super::plan::Plan;
use super::{Case, gzip};

pub fn cases() -> Vec<Case> {
    let row = |name: &str, reason, dump: &[u8]| Case::reject(name, reason, Plan::with_dump(dump).gz());
    let bent = |change: fn(&mut Dump)| {
        let mut dump = Dump::default();
        change(&mut dump);
        dump.render()
    };
    let whole = small();
    let find = |text: &[u8]| whole.windows(text.len()).rposition(|window| window == text).unwrap();
    // The database's name is the header's first string; the count of entries follows the last.
    let name_at = find(b"\0\x03\0\0\0app\0\x05\0\0\x0013.23");
    let count_at = find(b"13.23") + 5;
    let claims = |at: usize, int: [u8; 5]| [&whole[..at], &int, &whole[at + 5..]].concat();
    vec![
        row("d-empty", "db-format", b""),
        row("d-text", "db-format", b"--\n-- PostgreSQL database dump\n--\n\n"),
        row("d-zip", "db-format", b"PK\x03\x04 and so on"),
        row("d-gzipped", "db-format", &gzip::member(&whole)),
        row("d-utf-16", "db-format", b"\xff\xfeP\0G\0D\0M\0P\0"),
        row("d-lower-case-magic", "db-format", &bent(|dump| dump.magic = b"pgdmp")),
        row("d-format-tar", "db-format", &bent(|dump| dump.format = 3)),
        row("d-format-directory", "db-format", &bent(|dump| dump.format = 5)),
        row("d-cut-in-the-magic", "db-truncated", &whole[..3]),
        row("d-cut-in-the-version", "db-truncated", &whole[..6]),
        row("d-cut-in-the-header", "db-truncated", &whole[..30]),
        row("d-cut-in-the-contents", "db-truncated", &whole[..200]),
        row("d-version-1-15", "db-version", &bent(|dump| dump.version = [1, 15, 0])),
        row("d-version-1-16", "db-version", &bent(|dump| dump.version = [1, 16, 0])),
        row("d-version-2-0", "db-version", &bent(|dump| dump.version[0] = 2)),
        row("d-version-255", "db-version", &bent(|dump| dump.version = [255, 255, 255])),
        row("d-int-size-0", "db-header", &bent(|dump| dump.int_size = 0)),
        row("d-int-size-255", "db-header", &bent(|dump| dump.int_size = 255)),
        row("d-offset-size-0", "db-header", &bent(|dump| dump.offset_size = 0)),
        row("d-string-of-2-gib", "db-header", &claims(name_at, [0, 0xff, 0xff, 0xff, 0x7f])),
        row("d-string-of-4-gib", "db-header", &claims(name_at, [0, 0xff, 0xff, 0xff, 0xff])),
        row("d-string-of-minus-2", "db-header", &claims(name_at, [1, 2, 0, 0, 0])),
        row("d-sign-byte-of-text-mode", "db-header", &claims(name_at, [0x0d, 3, 0, 0, 0])),
        row("d-two-billion-entries", "db-header", &claims(count_at, [0, 0xff, 0xff, 0xff, 0x7f])),
        row("d-no-entries", "db-header", &claims(count_at, [0, 0, 0, 0, 0])),
        row("d-minus-one-entries", "db-header", &claims(count_at, [1, 1, 0, 0, 0])),
        Case::accept("d-version-1-12", Plan::with_dump(&bent(|dump| dump.version = [1, 12, 0])).gz()),
        Case::accept("d-version-1-13", Plan::with_dump(&bent(|dump| dump.version = [1, 13, 0])).gz()),
    ]
}
