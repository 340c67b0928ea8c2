//! Ways to a server: encrypted or not, URLs with unusual characters, services, password files, roles with few rights.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::Arc;

use appsnap_tests::postgres::Postgres;
use appsnap_tests::tools::tool;

use crate::app::{App, Snapshot, code, stderr};

/// Makes the certificates of two issuers, one of a server from the first, and one that a server made for itself as
/// PostgreSQL's documentation shows.
fn make_certificates(folder: &Path) {
    let openssl = |arguments: &str| {
        let mut command = Command::new("openssl");
        command.args(arguments.split_whitespace()).current_dir(folder).stderr(Stdio::null());
        assert!(command.status().unwrap().success(), "openssl {arguments}");
    };
    for issuer in ["issuer", "other"] {
        openssl(&format!(
            "req -new -x509 -days 2 -nodes -newkey rsa:2048 -subj /CN={issuer} -out {issuer}.crt -keyout {issuer}.key"
        ));
    }
    openssl("req -new -x509 -days 2 -nodes -newkey rsa:2048 -subj /CN=localhost -out own.crt -keyout own.key");
    openssl("req -new -nodes -newkey rsa:2048 -subj /CN=any -out server.csr -keyout server.key");
    fs::write(folder.join("names"), "subjectAltName=DNS:localhost\n").unwrap();
    openssl(
        "x509 -req -in server.csr -days 2 -CA issuer.crt -CAkey issuer.key -CAcreateserial -extfile names -out server.crt",
    );
    // Without extensions: of version 1 if OpenSSL is older than 3.2.
    openssl("req -new -nodes -newkey rsa:2048 -subj /CN=localhost -out old.csr -keyout old.key");
    openssl("x509 -req -in old.csr -days 2 -CA issuer.crt -CAkey issuer.key -CAcreateserial -out old.crt");
    openssl("req -new -nodes -newkey rsa:2048 -subj /CN=me -out me.csr -keyout me.key");
    openssl("x509 -req -in me.csr -days 2 -CA issuer.crt -CAkey issuer.key -CAcreateserial -out me.crt");
    openssl("pkey -in me.key -aes256 -passout pass:secret -out me-encrypted.key");
    for entry in fs::read_dir(folder).unwrap() {
        fs::set_permissions(entry.unwrap().path(), fs::Permissions::from_mode(0o600)).unwrap();
    }
}

/// A server that takes encrypted connections with a password only, or with a certificate.
fn encrypted(certificates: &Path, name: &str) -> Option<Arc<Postgres>> {
    let configuration =
        "ssl = on\nssl_cert_file = 'server.crt'\nssl_key_file = 'server.key'\nssl_ca_file = 'issuer.crt'\n";
    let server = Postgres::start_with(configuration, |server| {
        let data = server.path("data");
        for (from, to) in [
            (format!("{name}.crt"), "server.crt"),
            (format!("{name}.key"), "server.key"),
            ("issuer.crt".to_owned(), "issuer.crt"),
        ] {
            fs::copy(certificates.join(from), Path::new(&data).join(to)).unwrap();
        }
        let rules = "local all all trust\nhostssl all certain 127.0.0.1/32 cert map=me\nhostssl all all 127.0.0.1/32 scram-sha-256\n";
        fs::write(Path::new(&data).join("pg_hba.conf"), rules).unwrap();
        fs::write(Path::new(&data).join("pg_ident.conf"), "me me certain\n").unwrap();
        server.give(Path::new(&data));
    })?;
    server.sql("postgres", "create role me superuser login password 'p@ss/w%:'; create role certain superuser login");
    Some(Arc::new(server))
}

/// The command, in an environment that says nothing about servers.
fn command(home: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_restore"));
    command.stdin(Stdio::null()).env("HOME", home);
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("PG")) {
        command.env_remove(name);
    }
    command
}

fn dry_run(app: &App, snapshot: &Snapshot, url: &str, variables: &[(&str, &str)]) -> Output {
    let mut command = command(app.folder.path());
    command.arg(&snapshot.path).args(["--quiet", "--dry-run", "--database", url]).envs(variables.iter().copied());
    command.output().unwrap()
}

#[test]
fn encrypted_connections_are_verified_as_psql_verifies_them() {
    if tool("openssl").is_none() {
        return;
    }
    let certificates = tempfile::tempdir().unwrap();
    make_certificates(certificates.path());
    for name in ["server", "own", "old"] {
        let Some(server) = encrypted(certificates.path(), name) else { return };
        let app = App::on(server);
        let snapshot = Snapshot::of(&app, 3);
        let port = app.server.port();
        let certificate = |name: &str| certificates.path().join(name).display().to_string();
        let database = app.database.replace(' ', "%20");
        let way = |host: &str, query: &str| format!("postgresql://me@{host}:{port}/{database}?{query}");
        let mut cases = Vec::new();
        for host in ["localhost", "127.0.0.1"] {
            cases.extend(["disable", "prefer", "require"].map(|mode| way(host, &format!("sslmode={mode}"))));
            for mode in ["require", "verify-ca", "verify-full"] {
                for issuer in ["issuer", "other", "own", "missing"] {
                    let file = certificate(&format!("{issuer}.crt"));
                    cases.push(way(host, &format!("sslmode={mode}&sslrootcert={file}")));
                }
            }
        }
        cases.push(way("localhost", "sslmode=verify-full"));
        cases.push(way("localhost", "sslmode=verify-ca"));
        cases.push(way("localhost", "sslmode=nonsense"));
        cases.push(way("localhost", "ssl=true"));
        cases.push(way("localhost", "sslmode=require&channel_binding=require"));
        cases.push(way("localhost", "sslmode=require&ssl_min_protocol_version=TLSv1.3"));
        cases.push(format!("postgresql://me@/{database}?host={}&port={port}&sslmode=verify-full", app.server.path("")));
        let (own, key) = (certificate("me.crt"), certificate("me.key"));
        let certain = format!("postgresql://certain@localhost:{port}/{database}?sslmode=require");
        cases.push(certain.clone());
        cases.push(format!("{certain}&sslcert={own}&sslkey={key}"));
        cases.push(format!("{certain}&sslcert={own}&sslkey={key}&sslcertmode=disable"));
        let mut outcomes = [0, 0];
        for url in cases {
            // Files that are named and missing are refused here, whatever the mode.
            if url.contains("sslmode=require") && url.contains("missing")
                || url.contains("sslcertmode") && app.server.major() < 16
            {
                continue;
            }
            let output = dry_run(&app, &snapshot, &url, &[("PGPASSWORD", "p@ss/w%:")]);
            let mut psql = app.server.program("psql");
            psql.env_remove("PGHOST").env_remove("PGPORT").env_remove("PGUSER").env("HOME", app.folder.path());
            psql.env("PGPASSWORD", "p@ss/w%:").args(["-X", "-w", "-c", "select", "-d", &url]);
            if name == "old" && stderr(&output).contains("version 1") {
                assert!(url.contains("sslrootcert"));
                continue;
            }
            let expected = psql.stdin(Stdio::null()).output().unwrap();
            assert_eq!(
                output.status.success(),
                expected.status.success(),
                "{url}: {} {}",
                stderr(&output),
                stderr(&expected)
            );
            assert!(!stderr(&output).contains("p@ss"), "{}", stderr(&output));
            outcomes[usize::from(output.status.success())] += 1;
            if !output.status.success() {
                println!("{name} {url}\n    {}", stderr(&output).trim());
            }
        }
        assert!(outcomes[0] > 5 && outcomes[1] > 5, "{outcomes:?}");
        if name == "old" {
            continue;
        }
        // Its programs go the same way.
        let issuer = certificate(if name == "own" { "own.crt" } else { "issuer.crt" });
        let mut whole = command(app.folder.path());
        let url = format!(
            "postgresql://me:p%40ss%2Fw%25:@localhost:{port}/{database}?sslmode=verify-full&sslrootcert={issuer}"
        );
        whole.arg(&snapshot.path).args(["--quiet", "--jobs", "2", "--database", &url, "--files"]).arg(app.files());
        assert_eq!(code(&whole.output().unwrap()), 0);
        app.assert_new(&snapshot);
        let encrypted = certificate("me-encrypted.key");
        let output = dry_run(&app, &snapshot, &format!("{certain}&sslcert={own}&sslkey={encrypted}"), &[]);
        assert_eq!(code(&output), 2);
        assert!(stderr(&output).contains("openssl pkey"));
    }
}

#[test]
fn system_certificates_serve_with_a_pg_restore_that_knows_them() {
    let Some(app) = App::new() else { return };
    let snapshot = Snapshot::of(&app, 3);
    let url = format!("{}&sslrootcert=system", app.url());
    let output = dry_run(&app, &snapshot, &url, &[]);
    let is_known = app.server.major() >= 16;
    assert_eq!(code(&output), if is_known { 0 } else { 2 });
    assert!(is_known || stderr(&output).contains("ca-certificates.crt"));
    let output = dry_run(&app, &snapshot, "postgresql://h/mx?sslrootcert=system&sslmode=require", &[]);
    assert!(stderr(&output).contains("verify-full"));
}

#[test]
fn services_password_files_and_the_environment_are_used() {
    let Some(server) = Postgres::start_with("", |server| {
        let rules = "local all postgres trust\nlocal all all scram-sha-256\nhost all all all scram-sha-256\n";
        fs::write(server.path("data/pg_hba.conf"), rules).unwrap();
    }) else {
        return;
    };
    server.sql("postgres", "create role me superuser login password 'a:b\\c'");
    let app = App::on(Arc::new(server));
    let snapshot = Snapshot::of(&app, 3);
    let (socket, port) = (app.server.path(""), app.server.port());
    let (socket, database) = (socket.trim_end_matches('/'), app.database.as_str());
    let named = database.replace(' ', "%20");
    let bare = format!("postgresql://me@/{named}?host={socket}&port={port}");
    let fails = |url: &str, variables: &[(&str, &str)]| {
        let output = dry_run(&app, &snapshot, url, variables);
        assert_eq!(code(&output), 2, "{url}");
        stderr(&output)
    };
    let works = |url: &str, variables: &[(&str, &str)]| {
        assert_eq!(code(&dry_run(&app, &snapshot, url, variables)), 0, "{url}");
    };
    assert!(fails(&bare, &[]).contains("password missing"));
    assert!(fails(&bare, &[("PGPASSWORD", "wrong")]).contains("authentication failed"));
    works(&bare, &[("PGPASSWORD", "a:b\\c")]);
    works(&format!("{bare}&password=a:b\\c"), &[]);
    works(
        &format!("postgresql:///{named}"),
        &[("PGHOST", socket), ("PGPORT", port), ("PGUSER", "me"), ("PGPASSWORD", "a:b\\c")],
    );
    works(&format!("host={socket} port={port} user=me dbname='{database}' password='a:b\\\\c'"), &[]);
    works(&format!("postgresql://me:a%3Ab%5Cc@127.0.0.1:{port}/{named}"), &[]);
    // The address is one of this machine; nothing listens there.
    assert!(fails(&format!("postgresql://me@[::1]:{port}/{named}"), &[("PGPASSWORD", "x")]).contains("connect"));
    // Several servers: the first that answers.
    works(&format!("postgresql://me:a%3Ab%5Cc@127.0.0.1:1,127.0.0.1:{port}/{named}"), &[]);

    let passwords = app.path(".pgpass");
    fs::write(&passwords, format!("# mine\nother:*:*:*:x\n{socket}:{port}:{database}:me:a\\:b\\\\c\n")).unwrap();
    fs::set_permissions(&passwords, fs::Permissions::from_mode(0o644)).unwrap();
    assert!(fails(&bare, &[]).contains("chmod 0600"));
    fs::set_permissions(&passwords, fs::Permissions::from_mode(0o600)).unwrap();
    works(&bare, &[]);
    let elsewhere = app.path("passwords");
    fs::rename(&passwords, &elsewhere).unwrap();
    works(&bare, &[("PGPASSFILE", elsewhere.to_str().unwrap())]);

    let services = app.path("services");
    fs::write(
        &services,
        format!(
            "[other]\nhost=nowhere\n[mx]\nhost={socket}\nport={port}\nuser=me\npassword=a:b\\c\ndbname={database}\n"
        ),
    )
    .unwrap();
    let variables = [("PGSERVICEFILE", services.to_str().unwrap())];
    works("service=mx", &variables);
    works("postgresql://?service=mx", &variables);
    works(&format!("postgresql:///{named}"), &[variables[0], ("PGSERVICE", "mx")]);
    assert!(fails("service=none", &variables).contains("PGSERVICEFILE"));
    // The variable of the environment does not choose what is replaced.
    let nameless = format!("postgresql://me@/?host={socket}&port={port}");
    assert!(fails(&nameless, &[("PGDATABASE", database)]).contains("does not name the database"));
    assert!(fails(&format!("{bare}&require_auth=md5"), &[]).contains("require_auth"));
    assert!(fails(&format!("{bare}&nonsense=1"), &[]).contains("nonsense"));
    assert!(fails("postgresql://me:s3cret/x@h/mx", &[]).contains("%2F"));

    let mut whole = command(app.folder.path());
    whole.arg(&snapshot.path).args(["--quiet", "--jobs", "2", "--database", "service=mx", "--files"]).arg(app.files());
    assert_eq!(code(&whole.envs(variables).output().unwrap()), 0);
    app.assert_new(&snapshot);
}

#[test]
fn database_names_may_have_any_characters() {
    let Some(app) = App::new() else { return };
    let snapshot = Snapshot::of(&app, 3);
    for (number, name) in [r#"My "Db""#, "it's", r"back\slash", "tab\there", "ünï%cödé", "a=b c", "postgresql://x"]
        .into_iter()
        .enumerate()
    {
        let name = format!("{name} of {}", app.database);
        let encoded: String = name.bytes().map(|byte| format!("%{byte:02X}")).collect();
        for _ in 0..2 {
            let mut command = Command::new(env!("CARGO_BIN_EXE_restore"));
            let jobs = if number % 2 == 0 { "2" } else { "1" };
            command.arg(&snapshot.path).args(["--quiet", "--jobs", jobs, "--database", &app.server.url(&encoded)]);
            assert_eq!(code(&command.output().unwrap()), 0, "{name}");
        }
        let connect = format!("dbname='{}'", name.replace('\\', "\\\\").replace('\'', "\\'"));
        assert_eq!(app.server.sql(&connect, "select state from marker").trim(), "new");
        app.server.run("dropdb", &[&name]);
    }
    let long = "x".repeat(63);
    for _ in 0..2 {
        let mut command = Command::new(env!("CARGO_BIN_EXE_restore"));
        command.arg(&snapshot.path).args(["--quiet", "--database", &app.server.url(&long)]);
        assert_eq!(code(&command.output().unwrap()), 0);
    }
    app.server.run("dropdb", &[&long]);
    let mut command = Command::new(env!("CARGO_BIN_EXE_restore"));
    command.arg(&snapshot.path).args(["--quiet", "--database", &app.server.url(&"x".repeat(64))]);
    let output = command.output().unwrap();
    assert_eq!(code(&output), 2);
    assert!(stderr(&output).contains("63 bytes"));
}

#[test]
fn roles_need_no_more_than_createdb_and_ownership() {
    let Some(app) = App::new() else { return };
    let snapshot = Snapshot::of(&app, 3);
    let (maker, reader, member) = ("a maker", "a reader", "a member");
    app.server.sql("postgres", &format!("create role \"{maker}\" login createdb; create role \"{reader}\" login; create role \"{member}\" login createdb in role \"{maker}\""));
    let url = |role: &str| app.url().replace("//postgres@", &format!("//{}@", role.replace(' ', "%20")));
    let restore = |role: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_restore"));
        command.arg(&snapshot.path).args(["--quiet", "--database", &url(role), "--files"]).arg(app.files());
        command.output().unwrap()
    };
    let output = restore(reader);
    assert_eq!(code(&output), 2);
    assert!(stderr(&output).contains("CREATEDB"));
    app.assert_old();
    let output = restore(maker);
    assert_eq!(code(&output), 2);
    assert!(stderr(&output).contains("belongs to \"postgres\""));
    app.assert_old();
    for role in [maker, member] {
        app.make_old();
        app.server.sql("postgres", &format!("alter database \"{}\" owner to \"{maker}\"", app.database));
        app.server.sql(
            &app.database,
            &format!("reassign owned by current_user to \"{maker}\"")
                .replace("reassign owned by current_user", "alter table marker owner"),
        );
        assert_eq!(code(&restore(role)), 0, "{role}");
        app.assert_new(&snapshot);
        let sql = format!("select pg_get_userbyid(datdba) from pg_database where datname = '{}'", app.database);
        assert_eq!(app.server.sql("postgres", &sql).trim(), maker);
    }
    app.server.run("dropdb", &[&app.database]);
    app.server.sql("postgres", &format!("drop role \"{member}\", \"{maker}\", \"{reader}\""));
}

#[test]
fn extension_that_only_a_superuser_may_create_is_refused_for_others() {
    let Some(app) = App::new() else { return };
    // Part of every PostgreSQL with its contributed modules.
    let sql = "select count(*) from pg_available_extensions where name = 'pageinspect'";
    if app.server.sql("postgres", sql).trim() == "0" {
        return;
    }
    let snapshot = Snapshot::with(&app, 3, "create extension pageinspect;", |_| {});
    app.server.sql("postgres", "create role \"no superuser\" login createdb");
    app.server.sql("postgres", &format!("alter database \"{}\" owner to \"no superuser\"", app.database));
    let url = app.url().replace("//postgres@", "//no%20superuser@");
    let mut command = Command::new(env!("CARGO_BIN_EXE_restore"));
    let output = command.arg(&snapshot.path).args(["--quiet", "--database", &url]).output().unwrap();
    assert_eq!(code(&output), 2);
    assert!(stderr(&output).contains("pageinspect") && stderr(&output).contains("superuser"));
    app.assert_old();
    app.server.run("dropdb", &[&app.database]);
    app.server.sql("postgres", "drop role \"no superuser\"");
}
