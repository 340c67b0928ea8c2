//! Failures end in one clear error, without partial output or leftover files.

mod copied;
mod injected;
#[cfg(unix)]
mod killed;
mod refused;
mod repeated;

use std::error::Error;
use std::fs;
use std::path::Path;

/// Checks what every error must be: one line that says something, and leaves its cause to the chain. Returns the chain.
fn clear(error: &dyn Error) -> String {
    let message = error.to_string();
    assert!(!message.is_empty() && message.chars().all(|c| (' '..='~').contains(&c)), "{message:?}");
    assert!(!message.ends_with('.'), "{message:?}");
    let mut chain = message.clone();
    let mut source = error.source();
    while let Some(cause) = source {
        assert!(!message.contains(&cause.to_string()), "{message:?} repeats its cause");
        chain = format!("{chain}: {cause}");
        source = cause.source();
    }
    chain
}

/// The names in a folder, sorted.
fn names(folder: &Path) -> Vec<String> {
    let name = |entry: std::io::Result<fs::DirEntry>| entry.unwrap().file_name().into_string().unwrap();
    let mut names = fs::read_dir(folder).unwrap().map(name).collect::<Vec<_>>();
    names.sort();
    names
}
