//! Compares the documents of two snapshots, both in ascending order of their ids.

use std::cmp::Ordering;

use super::difference::Difference;
use super::side::Snapshot;
use crate::error::Error;
use crate::snapshot::archive::ListedDocument;

/// Adds what differs to `difference`.
pub(super) fn compare(old: &Snapshot<'_>, new: &Snapshot<'_>, difference: &mut Difference) -> Result<(), Error> {
    difference.has_documents = true;
    let (mut olds, mut news) = (old.documents()?, new.documents()?);
    let mut next_old = || olds.next().transpose().map_err(|error| old.named(error));
    let mut next_new = || news.next().transpose().map_err(|error| new.named(error));
    let (mut one, mut other) = (next_old()?, next_new()?);
    loop {
        match order(one.as_ref(), other.as_ref()) {
            None => return Ok(()),
            Some(Ordering::Less) => {
                difference.removed_documents.extend(one);
                one = next_old()?;
            }
            Some(Ordering::Greater) => {
                difference.added_documents.extend(other);
                other = next_new()?;
            }
            Some(Ordering::Equal) => {
                match (one, other) {
                    (Some(one), Some(other)) if one != other => difference.changed_documents.push((one, other)),
                    _ => difference.same_documents_count = difference.same_documents_count.saturating_add(1),
                }
                (one, other) = (next_old()?, next_new()?);
            }
        }
    }
}

/// The order of the next documents of both; `None` after the last.
fn order(one: Option<&ListedDocument>, other: Option<&ListedDocument>) -> Option<Ordering> {
    match (one, other) {
        (None, None) => None,
        (Some(_), None) => Some(Ordering::Less),
        (None, Some(_)) => Some(Ordering::Greater),
        (Some(one), Some(other)) => Some(one.id().cmp(&other.id())),
    }
}
