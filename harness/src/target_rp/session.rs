//! One browser adapter: its cookies, what it captured, and the page it is on.

use std::collections::BTreeMap;

use cookie_store::{CookieStore, RawCookie};
use http::{HeaderMap, Method, header};
use passrig_authenticator::client::domain;
use serde_json::Value;
use url::{Host, Url};

use super::page::LoadedPage;

/// A browser adapter.
#[derive(Clone, Debug, Default)]
pub struct Session {
    jar: CookieStore,
    variables: BTreeMap<String, Value>,
    page: Option<Url>,
    loaded: Option<LoadedPage>,
}

/// A cookie, and what its server said of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoredCookie<'a> {
    /// Its name.
    pub name: &'a str,
    /// Scripts cannot read it.
    pub http_only: bool,
    /// It travels over encrypted connections only.
    pub secure: bool,
    /// Requests of other sites do not carry it, and that was said outright.
    pub same_site: bool,
}

/// The relation of the page that makes a request to the page that it goes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    /// Scheme, host and port are the same.
    SameOrigin,
    /// Scheme and registrable domain are the same.
    SameSite,
    /// Neither.
    CrossSite,
}

/// The limits of browsers (RFC 6265bis §5.6 and §6.1): bytes of a name with its value, and cookies.
const LONGEST_COOKIE: usize = 4096;
const MOST_COOKIES: usize = 180;

impl Session {
    /// A fresh adapter, on the relying party's own pages.
    pub fn new() -> Self {
        Self::default()
    }

    /// Moves to another page: the requests from now on come from there, with
    /// its origin and with the cookies that a cross-site request carries.
    /// `None` goes back to the relying party's own pages.
    pub fn visit(&mut self, page: Option<Url>) {
        self.page = page;
    }

    /// The foreign page, if it is on one.
    pub fn page(&self) -> Option<&Url> {
        self.page.as_ref()
    }

    /// The page of the relying party that was loaded last.
    pub(super) fn loaded(&self) -> Option<&LoadedPage> {
        self.loaded.as_ref()
    }

    pub(super) fn load(&mut self, page: LoadedPage) {
        self.loaded = Some(page);
    }

    /// A captured variable.
    pub fn variable(&self, name: &str) -> Option<&Value> {
        self.variables.get(name)
    }

    pub(super) fn variables(&self) -> impl Iterator<Item = (&String, &Value)> {
        self.variables.iter()
    }

    /// Forgets a variable.
    pub(super) fn unset(&mut self, name: &str) {
        self.variables.remove(name);
    }

    /// Sets a variable.
    pub fn set(&mut self, name: impl Into<String>, value: Value) {
        self.variables.insert(name.into(), value);
    }

    /// The value of a cookie that the host of `url` has, under whatever path;
    /// of several the one with the longest.
    pub fn cookie(&self, name: &str, url: &Url) -> Option<&str> {
        let cookies = self.jar.iter_unexpired();
        let cookies = cookies.filter(|cookie| cookie.name() == name && cookie.domain.matches(url));
        cookies.max_by_key(|cookie| cookie.path.len()).map(|cookie| cookie.value())
    }

    /// The values of all cookies.
    pub fn cookie_values(&self) -> impl Iterator<Item = &str> {
        self.jar.iter_any().map(|cookie| cookie.value())
    }

    /// All cookies, by name.
    pub fn cookies(&self) -> Vec<StoredCookie<'_>> {
        let mut crumbs: Vec<_> =
            self.jar.iter_unexpired().map(|cookie| StoredCookie::of(cookie)).collect();
        crumbs.sort_by_key(|crumb| crumb.name);
        crumbs
    }

    /// Loses every cookie of this name.
    pub fn forget(&mut self, name: &str) {
        let named = self.jar.iter_any().filter(|cookie| cookie.name() == name);
        let places: Vec<(String, String)> =
            named.map(|cookie| (String::from(&cookie.domain), cookie.path.to_string())).collect();
        for (domain, path) in places {
            self.jar.remove(&domain, &path, name);
        }
    }

    /// The `Cookie` header of a request, if there is anything to send.
    /// Longest path first, as RFC 6265 §5.4 has it.
    pub fn cookie_header(&self, url: &Url, relation: Relation) -> Option<String> {
        let mut cookies = self.jar.matches(url);
        cookies.retain(|cookie| relation != Relation::CrossSite || is_for_other_sites(cookie));
        cookies.sort_by(|a, b| {
            let length = |path: &str| std::cmp::Reverse(path.len());
            (length(&a.path), a.name()).cmp(&(length(&b.path), b.name()))
        });
        let pairs: Vec<String> =
            cookies.iter().map(|cookie| format!("{}={}", cookie.name(), cookie.value())).collect();
        (!pairs.is_empty()).then(|| pairs.join("; "))
    }

    /// Keeps the cookies of an answer that a browser would keep.
    pub fn keep_cookies(&mut self, url: &Url, headers: &HeaderMap, relation: Relation) {
        let mut most = self.jar.iter_any().count();
        for line in headers.get_all(header::SET_COOKIE) {
            let text = match std::str::from_utf8(line.as_bytes()) {
                Ok(text) => text.to_owned(),
                Err(_) => String::from_utf8_lossy(line.as_bytes()).into_owned(),
            };
            let Ok(cookie) = RawCookie::parse(text) else { continue };
            let is_short = cookie.name().len() + cookie.value().len() <= LONGEST_COOKIE;
            if !is_short || most >= MOST_COOKIES && !self.has_room_for(&cookie) {
                continue;
            }
            most += 1;
            let foreign = relation == Relation::CrossSite && !is_for_other_sites(&cookie);
            if !foreign && is_acceptable(&cookie, url) {
                // A cookie for another host is not stored.
                let _ = self.jar.insert_raw(&cookie.into_owned(), url);
            }
        }
    }
}

impl Session {
    /// True if a session with many cookies has room for another one.
    fn has_room_for(&self, cookie: &RawCookie<'_>) -> bool {
        // One that is there already may be replaced or removed.
        let is_known = self.jar.iter_any().any(|known| known.name() == cookie.name());
        let room = if is_known { 2 * MOST_COOKIES } else { MOST_COOKIES };
        self.jar.iter_any().count() < room
    }
}

impl<'a> StoredCookie<'a> {
    fn of(cookie: &'a RawCookie<'_>) -> Self {
        Self {
            name: cookie.name(),
            http_only: cookie.http_only().unwrap_or(false),
            secure: cookie.secure().unwrap_or(false),
            same_site: cookie.same_site().is_some_and(|same_site| !same_site.is_none()),
        }
    }
}

/// A cookie without `SameSite` is `Lax` in today's browsers; a script's request is not a
/// navigation, so that only `None` travels.
fn is_for_other_sites(cookie: &RawCookie<'_>) -> bool {
    cookie.same_site().is_some_and(|same_site| same_site.is_none())
}

/// RFC 6265bis §5.7: what is secure comes over a trustworthy connection, and
/// the prefixes keep their promise.
fn is_acceptable(cookie: &RawCookie<'_>, url: &Url) -> bool {
    let secure = cookie.secure().unwrap_or(false);
    let name = cookie.name().to_ascii_lowercase();
    if cookie
        .domain()
        .is_some_and(|domain| is_public_suffix(domain) && url.host_str() != Some(domain))
    {
        return false;
    }
    if secure && !is_trustworthy(url) {
        return false;
    }
    if is_for_other_sites(cookie) && !secure {
        return false;
    }
    if name.starts_with("__host-") {
        return secure && cookie.domain().is_none() && cookie.path() == Some("/");
    }
    !name.starts_with("__secure-") || secure
}

fn is_public_suffix(domain: &str) -> bool {
    let domain = domain.trim_start_matches('.').to_ascii_lowercase();
    domain::is_public_suffix(&domain)
}

fn is_trustworthy(url: &Url) -> bool {
    url.scheme() == "https"
        || match url.host() {
            Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
            Some(Host::Ipv4(ip)) => ip.is_loopback(),
            Some(Host::Ipv6(ip)) => ip.is_loopback(),
            None => false,
        }
}

impl Relation {
    /// The relation of `page` to `target`.
    pub fn between(page: &Url, target: &Url) -> Self {
        if is_same_origin(page, target) {
            return Self::SameOrigin;
        }
        if page.scheme() == target.scheme() && site(page) == site(target) {
            return Self::SameSite;
        }
        Self::CrossSite
    }

    /// The value of `Sec-Fetch-Site`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SameOrigin => "same-origin",
            Self::SameSite => "same-site",
            Self::CrossSite => "cross-site",
        }
    }
}

/// True if two URLs of pages have one origin.
pub(super) fn is_same_origin(one: &Url, other: &Url) -> bool {
    one.scheme() == other.scheme()
        && one.host() == other.host()
        && one.port_or_known_default() == other.port_or_known_default()
}

/// The registrable domain, or the host where there is none.
fn site(url: &Url) -> String {
    match url.host() {
        Some(Host::Domain(name)) => domain::registrable_domain(name).unwrap_or(name).to_owned(),
        other => other.map(|host| host.to_string()).unwrap_or_default(),
    }
}

/// Methods that change nothing; browsers send no `Origin` with them to their
/// own origin, and no token against forgery is asked for.
pub(super) fn is_safe(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    /// The cookies of these that come back to `url`.
    fn kept(set_at: &str, relation: Relation, lines: &[&str]) -> Session {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(header::SET_COOKIE, line.parse().unwrap());
        }
        let mut session = Session::new();
        session.keep_cookies(&url(set_at), &headers, relation);
        session
    }

    #[test]
    fn prefixes_keep_their_promise() {
        let cases = [
            ("__Host-a=1; Secure; Path=/", true),
            ("__Host-a=1; Path=/", false),
            ("__Host-a=1; Secure", false),
            ("__Host-a=1; Secure; Path=/; Domain=passrig.test", false),
            ("__HOST-a=1; Path=/", false),
            ("__Secure-a=1; Secure", true),
            ("__Secure-a=1", false),
            ("a=1; SameSite=None", false),
            ("a=1; SameSite=None; Secure", true),
            ("a=1; Domain=other.test", false),
            ("a=1; Domain=passrig.test", true),
            ("a=1; Domain=test", false),
            ("a", false),
        ];
        for (line, keeps) in cases {
            let session = kept("https://login.passrig.test/x", Relation::SameOrigin, &[line]);
            assert_eq!(session.cookie_values().count() == 1, keeps, "{line}");
        }
    }

    #[test]
    fn secure_cookies_need_a_trustworthy_page() {
        for (page, keeps) in [
            ("http://passrig.test/", false),
            ("http://localhost:3000/", true),
            ("http://127.0.0.1:3000/", true),
            ("https://passrig.test/", true),
        ] {
            let session = kept(page, Relation::SameOrigin, &["a=1; Secure"]);
            assert_eq!(session.cookie("a", &url(page)).is_some(), keeps, "{page}");
        }
    }

    #[test]
    fn only_same_site_none_crosses_sites() {
        let lines = [
            "none=1; SameSite=None; Secure",
            "lax=1; SameSite=Lax",
            "strict=1; SameSite=Strict",
            "plain=1",
        ];
        let page = url("https://passrig.test/");
        let session = kept("https://passrig.test/", Relation::SameOrigin, &lines);
        let header = |relation| session.cookie_header(&page, relation);
        assert_eq!(header(Relation::CrossSite).as_deref(), Some("none=1"));
        let all = Some("lax=1; none=1; plain=1; strict=1");
        assert_eq!(header(Relation::SameSite).as_deref(), all);
        assert_eq!(header(Relation::SameOrigin).as_deref(), all);
        let foreign = kept("https://passrig.test/", Relation::CrossSite, &lines);
        assert_eq!(foreign.cookie_values().count(), 1);
    }

    #[test]
    fn longest_path_first_and_expiry() {
        let mut session = kept(
            "https://passrig.test/a/b",
            Relation::SameOrigin,
            &["x=1; Path=/", "x=2; Path=/a", "y=3; Path=/other"],
        );
        let page = url("https://passrig.test/a/b");
        let header = session.cookie_header(&page, Relation::SameOrigin);
        assert_eq!(header.as_deref(), Some("x=2; x=1"));
        let gone =
            HeaderMap::from_iter([(header::SET_COOKIE, "x=; Path=/a; Max-Age=0".parse().unwrap())]);
        session.keep_cookies(&page, &gone, Relation::SameOrigin);
        let header = session.cookie_header(&page, Relation::SameOrigin);
        assert_eq!(header.as_deref(), Some("x=1"));
    }

    #[test]
    fn cookies_keep_the_attributes_of_the_server() {
        let lines = ["a=1; HttpOnly; SameSite=Lax", "b=2; Secure; SameSite=None; Path=/x", "c=3"];
        let mut session = kept("https://passrig.test/", Relation::SameOrigin, &lines);
        let told: Vec<_> = session
            .cookies()
            .iter()
            .map(|c| (c.name, c.http_only, c.secure, c.same_site))
            .collect();
        let expected =
            [("a", true, false, true), ("b", false, true, false), ("c", false, false, false)];
        assert_eq!(told, expected);
        session.forget("b");
        assert_eq!(session.cookies().len(), 2);
    }

    #[test]
    fn relations() {
        let target = url("https://login.passrig.test/");
        for (page, relation) in [
            ("https://login.passrig.test/elsewhere", Relation::SameOrigin),
            ("https://login.passrig.test:8443/", Relation::SameSite),
            ("https://other.passrig.test/", Relation::SameSite),
            ("http://login.passrig.test/", Relation::CrossSite),
            ("https://passrig.example/", Relation::CrossSite),
        ] {
            assert_eq!(Relation::between(&url(page), &target), relation, "{page}");
        }
    }
}
