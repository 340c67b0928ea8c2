//! The meaning of an archive entry, regardless of its folder: [`Item`].

use std::io::Read;

use super::place::{Place, Places};
use crate::document::DocumentId;
use crate::layout::MemberName;
use crate::limits::{Budget, Limits};
use crate::metadata::Metadata;
use crate::prepare::error::{self, Result};
use crate::snapshot::{Entry, EntryKind};

/// An entry that has been placed.
pub(super) enum Item {
    /// The metadata, or the reason why it is unusable.
    Metadata(std::result::Result<Box<Metadata>, String>),
    Database,
    Document(DocumentId),
    /// An entry that is left out.
    Junk,
}

/// Determines the meaning of an entry. Reads the contents of metadata only.
pub(super) fn read_item<R: Read>(entry: &mut Entry<'_, R>, places: &mut Places, limits: &Limits) -> Result<Item> {
    match entry.kind() {
        EntryKind::Metadata(metadata) => {
            let metadata = Box::new(metadata.clone());
            places.at_top(MemberName::Metadata)?;
            Ok(Item::Metadata(Ok(metadata)))
        }
        EntryKind::UnusableMetadata(error) => {
            let reason = error.to_string();
            places.at_top(MemberName::Metadata)?;
            Ok(Item::Metadata(Err(reason)))
        }
        EntryKind::Database => {
            places.at_top(MemberName::Database)?;
            Ok(Item::Database)
        }
        EntryKind::Document(id) => {
            places.at_top(MemberName::Document(*id))?;
            Ok(Item::Document(*id))
        }
        EntryKind::Repeated(name) => Err(error::repeated(name.render().as_bytes())),
        EntryKind::Misplaced { name, .. } => {
            let name = name.clone();
            match places.find(&name)? {
                Place::Junk => Ok(Item::Junk),
                Place::Member(MemberName::Metadata) => read_metadata(entry, limits),
                Place::Member(MemberName::Database) => Ok(Item::Database),
                Place::Member(MemberName::Document(id)) => Ok(Item::Document(id)),
            }
        }
    }
}

fn read_metadata<R: Read>(entry: &mut Entry<'_, R>, limits: &Limits) -> Result<Item> {
    let allowed = Budget::new("max_metadata_bytes", limits.max_metadata_bytes());
    if let Err(exceeded) = allowed.check(entry.len_bytes()) {
        return Ok(Item::Metadata(Err(exceeded.to_string())));
    }
    let mut bytes = Vec::new();
    entry.read_to_end(&mut bytes).map_err(|error| error::io_error("reading .metadata", error))?;
    let parsed = Metadata::parse(&bytes, limits).map(|(metadata, _)| Box::new(metadata));
    Ok(Item::Metadata(parsed.map_err(|error| error.to_string())))
}
