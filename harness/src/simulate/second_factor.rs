//! The password first, then the passkey: what if somebody has the password?

use passrig_authenticator::Ceremony;
use passrig_authenticator::wire::base64url;
use serde_json::json;

use super::Simulation;
use super::cast::{Person, bound_phone, laptop, says};
use super::play::{Means, Play};
use super::rules;
use crate::actor::{Attempt, Trouble};
use crate::outcome::{Setting, SettingValue};
use crate::scenarios::Observations;
use crate::target_rp::Flow;

pub(super) const SIMULATION: Simulation = Simulation {
    name: "second-factor",
    title: "A passkey as second factor",
    question: "What does the passkey protect once somebody else knows the password?",
    cast: &[
        ("Ada", "signs in with a password, and then with a passkey"),
        ("Mallory", "knows Ada's password, and has an account and a passkey of her own"),
        ("Finn", "finds a paper in a drawer"),
    ],
    acts: |play| Box::pin(acts(play)),
    asks_a_second_factor: true,
};

async fn acts(play: &mut Play<'_>) {
    if !play.asks_a_second_factor() {
        play.act(
            "No second factor",
            "This simulation is about sites that ask for a password first and for the passkey \
             second.",
        );
        play.left(
            says("Ada", "signs in with her passkey"),
            "This RP's profile asks for no password on the way (`authenticate`), so the passkey is \
             the whole sign-in. That is no weakness: `lost-device` and `cross-domain` are about it.",
        );
        return play.end(Ok(())).await;
    }
    play.act("Two steps", "Ada signs up with a password, and makes a passkey to stand beside it.");
    let played = two_steps(play).await;
    play.end(played).await;

    play.act(
        "Half a sign-in",
        "Mallory types Ada's password. It is right. The site asks for the passkey; Mallory closes \
         that page, and opens another.",
    );
    let played = skipped(play).await;
    play.end(played).await;

    play.act("Anybody's passkey", "Mallory has a passkey, too: her own, for her own account.");
    let played = of_another(play).await;
    play.end(played).await;

    play.act(
        "A challenge from another sign-in",
        "Ada and Mallory sign in as Ada at the same time. Mallory gets hold of Ada's answer.",
    );
    let played = another_sign_in(play).await;
    play.end(played).await;

    play.act("The second factor is lost", "Ada loses the phone. The password alone is half a way.");
    let played = lost(play).await;
    play.end(played).await;
}

async fn two_steps(play: &mut Play<'_>) -> Result<(), Trouble> {
    let mut ada = enrolled(play).await?;
    let means = "The password told the site whose passkey to ask for. Both together are the \
                 sign-in.";
    let does = "signs in with the password, and then with the passkey";
    play.honest(&mut ada, Ceremony::Authentication, does, means).await
}

async fn skipped(play: &mut Play<'_>) -> Result<(), Trouble> {
    play.needs(Flow::Whoami)?;
    let mut ada = enrolled(play).await?;
    let before = ada.actor.is_signed_in(&mut play.log).await?;
    ada.actor.begin(Ceremony::Authentication, &mut play.log).await?;
    let inside = ada.actor.is_signed_in(&mut play.log).await?.unwrap_or_default();
    // Whoever never says yes may not know, and whoever never says no neither.
    if before != Some(false) || !(inside || play.sees_sessions()) {
        return Err(Trouble::NoFlow(Flow::Whoami));
    }
    let remark = if inside { "Ada is signed in" } else { "nobody is signed in" };
    let means = Means {
        good: "The password opened nothing. The session is made when the passkey has been \
               verified.",
        bad: "Mallory is in. The question for the passkey was decoration.",
    };
    let line = says("Mallory", "types Ada's password, and goes straight to the account");
    let seen = Ok(Observations::of(Attempt::observed(inside, remark, &play.log)));
    play.judged_by(line, &rules::SECOND_STEP_SKIPPED.check(), seen, means);
    Ok(())
}

async fn of_another(play: &mut Play<'_>) -> Result<(), Trouble> {
    if !play.has_two_accounts() {
        return Err(Trouble::NoFeature("second account in its profile"));
    }
    let mut ada = enrolled(play).await?;
    let mut mallory = play.person("Mallory", "her laptop", laptop()).await?;
    let means = "An account like any other.";
    play.honest(&mut mallory, Ceremony::Registration, "makes a passkey for her own account", means)
        .await?;
    let begun = ada.actor.begin(Ceremony::Authentication, &mut play.log).await?;
    let id = mallory.actor.known.credential_id.clone().unwrap_or_default();
    let mut renamed = begun.clone();
    if let Some(options) = renamed.options.as_object_mut() {
        let own = json!([{ "type": "public-key", "id": base64url::encode(&id) }]);
        options.insert("allowCredentials".to_owned(), own);
    }
    let line = mallory.does("types Ada's password, and answers with her own passkey");
    let names = ["username", "email"].map(|name| mallory.actor.name(name).map(str::to_owned));
    match Play::respond(&mut mallory, &renamed)? {
        Err(exception) => return Err(exception.into()),
        Ok(message) => {
            let mut sent = play.send(&mut ada, &begun, &message).await;
            if sent.is_ok() && is_in_as(play, &mut ada, &names).await? {
                let remark = "signed Mallory in, to her own account";
                sent = Ok(Attempt::observed(false, remark, &play.log));
            }
            let means = Means {
                good: "The site asks for a passkey of the account whose password was typed.",
                bad: "Any passkey will do. The second factor is one that everybody has.",
            };
            let rule = rules::SECOND_STEP_OF_ANOTHER.check();
            play.judged_by(line, &rule, sent.map(Observations::of), means);
        }
    }
    Ok(())
}

/// Whether Ada's browser is signed in to the account of somebody with one of
/// these names.
async fn is_in_as(
    play: &mut Play<'_>,
    ada: &mut Person,
    names: &[Option<String>],
) -> Result<bool, Trouble> {
    if !play.has(Flow::Whoami) {
        return Ok(false);
    }
    let user = match ada.actor.user(&mut play.log).await {
        // Nobody is signed in.
        Err(trouble) if trouble.is_turned_away() => None,
        user => user?,
    };
    Ok(user.is_some() && names.contains(&user))
}

async fn another_sign_in(play: &mut Play<'_>) -> Result<(), Trouble> {
    let mut ada = enrolled(play).await?;
    let hers = ada.actor.begin(Ceremony::Authentication, &mut play.log).await?;
    let message = match Play::respond(&mut ada, &hers)? {
        Ok(message) => message,
        Err(exception) => return Err(exception.into()),
    };
    ada.actor.change_browser();
    let mallorys = ada.actor.begin(Ceremony::Authentication, &mut play.log).await?;
    let sent = play.send(&mut ada, &mallorys, &message).await;
    let means = Means {
        good: "The challenge belongs to the sign-in that asked for it.",
        bad: "One answer of Ada's completes any sign-in of hers, Mallory's too.",
    };
    let line = says("Mallory", "completes her sign-in with the answer that Ada gave in hers");
    let rule = rules::SECOND_STEP_OF_ANOTHER_LOGIN.check();
    play.judged_by(line, &rule, sent.map(Observations::of), means);
    Ok(())
}

async fn lost(play: &mut Play<'_>) -> Result<(), Trouble> {
    play.needs(Flow::Recover)?;
    let does = "signs up, and makes a passkey";
    let means = "Until there is a second factor, the password is all.";
    let mut ada = play.enrolled("her phone", bound_phone(), does, means).await?;
    super::lost_device::with_recovery(play, &mut ada).await
}

async fn enrolled(play: &mut Play<'_>) -> Result<Person, Trouble> {
    let mut ada = play.person("Ada", "her phone", bound_phone()).await?;
    if play.can_choose(Setting::Login, SettingValue::Username) {
        // Some sites also let people in who name nobody, and type no password.
        ada.actor.choose(Setting::Login, SettingValue::Username);
    }
    let means = "From now on the site asks for both.";
    play.honest(&mut ada, Ceremony::Registration, "signs up, and makes a passkey", means).await?;
    ada.actor.change_browser();
    Ok(ada)
}
