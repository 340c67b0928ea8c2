//! Looks for values in rows that older servers refuse: [`WatchedTables`], [`ValueWatch`].

use std::collections::HashMap;
use std::sync::Arc;

use super::compat::relations::{Class, Relations};
use super::compat::{Feature, Incompatibility, constants, dumped_major};
use super::header::Header;
use super::rows::columns;
use super::settings::Settings;
use super::toc::Toc;
use super::window::window;

/// The tables whose rows can have such values.
#[derive(Default)]
pub(super) struct WatchedTables {
    /// The classes of the columns that COPY lists, by the dump id of the entry with the rows.
    tables: HashMap<u32, Arc<[Class]>>,
}

/// The first release that has a value to look for.
const FIRST_MAJOR: u16 = 12;
/// The types of values to look for.
const CLASSES: [Class; 4] = [Class::TEXT_SEARCH, Class::JSONPATH, Class::NUMERIC, Class::INTERVAL];

/// Returns the types that can have such values on a server of this major release.
fn classes(server_major: u16) -> &'static [Class] {
    let count = match server_major {
        ..12 => 0,
        12 => 1,
        13 => 2,
        14..17 => 3,
        17.. => 4,
    };
    CLASSES.split_at_checked(count).map_or(&[], |(classes, _)| classes)
}

impl WatchedTables {
    /// Finds the tables of a dump that have columns of the types in question.
    pub(super) fn of(header: &Header, toc: &Toc) -> Self {
        let mut tables = HashMap::new();
        if dumped_major(header) < FIRST_MAJOR {
            return Self::default();
        }
        let standard_strings = Settings::of(toc).ok().and_then(|settings| settings.standard_strings).unwrap_or(true);
        let classes = classes(dumped_major(header));
        let is_watched = |class: Class| classes.iter().any(|watched| class.has(*watched));
        let relations = Relations::of(toc, standard_strings);
        for entry in toc.entries().filter(|entry| entry.desc == b"TABLE DATA") {
            let watched = relations.columns_of_rows(&entry);
            if !watched.iter().any(|column| is_watched(column.class)) {
                continue;
            }
            let listed = entry.copy_statement.and_then(|sql| columns(sql.strip_prefix(b"COPY ")?));
            let classes = listed.into_iter().flatten().map(|name| {
                let column = watched.iter().find(|column| column.name == name);
                column.filter(|column| is_watched(column.class)).map_or_else(Class::default, |column| column.class)
            });
            tables.insert(entry.id, classes.collect());
        }
        Self { tables }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.tables.is_empty()
    }

    /// Returns the watch for the rows of this entry, if it can have such values.
    pub(super) fn watch(&self, id: u32) -> Option<ValueWatch> {
        let classes = Arc::clone(self.tables.get(&id)?);
        Some(ValueWatch { id, classes, field: 0, pending: Vec::new(), row: 1, found: Vec::new() })
    }
}

fn is_watched(class: Class) -> bool {
    CLASSES.into_iter().any(|watched| class.has(watched))
}

/// Looks at the COPY text of one table without buffering it.
pub(super) struct ValueWatch {
    id: u32,
    classes: Arc<[Class]>,
    /// The number of the current field in its row.
    field: usize,
    /// The end of the current field so far.
    pending: Vec<u8>,
    row: u64,
    found: Vec<Incompatibility>,
}

/// More of a field that is split between two parts of the text is not kept.
const MAX_PENDING_BYTES: usize = 4 << 10;

impl ValueWatch {
    /// Examines the next part of the text, before which `rows_count` rows have ended.
    pub(super) fn feed(&mut self, text: &[u8], rows_count: u64) {
        self.row = rows_count.saturating_add(1);
        // The field that the part before has begun.
        let end = text.iter().position(|byte| *byte == b'\t' || *byte == b'\n');
        let Some((first, rest)) = end.and_then(|end| text.split_at_checked(end)) else { return self.keep(text) };
        self.keep(first);
        let pending = std::mem::take(&mut self.pending);
        self.value(&pending);
        self.pending = pending;
        self.pending.clear();
        // Nearly always nothing looks like such a value, and counting is enough, which is fast.
        let last = rest.iter().rposition(|byte| *byte == b'\n');
        if !self.needs_all() && !may_hold_infinity(rest) {
            if let Some((_, unfinished)) = last.and_then(|last| rest.split_at_checked(last.saturating_add(1))) {
                self.field = 0;
                return self.skip(unfinished);
            }
            return self.skip(rest);
        }
        self.skip_each(rest);
    }

    /// Returns what has been found, each feature once.
    pub(super) fn into_found(self) -> Vec<Incompatibility> {
        self.found
    }

    /// Passes fields that hold nothing, and keeps the last, which is unfinished.
    fn skip(&mut self, text: &[u8]) {
        self.field = self.field.saturating_add(count(text, b'\t'));
        let start = text.iter().rposition(|byte| *byte == b'\t').map_or(0, |last| last.saturating_add(1));
        self.keep(window(text, start, text.len()));
    }

    /// Examines every field. The text begins with the delimiter before one.
    fn skip_each(&mut self, text: &[u8]) {
        let mut rest = text;
        while let Some((delimiter, after)) = rest.split_first() {
            if *delimiter == b'\n' {
                self.row = self.row.saturating_add(1);
                self.field = 0;
            } else {
                self.field = self.field.saturating_add(1);
            }
            let end = after.iter().position(|byte| *byte == b'\t' || *byte == b'\n');
            let Some((value, following)) = end.and_then(|end| after.split_at_checked(end)) else {
                return self.keep(after);
            };
            self.value(value);
            rest = following;
        }
    }

    fn keep(&mut self, text: &[u8]) {
        let room = MAX_PENDING_BYTES.saturating_sub(self.pending.len());
        self.pending.extend_from_slice(window(text, 0, room.min(text.len())));
    }

    /// Returns `true` if values that are not infinity are looked for.
    fn needs_all(&self) -> bool {
        self.classes.iter().any(|class| class.has(Class::JSONPATH) || class.has(Class::TEXT_SEARCH))
    }

    /// Examines a field.
    fn value(&mut self, value: &[u8]) {
        let Some(class) = self.classes.get(self.field).copied().filter(|class| is_watched(*class)) else { return };
        let by_class = [
            class.has(Class::NUMERIC).then(|| constants::in_numeric(value)),
            class.has(Class::INTERVAL).then(|| constants::in_interval(value)),
            class.has(Class::JSONPATH).then(|| constants::in_jsonpath(value)),
            class.has(Class::TEXT_SEARCH).then(|| constants::in_text_search(value)),
        ];
        for feature in by_class.into_iter().flatten().flatten() {
            self.note(feature);
        }
    }

    fn note(&mut self, feature: Feature) {
        if !self.found.iter().any(|found| found.feature == feature) {
            self.found.push(Incompatibility { id: self.id, feature, row: Some(self.row) });
        }
    }
}

// Looks at every byte without leaving early, so that it compiles to vector instructions.
fn may_hold_infinity(text: &[u8]) -> bool {
    let pairs = text.iter().zip(text.iter().skip(1)).zip(text.iter().skip(2));
    pairs.fold(false, |found, ((first, second), third)| {
        found | ((*first == b'n') & (*second == b'f') & (*third == b'i'))
    })
}

fn count(text: &[u8], wanted: u8) -> usize {
    let counts = text.chunks(255).map(|part| part.iter().map(|byte| u8::from(*byte == wanted)).sum::<u8>());
    counts.map(usize::from).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_found_however_the_text_is_cut() {
        let text = b"1\tInfinity\tx\n2\t-3.5\tInfinity\n3\t-Infinity\tinfinity\n\\.\n\n\n";
        for size in 1..=text.len() {
            let classes: Arc<[Class]> = [Class::default(), Class::INTERVAL, Class::NUMERIC].into_iter().collect();
            let mut watch = ValueWatch { id: 7, classes, field: 0, pending: Vec::new(), row: 1, found: Vec::new() };
            let mut rows_count = 0;
            for part in text.chunks(size) {
                watch.feed(part, rows_count);
                rows_count += count(part, b'\n') as u64;
            }
            let found: Vec<_> = watch.into_found().into_iter().map(|found| (found.feature, found.row)).collect();
            assert_eq!(found, [(Feature::NumericInfinity, Some(2))], "in parts of {size}");
        }
    }

    #[test]
    fn rows_without_such_values_are_counted() {
        let mut text = b"1\t2.5\n".repeat(20_000);
        text.extend_from_slice(b"x\tInfinity\n");
        for size in [7, 4096, text.len()] {
            let classes: Arc<[Class]> = [Class::default(), Class::NUMERIC].into_iter().collect();
            let mut watch = ValueWatch { id: 7, classes, field: 0, pending: Vec::new(), row: 1, found: Vec::new() };
            let mut rows_count = 0;
            for part in text.chunks(size) {
                watch.feed(part, rows_count);
                rows_count += count(part, b'\n') as u64;
            }
            assert_eq!(watch.into_found().first().and_then(|found| found.row), Some(20_001));
        }
    }
}
