//! Collects the documents that an archive turns out to hold, and makes the plan of them: [`Gathering`].

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::name::Name;
use super::store::{Location, Shelf, Store};
use super::{ArchiveOptions, Spool};
use crate::document::DocumentId;
use crate::observe::{Event, Observer};
use crate::source::directory::spelling::Spelling;
use crate::source::error::{Error, ErrorKind, Result};
use crate::source::leftover::{Leftover, LeftoverKind, LeftoverSet};
use crate::source::plan::{NumberedFile, Plan, Row};

/// How often the observer hears of bytes.
const TICK_BYTES: u64 = 1 << 20;

/// What is known of an archive's documents so far.
pub(in crate::source) struct Gathering<'a> {
    path: &'a Path,
    options: &'a ArchiveOptions,
    observer: &'a mut dyn Observer,
    roots: Vec<String>,
    /// The files folders that numbered files lie in.
    numbered_roots: Vec<String>,
    found: Vec<Found>,
    leftovers: LeftoverSet,
    documents_count: u64,
    document_bytes: u64,
    plain_bytes: u64,
    told_bytes: u64,
}

/// A document whose name has been read; or a numbered file, whose id means nothing.
#[derive(Clone, Copy)]
pub(in crate::source) struct Named {
    id: DocumentId,
    spelling: Spelling,
}

struct Found {
    named: Named,
    len_bytes: u64,
    location: Location,
}

impl<'a> Gathering<'a> {
    pub(in crate::source) fn new(
        path: &'a Path,
        options: &'a ArchiveOptions,
        observer: &'a mut dyn Observer,
    ) -> Result<Self> {
        let mut gathering = Self {
            path,
            options,
            observer,
            roots: Vec::new(),
            numbered_roots: Vec::new(),
            found: Vec::new(),
            leftovers: LeftoverSet::new(options.max_leftovers_count),
            documents_count: 0,
            document_bytes: 0,
            plain_bytes: 0,
            told_bytes: 0,
        };
        gathering.tell(&Event::phase("reading"))?;
        Ok(gathering)
    }

    /// Sorts out a file by its name; `None` when it is no document, which has been noted.
    pub(in crate::source) fn sort_out(&mut self, name: &[u8]) -> Result<Option<Named>> {
        match Name::parse(name, &self.options.key_prefix, &self.options.key_suffix) {
            Name::Document { root, id, spelling } => {
                let wanted = self.options.root.as_deref().map(|root| root.trim_matches(['/', '\\']));
                if wanted.is_some_and(|wanted| wanted != root) {
                    self.leave(LeftoverKind::Folder, name);
                    return Ok(None);
                }
                note_root(&mut self.roots, root);
                Ok(Some(Named { id, spelling }))
            }
            Name::Numbered { root, spelling } => {
                self.leave(LeftoverKind::Numbered, name);
                let wanted = self.options.root.as_deref().map(|root| root.trim_matches(['/', '\\']));
                if wanted.is_some_and(|wanted| wanted != root) {
                    return Ok(None);
                }
                note_root(&mut self.numbered_roots, root);
                Ok(Some(Named { id: DocumentId::from_bytes([0; 16]), spelling }))
            }
            Name::Leftover(kind) => {
                self.leave(kind, name);
                Ok(None)
            }
            Name::Hostile => Err(self.refuse(ErrorKind::HostileName, name)),
        }
    }

    /// Takes a document whose contents lie at `location`.
    pub(in crate::source) fn take(&mut self, named: Named, len_bytes: u64, location: Location) -> Result<()> {
        self.found.push(Found { named, len_bytes, location });
        if named.spelling.number().is_some() {
            return Ok(());
        }
        self.documents_count += 1;
        self.document_bytes = self.document_bytes.saturating_add(len_bytes);
        self.tell(&Event::document(named.id, self.documents_count, self.document_bytes))
    }

    /// Counts bytes that went by, and tells the observer now and then.
    pub(in crate::source) fn tick(&mut self, bytes: usize) -> Result<()> {
        self.plain_bytes = self.plain_bytes.saturating_add(bytes as u64);
        if self.plain_bytes.saturating_sub(self.told_bytes) < TICK_BYTES {
            return Ok(());
        }
        self.told_bytes = self.plain_bytes;
        self.tell(&Event::bytes(self.plain_bytes))
    }

    /// An error about a member.
    pub(in crate::source) fn refuse(&self, kind: ErrorKind, name: &[u8]) -> Error {
        Error::in_path(member_path(self.path, name), kind)
    }

    /// Makes the plan.
    pub(in crate::source) fn finish(mut self, archive: Arc<File>, spool: Spool, deflated: Deflated) -> Result<Plan> {
        if self.roots.len() > 1 {
            let what = "its documents lie in several folders; name the one that is the files folder with `with_root`";
            return Err(Error::in_path(self.path, ErrorKind::Misuse(what)));
        }
        // Numbered files that lie elsewhere than the documents have nothing to do with them, and stay leftovers.
        let is_one_folder = match (self.roots.as_slice(), self.numbered_roots.as_slice()) {
            ([], [_]) | (_, []) => true,
            ([root], [numbered]) => root == numbered,
            _ => false,
        };
        if !is_one_folder {
            self.found.retain(|found| found.named.spelling.number().is_none());
        }
        // In this order the place of a row says what the spelling says of a file in a folder: which of two is preferred.
        self.found.sort_unstable_by_key(|found| (found.named.id, found.named.spelling));
        let root = self.roots.pop().or(self.numbered_roots.pop()).unwrap_or_default();
        let same =
            |pair: &[Found]| matches!(pair, [a, b] if (a.named.id, a.named.spelling) == (b.named.id, b.named.spelling));
        if let Some([again, ..]) = self.found.windows(2).find(|pair| same(pair)) {
            let mut name = PathBuf::from(&root);
            let Named { id, spelling } = again.named;
            spelling.push_to(id, &self.options.key_prefix, &self.options.key_suffix, &mut name);
            return Err(self.refuse(ErrorKind::Ambiguous, name.as_os_str().as_encoded_bytes()));
        }
        self.tell(&Event::planned(self.documents_count, self.document_bytes))?;
        let row = |(place, found): (u64, &Found)| Row { id: found.named.id, place, len_bytes: found.len_bytes };
        let (numbered, documents): (Vec<_>, Vec<_>) =
            (0..).zip(&self.found).partition(|(_, found)| found.named.spelling.number().is_some());
        let rows = documents.into_iter().map(row).collect();
        let number = |(place, found): (u64, &Found)| NumberedFile::new(found.named.spelling, place, found.len_bytes);
        let numbered = numbered.into_iter().filter_map(number).collect();
        let shelf = Shelf {
            path: self.path.to_path_buf(),
            root,
            prefix: self.options.key_prefix.clone(),
            suffix: self.options.key_suffix.clone(),
            archive,
            spool: spool.finish()?,
            slots: self.found.iter().map(|found| (found.named.spelling, found.location)).collect(),
            #[cfg(feature = "zip")]
            deflated,
        };
        #[cfg(not(feature = "zip"))]
        let () = deflated;
        Ok(Plan::new(Store::Archive(shelf), rows, numbered, self.leftovers))
    }

    fn leave(&mut self, kind: LeftoverKind, name: &[u8]) {
        // For people alone: nothing opens this path.
        self.leftovers.add(Leftover::new(kind, String::from_utf8_lossy(name).into_owned()));
    }

    fn tell(&mut self, event: &Event<'_>) -> Result<()> {
        if self.observer.observe(event).is_break() {
            return Err(Error::in_path(self.path, ErrorKind::Cancelled));
        }
        Ok(())
    }
}

fn note_root(roots: &mut Vec<String>, root: &str) {
    // One is right, two are too many: there is no need to know all of a thousand.
    if roots.len() < 2 && !roots.iter().any(|known| known == root) {
        roots.push(root.to_owned());
    }
}

/// The zip file and the places of its deflated documents, where there are any.
#[cfg(feature = "zip")]
pub(in crate::source) type Deflated = Option<(crate::zip::Archive<Arc<File>>, Vec<crate::zip::LocatedEntry>)>;
/// Without zip files nothing is inflated on opening.
#[cfg(not(feature = "zip"))]
pub(in crate::source) type Deflated = ();

/// A place for messages: the archive and the member.
fn member_path(archive: &Path, name: &[u8]) -> PathBuf {
    PathBuf::from(format!("{}: {}", archive.display(), String::from_utf8_lossy(name)))
}
