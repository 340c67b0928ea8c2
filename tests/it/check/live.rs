//! Against a real PostgreSQL: files that are known to be missing, orphaned, of another length and so on are named, and
//! no others.

use std::fs;

use appsnap::check::{Code, Report};

use super::checked;
use crate::support::archives::Contents;
use crate::support::postgres::Postgres;

/// The table as the platform has it, and rows of every kind. The last hex digits of a uuid say what is up with it.
const DATABASE: &str = r#"
    CREATE TABLE "system$filedocument" (
        id bigint NOT NULL PRIMARY KEY, fileid bigint, name character varying(400), deleteafterdownload boolean,
        __uuid__ character varying(36), __filename__ bigint, hascontents boolean, size bigint,
        submetaobjectname character varying(255), "system$owner" bigint
    );
    INSERT INTO "system$filedocument"
        (id, fileid, name, deleteafterdownload, __uuid__, __filename__, hascontents, size, submetaobjectname)
    SELECT n, n, E'tab\t and \\N ' || n, false, '11111111-0000-4000-8000-' || lpad(n::text, 12, '0'), NULL, true, 7,
        'Shop.Invoice' FROM generate_series(1, 500) n;
    INSERT INTO "system$filedocument" VALUES
        (1001, 1, 'missing',   false, 'aaaaaaaa-0000-4000-8000-000000000001', NULL, true,  70, 'Shop.Invoice'),
        (1002, 2, 'missing',   false, 'aaaaaaaa-0000-4000-8000-000000000002', NULL, true,  -1, 'System.Image'),
        (1003, 3, 'longer',    false, 'bbbbbbbb-0000-4000-8000-000000000001', NULL, true,   6, 'Shop.Invoice'),
        (1004, 4, 'empty',     false, 'bbbbbbbb-0000-4000-8000-000000000002', NULL, true,   7, 'Shop.Invoice'),
        (1005, 5, 'download',  true,  'cccccccc-0000-4000-8000-000000000001', NULL, true,   7, 'Shop.Report'),
        (1006, 6, 'download',  true,  'cccccccc-0000-4000-8000-000000000002', NULL, true,   7, 'Shop.Report'),
        (1007, 7, 'nothing',   false, NULL,                                   NULL, false, -1, 'Shop.Invoice'),
        (1008, 8, 'nothing',   NULL,  'dddddddd-0000-4000-8000-000000000001', NULL, NULL, NULL, 'Shop.Invoice'),
        (1009, 9, 'thumbnail', false, 'eeeeeeee-0000-4000-8000-000000000001', NULL, false, -1, 'System.Thumbnail'),
        (1010, 10, 'thumbnail lost', false, 'eeeeeeee-0000-4000-8000-000000000002', NULL, false, -1, 'System.Thumbnail'),
        (1011, 4711, 'legacy', false, NULL,                                   NULL, true,   7, 'Shop.Invoice'),
        (1012, 12, 'legacy',   false, NULL,                                   9123, true,   7, 'Shop.Invoice');
"#;

fn archive(dump: Vec<u8>) -> Vec<u8> {
    let mut documents = (1..=500)
        .map(|number| (format!("11111111-0000-4000-8000-{number:012}").parse().unwrap(), b"content".to_vec()))
        .collect::<Vec<_>>();
    for (id, content) in [
        ("bbbbbbbb-0000-4000-8000-000000000001", &b"content"[..]),
        ("bbbbbbbb-0000-4000-8000-000000000002", b""),
        ("cccccccc-0000-4000-8000-000000000002", b"content"),
        ("eeeeeeee-0000-4000-8000-000000000001", b"a small picture"),
        ("ffffffff-0000-4000-8000-000000000001", b"nobody knows me"),
    ] {
        documents.push((id.parse().unwrap(), content.to_vec()));
    }
    documents.sort();
    Contents { database: Some(dump), documents }.archive()
}

fn places(report: &Report, code: Code) -> Vec<&str> {
    report.findings().iter().filter(|finding| finding.code() == code).filter_map(|finding| finding.location()).collect()
}

fn tree(id: &str) -> String {
    format!("tree/{}/{}/{id}", &id[..2], &id[2..4])
}

#[test]
fn a_live_database_is_compared_row_by_row() {
    let Some(server) = Postgres::start() else { return };
    server.sql("postgres", "CREATE DATABASE app");
    server.sql("app", DATABASE);
    for (name, arguments) in [("gzip", &["-Z6"][..]), ("stored", &["-Z0"])] {
        let path = server.path(name);
        server.run("pg_dump", &[&["-O", "-x", "-Fc", "-f", path.as_str(), "-d", "app"], arguments].concat());
        let report = checked(archive(fs::read(&path).unwrap()).as_slice(), "mendix-cloud");
        assert_eq!(
            places(&report, Code::DocumentMissing),
            [
                tree("aaaaaaaa-0000-4000-8000-000000000001"),
                tree("aaaaaaaa-0000-4000-8000-000000000002"),
                tree("eeeeeeee-0000-4000-8000-000000000002"),
            ]
        );
        assert_eq!(places(&report, Code::DocumentOrphan), [tree("ffffffff-0000-4000-8000-000000000001")]);
        assert_eq!(places(&report, Code::DocumentSizeDiffers), [tree("bbbbbbbb-0000-4000-8000-000000000001")]);
        assert_eq!(places(&report, Code::DocumentEmpty), [tree("bbbbbbbb-0000-4000-8000-000000000002")]);
        assert_eq!(places(&report, Code::DocumentDeletedAfterDownload), [tree("cccccccc-0000-4000-8000-000000000001")]);
        assert_eq!(
            places(&report, Code::DocumentNumbered),
            ["row 1011 of system$filedocument", "row 1012 of system$filedocument"]
        );
        let counts = report.contents().files.unwrap();
        assert_eq!((counts.rows, counts.present, counts.thumbnails), (509, 502, 2), "{counts:?}");
        assert_eq!((counts.without_contents, counts.unnamed, counts.unexpected), (1, 0, 0), "{counts:?}");
        let of_files =
            report.findings().counts().filter(|(code, _)| code.id().starts_with('F')).map(|(_, count)| count);
        assert_eq!(of_files.sum::<u64>(), 3 + 1 + 1 + 1 + 1 + 2);
    }
}
