//! The files that a plan leaves out, all counted and some kept: [`SkippedFiles`].

use std::collections::{BTreeMap, BinaryHeap};
use std::path::{Path, PathBuf};

use super::code::Code;
use crate::diagnostic::Diagnostics;
use crate::layout::escaped;

/// A file or folder that is left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SkippedFile {
    pub(super) code: Code,
    /// The path relative to the files folder, or in the archive.
    pub(super) path: PathBuf,
}

/// Everything that is left out: counted by code, with the first paths of each code.
///
/// The order in which files are added does not matter, so the result does not depend on the number of threads.
#[derive(Debug)]
pub(super) struct SkippedFiles {
    max_kept_per_code: u64,
    codes: BTreeMap<Code, OfCode>,
}

#[derive(Debug, Default)]
struct OfCode {
    count: u64,
    kept: BinaryHeap<PathBuf>,
}

impl SkippedFiles {
    pub(super) const fn new(max_kept_per_code: u64) -> Self {
        Self { max_kept_per_code, codes: BTreeMap::new() }
    }

    pub(super) fn add(&mut self, SkippedFile { code, path }: SkippedFile) {
        let OfCode { count, kept } = self.codes.entry(code).or_default();
        *count = count.saturating_add(1);
        if (kept.len() as u64) < self.max_kept_per_code {
            kept.push(path);
        } else if let Some(mut last) = kept.peek_mut()
            && path < *last
        {
            *last = path;
        }
    }

    /// Removes `count` files of one code, including the kept ones for which `is_removed` returns `true`.
    pub(super) fn remove(&mut self, code: Code, count: u64, is_removed: impl Fn(&Path) -> bool) {
        if let Some(of_code) = self.codes.get_mut(&code) {
            of_code.count = of_code.count.saturating_sub(count);
            of_code.kept.retain(|path| !is_removed(path));
        }
    }

    /// Returns the diagnostics, by code and then by path.
    pub(super) fn diagnostics(&self) -> Diagnostics {
        let mut diagnostics = Diagnostics::new(self.max_kept_per_code);
        for (code, OfCode { count, kept }) in &self.codes {
            for path in kept.clone().into_sorted_vec() {
                diagnostics.add(*code, |found| {
                    let location = escaped(path.as_os_str().as_encoded_bytes()).to_string();
                    found.with_location(location).with_message(code.message())
                });
            }
            diagnostics.count_more(*code, count.saturating_sub(kept.len() as u64));
        }
        diagnostics
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_paths_are_kept_in_any_order_of_adding() {
        let names = ["d", "b", "e", "a", "c"];
        for rotation in 0..names.len() {
            let mut skipped = SkippedFiles::new(2);
            for name in names.iter().cycle().skip(rotation).take(names.len()) {
                skipped.add(SkippedFile { code: Code::Junk, path: name.into() });
            }
            let diagnostics = skipped.diagnostics();
            let kept: Vec<_> = diagnostics.iter().map(|found| found.location().unwrap()).collect();
            assert_eq!(kept, ["a", "b"]);
            assert_eq!((diagnostics.count(), diagnostics.count_of(Code::Junk)), (5, 5));
        }
    }

    #[test]
    fn removed_files_no_longer_count() {
        let mut skipped = SkippedFiles::new(2);
        for name in ["a", "b", "c"] {
            skipped.add(SkippedFile { code: Code::Numbered, path: name.into() });
        }
        skipped.remove(Code::Numbered, 2, |path| path != Path::new("b"));
        let diagnostics = skipped.diagnostics();
        assert_eq!((diagnostics.count(), diagnostics.iter().count()), (1, 1));
    }
}
