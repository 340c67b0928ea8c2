//! The main jobs need few names of the crate: those that the small examples and the front page import.

use std::fs;

use appsnap_house::files;
use syn::{Item, UseTree};

/// The job, the file that shows it, and the most names of the crate that it may import.
const MOST_NAMES: [(&str, &str, usize); 7] = [
    ("write a snapshot", "examples/write_snapshot.rs", 4),
    ("read a snapshot", "examples/read_snapshot.rs", 2),
    ("fetch a document", "examples/fetch.rs", 1),
    ("check a backup", "examples/verify.rs", 3),
    ("convert a dump", "examples/convert.rs", 3),
    ("plan retention", "examples/plan_retention.rs", 1),
    ("pack on-premises data", "README.md", 4),
];

#[test]
fn the_main_jobs_import_few_names() {
    for (job, path, most) in MOST_NAMES {
        let text = fs::read_to_string(files::root().join(path)).unwrap();
        let code = if path == "README.md" { block(&text, "Pack::new") } else { text };
        let names = imported(&code);
        println!("{job}: {}", names.join(", "));
        assert!(
            !names.is_empty() && names.len() <= most,
            "{path} ({job}) imports {names:?}: at most {most} are allowed"
        );
    }
}

/// The block of code in a page that contains `needle`.
fn block(page: &str, needle: &str) -> String {
    let blocks = page.split("```").skip(1).step_by(2);
    let block = blocks.into_iter().find(|block| block.contains(needle)).expect("the page shows the job");
    block.split_once('\n').unwrap().1.to_owned()
}

fn imported(code: &str) -> Vec<String> {
    let mut names = Vec::new();
    for item in syn::parse_file(code).unwrap().items {
        if let Item::Use(item) = item
            && let UseTree::Path(path) = &item.tree
            && path.ident == "appsnap"
        {
            leaves(&path.tree, &mut names);
        }
    }
    names
}

fn leaves(tree: &UseTree, names: &mut Vec<String>) {
    match tree {
        UseTree::Path(path) => leaves(&path.tree, names),
        UseTree::Name(name) => names.push(name.ident.to_string()),
        UseTree::Rename(rename) => names.push(rename.ident.to_string()),
        UseTree::Group(group) => group.items.iter().for_each(|tree| leaves(tree, names)),
        UseTree::Glob(_) => panic!("a glob hides how many names are needed"),
    }
}
