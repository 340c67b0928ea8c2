//! Renders the page that lists all codes, and holds the page that is shipped against it.

use std::fmt::Write as _;
use std::path::Path;

use super::Code;
use crate::check::Profile;
use crate::diagnostic::Severity;

/// Set to write the page anew instead of comparing it.
const UPDATE: &str = "APPSNAP_UPDATE_PAGES";

const HEAD: &str = "All findings of [`check`](crate::check::check), by code.

A code is stable: it is never used for something else. Its letter names the layer. How bad a finding is, the profile
decides: the four columns are the built-in ones, a dash means that the finding is not reported. Names stand for the
variants of [`Code`](crate::check::Code) in kebab case.

This page is made from the registry in `src/check/registry/table.rs`; `APPSNAP_UPDATE_PAGES=1 cargo test registry` writes it
anew.
";

fn section(letter: &str) -> &'static str {
    match letter {
        "S" => "The file as a whole",
        "G" => "The compression around the archive",
        "T" => "The tar framing",
        "I" => "The index behind the archive",
        "L" => "Names and places in the archive",
        "M" => "The metadata",
        "D" => "The dump",
        _ => "Files that the database knows, against the documents in the archive",
    }
}

fn render() -> String {
    let mut page = HEAD.to_owned();
    for codes in Code::ALL.chunk_by(|one, other| one.code()[..1] == other.code()[..1]) {
        let letter = &codes[0].code()[..1];
        let profiles = Profile::BUILT_IN.join(" | ");
        let _ = write!(
            page,
            "\n## {letter}: {}\n\n| code | name | {profiles} |\n|---|---|---|---|---|---|\n",
            section(letter)
        );
        for code in codes {
            let severities = code.severities().map(|severity| severity.map_or("-", Severity::name)).join(" | ");
            let _ = writeln!(page, "| {} | `{}` | {severities} |", code.code(), code.name());
        }
        for code in codes {
            let (explanation, help) = (capital(code.explanation()), capital(code.help()));
            let _ = write!(page, "\n**{}** `{}`: {explanation}. *{help}.*\n", code.code(), code.name());
        }
    }
    page
}

fn capital(text: &str) -> String {
    let (first, rest) = text.split_at(1);
    first.to_uppercase() + rest
}

#[test]
fn the_page_of_findings_is_what_the_registry_says() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/_documentation/findings.md");
    if std::env::var_os(UPDATE).is_some() {
        std::fs::write(&path, render()).unwrap();
    }
    let shipped = std::fs::read_to_string(&path).unwrap();
    assert!(shipped == render(), "src/_documentation/findings.md is out of date: set {UPDATE}=1 and run this test");
}
