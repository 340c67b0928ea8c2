//! The layers of the design page, as data: which module may use which, and files that use each other in a circle.

use std::collections::{BTreeMap, BTreeSet};

use appsnap_house::files;
use appsnap_house::layers::{circles, file_uses, module_uses};
use appsnap_house::model::Model;

/// Layer 0: values without I/O, and what every layer above shares. Each may use the others, without circles.
const GROUND: [&str; 10] =
    ["diagnostic", "document", "error", "io", "json", "layout", "limits", "metadata", "observe", "platform"];

/// Every module above the ground, and the modules above the ground that it may use.
const MAY_USE: [(&str, &[&str]); 17] = [
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
    ("diff", &["check", "detect", "pgdump", "snapshot"]),
    ("prepare", &["check", "detect", "gzip", "pgdump", "snapshot", "tarball", "zip", "source", "squidex"]),
    ("restore", &["check", "gzip", "pgdump", "snapshot", "tarball", "zip", "source", "squidex"]),
    // Pages to read.
    ("_documentation", &[]),
];

#[test]
fn modules_use_only_what_their_layer_may() {
    let model = Model::of(&files::root());
    let mut wrong = Vec::new();
    for ((from, to), place) in module_uses(&model) {
        println!("{from} -> {to}");
        let is_ground = GROUND.contains(&to.as_str());
        let row = MAY_USE.iter().find(|(module, _)| *module == from);
        let is_allowed = is_ground || row.is_some_and(|(_, uses)| uses.contains(&to.as_str()));
        if !is_allowed {
            wrong.push(format!("{place} ({from} may not use {to})"));
        }
    }
    assert!(wrong.is_empty(), "uses that the layers forbid:\n{}", wrong.join("\n"));
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
        println!("{circle:?}");
        for from in circle {
            for (to, names) in uses[from].iter().filter(|(to, _)| circle.contains(*to)) {
                let names = names.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
                println!("    {from} -> {to}: {names}");
            }
        }
    }
    assert!(circles.is_empty(), "files that use each other in a circle: {circles:?}");
}
