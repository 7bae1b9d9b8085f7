//! Pages as an adapter reads them: elements by selector, and forms as a
//! browser submits them.
//!
//! A page is read as a row of elements, each with its parent, without the
//! corrections that a browser's tree construction makes: enough to find a
//! token, a form or a script. Depth, number and text of the elements are
//! bounded, so that time and memory stay linear in the size of the page.

use std::collections::BTreeMap;
use std::iter;
use std::ops::Range;

use html5gum::{DefaultEmitter, Token, Tokenizer};
use url::Url;

use super::adapter::Selector;
use super::redact::beginning;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct LoadedPage {
    pub(super) url: Url,
    pub(super) text: String,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Elements {
    all: Vec<Element>,
    text: String,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Element {
    pub(crate) name: String,
    pub(crate) attributes: BTreeMap<String, String>,
    /// The place of the text in it, within the text of the page.
    text: Range<usize>,
    parent: Option<usize>,
    inner: Range<usize>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct HtmlForm {
    pub(super) action: Url,
    pub(super) is_post: bool,
    pub(super) is_multipart: bool,
    /// The values of its controls, with their visibility for a user.
    pub(super) fields: Vec<Field>,
}

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

const LARGEST: usize = 4 << 20;
/// The most elements and attributes that are read.
const MOST: usize = 100_000;
/// The deepest that an element lies in others, as in browsers; a deeper one counts as its parent's
/// sibling.
const DEEPEST: usize = 512;

impl Elements {
    pub(crate) fn of(page: &str) -> Self {
        let mut emitter = DefaultEmitter::default();
        // The content of a script or a text area is text.
        emitter.naively_switch_states(true);
        let mut elements = Self::default();
        let mut open: Vec<usize> = Vec::new();
        let mut count = 0;
        for Ok(token) in Tokenizer::new_with_emitter(beginning(page, LARGEST), emitter) {
            match token {
                Token::StartTag(tag) => {
                    count += 1 + tag.attributes.len();
                    if count > MOST {
                        break;
                    }
                    let name = lossy(&tag.name);
                    let is_void = VOID.contains(&name.as_str());
                    let attributes = tag.attributes.iter();
                    let attributes = attributes.map(|(name, value)| (lossy(name), lossy(value)));
                    if open.len() == DEEPEST {
                        elements.close(&mut open, DEEPEST - 1);
                    }
                    let (here, next) = (elements.text.len(), elements.all.len() + 1);
                    elements.all.push(Element {
                        attributes: attributes.collect(),
                        text: here..here,
                        parent: open.last().copied(),
                        inner: next..next,
                        name,
                    });
                    if !is_void {
                        open.push(next - 1);
                    }
                }
                Token::EndTag(tag) => {
                    let is_it = |at: &usize| {
                        elements.all.get(*at).is_some_and(|one| *one.name.as_bytes() == **tag.name)
                    };
                    if let Some(depth) = open.iter().rposition(is_it) {
                        elements.close(&mut open, depth);
                    }
                }
                Token::String(text) => elements.text.push_str(&String::from_utf8_lossy(&text)),
                Token::Comment(_) | Token::Doctype(_) | Token::Error(_) => {}
            }
        }
        elements.close(&mut open, 0);
        elements
    }

    /// Ends the open elements from this depth on.
    fn close(&mut self, open: &mut Vec<usize>, depth: usize) {
        let next = self.all.len();
        for at in open.drain(depth..) {
            if let Some(element) = self.all.get_mut(at) {
                element.inner.end = next;
                element.text.end = self.text.len();
            }
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Element> {
        self.all.iter()
    }

    pub(super) fn text(&self, element: &Element) -> &str {
        self.text.get(element.text.clone()).unwrap_or_default()
    }

    /// Those that the selector means, in order.
    pub(super) fn selected(&self, selector: &Selector) -> impl Iterator<Item = &Element> {
        self.all.iter().filter(move |element| {
            selector.matches(element, || {
                let mut line: Vec<_> = self.around(element).collect();
                line.reverse();
                line
            })
        })
    }

    /// The elements around one, innermost first.
    fn around(&self, element: &Element) -> impl Iterator<Item = &Element> {
        let at = |at: usize| self.all.get(at);
        iter::successors(element.parent.and_then(at), move |one| one.parent.and_then(at))
    }

    fn within(&self, outer: &Element) -> impl Iterator<Item = &Element> {
        self.all.get(outer.inner.clone()).unwrap_or_default().iter()
    }
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

pub(super) fn form(page: &LoadedPage, selector: &Selector) -> Option<HtmlForm> {
    let elements = Elements::of(&page.text);
    let form = elements.selected(selector).find(|element| element.name == "form")?;
    let says = |name: &str| form.attributes.get(name).map(|value| value.trim()).unwrap_or_default();
    let id = form.attributes.get("id").map(String::as_str);
    let belongs = |(at, element): &(usize, &Element)| match element.attributes.get("form") {
        Some(named) => Some(named.as_str()) == id,
        None => form.inner.contains(at),
    };
    let controls = elements.iter().enumerate().filter(belongs);
    Some(HtmlForm {
        action: page.url.join(says("action")).ok()?,
        is_post: says("method").eq_ignore_ascii_case("post"),
        is_multipart: says("enctype").eq_ignore_ascii_case("multipart/form-data"),
        fields: controls.filter_map(|(_, one)| field(one, &elements)).collect(),
    })
}

/// The value that a control sends (HTML §4.10.22.4); a button sends nothing, since a script submits
/// the form.
fn field(element: &Element, elements: &Elements) -> Option<Field> {
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
        ("textarea", _) => elements.text(element).to_owned(),
        ("select", _) => chosen(element, elements)?,
        _ => return None,
    };
    Some(Field { name: name.to_owned(), value, is_hidden: kind == "hidden" })
}

fn chosen(select: &Element, elements: &Elements) -> Option<String> {
    let options = || elements.within(select).filter(|one| one.name == "option");
    let selected = options().find(|one| one.attributes.contains_key("selected"));
    let chosen = selected.or_else(|| options().next())?;
    let value = chosen.attributes.get("value").cloned();
    Some(value.unwrap_or_else(|| elements.text(chosen).trim().to_owned()))
}

pub(super) fn forms(text: &str) -> String {
    const SHOWN: usize = 10;
    let elements = Elements::of(text);
    let mut forms = elements.iter().filter(|element| element.name == "form");
    let shown = forms.by_ref().take(SHOWN).map(|form| {
        let attribute = |name: &str| form.attributes.get(name);
        match (attribute("id"), attribute("action")) {
            (Some(id), _) => format!("form#{id}"),
            (None, Some(action)) => format!("form[action={action:?}]"),
            (None, None) => "form".to_owned(),
        }
    });
    let shown: Vec<String> = shown.collect();
    match (shown.is_empty(), forms.count()) {
        (true, _) => "the page has no forms".to_owned(),
        (false, 0) => format!("the page has: {}", shown.join(", ")),
        (false, more) => format!("the page has: {} and {more} more", shown.join(", ")),
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

    fn page() -> LoadedPage {
        LoadedPage {
            url: Url::parse("https://passrig.test/a/b?c=d").unwrap(),
            text: PAGE.to_owned(),
        }
    }

    fn found(selector: &str) -> Vec<Element> {
        let selector = Selector::parse(selector).unwrap();
        Elements::of(PAGE).selected(&selector).cloned().collect()
    }

    #[test]
    fn elements_are_found_by_selector() {
        let attribute = |selector: &str, name: &str| found(selector)[0].attributes[name].clone();
        assert_eq!(attribute("meta[name=_csrf]", "content"), "t0&ken");
        assert_eq!(attribute("#login input[type=\"hidden\"]", "value"), "x \"1\"");
        assert_eq!(found("form input").len(), 7);
        assert_eq!(found("form#login div > input").len(), 6);
        assert_eq!(found("form > input").len(), 1);
        assert!(Elements::of(PAGE).text(&found("script")[0]).contains("\"</div>\""));
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

    #[test]
    fn elements_have_bounds() {
        let deep = Elements::of(&"<b>x".repeat(DEEPEST * 2));
        let around = |element| deep.around(element).count();
        assert_eq!(deep.iter().map(around).max(), Some(DEEPEST - 1));
        assert_eq!(deep.text(&deep.all[0]).len(), DEEPEST * 2);
        assert_eq!(Elements::of(&"<b>".repeat(MOST * 2)).all.len(), MOST);
        let attributes: String = (0..MOST).map(|n| format!("a{n} ")).collect();
        assert!(Elements::of(&format!("<b {attributes}>")).all.is_empty());
        assert_eq!(Elements::of(&"x".repeat(LARGEST * 2)).text.len(), LARGEST);
    }

    #[test]
    fn the_last_forms_of_many_are_counted() {
        assert!(forms(&"<form>".repeat(25)).ends_with("form, form and 15 more"));
    }

    proptest! {
        #[test]
        fn never_panics(text: String) {
            let page = LoadedPage { url: Url::parse("http://localhost").unwrap(), text };
            let _ = form(&page, &Selector::parse("form").unwrap());
            let _ = forms(&page.text);
        }
    }
}
