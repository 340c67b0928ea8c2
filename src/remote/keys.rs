//! The keys of documents in a bucket: [`Keys`].

use object_store::path::Path;

use crate::document::DocumentId;

/// The end of the name of the [manifest](super::DocumentUpload#manifest) of an upload; the key prefix is before it.
const MANIFEST_NAME: &str = ".appsnap-upload.json";

/// The keys of documents: a folder, and the parts of a name before and after a UUID.
#[derive(Clone, Debug)]
pub(crate) struct Keys {
    pub(crate) folder: Path,
    pub(crate) prefix: String,
    pub(crate) suffix: String,
}

impl Keys {
    /// Takes a key prefix apart: the part up to the last slash is the folder.
    ///
    /// # Errors
    /// Returns the reason if no key can have this prefix or suffix.
    pub(crate) fn new(key_prefix: &str, key_suffix: &str) -> Result<Self, &'static str> {
        let (folder, prefix) = key_prefix.rsplit_once('/').unwrap_or(("", key_prefix));
        let Some(folder) = Path::parse(folder).ok().filter(|parsed| parsed.as_ref() == folder) else {
            return Err("the folder of a key prefix must consist of names, without empty ones and without `..`");
        };
        if key_suffix.contains('/') {
            return Err("a key suffix must not contain slashes: documents are objects, not folders");
        }
        let keys = Self { folder, prefix: prefix.to_owned(), suffix: key_suffix.to_owned() };
        match Path::parse(keys.text(DocumentId::from_bytes([0; 16]))) {
            Ok(_) => Ok(keys),
            Err(_) => Err("the key prefix or suffix contains characters that no key has"),
        }
    }

    /// Returns the name of an object below the folder; `None` for the marker of the folder itself.
    pub(crate) fn name<'a>(&self, location: &'a Path) -> Option<&'a str> {
        let name = location.as_ref().strip_prefix(self.folder.as_ref())?;
        Some(name.strip_prefix('/').unwrap_or(name)).filter(|name| !name.is_empty())
    }

    /// Returns the document whose key, without shard folders, is this one.
    pub(super) fn document(&self, location: &Path) -> Option<DocumentId> {
        let name = self.name(location)?.strip_prefix(&*self.prefix)?.strip_suffix(&*self.suffix)?;
        let id = DocumentId::parse(name.as_bytes()).ok()?;
        (self.text(id) == location.as_ref()).then_some(id)
    }

    /// Returns the key of a document, without shard folders.
    pub(super) fn location(&self, id: DocumentId) -> Path {
        self.inside(&format!("{}{id}{}", self.prefix, self.suffix))
    }

    /// Returns the location of the manifest of an upload.
    pub(super) fn manifest(&self) -> Path {
        self.inside(&format!("{}{MANIFEST_NAME}", self.prefix))
    }

    /// Returns `true` if an object of this name below the folder is the manifest of an upload.
    pub(crate) fn is_manifest(&self, name: &str) -> bool {
        name.strip_prefix(&*self.prefix) == Some(MANIFEST_NAME)
    }

    fn inside(&self, name: &str) -> Path {
        // `new` has verified that these are keys, and the constructor encodes what could not be one.
        let text = format!("{}{name}", self.sharded_start());
        Path::parse(&text).unwrap_or_else(|_| Path::from(text))
    }

    fn text(&self, id: DocumentId) -> String {
        format!("{}{id}{}", self.flat_start(), self.suffix)
    }

    /// Returns the text before the UUID in the keys of a bucket without shard folders.
    pub(crate) fn flat_start(&self) -> String {
        format!("{}{}", self.sharded_start(), self.prefix)
    }

    /// Returns the text before the shard folders.
    pub(crate) fn sharded_start(&self) -> String {
        if self.folder.as_ref().is_empty() { String::new() } else { format!("{}/", self.folder) }
    }

    /// Returns the folder, for listings; `None` for the whole bucket.
    pub(crate) fn listed(&self) -> Option<&Path> {
        Some(&self.folder).filter(|folder| !folder.as_ref().is_empty())
    }
}
