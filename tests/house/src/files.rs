//! The files of the repository, and the module each of them belongs to.

use std::fs;
use std::path::{Path, PathBuf};

/// A file below the root of the repository.
#[derive(Clone, Debug)]
pub struct File {
    /// With forward slashes, from the root of the repository.
    pub path: String,
    pub text: String,
}

impl File {
    /// The top-level module of a library file (`gzip`), or its first folder (`tests`).
    pub fn group(&self) -> &str {
        let Some(below) = self.path.strip_prefix("src/") else {
            return self.path.split_once('/').map_or("pages", |(folder, _)| folder);
        };
        if below.starts_with("_documentation/") && below.ends_with(".md") {
            return "pages";
        }
        below.split_once('/').map_or_else(|| below.strip_suffix(".rs").unwrap_or(below), |(module, _)| module)
    }
}

/// Files below `folder` that end in `.extension`, in the order of their paths.
pub fn below(root: &Path, folder: &str, extension: &str) -> Vec<File> {
    let mut found = Vec::new();
    let mut folders = vec![root.join(folder)];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = fs::read_dir(&folder) else { continue };
        for entry in entries {
            let path = entry.unwrap().path();
            if path.is_dir() {
                if path.file_name().is_none_or(|name| name != "target") {
                    folders.push(path);
                }
            } else if path.extension().is_some_and(|found| found == extension) {
                found.push(read(root, &path));
            }
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

fn read(root: &Path, path: &Path) -> File {
    let inside = path.strip_prefix(root).unwrap();
    let path_text = inside.components().map(|part| part.as_os_str().to_str().unwrap()).collect::<Vec<_>>().join("/");
    File { path: path_text, text: fs::read_to_string(path).unwrap() }
}

/// Rust files of the library.
pub fn library(root: &Path) -> Vec<File> {
    below(root, "src", "rs")
}

/// Rust files beside the library: tests, examples, benches and fuzz targets.
pub fn around(root: &Path) -> Vec<File> {
    ["benches", "examples", "fuzz", "tests"].iter().flat_map(|folder| below(root, folder, "rs")).collect()
}

/// The pages that people read.
pub fn pages(root: &Path) -> Vec<File> {
    let mut pages = below(root, "src/_documentation", "md");
    pages.extend(below(root, ".github", "md"));
    for name in ["README.md", "CHANGELOG.md"] {
        if root.join(name).exists() {
            pages.push(read(root, &root.join(name)));
        }
    }
    pages
}

/// The root of this repository.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}
