//! What a plan did not take, and why: [`Leftover`]s, counted in full and kept in part.

use std::collections::BinaryHeap;
use std::fmt;
use std::path::{Path, PathBuf};

/// Something that lies among the documents and was not taken.
///
/// ```
/// # use appsnap::observe::NoObserver;
/// # use appsnap::source::directory::{self, DirectoryOptions};
/// # let folder = tempfile::tempdir()?;
/// # std::fs::create_dir_all(folder.path().join("0d/3e"))?;
/// # std::fs::write(folder.path().join("0d/3e/0d3e301f-5551-46f8-ad44-8de2be084c95"), "hello")?;
/// # std::fs::write(folder.path().join("Thumbs.db"), "left by a file manager")?;
/// # let plan = directory::scan(folder.path(), &DirectoryOptions::new(), &mut NoObserver)?;
/// use appsnap::source::LeftoverKind;
///
/// let leftover = plan.leftovers().iter().next().expect("there is one");
/// assert_eq!((leftover.kind(), leftover.path().to_str()), (LeftoverKind::Junk, Some("Thumbs.db")));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Leftover {
    // Declared in this order so that the derived order is by path.
    path: PathBuf,
    kind: LeftoverKind,
}

/// Why something was not taken.
///
/// ```
/// use appsnap::source::LeftoverKind;
///
/// for kind in LeftoverKind::all() {
///     println!("{}: {}", kind.name(), kind.explanation());
/// }
/// assert_eq!(LeftoverKind::WrongShard.to_string(), "wrong-shard");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum LeftoverKind {
    /// A file whose name is not a uuid, after the prefix and suffix of the keys were taken off.
    NotAnId,
    /// A file named by a number, as very old apps wrote them: `NN/<number>`, where `NN`
    /// is its thousands, in two digits at least. It needs a uuid, and its row has to say so.
    Numbered,
    /// A document in a folder that its uuid does not lead to.
    WrongShard,
    /// The same document in a second place or a second spelling; the one in the deepest folder was taken.
    Duplicate,
    /// A symbolic link. Links are never followed.
    Symlink,
    /// Neither a file nor a folder nor a link: a device, a pipe or a socket.
    Special,
    /// A folder that is no shard folder. It was not entered.
    Folder,
    /// What file managers and file servers leave behind: `Thumbs.db`, `.DS_Store` and the like.
    Junk,
    /// A file that was gone between being listed and being looked at.
    Vanished,
    /// A file or folder that the system would not let us look at; only where the options allow going on.
    Unreadable,
}

impl LeftoverKind {
    const COUNT: usize = 10;

    /// Every kind, in a fixed order.
    #[must_use]
    pub const fn all() -> [Self; Self::COUNT] {
        [
            Self::NotAnId,
            Self::Numbered,
            Self::WrongShard,
            Self::Duplicate,
            Self::Symlink,
            Self::Special,
            Self::Folder,
            Self::Junk,
            Self::Vanished,
            Self::Unreadable,
        ]
    }

    /// The stable name, for machines: `not-an-id`, `numbered` and so on.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NotAnId => "not-an-id",
            Self::Numbered => "numbered",
            Self::WrongShard => "wrong-shard",
            Self::Duplicate => "duplicate",
            Self::Symlink => "symlink",
            Self::Special => "special",
            Self::Folder => "folder",
            Self::Junk => "junk",
            Self::Vanished => "vanished",
            Self::Unreadable => "unreadable",
        }
    }

    /// What it means and what to do about it, for people.
    #[must_use]
    pub const fn explanation(self) -> &'static str {
        match self {
            Self::NotAnId => "the name is not a uuid; if every key has a prefix or suffix, name it in the options",
            Self::Numbered => "the name is a number; give the file a uuid and write it to the document's row",
            Self::WrongShard => "the folder does not match the uuid; move the file to where its uuid leads",
            Self::Duplicate => "the same uuid lies in a deeper folder too; that file was taken, compare the two",
            Self::Symlink => "links are not followed; put the file itself there",
            Self::Special => "neither a file nor a folder",
            Self::Folder => {
                "not a shard folder, so it was not entered; if documents lie in it, give it as the files folder"
            }
            Self::Junk => "left behind by a file manager or file server",
            Self::Vanished => "gone before it could be looked at; the app deletes files while this runs",
            Self::Unreadable => "the system denied access; run with the rights of the app server",
        }
    }
}

impl fmt::Display for LeftoverKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl Leftover {
    pub(super) fn new(kind: LeftoverKind, path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), kind }
    }

    /// Why it was not taken.
    #[must_use]
    pub const fn kind(&self) -> LeftoverKind {
        self.kind
    }

    /// Where it lies, relative to the folder that was given.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl fmt::Display for Leftover {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.path, self.kind.explanation())
    }
}

/// Everything that was not taken: all of it counted, the first by path of each kind kept.
///
/// What is kept does not depend on the number of threads that walked.
///
/// ```
/// # use appsnap::observe::NoObserver;
/// # use appsnap::source::directory::{self, DirectoryOptions};
/// # let folder = tempfile::tempdir()?;
/// # std::fs::create_dir_all(folder.path().join("0d/3e"))?;
/// # std::fs::write(folder.path().join("0d/3e/0d3e301f-5551-46f8-ad44-8de2be084c95"), "hello")?;
/// # std::fs::write(folder.path().join("Thumbs.db"), "left by a file manager")?;
/// # let plan = directory::scan(folder.path(), &DirectoryOptions::new(), &mut NoObserver)?;
/// use appsnap::source::LeftoverKind;
///
/// let leftovers = plan.leftovers();
/// assert_eq!((leftovers.total_count(), leftovers.count(LeftoverKind::Symlink)), (1, 0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Leftovers {
    kept: Vec<Leftover>,
    counts: [u64; LeftoverKind::COUNT],
}

impl Leftovers {
    /// How many there are in all.
    #[must_use]
    pub fn total_count(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// How many there are of `kind`.
    #[must_use]
    pub fn count(&self, kind: LeftoverKind) -> u64 {
        self.counts.get(kind as usize).copied().unwrap_or_default()
    }

    /// Takes `count` of `kind` out, those among the kept whose path is one of them.
    pub(super) fn settle(&mut self, kind: LeftoverKind, count: u64, is_settled: impl Fn(&Path) -> bool) {
        if let Some(of_kind) = self.counts.get_mut(kind as usize) {
            *of_kind = of_kind.saturating_sub(count);
        }
        self.kept.retain(|leftover| leftover.kind != kind || !is_settled(&leftover.path));
    }

    /// Those that were kept, by kind and then by path.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Leftover> {
        self.kept.iter()
    }
}

/// Collects leftovers in any order, keeping of each kind the first by path.
pub(super) struct LeftoverSet {
    max_kept_count: usize,
    kinds: [(u64, BinaryHeap<Leftover>); LeftoverKind::COUNT],
}

impl LeftoverSet {
    pub(super) fn new(max_kept_count: usize) -> Self {
        Self { max_kept_count, kinds: Default::default() }
    }

    pub(super) fn add(&mut self, leftover: Leftover) {
        let Some((count, kept)) = self.kinds.get_mut(leftover.kind as usize) else { return };
        *count = count.saturating_add(1);
        if kept.len() < self.max_kept_count {
            kept.push(leftover);
        } else if let Some(mut last) = kept.peek_mut()
            && leftover < *last
        {
            *last = leftover;
        }
    }

    pub(super) fn finish(self) -> Leftovers {
        let counts = std::array::from_fn(|kind| self.kinds.get(kind).map_or(0, |(count, _)| *count));
        let kept = self.kinds.into_iter().flat_map(|(_, heap)| heap.into_sorted_vec()).collect();
        Leftovers { kept, counts }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_stand_at_their_own_number() {
        for (number, kind) in LeftoverKind::all().into_iter().enumerate() {
            assert_eq!(kind as usize, number, "{kind}");
        }
    }

    #[test]
    fn the_first_by_path_are_kept_in_whatever_order_they_come() {
        let names = ["d", "b", "e", "a", "c"];
        for rotation in 0..names.len() {
            let mut set = LeftoverSet::new(2);
            for name in names.iter().cycle().skip(rotation).take(names.len()) {
                set.add(Leftover::new(LeftoverKind::Junk, name));
            }
            let leftovers = set.finish();
            let kept: Vec<_> = leftovers.iter().map(Leftover::path).collect();
            assert_eq!(kept, [Path::new("a"), Path::new("b")]);
            assert_eq!((leftovers.total_count(), leftovers.count(LeftoverKind::Junk)), (5, 5));
        }
    }
}
