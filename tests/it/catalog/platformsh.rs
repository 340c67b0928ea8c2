//! Platform.sh: its API, its command line's tables, and the table printed here.

use appsnap::catalog::{ListingFormat, Phase, platformsh};
use appsnap::retention::{Origin, Status};

use super::{at, read, refusal};

const JSON: &str = r#"[
  {"created_at": "2022-08-23T13:05:33.123456+00:00", "updated_at": "2022-08-23T13:06:00+00:00", "attributes": {}, "id": "7jks7dru5xpx5p5id5wtypur2y",
   "status": "CREATED", "expires_at": "2022-08-30T13:05:33+00:00", "index": 2, "commit_id": "abc", "environment": "main", "safe": true,
   "size_of_volumes": 2048, "size_used": 100, "restorable": true, "automated": false},
  {"created_at": "2022-08-22T02:00:00+02:00", "id": "other", "status": "DELETING", "environment": "main", "safe": false, "restorable": false, "automated": true}]"#;

#[test]
fn the_flags_of_the_api_are_read() {
    let listing = read(JSON);
    assert_eq!(listing.format, ListingFormat::PlatformShJson);
    let [manual, live] = &listing.records[..] else { panic!() };
    assert_eq!(
        (manual.live, manual.restorable, manual.environment.as_deref()),
        (Some(false), Some(true), Some("main"))
    );
    assert_eq!((manual.origin, manual.is_origin_guessed), (Some(Origin::Manual), false));
    assert_eq!(manual.expires_at, Some(at("2022-08-30T13:05:33Z")));
    assert_eq!(manual.size_bytes, None, "the unit of the sizes is not documented");
    assert_eq!(manual.details.get("size_used").map(String::as_str), Some("100"));
    assert_eq!((live.live, live.restorable, live.phase), (Some(true), Some(false), Phase::Deleting));
    let backups = [manual.to_backup(), live.to_backup()];
    assert_eq!((backups[0].status(), backups[1].status()), (Status::Completed, Status::Failed));
    assert_eq!(backups[1].offset(), Some(jiff::tz::offset(2)));
}

const TABLE: &str = "\
Backups on the project Shop (abcdefgh1234567), environment main (type: production):
+---------------------------+----------------------------+------------+
| Created                   | Backup ID                  | Restorable |
+---------------------------+----------------------------+------------+
| 2022-08-23T13:05:33+00:00 | 7jks7dru5xpx5p5id5wtypur2y | true       |
| 2022-08-22T02:00:00+02:00 | other                      | false      |
+---------------------------+----------------------------+------------+
";

#[test]
fn every_form_of_the_table_is_the_same_table() {
    let csv = "Created,Backup ID,Restorable\n2022-08-23T13:05:33+00:00,7jks7dru5xpx5p5id5wtypur2y,true\n\"2022-08-22T02:00:00+02:00\",other,false\n";
    let tsv = csv.replace(',', "\t").replace('"', "");
    let crlf = csv.replace('\n', "\r\n");
    let bom = format!("\u{feff}{csv}");
    let boxed = read(TABLE);
    assert_eq!(boxed.format, ListingFormat::PlatformShTable);
    for (text, format) in [
        (csv, ListingFormat::PlatformShCsv),
        (&tsv, ListingFormat::PlatformShTsv),
        (&crlf, ListingFormat::PlatformShCsv),
        (&bom, ListingFormat::PlatformShCsv),
    ] {
        let listing = read(text);
        assert_eq!((listing.format, &listing.records), (format, &boxed.records));
    }
    let [first, second] = &boxed.records[..] else { panic!() };
    assert_eq!((first.id.as_str(), first.restorable), ("7jks7dru5xpx5p5id5wtypur2y", Some(true)));
    assert_eq!((second.created_at, second.restorable), (at("2022-08-22T00:00:00Z"), Some(false)));
    assert_eq!((first.phase, first.origin), (Phase::Completed, None));
}

#[test]
fn more_columns_and_other_orders_are_read() {
    let csv = "Backup ID,Live,Created,Automated,Status,Commit ID,Expires\nx,false,2022-08-23 13:05:33 UTC,true,DELETING,abc,\n";
    let record = &read(csv).records[0];
    assert_eq!((record.id.as_str(), record.live, record.origin), ("x", Some(false), Some(Origin::Automatic)));
    assert_eq!((record.created_at, record.expires_at), (at("2022-08-23T13:05:33Z"), None));
    assert_eq!((record.phase, record.details.get("Commit ID").map(String::as_str)), (Phase::Deleting, Some("abc")));
}

#[test]
fn a_wrapped_row_is_one_row() {
    let wrapped = TABLE.replace(
        "| 2022-08-22T02:00:00+02:00 | other                      | false      |\n",
        "| 2022-08-22T02:00:00+02:00 | oth                        | false      |\n|                           | er                         |            |\n",
    );
    assert_eq!(read(&wrapped).records, read(TABLE).records);
}

#[test]
fn an_error_in_a_table_names_its_line_and_column() {
    for (from, to, message) in [
        ("T13:05:33+00:00", "", "line 5, column Created: \"2022-08-23\" is not an instant with a UTC offset"),
        ("+02:00 ", "       ", "line 6, column Created: \"2022-08-22T02:00:00\" is not an instant"),
        ("| other ", "|       ", "line 6, column Backup ID: the value is missing"),
        ("true ", "maybe", "line 5, column Restorable: the value should be true or false"),
        ("| other                      ", "", "line 6: the row has 2 fields: it should have 3"),
    ] {
        let error = refusal(&TABLE.replace(from, to)).to_string();
        assert!(error.starts_with(message), "{error}");
    }
}

#[test]
fn the_printed_table_is_read_back() {
    let records = read(JSON).records;
    let table = platformsh::table(&records);
    let again = read(&table).records;
    let essence = |records: &[appsnap::catalog::Record]| -> Vec<_> {
        records.iter().map(|record| (record.id.clone(), record.created_at, record.restorable)).collect()
    };
    assert_eq!(essence(&again), essence(&records));
}

#[test]
fn a_hostile_id_cannot_draw_on_the_terminal() {
    let mut records = read(JSON).records;
    records[0].id = "\u{1b}[2Jx".to_owned();
    assert!(platformsh::table(&records).chars().all(|c| c == '\n' || !c.is_control()));
}
