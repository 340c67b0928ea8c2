//! Entity tags of objects, kept as hashes: [`Tags`].

use std::hash::{BuildHasher as _, RandomState};

/// The hashes by which entity tags are compared: a plan of millions of documents cannot keep the tags.
#[derive(Debug, Default)]
pub(super) struct Tags(RandomState);

impl Tags {
    /// Returns the hash of a tag; 0 without one.
    pub(super) fn of(&self, e_tag: Option<&str>) -> u64 {
        // Listings and responses of one store differ in quotes.
        let e_tag = e_tag.map(|tag| tag.trim_start_matches("W/").trim_matches('"'));
        e_tag.map_or(0, |tag| self.0.hash_one(tag).max(1))
    }

    /// Returns `true` if an object with this tag can be the listed one. Without tags the length decides.
    pub(super) fn is_same(&self, listed: u64, e_tag: Option<&str>) -> bool {
        let found = self.of(e_tag);
        listed == 0 || found == 0 || listed == found
    }
}
