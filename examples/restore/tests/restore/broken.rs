//! Processes, connections and servers that end at any moment: the next run ends in old or new.

use std::env;
use std::process::Stdio;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use appsnap_tests::postgres::Postgres;

use crate::app::{App, Snapshot, code};

/// The number of times that the command is killed; `APPSNAP_KILLS` raises it.
const KILLS: u32 = 20;

fn kills() -> u32 {
    env::var("APPSNAP_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(KILLS)
}

/// Every point of a run at which it is ended, whether the databases are swapped by then, and whether both are verified.
const POINTS: [(&str, bool, bool); 7] = [
    ("created", false, false),
    ("fed", false, false),
    ("verified", false, true),
    ("swapping", false, true),
    ("renamed", true, true),
    ("swapped", true, true),
    ("dropped", true, true),
];

#[test]
fn run_that_ends_at_any_point_is_settled_by_each_way() {
    let Some(app) = App::new() else { return };
    let snapshot = Snapshot::of(&app, 20);
    for (point, is_renamed, is_verified) in POINTS {
        for way in ["--resume", "--rollback"] {
            app.make_old();
            let output = app.command(Some(&snapshot.path)).env("APPSNAP_ABORT_AT", point).output().unwrap();
            assert!(!output.status.success(), "{point}");
            let output = app.command(None).arg(way).output().unwrap();
            let code = code(&output);
            println!("{point} {way} {code}");
            // The databases and the folder are renamed back as long as the old ones are there.
            let is_new = match way {
                "--resume" => is_verified,
                _ => is_renamed && point != "renamed",
            };
            if is_new {
                app.assert_new(&snapshot)
            } else {
                app.assert_old()
            }
            assert_eq!(code, if way == "--resume" && !is_verified { 2 } else { 0 });
        }
    }
}

#[test]
fn next_restore_settles_an_interrupted_one_first() {
    let Some(app) = App::new() else { return };
    let snapshot = Snapshot::of(&app, 20);
    for (point, ..) in POINTS {
        app.make_old();
        app.command(Some(&snapshot.path)).env("APPSNAP_ABORT_AT", point).output().unwrap();
        // Without the folder the comment of the database leads to it.
        let mut command = app.command(Some(&snapshot.path));
        if point == "renamed" {
            command = std::process::Command::new(env!("CARGO_BIN_EXE_restore"));
            command.args(["--rollback", "--database", &app.url()]);
            assert_eq!(code(&command.output().unwrap()), 0);
            app.assert_old();
            continue;
        }
        assert_eq!(code(&command.output().unwrap()), 0, "{point}");
        app.assert_new(&snapshot);
    }
}

#[test]
fn database_alone_is_settled_without_a_journal() {
    let Some(app) = App::new() else { return };
    let snapshot = Snapshot::of(&app, 20);
    for (point, is_renamed, _) in POINTS.iter().filter(|(point, ..)| !["swapped", "dropped"].contains(point)) {
        app.make_old();
        let run = |more: &[&str]| {
            let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_restore"));
            command.args(["--quiet", "--database", &app.url()]).args(more);
            command
        };
        run(&[snapshot.path.to_str().unwrap()]).env("APPSNAP_ABORT_AT", point).output().unwrap();
        assert_eq!(code(&run(&["--rollback"]).output().unwrap()), 0);
        assert_eq!(app.state().marker, if *is_renamed { "new" } else { "old" }, "{point}");
        app.assert_nothing_left();
    }
}

#[test]
fn process_killed_at_random_moments_ends_in_old_or_new() {
    let Some(app) = App::new() else { return };
    let snapshot = Snapshot::of(&app, 300);
    let begun = Instant::now();
    assert_eq!(code(&app.restore(&snapshot.path, &[])), 0);
    let whole = begun.elapsed();
    let (mut old, mut new) = (0, 0);
    for number in 0..kills() {
        app.make_old();
        // Moments spread evenly, in no order, over the time it takes and half as long again: it may take longer beside others.
        let share = f64::from(number) * 0.618_033_988_749_895 % 1.0;
        let jobs = if number % 3 == 0 { "2" } else { "1" };
        let mut command = app.command(Some(&snapshot.path));
        let mut child = command.args(["--jobs", jobs]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        thread::sleep(whole.mul_f64(share * 1.5));
        let _ = child.kill();
        child.wait().unwrap();
        let way = if number % 2 == 0 { "--rollback" } else { "--resume" };
        let output = app.command(None).arg(way).output().unwrap();
        assert!([0, 2].contains(&code(&output)), "kill {number}");
        if app.state().marker == "new" {
            app.assert_new(&snapshot);
            new += 1;
        } else {
            app.assert_old();
            old += 1;
        }
    }
    println!("{old} times old, {new} times new, of {whole:?}");
    assert!(old > 0, "every kill came too late");
}

#[test]
fn server_that_crashes_leaves_old_or_new() {
    let Some(server) = Postgres::start() else { return };
    let app = App::on(Arc::new(server));
    let snapshot = Snapshot::of(&app, 100);
    let begun = Instant::now();
    assert_eq!(code(&app.restore(&snapshot.path, &[])), 0);
    let whole = begun.elapsed();
    for number in 0..5_u32 {
        app.make_old();
        app.server.sql("postgres", "checkpoint");
        let share = f64::from(number) * 0.618_033_988_749_895 % 1.0;
        let child = app.command(Some(&snapshot.path)).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        thread::sleep(whole.mul_f64(share));
        app.server.crash();
        let output = child.wait_with_output().unwrap();
        println!("crash {number}: {}", code(&output));
        app.server.resume();
        let output = app.command(None).arg("--rollback").output().unwrap();
        assert_eq!(code(&output), 0);
        if app.state().marker == "new" { app.assert_new(&snapshot) } else { app.assert_old() }
    }
}

#[test]
fn lost_connection_ends_in_old_or_new() {
    // A server of its own: the sessions of other tests are not to be ended.
    let Some(server) = Postgres::start() else { return };
    let app = App::on(Arc::new(server));
    let snapshot = Snapshot::of(&app, 300);
    for number in 0..4_u64 {
        app.make_old();
        let child = app.command(Some(&snapshot.path)).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        thread::sleep(Duration::from_millis(150 + number * 150));
        let ended = app.server.sql(
            "postgres",
            "select count(pg_terminate_backend(pid)) from pg_stat_activity
             where application_name = 'appsnap restore' and pid <> pg_backend_pid()",
        );
        let output = child.wait_with_output().unwrap();
        println!("{} ended: {}", ended.trim(), code(&output));
        if code(&output) != 0 {
            // Mostly there is nothing left to do. A session that ended while the old database was dropped leaves it.
            assert_eq!(code(&app.command(None).arg("--rollback").output().unwrap()), 0);
        }
        if app.state().marker == "new" { app.assert_new(&snapshot) } else { app.assert_old() }
    }
}
