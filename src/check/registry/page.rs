//! Renders the page that lists all codes, and compares the shipped page with it.

use std::fmt::Write as _;
use std::path::Path;

use super::codes;
use crate::check::Profile;
use crate::diagnostic::Severity;

/// Set to write the page instead of comparing it.
const UPDATE: &str = "APPSNAP_UPDATE_PAGES";

const HEAD: &str = "The codes of all diagnostics: the findings of [`check`](crate::check::check()), then what other modules report.

A code is stable: it is never used for something else. Its letter names the layer. In a check, the profile decides the
severity of a finding: the four columns are the built-in profiles, and a dash means that the finding is not reported. Each
code has an anchor, for example `#D002`.

This page is generated from the enums `Code` of all modules: `APPSNAP_UPDATE_PAGES=1 cargo test --lib registry` writes
it.
";

fn section(letter: &str) -> &'static str {
    match letter {
        "S" => "The file as a whole",
        "G" => "The compression around the archive",
        "T" => "The tar framing",
        "I" => "The index after the archive",
        "L" => "Names and locations in the archive",
        "M" => "The metadata",
        "D" => "The dump",
        "F" => "Files that the database refers to, compared with the documents in the archive",
        "P" => "Files that a plan leaves out",
        "C" => "Differences between the inputs and the archive that is made from them",
        "B" => "Listings of backups",
        "A" => "Advice about restoring, uploading and creating backups",
        _ => "Squidex archives",
    }
}

fn render() -> String {
    let mut page = HEAD.to_owned();
    let profiles = Profile::BUILT_IN.map(|name| Profile::by_name(name).unwrap());
    let codes = codes().chain(crate::prepare::Code::ALL.iter().copied()).collect::<Vec<_>>();
    for codes in codes.chunk_by(|one, other| one.id()[..1] == other.id()[..1]) {
        let letter = &codes[0].id()[..1];
        let is_in_checks = "SGTILMDF".contains(letter);
        let columns = if is_in_checks { Profile::BUILT_IN.join(" | ") } else { "severity".to_owned() };
        let rule = "---|".repeat(2 + columns.split('|').count());
        let _ = write!(page, "\n## {letter}: {}\n\n| code | name | {columns} |\n|{rule}\n", section(letter));
        for code in codes {
            let severity = |profile: &Profile| profile.severity(*code).map_or("-", Severity::name);
            let severities = if is_in_checks {
                profiles.each_ref().map(severity).join(" | ")
            } else {
                code.default_severity().name().to_owned()
            };
            let _ = writeln!(page, "| [{0}](#{0}) | `{1}` | {severities} |", code.id(), code.name());
        }
        for code in codes {
            let (id, name, help) = (code.id(), code.name(), capital(code.help()));
            let _ = write!(page, "\n<a id=\"{id}\"></a>**{id}** `{name}`: {} *{help}.*\n", code.explanation());
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
