//! Options for listing a bucket and reading its documents: [`BucketOptions`].

use std::num::NonZeroUsize;

use crate::io::Parallelism;

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

    /// Sets the text before the UUID in every key. Keys without it are reported. Default: none.
    ///
    /// The part up to the last slash is the folder that is listed; other folders of the bucket are not.
    #[must_use]
    pub fn with_key_prefix(mut self, prefix: impl Into<String>) -> Self {
        self.key_prefix = prefix.into();
        self
    }

    /// Sets the text after the UUID in every key. Keys without it are reported. Default: none.
    #[must_use]
    pub fn with_key_suffix(mut self, suffix: impl Into<String>) -> Self {
        self.key_suffix = suffix.into();
        self
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

    /// Sets how many of the objects that are left out are kept per code, the first ones by key. All are counted.
    /// Default: 1,000.
    #[must_use]
    pub const fn with_max_findings_per_code(mut self, count: u64) -> Self {
        self.max_findings_per_code = count;
        self
    }
}

impl Default for BucketOptions {
    fn default() -> Self {
        Self::new()
    }
}
