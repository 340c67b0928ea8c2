//! The files of an archive, in a directory, an archive, a stream or a bucket: [`FilesInput`].

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
#[cfg(feature = "object-store")]
use std::sync::Arc;

#[cfg(feature = "object-store")]
use tokio::runtime::Handle;

use super::error::{self, Result};
use super::options::PrepareOptions;
use crate::detect::{Detection, Kind, identify_path};
use crate::error::Error;
use crate::io::Parallelism;
use crate::layout::escaped;
use crate::observe::Observer;
use crate::pgdump::Identity;
#[cfg(feature = "object-store")]
use crate::remote::object_store::ObjectStore;
use crate::snapshot::join::{PlannedShare, Shard};
#[cfg(feature = "object-store")]
use crate::source::bucket::BucketOptions;
use crate::source::directory::{self, DirectoryOptions, files_folder_near, parent_of_shard};
use crate::source::{ArchiveOptions, Code, DocumentPlan};

/// The length of a UUID in a file name.
const ID_BYTES: usize = crate::document::TEXT_BYTES;

/// The ways to provide files.
pub(super) enum FilesInput<'a> {
    Path(PathBuf),
    /// A tar stream.
    Reader(Box<dyn Read + 'a>),
    #[cfg(feature = "object-store")]
    Bucket(Arc<dyn ObjectStore>, Handle, BucketOptions),
}

/// The names of the files, and the number of threads that list them.
#[derive(Clone, Default)]
pub(super) struct FileNames {
    pub(super) root: Option<String>,
    pub(super) key_prefix: String,
    pub(super) key_suffix: String,
    pub(super) parallelism: Parallelism,
}

impl FilesInput<'_> {
    /// Refuses a file that cannot contain documents, before anything else is read.
    pub(super) fn verify(&self) -> Result<()> {
        let Self::Path(path) = self else { return Ok(()) };
        let found = fs::metadata(path).map_err(opening(path))?;
        if found.is_file() || is_dump_folder(path) {
            readable(path, &identify_path(path)?)?;
        }
        Ok(())
    }

    /// Returns what messages call an input without a path.
    pub(super) const fn name(&self) -> &'static str {
        match self {
            Self::Path(_) | Self::Reader(_) => "standard input",
            #[cfg(feature = "object-store")]
            Self::Bucket(..) => "the bucket",
        }
    }

    /// Lists the documents; only those of a part, if this input can be divided while it is listed.
    pub(super) fn scan(
        self,
        names: &FileNames,
        options: &PrepareOptions,
        shard: Option<Shard>,
        observer: &mut dyn Observer,
    ) -> Result<(DocumentPlan, Option<PlannedShare>)> {
        #[cfg(feature = "object-store")]
        if let (Self::Bucket(store, runtime, options), Some(shard)) = (&self, shard)
            && let Some((plan, share)) = crate::source::bucket::scan_share(store, runtime, options, shard, observer)?
        {
            return Ok((plan, Some(share)));
        }
        #[cfg(not(feature = "object-store"))]
        let _ = shard;
        Ok((self.scan_all(names, options, observer)?, None))
    }

    fn scan_all(
        self,
        names: &FileNames,
        options: &PrepareOptions,
        observer: &mut dyn Observer,
    ) -> Result<DocumentPlan> {
        let path = match self {
            Self::Path(path) => path,
            Self::Reader(reader) => {
                let options = archive_options(names, options);
                return Ok(crate::source::tar::scan_reader(reader, "standard input", &options, observer)?);
            }
            #[cfg(feature = "object-store")]
            Self::Bucket(store, runtime, options) => {
                return Ok(crate::source::bucket::scan(store, &runtime, &options, observer)?);
            }
        };
        let found = fs::metadata(&path).map_err(opening(&path))?;
        if found.is_dir() {
            let folder = names.root.as_ref().map_or_else(|| path.clone(), |root| path.join(root));
            return Ok(directory::scan(folder, &directory_options(names, options), observer)?);
        }
        let options = archive_options(names, options);
        if !found.is_file() {
            let stream = fs::File::open(&path).map_err(opening(&path))?;
            return Ok(crate::source::tar::scan_reader(stream, &path, &options, observer)?);
        }
        #[cfg(feature = "zip")]
        if matches!(identify_path(&path)?.kind(), Kind::Other(Identity::Zip)) {
            return Ok(crate::source::zip::scan(&path, &options, observer)?);
        }
        Ok(crate::source::tar::scan(&path, &options, observer)?)
    }
}

/// Returns an error with advice if the plan has no document, or only those of one shard folder. An input without a path has
/// a name.
pub(super) fn verify_plan(plan: &DocumentPlan, path: Result<&Path, &'static str>, names: &FileNames) -> Result<()> {
    let folder = path.ok().filter(|path| path.is_dir()).map(|path| match &names.root {
        Some(root) => path.join(root),
        None => path.to_path_buf(),
    });
    let shown = |path: &Path| escaped(path.as_os_str().as_encoded_bytes()).to_string();
    let name = path.map_or_else(str::to_owned, |path| shown(folder.as_deref().unwrap_or(path)));
    let ids = plan.iter().next().zip(plan.iter().next_back());
    if let Some(((first, _), (last, _))) = ids {
        let parent = folder.as_deref().and_then(|folder| parent_of_shard(folder, first, last));
        return match parent {
            Some(parent) if names.key_prefix.is_empty() => Err(error::shard_folder(&name, &shown(&parent))),
            _ => Ok(()),
        };
    }
    let options = DirectoryOptions::new().with_key_prefix(&*names.key_prefix).with_key_suffix(&*names.key_suffix);
    let advice = match folder.as_deref().and_then(|folder| files_folder_near(folder, &options)) {
        Some(near) => format!("the folder {} contains documents: name it instead", shown(&near)),
        None => advice(plan),
    };
    Err(error::no_documents(&name, &advice))
}

/// Returns advice that follows from the files that were left out.
fn advice(plan: &DocumentPlan) -> String {
    let first = |code: Code| plan.diagnostics().iter().find(|found| found.is(code)).and_then(|found| found.location());
    if plan.numbered().len() > 0 {
        return "its files are named by numbers, as in very old apps: pack them together with the dump whose rows have \
                these numbers"
            .to_owned();
    }
    if let Some((prefix, suffix)) = first(Code::NotAnId).and_then(around_id) {
        return match (prefix, suffix) {
            ("", suffix) => format!("the file names end with {suffix:?} after a UUID: set this key suffix"),
            (prefix, "") => format!("the file names begin with {prefix:?} before a UUID: set this key prefix"),
            (prefix, suffix) => format!(
                "the file names begin with {prefix:?} before a UUID and end with {suffix:?}: set this key prefix and this \
                 key suffix"
            ),
        };
    }
    match first(Code::Folder) {
        Some(folder) => {
            format!("documents in other folders, such as {folder}, are left out: name one of them as the root")
        }
        None => "name the files folder of the app, `data/files`; an app without documents is packed without files"
            .to_owned(),
    }
}

/// Returns the text before and after a UUID in the last part of `path`.
fn around_id(path: &str) -> Option<(&str, &str)> {
    let name = path.rsplit(['/', '\\']).next()?;
    let starts = 0..=name.len().checked_sub(ID_BYTES)?;
    starts.into_iter().find_map(|start| {
        let (prefix, rest) = name.split_at_checked(start)?;
        let (id, suffix) = rest.split_at_checked(ID_BYTES)?;
        crate::document::DocumentId::parse(id.as_bytes()).ok().map(|_| (prefix, suffix))
    })
}

fn opening(path: &Path) -> impl Fn(std::io::Error) -> Error {
    let name = path.as_os_str().as_encoded_bytes().to_vec();
    move |error| Error::io("opening the files", error).within_name(&name)
}

fn is_dump_folder(path: &Path) -> bool {
    path.is_dir() && identify_path(path).is_ok()
}

/// Refuses dumps and everything else that cannot contain documents.
fn readable(path: &Path, detection: &Detection) -> Result<()> {
    let is_readable = match detection.kind() {
        Kind::Snapshot | Kind::FilesTar | Kind::Tar => true,
        Kind::Other(Identity::Zip) if !cfg!(feature = "zip") => {
            return Err(error::zip_feature().within_name(path.as_os_str().as_encoded_bytes()));
        }
        Kind::Other(Identity::Zip) => !detection.is_gzip(),
        // The scan finds out what is wrong.
        _ => detection.name() == "unknown",
    };
    if is_readable {
        return Ok(());
    }
    Err(error::not_files(detection).within_name(path.as_os_str().as_encoded_bytes()))
}

fn directory_options(names: &FileNames, options: &PrepareOptions) -> DirectoryOptions {
    DirectoryOptions::new()
        .with_parallelism(names.parallelism)
        .with_key_prefix(&*names.key_prefix)
        .with_key_suffix(&*names.key_suffix)
        .with_max_findings_per_code(options.limits.max_findings_per_code())
}

fn archive_options(names: &FileNames, options: &PrepareOptions) -> ArchiveOptions {
    let mut archive = ArchiveOptions::new()
        .with_limits(options.limits.clone())
        .with_key_prefix(&*names.key_prefix)
        .with_key_suffix(&*names.key_suffix)
        .with_max_findings_per_code(options.limits.max_findings_per_code());
    if let Some(folder) = &options.spool_dir {
        archive = archive.with_spool_dir(folder);
    }
    if let Some(root) = &names.root {
        archive = archive.with_root(root);
    }
    archive
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefix_and_suffix_are_what_surrounds_a_uuid() {
        let id = "0d3e301f-5551-46f8-ad44-8de2be084c95";
        assert_eq!(around_id(&format!("0d/shop-{id}.bin")), Some(("shop-", ".bin")));
        assert_eq!(around_id(&format!("é{id}")), Some(("é", "")));
        assert_eq!(around_id("readme.txt"), None);
    }
}
