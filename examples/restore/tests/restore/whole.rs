//! Restores that succeed: what comes back is what the snapshot contains.

use std::fs;
use std::process::Command;

use serde_json::Value;

use crate::app::{App, Snapshot, code};

#[test]
fn rows_equal_those_of_plain_pg_restore_and_files_those_of_the_snapshot() {
    let Some(app) = App::new() else { return };
    let snapshot = Snapshot::of(&app, 60);
    assert_eq!(code(&app.restore(&snapshot.path, &[])), 0);
    app.assert_new(&snapshot);

    let dump = app.path("plain.dump");
    fs::write(&dump, database_of(&snapshot.path)).unwrap();
    let plain = format!("{} plain", app.database);
    app.server.create_database(&plain);
    app.server.run("pg_restore", &["--no-owner", "--no-acl", "--exit-on-error", "-d", &plain, dump.to_str().unwrap()]);
    assert_eq!(text_of(&app, &app.database), text_of(&app, &plain));
    app.server.run("dropdb", &[&plain]);
}

/// A plain dump, without the key that differs every time.
fn text_of(app: &App, database: &str) -> String {
    let text = String::from_utf8(app.server.run("pg_dump", &["--no-owner", database])).unwrap();
    text.lines().filter(|line| !line.contains("restrict")).map(|line| line.to_owned() + "\n").collect()
}

fn database_of(archive: &std::path::Path) -> Vec<u8> {
    use appsnap::snapshot::{EntryKind, ReadOptions, SnapshotReader};
    use std::io::Read;

    let mut reader = SnapshotReader::new(fs::File::open(archive).unwrap(), &ReadOptions::new());
    while let Some(mut entry) = reader.next_entry().unwrap() {
        if matches!(entry.kind(), EntryKind::Database) {
            let mut dump = Vec::new();
            entry.read_to_end(&mut dump).unwrap();
            return dump;
        }
    }
    panic!("no database")
}

#[test]
fn several_jobs_restore_the_same() {
    let Some(app) = App::new() else { return };
    let snapshot = Snapshot::of(&app, 20);
    let output = app.restore(&snapshot.path, &["--jobs", "3", "--json"]);
    assert_eq!(code(&output), 0);
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&json["tables"], &json["rows"], &json["large_objects"]), (&4.into(), &3021.into(), &7.into()));
    assert_eq!((&json["documents"], &json["replaced"], &json["verdict"]), (&20.into(), &true.into(), &"accept".into()));
    app.assert_new(&snapshot);
}

#[test]
fn indexed_archive_and_bare_dump_are_restored() {
    let Some(app) = App::new() else { return };
    let snapshot = Snapshot::of(&app, 20);
    let dump = app.path("new.dump");
    fs::write(&dump, database_of(&snapshot.path)).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_restore"));
    command.arg(&dump).args(["--quiet", "--profile", "format", "--database", &app.url()]);
    assert_eq!(code(&command.output().unwrap()), 0);
    let state = app.state();
    assert_eq!((state.marker.as_str(), state.files.len()), ("new", 1));

    app.make_old();
    let read = appsnap::snapshot::ReadOptions::new();
    let source = fs::File::open(&snapshot.path).unwrap();
    let sections = appsnap::snapshot::options::SectionSplit::Contents;
    let index =
        appsnap::snapshot::index::make_index(&source, sections, &read, &mut appsnap::observe::NoObserver).unwrap();
    index.write_to(&mut fs::File::options().append(true).open(&snapshot.path).unwrap()).unwrap();
    assert_eq!(code(&app.restore(&snapshot.path, &[])), 0);
    app.assert_new(&snapshot);
}

#[test]
fn database_and_folder_that_do_not_exist_are_created() {
    let Some(app) = App::new() else { return };
    let snapshot = Snapshot::of(&app, 20);
    app.server.run("dropdb", &[&app.database]);
    fs::remove_dir_all(app.files()).unwrap();
    assert_eq!(code(&app.restore(&snapshot.path, &["--keep-old"])), 0);
    app.assert_new(&snapshot);
}

#[test]
fn database_alone_leaves_the_folder_alone() {
    let Some(app) = App::new() else { return };
    let snapshot = Snapshot::of(&app, 20);
    let mut command = Command::new(env!("CARGO_BIN_EXE_restore"));
    command.arg(&snapshot.path).args(["--quiet", "--database", &app.url()]);
    let output = command.output().unwrap();
    assert_eq!(code(&output), 0);
    assert!(String::from_utf8_lossy(&output.stderr).contains("20 documents are not restored"));
    let state = app.state();
    assert_eq!((state.marker.as_str(), state.files.len()), ("new", 1));
    app.assert_nothing_left();
}

#[test]
fn kept_state_comes_back_by_the_printed_commands() {
    let Some(app) = App::new() else { return };
    let snapshot = Snapshot::of(&app, 20);
    app.server.sql("postgres", &format!("comment on database \"{}\" is 'the app''s own'", app.database));
    let output = app.restore(&snapshot.path, &["--keep-old", "--json"]);
    assert_eq!(code(&output), 0);
    assert_eq!(app.state(), snapshot.state());
    assert_eq!(app.databases().len(), 2);
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    for line in json["kept"]["commands"].as_array().unwrap() {
        let path = app.server.program_path("psql").parent().unwrap().to_owned();
        let mut command = app.server.program("psql");
        let environment: Vec<_> =
            command.get_envs().map(|(name, value)| (name.to_owned(), value.map(ToOwned::to_owned))).collect();
        command = Command::new("sh");
        command.envs(environment.into_iter().filter_map(|(name, value)| Some((name, value?))));
        command.env("PATH", format!("{}:{}", path.display(), std::env::var("PATH").unwrap()));
        assert!(command.arg("-c").arg(line.as_str().unwrap()).status().unwrap().success(), "{line}");
    }
    let state = app.state();
    assert_eq!((state.marker.as_str(), state.files.len()), ("old", 1));
    let sql =
        format!("select shobj_description(oid, 'pg_database') from pg_database where datname = '{}'", app.database);
    assert_eq!(app.server.sql("postgres", &sql).trim(), "the app's own");
}

#[test]
fn database_keeps_its_owner_rights_settings_and_comment() {
    let Some(app) = App::new() else { return };
    let snapshot = Snapshot::of(&app, 5);
    let quoted = format!("\"{}\"", app.database);
    app.server.sql(
        "postgres",
        &format!(
            r#"create role "the owner"; alter database {quoted} owner to "the owner"; comment on database {quoted} is 'it''s\ours';
               revoke connect on database {quoted} from public; grant connect on database {quoted} to pg_monitor;
               alter database {quoted} set search_path to "$user", public; alter database {quoted} set work_mem to '7MB';
               alter role "the owner" in database {quoted} set app.name to 'a ''b'; alter database {quoted} connection limit 17"#
        ),
    );
    let facts = || {
        let sql = format!(
            "select pg_get_userbyid(datdba), shobj_description(d.oid, 'pg_database'), datconnlimit,
                    (select array_agg(a::text order by a::text) from unnest(datacl) a),
                    (select array_agg(setrole::regrole || setconfig::text order by 1) from pg_db_role_setting where setdatabase = d.oid)
             from pg_database d where datname = '{}'",
            app.database
        );
        app.server.sql("postgres", &sql)
    };
    let before = facts();
    assert_eq!(code(&app.restore(&snapshot.path, &["--role", "the owner"])), 0);
    assert_eq!(facts(), before);
    let owners = app.server.sql(&app.database, "select distinct tableowner from pg_tables where schemaname = 'public'");
    assert_eq!(owners.trim(), "the owner");
    app.assert_new(&snapshot);
    app.server.run("dropdb", &[&app.database]);
    app.server.sql("postgres", r#"drop role "the owner""#);
}

#[test]
fn roles_and_tablespaces_that_the_dump_names_are_no_obstacle() {
    let Some(app) = App::new() else { return };
    let space = tempfile::Builder::new().prefix("appsnap-space-").tempdir().unwrap();
    app.server.give(space.path());
    let location = space.path().to_str().unwrap();
    app.server.sql("postgres", &format!("create tablespace gone_space location '{location}'"));
    app.server.sql("postgres", "create role gone_role");
    let sql = r#"create table elsewhere (id int) tablespace gone_space; alter table elsewhere owner to gone_role;
                 grant select on marker to gone_role; alter default privileges grant select on tables to gone_role;"#;
    let snapshot = Snapshot::with(&app, 5, sql, |_| {});
    app.server.sql("postgres", "drop role gone_role");
    app.server.sql("postgres", "drop tablespace gone_space");
    assert_eq!(code(&app.restore(&snapshot.path, &[])), 0);
    app.assert_new(&snapshot);
}

#[test]
fn sequence_behind_its_column_is_reported() {
    let Some(app) = App::new() else { return };
    let snapshot = Snapshot::with(&app, 5, r#"select setval('"shop$order_id_seq"', 17);"#, |_| {});
    let output = app.restore(&snapshot.path, &["--json"]);
    assert_eq!(code(&output), 0);
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    let behind = &json["sequences_behind"][0];
    assert_eq!(behind["column"], "public.shop$order.id");
    assert_eq!((&behind["last_value"], &behind["max"]), (&17.into(), &3000.into()));
    app.assert_new(&snapshot);
}

#[test]
fn dry_run_changes_nothing() {
    let Some(app) = App::new() else { return };
    let snapshot = Snapshot::of(&app, 5);
    assert_eq!(code(&app.restore(&snapshot.path, &["--dry-run"])), 0);
    app.assert_old();
}

#[test]
fn dumps_in_directory_and_tar_format_are_restored() {
    let Some(app) = App::new() else { return };
    let source = format!("{} source", app.database);
    app.server.create_database(&source);
    app.server.sql(&source, "create table marker (state text); insert into marker values ('new')");
    for (form, name) in [("-Fd", "folder"), ("-Ft", "dump.tar")] {
        app.make_old();
        let path = app.path(name);
        app.server.run("pg_dump", &[form, "-f", path.to_str().unwrap(), &source]);
        let mut command = Command::new(env!("CARGO_BIN_EXE_restore"));
        command.arg(&path).args(["--quiet", "--profile", "format", "--database", &app.url()]);
        assert_eq!(code(&command.output().unwrap()), 0, "{form}");
        assert_eq!(app.state().marker, "new");
    }
    app.server.run("dropdb", &[&source]);
}

#[test]
fn mask_changes_columns_and_drops_rows_on_the_way() {
    let Some(app) = App::new() else { return };
    let snapshot = Snapshot::of(&app, 5);
    let rules = app.path("rules.json");
    fs::write(&rules, r#"{"columns":{"public.shop$order.customer":"redact"},"rows":{"public.nothing":"drop"}}"#)
        .unwrap();
    let mask = ["--mask", rules.to_str().unwrap()];
    let output = app.restore(&snapshot.path, &[mask[0], mask[1], "--json"]);
    assert_eq!(code(&output), 0);
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(json["masked"].as_array().unwrap().contains(&"public.shop$order".into()), "{}", json["masked"]);
    let sql = r#"select count(*) from "shop$order" where customer ~ '[1-9a-w]'"#;
    assert_eq!(app.server.sql(&app.database, sql).trim(), "0");
    app.assert_new(&snapshot);

    app.make_old();
    fs::write(&rules, r#"{"rows":{"public.no_such_table":"drop"}}"#).unwrap();
    assert_eq!(code(&app.restore(&snapshot.path, &mask)), 2);
    app.assert_old();
}
