//! An object store that counts what is asked of it, and fails when told to.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use appsnap::remote::object_store::{self, path::Path};
use async_trait::async_trait;
use futures_core::stream::BoxStream;
use object_store::{
    CopyOptions, GetOptions, GetRange, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, Result, UploadPart,
};

/// The number of requests of each kind.
#[derive(Debug, Default)]
pub struct Counts {
    pub gets: AtomicUsize,
    pub heads: AtomicUsize,
    pub lists: AtomicUsize,
    /// Requests for objects that ran at the same time, at most.
    pub most_gets: AtomicUsize,
    gets_in_flight: AtomicUsize,
    /// So many of the next requests for objects fail, as those of an overloaded store.
    pub failing_gets: AtomicUsize,
    /// So many of the next objects are not written, as by an overloaded store.
    pub failing_puts: AtomicUsize,
    /// So many of the next requests for objects end too early.
    pub short_gets: AtomicUsize,
    pub got_bytes: AtomicUsize,
    pub puts: AtomicUsize,
    pub begun: AtomicUsize,
    pub parts: AtomicUsize,
    pub part_bytes: AtomicUsize,
    /// Parts that were sent together, at most.
    pub most_in_flight: AtomicUsize,
    in_flight: AtomicUsize,
    pub completed: AtomicUsize,
    pub aborted: AtomicUsize,
    /// From now on parts are refused.
    pub refuse_parts: AtomicBool,
    /// Ranges that count from the end are refused, as Azure does.
    pub refuse_suffixes: AtomicBool,
}

impl Counts {
    pub fn reset(&self) {
        self.gets.store(0, Ordering::Relaxed);
        self.got_bytes.store(0, Ordering::Relaxed);
        self.puts.store(0, Ordering::Relaxed);
        self.lists.store(0, Ordering::Relaxed);
    }

    pub fn get(counter: &AtomicUsize) -> usize {
        counter.load(Ordering::Relaxed)
    }
}

/// A store and its counts.
#[derive(Debug)]
pub struct Counting<S> {
    pub inner: S,
    pub counts: Arc<Counts>,
}

impl<S> Counting<S> {
    pub fn new(inner: S) -> Self {
        Self { inner, counts: Arc::default() }
    }
}

impl<S> fmt::Display for Counting<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("counting")
    }
}

/// Takes one from a counter of faults.
fn take_one(faults: &AtomicUsize) -> bool {
    faults.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok()
}

fn refused() -> object_store::Error {
    object_store::Error::Generic { store: "counting", source: "refused".into() }
}

#[async_trait]
impl<S: ObjectStore> ObjectStore for Counting<S> {
    async fn put_opts(&self, location: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        self.counts.puts.fetch_add(1, Ordering::Relaxed);
        if take_one(&self.counts.failing_puts) {
            return Err(refused());
        }
        self.inner.put_opts(location, payload, options).await
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.counts.begun.fetch_add(1, Ordering::Relaxed);
        let inner = self.inner.put_multipart_opts(location, options).await?;
        Ok(Box::new(CountingUpload { inner, counts: Arc::clone(&self.counts) }))
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.counts.gets.fetch_add(1, Ordering::Relaxed);
        self.counts.heads.fetch_add(usize::from(options.head), Ordering::Relaxed);
        if take_one(&self.counts.failing_gets) {
            return Err(refused());
        }
        if self.counts.refuse_suffixes.load(Ordering::Relaxed) && matches!(options.range, Some(GetRange::Suffix(_))) {
            return Err(refused());
        }
        let is_head = options.head;
        let is_short = take_one(&self.counts.short_gets);
        let options = if is_short { options.with_range(Some(GetRange::Bounded(0..1))) } else { options };
        let together = self.counts.gets_in_flight.fetch_add(1, Ordering::Relaxed) + 1;
        self.counts.most_gets.fetch_max(together, Ordering::Relaxed);
        tokio::task::yield_now().await;
        let result = self.inner.get_opts(location, options).await;
        self.counts.gets_in_flight.fetch_sub(1, Ordering::Relaxed);
        let result = result?;
        if !is_head {
            let count = usize::try_from(result.range.end - result.range.start).unwrap();
            self.counts.got_bytes.fetch_add(count, Ordering::Relaxed);
        }
        Ok(result)
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        self.inner.delete_stream(locations)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.counts.lists.fetch_add(1, Ordering::Relaxed);
        self.inner.list(prefix)
    }

    fn list_with_offset(&self, prefix: Option<&Path>, offset: &Path) -> BoxStream<'static, Result<ObjectMeta>> {
        self.counts.lists.fetch_add(1, Ordering::Relaxed);
        self.inner.list_with_offset(prefix, offset)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.inner.copy_opts(from, to, options).await
    }
}

#[derive(Debug)]
struct CountingUpload {
    inner: Box<dyn MultipartUpload>,
    counts: Arc<Counts>,
}

#[async_trait]
impl MultipartUpload for CountingUpload {
    fn put_part(&mut self, data: PutPayload) -> UploadPart {
        let counts = Arc::clone(&self.counts);
        counts.parts.fetch_add(1, Ordering::Relaxed);
        counts.part_bytes.fetch_max(data.content_length(), Ordering::Relaxed);
        let part = self.inner.put_part(data);
        Box::pin(async move {
            if counts.refuse_parts.load(Ordering::Relaxed) {
                return Err(refused());
            }
            let together = counts.in_flight.fetch_add(1, Ordering::Relaxed) + 1;
            counts.most_in_flight.fetch_max(together, Ordering::Relaxed);
            tokio::time::sleep(std::time::Duration::from_millis(2)).await;
            let result = part.await;
            counts.in_flight.fetch_sub(1, Ordering::Relaxed);
            result
        })
    }

    async fn complete(&mut self) -> Result<PutResult> {
        self.counts.completed.fetch_add(1, Ordering::Relaxed);
        self.inner.complete().await
    }

    async fn abort(&mut self) -> Result<()> {
        self.counts.aborted.fetch_add(1, Ordering::Relaxed);
        self.inner.abort().await
    }
}
