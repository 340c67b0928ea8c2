//! The layers of the design as one table, and circles between files.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Model, ModulePath};

/// A module and the one that it uses, with the first place that shows it.
pub fn module_uses(model: &Model) -> BTreeMap<(String, String), String> {
    let mut uses = BTreeMap::new();
    for (from, to, place) in references(model) {
        if let (Some(from), Some(to)) = (from.first(), to.first())
            && from != to
        {
            uses.entry((from.clone(), to.clone())).or_insert(place);
        }
    }
    uses
}

/// Every reference of one module to another: from, to, and where.
fn references(model: &Model) -> Vec<(ModulePath, ModulePath, String)> {
    let mut found = Vec::new();
    for (path, module) in &model.modules {
        for mention in model.mentions(path) {
            if mention.is_reexport && path.is_empty() {
                continue;
            }
            for target in model.resolve(path, &mention.path) {
                let place = format!("{}:{}: {}", module.file, mention.line, mention.path.join("::"));
                found.push((path.clone(), target.module, place));
            }
        }
    }
    found
}

/// File, file that it uses, and the paths by which it does.
pub type FileUses = BTreeMap<String, BTreeMap<String, BTreeSet<String>>>;

/// The uses between the files of a module.
pub fn file_uses(model: &Model) -> FileUses {
    let mut uses = FileUses::new();
    for (path, module) in &model.modules {
        for mention in model.mentions(path).iter().filter(|mention| !mention.is_reexport) {
            for target in model.resolve(path, &mention.path) {
                let file = &model.modules[&target.module].file;
                let is_same_module = path.first() == target.module.first() && !path.is_empty();
                if file != &module.file && is_same_module {
                    let names = uses.entry(module.file.clone()).or_default().entry(file.clone()).or_default();
                    names.insert(mention.path.join("::"));
                }
            }
        }
    }
    uses
}

/// Files that reach each other, largest circles first.
pub fn circles(uses: &FileUses) -> Vec<BTreeSet<String>> {
    let reach = |from: &String| {
        let mut reached = BTreeSet::new();
        let mut open = vec![from.clone()];
        while let Some(file) = open.pop() {
            for next in uses.get(&file).into_iter().flat_map(BTreeMap::keys) {
                if reached.insert(next.clone()) {
                    open.push(next.clone());
                }
            }
        }
        reached
    };
    let reached = uses.keys().map(|file| (file.clone(), reach(file))).collect::<BTreeMap<_, _>>();
    let mut circles = BTreeSet::new();
    for (file, all) in &reached {
        if all.contains(file) {
            let back = |other: &&String| reached.get(*other).is_some_and(|back| back.contains(file));
            circles.insert(all.iter().filter(back).cloned().collect::<BTreeSet<_>>());
        }
    }
    let mut circles = circles.into_iter().collect::<Vec<_>>();
    circles.sort_by_key(|circle| std::cmp::Reverse(circle.len()));
    circles
}
