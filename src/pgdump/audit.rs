//! An audit of what a restore would run or change beyond tables and their rows: [`audit`].

use std::collections::HashSet;

use super::code::Code;
use super::settings::Settings;
use super::sql::{Kind, Token, Tokens};
use super::toc::{Entry, Toc};

/// Lists the entries of a dump that run code while it is restored, can run code later, or connect the database to others,
/// in the order of the entries.
///
/// The dump of a plain application, which has tables, sequences, indexes, constraints and views, has none. An untrusted
/// dump can run any code with the rights of the role that restores it (CVE-2025-8714 is an example), so review what is
/// listed first. The bodies of functions are searched for names, not understood.
///
/// Each is the dump id of an entry and the code that says why it is listed. An entry can be listed for several reasons.
///
/// ```
/// use std::fs::File;
/// use appsnap::Limits;
/// use appsnap::pgdump::{Dump, audit};
///
/// let dump = Dump::open(File::open("tests/data/check/pg18-default.dump")?, &Limits::untrusted())?;
/// for (id, code) in audit(dump.toc()) {
///     println!("{code:?}: {:?}", dump.toc().get(id));
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn audit(toc: &Toc) -> Vec<(u32, Code)> {
    let standard_strings = Settings::of(toc).ok().and_then(|settings| settings.standard_strings).unwrap_or(true);
    let functions: HashSet<u32> =
        toc.entries().filter(|entry| matches!(entry.desc, b"FUNCTION" | b"PROCEDURE")).map(|entry| entry.id).collect();
    let mut items = Vec::new();
    for entry in toc.entries() {
        let mut add = |code| items.push((entry.id, code));
        by_kind(&entry, &mut add);
        if has_line_feed(&entry) {
            add(Code::DumpLineFeedInName);
        }
        if let Some(sql) = entry.definition {
            by_sql(&entry, &|| Tokens::new(sql, standard_strings), &mut add);
        }
        // Defaults and triggers run later; these compute values while rows are loaded or indexed.
        let computes = matches!(
            entry.desc,
            b"TABLE"
                | b"INDEX"
                | b"CONSTRAINT"
                | b"CHECK CONSTRAINT"
                | b"MATERIALIZED VIEW"
                | b"DOMAIN"
                | b"STATISTICS"
        );
        if computes && !functions.is_empty() && entry.dependencies().any(|id| functions.contains(&id)) {
            add(Code::DumpCallsFunctions);
        }
    }
    items
}

/// Adds what the kind of the entry says.
fn by_kind(entry: &Entry<'_>, add: &mut dyn FnMut(Code)) {
    let code = match entry.desc {
        b"EVENT TRIGGER" => Code::DumpWithEventTriggers,
        b"TRIGGER" => Code::DumpWithTriggers,
        b"CAST" | b"OPERATOR" | b"OPERATOR CLASS" | b"OPERATOR FAMILY" | b"TRANSFORM" | b"CONVERSION" => {
            Code::DumpWithOperators
        }
        b"FOREIGN DATA WRAPPER" | b"SERVER" | b"FOREIGN SERVER" | b"USER MAPPING" | b"FOREIGN TABLE" => {
            Code::DumpWithForeignServers
        }
        b"PUBLICATION" | b"PUBLICATION TABLE" | b"PUBLICATION TABLES IN SCHEMA" => Code::DumpWithPublications,
        b"SUBSCRIPTION" | b"SUBSCRIPTION TABLE" => Code::DumpWithSubscriptions,
        b"ACCESS METHOD" => Code::DumpWithUntrustedLanguages,
        // Every database has this language.
        b"EXTENSION" if entry.tag != b"plpgsql" => Code::DumpWithExtensions,
        b"TABLE DATA" if entry.namespace.is_some_and(|schema| schema != b"public" && !schema.is_empty()) => {
            Code::DumpDataOutsidePublic
        }
        _ => return,
    };
    add(code);
}

/// Adds what the SQL of the entry says.
fn by_sql<'a>(entry: &Entry<'_>, tokens: &dyn Fn() -> Tokens<'a>, add: &mut dyn FnMut(Code)) {
    match entry.desc {
        b"FUNCTION" | b"PROCEDURE" => {
            let (mut before, mut is_definer, mut is_untrusted, mut reaches_server) = (None, false, false, false);
            for token in tokens() {
                is_definer |= token.is("definer") && is(before, "security");
                is_untrusted |= is(before, "language") && token.name().is_some_and(|name| !is_trusted(name));
                reaches_server |= reaches(token, before);
                before = Some(token);
            }
            for (found, code) in [
                (is_untrusted, Code::DumpWithUntrustedLanguages),
                (is_definer, Code::DumpWithSecurityDefiner),
                (reaches_server, Code::DumpReachesServer),
            ] {
                if found {
                    add(code);
                }
            }
        }
        b"PROCEDURAL LANGUAGE" if !TRUSTED.contains(&entry.tag) && !tokens().any(|token| token.is("trusted")) => {
            add(Code::DumpWithUntrustedLanguages);
        }
        // A view is a table with the rule _RETURN on SELECT.
        b"RULE" => {
            let mut before = None;
            let is_view = tokens().any(|token| is(before.replace(token), "on") && token.is("select"));
            if !is_view {
                add(Code::DumpWithRules);
            }
        }
        _ => {}
    }
    if has_unusual_statement(entry, tokens()) {
        add(Code::DumpUnusualStatement);
    }
}

fn is(token: Option<Token<'_>>, word: &str) -> bool {
    token.is_some_and(|token| token.is(word))
}

/// The languages whose functions cannot reach beyond the database.
const TRUSTED: &[&[u8]] =
    &[b"sql", b"plpgsql", b"plperl", b"pltcl", b"plv8", b"plcoffee", b"plls", b"plr_trusted", b"plrust", b"pllua"];

fn is_trusted(language: &[u8]) -> bool {
    TRUSTED.contains(&language)
}

/// Returns `true` if a function uses programs or files of the server, as far as its text shows.
fn reaches(token: Token<'_>, before: Option<Token<'_>>) -> bool {
    const NAMES: [&[u8]; 10] = [
        b"pg_read_file",
        b"pg_read_binary_file",
        b"pg_ls_dir",
        b"pg_write_file",
        b"pg_file_write",
        b"lo_import",
        b"lo_export",
        b"dblink",
        b"dblink_connect",
        b"pg_logdir_ls",
    ];
    let mut words = token.text.split(|byte| !(byte.is_ascii_alphanumeric() || *byte == b'_'));
    if token.kind != Kind::Literal {
        return NAMES.contains(&token.text) || (token.is("program") && (is(before, "from") || is(before, "to")));
    }
    // The body of the function.
    let mut previous: &[u8] = b"";
    words.any(|word| {
        let is_program = word.eq_ignore_ascii_case(b"program")
            && (previous.eq_ignore_ascii_case(b"from") || previous.eq_ignore_ascii_case(b"to"));
        if !word.is_empty() {
            previous = word;
        }
        is_program || NAMES.iter().any(|name| word.eq_ignore_ascii_case(name))
    })
}

/// Returns `true` if a name contains the end of a line: scripts that pg_restore writes have names in comments, and what
/// follows would be run.
fn has_line_feed(entry: &Entry<'_>) -> bool {
    let names =
        [Some(entry.tag), Some(entry.desc), entry.namespace, entry.owner, entry.tablespace, entry.access_method];
    names.into_iter().flatten().any(|name| name.iter().any(|byte| *byte == b'\n' || *byte == b'\r'))
}

/// Returns `true` if a statement begins with a word with which no statement of pg_dump begins.
fn has_unusual_statement(entry: &Entry<'_>, tokens: Tokens<'_>) -> bool {
    // A list of numbers, and calls of functions that import statistics.
    if matches!(entry.desc, b"BLOB METADATA" | b"STATISTICS DATA" | b"EXTENDED STATISTICS DATA") {
        return false;
    }
    let (mut begins, mut depth, mut is_routine) = (true, 0_u32, false);
    let mut tokens = tokens.peekable();
    while let Some(token) = tokens.next() {
        match token.text {
            b"(" => depth = depth.saturating_add(1),
            b")" => depth = depth.saturating_sub(1),
            _ => {}
        }
        if token.is_sign(b';') {
            begins = depth == 0;
            continue;
        }
        // A body in SQL contains statements of its own, up to END.
        is_routine |= token.is("atomic");
        if std::mem::take(&mut begins) && !is_routine {
            let is_usual = USUAL.iter().any(|word| token.is(word))
                || (token.is("select") && tokens.peek().is_some_and(|next| next.is_named("pg_catalog")))
                || (token.is("set") || token.is("refresh") || token.is("with"))
                || entry.desc == b"RULE";
            if !is_usual {
                return true;
            }
        }
    }
    false
}

/// The words with which statements of pg_dump begin.
const USUAL: &[&str] = &["create", "alter", "comment", "grant", "revoke", "security", "drop"];
