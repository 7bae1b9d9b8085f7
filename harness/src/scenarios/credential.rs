//! Stories about whose credential answers.

use passrig_authenticator::Ceremony;
use passrig_authenticator::deviation::Deviation;
use passrig_authenticator::wire::base64url;
use serde_json::json;

use super::{Observations, Stage};
use crate::actor::{Actor, Known, Message, Trouble};
use crate::catalogue::Product;
use crate::target::Begun;

/// A login that named the victim is answered by the attacker's authenticator.
pub(super) async fn of_another_user(stage: &mut Stage<'_>) -> Result<Observations, Trouble> {
    let mut victim = stage.enrolled("victim").await?;
    let mut attacker = stage.enrolled("attacker").await?;
    let begun = stage.begin(&mut victim, Ceremony::Authentication).await?;
    let message = answer_unasked(&mut attacker, &begun)?;
    Ok(Observations::of(stage.send(&mut victim, &begun, &message).await?))
}

/// After the options went out, the user registers a second credential in
/// another session, and answers with that one.
pub(super) async fn not_listed(stage: &mut Stage<'_>) -> Result<Observations, Trouble> {
    let mut actor = stage.registered("subject").await?;
    let signed_in = actor.change_browser();
    let begun = stage.begin(&mut actor, Ceremony::Authentication).await?;
    let anonymous = actor.return_to(signed_in);
    actor.change_authenticator("second", Product::Platform);
    let control = stage.register(&mut actor).await?;
    actor.return_to(anonymous);
    let message = answer_unasked(&mut actor, &begun)?;
    Ok(Observations::after(control, stage.send(&mut actor, &begun, &message).await?))
}

/// A second authenticator of the same account claims the first one's
/// credential id for a key of its own.
pub(super) async fn own_id_again(stage: &mut Stage<'_>) -> Result<Observations, Trouble> {
    let mut actor = stage.registered("subject").await?;
    actor.change_authenticator("second", Product::Platform);
    let edit = json!({ "at": "plan.credential_id", "set": { "from": "own.credential_id" } });
    let edit = serde_json::from_value(edit).map_err(|_| Trouble::NotExpressible)?;
    let (deviation, nobody) = (Deviation::new(vec![edit]), Known::default());
    let ceremony = Ceremony::Registration;
    let attempt =
        actor.deviate(ceremony, &deviation, &nobody, stage.probes, &mut stage.log).await?;
    Ok(Observations::of(attempt))
}

/// Answers options with the actor's own credential, listed there or not.
fn answer_unasked(actor: &mut Actor, begun: &Begun) -> Result<Message, Trouble> {
    let mut begun = begun.clone();
    let own = actor.known.credential_id.as_deref().unwrap_or_default();
    if let Some(options) = begun.options.as_object_mut() {
        let descriptor = json!([{ "type": "public-key", "id": base64url::encode(own) }]);
        options.insert("allowCredentials".to_owned(), descriptor);
    }
    actor.respond(&begun)
}
