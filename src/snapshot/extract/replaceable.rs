//! Decides if an existing destination may be replaced: [`real_destination`].

use std::fs::{self, DirEntry};
use std::io;
use std::path::{Path, PathBuf};

use super::names::{DATABASE, FILES, named};
use crate::document::DocumentId;
use crate::layout::escaped;
use crate::snapshot::error::{Error, ErrorKind, Result};

/// Returns the folder to replace: `destination` itself, or the folder that it links to. A destination that does not exist
/// is returned as it is.
///
/// Only a folder is replaced that is empty or contains nothing but what an extraction creates.
pub(super) fn real_destination(destination: &Path) -> Result<PathBuf> {
    let failed = |error| named(Error::io("looking at the destination", error), destination);
    let facts = match fs::symlink_metadata(destination) {
        Ok(facts) => facts,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(destination.to_owned()),
        Err(error) => return Err(failed(error)),
    };
    let real = if facts.is_symlink() {
        let misuse = |_| named(Error::misuse("the destination is a symbolic link that leads nowhere"), destination);
        fs::canonicalize(destination).map_err(misuse)?
    } else {
        destination.to_owned()
    };
    if !fs::metadata(&real).map_err(failed)?.is_dir() {
        return Err(named(Error::misuse("the destination exists and is not a folder: name another one"), destination));
    }
    match foreign_in(&real, Level::Top).map_err(failed)? {
        None => Ok(real),
        Some(path) => {
            let inside = path.strip_prefix(&real).unwrap_or(&path).as_os_str().as_encoded_bytes();
            let found = format!("the destination contains {}", escaped(inside));
            Err(named(Error::new(ErrorKind::Foreign { found }), destination))
        }
    }
}

/// A folder of an extraction.
#[derive(Clone, Copy)]
enum Level {
    Top,
    Files,
    Shard([u8; 2]),
    Documents([u8; 4]),
}

/// Returns the first entry that no extraction creates.
fn foreign_in(folder: &Path, level: Level) -> io::Result<Option<PathBuf>> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        let inner = match level_of(&entry, level) {
            Some(Entry::File) if kind.is_file() => continue,
            Some(Entry::Folder(inner)) if kind.is_dir() => inner,
            _ => return Ok(Some(entry.path())),
        };
        if let Some(found) = foreign_in(&entry.path(), inner)? {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

/// The kinds of files that an extraction creates.
enum Entry {
    File,
    Folder(Level),
}

fn level_of(entry: &DirEntry, level: Level) -> Option<Entry> {
    let name = entry.file_name();
    let name = name.as_encoded_bytes();
    let is_hex = |byte: &u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    match (level, name) {
        (Level::Top, _) if name == DATABASE.as_bytes() => Some(Entry::File),
        (Level::Top, _) if name == FILES.as_bytes() => Some(Entry::Folder(Level::Files)),
        (Level::Files, [a, b]) if is_hex(a) && is_hex(b) => Some(Entry::Folder(Level::Shard([*a, *b]))),
        (Level::Shard([a, b]), [c, d]) if is_hex(c) && is_hex(d) => {
            Some(Entry::Folder(Level::Documents([a, b, *c, *d])))
        }
        (Level::Documents(shards), _) => {
            let is_document = name.starts_with(&shards) && DocumentId::parse(name).is_ok();
            is_document.then_some(Entry::File)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOCUMENT: &str = "files/0d/3e/0d3e301f-5551-46f8-ad44-8de2be084c95";

    fn made() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("files/0d/3e")).unwrap();
        fs::write(folder.path().join(DOCUMENT), "").unwrap();
        fs::write(folder.path().join("db.backup"), "").unwrap();
        folder
    }

    #[test]
    fn what_an_extraction_creates_is_replaced() {
        let folder = made();
        assert_eq!(real_destination(folder.path()).unwrap(), folder.path());
        let absent = folder.path().join("absent");
        assert_eq!(real_destination(&absent).unwrap(), absent);
    }

    #[test]
    fn anything_else_is_not() {
        for name in ["notes.txt", "files/notes.txt", "files/0d/notes.txt", "files/0d/3e/notes.txt", "files/ab/cd/x"] {
            let folder = made();
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, "").unwrap();
            let error = real_destination(folder.path()).unwrap_err();
            assert!(matches!(error.kind(), ErrorKind::Foreign { .. }) && error.to_string().contains(name), "{error}");
        }
        let folder = made();
        fs::remove_file(folder.path().join("db.backup")).unwrap();
        fs::create_dir(folder.path().join("db.backup")).unwrap();
        assert!(real_destination(folder.path()).is_err());
        assert!(real_destination(&folder.path().join(DOCUMENT)).unwrap_err().is_misuse());
    }

    #[cfg(unix)]
    #[test]
    fn a_link_is_followed_to_a_folder() {
        let folder = made();
        let outer = tempfile::tempdir().unwrap();
        let link = outer.path().join("link");
        std::os::unix::fs::symlink(folder.path(), &link).unwrap();
        assert_eq!(real_destination(&link).unwrap(), fs::canonicalize(folder.path()).unwrap());
        let broken = outer.path().join("broken");
        std::os::unix::fs::symlink(outer.path().join("nowhere"), &broken).unwrap();
        assert!(real_destination(&broken).unwrap_err().is_misuse());
        std::os::unix::fs::symlink(folder.path(), folder.path().join("files/0d/link")).unwrap();
        assert!(matches!(real_destination(&link).unwrap_err().kind(), ErrorKind::Foreign { .. }));
    }
}
