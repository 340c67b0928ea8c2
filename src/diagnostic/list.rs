//! The bounded list that diagnostics are added to: [`Diagnostics`].

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Serialize, Serializer};

use super::Diagnostic;
use crate::limits::Limits;

/// Memory of the findings that a bounded list keeps.
const MAX_BYTES: u64 = 4 << 20;
use super::code::Code;
use super::severity::Severity;

/// The findings about one input: all are counted, and a bounded number of each code is kept.
///
/// [`Limits::max_findings_per_code`](crate::Limits::max_findings_per_code) is the bound. Serializing gives the kept
/// findings as a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Diagnostics {
    kept: Vec<Diagnostic>,
    counts: BTreeMap<Code, Counted>,
    max_kept_per_code: u64,
    /// Memory that the kept findings may still use.
    free_bytes: u64,
}

/// The number of findings of one code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Counted {
    count: u64,
    severity: Severity,
}

impl Diagnostics {
    /// Creates an empty list that keeps this many findings of each code.
    pub(crate) const fn new(max_kept_per_code: u64) -> Self {
        Self { kept: Vec::new(), counts: BTreeMap::new(), max_kept_per_code, free_bytes: u64::MAX }
    }

    /// Creates an empty list for a reader of untrusted input: its memory is limited to 4 MiB, however long the names
    /// of a flood of members are.
    pub(crate) fn bounded(limits: &Limits) -> Self {
        Self { free_bytes: MAX_BYTES, ..Self::new(limits.max_findings_per_code()) }
    }

    /// Adds a finding with the default severity of its code.
    ///
    /// `describe` sets location, position and message, and is called only if the finding is kept.
    pub(crate) fn add(&mut self, code: impl Into<Code>, describe: impl FnOnce(Diagnostic) -> Diagnostic) {
        let code = code.into();
        self.add_ranked(code, code.default_severity(), describe);
    }

    /// Adds a finding with another severity than the default of its code.
    pub(crate) fn add_ranked(
        &mut self,
        code: Code,
        severity: Severity,
        describe: impl FnOnce(Diagnostic) -> Diagnostic,
    ) {
        let counted = self.counts.entry(code).or_insert(Counted { count: 0, severity });
        counted.count = counted.count.saturating_add(1);
        if counted.count > self.max_kept_per_code {
            return;
        }
        let found = describe(Diagnostic::new(code, severity));
        let message_bytes = if let Cow::Owned(message) = &found.message { message.len() } else { 0 };
        let text_bytes = found.location.as_ref().map_or(0, String::len).saturating_add(message_bytes);
        let bytes = size_of::<Diagnostic>().saturating_add(text_bytes) as u64;
        if let Some(free_bytes) = self.free_bytes.checked_sub(bytes) {
            self.free_bytes = free_bytes;
            self.kept.push(found);
        }
    }

    /// Counts findings of one code that are not kept.
    pub(crate) fn count_more(&mut self, code: impl Into<Code>, count: u64) {
        if count > 0 {
            let code = code.into();
            let counted = self.counts.entry(code).or_insert(Counted { count: 0, severity: code.default_severity() });
            counted.count = counted.count.saturating_add(count);
        }
    }

    /// Moves all findings of another list to the end of this one.
    pub(crate) fn append(&mut self, other: &mut Self) {
        if !other.is_empty() {
            self.add_all(other, |code| Some(code.default_severity()));
            other.kept.clear();
            other.counts.clear();
        }
    }

    /// Adds all findings of another list, each with the severity that `rank` returns; `None` leaves a code out.
    pub(crate) fn add_all(&mut self, other: &Self, rank: impl Fn(Code) -> Option<Severity>) {
        for found in &other.kept {
            if let Some(severity) = rank(found.code) {
                self.add_ranked(found.code, severity, |_| Diagnostic { severity, ..found.clone() });
            }
        }
        for (code, counted) in &other.counts {
            let kept_count = other.kept.iter().filter(|found| found.code == *code).count() as u64;
            if let Some(severity) = rank(*code) {
                let mine = self.counts.entry(*code).or_insert(Counted { count: 0, severity });
                mine.count = mine.count.saturating_add(counted.count.saturating_sub(kept_count));
            }
        }
    }

    /// Sorts the kept findings; those with equal keys stay in the order in which they were added.
    pub(crate) fn sort_by_key<K: Ord>(&mut self, key: impl FnMut(&Diagnostic) -> K) {
        self.kept.sort_by_key(key);
    }

    /// Returns the kept findings, in the order of the input unless the report says otherwise.
    pub fn iter(&self) -> std::slice::Iter<'_, Diagnostic> {
        self.kept.iter()
    }

    /// Returns the kept findings as a slice.
    #[must_use]
    pub fn as_slice(&self) -> &[Diagnostic] {
        &self.kept
    }

    /// Returns the first kept finding.
    #[must_use]
    pub fn first(&self) -> Option<&Diagnostic> {
        self.kept.first()
    }

    /// Returns `true` if nothing was found.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.counts.is_empty()
    }

    /// Returns the number of all findings, kept or not.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.counts.values().fold(0, |sum, counted| sum.saturating_add(counted.count))
    }

    /// Returns the number of findings of one code, kept or not.
    #[must_use]
    pub fn count_of(&self, code: impl Into<Code>) -> u64 {
        self.counts.get(&code.into()).map_or(0, |counted| counted.count)
    }

    /// Returns the number of findings of each code that occurred, kept or not, in ascending order of the codes.
    pub fn counts(&self) -> impl ExactSizeIterator<Item = (Code, u64)> {
        self.counts.iter().map(|(code, counted)| (*code, counted.count))
    }

    /// Returns the highest severity of all findings, kept or not.
    #[must_use]
    pub fn worst(&self) -> Option<Severity> {
        self.counts.values().map(|counted| counted.severity).max()
    }
}

impl<'a> IntoIterator for &'a Diagnostics {
    type Item = &'a Diagnostic;
    type IntoIter = std::slice::Iter<'a, Diagnostic>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl Serialize for Diagnostics {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self)
    }
}

#[cfg(test)]
mod tests {
    use super::super::codes;
    use super::*;

    codes! {
        /// Codes for these tests.
        enum Sample {
            /// One.
            One = "X001" "one" Warning, "look";
            /// Other.
            Other = "X002" "other" Info, "look";
        }
    }

    #[test]
    fn all_findings_are_counted_and_some_are_kept() {
        let mut list = Diagnostics::new(2);
        for number in 0..5 {
            list.add(Sample::One, |found| found.with_location(format!("member {number}")).with_message("odd"));
        }
        list.add(Sample::Other, |found| found.with_position(512).with_message("odd, too"));
        assert_eq!((list.count(), list.count_of(Sample::One), list.iter().count()), (6, 5, 3));
        assert_eq!(list.worst(), Some(Severity::Warning));
        assert!(list.counts().eq([(Sample::One.into(), 5), (Sample::Other.into(), 1)]));
        assert_eq!(list.as_slice()[0].to_string(), "warning X001 one: member 0: odd");
        assert_eq!(
            serde_json::to_value(&list).unwrap()[2],
            serde_json::json!({
                "code": "X002", "name": "other", "severity": "info", "location": null, "position": 512,
                "message": "odd, too", "help": "look",
            })
        );
    }

    #[test]
    fn findings_that_are_not_kept_still_count() {
        let mut list = Diagnostics::new(0);
        list.add(Sample::One, |_| unreachable!("it is not kept"));
        assert_eq!((list.count(), list.worst(), list.iter().count()), (1, Some(Severity::Warning), 0));
        let mut list = Diagnostics::bounded(&Limits::untrusted());
        for _ in 0..9 {
            list.add(Sample::One, |found| found.with_message("x".repeat(1 << 20)));
        }
        assert_eq!((list.count(), list.iter().count()), (9, 3));
    }

    #[test]
    fn another_list_is_added_with_other_severities() {
        let (mut list, mut other) = (Diagnostics::new(9), Diagnostics::new(1));
        for code in [Sample::One, Sample::One, Sample::Other] {
            other.add(code, |found| found.with_message("odd"));
        }
        list.add_all(&other, |code| (code == Sample::One).then_some(Severity::Error));
        assert_eq!((list.count_of(Sample::One), list.count_of(Sample::Other)), (2, 0));
        assert_eq!((list.worst(), list.as_slice()[0].severity()), (Some(Severity::Error), Severity::Error));
    }
}
