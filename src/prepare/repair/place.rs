//! The location of each file in the repaired archive, where there is only one answer: [`Places`].

use crate::layout::{self, MemberName, Named, escaped};
use crate::prepare::change::Change;
use crate::prepare::error::{self, Result};
use crate::source::is_junk;

/// The folder in which macOS packs the attributes of files.
const MACOS_FOLDER: &str = "__MACOSX";

/// The meaning of a file whose name does not belong in a snapshot.
pub(super) enum Place {
    Member(MemberName),
    Junk,
}

/// Finds the location of each file and counts the changes.
///
/// All files must be in the same folder, usually the top: with two folders, their locations would be a guess.
#[derive(Debug, Default)]
pub(super) struct Places {
    /// The common folder of all files with its slash, empty for the top; `None` before the first file.
    folder: Option<String>,
    in_folder_count: u64,
    /// Number of files whose names do not belong in a snapshot.
    misplaced_count: u64,
    respelled: Tally,
    junk: Tally,
}

/// A count and the first name.
#[derive(Debug, Default)]
struct Tally {
    count: u64,
    first: Option<String>,
}

impl Tally {
    fn note(&mut self, name: &[u8]) {
        self.count += 1;
        self.first.get_or_insert_with(|| escaped(name).to_string());
    }
}

impl Places {
    /// Records a file whose name is right.
    pub(super) fn at_top(&mut self, name: MemberName) -> Result<()> {
        self.enter("", name.render().as_bytes())
    }

    /// Finds the location of a file by its name.
    pub(super) fn find(&mut self, raw: &[u8]) -> Result<Place> {
        self.misplaced_count += 1;
        let nowhere = |reason| error::misplaced(raw, reason);
        let name = std::str::from_utf8(raw).map_err(|_| nowhere("its name is not UTF-8"))?;
        if name.chars().any(|letter| letter.is_control() || letter == '\\') {
            return Err(nowhere("its name contains control characters or backslashes"));
        }
        if name.starts_with('/') || name.split('/').any(|part| part == "..") {
            return Err(nowhere("its name leads outside the archive"));
        }
        let parts = name.split('/').filter(|part| !matches!(*part, "" | ".")).collect::<Vec<_>>();
        if parts.last().is_some_and(|file| is_junk(file.as_bytes())) || parts.contains(&MACOS_FOLDER) {
            self.junk.note(raw);
            return Ok(Place::Junk);
        }
        let found = (0..parts.len()).find_map(|depth| {
            let (folder, rest) = parts.split_at_checked(depth)?;
            let parsed = layout::parse(rest.join("/").as_bytes(), false).ok()?;
            let Named::File(member) = parsed.named else { return None };
            let is_unusual = parsed.unusual().next().is_some();
            Some((folder.iter().map(|part| format!("{part}/")).collect::<String>(), member, is_unusual))
        });
        let (folder, member, is_spelled_otherwise) =
            found.ok_or_else(|| nowhere("its name does not belong in a snapshot"))?;
        self.enter(&folder, raw)?;
        let has_needless_parts = parts.join("/").len() != name.strip_prefix("./").unwrap_or(name).len();
        if is_spelled_otherwise || has_needless_parts {
            self.respelled.note(raw);
        }
        Ok(Place::Member(member))
    }

    fn enter(&mut self, folder: &str, raw: &[u8]) -> Result<()> {
        let known = self.folder.get_or_insert_with(|| folder.to_owned());
        if known != folder {
            return Err(error::misplaced(raw, "other files are in another folder"));
        }
        self.in_folder_count += u64::from(!folder.is_empty());
        Ok(())
    }

    /// Returns the changes; `misplaced_count` is the number of names, including folders, that do not belong in a snapshot.
    pub(super) fn changes(&self, misplaced_count: u64) -> impl Iterator<Item = Change> {
        let folder = self.folder.as_deref().filter(|folder| !folder.is_empty());
        let taken_off = folder.map(|folder| Change::FolderTakenOff {
            folder: escaped(folder.as_bytes()).to_string(),
            files_count: self.in_folder_count,
        });
        let junk = self.junk.first.clone().map(|first| Change::JunkLeftOut { files_count: self.junk.count, first });
        let respelled = &self.respelled;
        let respelled =
            respelled.first.clone().map(|first| Change::NamesRespelled { files_count: respelled.count, first });
        let folders_count = misplaced_count.saturating_sub(self.misplaced_count);
        let folders = (folders_count > 0).then_some(Change::FoldersLeftOut { folders_count });
        [taken_off, respelled, junk, folders].into_iter().flatten()
    }
}
