//! Files that file managers, file servers and version control systems leave in folders.

/// Returns `true` if a file of this name is known to be such a file.
pub(crate) fn is_junk(name: &[u8]) -> bool {
    /// The last one is the icon of a folder on macOS.
    const NAMES: [&str; 9] = [
        "thumbs.db",
        "ehthumbs.db",
        "desktop.ini",
        ".ds_store",
        ".directory",
        ".gitkeep",
        ".gitignore",
        ".localized",
        "icon\r",
    ];
    /// AppleDouble files of macOS, and deleted files that are still open on NFS.
    const PREFIXES: [&[u8]; 2] = [b"._", b".nfs"];
    NAMES.iter().any(|junk| name.eq_ignore_ascii_case(junk.as_bytes()))
        || PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}
