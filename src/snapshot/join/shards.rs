//! All parts of a plan, and the archive that they make: [`Shards`].

use std::cmp::Ordering;
use std::fmt;

use super::Join;
use super::plan_name::{Part, Plan};
use super::rows_digest::RowsDigest;
use crate::io::{ReadAt, prefix_mut};
use crate::layout::escaped;
use crate::metadata::Metadata;
use crate::snapshot::archive::SnapshotArchive;
use crate::snapshot::assembly::check_sizes;
use crate::snapshot::error::{Error, ErrorKind, Result};
use crate::snapshot::index::IndexPlacement;
use crate::snapshot::options::WriteOptions;

/// Bytes to compare at once.
const COMPARED_BYTES: usize = 1 << 20;

/// Numbers of missing parts to list.
const LISTED_COUNT: usize = 20;

/// The parts of one plan, all of them, in order.
///
/// A part is an archive that [`Prepared::write_shard`](crate::prepare::Prepared::write_shard) has written. It states in its
/// `.metadata` which documents of which plan it contains. A plan is identified by a SHA-256 of the ids and lengths of all
/// documents, the facts of the dump, the metadata and the options that change bytes.
///
/// ```
/// use appsnap::metadata::Metadata;
/// use appsnap::observe::NoObserver;
/// use appsnap::prepare::{Pack, PrepareOptions};
/// use appsnap::snapshot::index::IndexPlacement;
/// use appsnap::snapshot::join::{Shard, Shards};
/// use appsnap::snapshot::{ReadOptions, SnapshotArchive, WriteOptions};
///
/// let options = PrepareOptions::new().with_model_version("1.0.0.40");
/// let prepared = || Pack::new(&options).with_files("examples/data/files").prepare(&mut NoObserver);
///
/// // On any machine:
/// let mut parts = Vec::new();
/// for number in 1..=2 {
///     let shard = Shard::new(number, 2).expect("1 and 2 are valid");
///     let (part, _) = prepared()?.write_shard(shard, Vec::new(), &WriteOptions::new(), &mut NoObserver)?;
///     parts.push((shard.to_string(), SnapshotArchive::open(part, &ReadOptions::new())?));
/// }
///
/// // With access to all parts:
/// let shards = Shards::collect(parts)?;
/// let joined = shards.join(&shards.metadata()?, IndexPlacement::Omitted)?;
/// let archive = joined.write_to(Vec::new(), &mut NoObserver)?;
/// assert_eq!(archive, prepared()?.write(Vec::new(), &WriteOptions::new(), &mut NoObserver)?.0);
/// # Ok::<(), appsnap::Error>(())
/// ```
pub struct Shards<R> {
    archives: Vec<SnapshotArchive<R>>,
    names: Vec<String>,
    name: String,
    plan: Plan,
    options: WriteOptions,
}

impl<R: ReadAt> Shards<R> {
    /// Returns the name of a part, as it was given, by its number in [`Piece::source`](super::Piece::source).
    #[must_use]
    pub fn name(&self, number: usize) -> Option<&str> {
        self.names.get(number).map(String::as_str)
    }

    /// Sorts the parts of a plan, each with a name for messages. A part may be given several times.
    ///
    /// # Errors
    /// Returns an error if an archive is not a part, if the parts belong to different plans, if one is missing, if two have
    /// the same number and different bytes, or if this program cannot write the same bytes as the one that wrote the parts.
    pub fn collect(parts: Vec<(String, SnapshotArchive<R>)>) -> Result<Self> {
        let mut found = Vec::with_capacity(parts.len());
        for (name, archive) in parts {
            let named = |error: Error| error.within(&name);
            let metadata = archive.metadata().map_err(named)?;
            let part = Part::of(&metadata).map_err(named)?.ok_or_else(|| {
                named(Error::shards("this is a snapshot, not a shard of one: pack the shards of a plan".to_owned()))
            })?;
            found.push((name, part, archive));
        }
        found.sort_by(|(a_name, a, _), (b_name, b, _)| (a.number, a_name).cmp(&(b.number, b_name)));
        let Some((first, (plan, name))) =
            found.first().map(|(name, part, _)| (name.clone(), (part.plan.clone(), part.name.clone())))
        else {
            return Err(Error::shards("there are no shards: name all shards of a plan".to_owned()));
        };
        let (mut archives, mut names) = (Vec::<SnapshotArchive<R>>::new(), Vec::<String>::new());
        let (mut missing, mut next_number, mut next_document) = (Vec::new(), 1_u32, 0_u64);
        for (part_name, part, archive) in found {
            let fail = |problem: String| Err(Error::shards(problem).within(&part_name));
            if part.name != name {
                let difference = plan.difference(&part.plan);
                let advice = "pack both from the same files, dump and options";
                return fail(format!("this shard belongs to another plan than {first}: {difference}: {advice}"));
            }
            if part.number < next_number
                && let (Some(same), Some(same_name)) = (archives.last(), names.last())
            {
                if have_same_bytes(same.source(), archive.source())? {
                    continue;
                }
                let number = part.number;
                return fail(format!(
                    "this is shard {number}, as is {same_name}, with other bytes: pack shard {number} again"
                ));
            }
            missing.extend(next_number..part.number);
            next_number = part.number.saturating_add(1);
            let covered = part.documents();
            let count = covered.end.saturating_sub(covered.start);
            if archive.documents_count() != count {
                let actual = archive.documents_count();
                return fail(format!(
                    "this shard says that it has {count} documents, but it has {actual}: pack it again"
                ));
            }
            match covered.start.cmp(&next_document) {
                _ if !missing.is_empty() => {}
                Ordering::Equal => {}
                Ordering::Less => {
                    return fail("this shard overlaps the one before it: pack both again".to_owned());
                }
                Ordering::Greater => {
                    return fail("there is a gap between this shard and the one before it: pack both again".to_owned());
                }
            }
            next_document = covered.end;
            archives.push(archive);
            names.push(part_name);
        }
        missing.extend(next_number..=plan.shards);
        if !missing.is_empty() {
            return Err(missing_shards(&missing, plan.shards));
        }
        if next_document != plan.documents {
            let total = plan.documents;
            return Err(Error::shards(format!(
                "the shards have {next_document} of the {total} documents of their plan: pack them again"
            )));
        }
        let Some(options) = plan.options() else {
            let writer = escaped(plan.writer.as_bytes());
            return Err(Error::shards(format!(
                "the shards were written by {writer}, and this program compresses differently: join them with that one"
            ))
            .within(&first));
        };
        Ok(Self { archives, names, name, plan, options })
    }

    /// Returns the metadata that the parts state for the archive.
    ///
    /// # Errors
    /// Returns an error if it cannot be parsed.
    pub fn metadata(&self) -> Result<Metadata> {
        self.plan.metadata()
    }

    /// Returns the number of parts.
    #[must_use]
    pub fn count(&self) -> usize {
        self.archives.len()
    }

    /// Returns the name of the plan: a SHA-256 as 64 hex digits.
    #[must_use]
    pub fn plan_name(&self) -> &str {
        &self.name
    }

    /// Plans the archive, and verifies that the parts contain the documents of their plan. See [`Join`] for what is
    /// verified and what is not.
    ///
    /// # Errors
    /// Returns the errors of [`Join::plan`], with the name of the first unsuitable part as their context. Also returns an
    /// error if the ids and lengths of the documents are not those of the plan.
    pub fn join(&self, metadata: &Metadata, index: IndexPlacement) -> Result<Join<'_, R>> {
        let mut digest = RowsDigest::new();
        let options = self.options.clone().with_index(index);
        let parts = (self.archives.as_slice(), self.names.clone());
        let mut is_ascending = true;
        let joined = Join::plan_named(metadata, parts, &options, &mut |id, len_bytes| {
            is_ascending &= digest.add(id, len_bytes);
        });
        let joined = joined.map_err(|error| match error.kind() {
            // A caller of this function cannot misuse it: a shard lies.
            ErrorKind::Misuse(what) => {
                Error::shards(format!("{what}: pack the shard again")).within(error.context().unwrap_or_default())
            }
            _ => error,
        })?;
        let report = joined.report();
        check_sizes(&self.metadata()?, report.database_bytes(), report.document_bytes())?;
        // The digest leaves out what does not ascend.
        if !is_ascending
            || self.plan.name(digest.finish())? != self.name
            || report.database_bytes().is_some() != self.plan.database.is_some()
        {
            return Err(Error::shards(
                "the contents of the shards are not those of the plan that they name: pack all of them again"
                    .to_owned(),
            ));
        }
        Ok(joined)
    }
}

impl<R> fmt::Debug for Shards<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shards").field("plan_name", &self.name).field("names", &self.names).finish_non_exhaustive()
    }
}

#[cold]
fn missing_shards(missing: &[u32], count: u32) -> Error {
    let listed = missing.iter().take(LISTED_COUNT).map(u32::to_string).collect::<Vec<_>>().join(", ");
    let more = if missing.len() > LISTED_COUNT { ", ..." } else { "" };
    let (what, pack) = match missing {
        [_] => ("shard", "pack it with this number"),
        _ => ("shards", "pack them with these numbers"),
    };
    Error::shards(format!("{what} {listed}{more} of {count} missing: {pack}, and join all again"))
}

/// Compares two files.
fn have_same_bytes(a: &impl ReadAt, b: &impl ReadAt) -> Result<bool> {
    let failed = |error| Error::io("comparing two shards", error);
    let len_bytes = a.len_bytes().map_err(failed)?;
    if len_bytes != b.len_bytes().map_err(failed)? {
        return Ok(false);
    }
    let (mut left, mut right) = (vec![0; COMPARED_BYTES], vec![0; COMPARED_BYTES]);
    let mut at = 0_u64;
    while at < len_bytes {
        let left_bytes = len_bytes.saturating_sub(at);
        let (left, right) = (prefix_mut(&mut left, left_bytes), prefix_mut(&mut right, left_bytes));
        a.read_exact_at(left, at).map_err(failed)?;
        b.read_exact_at(right, at).map_err(failed)?;
        if left != right {
            return Ok(false);
        }
        at = at.saturating_add(left.len() as u64);
    }
    Ok(true)
}
