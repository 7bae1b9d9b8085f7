//! Scenarios about the file of related origins (§5.11), and about the origins that it lists.

use std::collections::BTreeSet;

use http::header::{CONTENT_TYPE, LOCATION};
use serde_json::json;
use url::Url;

use super::{Context, Observations};
use crate::actor::{Actor, AttemptError, Result};
use crate::target_rp::transport::HttpResponse;

/// The number of labels that every client reads (§5.11.1).
const LABELS: usize = 5;

pub(super) async fn open(ctx: &mut Context<'_>) -> Result<Observations> {
    let mut actor = ctx.registered("subject").await?;
    let url = place(ctx, &mut actor).await?;
    let bare = read(ctx, &mut actor, &url, false).await?;
    if !is_file(&bare) && !bare.status.is_redirection() {
        // Cookies belong to the RP's own host, not to the RP ID.
        let mut own = ctx.world.target.base().clone();
        own.set_path(url.path());
        let known = read(ctx, &mut actor, &own, true).await?;
        if !is_file(&known) {
            return Err(ABSENT);
        }
        return Ok(ctx.seen(false, "only who is signed in gets the file"));
    }
    Ok(ctx.seen(true, "everybody gets the file"))
}

pub(super) async fn redirect(ctx: &mut Context<'_>) -> Result<Observations> {
    let mut actor = ctx.registered("subject").await?;
    let url = place(ctx, &mut actor).await?;
    let first = read(ctx, &mut actor, &url, false).await?;
    if !is_file(&first) && !first.status.is_redirection() {
        return Err(ABSENT);
    }
    let next = first.header(LOCATION).filter(|_| first.status.is_redirection());
    let next = next.and_then(|location| url.join(location).ok());
    let is_valid = next.as_ref().is_none_or(|next| next.scheme() == url.scheme());
    if next.is_some() && is_valid && !leads_to_file(ctx, &mut actor, &url).await? {
        // To a page of the site, perhaps to sign in.
        return Err(ABSENT);
    }
    let remark = next.map_or("no redirect".to_owned(), |next| format!("it redirects to {next}"));
    Ok(ctx.seen(is_valid, remark))
}

async fn leads_to_file(ctx: &mut Context<'_>, actor: &mut Actor, url: &Url) -> Result<bool> {
    match file(ctx, actor, url).await {
        Ok(_) => Ok(true),
        Err(AttemptError::NoFeature(_)) => Ok(false),
        Err(error) => Err(error),
    }
}

pub(super) async fn kind(ctx: &mut Context<'_>) -> Result<Observations> {
    let response = subject_reads(ctx).await?;
    let kind = response.header(CONTENT_TYPE).unwrap_or("none").to_owned();
    let is_json = kind
        .split(';')
        .next()
        .is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"));
    Ok(ctx.seen(is_json, format!("its type is {kind}")))
}

pub(super) async fn shape(ctx: &mut Context<'_>) -> Result<Observations> {
    let response = subject_reads(ctx).await?;
    let is_valid = origins(&response).is_some();
    Ok(ctx.seen(is_valid, "an object whose `origins` is a list of texts is due"))
}

pub(super) async fn labels(ctx: &mut Context<'_>) -> Result<Observations> {
    let listed = subject_lists(ctx).await?;
    let labels: BTreeSet<_> = listed.iter().filter_map(|origin| label(origin)).collect();
    let remark = format!("it has {} labels: {}", labels.len(), join(&labels));
    Ok(ctx.seen(labels.len() <= LABELS, remark))
}

pub(super) async fn own(ctx: &mut Context<'_>) -> Result<Observations> {
    let listed = subject_lists(ctx).await?;
    let own = ctx.world.origin.to_string();
    let remark = format!("{own} is not in it");
    Ok(ctx.seen(listed.contains(&own), remark))
}

pub(super) async fn plain(ctx: &mut Context<'_>) -> Result<Observations> {
    let listed = subject_lists(ctx).await?;
    let odd: BTreeSet<_> = listed.into_iter().filter(|origin| !is_plain(origin)).collect();
    Ok(ctx.seen(odd.is_empty(), format!("no client reads these as origins: {}", join(&odd))))
}

/// A ceremony on the page of a related origin.
pub(super) async fn served(ctx: &mut Context<'_>) -> Result<Observations> {
    let ceremony = ctx.check.ceremony;
    let mut actor = ctx.subject().await?;
    let url = place(ctx, &mut actor).await?;
    let response = file(ctx, &mut actor, &url).await?;
    let own = ctx.world.origin.to_string();
    let listed = origins(&response).unwrap_or_default();
    let related = listed.into_iter().find(|origin| *origin != own && is_plain(origin));
    let related = related.ok_or(ABSENT)?;
    let edits = json!([{ "at": "client_data.origin", "set": related }]);
    Ok(Observations::of(ctx.attempt(&mut actor, ceremony, edits).await?))
}

/// True if the text is an origin as browsers write it, so that they find it.
fn is_plain(text: &str) -> bool {
    let Ok(url) = Url::parse(text) else { return false };
    !text.contains('*')
        && matches!(url.scheme(), "https" | "http")
        && url.origin().ascii_serialization() == text
}

/// The label of an origin: the part before the public suffix of its host.
/// Without a list of suffixes, one of two short parts is taken for one.
fn label(origin: &str) -> Option<String> {
    let url = Url::parse(origin).ok()?;
    let mut parts: Vec<_> = url.host_str()?.split('.').collect();
    let top = parts.pop()?;
    let second = parts.pop().unwrap_or(top);
    let is_suffix = ["ac", "co", "com", "edu", "go", "gov", "net", "or", "org"].contains(&second);
    let label = if is_suffix { parts.pop().unwrap_or(second) } else { second };
    Some(label.to_owned())
}

async fn subject_lists(ctx: &mut Context<'_>) -> Result<Vec<String>> {
    let response = subject_reads(ctx).await?;
    origins(&response).ok_or(ABSENT)
}

async fn subject_reads(ctx: &mut Context<'_>) -> Result<HttpResponse> {
    let mut actor = ctx.registered("subject").await?;
    let url = place(ctx, &mut actor).await?;
    file(ctx, &mut actor, &url).await
}

/// The file, also behind redirects.
async fn file(ctx: &mut Context<'_>, actor: &mut Actor, url: &Url) -> Result<HttpResponse> {
    let mut url = url.clone();
    for _ in 0..5 {
        let response = read(ctx, actor, &url, false).await?;
        if is_file(&response) {
            return Ok(response);
        }
        let next = response.header(LOCATION).filter(|_| response.status.is_redirection());
        let next = next.and_then(|location| url.join(location).ok());
        url = next.filter(|next| next.scheme() == url.scheme()).ok_or(ABSENT)?;
    }
    Err(ABSENT)
}

/// The host that browsers ask is that of the RP id.
async fn place(ctx: &mut Context<'_>, actor: &mut Actor) -> Result<Url> {
    ctx.begin(actor, ctx.check.ceremony).await?;
    let mut url = ctx.world.target.base().clone();
    let id = actor.known.rp_id.clone().unwrap_or_default();
    if url.host_str().is_some_and(|host| host.ends_with(&format!(".{id}")))
        && url.set_host(Some(&id)).is_err()
    {
        return Err(ABSENT);
    }
    url.set_path("/.well-known/webauthn");
    Ok(url)
}

async fn read(
    ctx: &mut Context<'_>,
    actor: &mut Actor,
    url: &Url,
    with_cookies: bool,
) -> Result<HttpResponse> {
    match actor.read(url, with_cookies, &mut ctx.log).await {
        // The RP exists; this host, which the user did not name, does not.
        Err(error) if error.is_elsewhere() => Err(ABSENT),
        read => read,
    }
}

/// True for a file: many sites answer every request with a page.
fn is_file(response: &HttpResponse) -> bool {
    let kind = response.header(CONTENT_TYPE).unwrap_or_default();
    response.status.is_success() && !kind.contains("html") && !response.body().is_empty()
}

fn origins(response: &HttpResponse) -> Option<Vec<String>> {
    let file = response.json()?;
    let listed = file.get("origins")?.as_array()?;
    listed.iter().map(|origin| origin.as_str().map(str::to_owned)).collect()
}

fn join(texts: &BTreeSet<String>) -> String {
    Vec::from_iter(texts.iter().cloned()).join(", ")
}

const ABSENT: AttemptError = AttemptError::NoFeature("file of related origins");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_stand_before_suffixes() {
        let labels =
            ["https://example.com", "https://login.example.co.uk", "https://example.de:8443"];
        assert_eq!(labels.map(|origin| label(origin).unwrap()), ["example"; 3]);
    }

    #[test]
    fn origins_are_what_browsers_write() {
        for plain in ["https://example.com", "https://example.com:8443", "http://localhost:3000"] {
            assert!(is_plain(plain), "{plain}");
        }
        for odd in [
            "https://example.com/",
            "example.com",
            "https://*.example.com",
            "https://Example.com",
            "",
        ] {
            assert!(!is_plain(odd), "{odd}");
        }
    }
}
