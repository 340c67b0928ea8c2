//! How much of a stranger's input we are willing to read: [`Limits`], and the [`Budget`] that spends them.
//!
//! Every limit is a hard bound on what is done, never a size to allocate: nothing in this crate reserves memory
//! because an archive declared a length.
//!
//! ```
//! use appsnap::Limits;
//! use appsnap::limits::Budget;
//!
//! let limits = Limits::untrusted().with_max_entries(2);
//! let mut entries = Budget::new("max_entries", limits.max_entries());
//! entries.spend(2)?;
//! let exceeded = entries.spend(1).unwrap_err();
//! assert_eq!(exceeded.to_string(), "the limit max_entries allows 2, the input wants at least 3");
//! # Ok::<(), appsnap::limits::LimitExceeded>(())
//! ```

use thiserror::Error;

const KIB: u64 = 1 << 10;
const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;

/// A limit would be passed: which one, how much it allows, and how much the input wants at least.
///
/// Every engine's error carries it as its kind `Limit`, so that a service can say which limit to raise.
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
    /// The name of the limit, as its method on [`Limits`] spells it.
    pub name: &'static str,
    /// What the limit allows, in the unit that its name ends with.
    pub allowed: u64,
    /// What the input asked for, at least, in the same unit.
    pub wanted: u64,
}

/// One table makes the field, the getter, the builder and the two presets, so that they cannot drift apart.
macro_rules! limits {
    ($($(#[$doc:meta])* $name:ident / $with:ident = $untrusted:expr, trusted $trusted:expr;)*) => {
        /// Upper bounds for everything that is read from an archive or a dump.
        ///
        /// [`Limits::untrusted`] (the default) suits uploads from strangers: a snapshot with a million documents passes,
        /// a bomb does not. [`Limits::trusted`] lifts the totals for one's own archives, widens what a dump may hold in
        /// memory, and keeps the structural limits, which no honest archive comes near. Each method states its values.
        ///
        /// ```
        /// use appsnap::Limits;
        ///
        /// let limits = Limits::untrusted().with_max_total_bytes(256 << 20).with_max_entries(10_000);
        /// assert_eq!(limits.max_total_bytes(), 256 << 20);
        /// ```
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct Limits { $($name: u64,)* }

        impl Limits {
            /// Bounds for input from strangers. The values stand with each method.
            #[must_use]
            pub const fn untrusted() -> Self { Self { $($name: $untrusted,)* } }

            /// Bounds for input that is known to be one's own: no totals, more room for tables of contents, rows,
            /// events and Zstandard windows, the same structural limits.
            #[must_use]
            pub const fn trusted() -> Self { Self { $($name: $trusted,)* } }

            $(
                $(#[$doc])*
                #[must_use]
                pub const fn $name(&self) -> u64 { self.$name }

                #[doc = concat!("Sets [`", stringify!($name), "`](Self::", stringify!($name), ").")]
                #[must_use]
                pub const fn $with(mut self, value: u64) -> Self { self.$name = value; self }

            )*
        }

        #[cfg(test)]
        const NAMES: &[&str] = &[$(stringify!($name)),*];
    };
}

limits! {
    /// Plain bytes after the gzip decoder, over the whole archive, junk and end padding included.
    /// Stops decompression bombs. Untrusted: 64 GiB.
    max_total_bytes / with_max_total_bytes = 64 * GIB, trusted u64::MAX;
    /// Plain bytes of one member. Stops a single member that fills the disk. Untrusted: 16 GiB.
    max_entry_bytes / with_max_entry_bytes = 16 * GIB, trusted u64::MAX;
    /// Members of the archive: documents, directories and skipped junk alike. Stops floods of empty entries,
    /// and bounds the memory of the duplicate check. Untrusted: 2,000,000.
    max_entries / with_max_entries = 2_000_000, trusted u64::MAX;
    /// Bytes of `.metadata`, which is parsed in memory. Untrusted and trusted: 1 MiB.
    max_metadata_bytes / with_max_metadata_bytes = MIB, trusted MIB;
    /// Bytes of the pax and GNU extension payloads in front of one member, which are parsed in memory.
    /// Untrusted and trusted: 1 MiB.
    max_extension_bytes / with_max_extension_bytes = MIB, trusted MIB;
    /// Extension members in a row in front of one member. Stops endless chains of them. Untrusted and trusted: 16.
    max_extensions / with_max_extensions = 16, trusted 16;
    /// Bytes of one gzip member's header: extra field, file name and comment together. Untrusted and trusted: 64 KiB.
    max_gzip_header_bytes / with_max_gzip_header_bytes = 64 * KIB, trusted 64 * KIB;
    /// Bytes of a dump's table of contents, which is held in memory. Untrusted: 64 MiB; trusted: 1 GiB.
    max_toc_bytes / with_max_toc_bytes = 64 * MIB, trusted GIB;
    /// Entries of a dump's table of contents. Untrusted: 1,000,000; trusted: 10,000,000.
    max_toc_entries / with_max_toc_entries = 1_000_000, trusted 10_000_000;
    /// Bytes of one string in a dump's header or table of contents. Untrusted and trusted: 16 MiB.
    max_string_bytes / with_max_string_bytes = 16 * MIB, trusted 16 * MIB;
    /// Bytes of one row of COPY text, which is parsed in memory. PostgreSQL's own ceiling for a field is 1 GiB.
    /// Untrusted: 64 MiB; trusted: 2 GiB.
    max_row_bytes / with_max_row_bytes = 64 * MIB, trusted 2 * GIB;
    /// Plain bytes of all data streams of a dump after decompression. Stops bombs inside the dump. Untrusted: 256 GiB.
    max_decompressed_bytes / with_max_decompressed_bytes = 256 * GIB, trusted u64::MAX;
    /// Bytes of one event or JSON attachment of a Squidex archive, which is parsed in memory. Squidex keeps events in
    /// MongoDB, whose documents end at 16 MiB; quoting a payload may double it. Untrusted: 32 MiB; trusted: 256 MiB.
    max_event_bytes / with_max_event_bytes = 32 * MIB, trusted 256 * MIB;
    /// History that a Zstandard frame in a dump may want to refer back to, which is held in memory: what
    /// `--compress=zstd:19` of pg_dump uses passes, `zstd:22` and `zstd:long` want more. Untrusted: 8 MiB, which RFC 8878
    /// asks every decoder to support; trusted: 128 MiB, which is what pg_restore supports.
    max_window_bytes / with_max_window_bytes = 8 * MIB, trusted 128 * MIB;
    /// Findings kept of one code; all are counted. Bounds a report. Untrusted and trusted: 10,000.
    max_findings_per_code / with_max_findings_per_code = 10_000, trusted 10_000;
}

impl Default for Limits {
    /// [`Limits::untrusted`]: whoever trusts the input has to say so.
    fn default() -> Self {
        Self::untrusted()
    }
}

/// One limit being spent.
///
/// ```
/// use appsnap::limits::Budget;
///
/// let mut budget = Budget::new("max_entries", 2);
/// assert!(budget.spend(2).is_ok());
/// assert_eq!(budget.spend(1).unwrap_err().wanted, 3);
/// ```
#[derive(Clone, Debug)]
pub struct Budget {
    name: &'static str,
    allowed: u64,
    spent: u64,
}

impl Budget {
    /// A budget of `allowed` units; `name` is the limit's name for the error.
    #[must_use]
    pub const fn new(name: &'static str, allowed: u64) -> Self {
        Self { name, allowed, spent: 0 }
    }

    /// Takes `amount` out of the budget.
    ///
    /// # Errors
    /// [`LimitExceeded`] when the sum would pass what is allowed; nothing is taken then.
    pub fn spend(&mut self, amount: u64) -> Result<(), LimitExceeded> {
        let wanted = self.spent.saturating_add(amount);
        if wanted > self.allowed {
            return Err(LimitExceeded { name: self.name, allowed: self.allowed, wanted });
        }
        self.spent = wanted;
        Ok(())
    }

    /// Whether `amount` more would still fit; takes nothing.
    ///
    /// # Errors
    /// [`LimitExceeded`] when it would not.
    pub fn check(&self, amount: u64) -> Result<(), LimitExceeded> {
        self.clone().spend(amount)
    }

    /// What has been taken so far, in the unit that the budget counts.
    #[must_use]
    pub const fn spent(&self) -> u64 {
        self.spent
    }

    /// What is left, in the unit that the budget counts.
    #[must_use]
    pub const fn left(&self) -> u64 {
        self.allowed.saturating_sub(self.spent)
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
}
