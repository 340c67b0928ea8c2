//! The layers of the design page, as data: which module may use which, and files that use each other in a circle.

use std::collections::{BTreeMap, BTreeSet};

use appsnap_house::files;
use appsnap_house::layers::{circles, file_uses, module_uses};
use appsnap_house::model::Model;

/// Layer 0: values without I/O, and what every layer above shares. Each may use the others, without circles.
const GROUND: [&str; 10] =
    ["diagnostic", "document", "error", "io", "json", "layout", "limits", "metadata", "observe", "platform"];

/// Every module above the ground, and the modules above the ground that it may use.
const MAY_USE: [(&str, &[&str]); 16] = [
    // Layer 1: engines. None of them knows another.
    ("gzip", &[]),
    ("pgdump", &[]),
    ("retention", &[]),
    ("tarball", &[]),
    ("zip", &[]),
    // Layer 2: the archive.
    ("snapshot", &["gzip", "tarball"]),
    // Layer 3: where data comes from and goes to.
    ("catalog", &["retention"]),
    ("remote", &["snapshot"]),
    ("source", &["gzip", "pgdump", "remote", "snapshot", "tarball", "zip"]),
    ("squidex", &["snapshot", "zip"]),
    // Layer 4: archive and dump seen together. A check asks `detect` first, and `prepare` predicts the result of a check.
    ("carried", &["gzip", "pgdump", "remote", "snapshot", "source", "squidex", "tarball", "zip"]),
    ("check", &["catalog", "detect", "gzip", "pgdump", "snapshot", "tarball", "zip", "source", "squidex"]),
    ("detect", &["gzip", "pgdump", "snapshot", "tarball", "zip", "source", "squidex"]),
    ("prepare", &["check", "detect", "gzip", "pgdump", "snapshot", "tarball", "zip", "source", "squidex"]),
    ("restore", &["check", "gzip", "pgdump", "snapshot", "tarball", "zip", "source", "squidex"]),
    // Pages to read.
    ("_documentation", &[]),
];

/// Uses against the table that are still there. The list only shrinks.
const KNOWN_USES: &[(&str, &str)] = &[];

/// Files, below `src/`, that use each other in a circle. The list only shrinks.
const KNOWN_CIRCLES: &[&[&str]] = &[
    &["metadata/code.rs", "metadata/error.rs", "metadata/mod.rs", "metadata/object.rs", "metadata/parse.rs"],
    &["prepare/repair/mod.rs", "prepare/repair/survey.rs"],
];

#[test]
fn modules_use_only_what_their_layer_may() {
    let model = Model::of(&files::root());
    let mut wrong = Vec::new();
    let mut met = BTreeSet::<&(&str, &str)>::new();
    for ((from, to), place) in module_uses(&model) {
        println!("{from} -> {to}");
        let is_ground = GROUND.contains(&to.as_str());
        let row = MAY_USE.iter().find(|(module, _)| *module == from);
        let is_allowed = is_ground || row.is_some_and(|(_, uses)| uses.contains(&to.as_str()));
        let known = KNOWN_USES.iter().find(|(a, b)| *a == from && *b == to);
        met.extend(known);
        if !is_allowed && known.is_none() {
            wrong.push(format!("{place} ({from} may not use {to})"));
        }
    }
    assert!(wrong.is_empty(), "uses that the layers forbid:\n{}", wrong.join("\n"));
    let gone = KNOWN_USES.iter().filter(|known| !met.contains(*known)).collect::<Vec<_>>();
    assert!(gone.is_empty(), "uses that are gone: take them off KNOWN_USES in tests/house/tests/layers.rs: {gone:?}");
}

#[test]
fn every_module_has_a_layer() {
    let model = Model::of(&files::root());
    let modules = model.modules.keys().filter(|path| path.len() == 1).map(|path| path[0].as_str());
    let without = modules.filter(|module| !GROUND.contains(module) && MAY_USE.iter().all(|(name, _)| name != module));
    let without = without.collect::<Vec<_>>();
    assert!(without.is_empty(), "modules without a layer in tests/house/tests/layers.rs: {without:?}");
}

#[test]
fn modules_form_no_circle() {
    let model = Model::of(&files::root());
    let mut uses = BTreeMap::<String, BTreeMap<String, BTreeSet<String>>>::new();
    for ((from, to), place) in module_uses(&model) {
        uses.entry(from).or_default().entry(to).or_default().insert(place);
    }
    let circles = circles(&uses);
    for circle in &circles {
        for from in circle {
            for (to, places) in uses[from].iter().filter(|(to, _)| circle.contains(*to)) {
                println!("{from} -> {to}: {places:?}");
            }
        }
    }
    assert!(circles.is_empty(), "modules that use each other in a circle: {circles:?}");
}

#[test]
fn files_of_a_module_form_no_circle() {
    let uses = file_uses(&Model::of(&files::root()));
    let circles = circles(&uses);
    for circle in &circles {
        println!("{}", row(circle.iter().map(|file| &file["src/".len()..])));
        for from in circle {
            for (to, names) in uses[from].iter().filter(|(to, _)| circle.contains(*to)) {
                let names = names.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
                println!("    {from} -> {to}: {names}");
            }
        }
    }
    let found = circles.iter().map(|circle| row(circle.iter().map(|file| &file["src/".len()..])));
    let found = found.collect::<BTreeSet<_>>();
    let known = KNOWN_CIRCLES.iter().map(|circle| row(circle.iter().copied())).collect::<BTreeSet<_>>();
    let list = |rows: BTreeSet<&String>| rows.into_iter().map(|row| format!("    {row}\n")).collect::<String>();
    let added = list(found.difference(&known).collect());
    let gone = list(known.difference(&found).collect());
    assert!(
        added.is_empty() && gone.is_empty(),
        "circles of files differ from KNOWN_CIRCLES in tests/house/tests/layers.rs.\n\
         Dissolve these; if one is the rest of a longer one, put it in the list in that one's place:\n{added}\
         Take these off the list:\n{gone}"
    );
}

/// A circle as it is written in the list.
fn row<'a>(files: impl Iterator<Item = &'a str>) -> String {
    let files = files.map(|file| format!("\"{file}\"")).collect::<Vec<_>>();
    format!("&[{}],", files.join(", "))
}
