//! The errors of this module, each with its remedy.

use crate::detect::Detection;
use crate::error::{Category, Error};
use crate::snapshot::join::Shard;

pub(super) type Result<T, E = Error> = std::result::Result<T, E>;

#[cold]
pub(super) fn spool_needed() -> Error {
    Error::of(Category::Misuse, "the dump must be spooled before it can be packed: set a spool directory")
}

#[cold]
pub(super) fn settled_shard() -> Error {
    Error::of(
        Category::Misuse,
        "documents that may change while they are packed cannot be divided into shards: pack them in one piece",
    )
}

/// Only one part was prepared.
#[cold]
pub(super) fn other_shard(prepared: Shard) -> Error {
    let message = format!("only part {prepared} was prepared: write this part, or prepare without a part");
    Error::of(Category::Misuse, message)
}

#[cold]
pub(super) fn unsorted_rows() -> Error {
    Error::of(Category::Misuse, "the rows of a document source must ascend, each id once")
}

/// A file of the archive that does not belong in a snapshot.
#[cold]
pub(super) fn misplaced(name: &[u8], reason: &'static str) -> Error {
    let message = format!("{reason}: remove the file from the archive or move it to its location");
    Error::of(Category::BadInput, message).within_name(name)
}

/// Two files of the archive that belong to one name.
#[cold]
pub(super) fn repeated(name: &[u8]) -> Error {
    Error::of(Category::BadInput, "two files have this name, and either could be right: remove one of them")
        .within_name(name)
}

#[cold]
pub(super) fn nothing_to_repair() -> Error {
    Error::of(Category::BadInput, "the archive contains neither a dump nor a document")
}

#[cold]
pub(super) fn nothing_to_convert() -> Error {
    Error::of(Category::BadInput, "the archive has no dump to convert: extract it without a conversion")
}

#[cold]
pub(super) fn nothing_to_edit() -> Error {
    Error::of(
        Category::BadInput,
        "there is no dump whose data could be masked or left out: leave the rules out, or add a dump",
    )
}

#[cold]
pub(super) fn changed() -> Error {
    Error::of(Category::Changed, "the archive changed during its repair: repeat it while no program writes to the file")
}

#[cold]
pub(super) fn orphans_unknown(reason: &'static str) -> Error {
    Error::of(Category::BadInput, format!("orphans cannot be identified: {reason}"))
}

/// The dump is something else.
#[cold]
pub(super) fn not_a_dump(detection: &Detection) -> Error {
    let hint = detection.hint().unwrap_or("unpack it and use db.backup".into());
    Error::of(Category::BadInput, format!("the file is {detection}, not a dump in custom format: {hint}"))
}

/// The files are something else.
#[cold]
pub(super) fn not_files(detection: &Detection) -> Error {
    let hint = detection.hint().unwrap_or("a dump of the database is not an archive of files".into());
    Error::of(Category::BadInput, format!("the file is {detection}, not a files folder or an archive of one: {hint}"))
}

#[cold]
pub(super) fn zip_feature() -> Error {
    Error::of(Category::Unsupported, "this build does not read zip files: build it with the feature zip")
}

#[cold]
pub(super) fn no_documents(name: &str, advice: &str) -> Error {
    Error::of(Category::BadInput, format!("no document was found: {advice}")).within(name)
}

/// The files are those of one shard folder.
#[cold]
pub(super) fn shard_folder(name: &str, parent: &str) -> Error {
    let message = format!("this is one of the folders that divide the documents: use the files folder {parent}");
    Error::of(Category::BadInput, message).within(name)
}

#[cold]
pub(super) fn only_orphans(documents_count: u64) -> Error {
    Error::of(
        Category::BadInput,
        format!(
            "no row of the database refers to any of the {documents_count} documents, so all of them would be dropped: make \
             sure that the dump and the files are those of the same app, or keep orphans"
        ),
    )
}
