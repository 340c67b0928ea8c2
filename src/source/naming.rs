//! The options that every source has: the text around the UUIDs in names, and the size of the report.

/// Adds the setters to an options type with the fields `key_prefix`, `key_suffix` and `max_findings_per_code`.
macro_rules! naming_setters {
    ($options:ident, $name:literal, $(#[$prefix_doc:meta])*) => {
        impl $options {
            #[doc = concat!("Sets the text before the UUID in every ", $name, ". Files without it are reported. Default: none.")]
            $(#[$prefix_doc])*
            #[must_use]
            pub fn with_key_prefix(mut self, prefix: impl Into<String>) -> Self {
                self.key_prefix = prefix.into();
                self
            }

            #[doc = concat!("Sets the text after the UUID in every ", $name, ". Files without it are reported. Default: none.")]
            #[must_use]
            pub fn with_key_suffix(mut self, suffix: impl Into<String>) -> Self {
                self.key_suffix = suffix.into();
                self
            }

            /// Sets how many of the files that are left out are kept per code, the first ones by name. All are counted.
            /// Default: 1,000.
            #[must_use]
            pub const fn with_max_findings_per_code(mut self, count: u64) -> Self {
                self.max_findings_per_code = count;
                self
            }
        }

        impl Default for $options {
            fn default() -> Self {
                Self::new()
            }
        }
    };
}
pub(super) use naming_setters;
