//! The location of each file in the repaired archive, where there is only one answer: [`Places`].

use std::collections::BTreeMap;

use crate::document::DocumentId;
use crate::layout::{MemberName, escaped};
use crate::prepare::change::Change;
use crate::prepare::error::{self, Result};
use crate::source::is_junk;

/// Folders whose files are about other files: attributes of macOS, extended headers that an old tar extracted, and
/// thumbnails of a Synology server.
const JUNK_FOLDERS: [&str; 2] = ["__MACOSX", "@eaDir"];
const PAX_FOLDER: &str = "PaxHeaders";
/// Folders that the platform or its app servers use for documents.
const DOCUMENT_FOLDERS: [&str; 3] = ["tree", "files", "data"];
const DATABASE_FOLDER: &str = "db";
const DATABASE_FILE: &str = "db.backup";
const METADATA_FILE: &str = ".metadata";

/// The meaning of a file whose name does not belong in a snapshot.
pub(super) enum Place {
    Member(MemberName),
    /// A file that is left out.
    Junk,
}

/// Finds the location of each file and counts the changes.
///
/// All files must be in the same folder, usually the top: with two folders, their locations would be a guess. Where a name
/// allows several folders, as `files/tree/xx/yy/<uuid>` does, the other names decide.
#[derive(Debug)]
pub(super) struct Places {
    /// The possible common folders of all files, each with its slash, the longest first; `None` before the first file.
    folders: Option<Vec<String>>,
    files_count: u64,
    /// Number of files whose names do not belong in a snapshot.
    misplaced_count: u64,
    drops_unknown: bool,
    /// Names that are not in the usual spelling, unless this folder is the common one.
    respelled: BTreeMap<Option<String>, Tally>,
    junk: Tally,
    unknown: Tally,
}

/// A count and the first name.
#[derive(Debug, Default)]
struct Tally {
    count: u64,
    first: Option<String>,
}

impl Tally {
    fn note(&mut self, name: &[u8]) {
        self.count = self.count.saturating_add(1);
        self.first.get_or_insert_with(|| escaped(name).to_string());
    }

    fn change(&self, change: impl FnOnce(u64, String) -> Change) -> Option<Change> {
        self.first.clone().map(|first| change(self.count, first))
    }
}

/// A file of the format, and the folders in which it may be: see [`Places`].
struct Found {
    member: MemberName,
    folders: Vec<String>,
}

impl Places {
    /// Files that do not belong in a snapshot stop the repair unless `drops_unknown`.
    pub(super) fn new(drops_unknown: bool) -> Self {
        Self {
            folders: None,
            files_count: 0,
            misplaced_count: 0,
            drops_unknown,
            respelled: BTreeMap::new(),
            junk: Tally::default(),
            unknown: Tally::default(),
        }
    }

    /// Records a file whose name is right.
    pub(super) fn at_top(&mut self, name: MemberName) -> Result<()> {
        let rendered = name.render();
        let raw = rendered.as_bytes();
        let parts: Vec<_> = std::str::from_utf8(raw).unwrap_or_default().split('/').collect();
        let folders = find(&parts).map(|found| found.folders).unwrap_or_default();
        self.enter(folders, raw)
    }

    /// Finds the location of a file by its name.
    pub(super) fn find(&mut self, raw: &[u8]) -> Result<Place> {
        self.misplaced_count = self.misplaced_count.saturating_add(1);
        let found = std::str::from_utf8(raw).map_err(|_| "its name is not UTF-8").and_then(|name| {
            let parts: Vec<_> = name.split(['/', '\\']).filter(|part| !matches!(*part, "" | ".")).collect();
            if is_junk_name(&parts) {
                return Ok(None);
            }
            verify(name)?;
            find(&parts).map(Some).ok_or("its name does not belong in a snapshot")
        });
        match found {
            Ok(None) => {
                self.junk.note(raw);
                Ok(Place::Junk)
            }
            Ok(Some(Found { member, folders })) => {
                let rendered = member.render();
                let own = raw.strip_prefix(b"./").unwrap_or(raw);
                let is_as_usual = |folder: &&String| own.strip_prefix(folder.as_bytes()) == Some(rendered.as_bytes());
                let usual_in = folders.iter().find(is_as_usual).cloned();
                self.respelled.entry(usual_in).or_default().note(raw);
                self.enter(folders, raw)?;
                Ok(Place::Member(member))
            }
            Err(_) if self.drops_unknown => {
                self.unknown.note(raw);
                Ok(Place::Junk)
            }
            Err(reason) => Err(error::misplaced(raw, reason)),
        }
    }

    /// Keeps the folders that all files so far have in common.
    fn enter(&mut self, folders: Vec<String>, raw: &[u8]) -> Result<()> {
        match &mut self.folders {
            None => self.folders = Some(folders),
            Some(common) => {
                common.retain(|folder| folders.contains(folder));
                if common.is_empty() {
                    return Err(error::misplaced(raw, "other files are in another folder"));
                }
            }
        }
        self.files_count = self.files_count.saturating_add(1);
        Ok(())
    }

    /// Returns the changes; `misplaced_count` is the number of names, including folders, that do not belong in a snapshot.
    pub(super) fn changes(&self, misplaced_count: u64) -> impl Iterator<Item = Change> {
        // The shortest: a folder that can be one of the format is one.
        let common = self.folders.iter().flatten().last();
        let taken_off = common.filter(|folder| !folder.is_empty()).map(|folder| Change::FolderTakenOff {
            folder: escaped(folder.as_bytes()).to_string(),
            files_count: self.files_count,
        });
        let mut respelled = Tally::default();
        for (_, tally) in self.respelled.iter().filter(|(folder, _)| folder.as_ref() != common) {
            respelled.count = respelled.count.saturating_add(tally.count);
            respelled.first = respelled.first.or_else(|| tally.first.clone());
        }
        let respelled = respelled.change(|files_count, first| Change::NamesRespelled { files_count, first });
        let junk = self.junk.change(|files_count, first| Change::JunkLeftOut { files_count, first });
        let unknown = self.unknown.change(|files_count, first| Change::UnknownLeftOut { files_count, first });
        let folders_count = misplaced_count.saturating_sub(self.misplaced_count);
        let folders = (folders_count > 0).then_some(Change::FoldersLeftOut { folders_count });
        [taken_off, respelled, junk, unknown, folders].into_iter().flatten()
    }
}

fn is_junk_name(parts: &[&str]) -> bool {
    let is_junk_folder = |part: &&str| JUNK_FOLDERS.contains(part) || part.starts_with(PAX_FOLDER);
    parts.last().is_some_and(|file| is_junk(file.as_bytes())) || parts.iter().any(is_junk_folder)
}

/// Refuses names that no honest archive has.
fn verify(name: &str) -> Result<(), &'static str> {
    if name.chars().any(char::is_control) {
        return Err("its name contains control characters");
    }
    let mut parts = name.split(['/', '\\']);
    if name.starts_with(['/', '\\']) || name.as_bytes().get(1) == Some(&b':') || parts.any(|part| part == "..") {
        return Err("its name leads outside the archive");
    }
    Ok(())
}

/// Finds the file of the format that a name means, and the folders in which it may be.
fn find(parts: &[&str]) -> Option<Found> {
    let (file, above) = parts.split_last()?;
    let (member, own, optional): (_, _, &[&str]) = if let Ok(id) = DocumentId::parse(file.as_bytes()) {
        (MemberName::Document(id), without_shards(above, id)?, &DOCUMENT_FOLDERS)
    } else if *file == DATABASE_FILE {
        (MemberName::Database, above, &[DATABASE_FOLDER])
    } else if *file == METADATA_FILE {
        (MemberName::Metadata, above, &[])
    } else {
        return None;
    };
    let mut rest = own;
    let mut folders = vec![joined(rest)];
    while let Some((last, upper)) = rest.split_last()
        && optional.contains(last)
    {
        rest = upper;
        folders.push(joined(rest));
    }
    Some(Found { member, folders })
}

/// Returns the folders without the one or two that divide the documents; `None` if they are those of another document.
fn without_shards<'a>(above: &'a [&'a str], id: DocumentId) -> Option<&'a [&'a str]> {
    let path = id.path();
    let mut shards = path.split('/');
    let (first, second) = (shards.next()?, shards.next()?);
    let is = |part: Option<&&str>, shard: &str| part.is_some_and(|part| part.eq_ignore_ascii_case(shard));
    let is_shard = |part: &&str| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_hexdigit());
    let (last, upper) = (above.last(), above.get(..above.len().saturating_sub(1)).unwrap_or_default());
    match (last, upper.last()) {
        (Some(two), Some(one)) if is_shard(two) && is_shard(one) => {
            let top = upper.get(..upper.len().saturating_sub(1)).unwrap_or_default();
            (is(Some(one), first) && is(Some(two), second)).then_some(top)
        }
        (Some(one), _) if is_shard(one) => is(Some(one), first).then_some(upper),
        _ => Some(above),
    }
}

fn joined(parts: &[&str]) -> String {
    parts.iter().map(|part| format!("{part}/")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "0d3e301f-5551-46f8-ad44-8de2be084c95";

    fn folder(names: &[String]) -> Option<String> {
        let mut places = Places::new(false);
        for name in names {
            match places.find(name.as_bytes()) {
                Ok(Place::Member(_)) => {}
                _ => return None,
            }
        }
        places.folders?.pop()
    }

    #[test]
    fn every_layout_of_documents_with_one_answer_is_found() {
        for path in
            ["tree/0d/3e/", "tree/0d/", "tree/", "files/0d/3e/", "data/files/", "tree/tree/0D/3E/", "0d/3e/", ""]
        {
            let names = [".metadata".to_owned(), "db/db.backup".to_owned(), format!("{path}{ID}")];
            assert_eq!(folder(&names).as_deref(), Some(""), "{path}");
            let backslashes = names.map(|name| format!("x/{name}").replace('/', "\\"));
            assert_eq!(folder(&backslashes).as_deref(), Some("x/"), "{path}");
        }
        assert_eq!(folder(&["db.backup".to_owned(), format!("tree/{ID}")]).as_deref(), Some(""));
        let in_files = ["files/.metadata".to_owned(), "files/db/db.backup".to_owned(), format!("files/tree/{ID}")];
        assert_eq!(folder(&in_files).as_deref(), Some("files/"));
    }

    #[test]
    fn other_layouts_have_no_answer() {
        assert_eq!(folder(&[format!("tree/aa/bb/{ID}")]), None);
        assert_eq!(folder(&["x/.metadata".to_owned(), format!("y/tree/{ID}")]), None);
        assert_eq!(folder(&["C:\\.metadata".to_owned()]), None);
    }
}
