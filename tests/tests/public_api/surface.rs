//! The public items of a crate, one line each.

use std::collections::BTreeSet;

use quote::ToTokens;
use syn::{Attribute, Fields, ImplItem, Item, Meta, TraitItem, UseTree, Visibility};

use super::sources::{Module, is_conditional_or_hidden};

/// The public items, sorted: what a user of the crate can name, with members and methods.
///
/// An item of a private module counts where a public module re-exports it.
pub(super) fn of(root: &Module) -> Vec<String> {
    let mut surface = Surface { lines: BTreeSet::new(), types: BTreeSet::new() };
    surface.module(root, "");
    surface.implementations(root);
    surface.lines.into_iter().collect()
}

struct Surface {
    lines: BTreeSet<String>,
    /// The names of public types and traits.
    types: BTreeSet<String>,
}

impl Surface {
    fn module(&mut self, module: &Module, path: &str) {
        for item in &module.items {
            self.item(item, module, path);
        }
        for child in module.children.iter().filter(|child| child.is_public) {
            let path = format!("{path}{}::", child.name);
            self.lines.insert(format!("mod {}", path.trim_end_matches(':')));
            self.module(child, &path);
        }
    }

    fn item(&mut self, item: &Item, module: &Module, path: &str) {
        match item {
            Item::Use(item) if matches!(item.vis, Visibility::Public(_)) => {
                self.exports(&item.tree, module, path);
            }
            Item::Struct(item) if is_public(&item.vis, &item.attrs) => {
                self.types.insert(item.ident.to_string());
                let head = format!("struct {path}{}{}", item.ident, text(&item.generics));
                self.lines.insert(format!("{head}{}", attributes(&item.attrs)));
                self.fields(&head, &item.fields, false);
            }
            Item::Enum(item) if is_public(&item.vis, &item.attrs) => {
                self.types.insert(item.ident.to_string());
                let head = format!("enum {path}{}{}", item.ident, text(&item.generics));
                self.lines.insert(format!("{head}{}", attributes(&item.attrs)));
                for variant in &item.variants {
                    let head = format!("{head}::{}", variant.ident);
                    self.lines.insert(head.clone());
                    self.fields(&head, &variant.fields, true);
                }
            }
            Item::Trait(item) if is_public(&item.vis, &item.attrs) => {
                self.types.insert(item.ident.to_string());
                let supertraits = text(&item.supertraits);
                let head = format!("trait {path}{}{}", item.ident, text(&item.generics));
                self.lines.insert(format!("{head}: {supertraits}"));
                for member in &item.items {
                    if let TraitItem::Fn(function) = member {
                        let kind = if function.default.is_some() { " (provided)" } else { "" };
                        self.lines.insert(format!("{head}::{}{kind}", text(&function.sig)));
                    }
                }
            }
            Item::Fn(item) if is_public(&item.vis, &item.attrs) => {
                let signature = text(&item.sig);
                self.lines.insert(format!("in {}: {signature}", place(path)));
            }
            Item::Const(item) if is_public(&item.vis, &item.attrs) => {
                self.lines.insert(format!("const {path}{}: {}", item.ident, text(&item.ty)));
            }
            Item::Static(item) if is_public(&item.vis, &item.attrs) => {
                self.lines.insert(format!("static {path}{}: {}", item.ident, text(&item.ty)));
            }
            Item::Type(item) if is_public(&item.vis, &item.attrs) => {
                self.lines.insert(format!("type {path}{} = {}", item.ident, text(&item.ty)));
            }
            _ => {}
        }
    }

    /// Items that a `pub use` takes out of modules of the crate.
    fn exports(&mut self, tree: &UseTree, module: &Module, path: &str) {
        match tree {
            UseTree::Path(tree) => {
                let name = tree.ident.to_string();
                match module.children.iter().find(|child| child.name == name) {
                    Some(child) => self.exports(&tree.tree, child, path),
                    None if name == "self" => self.exports(&tree.tree, module, path),
                    // Of another crate, or of a module elsewhere.
                    None => {
                        let (here, tree) = (place(path), text(tree));
                        self.lines.insert(format!("in {here}: use {tree}"));
                    }
                }
            }
            UseTree::Group(group) => {
                for tree in &group.items {
                    self.exports(tree, module, path);
                }
            }
            UseTree::Glob(_) => self.module(module, path),
            UseTree::Name(name) => self.named(&name.ident.to_string(), module, path),
            UseTree::Rename(rename) => {
                let (name, new) = (&rename.ident, &rename.rename);
                self.lines.insert(format!("in {}: use {name} as {new}", place(path)));
                self.types.insert(name.to_string());
            }
        }
    }

    fn named(&mut self, name: &str, module: &Module, path: &str) {
        if let Some(child) = module.children.iter().find(|child| child.name == name) {
            self.module(child, &format!("{path}{name}::"));
        }
        for item in &module.items {
            if is_named(item, name) {
                self.item(item, module, path);
            }
        }
    }

    fn fields(&mut self, head: &str, fields: &Fields, all: bool) {
        for (index, field) in fields.iter().enumerate() {
            if all || is_public(&field.vis, &field.attrs) {
                let name =
                    field.ident.as_ref().map_or_else(|| index.to_string(), ToString::to_string);
                self.lines.insert(format!("{head}.{name}: {}", text(&field.ty)));
            }
        }
    }

    /// Methods and traits of public types, wherever in the crate they are implemented.
    fn implementations(&mut self, module: &Module) {
        for item in &module.items {
            let Item::Impl(item) = item else { continue };
            let name = text(&item.self_ty);
            let last = name.split('<').next().and_then(|path| path.rsplit("::").next());
            if !last.is_some_and(|last| self.types.contains(last.trim_start_matches('&')))
                || is_conditional_or_hidden(&item.attrs)
            {
                continue;
            }
            if let Some((_, of, _)) = &item.trait_ {
                self.lines.insert(format!("impl {} for {name}", text(of)));
                continue;
            }
            for member in &item.items {
                match member {
                    ImplItem::Fn(function) if is_public(&function.vis, &function.attrs) => {
                        self.lines.insert(format!("impl {name}: {}", text(&function.sig)));
                    }
                    ImplItem::Const(constant) if is_public(&constant.vis, &constant.attrs) => {
                        let line = format!(
                            "impl {name}: const {}: {}",
                            constant.ident,
                            text(&constant.ty)
                        );
                        self.lines.insert(line);
                    }
                    _ => {}
                }
            }
        }
        for child in &module.children {
            self.implementations(child);
        }
    }
}

fn is_public(visibility: &Visibility, attributes: &[Attribute]) -> bool {
    matches!(visibility, Visibility::Public(_)) && !is_conditional_or_hidden(attributes)
}

fn is_named(item: &Item, name: &str) -> bool {
    match item {
        Item::Struct(item) => item.ident == name,
        Item::Enum(item) => item.ident == name,
        Item::Trait(item) => item.ident == name,
        Item::Fn(item) => item.sig.ident == name,
        Item::Const(item) => item.ident == name,
        Item::Static(item) => item.ident == name,
        Item::Type(item) => item.ident == name,
        Item::Use(item) => text(&item.tree).ends_with(name),
        _ => false,
    }
}

fn place(path: &str) -> &str {
    if path.is_empty() { "the root" } else { path.trim_end_matches("::") }
}

/// What the attributes of a type promise: derived traits, and whether members can be added.
fn attributes(attributes: &[Attribute]) -> String {
    let promises = attributes.iter().filter_map(|attribute| match &attribute.meta {
        Meta::Path(path) if path.is_ident("non_exhaustive") => Some(": non-exhaustive".to_owned()),
        Meta::List(list) if list.path.is_ident("derive") => {
            Some(format!(": {}", text(&list.tokens)))
        }
        _ => None,
    });
    promises.collect()
}

/// Rust code on one line, without spaces that rustfmt would not write.
fn text(tokens: &impl ToTokens) -> String {
    let mut text = tokens.to_token_stream().to_string().replace('\n', " ");
    let tight = [
        (" :: ", "::"),
        (":: ", "::"),
        (" ::", "::"),
        (" < ", "<"),
        ("< ", "<"),
        (" >", ">"),
        (" ,", ","),
        ("& ", "&"),
        (" (", "("),
        ("( ", "("),
        (" )", ")"),
        (" :", ":"),
        ("[ ", "["),
        (" ]", "]"),
        (" ;", ";"),
        ("' ", "'"),
        (" - > ", " -> "),
        (" ->", " -> "),
        ("  ", " "),
        ("->", "-> "),
        ("  ", " "),
        (", >", ">"),
        (",)", ")"),
    ];
    for (loose, tight) in tight {
        text = text.replace(loose, tight);
    }
    text
}
