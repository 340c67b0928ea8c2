//! Dumps of a newer server into older ones, and newer programs beside older servers.

use std::process::Command;
use std::sync::Arc;

use appsnap_tests::postgres::Postgres;
use appsnap_tests::skips::missing;
use serde_json::Value;

use crate::app::{App, Snapshot, code};

fn start(major: u32) -> Option<Arc<Postgres>> {
    let server = Postgres::start_major(major);
    if server.is_none() {
        missing(&format!("PostgreSQL {major} is not installed: see .ci/postgres"));
    }
    server.map(Arc::new)
}

#[test]
fn dump_of_18_is_converted_for_15_and_13() {
    let Some(newest) = start(18) else { return };
    let source = App::on(newest);
    let snapshot = Snapshot::of(&source, 30);
    for major in [15, 13, 18] {
        let Some(server) = start(major) else { continue };
        let app = App::on(server);
        let output = app.restore(&snapshot.path, &["--json"]);
        assert_eq!(code(&output), 0, "into {major}");
        let json: Value = serde_json::from_slice(&output.stdout).unwrap();
        let expected = if major == 18 { Value::Null } else { "1.14".into() };
        assert_eq!(json["converted"]["to"], expected);
        app.assert_new(&snapshot);
    }
}

#[test]
fn newer_pg_restore_serves_an_older_server() {
    let (Some(newest), Some(app)) = (start(18), App::new()) else { return };
    let snapshot = Snapshot::of(&app, 30);
    let tool = newest.program_path("pg_restore");
    let mut command = Command::new(env!("CARGO_BIN_EXE_restore"));
    command.arg(&snapshot.path).args(["--quiet", "--database", &app.url(), "--files"]).arg(app.files());
    assert_eq!(code(&command.arg("--pg-restore").arg(tool).output().unwrap()), 0);
    app.assert_new(&snapshot);
}
