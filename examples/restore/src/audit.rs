//! The programs that the dump runs, and its changes beyond tables and their rows, for people.

use std::fmt::Write;

use appsnap::diagnostic::{Code, Severity};
use appsnap::pgdump;
use appsnap::restore::Survey;

use crate::support::harmless;

/// The number of entries of one kind that are named.
const SHOWN_COUNT: usize = 5;

/// Returns the reasons of the audit that the report does not show, because they are mere information.
pub fn text(survey: &Survey) -> String {
    let Some(dump) = survey.inspection() else { return String::new() };
    let findings = survey.report().findings();
    let is_hidden = |code: Code| {
        let found = findings.iter().find(|found| found.code() == code);
        found.is_none_or(|found| found.severity() == Severity::Info)
    };
    let mut items: Vec<(Code, u32)> =
        pgdump::audit(&dump.toc).into_iter().map(|(id, code)| (code.into(), id)).collect();
    items.retain(|(code, _)| is_hidden(*code));
    items.sort_by_key(|(code, _)| code.id());
    let mut text = String::new();
    for alike in items.chunk_by(|(one, _), (other, _)| one == other) {
        let Some((code, _)) = alike.first() else { continue };
        let named = alike.iter().take(SHOWN_COUNT).filter_map(|(_, id)| dump.toc.get(*id)).map(|entry| {
            let name = |bytes: &[u8]| harmless(&String::from_utf8_lossy(bytes));
            format!("{} {}", name(entry.desc), name(entry.tag))
        });
        let mut list = named.collect::<Vec<_>>().join(", ");
        if let Some(more @ 1..) = alike.len().checked_sub(SHOWN_COUNT) {
            let _ = write!(list, " and {more} more");
        }
        let _ = writeln!(text, "info {code}: {}: {list}", code.explanation().trim_end_matches('.'));
    }
    if text.is_empty() { text } else { format!("\n{text}") }
}
