//! Documents in object storage: [`scan`] lists a bucket and returns a [`DocumentPlan`].
//!
//! A plan of a bucket knows the length and the entity tag of every document from the listing. It makes one request for each
//! document (for each 8 MiB of a larger one), many at a time and before the documents are needed, and none for anything
//! else. A failed request is repeated; the store's client itself slows down when the store asks for it.
//!
//! An object that was replaced or deleted after the listing is an error that names it. In a bucket with versions, the
//! version at the time of the listing counts. Objects that the app encrypted before uploading them are copied as they are:
//! a snapshot then contains ciphertext, which only an app with the same keys can read.
//!
//! Reading blocks the calling thread: see [where to call it from](crate::remote#where-to-call-it-from).
//!
//! ```
//! # use appsnap::remote::object_store::{ObjectStoreExt, memory::InMemory, path::Path};
//! # let runtime = tokio::runtime::Builder::new_current_thread().build()?;
//! # let store = InMemory::new();
//! # let key = Path::from("apps/shop-0d3e301f-5551-46f8-ad44-8de2be084c95");
//! # runtime.block_on(store.put(&key, "a document".into()))?;
//! # let handle = runtime.handle().clone();
//! # std::thread::spawn(move || runtime.block_on(std::future::pending::<()>()));
//! use std::sync::Arc;
//! use appsnap::metadata::Metadata;
//! use appsnap::observe::NoObserver;
//! use appsnap::snapshot::{SnapshotWriter, WriteOptions};
//! use appsnap::source::bucket::{self, BucketOptions};
//!
//! let options = BucketOptions::new().with_key_prefix("apps/shop-");
//! let plan = bucket::scan(Arc::new(store), &handle, &options, &mut NoObserver)?;
//! assert_eq!((plan.documents_count(), plan.document_bytes()), (1, 10));
//!
//! let metadata = plan.complete(Metadata::new().with_model_version("1.0.0.40"), None);
//! let mut writer = SnapshotWriter::start(Vec::new(), &metadata, &WriteOptions::new())?;
//! writer.documents(&plan, &mut NoObserver)?;
//! writer.finish()?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod fetch;
mod found;
mod listing;
mod options;
mod read_ahead;
mod share;
pub(super) mod store;
mod tags;

use std::sync::Arc;

use tokio::runtime::Handle;

pub use options::BucketOptions;
pub(crate) use share::scan_share;

use self::found::Found;
use self::listing::{Listed, Listing};
use self::store::{BucketStore, Slots};
use self::tags::Tags;
use super::code::Code;
use super::error::{Error, ErrorKind, Result};
use super::member_name::MemberName;
use super::plan::DocumentPlan;
use super::row::{NO_ID, NumberedFile, Row};
use super::skipped::{SkippedFile, SkippedFiles};
use super::store::Store;
use crate::observe::{Event, Observer, Phase};
use crate::remote::keys::Keys;
use crate::remote::object_store::path::Path;
use crate::remote::object_store::{ObjectMeta, ObjectStore};

/// Lists the documents in a bucket and plans all of them.
///
/// The layout is that of [`directory::scan`](super::directory::scan): `<uuid>`, `xx/<uuid>` or `xx/yy/<uuid>` below the
/// folder of the key prefix. Everything else in that folder is left out and reported.
///
/// The observer receives the phase `listing`, then each document with running totals in the order of discovery, and
/// finally the planned totals.
///
/// # Errors
/// Returns an error if a listing fails, if the key prefix or suffix cannot occur in a key, if the store does not list keys in
/// the order that concurrent listings require, if a document is listed twice, or if the observer cancels.
pub fn scan(
    store: Arc<dyn ObjectStore>,
    runtime: &Handle,
    options: &BucketOptions,
    observer: &mut dyn Observer,
) -> Result<DocumentPlan, Error> {
    let keys = store::keys(options)?;
    let mut collector = Collector::new(&keys, options, observer);
    let mut found = Vec::new();
    collector.notify(&Event::Phase(Phase::ListingBucket))?;
    let listing = Listing::start(&store, runtime, &keys, options.listing);
    collector.collect(listing, |document, _| {
        found.push(document);
        true
    })?;
    let (documents_count, document_bytes) = (collector.documents_count, collector.document_bytes);
    collector.notify(&Event::planned(documents_count, document_bytes))?;
    let Collector { tags, skipped, .. } = collector;
    // In this order, the index of an object in the store expresses the same preference as a spelling in a folder.
    found.sort_unstable_by_key(Found::key);
    let is_same = |pair: &&[Found]| matches!(pair, [first, second] if first.key() == second.key());
    if let Some([again, ..]) = found.windows(2).find(is_same) {
        return Err(Error::in_path(store::key(&keys, again.id, again.spelling), ErrorKind::Ambiguous));
    }
    let numbered = (0..)
        .zip(&found)
        .filter_map(|(locator, found)| NumberedFile::new(found.spelling, locator, found.len_bytes))
        .collect();
    let slots = Slots::of(&found);
    let rows = (0..)
        .zip(found)
        .filter(|(_, found)| found.spelling.number().is_none())
        .map(|(index, found)| Row { id: found.id, locator: slots.locator(index, &found), len_bytes: found.len_bytes })
        .collect();
    let store = BucketStore::new(store, runtime, options, (keys, slots, tags));
    Ok(DocumentPlan::new(Store::Bucket(store), rows, numbered, skipped))
}

/// Collects the documents of listings, on the caller's thread.
struct Collector<'a> {
    keys: &'a Keys,
    tags: Tags,
    documents_count: u64,
    document_bytes: u64,
    skipped: SkippedFiles,
    observer: &'a mut dyn Observer,
}

impl<'a> Collector<'a> {
    fn new(keys: &'a Keys, options: &BucketOptions, observer: &'a mut dyn Observer) -> Self {
        Self {
            keys,
            tags: Tags::default(),
            documents_count: 0,
            document_bytes: 0,
            skipped: SkippedFiles::new(options.max_findings_per_code),
            observer,
        }
    }

    /// Passes the documents and numbered files of a listing to `each`, until it returns `false`.
    fn collect(&mut self, mut listing: Listing, mut each: impl FnMut(Found, &Path) -> bool) -> Result<()> {
        while let Some(listed) = listing.next() {
            let objects = match listed {
                Listed::Objects(objects) => objects,
                Listed::Failed(error) => return Err(Error::bucket(error)),
            };
            for object in objects {
                if let Some(found) = self.document(&object)?
                    && !each(found, &object.location)
                {
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// Returns the document or numbered file that an object is, and reports everything else.
    fn document(&mut self, object: &ObjectMeta) -> Result<Option<Found>> {
        let name = self.keys.name(&object.location).filter(|name| !self.keys.is_manifest(name));
        let Some(name) = name else { return Ok(None) };
        let (code, found) = match MemberName::parse(name.as_bytes(), &self.keys.prefix, &self.keys.suffix) {
            MemberName::Document { root: "", id, spelling } => (None, Some((id, spelling))),
            MemberName::Numbered { root: "", spelling } => (Some(Code::Numbered), Some((NO_ID, spelling))),
            MemberName::Document { .. } => (Some(Code::Folder), None),
            MemberName::Numbered { .. } => (Some(Code::Numbered), None),
            MemberName::Skipped(code) => (Some(code), None),
            MemberName::Hostile => (Some(Code::UnsafeName), None),
        };
        // A key that is spelled in another way than rendered cannot be requested again.
        let found = found.filter(|(id, spelling)| store::key(self.keys, *id, *spelling) == object.location.as_ref());
        if let Some(code) = code.or(found.is_none().then_some(Code::NotAnId)) {
            self.skipped.add(SkippedFile { code, path: name.into() });
        }
        let Some((id, spelling)) = found else { return Ok(None) };
        let tag = self.tags.of(object.e_tag.as_deref());
        let found = Found { id, spelling, len_bytes: object.size, tag };
        if spelling.number().is_some() {
            return Ok(Some(found));
        }
        self.documents_count = self.documents_count.saturating_add(1);
        self.document_bytes = self.document_bytes.saturating_add(object.size);
        self.notify(&Event::document(id, self.documents_count, self.document_bytes))?;
        Ok(Some(found))
    }

    fn notify(&mut self, event: &Event) -> Result<()> {
        if self.observer.observe(event).is_break() {
            return Err(Error::in_path(self.keys.folder.as_ref(), ErrorKind::Cancelled));
        }
        Ok(())
    }
}
