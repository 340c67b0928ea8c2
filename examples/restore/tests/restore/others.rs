//! Other users of the target: another restore, a backup, replication, unfinished transactions, other roles.

use std::process::{Command, Stdio};
use std::sync::Arc;

use appsnap_tests::postgres::Postgres;

use crate::app::{App, Snapshot, code, stderr};

#[test]
fn two_restores_at_once_follow_each_other() {
    let Some(app) = App::new() else { return };
    let snapshot = Snapshot::of(&app, 50);
    for round in 0..3 {
        app.make_old();
        let start = || app.command(Some(&snapshot.path)).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let both = [start(), start()].map(|child| child.wait_with_output().unwrap());
        for output in &both {
            // The second waits for a while, and is refused if that was too short.
            let is_refused = stderr(output).contains("another restore into the database") && code(output) == 2;
            assert!(is_refused || code(output) == 0, "round {round}: {}", stderr(output));
        }
        assert!(both.iter().any(|output| output.status.success()));
        app.assert_new(&snapshot);
    }
}

#[test]
fn two_databases_cannot_share_a_folder_at_the_same_time() {
    let (Some(app), Some(other)) = (App::new(), App::new()) else { return };
    let snapshot = Snapshot::of(&app, 20);
    app.command(Some(&snapshot.path)).env("APPSNAP_ABORT_AT", "fed").output().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_restore"));
    command.arg(&snapshot.path).args(["--quiet", "--database", &other.url(), "--files"]).arg(app.files());
    let output = command.output().unwrap();
    assert_eq!(code(&output), 2);
    assert!(stderr(&output).contains(&app.database), "{}", stderr(&output));
    other.assert_old();
    assert_eq!(code(&app.command(None).arg("--rollback").output().unwrap()), 0);
    app.assert_old();
}

#[test]
fn running_backup_is_named_and_not_disturbed() {
    let Some(app) = App::new() else { return };
    let snapshot = Snapshot::of(&app, 5);
    // As `pack --from-database` does: a pg_dump with this name.
    app.server.sql(
        &app.database,
        "create table slow as select repeat(md5(n::text), 50) as text from generate_series(1, 200000) n",
    );
    let mut dump = app.server.program("pg_dump");
    dump.env("PGAPPNAME", "appsnap pack").args(["-Fc", "-Z", "9", "-f", "/dev/null", &app.database]);
    let mut dump = dump.spawn().unwrap();
    let is_dumping = || {
        let sql = "select count(*) from pg_stat_activity where application_name = 'appsnap pack'";
        app.server.sql("postgres", sql).trim() != "0"
    };
    while !is_dumping() && dump.try_wait().unwrap().is_none() {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let output = app.restore(&snapshot.path, &[]);
    if dump.wait().unwrap().success() && !output.status.success() {
        assert_eq!(code(&output), 2);
        assert!(stderr(&output).contains("appsnap pack"), "{}", stderr(&output));
    }
    app.server.sql(&app.database, "drop table if exists slow");
}

#[test]
fn unfinished_transactions_and_replication_are_named_before_anything_changes() {
    let configuration = "max_prepared_transactions = 2\nwal_level = logical\n";
    let Some(server) = Postgres::start_with(configuration, |_| {}) else { return };
    let app = App::on(Arc::new(server));
    let snapshot = Snapshot::of(&app, 5);
    let target = app.database.as_str();
    for (begin, end, named) in [
        (
            "begin; insert into marker values ('x'); prepare transaction 'the pending one'",
            "rollback prepared 'the pending one'",
            "the pending one",
        ),
        (
            "select pg_create_logical_replication_slot('the_slot', 'test_decoding')",
            "select pg_drop_replication_slot('the_slot')",
            "the_slot",
        ),
        (
            "create subscription the_subscription connection 'host=/nowhere' publication p with (connect = false, slot_name = none)",
            "drop subscription the_subscription",
            "the_subscription",
        ),
    ] {
        app.server.sql(target, begin);
        for more in [&[][..], &["--force-disconnect"]] {
            let output = app.restore(&snapshot.path, more);
            assert_eq!(code(&output), 2, "{named}");
            assert!(stderr(&output).contains(named), "{}", stderr(&output));
        }
        app.server.sql(target, end);
        app.assert_old();
    }
    app.server.sql("postgres", &format!("alter database \"{target}\" is_template true"));
    let output = app.restore(&snapshot.path, &[]);
    assert_eq!(code(&output), 2);
    assert!(stderr(&output).contains("IS_TEMPLATE false"));
    app.server.sql("postgres", &format!("alter database \"{target}\" is_template false"));
    app.assert_old();
    assert_eq!(code(&app.restore(&snapshot.path, &[])), 0);
    app.assert_new(&snapshot);
}

#[test]
fn database_that_takes_no_connections_stays_so() {
    let Some(app) = App::new() else { return };
    let snapshot = Snapshot::of(&app, 5);
    let allow = |value: bool| {
        app.server.sql("postgres", &format!("alter database \"{}\" allow_connections {value}", app.database))
    };
    allow(false);
    assert_eq!(code(&app.restore(&snapshot.path, &[])), 0);
    let sql = format!("select datallowconn from pg_database where datname = '{}'", app.database);
    assert_eq!(app.server.sql("postgres", &sql).trim(), "f");
    allow(true);
    app.assert_new(&snapshot);
}

#[test]
fn settings_that_the_role_may_not_set_are_refused_before_the_rows() {
    let Some(app) = App::new() else { return };
    let snapshot = Snapshot::of(&app, 5);
    app.server.sql("postgres", "create role \"settings role\" login createdb");
    let quoted = format!("\"{}\"", app.database);
    app.server.sql(
        "postgres",
        &format!(
            "alter database {quoted} owner to \"settings role\"; alter database {quoted} set log_statement to 'all'"
        ),
    );
    let url = app.url().replace("//postgres@", "//settings%20role@");
    let mut command = Command::new(env!("CARGO_BIN_EXE_restore"));
    let output = command.arg(&snapshot.path).args(["--quiet", "--database", &url]).output().unwrap();
    assert_eq!(code(&output), 2);
    assert!(stderr(&output).contains("log_statement") && stderr(&output).contains("connect as a role that may"));
    app.assert_old();
    app.server.run("dropdb", &[&app.database]);
    app.server.sql("postgres", "drop role \"settings role\"");
}

#[test]
fn read_only_settings_and_small_limits_of_the_database_do_not_hinder_the_restore() {
    let Some(app) = App::new() else { return };
    let snapshot = Snapshot::of(&app, 5);
    let quoted = format!("\"{}\"", app.database);
    app.server.sql(
        "postgres",
        &format!("alter database {quoted} set default_transaction_read_only to on; alter database {quoted} connection limit 0; alter database {quoted} set statement_timeout to 1"),
    );
    assert_eq!(code(&app.restore(&snapshot.path, &["--jobs", "2"])), 0);
    let sql = format!(
        "select datconnlimit, setconfig from pg_database d join pg_db_role_setting on setdatabase = d.oid where datname = '{}'",
        app.database
    );
    assert_eq!(app.server.sql("postgres", &sql).trim(), "0|{default_transaction_read_only=on,statement_timeout=1}");
    app.server.sql("postgres", &format!("alter database {quoted} reset all"));
    app.assert_new(&snapshot);
}

#[test]
fn rights_and_extensions_that_do_not_come_back_are_said() {
    let Some(app) = App::new() else { return };
    let snapshot = Snapshot::of(&app, 5);
    app.server.sql("postgres", "create role \"a reporter\"");
    app.server.sql(&app.database, "grant select on marker to \"a reporter\"; create extension if not exists pgcrypto");
    let output = app.restore(&snapshot.path, &["--json"]);
    assert_eq!(code(&output), 0);
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let warnings = json["warnings"].to_string();
    assert!(warnings.contains("a reporter") && warnings.contains("pgcrypto"), "{warnings}");
    app.assert_new(&snapshot);
    app.server.sql("postgres", "drop role \"a reporter\"");
}

#[test]
fn triggers_of_the_dump_are_shown_before_anything_changes() {
    let Some(app) = App::new() else { return };
    let sql = "create function noted() returns trigger language plpgsql as 'begin return new; end';
               create trigger the_trigger before insert on marker for each row execute function noted();";
    let snapshot = Snapshot::with(&app, 5, sql, |_| {});
    let output = app.restore(&snapshot.path, &["--dry-run"]);
    assert_eq!(code(&output), 0);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("D038") && text.contains("the_trigger"), "{text}");
    let output = app.restore(&snapshot.path, &["--dry-run", "--json"]);
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&json["audit"][0]["code"], &json["restored"]), (&"D038".into(), &false.into()));
    app.assert_old();
}
