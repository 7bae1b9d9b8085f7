//! Selectors of elements of a page: a small part of those of CSS.

use crate::target_rp::page::Element;

/// Compound selectors side by side, such as `form#login > input[name=token]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selector {
    source: String,
    /// The outermost first, each with how it stands to the one before it.
    compounds: Vec<(Combinator, Compound)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Combinator {
    /// Somewhere inside.
    Descendant,
    /// Directly inside.
    Child,
}

/// The conditions on one element.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Compound {
    name: Option<String>,
    /// An attribute, and its value if one is given.
    attributes: Vec<(String, Option<String>)>,
    classes: Vec<String>,
}

impl Selector {
    /// Reads a selector; the error is what it cannot read.
    pub fn parse(source: &str) -> Result<Self, String> {
        let mut compounds = Vec::new();
        let mut combinator = Combinator::Descendant;
        for word in words(source) {
            match (word.as_str(), combinator) {
                (">", Combinator::Child) => return Err(word),
                (">", Combinator::Descendant) => {
                    combinator = Combinator::Child;
                    continue;
                }
                _ => {}
            }
            compounds.push((combinator, Compound::parse(&word)?));
            combinator = Combinator::Descendant;
        }
        let begins = compounds.first().is_some_and(|(first, _)| *first == Combinator::Descendant);
        match begins && combinator == Combinator::Descendant {
            true => Ok(Self { source: source.to_owned(), compounds }),
            false => Err(source.to_owned()),
        }
    }

    /// True if an element is meant; `around` gives those around it, outermost first.
    pub(in crate::target_rp) fn matches<'e>(
        &self,
        element: &'e Element,
        around: impl FnOnce() -> Vec<&'e Element>,
    ) -> bool {
        let Some(((combinator, last), before)) = self.compounds.split_last() else { return true };
        if !last.holds(element) {
            return false;
        }
        if before.is_empty() {
            return true;
        }
        // Marks the compounds up to which the parent, and any element around, meet the selector.
        let mut parent = vec![false; before.len()];
        let mut any = parent.clone();
        for element in around() {
            let mut here = Vec::with_capacity(before.len());
            for (at, (combinator, compound)) in before.iter().enumerate() {
                let outer = at.checked_sub(1);
                here.push(compound.holds(element) && combinator.is_met(outer, &parent, &any));
            }
            any.iter_mut().zip(&here).for_each(|(any, here)| *any |= here);
            parent = here;
        }
        combinator.is_met(before.len().checked_sub(1), &parent, &any)
    }
}

impl Combinator {
    /// True if the compound before, if there is one, is met where the combinator asks.
    fn is_met(self, before: Option<usize>, parent: &[bool], any: &[bool]) -> bool {
        let met = match self {
            Self::Child => parent,
            Self::Descendant => any,
        };
        before.is_none_or(|before| met.get(before).is_some_and(|met| *met))
    }
}

impl Compound {
    fn parse(word: &str) -> Result<Self, String> {
        let mut compound = Self::default();
        let mut rest = word;
        let name = ident(&mut rest);
        if !name.is_empty() {
            compound.name = Some(name.to_ascii_lowercase());
        } else if let Some(after) = rest.strip_prefix('*') {
            rest = after;
        }
        while !rest.is_empty() {
            let wrong = || Err(rest.to_owned());
            if let Some(after) = rest.strip_prefix('#') {
                rest = after;
                match ident(&mut rest) {
                    "" => return wrong(),
                    id => compound.attributes.push(("id".to_owned(), Some(id.to_owned()))),
                }
            } else if let Some(after) = rest.strip_prefix('.') {
                rest = after;
                match ident(&mut rest) {
                    "" => return wrong(),
                    class => compound.classes.push(class.to_owned()),
                }
            } else if let Some((inner, after)) =
                rest.strip_prefix('[').and_then(|inner| inner.split_once(']'))
            {
                let (name, value) = match inner.split_once('=') {
                    Some((name, value)) => (name, Some(value.trim_matches(['"', '\'']).to_owned())),
                    None => (inner, None),
                };
                let mut left = name;
                if ident(&mut left).is_empty() || !left.is_empty() {
                    return wrong();
                }
                compound.attributes.push((name.to_ascii_lowercase(), value));
                rest = after;
            } else {
                return wrong();
            }
        }
        Ok(compound)
    }

    fn holds(&self, element: &Element) -> bool {
        let attribute = |name: &str| element.attributes.get(name);
        let has = |class: &String| {
            attribute("class").is_some_and(|all| all.split_whitespace().any(|one| one == class))
        };
        self.name.as_ref().is_none_or(|name| *name == element.name)
            && self.classes.iter().all(has)
            && self.attributes.iter().all(|(name, wanted)| {
                attribute(name).is_some_and(|value| wanted.as_ref().is_none_or(|w| w == value))
            })
    }
}

/// Takes the name at the beginning.
fn ident<'t>(text: &mut &'t str) -> &'t str {
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_');
    let end = text.find(|c| !is_part(c)).unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    *text = rest;
    name
}

/// The parts between blanks, those in brackets kept together; `>` is one.
fn words(source: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut inside = false;
    for c in source.chars() {
        inside = match c {
            '[' => true,
            ']' => false,
            _ => inside,
        };
        match c {
            c if c.is_whitespace() && !inside => words.push(String::new()),
            '>' if !inside => words.extend([">".to_owned(), String::new()]),
            c => words.last_mut().into_iter().for_each(|word| word.push(c)),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

impl std::fmt::Display for Selector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.source)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn unsupported_selectors_are_errors() {
        for source in
            ["", ">", "a >", "> a", "a > > b", "#", ".", "a:hover", "a+b", "[x", "[=y]", "a{b"]
        {
            assert!(Selector::parse(source).is_err(), "{source}");
        }
        for source in ["a", "*", "#a.b[c='d e']", "a>b", "form input"] {
            assert!(Selector::parse(source).is_ok(), "{source}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(source: String) {
            let _ = Selector::parse(&source);
        }
    }
}
