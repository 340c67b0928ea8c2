//! The meaning of an archive entry, regardless of its folder: [`Item`].

use std::io::Read;

use super::place::{Place, Places};
use crate::document::DocumentId;
use crate::layout::MemberName;
use crate::limits::{Budget, Limits};
use crate::metadata::{Key, Metadata};
use crate::prepare::error::Result;
use crate::snapshot::{Entry, EntryKind};

/// An entry that has been placed.
pub(super) enum Item {
    /// The metadata, or the reason why it is unusable.
    Metadata(std::result::Result<Box<FoundMetadata>, String>),
    Database,
    Document(DocumentId),
    /// An entry that is left out.
    Junk,
}

/// Metadata, without the values that are unusable.
#[derive(PartialEq, Eq)]
pub(super) struct FoundMetadata {
    pub(super) metadata: Metadata,
    /// The unusable values, each as its JSON text.
    pub(super) unusable: Vec<(Key, String)>,
}

/// Determines the meaning of an entry. Reads the contents of metadata only.
pub(super) fn read_item<R: Read>(entry: &mut Entry<'_, R>, places: &mut Places, limits: &Limits) -> Result<Item> {
    match entry.kind() {
        EntryKind::Metadata(metadata) => {
            let metadata = FoundMetadata { metadata: metadata.clone(), unusable: Vec::new() };
            places.at_top(MemberName::Metadata)?;
            Ok(Item::Metadata(Ok(Box::new(metadata))))
        }
        EntryKind::UnusableMetadata(_) => {
            places.at_top(MemberName::Metadata)?;
            read_metadata(entry, limits)
        }
        EntryKind::Database => {
            places.at_top(MemberName::Database)?;
            Ok(Item::Database)
        }
        EntryKind::Document(id) => {
            places.at_top(MemberName::Document(*id))?;
            Ok(Item::Document(*id))
        }
        EntryKind::Repeated(name) => {
            let name = *name;
            places.at_top(name)?;
            member(name, entry, limits)
        }
        EntryKind::Misplaced { name, .. } => {
            let name = name.clone();
            match places.find(&name)? {
                Place::Junk => Ok(Item::Junk),
                Place::Member(name) => member(name, entry, limits),
            }
        }
    }
}

fn member<R: Read>(name: MemberName, entry: &mut Entry<'_, R>, limits: &Limits) -> Result<Item> {
    match name {
        MemberName::Metadata => read_metadata(entry, limits),
        MemberName::Database => Ok(Item::Database),
        MemberName::Document(id) => Ok(Item::Document(id)),
    }
}

fn read_metadata<R: Read>(entry: &mut Entry<'_, R>, limits: &Limits) -> Result<Item> {
    let allowed = Budget::new("max_metadata_bytes", limits.max_metadata_bytes());
    if let Err(exceeded) = allowed.check(entry.len_bytes()) {
        return Ok(Item::Metadata(Err(exceeded.to_string())));
    }
    let mut bytes = Vec::new();
    entry.read_to_end(&mut bytes).map_err(|error| crate::Error::io("reading .metadata", error))?;
    let salvaged = Metadata::salvage(&bytes, limits);
    let salvaged = salvaged.map(|(metadata, unusable)| Box::new(FoundMetadata { metadata, unusable }));
    Ok(Item::Metadata(salvaged.map_err(|error| error.to_string())))
}
