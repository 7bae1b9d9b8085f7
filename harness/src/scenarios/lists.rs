//! Scenarios about the lists of credentials in options, and about the facts that these reveal to a
//! client that knows only names.

use passrig_authenticator::Ceremony;
use passrig_authenticator::wire::base64url;
use serde_json::{Map, Value, json};

use super::{Context, Observations, deviation};
use crate::actor::{Actor, Attempt, Known, NotExpressible, Probes, Result};
use crate::catalogue::Product;
use crate::target_rp::Flow;

pub(super) async fn exclude_one(ctx: &mut Context<'_>) -> Result<Observations> {
    let mut actor = ctx.registered("subject").await?;
    let id = actor.known.credential_id.clone().unwrap_or_default();
    let begun = ctx.begin(&mut actor, Ceremony::Registration).await?;
    Ok(lists(ctx, &begun.converted(), "excludeCredentials", &[id]))
}

pub(super) async fn exclude_every(ctx: &mut Context<'_>) -> Result<Observations> {
    let (mut actor, ids) = with_two_credentials(ctx).await?;
    let begun = ctx.begin(&mut actor, Ceremony::Registration).await?;
    Ok(lists(ctx, &begun.converted(), "excludeCredentials", &ids))
}

pub(super) async fn allow_every(ctx: &mut Context<'_>) -> Result<Observations> {
    let (mut actor, ids) = with_two_credentials(ctx).await?;
    actor.change_browser();
    let begun = ctx.begin(&mut actor, Ceremony::Authentication).await?;
    Ok(lists(ctx, &begun.converted(), "allowCredentials", &ids))
}

/// An actor with two authenticators, and the IDs of its credentials.
async fn with_two_credentials(ctx: &mut Context<'_>) -> Result<(Actor, [Vec<u8>; 2])> {
    let limit = ctx.world.target.adapter().account.max_credentials;
    if limit.is_some_and(|limit| limit < 2) {
        return Err(NotExpressible::OneCredential.into());
    }
    let mut actor = ctx.registered("subject").await?;
    let first = actor.known.credential_id.clone().unwrap_or_default();
    actor.change_authenticator("second", Product::Platform);
    ctx.register(&mut actor).await?;
    let second = actor.known.credential_id.clone().unwrap_or_default();
    Ok((actor, [first, second]))
}

/// The observation of a list that must have all of these credentials.
fn lists(ctx: &Context<'_>, options: &Value, list: &str, ids: &[Vec<u8>]) -> Observations {
    let missing = ids.iter().filter(|id| descriptor(options, list, id).is_none()).count();
    let remark = format!("{list} lacks {missing} of the account's {} credentials", ids.len());
    ctx.seen(missing == 0, remark)
}

fn descriptor<'v>(options: &'v Value, list: &str, id: &[u8]) -> Option<&'v Value> {
    let id = base64url::encode(id);
    let of_id = |one: &&Value| {
        let listed = one.get("id").and_then(Value::as_str).unwrap_or_default();
        listed.trim_end_matches('=') == id
    };
    options.get(list)?.as_array()?.iter().find(of_id)
}

/// A credential is listed with the transports that its registration named, in
/// any order.
pub(super) async fn transports(ctx: &mut Context<'_>) -> Result<Observations> {
    let mut actor = ctx.new_account("subject").await?;
    let begun = ctx.begin(&mut actor, Ceremony::Registration).await?;
    let message = actor.respond(&begun)?;
    let control = ctx.send(&mut actor, &begun, &message).await?;
    let response: Value = serde_json::from_slice(&message.response.render()).unwrap_or_default();
    let named = texts(response.pointer("/response/transports"));
    actor.change_browser();
    let begun = ctx.begin(&mut actor, Ceremony::Authentication).await?;
    let options = begun.converted();
    let listed = descriptor(&options, "allowCredentials", &message.credential_id);
    let listed = texts(listed.and_then(|listed| listed.get("transports")));
    let remark = format!("registered with {}, listed with {}", words(&named), words(&listed));
    Ok(Observations::after(control, Attempt::observed(listed == named, remark, &ctx.log)))
}

fn texts(value: Option<&Value>) -> Vec<&str> {
    let items = value.and_then(Value::as_array).into_iter().flatten();
    let mut texts: Vec<_> = items.filter_map(Value::as_str).collect();
    texts.sort_unstable();
    texts
}

fn words(texts: &[&str]) -> String {
    match texts {
        [] => "no transports".to_owned(),
        texts => texts.join(", "),
    }
}

/// Options for a name with an account, and for a name without one.
pub(super) async fn shape_for_unknown(ctx: &mut Context<'_>) -> Result<Observations> {
    names_alone(ctx)?;
    let mut known = ctx.enrolled("subject").await?;
    let begun = ctx.begin(&mut known, Ceremony::Authentication).await?;
    let mut unknown = ctx.unknown_user("stranger");
    let (same, remark) = match ctx.begin(&mut unknown, Ceremony::Authentication).await {
        Err(error) if error.is_turned_away() => (false, error.to_string()),
        other => {
            let others = other?.options;
            let same = shape(&begun.options) == shape(&others);
            (same, format!("{}, not {}", shape(&others), shape(&begun.options)))
        }
    };
    Ok(ctx.seen(same, remark))
}

/// Options after a password reveal nothing to other users (§14.6.2).
pub(super) fn names_alone(ctx: &Context<'_>) -> Result<()> {
    match ctx.world.target.adapter().sends(Flow::Authenticate, "password") {
        true => Err(NotExpressible::PasswordFirst.into()),
        false => Ok(()),
    }
}

/// The names and types of a value. Of a list the first item stands for all: the number of a user's
/// credentials differs honestly.
fn shape(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let shapes = members.iter().map(|(name, member)| (name.clone(), shape(member)));
            Value::Object(shapes.collect::<Map<_, _>>())
        }
        Value::Array(items) => Value::Array(items.iter().take(1).map(shape).collect()),
        Value::String(_) => "text".into(),
        Value::Number(_) => "number".into(),
        Value::Bool(_) => "boolean".into(),
        Value::Null => Value::Null,
    }
}

pub(super) async fn stable(ctx: &mut Context<'_>) -> Result<Observations> {
    let mut unknown = ctx.unknown_user("stranger");
    let first = made_up_credentials(ctx, &mut unknown).await?;
    unknown.change_browser();
    let second = made_up_credentials(ctx, &mut unknown).await?;
    let remark = "the credentials that were made up change with every request";
    Ok(ctx.seen(first == second, remark))
}

pub(super) async fn by_name(ctx: &mut Context<'_>) -> Result<Observations> {
    let (mut one, mut other) = (ctx.unknown_user("stranger"), ctx.unknown_user("other stranger"));
    let first = made_up_credentials(ctx, &mut one).await?;
    let second = made_up_credentials(ctx, &mut other).await?;
    let differ = first.as_array().is_none_or(Vec::is_empty) || first != second;
    let remark = "the credential that was made up is the same for all names";
    Ok(ctx.seen(differ, remark))
}

/// The credentials for a name without an account. An RP that refuses such
/// names makes nothing up.
async fn made_up_credentials(ctx: &mut Context<'_>, unknown: &mut Actor) -> Result<Value> {
    names_alone(ctx)?;
    match ctx.begin(unknown, Ceremony::Authentication).await {
        Err(error) if error.is_turned_away() => Err(NotExpressible::UnknownNameRefused.into()),
        begun => Ok(begun?.converted().get("allowCredentials").cloned().unwrap_or_default()),
    }
}

/// A wrong signature and an unknown credential, in browsers of their own.
pub(super) async fn failures(ctx: &mut Context<'_>) -> Result<Observations> {
    let mut actor = ctx.enrolled("subject").await?;
    let edits = [
        json!({ "at": "plan.signer", "set": "another" }),
        json!({ "at": "plan.credential_id", "set": { "from": "fresh.32" } }),
    ];
    let mut answers = Vec::new();
    let mut exchange = 0;
    for edit in edits {
        let (deviation, none) = (deviation(json!([edit]))?, Known::default());
        let (ceremony, probes) = (Ceremony::Authentication, Probes::default());
        let attempt = actor.deviate(ceremony, &deviation, &none, probes, &mut ctx.log).await?;
        if attempt.is_accepted() {
            return Err(NotExpressible::FaultAccepted.into());
        }
        let sent = ctx.log.exchanges().into_iter().nth(attempt.exchange);
        let status = sent.and_then(|sent| sent.response).map(|response| response.status);
        let text = attempt.verdict.message.unwrap_or_default();
        answers.push((status.unwrap_or_default(), lasting(&text)));
        exchange = attempt.exchange;
        actor.change_browser();
    }
    let same = answers.windows(2).all(|pair| pair.first() == pair.last());
    let shown: Vec<_> = answers.iter().map(|(status, text)| format!("{status} {text}")).collect();
    let mut attempt = Attempt::observed(same, shown.join("; "), &ctx.log);
    // Of the ceremony, not of the failure that ended it: nothing is wrong there.
    attempt.exchange = exchange.saturating_sub(1);
    Ok(Observations::of(attempt))
}

/// The text without the words that may differ from request to request, such as an ID or
/// the time: those with a digit.
fn lasting(text: &str) -> String {
    let words = text.split_inclusive(|c: char| c.is_whitespace());
    words.filter(|word| !word.contains(|c: char| c.is_ascii_digit())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_and_times_are_no_difference() {
        let shown = |id: &str| lasting(&format!("Unknown user (request {id} at 06:37:04)"));
        assert_eq!(shown("8c1f"), shown("0d77"));
        assert_ne!(shown("8c1f"), lasting("Wrong signature (request 8c1f at 06:37:04)"));
    }

    #[test]
    fn shapes() {
        let options = json!({
            "challenge": "AA",
            "timeout": 1,
            "allowCredentials": [{"id": "AA", "transports": ["usb"]}, {"id": "BB"}],
        });
        insta::assert_snapshot!(
            shape(&options),
            @r#"{"challenge":"text","timeout":"number","allowCredentials":[{"id":"text","transports":["text"]}]}"#
        );
        assert_ne!(shape(&options), shape(&json!({ "challenge": "AA" })));
    }
}
