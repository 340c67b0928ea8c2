//! The extensions before one member, whose number and size are limited: [`Chain`].

use super::code::Code;
use super::error::Fault;
use super::header::{self, Dialect, ParsedHeader};
use crate::limits::{Budget, Limits};

/// The limits on consecutive extensions.
pub(super) struct Chain {
    count: Budget,
    bytes: Budget,
}

impl Chain {
    pub(super) const fn new(limits: &Limits) -> Self {
        Self {
            count: Budget::new("max_extensions", limits.max_extensions()),
            bytes: Budget::new("max_extension_bytes", limits.max_extension_bytes()),
        }
    }

    /// Adds one more extension, and returns the length of its payload.
    pub(super) fn link(&mut self, header: &ParsedHeader) -> Result<u64, Fault> {
        let size_bytes = header.size_bytes.ok_or_else(header::unset_size)?;
        if matches!(header.dialect, Dialect::V7 | Dialect::Unversioned) {
            return Err(Fault::refused(
                Code::ExtensionWithoutMagic,
                "an extension has a header without a magic or a version",
            ));
        }
        self.count.spend(1).and_then(|()| self.bytes.spend(size_bytes))?;
        Ok(size_bytes)
    }
    /// Returns `true` after the first extension.
    pub(super) const fn is_begun(&self) -> bool {
        self.count.spent() > 0
    }
}
