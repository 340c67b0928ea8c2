//! The crate's prose, in numbers that must not rise.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};
use std::path::Path;

use crate::files::{self, File};
use crate::lexer::{Kind, Lexed, closing};

/// A summary says what an item is or does, so it cannot begin with one of these.
const RELATIVES: [&str; 6] = ["What", "Whether", "How", "Where", "As", "Which"];

/// Words and phrases with a better one. A star stands for the rest of a word, and `|` separates alternatives.
const PHRASES: &[&str] = &[
    "plain byte|bytes|length|lengths|size",
    "packed",
    "anew",
    "once more",
    "behind",
    "in front of",
    "stand|stands|standing",
    "lie|lies|lying",
    "lay",
    "put|puts down",
    "stranger*",
    "the|its|this|that place",
    "place of",
    "lends",
    "told of|by|apart|that|about",
    "tell|tells of|apart",
    "is|are said",
    "what it|they|he says|say",
    "data are|were|lie|have|come|go|stand",
    "whoever",
    "for|of|to who",
    "somebody*",
    "nobody*",
    "goes|go by",
    "sees|see to it",
    "takes|take note",
    "hands|hand|handed|handing out|on|over",
    "at first",
    "in one go",
    "in a row",
    "made by hand",
    "stretch*",
    "foresee*",
    "prospect*",
    "seam|seams|pile|piles|office|offices|desk|desks",
];

/// One kind of thing that is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Measure {
    /// Doc summaries that begin with a relative.
    Summary,
    /// Phrases of the list, in docs, comments, messages and pages.
    Phrase,
    /// `.get(..)` whose `None` becomes a default.
    GetOrDefault,
    /// `try_from(..)` whose error becomes some number.
    TryFromOr,
}

pub const MEASURES: [Measure; 4] = [Measure::Summary, Measure::Phrase, Measure::GetOrDefault, Measure::TryFromOr];

/// One thing that was counted.
#[derive(Clone, Debug)]
pub struct Hit {
    pub measure: Measure,
    pub group: String,
    pub path: String,
    pub line: usize,
    pub text: String,
}

impl fmt::Display for Hit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {}:{} {}", self.measure, self.path, self.line, self.text)
    }
}

impl Hit {
    /// Returns `true` for what users of the library read or run.
    pub fn is_library(&self) -> bool {
        !["benches", "examples", "fuzz", "tests"].contains(&self.group.as_str())
    }
}

/// Counts everything in the repository at `root`.
pub fn measured(root: &Path) -> Vec<Hit> {
    let mut hits = Vec::new();
    for file in files::library(root).iter().chain(&files::around(root)) {
        // The list itself is no prose.
        if file.path != "tests/house/src/prose.rs" {
            measure_source(file, &mut hits);
        }
    }
    for page in files::pages(root) {
        let mut is_code = false;
        for (number, line) in page.text.lines().enumerate() {
            is_code ^= line.starts_with("```");
            if is_code {
                continue;
            }
            measure_phrases(&page, number + 1, line, &mut hits);
        }
    }
    hits
}

/// A table with a row for each module.
pub fn table(hits: &[Hit]) -> String {
    let mut rows = BTreeMap::<(bool, &str), [usize; 4]>::new();
    for hit in hits {
        rows.entry((!hit.is_library(), &hit.group)).or_default()[hit.measure as usize] += 1;
    }
    let mut text = format!("{:<16}{:>10}{:>10}{:>10}{:>10}\n", "", "summaries", "phrases", "get-or", "try-or");
    let mut row = |name: &str, counts: [usize; 4]| {
        write!(text, "{name:<16}").unwrap();
        counts.iter().for_each(|count| write!(text, "{count:>10}").unwrap());
        text.push('\n');
    };
    rows.iter().for_each(|((_, name), counts)| row(name, *counts));
    row("LIBRARY", MEASURES.map(|measure| count(hits, measure, true)));
    row("AROUND IT", MEASURES.map(|measure| count(hits, measure, false)));
    text
}

pub fn count(hits: &[Hit], measure: Measure, is_library: bool) -> usize {
    hits.iter().filter(|hit| hit.measure == measure && hit.is_library() == is_library).count()
}

fn measure_source(file: &File, hits: &mut Vec<Hit>) {
    let lexed = Lexed::of(&file.text);
    let mut last_doc_line = 0;
    for piece in &lexed.pieces {
        if piece.kind == Kind::Doc {
            let text = piece.text.trim_start();
            let is_first = last_doc_line + 1 != piece.line;
            last_doc_line = piece.line;
            let word = text.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
            if is_first && RELATIVES.contains(&word) {
                hits.push(hit(Measure::Summary, file, piece.line, text));
            }
        }
        for (number, line) in piece.text.lines().enumerate() {
            measure_phrases(file, piece.line + number, line, hits);
        }
    }
    let mut fallback = |measure, calls: &[&str]| {
        for offset in fallbacks(&lexed.code, calls) {
            let line = lexed.line_at(offset);
            hits.push(hit(measure, file, line, file.text.lines().nth(line - 1).unwrap().trim()));
        }
    };
    fallback(Measure::GetOrDefault, &[".get(", ".get_mut(", ".split_at_checked("]);
    fallback(Measure::TryFromOr, &["::try_from("]);
}

fn hit(measure: Measure, file: &File, line: usize, text: &str) -> Hit {
    Hit { measure, group: file.group().to_owned(), path: file.path.clone(), line, text: text.to_owned() }
}

/// Offsets of calls whose failure becomes a value: `call(..)`, at most three adapters, then `unwrap_or..`.
fn fallbacks(code: &str, calls: &[&str]) -> Vec<usize> {
    let mut found = Vec::new();
    for call in calls {
        for (start, matched) in code.match_indices(call) {
            let mut end = closing(code, start + matched.len() - 1);
            for _ in 0..4 {
                let rest = code[end..].trim_start();
                let Some(method) = rest.strip_prefix('.') else { break };
                let name_len = method.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(method.len());
                let name = &method[..name_len];
                if ["unwrap_or", "unwrap_or_default"].contains(&name) {
                    found.push(start);
                    break;
                }
                if !["copied", "cloned", "map", "ok", "as_deref", "as_ref"].contains(&name) {
                    break;
                }
                let open = code.len() - method.len() + name_len;
                end = closing(code, open);
            }
        }
    }
    found.sort_unstable();
    found
}

fn measure_phrases(file: &File, line: usize, text: &str, hits: &mut Vec<Hit>) {
    let prose = without_code(text).to_lowercase();
    let words = prose.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty());
    let words = words.collect::<Vec<_>>();
    for phrase in PHRASES {
        let pattern = phrase.split(' ').collect::<Vec<_>>();
        for (at, window) in words.windows(pattern.len()).enumerate() {
            let is_match = window.iter().zip(&pattern).all(|(word, pattern)| matches(word, pattern));
            // "In place" and "in its place" are English.
            let is_idiom = pattern[pattern.len() - 1] == "place" && at > 0 && words[at - 1] == "in";
            if is_match && !is_idiom {
                hits.push(hit(Measure::Phrase, file, line, &format!("[{}] {}", window.join(" "), text.trim())));
            }
        }
    }
}

fn matches(word: &str, pattern: &str) -> bool {
    pattern.split('|').any(|pattern| match pattern.strip_suffix('*') {
        Some(start) => word.starts_with(start),
        None => word == pattern,
    })
}

/// The text outside of `code spans`.
fn without_code(text: &str) -> String {
    text.split('`').step_by(2).collect::<Vec<_>>().join(" ")
}
