//! Documents in a bucket: those that are missing are added before the databases are renamed, and nothing else is changed.
//!
//! A document's uuid stands for its content, so a document that is there already is compared and left. The record of a
//! restore is the object `.appsnap-restore.json` in the folder of the URL; beside it is a list of the documents that are
//! added, which is all that is needed to take them away again.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use appsnap::DocumentId;
use appsnap::remote::{RemoteObject, RemoteUpload};
use appsnap::restore::{Step, Survey};
use appsnap::snapshot::{EntryKind, SnapshotReader};
use futures_util::{StreamExt, TryStreamExt, stream};
use md5::{Digest, Md5};
use object_store::path::Path as ObjectPath;
use object_store::{ObjectStoreExt, PutMode, PutPayload};
use serde::{Deserialize, Serialize};
use tokio::runtime::Handle;
use tokio::task::JoinSet;

use crate::meter::Meter;
use crate::support::bucket::{Place, runtime};
use crate::support::{Failure, InFile, Outcome, harmless, shown};

const RECORD: &str = ".appsnap-restore.json";
const ADDED: &str = ".appsnap-restore-added";
/// Longer documents are uploaded in parts, one at a time.
const SMALL_BYTES: u64 = 8 << 20;
/// Requests at the same time, and the content that they hold in memory.
const REQUESTS: usize = 64;
const IN_FLIGHT_BYTES: u64 = 64 << 20;
const ID_BYTES: usize = 16;
const BUFFER_BYTES: usize = 64 << 10;

/// The text around the uuids in keys.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct KeyNames {
    pub prefix: String,
    pub suffix: String,
}

/// The documents of an app in a bucket, and the restore that is in progress there.
pub struct BucketFiles {
    url: PathBuf,
    place: Place,
    runtime: Handle,
    record: Record,
    /// In the order of the uuids.
    listed: Vec<Listed>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Record {
    version: u32,
    step: Step,
    keys: KeyNames,
    facts: BTreeMap<String, String>,
}

/// A document that is in the bucket.
struct Listed {
    id: DocumentId,
    len_bytes: u64,
    e_tag: Option<String>,
}

/// The result for the documents.
#[derive(Clone, Copy, Debug, Default)]
pub struct Delivered {
    pub documents_count: u64,
    pub document_bytes: u64,
    /// Those that were there already.
    pub present_count: u64,
}

impl BucketFiles {
    /// Writes the record; another restore into the same folder is refused.
    pub fn begin(url: &Path, keys: &KeyNames, facts: Vec<(String, String)>) -> Outcome<Self> {
        let record = Record { version: 1, step: Step::Staging, keys: keys.clone(), facts: facts.into_iter().collect() };
        let mut files =
            Self { url: url.to_owned(), place: Place::of(url)?, runtime: runtime()?, record, listed: Vec::new() };
        files.listed = files.list()?;
        let bytes = files.record_bytes()?;
        let created = files.put_new(&files.at(RECORD)?, bytes);
        match created {
            Err(object_store::Error::AlreadyExists { .. }) => Err(files.failure(
                "another restore is in progress there or was interrupted: run it again, or --rollback with its database",
            )),
            created => created.map_err(|error| files.failure(&error.to_string())).map(|()| files),
        }
    }

    /// Reads the record of an interrupted restore.
    pub fn open(url: &Path) -> Outcome<Option<Self>> {
        let (place, runtime) = (Place::of(url)?, runtime()?);
        let record = Record { version: 1, step: Step::Staging, keys: KeyNames::default(), facts: BTreeMap::new() };
        let mut files = Self { url: url.to_owned(), place, runtime, record, listed: Vec::new() };
        let Some(bytes) = files.get(RECORD)? else { return Ok(None) };
        files.record = serde_json::from_slice(&bytes)
            .map_err(|error| files.failure(&format!("the record {RECORD} there is damaged: {error}")))?;
        Ok(Some(files))
    }

    pub fn url(&self) -> &Path {
        &self.url
    }

    pub const fn step(&self) -> Step {
        self.record.step
    }

    pub const fn facts(&self) -> &BTreeMap<String, String> {
        &self.record.facts
    }

    pub fn add_fact(&mut self, name: &str, value: String) -> Outcome {
        self.record.facts.insert(name.to_owned(), value);
        self.write()
    }

    pub fn advance(&mut self, step: Step) -> Outcome {
        self.record.step = step;
        self.write()
    }

    /// Compares the snapshot with the listing, and records the documents that will be added.
    pub fn plan(&self, survey: &Survey) -> Outcome {
        let Some(files) = survey.report().files() else {
            return Err(self.failure(
                "the dump has no rows of files to compare with: unpack --only files uploads documents alone",
            ));
        };
        let mut added = Vec::new();
        for case in files {
            let Some(len_bytes) = case.document_bytes else { continue };
            match self.listed(case.id) {
                None => added.extend_from_slice(case.id.uuid().as_bytes()),
                Some(listed) if listed.len_bytes == len_bytes => {}
                Some(listed) => {
                    return Err(self.other_content(
                        case.id,
                        &format!("{} bytes, and {len_bytes} bytes in the snapshot", listed.len_bytes),
                    ));
                }
            }
        }
        self.put(&self.at(ADDED)?, added)
    }

    /// Uploads the documents of an archive that are missing, and compares the others.
    pub fn upload<R: Read>(&self, archive: &Path, reader: &mut SnapshotReader<R>, meter: &Meter) -> Outcome<Delivered> {
        let (mut delivered, mut sending) = (Delivered::default(), Sending::default());
        while let Some(mut entry) = reader.next_entry().in_file(archive)? {
            let EntryKind::Document(id) = *entry.kind() else { continue };
            let len_bytes = entry.len_bytes();
            let key = self.key(id)?;
            if let Some(listed) = self.listed(id) {
                if !self.is_same(listed, &key, &mut entry).in_file(archive)? {
                    return Err(self.other_content(id, "other bytes than in the snapshot"));
                }
                delivered.present_count = delivered.present_count.saturating_add(1);
            } else if len_bytes <= SMALL_BYTES {
                let mut content = Vec::new();
                entry.read_to_end(&mut content).in_file(archive)?;
                self.make_room(&mut sending, len_bytes)?;
                let store = self.place.store.clone();
                sending.add(len_bytes, &self.runtime, async move { store.put(&key, content.into()).await.map(drop) });
            } else {
                let mut upload = RemoteUpload::new(self.place.store.clone(), key, self.runtime.clone());
                io::copy(&mut entry, &mut upload).in_file(archive)?;
                upload.finish().map_err(|error| Failure::of(shown(&self.url), error))?;
            }
            delivered.documents_count = delivered.documents_count.saturating_add(1);
            delivered.document_bytes = delivered.document_bytes.saturating_add(len_bytes);
            if meter.documents(delivered.documents_count, delivered.document_bytes).is_break() {
                return Err(Failure::environment("uploading the documents", "cancelled"));
            }
        }
        while !sending.is_empty() {
            self.wait(&mut sending)?;
        }
        Ok(delivered)
    }

    /// Lists the bucket again, and returns the lengths of documents in it.
    pub fn lengths(&self) -> Outcome<impl Fn(DocumentId) -> Option<u64>> {
        let listed = self.list()?;
        Ok(move |id| find(&listed, id).map(|listed| listed.len_bytes))
    }

    /// Returns the number of documents that are in the bucket and not in the snapshot.
    pub fn other_count(&self, delivered: &Delivered) -> u64 {
        (self.listed.len() as u64).saturating_sub(delivered.present_count)
    }

    /// Removes the record of a complete restore.
    pub fn finish(self) -> Outcome {
        self.delete([self.at(ADDED)?].into())?;
        self.delete([self.at(RECORD)?].into())
    }

    /// Takes the documents away that were added, and then the record.
    pub fn abandon(self) -> Outcome {
        let added = self.get(ADDED)?.unwrap_or_default();
        let ids = added.chunks_exact(ID_BYTES).filter_map(|bytes| Some(DocumentId::from_bytes(bytes.try_into().ok()?)));
        let keys: Outcome<Vec<ObjectPath>> = ids.map(|id| self.key(id)).collect();
        self.delete(keys?)?;
        self.finish()
    }

    fn key(&self, id: DocumentId) -> Outcome<ObjectPath> {
        self.at(&format!("{}{id}{}", self.record.keys.prefix, self.record.keys.suffix))
    }

    /// Returns the key of an object in the folder of the URL.
    fn at(&self, name: &str) -> Outcome<ObjectPath> {
        let folder = self.place.path.as_ref();
        let key = if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") };
        ObjectPath::parse(&key).map_err(|error| self.failure(&format!("{key:?} cannot be a key: {error}")))
    }

    fn listed(&self, id: DocumentId) -> Option<&Listed> {
        find(&self.listed, id)
    }

    fn list(&self) -> Outcome<Vec<Listed>> {
        let keys = &self.record.keys;
        let start = self.at(&format!("{}x", keys.prefix))?;
        let start = start.as_ref().strip_suffix('x').unwrap_or_default().to_owned();
        let folder = start.rsplit_once('/').map(|(folder, _)| ObjectPath::from(folder));
        let found = async {
            let mut objects = self.place.store.list(folder.as_ref());
            let mut listed = Vec::new();
            while let Some(object) = objects.try_next().await? {
                let name =
                    object.location.as_ref().strip_prefix(&start).and_then(|name| name.strip_suffix(&keys.suffix));
                let Some(id) = name.and_then(|name| name.parse::<DocumentId>().ok()) else { continue };
                listed.push(Listed { id, len_bytes: object.size, e_tag: object.e_tag });
            }
            listed.sort_unstable_by_key(|listed| listed.id);
            Ok(listed)
        };
        self.runtime.block_on(found).map_err(|error: object_store::Error| self.failure(&error.to_string()))
    }

    /// Compares an object with a document of the archive: by its checksum where the store has one.
    fn is_same(&self, listed: &Listed, key: &ObjectPath, document: &mut impl Read) -> io::Result<bool> {
        let digest = listed.e_tag.as_deref().map(|tag| tag.trim_matches('"')).filter(|tag| {
            // The entity tag of an object that was uploaded in one part and is encrypted with no key of its own.
            tag.len() == 32 && tag.bytes().all(|byte| byte.is_ascii_hexdigit())
        });
        let (mut own, mut buffer) = (Md5::new(), vec![0; BUFFER_BYTES]);
        let mut other = None;
        if digest.is_none() {
            let object = RemoteObject::open(self.place.store.clone(), key.clone(), self.runtime.clone());
            let object = object.map_err(io::Error::other)?;
            other = Some(object.reader());
        }
        let mut theirs = vec![0; BUFFER_BYTES];
        loop {
            let count = document.read(&mut buffer)?;
            let (read, _) = buffer.split_at(count);
            if count == 0 {
                break;
            }
            own.update(read);
            if let Some(other) = &mut other {
                let (wanted, _) = theirs.split_at_mut(count);
                if other.read_exact(wanted).is_err() || wanted != read {
                    // The rest of the document is skipped by the reader of the archive.
                    return Ok(false);
                }
            }
        }
        let own: String = own.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(digest.is_none_or(|digest| digest.eq_ignore_ascii_case(&own)))
    }

    /// Waits until another document may be sent.
    fn make_room(&self, sending: &mut Sending, len_bytes: u64) -> Outcome {
        while !sending.is_empty()
            && (sending.tasks.len() >= REQUESTS || sending.in_flight_bytes.saturating_add(len_bytes) > IN_FLIGHT_BYTES)
        {
            self.wait(sending)?;
        }
        Ok(())
    }

    fn wait(&self, sending: &mut Sending) -> Outcome {
        match self.runtime.block_on(sending.tasks.join_next()) {
            Some(Ok((len_bytes, sent))) => {
                sending.in_flight_bytes = sending.in_flight_bytes.saturating_sub(len_bytes);
                sent.map_err(|error| self.failure(&error.to_string()))
            }
            Some(Err(error)) => Err(self.failure(&error.to_string())),
            None => Ok(()),
        }
    }

    fn record_bytes(&self) -> Outcome<Vec<u8>> {
        serde_json::to_vec_pretty(&self.record).map_err(|error| self.failure(&error.to_string()))
    }

    fn write(&self) -> Outcome {
        self.put(&self.at(RECORD)?, self.record_bytes()?)
    }

    fn put(&self, key: &ObjectPath, bytes: Vec<u8>) -> Outcome {
        let put = self.runtime.block_on(self.place.store.put(key, bytes.into()));
        put.map(drop).map_err(|error| self.failure(&error.to_string()))
    }

    /// Writes an object that must not exist yet. Stores without such a request replace it.
    fn put_new(&self, key: &ObjectPath, bytes: Vec<u8>) -> object_store::Result<()> {
        let payload = PutPayload::from(bytes);
        self.runtime.block_on(async {
            match self.place.store.put_opts(key, payload.clone(), PutMode::Create.into()).await {
                Err(object_store::Error::NotImplemented { .. } | object_store::Error::NotSupported { .. }) => {
                    self.place.store.put(key, payload).await.map(drop)
                }
                created => created.map(drop),
            }
        })
    }

    fn get(&self, name: &str) -> Outcome<Option<Vec<u8>>> {
        let key = self.at(name)?;
        let got = self.runtime.block_on(async { self.place.store.get(&key).await?.bytes().await });
        match got {
            Ok(bytes) => Ok(Some(bytes.into())),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(self.failure(&error.to_string())),
        }
    }

    fn delete(&self, keys: Vec<ObjectPath>) -> Outcome {
        let deleted = async {
            let mut deleted = self.place.store.delete_stream(stream::iter(keys.into_iter().map(Ok)).boxed());
            while let Some(outcome) = deleted.next().await {
                match outcome {
                    Ok(_) | Err(object_store::Error::NotFound { .. }) => {}
                    Err(error) => return Err(error),
                }
            }
            Ok(())
        };
        self.runtime.block_on(deleted).map_err(|error| self.failure(&error.to_string()))
    }

    fn other_content(&self, id: DocumentId, what: &str) -> Failure {
        let message = format!(
            "the document {id} is there with {what}: documents in use are not replaced: choose another folder or --key-prefix"
        );
        self.failure(&message)
    }

    fn failure(&self, message: &str) -> Failure {
        Failure::environment(shown(&self.url), harmless(message))
    }
}

/// Documents that are being sent.
#[derive(Default)]
struct Sending {
    tasks: JoinSet<(u64, object_store::Result<()>)>,
    in_flight_bytes: u64,
}

impl Sending {
    fn add(
        &mut self,
        len_bytes: u64,
        runtime: &Handle,
        put: impl Future<Output = object_store::Result<()>> + Send + 'static,
    ) {
        self.in_flight_bytes = self.in_flight_bytes.saturating_add(len_bytes);
        self.tasks.spawn_on(async move { (len_bytes, put.await) }, runtime);
    }

    fn is_empty(&self) -> bool {
        self.tasks.is_empty()
    }
}

fn find(listed: &[Listed], id: DocumentId) -> Option<&Listed> {
    listed.binary_search_by_key(&id, |listed| listed.id).ok().and_then(|at| listed.get(at))
}
