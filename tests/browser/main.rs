//! The page of `examples/browser`, as it was built: its verdicts beside those of the command, and its use in a browser.

mod page;
mod verdicts;

use std::env;
use std::path::PathBuf;

use appsnap_tests::skips::skip;

/// Returns the folder with the built page. If there is none, reports that the test is skipped.
fn built() -> Option<PathBuf> {
    let folder = env::var_os("APPSNAP_PAGE");
    if folder.is_none() {
        skip("APPSNAP_PAGE names no built page: run examples/browser/build");
    }
    folder.map(PathBuf::from)
}

/// Returns the path of a file of the repository.
fn repository(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join(path)
}
