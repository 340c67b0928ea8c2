//! The public API: every change to it is seen in a checked-in listing, and its size has a ceiling.

use std::fs;

use appsnap_house::api::Api;
use appsnap_house::files;
use appsnap_house::model::Model;

/// Public structs, enums, traits and aliases of the whole crate.
const MOST_TYPES: usize = 200;

/// Names at the root of one module.
const MOST_NAMES: usize = 15;

/// The variable that rewrites the listing.
const UPDATE: &str = "APPSNAP_UPDATE_API";

#[test]
fn public_api_is_the_listed_one() {
    let api = Api::of(&Model::of(&files::root()));
    let path = files::root().join("tests/data/public-api.txt");
    let found = api.lines.iter().map(|line| format!("{line}\n")).collect::<String>();
    if std::env::var_os(UPDATE).is_some() {
        fs::write(&path, &found).unwrap();
        return;
    }
    let listed = fs::read_to_string(&path).unwrap_or_default();
    let added = found.lines().filter(|line| !listed.lines().any(|listed| listed == *line));
    let removed = listed.lines().filter(|line| !found.lines().any(|found| found == *line));
    let added = added.map(|line| format!("+ {line}\n")).collect::<String>();
    let removed = removed.map(|line| format!("- {line}\n")).collect::<String>();
    assert!(
        found == listed,
        "the public API differs from tests/data/public-api.txt:\n{removed}{added}\
         If this is meant, run `{UPDATE}=1 cargo test -p appsnap-house --test api`, \
         read the difference in the listing, and commit it."
    );
}

#[test]
fn public_api_stays_small() {
    let api = Api::of(&Model::of(&files::root()));
    println!("{}", api.table());
    let types = api.total().types;
    assert!(types <= MOST_TYPES, "{types} public types, but at most {MOST_TYPES} are allowed");
    for (module, names) in &api.roots {
        let count = names.len();
        assert!(count <= MOST_NAMES, "{module} has {count} names at its root, but at most {MOST_NAMES} are allowed");
    }
}
