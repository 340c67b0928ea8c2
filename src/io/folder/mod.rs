//! A folder that is opened once: [`Folder`], whose files are opened and inspected relative to it.
//!
//! A path is looked up component by component, which takes most of the time of opening a small file. Linux takes names
//! relative to an open folder, and refuses to follow links on the way. Other systems use paths.

#[cfg(target_os = "linux")]
mod handle;
#[cfg(any(not(target_os = "linux"), test))]
mod path;

#[cfg(target_os = "linux")]
pub(crate) use handle::{Entries, Folder, read_to_planned_end};
#[cfg(not(target_os = "linux"))]
pub(crate) use path::{Entries, Folder, read_to_planned_end};

/// The kind of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum FileKind {
    File,
    Folder,
    Link,
    /// A pipe, a socket or a device.
    Special,
}

/// The kind of a file, and the length of a regular one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FileFacts {
    pub(crate) kind: FileKind,
    pub(crate) len_bytes: u64,
}

/// The result of [`read_to_planned_end`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PlannedRead {
    /// The file has as many bytes, perhaps more after them.
    Some(usize),
    /// The bytes are the last ones of the file.
    Last(usize),
    /// The file has more bytes than were planned.
    Longer,
}

#[cfg(all(test, target_os = "linux"))]
mod tests;
