//! The modules of a crate, read from their files.

use std::fs;
use std::path::Path;

use syn::{Attribute, Item, Meta, Visibility};

/// A module with its items; those of child modules are in `children`.
pub(super) struct Module {
    pub(super) name: String,
    pub(super) is_public: bool,
    pub(super) items: Vec<Item>,
    pub(super) children: Vec<Module>,
}

/// The module of a `lib.rs`.
pub(super) fn read(file: &Path) -> Module {
    module("", true, file, file.parent().unwrap())
}

/// The module of a file; the files of its children are in `folder`.
fn module(name: &str, is_public: bool, file: &Path, folder: &Path) -> Module {
    let text = fs::read_to_string(file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
    let items = syn::parse_file(&text).unwrap().items;
    of_items(name, is_public, items, folder)
}

fn of_items(name: &str, is_public: bool, items: Vec<Item>, folder: &Path) -> Module {
    let mut module =
        Module { name: name.to_owned(), is_public, items: Vec::new(), children: Vec::new() };
    for item in items {
        let Item::Mod(child) = item else {
            module.items.push(item);
            continue;
        };
        if is_conditional_or_hidden(&child.attrs) {
            continue;
        }
        let name = child.ident.to_string();
        let is_public = matches!(child.vis, Visibility::Public(_));
        let below = folder.join(&name);
        module.children.push(match child.content {
            Some((_, items)) => of_items(&name, is_public, items, &below),
            None => {
                let files = [folder.join(format!("{name}.rs")), below.join("mod.rs")];
                let file = files.iter().find(|file| file.is_file());
                self::module(&name, is_public, file.unwrap(), &below)
            }
        });
    }
    module
}

/// Whether an item is for tests, fuzz targets or one platform only, or is hidden from the documentation.
pub(super) fn is_conditional_or_hidden(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| match &attribute.meta {
        Meta::List(list) if list.path.is_ident("cfg") => {
            let condition = list.tokens.to_string();
            condition == "test" || condition == "feature = \"fuzzing\""
        }
        Meta::List(list) if list.path.is_ident("doc") => list.tokens.to_string() == "hidden",
        _ => false,
    })
}
