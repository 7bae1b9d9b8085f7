//! Pages as an adapter reads them: elements by selector, and forms as a
//! browser submits them.
//!
//! A page is read as a row of elements, each with those around it, without the
//! corrections that a browser's tree construction makes: enough to find a
//! token, a form or a script.

use std::collections::BTreeMap;

use html5gum::{DefaultEmitter, Token, Tokenizer};
use url::Url;

use super::profile::Selector;

/// A page that was loaded, and from where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Page {
    pub(super) url: Url,
    pub(super) text: String,
}

/// An element of a page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Element {
    pub(super) name: String,
    pub(super) attributes: BTreeMap<String, String>,
    /// All text in it.
    pub(super) text: String,
    /// The places of the elements around it, outermost first.
    around: Vec<usize>,
}

/// A form as it would be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Form {
    pub(super) action: Url,
    pub(super) is_post: bool,
    pub(super) is_multipart: bool,
    /// What its controls hold, and whether a user sees them.
    pub(super) fields: Vec<Field>,
}

/// A control of a form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Field {
    pub(super) name: String,
    pub(super) value: String,
    pub(super) is_hidden: bool,
}

/// Elements without an end.
const VOID: [&str; 14] = [
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source",
    "track", "wbr",
];

/// The elements of a page, in order.
pub(super) fn elements(text: &str) -> Vec<Element> {
    let mut emitter = DefaultEmitter::default();
    // What stands in a script or a text area is text.
    emitter.naively_switch_states(true);
    let mut elements: Vec<Element> = Vec::new();
    let mut open: Vec<usize> = Vec::new();
    for Ok(token) in Tokenizer::new_with_emitter(text, emitter) {
        match token {
            Token::StartTag(tag) => {
                let name = lossy(&tag.name);
                let attributes = tag.attributes.iter();
                let attributes = attributes.map(|(name, value)| (lossy(name), lossy(value)));
                let element = Element {
                    attributes: attributes.collect(),
                    text: String::new(),
                    around: open.clone(),
                    name: name.clone(),
                };
                elements.push(element);
                if !VOID.contains(&name.as_str()) {
                    open.push(elements.len() - 1);
                }
            }
            Token::EndTag(tag) => {
                let name = lossy(&tag.name);
                let named = |at: &usize| elements.get(*at).is_some_and(|one| one.name == name);
                if let Some(depth) = open.iter().rposition(named) {
                    open.truncate(depth);
                }
            }
            Token::String(text) => {
                let text = lossy(&text);
                for at in &open {
                    if let Some(element) = elements.get_mut(*at) {
                        element.text.push_str(&text);
                    }
                }
            }
            Token::Comment(_) | Token::Doctype(_) | Token::Error(_) => {}
        }
    }
    elements
}

fn lossy(octets: &[u8]) -> String {
    String::from_utf8_lossy(octets).into_owned()
}

/// Those that the selector means, in order.
pub(super) fn selected<'e>(
    elements: &'e [Element],
    selector: &Selector,
) -> impl Iterator<Item = (usize, &'e Element)> {
    elements.iter().enumerate().filter(move |(_, element)| {
        let around = element.around.iter().filter_map(|at| elements.get(*at));
        selector.matches(element, around)
    })
}

/// The form that the selector means.
pub(super) fn form(page: &Page, selector: &Selector) -> Option<Form> {
    let elements = elements(&page.text);
    let (at, form) = selected(&elements, selector).find(|(_, element)| element.name == "form")?;
    let says = |name: &str| form.attributes.get(name).map(|value| value.trim()).unwrap_or_default();
    let id = form.attributes.get("id").map(String::as_str);
    let belongs = |element: &&Element| match element.attributes.get("form") {
        Some(named) => Some(named.as_str()) == id,
        None => element.around.contains(&at),
    };
    Some(Form {
        action: page.url.join(says("action")).ok()?,
        is_post: says("method").eq_ignore_ascii_case("post"),
        is_multipart: says("enctype").eq_ignore_ascii_case("multipart/form-data"),
        fields: elements.iter().filter(belongs).filter_map(|one| field(one, &elements)).collect(),
    })
}

/// What a control sends (HTML §4.10.22.4); a button sends nothing, since a
/// script submits the form.
fn field(element: &Element, elements: &[Element]) -> Option<Field> {
    let attribute = |name: &str| element.attributes.get(name).map(String::as_str);
    let name = attribute("name").filter(|name| !name.is_empty())?;
    if attribute("disabled").is_some() {
        return None;
    }
    let kind = attribute("type").unwrap_or("text").to_ascii_lowercase();
    let value = match (element.name.as_str(), kind.as_str()) {
        ("input", "submit" | "button" | "image" | "reset" | "file") => return None,
        ("input", "checkbox" | "radio") => {
            attribute("checked")?;
            attribute("value").unwrap_or("on").to_owned()
        }
        ("input", _) => attribute("value").unwrap_or_default().to_owned(),
        ("textarea", _) => element.text.clone(),
        ("select", _) => chosen(element, elements)?,
        _ => return None,
    };
    Some(Field { name: name.to_owned(), value, is_hidden: kind == "hidden" })
}

/// The option that is selected, or the first.
fn chosen(select: &Element, elements: &[Element]) -> Option<String> {
    let at = elements.iter().position(|element| std::ptr::eq(element, select))?;
    let mut options =
        elements.iter().filter(|one| one.name == "option" && one.around.contains(&at));
    let first = options.clone().next();
    let chosen = options.find(|one| one.attributes.contains_key("selected")).or(first)?;
    let value = chosen.attributes.get("value").cloned();
    Some(value.unwrap_or_else(|| chosen.text.trim().to_owned()))
}

/// The forms of a page and what they hold, for somebody who looked for another.
pub(super) fn forms(text: &str) -> String {
    let elements = elements(text);
    let shown = elements.iter().filter(|element| element.name == "form").map(|form| {
        let attribute = |name: &str| form.attributes.get(name);
        match (attribute("id"), attribute("action")) {
            (Some(id), _) => format!("form#{id}"),
            (None, Some(action)) => format!("form[action={action:?}]"),
            (None, None) => "form".to_owned(),
        }
    });
    let shown: Vec<String> = shown.collect();
    match shown.is_empty() {
        true => "the page has no forms".to_owned(),
        false => format!("the page has: {}", shown.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const PAGE: &str = r#"<!doctype html><title>Sign in</title>
        <meta name="_csrf" content="t0&amp;ken">
        <form id=search action=/search><input name=q></form>
        <form id="login" method="POST" action="?step=2"><div>
          <input type="hidden" name="code" value="x &quot;1&quot;">
          <input name="username" value=""><input type="password" name="password">
          <input type="checkbox" name="remember"><input type=checkbox name=terms checked>
          <select name="lang"><option value=de>Deutsch<option value=en selected>English</select>
          <textarea name="note"> <b>hi </textarea>
          <button name="go">Go</button><input type=submit name=send value=Send>
        </div></form>
        <input form="login" name="late" value="1"><input name="outside">
        <script>if (1 < 2) { options = {"challenge": "</div>"} }</script>"#;

    fn page() -> Page {
        Page { url: Url::parse("https://passrig.test/a/b?c=d").unwrap(), text: PAGE.to_owned() }
    }

    fn found(selector: &str) -> Vec<Element> {
        let elements = elements(PAGE);
        let selector = Selector::parse(selector).unwrap();
        selected(&elements, &selector).map(|(_, element)| element.clone()).collect()
    }

    #[test]
    fn elements_are_found_by_selector() {
        let attribute = |selector: &str, name: &str| found(selector)[0].attributes[name].clone();
        assert_eq!(attribute("meta[name=_csrf]", "content"), "t0&ken");
        assert_eq!(attribute("#login input[type=\"hidden\"]", "value"), "x \"1\"");
        assert_eq!(found("form input").len(), 7);
        assert_eq!(found("form#login div > input").len(), 6);
        assert_eq!(found("form > input").len(), 1);
        assert!(found("script")[0].text.contains("\"</div>\""));
        assert!(found("p").is_empty());
    }

    #[test]
    fn a_form_sends_what_its_controls_hold() {
        let form = form(&page(), &Selector::parse("#login").unwrap()).unwrap();
        assert_eq!(form.action.as_str(), "https://passrig.test/a/b?step=2");
        assert!(form.is_post && !form.is_multipart);
        let fields: Vec<_> =
            form.fields.iter().map(|f| (f.name.as_str(), f.value.as_str())).collect();
        let expected = [
            ("code", "x \"1\""),
            ("username", ""),
            ("password", ""),
            ("terms", "on"),
            ("lang", "en"),
            ("note", " <b>hi "),
            ("late", "1"),
        ];
        assert_eq!(fields, expected);
        assert!(super::form(&page(), &Selector::parse("#nothing").unwrap()).is_none());
        assert_eq!(forms(PAGE), "the page has: form#search, form#login");
    }

    proptest! {
        #[test]
        fn never_panics(text: String) {
            let page = Page { url: Url::parse("http://localhost").unwrap(), text };
            let _ = form(&page, &Selector::parse("form").unwrap());
            let _ = forms(&page.text);
        }
    }
}
