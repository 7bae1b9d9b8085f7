//! A passkey as second factor, and an attacker who knows the password.

use passrig_authenticator::Ceremony;
use passrig_authenticator::wire::base64url;
use serde_json::json;

use super::Simulation;
use super::person::{Person, bound_phone, by, laptop};
use super::rules;
use super::simulator::{Meanings, Simulator};
use crate::actor::{Attempt, AttemptError, Result};
use crate::outcome::{Setting, SettingValue};
use crate::target_rp::Flow;

pub(super) const SIMULATION: Simulation = Simulation {
    name: "second-factor",
    title: "A passkey as second factor",
    question: "What does the passkey protect once somebody else knows the password?",
    participants: &[
        ("Ada", "signs in with a password, and then with a passkey"),
        ("Mallory", "knows Ada's password, and has an account and a passkey of her own"),
        ("Finn", "finds a paper in a drawer"),
    ],
    acts: |sim| Box::pin(acts(sim)),
    has_second_factor: true,
};

async fn acts(sim: &mut Simulator<'_>) {
    if !sim.has_second_factor() {
        sim.act(
            "No second factor",
            "This simulation is about sites that ask for a password first and for the passkey \
             second.",
        );
        sim.skipped(
            by("Ada", "signs in with her passkey"),
            "This RP's profile asks for no password on the way (`authenticate`), so the passkey is \
             the whole sign-in. That is no weakness: `lost-device` and `cross-domain` are about it.",
        );
        return sim.end(Ok(())).await;
    }
    sim.act("Two steps", "Ada signs up with a password, and makes a passkey to stand beside it.");
    let performed = two_steps(sim).await;
    sim.end(performed).await;

    sim.act(
        "Half a sign-in",
        "Mallory types Ada's password. It is right. The site asks for the passkey; Mallory closes \
         that page, and opens another.",
    );
    let performed = skipped(sim).await;
    sim.end(performed).await;

    sim.act("Anybody's passkey", "Mallory has a passkey, too: her own, for her own account.");
    let performed = of_another(sim).await;
    sim.end(performed).await;

    sim.act(
        "A challenge from another sign-in",
        "Ada and Mallory sign in as Ada at the same time. Mallory gets hold of Ada's answer.",
    );
    let performed = another_sign_in(sim).await;
    sim.end(performed).await;

    sim.act("The second factor is lost", "Ada loses the phone. The password alone is half a way.");
    let performed = lost(sim).await;
    sim.end(performed).await;
}

async fn two_steps(sim: &mut Simulator<'_>) -> Result<()> {
    let mut ada = enrolled(sim).await?;
    let means = "The password told the site whose passkey to ask for. Both together are the \
                 sign-in.";
    let does = "signs in with the password, and then with the passkey";
    sim.honest(&mut ada, Ceremony::Authentication, does, means).await
}

async fn skipped(sim: &mut Simulator<'_>) -> Result<()> {
    sim.needs(Flow::Whoami)?;
    let mut ada = enrolled(sim).await?;
    let before = ada.actor.ask_signed_in(&mut sim.log).await?;
    ada.actor.begin(Ceremony::Authentication, &mut sim.log).await?;
    let inside = ada.actor.ask_signed_in(&mut sim.log).await?.unwrap_or_default();
    // A probe that never reports a sign-in, or always does, proves nothing.
    if before != Some(false) || !(inside || sim.sees_sessions()) {
        return Err(AttemptError::NoFlow(Flow::Whoami));
    }
    let remark = if inside { "Ada is signed in" } else { "nobody is signed in" };
    let means = Meanings {
        good: "The password opened nothing. The session is made when the passkey has been \
               verified.",
        bad: "Mallory is in. The question for the passkey was decoration.",
    };
    let action = by("Mallory", "types Ada's password, and goes straight to the account");
    let seen = Ok(Attempt::observed(inside, remark, &sim.log));
    sim.judged_by(action, &rules::SECOND_STEP_SKIPPED, seen, means);
    Ok(())
}

async fn of_another(sim: &mut Simulator<'_>) -> Result<()> {
    if !sim.has_two_accounts() {
        return Err(AttemptError::NoFeature("second account in its profile"));
    }
    let mut ada = enrolled(sim).await?;
    let mut mallory = sim.person("Mallory", "her laptop", laptop()).await?;
    let means = "An account like any other.";
    sim.honest(&mut mallory, Ceremony::Registration, "makes a passkey for her own account", means)
        .await?;
    let begun = ada.actor.begin(Ceremony::Authentication, &mut sim.log).await?;
    let id = mallory.actor.known.credential_id.clone().unwrap_or_default();
    let mut renamed = begun.clone();
    if let Some(options) = renamed.options.as_object_mut() {
        let own = json!([{ "type": "public-key", "id": base64url::encode(&id) }]);
        options.insert("allowCredentials".to_owned(), own);
    }
    let action = mallory.does("types Ada's password, and answers with her own passkey");
    let names = ["username", "email"].map(|name| mallory.actor.name(name).map(str::to_owned));
    match Simulator::respond(&mut mallory, &renamed)? {
        Err(exception) => return Err(exception.into()),
        Ok(message) => {
            let mut sent = sim.send(&mut ada, &begun, &message).await;
            if sent.is_ok() && ask_signed_in_as(sim, &mut ada, &names).await? {
                let remark = "signed Mallory in, to her own account";
                sent = Ok(Attempt::observed(false, remark, &sim.log));
            }
            let means = Meanings {
                good: "The site asks for a passkey of the account whose password was typed.",
                bad: "Any passkey will do. The second factor is one that everybody has.",
            };
            sim.judged_by(action, &rules::SECOND_STEP_OF_ANOTHER, sent, means);
        }
    }
    Ok(())
}

/// True if Ada's browser is signed in to the account with one of these names.
async fn ask_signed_in_as(
    sim: &mut Simulator<'_>,
    ada: &mut Person,
    names: &[Option<String>],
) -> Result<bool> {
    if !sim.has(Flow::Whoami) {
        return Ok(false);
    }
    let user = match ada.actor.user(&mut sim.log).await {
        // No user is signed in.
        Err(error) if error.is_turned_away() => None,
        user => user?,
    };
    Ok(user.is_some() && names.contains(&user))
}

async fn another_sign_in(sim: &mut Simulator<'_>) -> Result<()> {
    let mut ada = enrolled(sim).await?;
    let hers = ada.actor.begin(Ceremony::Authentication, &mut sim.log).await?;
    let message = match Simulator::respond(&mut ada, &hers)? {
        Ok(message) => message,
        Err(exception) => return Err(exception.into()),
    };
    ada.actor.change_browser();
    let mallorys = ada.actor.begin(Ceremony::Authentication, &mut sim.log).await?;
    let sent = sim.send(&mut ada, &mallorys, &message).await;
    let means = Meanings {
        good: "The challenge belongs to the sign-in that asked for it.",
        bad: "One answer of Ada's completes any sign-in of hers, Mallory's too.",
    };
    let action = by("Mallory", "completes her sign-in with the answer that Ada gave in hers");
    sim.judged_by(action, &rules::SECOND_STEP_OF_ANOTHER_LOGIN, sent, means);
    Ok(())
}

async fn lost(sim: &mut Simulator<'_>) -> Result<()> {
    sim.needs(Flow::Recover)?;
    let does = "signs up, and makes a passkey";
    let means = "Until there is a second factor, the password is all.";
    let mut ada = sim.enrolled("her phone", bound_phone(), does, means).await?;
    super::lost_device::with_recovery(sim, &mut ada).await
}

async fn enrolled(sim: &mut Simulator<'_>) -> Result<Person> {
    let mut ada = sim.person("Ada", "her phone", bound_phone()).await?;
    if sim.can_choose(Setting::Login, SettingValue::Username) {
        // Some sites also accept a sign-in without a name and a password.
        ada.actor.choose(Setting::Login, SettingValue::Username);
    }
    let means = "From now on the site asks for both.";
    sim.honest(&mut ada, Ceremony::Registration, "signs up, and makes a passkey", means).await?;
    ada.actor.change_browser();
    Ok(ada)
}
