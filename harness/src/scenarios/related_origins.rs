//! Stories about the file of related origins (§5.11): what a browser makes of
//! it, and whether the RP serves whom it lists.

use std::collections::BTreeSet;

use http::header::{CONTENT_TYPE, LOCATION};
use serde_json::json;
use url::Url;

use super::{Observations, Stage};
use crate::actor::{Actor, Attempt, Trouble};
use crate::target_rp::transport::HttpResponse;

/// How many labels a client reads at least (§5.11.1).
const LABELS: usize = 5;

pub(super) async fn open(stage: &mut Stage<'_>) -> Result<Observations, Trouble> {
    let mut actor = stage.registered("subject").await?;
    let url = place(stage, &mut actor).await?;
    let bare = read(stage, &mut actor, &url, false).await?;
    if !is_file(&bare) && !bare.status.is_redirection() {
        // Cookies are the RP's own host's, whatever its id is.
        let mut own = stage.world.target.base().clone();
        own.set_path(url.path());
        let known = read(stage, &mut actor, &own, true).await?;
        if !is_file(&known) {
            return Err(ABSENT);
        }
        return Ok(seen(stage, false, "only who is signed in gets the file"));
    }
    Ok(seen(stage, true, "everybody gets the file"))
}

pub(super) async fn redirect(stage: &mut Stage<'_>) -> Result<Observations, Trouble> {
    let mut actor = stage.registered("subject").await?;
    let url = place(stage, &mut actor).await?;
    let first = read(stage, &mut actor, &url, false).await?;
    if !is_file(&first) && !first.status.is_redirection() {
        return Err(ABSENT);
    }
    let next = first.header(LOCATION).filter(|_| first.status.is_redirection());
    let next = next.and_then(|location| url.join(location).ok());
    let is_sound = next.as_ref().is_none_or(|next| next.scheme() == url.scheme());
    if next.is_some() && is_sound && !leads_to_file(stage, &mut actor, &url).await? {
        // To a page of the site, perhaps to sign in.
        return Err(ABSENT);
    }
    let remark = next.map_or("no redirect".to_owned(), |next| format!("it redirects to {next}"));
    Ok(seen(stage, is_sound, &remark))
}

async fn leads_to_file(
    stage: &mut Stage<'_>,
    actor: &mut Actor,
    url: &Url,
) -> Result<bool, Trouble> {
    match file(stage, actor, url).await {
        Ok(_) => Ok(true),
        Err(Trouble::NoFeature(_)) => Ok(false),
        Err(trouble) => Err(trouble),
    }
}

pub(super) async fn kind(stage: &mut Stage<'_>) -> Result<Observations, Trouble> {
    let response = subject_reads(stage).await?;
    let kind = response.header(CONTENT_TYPE).unwrap_or("none").to_owned();
    let is_json = kind
        .split(';')
        .next()
        .is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"));
    Ok(seen(stage, is_json, &format!("its type is {kind}")))
}

pub(super) async fn shape(stage: &mut Stage<'_>) -> Result<Observations, Trouble> {
    let response = subject_reads(stage).await?;
    let is_sound = origins(&response).is_some();
    Ok(seen(stage, is_sound, "an object whose `origins` is a list of texts is due"))
}

pub(super) async fn labels(stage: &mut Stage<'_>) -> Result<Observations, Trouble> {
    let listed = subject_lists(stage).await?;
    let labels: BTreeSet<_> = listed.iter().filter_map(|origin| label(origin)).collect();
    let remark = format!("it has {} labels: {}", labels.len(), join(&labels));
    Ok(seen(stage, labels.len() <= LABELS, &remark))
}

pub(super) async fn own(stage: &mut Stage<'_>) -> Result<Observations, Trouble> {
    let listed = subject_lists(stage).await?;
    let own = stage.world.origin.to_string();
    let remark = format!("{own} is not in it");
    Ok(seen(stage, listed.contains(&own), &remark))
}

pub(super) async fn plain(stage: &mut Stage<'_>) -> Result<Observations, Trouble> {
    let listed = subject_lists(stage).await?;
    let odd: BTreeSet<_> = listed.into_iter().filter(|origin| !is_plain(origin)).collect();
    Ok(seen(stage, odd.is_empty(), &format!("no client reads these as origins: {}", join(&odd))))
}

/// A ceremony on the page of a related origin.
pub(super) async fn served(stage: &mut Stage<'_>) -> Result<Observations, Trouble> {
    let ceremony = stage.check.ceremony;
    let mut actor = stage.subject().await?;
    let url = place(stage, &mut actor).await?;
    let response = file(stage, &mut actor, &url).await?;
    let own = stage.world.origin.to_string();
    let listed = origins(&response).unwrap_or_default();
    let related = listed.into_iter().find(|origin| *origin != own && is_plain(origin));
    let related = related.ok_or(ABSENT)?;
    let edits = json!([{ "at": "client_data.origin", "set": related }]);
    Ok(Observations::of(stage.attempt(&mut actor, ceremony, edits).await?))
}

/// Whether it is what browsers write, so that they find it.
fn is_plain(text: &str) -> bool {
    let Ok(url) = Url::parse(text) else { return false };
    !text.contains('*')
        && matches!(url.scheme(), "https" | "http")
        && url.origin().ascii_serialization() == text
}

/// The label of an origin: what stands before the public suffix of its host.
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

async fn subject_lists(stage: &mut Stage<'_>) -> Result<Vec<String>, Trouble> {
    let response = subject_reads(stage).await?;
    origins(&response).ok_or(ABSENT)
}

async fn subject_reads(stage: &mut Stage<'_>) -> Result<HttpResponse, Trouble> {
    let mut actor = stage.registered("subject").await?;
    let url = place(stage, &mut actor).await?;
    file(stage, &mut actor, &url).await
}

/// The file, by whatever way it is reached.
async fn file(
    stage: &mut Stage<'_>,
    actor: &mut Actor,
    url: &Url,
) -> Result<HttpResponse, Trouble> {
    let mut url = url.clone();
    for _ in 0..5 {
        let response = read(stage, actor, &url, false).await?;
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
async fn place(stage: &mut Stage<'_>, actor: &mut Actor) -> Result<Url, Trouble> {
    stage.begin(actor, stage.check.ceremony).await?;
    let mut url = stage.world.target.base().clone();
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
    stage: &mut Stage<'_>,
    actor: &mut Actor,
    url: &Url,
    with_cookies: bool,
) -> Result<HttpResponse, Trouble> {
    match actor.read(url, with_cookies, &mut stage.log).await {
        // The RP is there; this host, which nobody told us of, is not.
        Err(trouble) if trouble.is_elsewhere() => Err(ABSENT),
        read => read,
    }
}

/// Many sites answer with a page whatever they are asked for.
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

fn seen(stage: &Stage<'_>, is_sound: bool, remark: &str) -> Observations {
    Observations::of(Attempt::observed(is_sound, remark, &stage.log))
}

const ABSENT: Trouble = Trouble::NoFeature("file of related origins");

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
