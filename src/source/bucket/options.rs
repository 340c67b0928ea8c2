//! Options for listing a bucket and reading its documents: [`BucketOptions`].

use std::num::NonZeroUsize;

use crate::io::Parallelism;
use crate::source::naming::naming_setters;

/// Options for listing a bucket and reading its documents.
///
/// ```
/// use appsnap::io::Parallelism;
/// use appsnap::source::bucket::BucketOptions;
///
/// // For a bucket in S3 with keys such as `apps/shop-0d3e301f-5551-46f8-ad44-8de2be084c95.bin`.
/// let options = BucketOptions::new()
///     .with_key_prefix("apps/shop-")
///     .with_key_suffix(".bin")
///     .with_listing_parallelism(Parallelism::threads(16));
/// ```
#[derive(Clone, Debug)]
pub struct BucketOptions {
    pub(super) key_prefix: String,
    pub(super) key_suffix: String,
    pub(super) listing: Parallelism,
    pub(super) requests_count: NonZeroUsize,
    pub(super) read_ahead_bytes: u64,
    pub(super) max_findings_per_code: u64,
}

impl BucketOptions {
    const DEFAULT_REQUESTS: NonZeroUsize = NonZeroUsize::new(64).unwrap();

    /// Creates options with the default of each method.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            key_prefix: String::new(),
            key_suffix: String::new(),
            listing: Parallelism::INLINE,
            requests_count: Self::DEFAULT_REQUESTS,
            read_ahead_bytes: 32 << 20,
            max_findings_per_code: 1_000,
        }
    }

    /// Sets the number of concurrent listings, each of a range of keys. Default: [`Parallelism::INLINE`], one listing.
    ///
    /// A page of a listing has 1,000 keys, so one listing of a million keys needs a thousand consecutive requests. More
    /// than one listing requires a store that lists keys in ascending order and can start at any key: S3, compatible
    /// stores, and GCS.
    #[must_use]
    pub const fn with_listing_parallelism(mut self, parallelism: Parallelism) -> Self {
        self.listing = parallelism;
        self
    }

    /// Sets how many documents are requested at the same time. Default: 64.
    #[must_use]
    pub const fn with_requests_in_flight_count(mut self, count: NonZeroUsize) -> Self {
        self.requests_count = count;
        self
    }

    /// Sets the memory for documents that are requested before they are needed, in bytes. Default: 32 MiB.
    #[must_use]
    pub const fn with_read_ahead_bytes(mut self, bytes: u64) -> Self {
        self.read_ahead_bytes = bytes;
        self
    }
}

naming_setters! {
    BucketOptions, "key",
    ///
    /// The part up to the last slash is the folder that is listed; other folders of the bucket are not.
}
