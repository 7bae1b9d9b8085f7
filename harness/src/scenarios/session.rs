//! Scenarios about the session that a sign-in begins, and about requests that pages of other sites
//! send with it.

use passrig_authenticator::Ceremony;
use url::Url;

use super::{Context, Observations};
use crate::actor::{Actor, Attempt, AttemptError, NotExpressible, Result};
use crate::catalogue::Product;
use crate::outcome::Manner;
use crate::target_rp::session::StoredCookie;
use crate::target_rp::{Log, Recognised};

/// The probe asks with the session from before the sign-in.
pub(super) async fn from_before_sign_in(ctx: &mut Context<'_>) -> Result<Observations> {
    let mut actor = ctx.enrolled("subject").await?;
    let begun = ctx.begin(&mut actor, Ceremony::Authentication).await?;
    let message = actor.respond(&begun)?;
    let before = actor.saved_session();
    let control = ctx.send(&mut actor, &begun, &message).await?;
    actor.return_to(before);
    let lives = ctx.ask_signed_in(&mut actor).await?;
    let remark = "the cookies from before the sign-in lead to the account";
    Ok(Observations::after(control, Attempt::observed(lives, remark, &ctx.log)))
}

/// The probe asks with the session from before the sign-out.
pub(super) async fn after_sign_out(ctx: &mut Context<'_>) -> Result<Observations> {
    let mut actor = ctx.enrolled("subject").await?;
    let control = ctx.sign_in(&mut actor).await?;
    let before = actor.saved_session();
    actor.log_out(&mut ctx.log).await?;
    actor.return_to(before);
    let lives = ctx.ask_signed_in(&mut actor).await?;
    let remark = "the cookies from before the sign-out still lead to the account";
    Ok(Observations::after(control, Attempt::observed(lives, remark, &ctx.log)))
}

pub(super) async fn http_only(ctx: &mut Context<'_>) -> Result<Observations> {
    cookie(ctx, "HttpOnly", |cookie| cookie.http_only).await
}

/// Pages without TLS, as on localhost, cannot set `Secure` cookies.
pub(super) async fn secure(ctx: &mut Context<'_>) -> Result<Observations> {
    if !ctx.world.target.origin().starts_with("https:") {
        return Err(NotExpressible::NotHttps.into());
    }
    cookie(ctx, "Secure", |cookie| cookie.secure).await
}

/// A token in every request protects as SameSite does.
pub(super) async fn same_site(ctx: &mut Context<'_>) -> Result<Observations> {
    let has_token = ctx.world.target.adapter().csrf.is_some();
    cookie(ctx, "SameSite=Lax or Strict", |cookie| cookie.same_site || has_token).await
}

/// An attacker needs all cookies that carry the session: one protected cookie is enough.
async fn cookie(
    ctx: &mut Context<'_>,
    attribute: &str,
    is_safe: impl Fn(&StoredCookie<'_>) -> bool + Send,
) -> Result<Observations> {
    let mut actor = ctx.enrolled("subject").await?;
    let control = ctx.sign_in(&mut actor).await?;
    let carriers = carriers(ctx, &mut actor).await?;
    let session = actor.saved_session();
    let cookies = session.cookies();
    let safe =
        cookies.iter().any(|cookie| carriers.iter().any(|c| c == cookie.name) && is_safe(cookie));
    let remark = format!("the cookie `{}` is not {attribute}", carriers.join("` and `"));
    Ok(Observations::after(control, Attempt::observed(safe, remark, &ctx.log)))
}

/// The cookies without which the session is not signed in.
async fn carriers(ctx: &mut Context<'_>, actor: &mut Actor) -> Result<Vec<String>> {
    let whole = actor.saved_session();
    let mut names: Vec<String> = whole.cookies().iter().map(|c| c.name.to_owned()).collect();
    names.dedup();
    let mut carriers = Vec::new();
    for name in names {
        let mut part = whole.clone();
        part.forget(&name);
        actor.return_to(part);
        if !ctx.ask_signed_in(actor).await? {
            carriers.push(name);
        }
    }
    actor.return_to(whole);
    match carriers.is_empty() {
        true => Err(NotExpressible::NoSessionCookie.into()),
        false => Ok(carriers),
    }
}

/// An honest response is sent by a page of another site, in the browser that
/// began the ceremony.
pub(super) async fn from_a_foreign_page(ctx: &mut Context<'_>) -> Result<Observations> {
    let ceremony = ctx.check.ceremony;
    let mut actor = match ceremony {
        Ceremony::Registration => ctx.registered("subject").await?,
        Ceremony::Authentication => ctx.enrolled("subject").await?,
    };
    if ceremony == Ceremony::Registration {
        actor.change_authenticator("second", Product::Platform);
    }
    let begun = ctx.begin(&mut actor, ceremony).await?;
    let message = actor.respond(&begun)?;
    let page = foreign_page(&actor)?;
    let sent = ctx.send_from(Some(&page), &mut actor, &begun, &message).await;
    Ok(Observations::of(or_refused(sent, &ctx.log)?))
}

/// A page that has nothing to do with the RP. It uses the visitor's cookies;
/// where there are none, but a token that the RP's own pages send along, it has
/// nothing to send.
pub(super) fn foreign_page(visitor: &Actor) -> Result<Url> {
    if visitor.saved_session().cookies().is_empty() {
        return Err(NotExpressible::NoCookies.into());
    }
    let bug = |error| AttemptError::Bug(format!("a URL cannot be read: {error}"));
    Url::parse("https://elsewhere.example/").map_err(bug)
}

/// A guard in front of the ceremony may refuse with an answer of its own.
fn or_refused(sent: Result<Attempt>, log: &Log) -> Result<Attempt> {
    let mut attempt = match sent {
        Err(error) if error.is_turned_away() => {
            return Ok(Attempt::observed(false, error.to_string(), log));
        }
        sent => sent?,
    };
    let verdict = &mut attempt.verdict;
    if verdict.recognised == Recognised::Unrecognised && verdict.manner == Manner::ClientError {
        verdict.recognised = Recognised::Refused;
    }
    Ok(attempt)
}
