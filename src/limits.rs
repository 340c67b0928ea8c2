//! Upper bounds for what is read from untrusted input: [`Limits`].
//!
//! Every limit bounds the work that is done. Nothing in this crate reserves memory because an archive declares a length.
//!
//! ```
//! use appsnap::{Limits, observe::NoObserver, pgdump};
//!
//! // For an upload that may have 1 GiB when uncompressed, and a dump in it that may have 1 GiB of data.
//! let limits = Limits::for_upload(1 << 30);
//! pgdump::inspect(std::fs::File::open("examples/data/quickstart.dump")?, &limits, &mut NoObserver)?;
//!
//! let dump = std::fs::File::open("examples/data/quickstart.dump")?;
//! let error = pgdump::inspect(dump, &limits.with_max_toc_entries(2), &mut NoObserver).unwrap_err();
//! assert!(error.is_limit() && error.to_string().contains("max_toc_entries allows 2"), "{error}");
//! # Ok::<(), appsnap::Error>(())
//! ```

use thiserror::Error;

const KIB: u64 = 1 << 10;
const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;

/// A limit that would be exceeded: its name, its value, and the least value that the input needs.
///
/// The error of every module carries it as its kind `Limit`, so that a service can report which limit to raise.
///
/// ```
/// use appsnap::Limits;
/// use appsnap::metadata::{ErrorKind, Metadata};
///
/// let limits = Limits::untrusted().with_max_metadata_bytes(1);
/// match Metadata::parse(b"{}", &limits).unwrap_err().kind() {
///     ErrorKind::Limit(exceeded) => assert_eq!((exceeded.name, exceeded.wanted), ("max_metadata_bytes", 2)),
///     other => unreachable!("{other}"),
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the limit {name} allows {allowed}, the input wants at least {wanted}")]
#[non_exhaustive]
pub struct LimitExceeded {
    /// The name of the limit: the name of its method on [`Limits`].
    pub name: &'static str,
    /// The value of the limit, in the unit that its name ends with.
    pub allowed: u64,
    /// The least value that the input needs, in the same unit.
    pub wanted: u64,
}

/// One table makes the field, the getter, the builder and the two presets, so that they cannot drift apart.
macro_rules! limits {
    ($($(#[$doc:meta])* $name:ident / $with:ident $(lowers $lower:ident)? = $untrusted:expr, trusted $trusted:expr;)*) => {
        /// Upper bounds for everything that is read from an archive or a dump.
        ///
        /// [`Limits::for_upload`] is for services that know the size of their uploads. [`Limits::untrusted`], the default,
        /// accepts a snapshot with a million documents and refuses a decompression bomb. [`Limits::trusted`] is for input
        /// that the caller or the platform made. Each method states its values.
        ///
        /// ```
        /// use appsnap::Limits;
        ///
        /// let limits = Limits::for_upload(256 << 20).with_max_entries(10_000);
        /// assert_eq!((limits.max_total_bytes(), limits.max_decompressed_bytes()), (256 << 20, 256 << 20));
        /// ```
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct Limits { $($name: u64,)* }

        impl Limits {
            /// Creates limits for untrusted input. Each method states its value.
            #[must_use]
            pub const fn untrusted() -> Self { Self { $($name: $untrusted,)* } }

            /// Creates limits for trusted input: no limits on totals, and more memory for tables of contents, rows, events
            /// and Zstandard windows. The limits on structure, which no real archive comes near, are the same.
            #[must_use]
            pub const fn trusted() -> Self { Self { $($name: $trusted,)* } }

            $(
                $(#[$doc])*
                #[must_use]
                pub const fn $name(&self) -> u64 { self.$name }

                #[doc = concat!("Sets [`", stringify!($name), "`](Self::", stringify!($name), ").")]
                $(
                    #[doc = ""]
                    #[doc = concat!(
                        "Lowers [`", stringify!($lower), "`](Self::", stringify!($lower), ") to the same value if it is ",
                        "higher, so that one call bounds an archive and the dump in it."
                    )]
                )?
                #[must_use]
                pub const fn $with(mut self, value: u64) -> Self {
                    self.$name = value;
                    $(if self.$lower > value { self.$lower = value; })?
                    self
                }

            )*
        }

        #[cfg(test)]
        const NAMES: &[&str] = &[$(stringify!($name)),*];
    };
}

limits! {
    /// Returns the limit on the uncompressed bytes of an archive, including skipped members and the padding at its end.
    /// It stops decompression bombs. Untrusted: 64 GiB; trusted: none.
    max_total_bytes / with_max_total_bytes lowers max_decompressed_bytes = 64 * GIB, trusted u64::MAX;
    /// Returns the limit on the uncompressed bytes of one member. It stops a single member that fills the disk.
    /// Untrusted: 16 GiB; trusted: none.
    max_entry_bytes / with_max_entry_bytes = 16 * GIB, trusted u64::MAX;
    /// Returns the limit on the members of an archive: documents, directories and skipped members. It stops floods of empty
    /// members, and bounds the memory of the search for duplicates. Untrusted: 2,000,000; trusted: none.
    max_entries / with_max_entries = 2_000_000, trusted u64::MAX;
    /// Returns the limit on the bytes of `.metadata`, which is parsed in memory. Untrusted and trusted: 1 MiB.
    max_metadata_bytes / with_max_metadata_bytes = MIB, trusted MIB;
    /// Returns the limit on the bytes of the pax and GNU extensions of one member, which are parsed in memory.
    /// Untrusted and trusted: 1 MiB.
    max_extension_bytes / with_max_extension_bytes = MIB, trusted MIB;
    /// Returns the limit on the number of consecutive extension members before one member. Untrusted and trusted: 16.
    max_extensions / with_max_extensions = 16, trusted 16;
    /// Returns the limit on the bytes of one gzip member's header: extra field, file name and comment together.
    /// Untrusted and trusted: 64 KiB.
    max_gzip_header_bytes / with_max_gzip_header_bytes = 64 * KIB, trusted 64 * KIB;
    /// Returns the limit on the bytes of a dump's table of contents, which is held in memory.
    /// Untrusted: 64 MiB; trusted: 1 GiB.
    max_toc_bytes / with_max_toc_bytes = 64 * MIB, trusted GIB;
    /// Returns the limit on the entries of a dump's table of contents. Untrusted: 1,000,000; trusted: 10,000,000.
    max_toc_entries / with_max_toc_entries = 1_000_000, trusted 10_000_000;
    /// Returns the limit on the bytes of one string in a dump's header or table of contents.
    /// Untrusted and trusted: 16 MiB.
    max_string_bytes / with_max_string_bytes = 16 * MIB, trusted 16 * MIB;
    /// Returns the limit on the bytes of one row of COPY text, which is parsed in memory. PostgreSQL itself allows 1 GiB for
    /// a field. Untrusted: 64 MiB; trusted: 2 GiB.
    max_row_bytes / with_max_row_bytes = 64 * MIB, trusted 2 * GIB;
    /// Returns the limit on the uncompressed bytes of all data in a dump. It stops decompression bombs in a dump.
    /// Untrusted: 256 GiB; trusted: none.
    max_decompressed_bytes / with_max_decompressed_bytes = 256 * GIB, trusted u64::MAX;
    /// Returns the limit on the bytes of one event or JSON attachment of a Squidex archive, which is parsed in memory.
    /// Squidex stores events in MongoDB, whose documents have at most 16 MiB; quotes in a payload may double that.
    /// Untrusted: 32 MiB; trusted: 256 MiB.
    max_event_bytes / with_max_event_bytes = 32 * MIB, trusted 256 * MIB;
    /// Returns the limit on the window of a Zstandard frame in a dump, in bytes, which is held in memory. The windows of
    /// `pg_dump --compress=zstd:19` are within it; those of `zstd:22` and `zstd:long` are not. Untrusted: 8 MiB, which RFC
    /// 8878 recommends that every decoder supports; trusted: 128 MiB, which pg_restore supports.
    max_window_bytes / with_max_window_bytes = 8 * MIB, trusted 128 * MIB;
    /// Returns the limit on the findings that are kept of one code. All are counted. Untrusted and trusted: 10,000.
    max_findings_per_code / with_max_findings_per_code = 10_000, trusted 10_000;
}

impl Limits {
    /// Creates limits for an untrusted upload with at most `bytes` uncompressed bytes, and at most as many bytes of data in
    /// the dump that it contains, which is compressed separately. Otherwise the limits are [`Limits::untrusted`].
    ///
    /// A check or a conversion therefore reads at most twice `bytes`, however small the upload is.
    #[must_use]
    pub const fn for_upload(bytes: u64) -> Self {
        Self::untrusted().with_max_total_bytes(bytes)
    }
}

impl Default for Limits {
    /// Returns [`Limits::untrusted`]: trust has to be stated.
    fn default() -> Self {
        Self::untrusted()
    }
}

/// The part of one limit that is left.
#[derive(Clone, Debug)]
pub(crate) struct Budget {
    name: &'static str,
    allowed: u64,
    spent: u64,
}

impl Budget {
    /// Creates a budget of `allowed` units. The error gives `name` as the name of the limit.
    pub(crate) const fn new(name: &'static str, allowed: u64) -> Self {
        Self { name, allowed, spent: 0 }
    }

    /// Spends `amount`, or nothing if that is more than is left.
    pub(crate) fn spend(&mut self, amount: u64) -> Result<(), LimitExceeded> {
        let wanted = self.spent.saturating_add(amount);
        if wanted > self.allowed {
            return Err(LimitExceeded { name: self.name, allowed: self.allowed, wanted });
        }
        self.spent = wanted;
        Ok(())
    }

    /// Returns an error if `amount` is more than is left. Spends nothing.
    pub(crate) fn check(&self, amount: u64) -> Result<(), LimitExceeded> {
        self.clone().spend(amount)
    }

    /// Returns an error if `sum` is more than is allowed, whatever has been spent.
    pub(crate) fn check_sum(&self, sum: u64) -> Result<(), LimitExceeded> {
        Self::new(self.name, self.allowed).spend(sum)
    }

    /// Returns how much is left.
    pub(crate) const fn left(&self) -> u64 {
        self.allowed.saturating_sub(self.spent)
    }

    /// Returns the sum of what has been spent.
    pub(crate) const fn spent(&self) -> u64 {
        self.spent
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_limit_name_ends_in_its_unit() {
        for name in NAMES {
            assert!(
                ["_bytes", "_entries", "_extensions", "_code"].iter().any(|unit| name.ends_with(unit)),
                "{name} has no unit"
            );
        }
    }

    #[test]
    fn refused_spending_takes_nothing() {
        let mut budget = Budget::new("max_total_bytes", 10);
        budget.spend(4).unwrap();
        let refused = budget.spend(u64::MAX).unwrap_err();
        assert_eq!((refused.allowed, refused.wanted), (10, u64::MAX));
        assert_eq!((budget.spent(), budget.left()), (4, 6));
    }

    #[test]
    fn trusted_keeps_the_structural_limits() {
        let (trusted, untrusted) = (Limits::trusted(), Limits::untrusted());
        assert_eq!(trusted.max_extension_bytes(), untrusted.max_extension_bytes());
        assert_eq!(trusted.max_gzip_header_bytes(), untrusted.max_gzip_header_bytes());
        assert_eq!(trusted.max_total_bytes(), u64::MAX);
    }

    #[test]
    fn one_call_bounds_an_archive_and_the_dump_in_it() {
        let upload = Limits::for_upload(MIB);
        assert_eq!((upload.max_total_bytes(), upload.max_decompressed_bytes()), (MIB, MIB));
        let larger_dump = upload.with_max_decompressed_bytes(GIB);
        assert_eq!((larger_dump.max_total_bytes(), larger_dump.max_decompressed_bytes()), (MIB, GIB));
        let raised = Limits::untrusted().with_max_total_bytes(u64::MAX);
        assert_eq!(raised.max_decompressed_bytes(), 256 * GIB, "a limit is never raised along with another");
    }
}
