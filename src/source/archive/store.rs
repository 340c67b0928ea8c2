//! Where the documents of a plan lie, whether in a folder or in an archive, and how each is opened: [`Store`].

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::io::ReadAt;
use crate::source::directory::spelling::Spelling;
use crate::source::directory::{Folder, OpenDocument};
use crate::source::plan::Row;

/// What holds the documents of a plan.
#[derive(Debug)]
pub(in crate::source) enum Store {
    Folder(Folder),
    Archive(Shelf),
}

/// Where one document of an archive lies.
#[derive(Clone, Copy, Debug)]
pub(in crate::source) enum Location {
    /// In the archive itself, as it is.
    Archive(u64),
    /// In the spool.
    Spool(u64),
    /// In the zip file, deflated, and small enough to be inflated in memory: its number among those.
    #[cfg(feature = "zip")]
    Deflated(u32),
}

/// The documents of an archive.
#[derive(Debug)]
pub(in crate::source) struct Shelf {
    pub(super) path: PathBuf,
    /// The files folder inside the archive, as the archive spells it.
    pub(super) root: String,
    pub(super) prefix: String,
    pub(super) suffix: String,
    pub(super) archive: Arc<File>,
    pub(super) spool: Option<Arc<File>>,
    /// By [`Row::place`].
    pub(super) slots: Vec<(Spelling, Location)>,
    #[cfg(feature = "zip")]
    pub(super) deflated: Option<(crate::zip::Archive<Arc<File>>, Vec<crate::zip::LocatedEntry>)>,
}

/// A document of a plan, opened to be read.
///
/// ```
/// # use appsnap::observe::NoObserver;
/// # use appsnap::source::directory::{self, DirectoryOptions};
/// # let folder = tempfile::tempdir()?;
/// # std::fs::create_dir_all(folder.path().join("0d/3e"))?;
/// # std::fs::write(folder.path().join("0d/3e/0d3e301f-5551-46f8-ad44-8de2be084c95"), "hello")?;
/// # std::fs::write(folder.path().join("Thumbs.db"), "left by a file manager")?;
/// # let plan = directory::scan(folder.path(), &DirectoryOptions::new(), &mut NoObserver)?;
/// use appsnap::io::ReadAt;
/// use appsnap::snapshot::DocumentSource;
///
/// let document = plan.open(0)?;
/// let mut content = vec![0; document.len_bytes() as usize];
/// document.read_exact_at(&mut content, 0)?;
/// assert_eq!(content, b"hello");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Document(Inner);

#[derive(Debug)]
enum Inner {
    File(OpenDocument),
    Range {
        file: Arc<File>,
        offset_bytes: u64,
        len_bytes: u64,
    },
    #[cfg(feature = "zip")]
    Memory(Vec<u8>),
}

impl Store {
    pub(in crate::source) fn open(&self, row: &Row) -> io::Result<Document> {
        match self {
            Self::Folder(folder) => Ok(Document(Inner::File(folder.open(row)?))),
            Self::Archive(shelf) => shelf.open(row),
        }
    }

    /// The path of a document, relative to the files folder of the store, or in the archive.
    pub(in crate::source) fn relative_path(&self, row: &Row) -> PathBuf {
        match self {
            Self::Folder(folder) => folder.relative_path(row),
            Self::Archive(shelf) => shelf.member_path(row),
        }
    }

    /// Where a document comes from, for people.
    pub(in crate::source) fn origin(&self, row: &Row) -> String {
        match self {
            Self::Folder(folder) => folder.path(row).display().to_string(),
            Self::Archive(shelf) => format!("{} in {}", shelf.member_path(row).display(), shelf.path.display()),
        }
    }
}

impl Shelf {
    fn slot(&self, row: &Row) -> Option<&(Spelling, Location)> {
        self.slots.get(usize::try_from(row.place).ok()?)
    }

    fn member_path(&self, row: &Row) -> PathBuf {
        let mut path = Path::new(&self.root).to_path_buf();
        if let Some((spelling, _)) = self.slot(row) {
            spelling.push_to(row.id, &self.prefix, &self.suffix, &mut path);
        }
        path
    }

    fn open(&self, row: &Row) -> io::Result<Document> {
        let (_, location) = self.slot(row).ok_or(io::ErrorKind::InvalidInput)?;
        let range = |file: &Arc<File>, offset_bytes| {
            let (file, len_bytes) = (Arc::clone(file), row.len_bytes);
            Document(Inner::Range { file, offset_bytes, len_bytes })
        };
        match *location {
            Location::Archive(offset_bytes) => Ok(range(&self.archive, offset_bytes)),
            Location::Spool(offset_bytes) => {
                self.spool.as_ref().map(|spool| range(spool, offset_bytes)).ok_or(io::ErrorKind::InvalidInput.into())
            }
            #[cfg(feature = "zip")]
            Location::Deflated(number) => self.inflate(number),
        }
    }

    #[cfg(feature = "zip")]
    fn inflate(&self, number: u32) -> io::Result<Document> {
        use std::io::Read as _;

        let (archive, places) = self.deflated.as_ref().ok_or(io::ErrorKind::InvalidInput)?;
        let place = usize::try_from(number).ok().and_then(|number| places.get(number));
        let mut contents = Vec::new();
        archive.read_located(place.ok_or(io::ErrorKind::InvalidInput)?).read_to_end(&mut contents)?;
        Ok(Document(Inner::Memory(contents)))
    }
}

impl Document {
    /// The planned length.
    #[must_use]
    pub fn len_bytes(&self) -> u64 {
        match &self.0 {
            Inner::File(file) => file.len_bytes(),
            Inner::Range { len_bytes, .. } => *len_bytes,
            #[cfg(feature = "zip")]
            Inner::Memory(contents) => contents.len() as u64,
        }
    }
}

impl ReadAt for Document {
    fn read_at(&self, buffer: &mut [u8], offset_bytes: u64) -> io::Result<usize> {
        match &self.0 {
            Inner::File(file) => file.read_at(buffer, offset_bytes),
            Inner::Range { file, offset_bytes: start, len_bytes } => {
                let left = usize::try_from(len_bytes.saturating_sub(offset_bytes)).unwrap_or(usize::MAX);
                let wanted = buffer.len().min(left);
                let Some(room) = buffer.get_mut(..wanted).filter(|room| !room.is_empty()) else { return Ok(0) };
                ReadAt::read_at(&**file, room, start.saturating_add(offset_bytes))
            }
            #[cfg(feature = "zip")]
            Inner::Memory(contents) => contents.read_at(buffer, offset_bytes),
        }
    }

    fn len_bytes(&self) -> io::Result<u64> {
        Ok(self.len_bytes())
    }
}

/// A plan's rows stay at 32 bytes, an archive's slots at 24.
const _: () = assert!(size_of::<(Spelling, Location)>() == 24);
