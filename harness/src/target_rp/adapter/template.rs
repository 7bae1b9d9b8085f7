//! Strings and values with `{{variables}}` in them. `{{"{{"}}` stands for `{{` itself.

use serde_json::Number;

/// A string of literal text and variables.
#[derive(Clone, Debug, PartialEq)]
pub struct Text(pub Vec<Part>);

/// A piece of a [`Text`].
#[derive(Clone, Debug, PartialEq)]
pub enum Part {
    /// Text that stays as it is.
    Literal(String),
    /// A place to be filled in.
    Variable(Variable),
}

/// `{{name}}`, `{{name?}}` for one that may be absent, `{{name|text}}` and
/// `{{name|joined}}` for one that becomes a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variable {
    /// The dotted name.
    pub name: String,
    /// True if its member is left out when the variable is not set.
    pub optional: bool,
    /// The form of its value.
    pub form: ValueForm,
}

/// The form that a variable's value takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueForm {
    /// It stays what it is, where a value can stand.
    AsItIs,
    /// A text, with its JSON in it.
    Text,
    /// A list becomes a text, with commas between its items.
    Joined,
}

/// A value of a body.
#[derive(Clone, Debug, PartialEq)]
pub enum ValueTemplate {
    /// A string.
    Text(Text),
    /// A string that is one variable and nothing else; the variable's value
    /// takes its place, whatever its type.
    Whole(Variable),
    /// A number.
    Number(Number),
    /// `true` or `false`
    Bool(bool),
    /// An array.
    Array(Vec<ValueTemplate>),
    /// An object, members in order.
    Object(Vec<(String, ValueTemplate)>),
}

/// The error of a string that is not a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Error {
    Open,
    /// The text between the braces is not a name.
    Name(String),
}

/// Between braces: the two braces that begin a variable, as literal text.
const BRACES: &str = "\"{{\"";

/// Adds literal text to the literal text before it.
fn push(parts: &mut Vec<Part>, literal: &str) {
    match parts.last_mut() {
        _ if literal.is_empty() => {}
        Some(Part::Literal(before)) => before.push_str(literal),
        _ => parts.push(Part::Literal(literal.to_owned())),
    }
}

impl Text {
    pub(super) fn parse(source: &str) -> Result<Self, Error> {
        let mut parts = Vec::new();
        let mut rest = source;
        while let Some((literal, tail)) = rest.split_once("{{") {
            let (inner, after) = tail.split_once("}}").ok_or(Error::Open)?;
            push(&mut parts, literal);
            match inner.trim() {
                BRACES => push(&mut parts, "{{"),
                name => parts.push(Part::Variable(Variable::parse(name)?)),
            }
            rest = after;
        }
        push(&mut parts, rest);
        Ok(Self(parts))
    }

    /// The variables in it.
    pub fn variables(&self) -> impl Iterator<Item = &Variable> {
        self.0.iter().filter_map(|part| match part {
            Part::Variable(variable) => Some(variable),
            Part::Literal(_) => None,
        })
    }

    /// The variable, if there is nothing else.
    pub(super) fn whole(&self) -> Option<&Variable> {
        match self.0.as_slice() {
            [Part::Variable(variable)] => Some(variable),
            _ => None,
        }
    }
}

impl ValueTemplate {
    /// The variables in it.
    pub fn variables(&self) -> Vec<&Variable> {
        match self {
            Self::Number(_) | Self::Bool(_) => Vec::new(),
            Self::Text(text) => text.variables().collect(),
            Self::Whole(variable) => vec![variable],
            Self::Array(items) => items.iter().flat_map(Self::variables).collect(),
            Self::Object(members) => members.iter().flat_map(|(_, v)| v.variables()).collect(),
        }
    }
}

impl Variable {
    fn parse(inner: &str) -> Result<Self, Error> {
        let trimmed = inner.trim();
        let (named, form) = match trimmed.split_once('|') {
            Some((named, "text")) => (named, ValueForm::Text),
            Some((named, "joined")) => (named, ValueForm::Joined),
            _ => (trimmed, ValueForm::AsItIs),
        };
        let (name, optional) = match named.strip_suffix('?') {
            Some(name) => (name, true),
            None => (named, false),
        };
        let word = |word: &str| {
            !word.is_empty() && word.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        };
        if !name.split('.').all(word) {
            return Err(Error::Name(trimmed.to_owned()));
        }
        Ok(Self { name: name.to_owned(), optional, form })
    }

    /// The path below the credential, if this is the credential or a member.
    pub fn credential_path(&self) -> Option<&str> {
        match self.name.strip_prefix("credential") {
            Some("") => Some(""),
            Some(rest) => rest.strip_prefix('.'),
            None => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn parts() {
        let text = Text::parse("/users/{{ user.id }}/x").unwrap();
        assert_eq!(text.variables().map(|v| v.name.as_str()).collect::<Vec<_>>(), ["user.id"]);
        assert!(Text::parse("{{name?}}").unwrap().whole().unwrap().optional);
        let form = |source| Text::parse(source).unwrap().whole().unwrap().form;
        assert_eq!(form("{{name}}"), ValueForm::AsItIs);
        assert_eq!(form("{{name?|text}}"), ValueForm::Text);
        assert_eq!(form("{{name|joined}}"), ValueForm::Joined);
        assert_eq!(Text::parse("{{a|b}}"), Err(Error::Name("a|b".into())));
        assert!(Text::parse("a {{name?}}").unwrap().whole().is_none());
        assert_eq!(Text::parse("{{name"), Err(Error::Open));
        assert_eq!(Text::parse("{{a b}}"), Err(Error::Name("a b".into())));
    }

    #[test]
    fn braces_can_be_meant() {
        for (source, text) in [
            (r#"{{"{{"}}"#, "{{"),
            (r#"{{ "{{" }}password}}"#, "{{password}}"),
            (r#"a{{"{{"}}{{"{{"}}{b"#, "a{{{{{b"),
        ] {
            let parsed = Text::parse(source).unwrap();
            assert_eq!(parsed.0, [Part::Literal(text.to_owned())], "{source}");
        }
        assert_eq!(Text::parse(r#"{{"{{"}}{{name}}"#).unwrap().variables().count(), 1);
    }

    proptest! {
        #[test]
        fn every_text_can_be_written(source in "[{}\"a ]{0,12}") {
            let written = source.replace("{{", "{{\"{{\"}}");
            let parts = Text::parse(&written).unwrap().0;
            let literal = (!source.is_empty()).then_some(Part::Literal(source));
            prop_assert_eq!(parts, literal.into_iter().collect::<Vec<_>>());
        }

        #[test]
        fn never_panics(source: String) {
            let _ = Text::parse(&source);
        }

        #[test]
        fn text_without_braces_is_literal(source in "[^{}]+") {
            prop_assert_eq!(Text::parse(&source).unwrap().0, vec![Part::Literal(source)]);
        }
    }
}
