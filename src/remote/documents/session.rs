//! One upload of the documents of an archive: [`Session`].

use std::collections::{BTreeSet, HashMap};
use std::future::poll_fn;
use std::io::{self, Read};

use object_store::path::Path;
use object_store::{GetOptions, PutOptions, PutPayload};
use tokio::task::JoinSet;

use super::manifest::Manifest;
use super::plan::{Plan, Row};
use super::report::DocumentUploadReport;
use super::settings::Settings;
use crate::error::Error as AnyError;
use crate::observe::{Event, Observer, Phase, proceed};
use crate::remote::error::{Error, ErrorKind, Result};
use crate::remote::keys::Keys;
use crate::remote::opened::{body, get};
use crate::remote::retry::{MAX_ATTEMPTS, is_worth_repeating, pause, repeated};
use crate::remote::upload::RemoteUpload;
use crate::snapshot::extract::IfExists;
use crate::snapshot::{self, EntryKind, SnapshotReader};

/// Longer documents are sent in parts, while they are read.
const SMALL_BYTES: u64 = 8 << 20;
/// The number of uploaded documents after which the manifest is written again.
const MANIFEST_COUNT: u64 = 1_000;

/// A document whose request has ended.
struct Sent {
    number: usize,
    payload: PutPayload,
    failures_count: u32,
    result: object_store::Result<()>,
}

/// A running upload.
pub(super) struct Session<'a> {
    upload: &'a Settings,
    keys: Keys,
    plan: Plan,
    manifest: Manifest,
    /// By number of the document: it is in the bucket since an earlier run.
    is_done: Vec<bool>,
    tasks: JoinSet<Sent>,
    /// The documents in flight, by number.
    pending: BTreeSet<usize>,
    in_flight_bytes: u64,
    /// The number of requests that may run at the same time. It falls with every failure and rises again.
    allowed_count: usize,
    /// The documents before this one are in the bucket or in flight.
    next: usize,
    report: DocumentUploadReport,
}

impl<'a> Session<'a> {
    /// Compares the bucket with the plan, and writes the first manifest.
    pub(super) fn begin(upload: &'a Settings, plan: Plan, observer: &mut dyn Observer) -> Result<Self, AnyError> {
        let keys = upload.keys()?;
        let manifest = Manifest::new(&plan, &keys.suffix);
        let mut session = Self {
            upload,
            keys,
            manifest,
            is_done: vec![false; plan.rows.len()],
            plan,
            tasks: JoinSet::new(),
            pending: BTreeSet::new(),
            in_flight_bytes: 0,
            allowed_count: upload.requests_count.get(),
            next: 0,
            report: DocumentUploadReport::default(),
        };
        let location = session.keys.manifest();
        let before = repeated(|| session.fetch(&location))?;
        let parsed = before.as_deref().and_then(Manifest::parse);
        match parsed.filter(|parsed| parsed.is_same_upload(&session.manifest)) {
            Some(earlier) => {
                proceed(observer, &Event::Phase(Phase::ListingBucket))?;
                session.resume(&earlier, observer)?;
            }
            None if upload.if_exists == IfExists::Refuse => {
                let found = match before {
                    Some(_) => Some(location),
                    None => session.list(observer, |_, _| false)?,
                };
                if let Some(found) = found {
                    return Err(Error::of(ErrorKind::Exists, &found).into());
                }
            }
            None => {}
        }
        session.write_manifest()?;
        Ok(session)
    }

    fn fetch(&self, location: &Path) -> Result<Option<Vec<u8>>> {
        let upload = self.upload;
        let fetched = upload.runtime.block_on(async {
            let result = get(&*upload.store, location, GetOptions::new()).await?;
            body(result, location).await
        });
        match fetched {
            Err(error) if *error.kind() == ErrorKind::NotFound => Ok(None),
            fetched => fetched.map(Some),
        }
    }

    /// Marks the documents as done that an earlier run uploaded, and that are still there with their lengths.
    fn resume(&mut self, earlier: &Manifest, observer: &mut dyn Observer) -> Result<(), AnyError> {
        let count =
            usize::try_from(earlier.uploaded_count).map_or(self.plan.rows.len(), |n| n.min(self.plan.rows.len()));
        let rows = self.plan.rows.get(..count).unwrap_or(&self.plan.rows);
        let numbers: HashMap<_, _> =
            rows.iter().enumerate().map(|(number, row)| (row.id, (number, row.len_bytes))).collect();
        let mut found = Vec::new();
        self.list(observer, |id, len_bytes| {
            found.extend(numbers.get(&id).filter(|(_, expected)| *expected == len_bytes).map(|(number, _)| *number));
            true
        })?;
        for number in found {
            if let Some(is_done) = self.is_done.get_mut(number) {
                *is_done = true;
            }
        }
        Ok(())
    }

    /// Passes the documents under the keys of this upload to `each`, some twice if a listing failed, until it returns `false` for one, which is returned.
    fn list(
        &self,
        observer: &mut dyn Observer,
        mut each: impl FnMut(crate::DocumentId, u64) -> bool,
    ) -> Result<Option<Path>, AnyError> {
        let upload = self.upload;
        let folder = self.keys.listed();
        let mut objects = upload.store.list(folder);
        let (mut count, mut bytes, mut failures_count) = (0_u64, 0_u64, 0_u32);
        loop {
            let next = upload.runtime.block_on(poll_fn(|context| objects.as_mut().poll_next(context)));
            let object = match next {
                None => return Ok(None),
                Some(Err(error)) => {
                    let error = Error::store("listing", error, &self.keys.folder);
                    failures_count = failures_count.saturating_add(1);
                    if failures_count == MAX_ATTEMPTS || !is_worth_repeating(&error) {
                        return Err(error.into());
                    }
                    pause(failures_count);
                    objects = upload.store.list(folder);
                    continue;
                }
                Some(Ok(object)) => object,
            };
            let Some(id) = self.keys.document(&object.location) else { continue };
            count = count.saturating_add(1);
            bytes = bytes.saturating_add(object.size);
            proceed(observer, &Event::document(id, count, bytes))?;
            if !each(id, object.size) {
                return Ok(Some(object.location));
            }
        }
    }

    /// Uploads the documents of `reader` that are not done, and completes the manifest.
    pub(super) fn send<R: Read>(
        &mut self,
        reader: &mut SnapshotReader<R>,
        observer: &mut dyn Observer,
    ) -> Result<(), AnyError> {
        let sent = self.send_all(reader, observer);
        if sent.is_err() {
            self.leave();
        }
        sent
    }

    fn send_all<R: Read>(
        &mut self,
        reader: &mut SnapshotReader<R>,
        observer: &mut dyn Observer,
    ) -> Result<(), AnyError> {
        proceed(observer, &Event::Phase(Phase::UploadingDocuments))?;
        let (rows_count, all_bytes) = (self.plan.rows.len() as u64, self.plan.document_bytes);
        proceed(observer, &Event::planned(rows_count, all_bytes))?;
        let (mut count, mut bytes) = (0_u64, 0_u64);
        while let Some(mut entry) = reader.next_entry()? {
            let EntryKind::Document(id) = *entry.kind() else { continue };
            let number = self.next;
            let row = self.plan.rows.get(number).filter(|row| row.id == id && row.len_bytes == entry.len_bytes());
            let row = *row.ok_or_else(|| self.changed())?;
            if self.is_done.get(number) == Some(&true) {
                self.report.continued_count = self.report.continued_count.saturating_add(1);
            } else if row.len_bytes <= SMALL_BYTES {
                self.send_small(number, row, &mut entry)?;
            } else {
                self.send_large(row, &mut entry)?;
                self.count(row);
            }
            self.next = number.saturating_add(1);
            (count, bytes) = (count.saturating_add(1), bytes.saturating_add(row.len_bytes));
            proceed(observer, &Event::document(id, count, bytes))?;
            if self.uploaded_count().saturating_sub(self.manifest.uploaded_count) >= MANIFEST_COUNT {
                self.write_manifest()?;
            }
        }
        if self.next != self.plan.rows.len() {
            return Err(self.changed().into());
        }
        while !self.pending.is_empty() {
            self.join()?;
        }
        self.manifest.is_complete = true;
        self.write_manifest()?;
        Ok(())
    }

    /// Ends the requests in flight, and writes how far the upload came, if possible: the next run continues there.
    fn leave(&mut self) {
        self.upload.runtime.block_on(self.tasks.shutdown());
        self.manifest.is_complete = false;
        let _ = self.put_manifest();
    }

    pub(super) const fn report(&self) -> DocumentUploadReport {
        self.report
    }

    /// The number of documents, in the order of the archive, that are in the bucket.
    fn uploaded_count(&self) -> u64 {
        self.pending.first().map_or(self.next, |first| *first) as u64
    }

    fn write_manifest(&mut self) -> Result<()> {
        repeated(|| self.put_manifest())
    }

    fn put_manifest(&mut self) -> Result<()> {
        self.manifest.uploaded_count = self.uploaded_count();
        let location = self.keys.manifest();
        let internal = |_| Error::of(ErrorKind::Misuse("internal error: the manifest is no JSON"), &location);
        let payload = PutPayload::from(self.manifest.to_json().map_err(internal)?);
        let upload = self.upload;
        let put = upload.runtime.block_on(upload.store.put_opts(&location, payload, PutOptions::default()));
        put.map(drop).map_err(|error| Error::store("writing the manifest", error, &location))
    }

    fn changed(&self) -> Error {
        Error::of(ErrorKind::ArchiveChanged, &self.keys.folder)
    }

    fn count(&mut self, row: Row) {
        self.report.documents_count = self.report.documents_count.saturating_add(1);
        self.report.document_bytes = self.report.document_bytes.saturating_add(row.len_bytes);
    }

    /// Sends a document with one request, after all of it was read and verified.
    fn send_small(&mut self, number: usize, row: Row, entry: &mut impl Read) -> Result<(), AnyError> {
        let max_bytes = self.upload.in_flight_bytes;
        let is_full = |session: &Self| {
            !session.pending.is_empty()
                && (session.pending.len() >= session.allowed_count
                    || session.in_flight_bytes.saturating_add(row.len_bytes) > max_bytes)
        };
        while is_full(self) {
            self.join()?;
        }
        let mut content = Vec::new();
        entry.read_to_end(&mut content).map_err(reading)?;
        if crc32fast::hash(&content) != row.crc32 {
            return Err(self.changed().into());
        }
        self.pending.insert(number);
        self.in_flight_bytes = self.in_flight_bytes.saturating_add(row.len_bytes);
        self.spawn(number, row, PutPayload::from(content), 0);
        Ok(())
    }

    fn spawn(&mut self, number: usize, row: Row, payload: PutPayload, failures_count: u32) {
        let (store, location) = (self.upload.store.clone(), self.keys.location(row.id));
        let request = async move {
            let result = store.put_opts(&location, payload.clone(), PutOptions::default()).await.map(drop);
            Sent { number, payload, failures_count, result }
        };
        self.tasks.spawn_on(request, &self.upload.runtime);
    }

    /// Waits for one of the requests in flight, and repeats it if it failed.
    fn join(&mut self) -> Result<()> {
        let Some(joined) = self.upload.runtime.block_on(self.tasks.join_next()) else { return Ok(()) };
        let lost = |_| Error::of(ErrorKind::TaskLost, &self.keys.folder);
        let Sent { number, payload, failures_count, result } = joined.map_err(lost)?;
        let row = *self.plan.rows.get(number).ok_or_else(|| self.changed())?;
        match result {
            Ok(()) => {
                self.allowed_count = self.allowed_count.saturating_add(1).min(self.upload.requests_count.get());
                self.pending.remove(&number);
                self.in_flight_bytes = self.in_flight_bytes.saturating_sub(row.len_bytes);
                self.count(row);
            }
            Err(error) => {
                self.allowed_count = (self.allowed_count / 2).max(1);
                let failures_count = failures_count.saturating_add(1);
                let error = Error::store("writing", error, &self.keys.location(row.id));
                if failures_count == MAX_ATTEMPTS || !is_worth_repeating(&error) {
                    return Err(error);
                }
                pause(failures_count);
                self.spawn(number, row, payload, failures_count);
            }
        }
        Ok(())
    }

    /// Sends a document in parts. It appears after all of it was verified.
    fn send_large(&self, row: Row, entry: &mut impl Read) -> Result<(), AnyError> {
        let upload = self.upload;
        let location = self.keys.location(row.id);
        // S3 accepts 10,000 parts.
        let part_bytes = usize::try_from(row.len_bytes.div_ceil(9_000)).map_or(usize::MAX, |len| len.max(8 << 20));
        let object = RemoteUpload::new(upload.store.clone(), location, upload.runtime.clone());
        let mut object = object.with_part_bytes(part_bytes)?;
        let mut hashed = Hashed { source: entry, crc: crc32fast::Hasher::new() };
        if let Err(error) = io::copy(&mut hashed, &mut object) {
            object.abort()?;
            return Err(reading(error));
        }
        if hashed.crc.finalize() != row.crc32 {
            object.abort()?;
            return Err(self.changed().into());
        }
        object.finish()?;
        Ok(())
    }
}

/// A reader that computes the CRC32 of what it returns.
struct Hashed<R> {
    source: R,
    crc: crc32fast::Hasher,
}

impl<R: Read> Read for Hashed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.source.read(buffer)?;
        self.crc.update(crate::io::prefix(buffer, count as u64));
        Ok(count)
    }
}

fn reading(error: io::Error) -> AnyError {
    snapshot::Error::io("reading", error).into()
}
