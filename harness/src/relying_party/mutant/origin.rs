//! Mutants that compare the origin wrongly (§7.1 step 9, §7.2 step 12).

use url::Url;

use super::{Mutant, MutantKind, loosely};
use crate::relying_party::verify::Procedure::Verify;
use crate::relying_party::verify::{Evidence, StepResult, shared};

const BOTH: &[&str] = &["7.1/9", "7.2/12"];

#[rustfmt::skip]
pub(super) fn all() -> Vec<Mutant> {
    Mutant::list(MutantKind::WrongVersion, [
        (BOTH, "suffix", "takes any origin that ends in its host", Verify(suffix)),
        (BOTH, "prefix", "takes any origin that starts with its own", Verify(prefix)),
        (BOTH, "contains", "takes any origin that contains its host", Verify(contains)),
        (BOTH, "host-only", "compares hosts only", Verify(host_only)),
        (BOTH, "port-ignored", "ignores the port", Verify(port_ignored)),
        (BOTH, "scheme-ignored", "ignores the scheme", Verify(scheme_ignored)),
        (BOTH, "case-insensitive", "compares without regard to case", Verify(case_insensitive)),
        (BOTH, "subdomain", "takes every subdomain", Verify(subdomain)),
        (BOTH, "parent-domain", "takes every parent domain", Verify(parent_domain)),
        (BOTH, "under-rp-id", "takes every host under its RP id", Verify(under_rp_id)),
        (BOTH, "from-header", "expects what the Origin header says", Verify(from_header)),
    ])
}

/// Takes what the rule says of the sent origin and an expected one.
fn by(e: &Evidence<'_>, rule: impl Fn(&str, &str) -> bool) -> StepResult {
    loosely(e, shared::origin, |e| {
        let sent = e.text("origin");
        sent.is_some_and(|sent| e.config.origins.iter().any(|expected| rule(&sent, expected)))
    })
}

/// As [`by`], of origins that are URLs.
fn by_url(e: &Evidence<'_>, rule: impl Fn(&Url, &Url) -> bool) -> StepResult {
    by(e, |sent, expected| match (Url::parse(sent), Url::parse(expected)) {
        (Ok(sent), Ok(expected)) => rule(&sent, &expected),
        _ => false,
    })
}

/// Host and port as they are written.
fn authority(origin: &str) -> &str {
    origin.split_once("://").map_or(origin, |(_, authority)| authority)
}

fn suffix(e: &Evidence<'_>) -> StepResult {
    by(e, |sent, expected| sent.ends_with(authority(expected)))
}

fn prefix(e: &Evidence<'_>) -> StepResult {
    by(e, |sent, expected| sent.starts_with(expected))
}

fn contains(e: &Evidence<'_>) -> StepResult {
    by(e, |sent, expected| sent.contains(authority(expected)))
}

fn host_only(e: &Evidence<'_>) -> StepResult {
    by_url(e, |sent, expected| sent.host() == expected.host())
}

fn port_ignored(e: &Evidence<'_>) -> StepResult {
    by_url(e, |sent, expected| sent.scheme() == expected.scheme() && sent.host() == expected.host())
}

fn scheme_ignored(e: &Evidence<'_>) -> StepResult {
    by(e, |sent, expected| authority(sent) == authority(expected))
}

fn case_insensitive(e: &Evidence<'_>) -> StepResult {
    by(e, |sent, expected| sent.eq_ignore_ascii_case(expected))
}

fn subdomain(e: &Evidence<'_>) -> StepResult {
    by_url(e, |sent, expected| same_but_host(sent, expected) && is_under(sent, host(expected)))
}

fn parent_domain(e: &Evidence<'_>) -> StepResult {
    by_url(e, |sent, expected| same_but_host(sent, expected) && is_under(expected, host(sent)))
}

fn under_rp_id(e: &Evidence<'_>) -> StepResult {
    by_url(e, |sent, expected| {
        let rp_id = &e.config.rp_id;
        same_but_host(sent, expected) && (host(sent) == rp_id || is_under(sent, rp_id))
    })
}

fn from_header(e: &Evidence<'_>) -> StepResult {
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
