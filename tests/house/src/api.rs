//! The public API as text, a line an item, and how many names it has.

use std::collections::{BTreeMap, BTreeSet};

use quote::ToTokens;
use syn::{Attribute, Fields, GenericParam, Generics, ImplItem, Item, TraitItem, Type, Visibility};

use crate::model::{Definition, Model, ModulePath, attributes_of, feature_of, leaves, name_of};

/// The names that users of the crate can write.
#[derive(Debug, Default)]
pub struct Api {
    /// Each starts with the module and the kind; what belongs to a type follows it.
    pub lines: Vec<String>,
    pub counts: BTreeMap<String, Counts>,
    /// Names at the root of each public module: items and re-exports, without modules.
    pub roots: BTreeMap<String, BTreeSet<String>>,
}

/// The size of a top-level module's API, with all that is nested in it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counts {
    /// Structs, enums, traits and aliases.
    pub types: usize,
    /// Functions and methods, those of traits included.
    pub functions: usize,
}

impl Api {
    pub fn of(model: &Model) -> Self {
        let mut walk = Walk { model, api: Self::default(), homes: BTreeMap::new(), lines: Vec::new() };
        walk.find_homes();
        walk.list_modules();
        walk.list_impls();
        walk.lines.sort();
        walk.lines.dedup();
        walk.api.lines = walk.lines.into_iter().map(|line| line.text).collect();
        walk.api
    }

    pub fn total(&self) -> Counts {
        let add = |a: Counts, b: &Counts| Counts { types: a.types + b.types, functions: a.functions + b.functions };
        self.counts.values().fold(Counts::default(), add)
    }

    /// A table with a row for each top-level module, and the modules with the most names at their root.
    pub fn table(&self) -> String {
        let total = self.total();
        let mut text = format!("{:<24}{:>8}{:>12}\n", "", "types", "functions");
        for (module, counts) in &self.counts {
            text += &format!("{module:<24}{:>8}{:>12}\n", counts.types, counts.functions);
        }
        text += &format!("{:<24}{:>8}{:>12}\n\nnames at the root of a module\n", "TOTAL", total.types, total.functions);
        let mut roots = self.roots.iter().collect::<Vec<_>>();
        roots.sort_by_key(|(_, names)| std::cmp::Reverse(names.len()));
        for (module, names) in roots {
            text += &format!("{module:<24}{:>8}\n", names.len());
        }
        text
    }
}

struct Walk<'a> {
    model: &'a Model,
    api: Api,
    /// The public path that each definition is listed under, with the features it asks for.
    homes: BTreeMap<Definition, Home>,
    lines: Vec<Line>,
}

/// A line of the listing, in the order in which it is read: what belongs to a type follows it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Line {
    module: String,
    owner: String,
    rank: usize,
    text: String,
}

/// Kinds of lines, in the order in which those of a type are listed.
const KINDS: [&str; 15] = [
    "mod", "use", "macro", "struct", "enum", "trait", "type", "derive", "impl", "field", "variant", "const", "static",
    "const fn", "fn",
];

#[derive(Clone, Debug)]
struct Home {
    module: String,
    name: String,
    features: BTreeSet<String>,
}

impl Home {
    /// The same place with more features.
    fn with(&self, features: impl IntoIterator<Item = String>) -> Self {
        let features = self.features.iter().cloned().chain(features).collect();
        Self { features, ..self.clone() }
    }
}

impl Walk<'_> {
    /// Public modules, outermost first, with the features that reach them.
    fn public_modules(&self) -> Vec<(ModulePath, BTreeSet<String>)> {
        let mut found = Vec::<(ModulePath, BTreeSet<String>)>::new();
        let mut paths = self.model.modules.keys().collect::<Vec<_>>();
        paths.sort_by_key(|path| path.len());
        for path in paths {
            let module = &self.model.modules[path];
            let parent = path.split_last().map(|(_, parent)| found.iter().find(|(known, _)| known == parent));
            let features = match parent {
                None => BTreeSet::new(),
                Some(Some((_, features))) if module.is_public && !is_hidden(&module.attributes) => features.clone(),
                Some(_) => continue,
            };
            found.push((path.clone(), features.into_iter().chain(module.cfg.clone()).collect()));
        }
        found
    }

    fn find_homes(&mut self) {
        let modules = self.public_modules();
        // An item of a public module is at home there.
        for (path, features) in &modules {
            for (number, item) in self.model.modules[path].items.iter().enumerate() {
                if let (Some(name), true) = (name_of(item), is_public(item) && !is_hidden(attributes_of(item))) {
                    let definition = Definition { module: path.clone(), item: Some(number) };
                    self.add_home(definition, path, name, features, attributes_of(item));
                }
            }
        }
        // Others are at home where they are re-exported first, deeper modules before the root.
        let mut inner_first = modules.clone();
        inner_first.sort_by_key(|(path, _)| path.is_empty());
        for (path, features) in &inner_first {
            for (name, target, attributes) in self.reexports(path) {
                for definition in self.model.resolve(path, &target) {
                    let Some(number) = definition.item else { continue };
                    let item = &self.model.modules[&definition.module].items[number];
                    if is_public(item) && !is_hidden(attributes_of(item)) && !self.homes.contains_key(&definition) {
                        self.add_home(definition, path, name.clone(), features, &attributes);
                    }
                }
            }
        }
    }

    fn add_home(
        &mut self,
        definition: Definition,
        path: &ModulePath,
        name: String,
        features: &BTreeSet<String>,
        attributes: &[Attribute],
    ) {
        let features = features.iter().cloned().chain(attributes.iter().find_map(feature_of)).collect();
        self.homes.insert(definition, Home { module: shown(path), name, features });
    }

    /// Name, path and attributes of what a module re-exports for everyone.
    fn reexports(&self, path: &ModulePath) -> Vec<(String, ModulePath, Vec<Attribute>)> {
        let mut found = Vec::new();
        for item in &self.model.modules[path].items {
            let Item::Use(import) = item else { continue };
            if !matches!(import.vis, Visibility::Public(_)) || is_hidden(&import.attrs) {
                continue;
            }
            for (name, target) in leaves(&import.tree) {
                let name = name.unwrap_or_else(|| panic!("a public glob in {}", shown(path)));
                found.push((name, target, import.attrs.clone()));
            }
        }
        found
    }

    fn list_modules(&mut self) {
        for (path, features) in self.public_modules() {
            let module = shown(&path);
            let of_module =
                |name: &str| Home { module: module.clone(), name: name.to_owned(), features: features.clone() };
            if !path.is_empty() {
                self.line(&of_module(""), "mod", "");
            }
            let mut names = BTreeSet::new();
            for (name, target, attributes) in self.reexports(&path) {
                let definitions = self.model.resolve(&path, &target);
                let home = definitions.iter().find_map(|definition| self.homes.get(definition)).cloned();
                names.insert(name.clone());
                // Where it is at home it gets lines of its own.
                if home.as_ref().is_none_or(|home| home.module != module) {
                    let of = home.map_or_else(|| target.join("::"), |home| format!("{}::{}", home.module, home.name));
                    let here = of_module(&name).with(attributes.iter().find_map(feature_of));
                    self.line(&here, "use", &format!("{name} = {of}"));
                }
            }
            let here = self.homes.values().filter(|home| home.module == module).map(|home| home.name.clone());
            names.extend(here);
            self.api.roots.insert(module, names);
        }
        for (definition, home) in self.homes.clone() {
            let Some(number) = definition.item else { continue };
            let model = self.model;
            self.list_item(&model.modules[&definition.module].items[number], &home);
        }
    }

    fn list_item(&mut self, item: &Item, home: &Home) {
        let Home { module, name, .. } = home;
        let growing = if is_non_exhaustive(attributes_of(item)) { " non_exhaustive" } else { "" };
        let counts = self.api.counts.entry(top(module)).or_default();
        match item {
            Item::Struct(_) | Item::Enum(_) | Item::Trait(_) | Item::Type(_) => counts.types += 1,
            Item::Fn(_) => counts.functions += 1,
            _ => {}
        }
        match item {
            Item::Struct(item) => {
                let generics = text(&item.generics) + &clause(&item.generics);
                let private = item.fields.iter().any(|field| !matches!(field.vis, Visibility::Public(_)));
                let fields = match &item.fields {
                    Fields::Unit => "",
                    _ if private => " { private }",
                    _ => "",
                };
                self.line(home, "struct", &format!("{name}{generics}{fields}{growing}"));
                for (number, field) in item.fields.iter().enumerate() {
                    if matches!(field.vis, Visibility::Public(_)) && !is_hidden(&field.attrs) {
                        let field_name = field.ident.as_ref().map_or_else(|| number.to_string(), ToString::to_string);
                        self.line(home, "field", &format!("{name}.{field_name}: {}", text(&field.ty)));
                    }
                }
                self.list_derives(home, &item.attrs);
            }
            Item::Enum(item) => {
                let generics = text(&item.generics) + &clause(&item.generics);
                self.line(home, "enum", &format!("{name}{generics}{growing}"));
                for variant in item.variants.iter().filter(|variant| !is_hidden(&variant.attrs)) {
                    let growing = if is_non_exhaustive(&variant.attrs) { " non_exhaustive" } else { "" };
                    let mut fields = variant.fields.clone();
                    fields.iter_mut().for_each(|field| field.attrs.clear());
                    let fields = match &variant.fields {
                        Fields::Unit => String::new(),
                        _ => text(&fields),
                    };
                    let line = format!("{name}::{}{fields}{growing}", variant.ident);
                    let feature = variant.attrs.iter().find_map(feature_of);
                    self.line(&home.with(feature), "variant", &line);
                }
                self.list_derives(home, &item.attrs);
            }
            Item::Trait(item) => {
                let generics = text(&item.generics);
                let bounds = text(&item.supertraits);
                let colon = if bounds.is_empty() { "" } else { ": " };
                let line = format!("{name}{generics}{colon}{bounds}{}", clause(&item.generics));
                self.line(home, "trait", &line);
                for inner in &item.items {
                    self.list_trait_item(home, inner);
                }
            }
            Item::Type(item) => {
                let line = format!("{name}{} = {}", text(&item.generics), text(&item.ty));
                self.line(home, "type", &line);
            }
            Item::Fn(item) => self.line(home, "fn", &signature(name, &item.sig, None)),
            Item::Const(item) => self.line(home, "const", &format!("{name}: {}", text(&item.ty))),
            Item::Static(item) => self.line(home, "static", &format!("{name}: {}", text(&item.ty))),
            Item::Macro(_) => self.line(home, "macro", name),
            _ => {}
        }
    }

    fn list_trait_item(&mut self, home: &Home, item: &TraitItem) {
        let name = &home.name;
        match item {
            TraitItem::Fn(method) => {
                self.api.counts.entry(top(&home.module)).or_default().functions += 1;
                let provided = if method.default.is_some() { " { provided }" } else { "" };
                let line = signature(&format!("{name}::{}", method.sig.ident), &method.sig, None);
                self.line(home, "fn", &format!("{line}{provided}"));
            }
            TraitItem::Type(item) => {
                let line = format!("{name}::{}: {}", item.ident, text(&item.bounds));
                self.line(home, "type", &line);
            }
            TraitItem::Const(item) => {
                self.line(home, "const", &format!("{name}::{}: {}", item.ident, text(&item.ty)));
            }
            _ => {}
        }
    }

    fn list_derives(&mut self, home: &Home, attributes: &[Attribute]) {
        let mut derived = BTreeSet::new();
        for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("derive")) {
            if let Ok(list) = attribute.meta.require_list() {
                let names = text(&list.tokens);
                // `Error` under whatever name it is imported.
                derived.extend(names.split(',').map(|name| name.trim().replace("ThisError", "thiserror::Error")));
            }
        }
        let derived = derived.into_iter().filter(|name| !name.is_empty()).collect::<Vec<_>>();
        if !derived.is_empty() {
            self.line(home, "derive", &format!("{}: {}", home.name, derived.join(", ")));
        }
    }

    /// Inherent items and implementations of traits, wherever the crate has them.
    fn list_impls(&mut self) {
        let model = self.model;
        for (path, module) in &model.modules {
            for item in &module.items {
                let Item::Impl(block) = item else { continue };
                let home = self.home_of(path, &block.self_ty);
                let feature = block.attrs.iter().find_map(feature_of).or_else(|| module.cfg.clone());
                if let Some((trait_path, _)) = &block.trait_ {
                    let our_trait = self.home_of_path(path, trait_path);
                    // An implementation of a public trait of ours for a foreign type is part of the trait.
                    let Some(home) = home.or_else(|| our_trait.clone()) else { continue };
                    if self.is_private(path, trait_path) || self.is_private_type(path, &block.self_ty) {
                        continue;
                    }
                    let parameters = text(&without_defaults(&block.generics));
                    let parameters = if parameters.is_empty() { String::new() } else { format!("{parameters} ") };
                    let line = format!(
                        "{parameters}{} for {}{}",
                        trait_name(trait_path),
                        text(&block.self_ty),
                        clause(&block.generics)
                    );
                    self.line(&home.with(feature), "impl", &line);
                } else if let Some(home) = home {
                    for inner in &block.items {
                        self.list_inherent(&home, block, inner, feature.clone());
                    }
                }
            }
        }
    }

    fn list_inherent(&mut self, home: &Home, block: &syn::ItemImpl, item: &ImplItem, feature: Option<String>) {
        let name = &home.name;
        let of = |attributes: &[Attribute]| {
            home.with(feature.clone().into_iter().chain(attributes.iter().find_map(feature_of)))
        };
        match item {
            ImplItem::Fn(method) if matches!(method.vis, Visibility::Public(_)) && !is_hidden(&method.attrs) => {
                self.api.counts.entry(top(&home.module)).or_default().functions += 1;
                let line = signature(&format!("{name}::{}", method.sig.ident), &method.sig, Some(&block.generics));
                self.line(&of(&method.attrs), "fn", &line);
            }
            ImplItem::Const(item) if matches!(item.vis, Visibility::Public(_)) && !is_hidden(&item.attrs) => {
                let line = format!("{name}::{}: {}", item.ident, text(&item.ty));
                self.line(&of(&item.attrs), "const", &line);
            }
            _ => {}
        }
    }

    fn home_of(&self, module: &ModulePath, ty: &Type) -> Option<Home> {
        match ty {
            Type::Path(path) => self.home_of_path(module, &path.path),
            Type::Reference(reference) => self.home_of(module, &reference.elem),
            _ => None,
        }
    }

    fn home_of_path(&self, module: &ModulePath, path: &syn::Path) -> Option<Home> {
        let segments = path.segments.iter().map(|segment| segment.ident.to_string()).collect::<Vec<_>>();
        let definitions = self.model.resolve(module, &segments);
        definitions.iter().find_map(|definition| self.homes.get(definition)).cloned()
    }

    fn is_private_type(&self, module: &ModulePath, ty: &Type) -> bool {
        matches!(ty, Type::Path(path) if self.is_private(module, &path.path))
    }

    /// Returns `true` for what the crate defines and shows to no one.
    fn is_private(&self, module: &ModulePath, path: &syn::Path) -> bool {
        let segments = path.segments.iter().map(|segment| segment.ident.to_string()).collect::<Vec<_>>();
        let definitions = self.model.resolve(module, &segments);
        !definitions.is_empty() && definitions.iter().all(|definition| !self.homes.contains_key(definition))
    }

    fn line(&mut self, home: &Home, kind: &str, rest: &str) {
        let features = home.features.iter().cloned().collect::<Vec<_>>().join(", ");
        let features = if features.is_empty() { features } else { format!(" [{features}]") };
        let (kind, rest) = match rest.strip_prefix("const ") {
            Some(rest) if kind == "fn" => ("const fn", rest),
            _ => (kind, rest),
        };
        let rank = KINDS.iter().position(|known| *known == kind).expect("a kind of the list");
        let space = if rest.is_empty() { "" } else { " " };
        let text = format!("{} {kind}{space}{rest}{features}", home.module);
        self.lines.push(Line { module: home.module.clone(), owner: home.name.clone(), rank, text });
    }
}

fn shown(path: &ModulePath) -> String {
    if path.is_empty() { "crate".to_owned() } else { path.join("::") }
}

fn top(module: &str) -> String {
    module.split("::").next().unwrap_or_default().to_owned()
}

fn is_public(item: &Item) -> bool {
    let visibility = match item {
        Item::Const(item) => &item.vis,
        Item::Enum(item) => &item.vis,
        Item::Fn(item) => &item.vis,
        Item::Macro(item) => return item.attrs.iter().any(|attribute| attribute.path().is_ident("macro_export")),
        Item::Static(item) => &item.vis,
        Item::Struct(item) => &item.vis,
        Item::Trait(item) => &item.vis,
        Item::Type(item) => &item.vis,
        _ => return false,
    };
    matches!(visibility, Visibility::Public(_))
}

fn is_hidden(attributes: &[Attribute]) -> bool {
    let is_hidden = |attribute: &Attribute| {
        attribute.path().is_ident("doc")
            && attribute.meta.require_list().is_ok_and(|list| list.tokens.to_string() == "hidden")
    };
    attributes.iter().any(is_hidden)
}

fn is_non_exhaustive(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| attribute.path().is_ident("non_exhaustive"))
}

fn signature(name: &str, signature: &syn::Signature, of: Option<&Generics>) -> String {
    let mut prefix = String::new();
    if signature.constness.is_some() {
        prefix += "const ";
    }
    if signature.asyncness.is_some() {
        prefix += "async ";
    }
    let inputs = signature.inputs.iter().map(|input| match input {
        syn::FnArg::Typed(typed) => {
            let pattern = match &*typed.pat {
                syn::Pat::Ident(ident) => ident.ident.to_string(),
                other => text(other),
            };
            format!("{pattern}: {}", text(&typed.ty))
        }
        syn::FnArg::Receiver(receiver) => {
            let mut receiver = receiver.clone();
            receiver.attrs.clear();
            // How a method keeps what it took by value is its own affair.
            let receiver = text(&receiver);
            receiver.strip_prefix("mut ").unwrap_or(&receiver).to_owned()
        }
    });
    let inputs = inputs.collect::<Vec<_>>().join(", ");
    let output = match &signature.output {
        syn::ReturnType::Default => String::new(),
        syn::ReturnType::Type(_, ty) => format!(" -> {}", text(ty)),
    };
    let block = of.map(bounds).unwrap_or_default();
    let bounds = clause(&signature.generics);
    let block = match (block.is_empty(), bounds.is_empty()) {
        (true, _) => String::new(),
        (false, true) => format!(" where {block}"),
        (false, false) => format!(", {block}"),
    };
    format!("{prefix}{name}{}({inputs}){output}{bounds}{block}", text(&without_defaults(&signature.generics)))
}

/// A trait without the modules of the standard library, except where its name alone would mislead.
fn trait_name(path: &syn::Path) -> String {
    let whole = text(path);
    match path.segments.last() {
        Some(last) if last.ident != "Error" => text(last),
        _ => whole,
    }
}

/// The bounds of an `impl`'s parameters and its `where` clause.
fn bounds(generics: &Generics) -> String {
    let parameters = generics.params.iter().filter_map(|parameter| match parameter {
        GenericParam::Type(parameter) if !parameter.bounds.is_empty() => {
            Some(format!("{}: {}", parameter.ident, text(&parameter.bounds)))
        }
        _ => None,
    });
    let clause = generics.where_clause.iter().map(|clause| text(&clause.predicates));
    parameters.chain(clause).collect::<Vec<_>>().join(", ")
}

fn clause(generics: &Generics) -> String {
    generics.where_clause.as_ref().map_or_else(String::new, |clause| format!(" where {}", text(&clause.predicates)))
}

fn without_defaults(generics: &Generics) -> Generics {
    let mut generics = generics.clone();
    for parameter in &mut generics.params {
        if let GenericParam::Type(parameter) = parameter {
            parameter.default = None;
        }
    }
    generics
}

/// Tokens as people write them.
fn text(tokens: &impl ToTokens) -> String {
    let mut text = tokens.to_token_stream().to_string().replace('\n', " ");
    while text.contains("  ") {
        text = text.replace("  ", " ");
    }
    for (from, to) in [
        (" ::", "::"),
        (":: ", "::"),
        ("crate::", ""),
        (" <", "<"),
        ("< ", "<"),
        (" >", ">"),
        (" ,", ","),
        (" :", ":"),
        ("& ", "&"),
        ("( ", "("),
        (" )", ")"),
        (" (", "("),
        ("[ ", "["),
        (" ]", "]"),
        (" ;", ";"),
        (" ?", "?"),
        ("? ", "?"),
        ("->(", "-> ("),
        ("->&", "-> &"),
        (",)", ")"),
        (",>", ">"),
        (", }", " }"),
        ("=<", "= <"),
        ("+(", "+ ("),
        (",(", ", ("),
        ("mut(", "mut ("),
        ("=(", "= ("),
        ("+?", "+ ?"),
        ("{", " {"),
        ("  {", " {"),
    ] {
        text = text.replace(from, to);
    }
    text.trim().trim_end_matches(',').to_owned()
}
