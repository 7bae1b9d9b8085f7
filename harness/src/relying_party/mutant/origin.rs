//! Wrong comparisons of the origin.

use url::Url;

use super::{Kind, Mutant, loosely};
use crate::relying_party::verify::Run::{self, Verify};
use crate::relying_party::verify::{Evidence, Finding, shared};

pub(super) fn all() -> Vec<Mutant> {
    let flaws: [(&str, &str, Run); 11] = [
        ("suffix", "takes any origin that ends in its host", Verify(suffix)),
        ("prefix", "takes any origin that starts with its own", Verify(prefix)),
        ("contains", "takes any origin that contains its host", Verify(contains)),
        ("host-only", "compares hosts only", Verify(host_only)),
        ("port-ignored", "ignores the port", Verify(port_ignored)),
        ("scheme-ignored", "ignores the scheme", Verify(scheme_ignored)),
        ("case-insensitive", "compares without regard to case", Verify(case_insensitive)),
        ("subdomain", "takes every subdomain", Verify(subdomain)),
        ("parent-domain", "takes every parent domain", Verify(parent_domain)),
        ("under-rp-id", "takes every host under its RP id", Verify(under_rp_id)),
        ("from-header", "expects what the Origin header says", Verify(from_header)),
    ];
    let each = |(flaw, summary, run)| {
        Mutant::each(&["7.1/9", "7.2/12"], Kind::WrongVersion, flaw, summary, run)
    };
    flaws.into_iter().flat_map(each).collect()
}

/// Takes what the rule says of the sent origin and an expected one.
fn by(e: &Evidence<'_>, rule: impl Fn(&str, &str) -> bool) -> Finding {
    loosely(e, shared::origin, |e| {
        let sent = e.text("origin");
        sent.is_some_and(|sent| e.config.origins.iter().any(|expected| rule(&sent, expected)))
    })
}

/// As [`by`], of origins that are URLs.
fn by_url(e: &Evidence<'_>, rule: impl Fn(&Url, &Url) -> bool) -> Finding {
    by(e, |sent, expected| match (Url::parse(sent), Url::parse(expected)) {
        (Ok(sent), Ok(expected)) => rule(&sent, &expected),
        _ => false,
    })
}

/// Host and port as they are written.
fn authority(origin: &str) -> &str {
    origin.split_once("://").map_or(origin, |(_, authority)| authority)
}

fn suffix(e: &Evidence<'_>) -> Finding {
    by(e, |sent, expected| sent.ends_with(authority(expected)))
}

fn prefix(e: &Evidence<'_>) -> Finding {
    by(e, |sent, expected| sent.starts_with(expected))
}

fn contains(e: &Evidence<'_>) -> Finding {
    by(e, |sent, expected| sent.contains(authority(expected)))
}

fn host_only(e: &Evidence<'_>) -> Finding {
    by_url(e, |sent, expected| sent.host() == expected.host())
}

fn port_ignored(e: &Evidence<'_>) -> Finding {
    by_url(e, |sent, expected| sent.scheme() == expected.scheme() && sent.host() == expected.host())
}

fn scheme_ignored(e: &Evidence<'_>) -> Finding {
    by(e, |sent, expected| authority(sent) == authority(expected))
}

fn case_insensitive(e: &Evidence<'_>) -> Finding {
    by(e, |sent, expected| sent.eq_ignore_ascii_case(expected))
}

fn subdomain(e: &Evidence<'_>) -> Finding {
    by_url(e, |sent, expected| same_but_host(sent, expected) && is_under(sent, host(expected)))
}

fn parent_domain(e: &Evidence<'_>) -> Finding {
    by_url(e, |sent, expected| same_but_host(sent, expected) && is_under(expected, host(sent)))
}

fn under_rp_id(e: &Evidence<'_>) -> Finding {
    by_url(e, |sent, expected| {
        let rp_id = &e.config.rp_id;
        same_but_host(sent, expected) && (host(sent) == rp_id || is_under(sent, rp_id))
    })
}

fn from_header(e: &Evidence<'_>) -> Finding {
    loosely(e, shared::origin, |e| {
        e.http_origin.is_some() && e.text("origin").as_deref() == e.http_origin
    })
}

fn host(url: &Url) -> &str {
    url.host_str().unwrap_or_default()
}

fn same_but_host(one: &Url, other: &Url) -> bool {
    one.scheme() == other.scheme() && one.port() == other.port()
}

fn is_under(url: &Url, domain: &str) -> bool {
    host(url).strip_suffix(domain).is_some_and(|labels| labels.ends_with('.'))
}
