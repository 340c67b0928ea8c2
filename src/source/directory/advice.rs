//! Finds the files folder near a folder that is not one: [`files_folder_near`], [`parent_of_shard`].

use std::fs;
use std::path::{Path, PathBuf};

use super::folder::FilesFolder;
use super::options::DirectoryOptions;
use super::spelling::{Shards, Spelling};
use crate::document::DocumentId;

/// Folders that are looked at, and entries of each. Advice must not take as long as a scan.
const MAX_FOLDERS: usize = 2_000;
const MAX_ENTRIES: usize = 2_000;
/// Levels below the folder that are looked at.
const MAX_DEPTH: usize = 3;

/// Returns a folder near `root`, above or below it, that contains documents.
pub(crate) fn files_folder_near(root: &Path, options: &DirectoryOptions) -> Option<PathBuf> {
    let mut search = Search { options, folders_left: MAX_FOLDERS };
    let real = fs::canonicalize(root).ok();
    let shard_parents = real.iter().flat_map(|real| shard_parents(real));
    let above = shard_parents.into_iter().find(|folder| search.contains_documents(folder));
    above.or_else(|| search.below(root)).or_else(|| {
        let parent = real.as_deref()?.parent()?;
        let siblings = [parent.to_path_buf(), parent.join("files"), parent.join("data/files")];
        siblings.into_iter().find(|folder| search.contains_documents(folder))
    })
}

/// Returns the files folder of which `root` is a shard folder, if the documents from `first` to `last` are all of it.
pub(crate) fn parent_of_shard(root: &Path, first: DocumentId, last: DocumentId) -> Option<PathBuf> {
    let real = fs::canonicalize(root).ok()?;
    let is_shard_of = |id: DocumentId, folder: &Path| {
        let (path, inside) = (id.path(), real.strip_prefix(folder).ok());
        Path::new(&path).ancestors().skip(1).any(|shard| inside == Some(shard) && shard != Path::new(""))
    };
    shard_parents(&real).into_iter().find(|folder| is_shard_of(first, folder) && is_shard_of(last, folder))
}

/// Returns the folders of which `real` could be a shard folder, the highest first.
fn shard_parents(real: &Path) -> Vec<PathBuf> {
    let is_shard = |path: &Path| {
        let name = path.file_name().map(|name| name.as_encoded_bytes());
        name.and_then(|name| Shards::Root.child(name)).is_some_and(|shards| matches!(shards, Shards::One(_)))
    };
    let parents = real.ancestors().take_while(|path| is_shard(path)).take(2).filter_map(Path::parent);
    let mut parents: Vec<_> = parents.map(Path::to_path_buf).collect();
    parents.reverse();
    parents
}

/// A search that ends after some folders.
struct Search<'a> {
    options: &'a DirectoryOptions,
    folders_left: usize,
}

impl Search<'_> {
    /// Searches the folders in `root`, level by level. The names of the platform come first.
    fn below(&mut self, root: &Path) -> Option<PathBuf> {
        let mut level = vec![root.to_path_buf()];
        for _ in 0..MAX_DEPTH {
            let mut next: Vec<_> = level.iter().flat_map(|folder| self.folders(folder)).collect();
            next.sort_by_key(|folder| {
                let rank = match folder.file_name().and_then(|name| name.to_str()) {
                    Some("files") => 0,
                    Some("data") => 1,
                    Some("tree") => 2,
                    _ => 3,
                };
                (rank, folder.clone())
            });
            if let Some(found) = next.iter().find(|folder| self.contains_documents(folder)) {
                return Some(found.clone());
            }
            level = next;
        }
        None
    }

    /// Returns the folders in `folder`, without links.
    fn folders(&mut self, folder: &Path) -> Vec<PathBuf> {
        let Some(left) = self.folders_left.checked_sub(1) else { return Vec::new() };
        self.folders_left = left;
        let entries = fs::read_dir(folder).into_iter().flatten().take(MAX_ENTRIES).flatten();
        entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir())).map(|entry| entry.path()).collect()
    }

    /// Returns `true` if a scan of `folder` would find a document.
    fn contains_documents(&mut self, folder: &Path) -> bool {
        let Ok(files) = FilesFolder::new(folder, self.options) else { return false };
        let root = files.root.clone();
        self.shard_contains_documents(&files, &root, Shards::Root)
    }

    fn shard_contains_documents(&mut self, files: &FilesFolder, folder: &Path, shards: Shards) -> bool {
        let Some(left) = self.folders_left.checked_sub(1) else { return false };
        self.folders_left = left;
        let entries = fs::read_dir(folder).into_iter().flatten().take(MAX_ENTRIES).flatten();
        let mut inner = Vec::new();
        for entry in entries {
            let (name, kind) = (entry.file_name(), entry.file_type().ok());
            let name = name.as_encoded_bytes();
            if kind.is_some_and(|kind| kind.is_dir()) {
                inner.extend(shards.child(name).map(|child| (entry.path(), child)));
            } else if kind.is_some_and(|kind| kind.is_file())
                && files.key(name).is_some_and(|key| Spelling::parse(shards, key).is_ok())
            {
                return true;
            }
        }
        inner.into_iter().any(|(path, child)| self.shard_contains_documents(files, &path, child))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "0d3e301f-5551-46f8-ad44-8de2be084c95";

    fn near(root: &Path) -> Option<PathBuf> {
        files_folder_near(root, &DirectoryOptions::new())
    }

    #[test]
    fn the_files_folder_is_found_above_and_below() {
        let folder = tempfile::tempdir().unwrap();
        let app = fs::canonicalize(folder.path()).unwrap();
        let files = app.join("data/files");
        fs::create_dir_all(files.join("0d/3e")).unwrap();
        fs::create_dir_all(app.join("data/tmp")).unwrap();
        assert_eq!(near(&app), None);
        fs::write(files.join("0d/3e").join(ID), "").unwrap();
        for root in ["", "data", "data/tmp", "data/files/0d", "data/files/0d/3e"] {
            let expected = if root == "data/files/0d" { app.join("data/files") } else { files.clone() };
            assert_eq!(near(&app.join(root)), Some(expected), "{root}");
        }
    }

    #[test]
    fn a_shard_folder_with_its_documents_is_recognised() {
        let folder = tempfile::tempdir().unwrap();
        let files = fs::canonicalize(folder.path()).unwrap();
        let shard = files.join("0d/3e");
        fs::create_dir_all(&shard).unwrap();
        let (id, other) = (ID.parse().unwrap(), "7f3e301f-5551-46f8-ad44-8de2be084c95".parse().unwrap());
        assert_eq!(parent_of_shard(&shard, id, id), Some(files.clone()));
        assert_eq!(parent_of_shard(&files.join("0d"), id, id), Some(files.clone()));
        assert_eq!(parent_of_shard(&shard, id, other), None);
        assert_eq!(parent_of_shard(&files, id, id), None);
    }
}
