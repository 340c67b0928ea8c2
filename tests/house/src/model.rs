//! The crate as a tree of modules, read from its sources.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use syn::visit::Visit;
use syn::{Attribute, Item, UseTree};

use crate::expand::Rules;
use crate::files;

/// Segments from the root of the crate; empty for the root itself.
pub type ModulePath = Vec<String>;

/// A module, in a file of its own or inside another.
#[allow(missing_debug_implementations)]
pub struct Module {
    /// The file's path from the root of the repository.
    pub file: String,
    pub is_public: bool,
    /// The features that its declaration asks for, as written.
    pub cfg: Option<String>,
    pub attributes: Vec<Attribute>,
    /// Without unit tests.
    pub items: Vec<Item>,
    names: BTreeMap<String, Vec<Binding>>,
    globs: Vec<ModulePath>,
}

#[derive(Clone, Debug)]
enum Binding {
    Module,
    /// Defined in the module itself; the index of the item.
    Item(usize),
    /// Imported, as written.
    Use(ModulePath),
}

/// An item, and the module that defines it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Definition {
    pub module: ModulePath,
    /// The index in the module's items; `None` for the module itself.
    pub item: Option<usize>,
}

/// All modules of the crate.
#[allow(missing_debug_implementations)]
pub struct Model {
    pub modules: BTreeMap<ModulePath, Module>,
    /// Folder and name of modules that exist in unit tests alone.
    test_modules: BTreeSet<String>,
    /// Rules of the crate's macros: those of a file go first, as names may be used twice.
    macros: BTreeMap<(String, String), Rules>,
}

/// A path in the code of a module, as written.
#[derive(Clone, Debug)]
pub struct Mention {
    pub path: ModulePath,
    pub line: usize,
    /// Part of a `pub use` of any reach, which passes a name on and uses nothing.
    pub is_reexport: bool,
}

impl Model {
    /// Parses the library of the repository at `root`.
    pub fn of(root: &Path) -> Self {
        let files = files::library(root).into_iter().map(|file| (file.path, file.text)).collect::<BTreeMap<_, _>>();
        let mut model = Self { modules: BTreeMap::new(), test_modules: BTreeSet::new(), macros: BTreeMap::new() };
        let files = files.into_iter().map(|(path, text)| (path.clone(), parse(&path, &text))).collect();
        model.collect_macros(&files);
        let parsed = files["src/lib.rs"].clone();
        model.add(&files, Vec::new(), "src/lib.rs", parsed.items, &parsed.attrs, true, "src");
        let used = model.modules.values().map(|module| module.file.clone()).collect::<BTreeSet<_>>();
        let is_test = |path: &str| model.test_modules.iter().any(|module| path.starts_with(module));
        let unused = files.keys().filter(|path| !used.contains(*path) && !is_test(path)).collect::<Vec<_>>();
        assert!(unused.is_empty(), "files that no module declares: {unused:?}");
        model
    }

    fn collect_macros(&mut self, files: &BTreeMap<String, syn::File>) {
        for (path, file) in files {
            for item in &file.items {
                if let Item::Macro(syn::ItemMacro { ident: Some(name), mac, .. }) = item {
                    self.macros.insert((path.clone(), name.to_string()), Rules::of(mac.tokens.clone()));
                }
            }
        }
    }

    /// Items with those that the crate's own macros make.
    fn expanded(&self, file: &str, items: Vec<Item>) -> Vec<Item> {
        let mut found = Vec::new();
        for item in items {
            match &item {
                Item::Macro(syn::ItemMacro { ident: None, mac, .. }) => {
                    let made = self.expansion(file, mac);
                    found.extend(made.map_or_else(|| vec![item], |made| self.expanded(file, made)));
                }
                _ => found.push(item),
            }
        }
        found
    }

    fn expansion(&self, file: &str, invocation: &syn::Macro) -> Option<Vec<Item>> {
        let name = invocation.path.segments.last()?.ident.to_string();
        let of_file = self.macros.get(&(file.to_owned(), name.clone()));
        let rules =
            of_file.or_else(|| self.macros.iter().find(|((_, other), _)| *other == name).map(|(_, rules)| rules))?;
        let tokens = rules.expand(&invocation.tokens).unwrap_or_else(|| panic!("{file}: no rule of {name}! matches"));
        let parsed = syn::parse2::<syn::File>(tokens).unwrap_or_else(|error| panic!("{file}: {name}!: {error}"));
        Some(parsed.items)
    }

    #[allow(clippy::too_many_arguments)]
    fn add(
        &mut self,
        files: &BTreeMap<String, syn::File>,
        path: ModulePath,
        file: &str,
        items: Vec<Item>,
        attributes: &[Attribute],
        is_public: bool,
        folder: &str,
    ) {
        let mut kept = Vec::new();
        let mut names = BTreeMap::<String, Vec<Binding>>::new();
        let mut globs = Vec::new();
        for item in self.expanded(file, items) {
            if attributes_of(&item).iter().any(is_test) {
                if let Item::Mod(module) = item {
                    self.test_modules.insert(format!("{folder}/{}", module.ident));
                }
                continue;
            }
            match item {
                Item::Mod(module) => {
                    let name = module.ident.to_string();
                    let is_public = matches!(module.vis, syn::Visibility::Public(_));
                    names.entry(name.clone()).or_default().push(Binding::Module);
                    let inner = [path.as_slice(), std::slice::from_ref(&name)].concat();
                    let inner_folder = format!("{folder}/{name}");
                    match module.content {
                        Some((_, items)) => {
                            self.add(files, inner, file, items, &module.attrs, is_public, &inner_folder);
                        }
                        None => {
                            let candidates = [format!("{folder}/{name}.rs"), format!("{folder}/{name}/mod.rs")];
                            let Some(file) = candidates.iter().find(|file| files.contains_key(*file)) else {
                                panic!("{}: no file for the module {name}", file);
                            };
                            let parsed = files[file].clone();
                            let attributes = [module.attrs.as_slice(), &parsed.attrs].concat();
                            self.add(files, inner, file, parsed.items, &attributes, is_public, &inner_folder);
                        }
                    }
                }
                Item::Use(import) => {
                    for (name, target) in leaves(&import.tree) {
                        match name {
                            Some(name) => names.entry(name).or_default().push(Binding::Use(target)),
                            None => globs.push(target),
                        }
                    }
                    kept.push(Item::Use(import));
                }
                other => {
                    if let Some(name) = name_of(&other) {
                        names.entry(name).or_default().push(Binding::Item(kept.len()));
                    }
                    kept.push(other);
                }
            }
        }
        let cfg = attributes.iter().find_map(feature_of);
        let attributes = attributes.to_vec();
        let module = Module { file: file.to_owned(), is_public, cfg, attributes, items: kept, names, globs };
        self.modules.insert(path, module);
    }

    /// All paths in the code of a module that may lead to another module of the crate.
    pub fn mentions(&self, path: &ModulePath) -> Vec<Mention> {
        let module = &self.modules[path];
        let mut finder = Finder { mentions: Vec::new() };
        module.items.iter().for_each(|item| finder.visit_item(item));
        let is_ours = |mention: &Mention| match mention.path[0].as_str() {
            "crate" | "super" | "self" => true,
            first => mention.path.len() > 1 && module.names.get(first).is_some_and(|found| is_module(found)),
        };
        finder.mentions.retain(is_ours);
        finder.mentions
    }

    /// The definitions that a path means, as written in `module`; none for what other crates define.
    pub fn resolve(&self, module: &ModulePath, path: &[String]) -> BTreeSet<Definition> {
        self.resolve_within(module, path, 0)
    }

    fn resolve_within(&self, module: &ModulePath, path: &[String], depth: usize) -> BTreeSet<Definition> {
        let mut at = module.clone();
        let mut rest = path;
        while let Some((first, after)) = rest.split_first() {
            match first.as_str() {
                "crate" => at.clear(),
                "super" => drop(at.pop()),
                "self" => {}
                _ => break,
            }
            rest = after;
        }
        self.look_up(&at, rest, depth)
    }

    fn look_up(&self, module: &ModulePath, rest: &[String], depth: usize) -> BTreeSet<Definition> {
        let mut found = BTreeSet::new();
        let (Some(here), true) = (self.modules.get(module), depth < 12) else { return found };
        let Some((name, after)) = rest.split_first() else {
            found.insert(Definition { module: module.clone(), item: None });
            return found;
        };
        for binding in here.names.get(name).into_iter().flatten() {
            match binding {
                Binding::Module => {
                    let inner = [module.as_slice(), std::slice::from_ref(name)].concat();
                    found.extend(self.look_up(&inner, after, depth + 1));
                }
                // What follows is a variant or an associated item.
                Binding::Item(item) => {
                    found.insert(Definition { module: module.clone(), item: Some(*item) });
                }
                Binding::Use(target) => {
                    let target = [target.as_slice(), after].concat();
                    if target.as_slice() != rest {
                        found.extend(self.resolve_within(module, &target, depth + 1));
                    }
                }
            }
        }
        if found.is_empty() {
            for target in &here.globs {
                found.extend(self.resolve_within(module, &[target.as_slice(), rest].concat(), depth + 1));
            }
        }
        found
    }
}

fn is_module(bindings: &[Binding]) -> bool {
    bindings.iter().any(|binding| matches!(binding, Binding::Module))
}

fn parse(path: &str, text: &str) -> syn::File {
    syn::parse_file(text).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The names that a `use` brings in, with the path of each; no name for a star.
pub fn leaves(tree: &UseTree) -> Vec<(Option<String>, ModulePath)> {
    match tree {
        UseTree::Path(path) => {
            let prefix = path.ident.to_string();
            let below = leaves(&path.tree).into_iter();
            let with_prefix = below.map(|(name, target)| (name, [vec![prefix.clone()], target].concat()));
            // `use a::{self}` brings in `a`.
            let named = with_prefix.map(|(name, mut target)| {
                if target.last().is_some_and(|last| last == "self") && target.len() > 1 {
                    target.pop();
                    (name.map(|name| if name == "self" { prefix.clone() } else { name }), target)
                } else {
                    (name, target)
                }
            });
            named.collect()
        }
        UseTree::Name(name) => vec![(Some(name.ident.to_string()), vec![name.ident.to_string()])],
        UseTree::Rename(rename) => vec![(Some(rename.rename.to_string()), vec![rename.ident.to_string()])],
        UseTree::Glob(_) => vec![(None, Vec::new())],
        UseTree::Group(group) => group.items.iter().flat_map(leaves).collect(),
    }
}

struct Finder {
    mentions: Vec<Mention>,
}

impl Finder {
    fn tokens(&mut self, tokens: proc_macro2::TokenStream) {
        let mut path = Vec::new();
        let mut line = 0;
        let mut colons = 0;
        for token in tokens {
            match token {
                proc_macro2::TokenTree::Ident(ident) => {
                    if colons != 2 {
                        self.end(&mut path, line);
                        line = ident.span().start().line;
                    }
                    path.push(ident.to_string());
                    colons = 0;
                }
                proc_macro2::TokenTree::Punct(punct) if punct.as_char() == ':' => colons += 1,
                other => {
                    self.end(&mut path, line);
                    colons = 0;
                    if let proc_macro2::TokenTree::Group(group) = other {
                        self.tokens(group.stream());
                    }
                }
            }
        }
        self.end(&mut path, line);
    }

    fn end(&mut self, path: &mut ModulePath, line: usize) {
        let path = std::mem::take(path);
        if path.len() > 1 {
            self.mentions.push(Mention { path, line, is_reexport: false });
        }
    }
}

impl<'ast> Visit<'ast> for Finder {
    fn visit_item(&mut self, item: &'ast Item) {
        if !attributes_of(item).iter().any(is_test) {
            syn::visit::visit_item(self, item);
        }
    }

    fn visit_attribute(&mut self, _: &'ast Attribute) {}

    // A restricted reach (`pub(in crate::x)`) uses nothing.
    fn visit_visibility(&mut self, _: &'ast syn::Visibility) {}

    fn visit_item_use(&mut self, import: &'ast syn::ItemUse) {
        let is_reexport = !matches!(import.vis, syn::Visibility::Inherited);
        for (_, path) in leaves(&import.tree) {
            let line = import.use_token.span.start().line;
            if !path.is_empty() {
                self.mentions.push(Mention { path, line, is_reexport });
            }
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let segments = path.segments.iter().map(|segment| segment.ident.to_string()).collect::<Vec<_>>();
        let line = path.segments[0].ident.span().start().line;
        self.mentions.push(Mention { path: segments, line, is_reexport: false });
        syn::visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, invocation: &'ast syn::Macro) {
        self.visit_path(&invocation.path);
        self.tokens(invocation.tokens.clone());
    }
}

/// Returns `true` for `#[cfg(test)]` and what contains it in an `all`.
pub fn is_test(attribute: &Attribute) -> bool {
    attribute.path().is_ident("cfg")
        && attribute.meta.require_list().is_ok_and(|list| {
            let condition = list.tokens.to_string();
            condition == "test" || condition.starts_with("all (test") || condition.starts_with("all(test")
        })
}

/// The condition of a `#[cfg(...)]`, where it is about features.
pub fn feature_of(attribute: &Attribute) -> Option<String> {
    let list = attribute.meta.require_list().ok()?;
    let condition = list.tokens.to_string();
    (attribute.path().is_ident("cfg") && condition.contains("feature")).then(|| {
        let quoted = condition.split('"').skip(1).step_by(2).collect::<Vec<_>>().join("+");
        if condition.starts_with("not") { format!("not {quoted}") } else { quoted }
    })
}

pub fn attributes_of(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::ExternCrate(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

pub fn name_of(item: &Item) -> Option<String> {
    let ident = match item {
        Item::Const(item) => &item.ident,
        Item::Enum(item) => &item.ident,
        Item::Fn(item) => &item.sig.ident,
        Item::Macro(item) => item.ident.as_ref()?,
        Item::Static(item) => &item.ident,
        Item::Struct(item) => &item.ident,
        Item::Trait(item) => &item.ident,
        Item::Type(item) => &item.ident,
        _ => return None,
    };
    Some(ident.to_string())
}
