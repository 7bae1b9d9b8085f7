//! Requests as a browser sends them, and as a layout that deviations edit.

use std::borrow::Cow;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Uri, header};
use url::form_urlencoded::Serializer;
use url::{Position, Url};

use passrig_authenticator::wire::{Cbor, Json, Layout, Tree};

use super::session::{Relation, is_safe};

/// The harness says who it is; the rest is what servers expect of a browser.
const USER_AGENT: &str = concat!(
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) ",
    "Chrome/142.0.0.0 Safari/537.36 passrig/",
    env!("CARGO_PKG_VERSION")
);

/// A request before it is sent.
pub(super) struct RequestDraft {
    pub(super) method: Method,
    pub(super) url: Url,
    headers: Vec<(Cow<'static, str>, Vec<u8>)>,
    payload: Payload,
    /// True if a browser asks the target before it sends this (Fetch §4.8).
    pub(super) asks_first: bool,
}

/// The body of a request.
#[derive(Clone)]
pub(super) enum Payload {
    Empty,
    Json(Json),
    Cbor(Cbor),
    Text(String),
    Form(String),
    Multipart(Vec<u8>),
}

/// Between the fields of a multipart body; no field of ours has it in it.
const BOUNDARY: &str = "----WebKitFormBoundaryPassrigPassrig00";

impl Payload {
    pub(super) fn form(fields: &[(String, String)]) -> Self {
        Self::Form(Serializer::new(String::new()).extend_pairs(fields).finish())
    }

    /// Fields as `multipart/form-data` (RFC 7578).
    pub(super) fn multipart(fields: &[(String, String)]) -> Self {
        let mut body = String::new();
        for (name, value) in fields {
            let name = name.replace('"', "%22");
            body.push_str(&format!(
                "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
            ));
        }
        body.push_str(&format!("--{BOUNDARY}--\r\n"));
        Self::Multipart(body.into_bytes())
    }
}

pub(super) struct Sender<'a> {
    /// The origin of the page, as its `Origin` header has it.
    pub(super) origin: String,
    pub(super) relation: Relation,
    /// The check that the request belongs to, where requests name it.
    pub(super) check: Option<&'a str>,
    pub(super) cookies: Option<String>,
    /// True if the page is one of another origin, to which CORS applies.
    pub(super) is_foreign: bool,
    /// True if the request has headers that the adapter adds.
    pub(super) has_own_headers: bool,
}

impl RequestDraft {
    /// A request with the headers of a browser: that of a script for JSON,
    /// that of a page for a form.
    pub(super) fn new(method: Method, url: Url, payload: Payload, sender: Sender<'_>) -> Self {
        let simple = matches!(method, Method::GET | Method::HEAD | Method::POST);
        let asks_first = sender.is_foreign && (!simple || sender.has_own_headers);
        let mut draft = Self { method, url, headers: Vec::new(), payload, asks_first };
        let form = matches!(draft.payload, Payload::Form(_) | Payload::Multipart(_));
        let accept = if form {
            "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
        } else {
            "application/json, text/plain, */*"
        };
        draft.set("host", draft.url[Position::BeforeHost..Position::AfterPort].to_owned());
        draft.set("user-agent", USER_AGENT);
        draft.set("accept", accept);
        draft.set("accept-language", "en-US,en;q=0.9");
        match &draft.payload {
            Payload::Empty => {}
            // A foreign page may send this without asking first (Fetch §2.2.2).
            Payload::Json(_) if sender.is_foreign && !draft.asks_first => {
                draft.set("content-type", "text/plain;charset=UTF-8");
            }
            Payload::Json(_) => draft.set("content-type", "application/json"),
            Payload::Cbor(_) => draft.set("content-type", "application/cbor"),
            Payload::Text(_) => draft.set("content-type", "text/plain;charset=UTF-8"),
            Payload::Form(_) => draft.set("content-type", "application/x-www-form-urlencoded"),
            Payload::Multipart(_) => {
                draft.set("content-type", format!("multipart/form-data; boundary={BOUNDARY}"));
            }
        }
        // A native app has no page: its requests lack the headers that a browser adds for a page.
        let is_page = sender.origin.starts_with("http");
        if is_page {
            if !is_safe(&draft.method) || sender.relation != Relation::SameOrigin {
                draft.set("origin", sender.origin.clone());
            }
            // The default policy sends other origins no more than this, and
            // the pages of the emulated client have no path.
            draft.set("referer", format!("{}/", sender.origin));
            draft.set("sec-fetch-site", sender.relation.as_str());
            draft.set("sec-fetch-mode", if form { "navigate" } else { "cors" });
            draft.set("sec-fetch-dest", if form { "document" } else { "empty" });
        }
        if let Some(cookies) = sender.cookies {
            draft.set("cookie", cookies);
        }
        if let Some(check) = sender.check {
            draft.set("x-passrig-check", check);
        }
        draft
    }

    /// The question that a browser asks first.
    pub(super) fn preflight(&self, sender: Sender<'_>) -> Self {
        let sender = Sender { is_foreign: false, cookies: None, ..sender };
        let mut draft = Self::new(Method::OPTIONS, self.url.clone(), Payload::Empty, sender);
        draft.set("access-control-request-method", self.method.as_str());
        draft
    }

    /// The method and the payload that a redirect may have sent again.
    pub(super) fn again(&self) -> (Method, Payload) {
        (self.method.clone(), self.payload.clone())
    }

    /// Sets a header, in the place of one of that name.
    pub(super) fn set(&mut self, name: impl Into<Cow<'static, str>>, value: impl Into<Vec<u8>>) {
        let (name, value) = (name.into(), value.into());
        match self.headers.iter_mut().find(|(known, _)| *known == name) {
            Some((_, old)) => *old = value,
            None => self.headers.push((name, value)),
        }
    }

    /// The layout: `method`, `path`, `header`, `body`.
    pub(super) fn into_layout(self) -> Layout {
        let path = &self.url[Position::BeforePath..Position::AfterQuery];
        let headers = self.headers.into_iter().map(|(name, value)| (name, Tree::Bytes(value)));
        let body = match self.payload {
            Payload::Empty => Tree::Bytes(Vec::new()),
            Payload::Json(json) => Tree::Json(json),
            Payload::Cbor(cbor) => Tree::Cbor(cbor),
            Payload::Text(text) | Payload::Form(text) => Tree::Bytes(text.into_bytes()),
            Payload::Multipart(octets) => Tree::Bytes(octets),
        };
        Layout::new()
            .with("method", Tree::Bytes(self.method.as_str().as_bytes().to_vec()))
            .with("path", Tree::Bytes(path.as_bytes().to_vec()))
            .with("header", Tree::Layout(Layout { fields: headers.collect() }))
            .with("body", body)
    }
}

/// The request that a layout describes; the error says why HTTP cannot carry
/// it. The length always follows the body.
pub(super) fn sendable(url: &Url, artefact: Tree) -> Result<Request<Bytes>, String> {
    let Tree::Layout(mut layout) = artefact else {
        return Err("it is no longer made of method, path, header and body".into());
    };
    let mut part = |name| {
        let at = layout.fields.iter().position(|(known, _)| known == name)?;
        Some(layout.fields.remove(at).1)
    };
    let method = part("method").ok_or("it has no method")?.into_octets();
    let path = part("path").map_or_else(|| b"/".to_vec(), Tree::into_octets);
    let body = part("body").map(Tree::into_octets).unwrap_or_default();
    let mut headers = HeaderMap::new();
    if let Some(Tree::Layout(fields)) = part("header") {
        for (text, value) in fields.fields {
            let name = HeaderName::from_bytes(text.as_bytes())
                .map_err(|_| format!("`{text}` is not the name of a header"))?;
            let value = HeaderValue::from_maybe_shared(Bytes::from(value.into_octets()))
                .map_err(|_| format!("the value of `{text}` cannot stand in a header"))?;
            if name != header::CONTENT_LENGTH && name != header::TRANSFER_ENCODING {
                headers.try_append(name, value).map_err(|error| error.to_string())?;
            }
        }
    }
    if !body.is_empty() {
        let length = body.len().into();
        headers.try_insert(header::CONTENT_LENGTH, length).map_err(|error| error.to_string())?;
    }
    let request = Request::builder().method(method.as_slice()).uri(uri(url, path)?);
    let mut request = request.body(Bytes::from(body)).map_err(|error| error.to_string())?;
    *request.headers_mut() = headers;
    Ok(request)
}

/// True if a receiver cannot distinguish the requests; the order of headers counts.
pub(super) fn are_equal(one: &Request<Bytes>, other: &Request<Bytes>) -> bool {
    one.method() == other.method()
        && one.uri() == other.uri()
        && one.headers().iter().eq(other.headers())
        && one.body() == other.body()
}

fn uri(url: &Url, path: Vec<u8>) -> Result<Uri, String> {
    Uri::builder()
        .scheme(url.scheme())
        .authority(&url[Position::BeforeHost..Position::AfterPort])
        .path_and_query(path)
        .build()
        .map_err(|error| format!("the path cannot stand in a request line: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invalid_header_values_are_errors() {
        let refused = |headers: Vec<(Cow<'static, str>, Tree)>| {
            let layout = Layout::new()
                .with("method", Tree::Bytes(b"POST".to_vec()))
                .with("header", Tree::Layout(Layout { fields: headers }))
                .with("body", Tree::Bytes(b"{}".to_vec()));
            let url = Url::parse("http://localhost").unwrap();
            sendable(&url, Tree::Layout(layout)).unwrap_err()
        };
        let value = |octets: &[u8]| Tree::Bytes(octets.to_vec());
        let name = refused(vec![("x y".into(), value(b""))]);
        assert_eq!(name, "`x y` is not the name of a header");
        let octets = refused(vec![("x".into(), value(b"\n"))]);
        assert_eq!(octets, "the value of `x` cannot stand in a header");
        let many = (0..40_000).map(|n| (format!("x-{n}").into(), value(b"")));
        assert_eq!(refused(many.collect()), "max size reached");
    }
}
