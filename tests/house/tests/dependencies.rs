//! The crate stays quick to build and to audit: the number of its dependencies has a ceiling.

use std::collections::BTreeSet;
use std::process::Command;

use appsnap_house::files;

/// Most crates that a build with the default features compiles besides this one.
const MOST_DEPENDENCIES: usize = 45;

#[test]
fn default_features_need_few_crates() {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--locked", "--package", "appsnap", "--edges", "normal", "--prefix", "none", "--format", "{p}"])
        .current_dir(files::root())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let names: BTreeSet<&str> = text.lines().filter_map(|line| line.split_whitespace().next()).collect();
    assert!(names.contains("flate2"), "{names:?}");
    let count = names.len() - usize::from(names.contains("appsnap"));
    println!("{count} dependencies");
    assert!(count <= MOST_DEPENDENCIES, "{count}: {names:?}");
}
