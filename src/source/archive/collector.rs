//! Collects the documents of an archive while it is read, and builds the plan of them: [`Collector`].

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::options::ArchiveOptions;
use super::sparse::SparseFile;
use super::spool::DocumentSpool;
use super::store::{ArchiveStore, Deflated, Payload};
use crate::document::DocumentId;
use crate::error::Category;
use crate::limits::{Budget, LimitExceeded};
use crate::observe::{Event, Observer, Phase};
use crate::source::code::Code;
use crate::source::directory::spelling::Spelling;
use crate::source::error::{Error, ErrorKind, Result};
use crate::source::member_name::MemberName;
use crate::source::plan::DocumentPlan;
use crate::source::row::{NO_ID, NumberedFile, Row};
use crate::source::skipped::{SkippedFile, SkippedFiles};
use crate::source::store::Store;
use crate::tarball::SparseMap;

/// The number of bytes between two events of the observer.
const EVENT_BYTES: u64 = 1 << 20;

/// The documents found so far in an archive.
pub(in crate::source) struct Collector<'a> {
    path: &'a Path,
    options: &'a ArchiveOptions,
    observer: &'a mut dyn Observer,
    /// The files folders that contain documents. More than one is an error, so no more than two are kept.
    roots: Vec<String>,
    /// The files folders that contain numbered files.
    numbered_roots: Vec<String>,
    found: Vec<Found>,
    sparse: Vec<SparseFile>,
    /// The index in `found` of every document, once the archive turned out to contain hard links.
    by_name: Option<BTreeMap<(DocumentId, Spelling), usize>>,
    /// The bytes that hard links and holes add to the archive.
    expanded: Budget,
    /// The segments of sparse files, which are kept in memory.
    segments: Budget,
    skipped: SkippedFiles,
    documents_count: u64,
    document_bytes: u64,
    read_bytes: u64,
    reported_bytes: u64,
}

/// A document whose name was parsed, or a numbered file with a placeholder as its id.
#[derive(Clone, Copy)]
pub(in crate::source) struct Named {
    id: DocumentId,
    spelling: Spelling,
}

struct Found {
    named: Named,
    len_bytes: u64,
    payload: Payload,
}

impl Named {
    const fn is_numbered(self) -> bool {
        self.spelling.number().is_some()
    }
}

impl<'a> Collector<'a> {
    pub(in crate::source) fn new(
        path: &'a Path,
        options: &'a ArchiveOptions,
        observer: &'a mut dyn Observer,
    ) -> Result<Self> {
        let mut collector = Self {
            path,
            options,
            observer,
            roots: Vec::new(),
            numbered_roots: Vec::new(),
            found: Vec::new(),
            sparse: Vec::new(),
            by_name: None,
            expanded: Budget::new("max_total_bytes", options.limits.max_total_bytes()),
            segments: Budget::new("max_entries", options.limits.max_entries()),
            skipped: SkippedFiles::new(options.max_findings_per_code),
            documents_count: 0,
            document_bytes: 0,
            read_bytes: 0,
            reported_bytes: 0,
        };
        collector.notify(&Event::Phase(Phase::ReadingFiles))?;
        Ok(collector)
    }

    #[cfg(feature = "zip")]
    pub(in crate::source) const fn path(&self) -> &'a Path {
        self.path
    }

    /// Classifies a file by its name. Returns `None` and reports it if it is not a document.
    pub(in crate::source) fn classify(&mut self, name: &[u8]) -> Result<Option<Named>> {
        let wanted_root = self.options.root.as_deref().map(|root| root.trim_matches(['/', '\\']));
        let is_elsewhere = |root| wanted_root.is_some_and(|wanted| wanted != root);
        let (skipped_as, named) = match MemberName::parse(name, &self.options.key_prefix, &self.options.key_suffix) {
            MemberName::Document { root, .. } if is_elsewhere(root) => (Some(Code::Folder), None),
            MemberName::Document { root, id, spelling } => {
                note_root(&mut self.roots, root);
                (None, Some(Named { id, spelling }))
            }
            MemberName::Numbered { root, .. } if is_elsewhere(root) => (Some(Code::Numbered), None),
            MemberName::Numbered { root, spelling } => {
                note_root(&mut self.numbered_roots, root);
                (Some(Code::Numbered), Some(Named { id: NO_ID, spelling }))
            }
            MemberName::Skipped(code) => (Some(code), None),
            MemberName::Hostile => return Err(self.member_error(ErrorKind::HostileName, name)),
        };
        if let Some(code) = skipped_as {
            self.skip(code, name);
        }
        Ok(named)
    }

    /// Reports a member that is left out.
    pub(in crate::source) fn skip(&mut self, code: Code, name: &[u8]) {
        // The path is for messages only; it is never opened.
        self.skipped.add(SkippedFile { code, path: String::from_utf8_lossy(name).into_owned().into() });
    }

    /// Adds a document whose contents are at `payload`.
    pub(in crate::source) fn add(&mut self, named: Named, len_bytes: u64, payload: Payload) -> Result<()> {
        if let Some(by_name) = &mut self.by_name {
            by_name.insert((named.id, named.spelling), self.found.len());
        }
        self.found.push(Found { named, len_bytes, payload });
        if named.is_numbered() {
            return Ok(());
        }
        self.documents_count = self.documents_count.saturating_add(1);
        self.document_bytes = self.document_bytes.saturating_add(len_bytes);
        self.notify(&Event::document(named.id, self.documents_count, self.document_bytes))
    }

    /// Adds a hard link to an earlier document: another document with the same contents.
    pub(in crate::source) fn add_link(&mut self, named: Named, name: &[u8], target: &[u8]) -> Result<()> {
        let by_name = self.by_name.get_or_insert_with(|| {
            self.found.iter().zip(0..).map(|(found, index)| ((found.named.id, found.named.spelling), index)).collect()
        });
        let key = match MemberName::parse(target, &self.options.key_prefix, &self.options.key_suffix) {
            MemberName::Document { id, spelling, .. } => Some((id, spelling)),
            MemberName::Numbered { spelling, .. } => Some((NO_ID, spelling)),
            MemberName::Skipped(_) | MemberName::Hostile => None,
        };
        let target = key.and_then(|key| by_name.get(&key)).and_then(|index| self.found.get(*index));
        let Some(&Found { len_bytes, payload, .. }) = target else {
            return Err(self.member_error(ErrorKind::LinkTarget, name));
        };
        self.expand(len_bytes)?;
        self.add(named, len_bytes, payload)
    }

    /// Adds a sparse document whose first segment is stored at `stored_at`, in the spool or in the archive.
    pub(in crate::source) fn add_sparse(
        &mut self,
        named: Named,
        map: &SparseMap,
        (is_spooled, stored_at): (bool, u64),
    ) -> Result<()> {
        self.expand(map.file_bytes)?;
        let exceeded = |exceeded: LimitExceeded| Error::archive(self.path, exceeded);
        self.segments.spend(map.segments.len() as u64).map_err(exceeded)?;
        let index = u32::try_from(self.sparse.len())
            .map_err(|_| Error::archive(self.path, crate::Error::of(Category::Limit, "too many sparse files")))?;
        self.sparse.push(SparseFile::new(map, is_spooled, stored_at));
        self.add(named, map.file_bytes, Payload::Sparse(index))
    }

    /// Spends bytes that are in the snapshot and not in the archive.
    fn expand(&mut self, len_bytes: u64) -> Result<()> {
        self.expanded.spend(len_bytes).map_err(|exceeded| Error::archive(self.path, exceeded))
    }

    /// Counts bytes that were read, and notifies the observer from time to time.
    pub(in crate::source) fn advance(&mut self, bytes: usize) -> Result<()> {
        self.read_bytes = self.read_bytes.saturating_add(bytes as u64);
        if self.read_bytes.saturating_sub(self.reported_bytes) < EVENT_BYTES {
            return Ok(());
        }
        self.reported_bytes = self.read_bytes;
        self.notify(&Event::bytes(self.read_bytes, None))
    }

    /// Builds the plan.
    pub(in crate::source) fn finish(
        mut self,
        archive: Option<Arc<File>>,
        spool: DocumentSpool,
        deflated: Deflated,
    ) -> Result<DocumentPlan> {
        let root = self.take_root()?;
        // In this order, the index of a document in the store expresses the same preference as a spelling in a folder.
        self.found.sort_unstable_by_key(|found| (found.named.id, found.named.spelling));
        self.check_ambiguity(&root)?;
        self.notify(&Event::planned(self.documents_count, self.document_bytes))?;
        let (mut rows, mut numbered) = (Vec::new(), Vec::new());
        for (locator, Found { named, len_bytes, .. }) in (0..).zip(&self.found) {
            match NumberedFile::new(named.spelling, locator, *len_bytes) {
                Some(file) => numbered.push(file),
                None => rows.push(Row { id: named.id, locator, len_bytes: *len_bytes }),
            }
        }
        let store = ArchiveStore {
            path: self.path.to_path_buf(),
            root,
            prefix: self.options.key_prefix.clone(),
            suffix: self.options.key_suffix.clone(),
            archive,
            spool: spool.finish()?,
            sparse: self.sparse,
            slots: self.found.iter().map(|found| (found.named.spelling, found.payload)).collect(),
            deflated,
        };
        Ok(DocumentPlan::new(Store::Archive(Box::new(store)), rows, numbered, self.skipped))
    }

    /// Returns the only files folder.
    fn take_root(&mut self) -> Result<String> {
        if self.roots.len() > 1 {
            let what = "the archive contains documents in several folders: name the files folder with `with_root`";
            return Err(Error::in_path(self.path, ErrorKind::Misuse(what)));
        }
        // Numbered files in other folders than the documents do not belong to them, and are left out.
        let is_one_folder = match (self.roots.as_slice(), self.numbered_roots.as_slice()) {
            ([], [_]) | (_, []) => true,
            ([root], [numbered]) => root == numbered,
            _ => false,
        };
        if !is_one_folder {
            self.found.retain(|found| !found.named.is_numbered());
        }
        // Without any, all files of the plan are at the top.
        Ok(self.roots.pop().or(self.numbered_roots.pop()).unwrap_or_default())
    }

    /// Refuses two members with the same name: programs disagree about which of them counts.
    fn check_ambiguity(&self, root: &str) -> Result<()> {
        let key = |found: &Found| (found.named.id, found.named.spelling);
        let is_same = |pair: &&[Found]| matches!(pair, [first, second] if key(first) == key(second));
        let Some([again, ..]) = self.found.windows(2).find(is_same) else { return Ok(()) };
        let Named { id, spelling } = again.named;
        let mut name = PathBuf::from(root);
        spelling.push_to(id, &self.options.key_prefix, &self.options.key_suffix, &mut name);
        Err(self.member_error(ErrorKind::Ambiguous, name.as_os_str().as_encoded_bytes()))
    }

    fn member_error(&self, kind: ErrorKind, name: &[u8]) -> Error {
        Error::in_path(format!("{}: {}", self.path.display(), String::from_utf8_lossy(name)), kind)
    }

    fn notify(&mut self, event: &Event) -> Result<()> {
        if self.observer.observe(event).is_break() {
            return Err(Error::in_path(self.path, ErrorKind::Cancelled));
        }
        Ok(())
    }
}

fn note_root(roots: &mut Vec<String>, root: &str) {
    if roots.len() < 2 && !roots.iter().any(|known| known == root) {
        roots.push(root.to_owned());
    }
}
