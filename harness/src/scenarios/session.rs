//! Stories about the session that a sign-in leads to, and about requests that
//! other sites' pages send with it.

use passrig_authenticator::Ceremony;
use url::Url;

use super::{Observations, Stage};
use crate::actor::{Actor, Attempt, Trouble};
use crate::catalogue::Product;
use crate::outcome::Manner;
use crate::target_rp::session::StoredCookie;
use crate::target_rp::{Log, Recognised};

/// The session as it was before the sign-in is asked who is signed in.
pub(super) async fn from_before_sign_in(stage: &mut Stage<'_>) -> Result<Observations, Trouble> {
    let mut actor = stage.enrolled("subject").await?;
    let begun = stage.begin(&mut actor, Ceremony::Authentication).await?;
    let message = actor.respond(&begun)?;
    let before = actor.saved_session();
    let control = stage.send(&mut actor, &begun, &message).await?;
    actor.return_to(before);
    let lives = stage.is_signed_in(&mut actor).await?;
    let remark = "the cookies from before the sign-in lead to the account";
    Ok(Observations::after(control, Attempt::observed(lives, remark, &stage.log)))
}

/// The session as it was before the sign-out is asked who is signed in.
pub(super) async fn after_sign_out(stage: &mut Stage<'_>) -> Result<Observations, Trouble> {
    let mut actor = stage.enrolled("subject").await?;
    let control = stage.sign_in(&mut actor).await?;
    let before = actor.saved_session();
    actor.log_out(&mut stage.log).await?;
    actor.return_to(before);
    let lives = stage.is_signed_in(&mut actor).await?;
    let remark = "the cookies from before the sign-out still lead to the account";
    Ok(Observations::after(control, Attempt::observed(lives, remark, &stage.log)))
}

pub(super) async fn http_only(stage: &mut Stage<'_>) -> Result<Observations, Trouble> {
    cookie(stage, "HttpOnly", |cookie| cookie.http_only).await
}

/// Where pages come unencrypted, as on localhost, cookies cannot do better.
pub(super) async fn secure(stage: &mut Stage<'_>) -> Result<Observations, Trouble> {
    if !stage.world.target.origin().starts_with("https:") {
        return Err(Trouble::NotExpressible);
    }
    cookie(stage, "Secure", |cookie| cookie.secure).await
}

/// A token in every request does what SameSite does.
pub(super) async fn same_site(stage: &mut Stage<'_>) -> Result<Observations, Trouble> {
    let has_token = stage.world.target.adapter().csrf.is_some();
    cookie(stage, "SameSite=Lax or Strict", |cookie| cookie.same_site || has_token).await
}

/// Who wants the session needs all cookies that carry it: it is enough if one
/// of them is out of reach.
async fn cookie(
    stage: &mut Stage<'_>,
    attribute: &str,
    is_safe: impl Fn(&StoredCookie<'_>) -> bool + Send,
) -> Result<Observations, Trouble> {
    let mut actor = stage.enrolled("subject").await?;
    let control = stage.sign_in(&mut actor).await?;
    let carriers = carriers(stage, &mut actor).await?;
    let session = actor.saved_session();
    let crumbs = session.cookies();
    let safe =
        crumbs.iter().any(|crumb| carriers.iter().any(|c| c == crumb.name) && is_safe(crumb));
    let remark = format!("the cookie `{}` is not {attribute}", carriers.join("` and `"));
    Ok(Observations::after(control, Attempt::observed(safe, remark, &stage.log)))
}

/// The cookies without which nobody is signed in.
async fn carriers(stage: &mut Stage<'_>, actor: &mut Actor) -> Result<Vec<String>, Trouble> {
    let whole = actor.saved_session();
    let mut names: Vec<String> = whole.cookies().iter().map(|c| c.name.to_owned()).collect();
    names.dedup();
    let mut carriers = Vec::new();
    for name in names {
        let mut part = whole.clone();
        part.forget(&name);
        actor.return_to(part);
        if !stage.is_signed_in(actor).await? {
            carriers.push(name);
        }
    }
    actor.return_to(whole);
    match carriers.is_empty() {
        // A token, or several cookies of which one is enough.
        true => Err(Trouble::NotExpressible),
        false => Ok(carriers),
    }
}

/// An honest response is sent by a page of another site, in the browser that
/// began the ceremony.
pub(super) async fn from_a_foreign_page(stage: &mut Stage<'_>) -> Result<Observations, Trouble> {
    let ceremony = stage.check.ceremony;
    let mut actor = match ceremony {
        Ceremony::Registration => stage.registered("subject").await?,
        Ceremony::Authentication => stage.enrolled("subject").await?,
    };
    if ceremony == Ceremony::Registration {
        actor.change_authenticator("second", Product::Platform);
    }
    let begun = stage.begin(&mut actor, ceremony).await?;
    let message = actor.respond(&begun)?;
    let page = foreign_page(&actor)?;
    let sent = stage.send_from(Some(&page), &mut actor, &begun, &message).await;
    Ok(Observations::of(guarded(sent, &stage.log)?))
}

/// A page that has nothing to do with the RP. It rides on the visitor's cookies;
/// where there are none, but a token that the RP's own pages send along, it has
/// nothing to send.
pub(super) fn foreign_page(visitor: &Actor) -> Result<Url, Trouble> {
    if visitor.saved_session().cookies().is_empty() {
        return Err(Trouble::NotExpressible);
    }
    Url::parse("https://elsewhere.example/").map_err(|_| Trouble::NotExpressible)
}

/// What stands guard before a ceremony may speak a language of its own.
fn guarded(sent: Result<Attempt, Trouble>, log: &Log) -> Result<Attempt, Trouble> {
    let mut attempt = match sent {
        Err(trouble) if trouble.is_turned_away() => {
            return Ok(Attempt::observed(false, trouble.to_string(), log));
        }
        sent => sent?,
    };
    let verdict = &mut attempt.verdict;
    if verdict.recognised == Recognised::Unrecognised && verdict.manner == Manner::ClientError {
        verdict.recognised = Recognised::Refused;
    }
    Ok(attempt)
}
