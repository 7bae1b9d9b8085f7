//! Devices that cannot do everything, and people who do not want to.

use std::time::Duration;

use passrig_authenticator::Ceremony;
use passrig_authenticator::device::Profile;
use passrig_authenticator::env;
use passrig_authenticator::wire::cose::Algorithm;

use super::Simulation;
use super::cast::{Person, answer, bound_phone, browser, key_without_pin, says};
use super::play::{Means, Play};
use super::rules;
use crate::actor::Trouble;
use crate::outcome::{Setting, SettingValue};
use crate::scenarios::Observations;
use crate::target_rp::Begun;

pub(super) const SIMULATION: Simulation = Simulation {
    name: "platform-limits",
    title: "What devices cannot do",
    question: "What does the site offer to people whose device has no PIN, is old, is full, or \
               does not know its algorithm? And to those who cancel?",
    cast: &[("Ada", "comes with another device in every act")],
    acts: |play| Box::pin(acts(play)),
    asks_a_second_factor: false,
};

async fn acts(play: &mut Play<'_>) {
    let rs256 = vec![Algorithm::RS256];
    let eddsa = vec![Algorithm::EDDSA];
    let roaming = Profile::roaming;
    let devices: [(&str, &str, &str, Profile); 6] = [
        (
            "No PIN",
            "A security key without a PIN knows that somebody touched it, not who.",
            "a security key without a PIN",
            key_without_pin(),
        ),
        (
            "No passkeys of its own",
            "An older security key keeps no passkeys: it makes the key anew from an id that the \
             site has to name. Nobody can sign in with it without a name.",
            "a security key that stores nothing",
            Profile { discoverable: false, ..roaming() },
        ),
        (
            "The first generation",
            "A U2F key, made before there was WebAuthn: no PIN, no passkeys of its own.",
            "a U2F key",
            Profile::named("u2f").unwrap_or_else(key_without_pin),
        ),
        (
            "Another algorithm: RS256",
            "Some laptops sign with RSA, in their TPM, and with nothing else.",
            "a laptop that knows RS256 only",
            Profile { algorithms: rs256, ..bound_phone() },
        ),
        (
            "Another algorithm: EdDSA",
            "A device that signs with Ed25519, and with nothing else.",
            "a device that knows EdDSA only",
            Profile { algorithms: eddsa, ..roaming() },
        ),
        (
            "A full key store",
            "A security key has room for twenty-five passkeys, say, and this is the twenty-sixth: \
             what is left is to sign for ids that the site names.",
            "a security key that is full",
            Profile { discoverable: false, ..roaming() },
        ),
    ];
    for (title, about, device, profile) in devices {
        play.act(title, about);
        let played = comes_with(play, device, profile).await;
        play.end(played).await;
    }
    play.act("Changing one's mind", "Ada has everything that it takes, and presses Cancel.");
    let played = refuses(play, "cancels", NO).await;
    play.end(played).await;

    play.act(
        "Taking one's time",
        "Ada has to look for her phone, and comes back after eleven minutes. No browser waits \
         longer than ten.",
    );
    let played = refuses(play, "comes back after eleven minutes", LATE).await;
    play.end(played).await;

    play.act("What the site asks for", "All this is decided by a few words in the site's options.");
    for (does, id, means) in [
        (
            "looks for an algorithm that nearly every device has (ES256)",
            "registration.options.es256",
            Means { good: "It is on offer.", bad: "It is not on offer." },
        ),
        (
            "looks whether older browsers read the same as newer ones",
            "registration.options.resident-key",
            Means {
                good: "They do.",
                bad: "Older browsers read something else, and make other passkeys.",
            },
        ),
        (
            "looks how long people have",
            "authentication.options.timeout",
            Means { good: "Long enough.", bad: "Too short for whoever needs help." },
        ),
    ] {
        play.check(says("Any browser", does), id, means).await;
    }
    play.end(Ok(())).await;
}

const NO: env::Answer = env::Answer { consents: false, ..env::Answer::WILLING };
const LATE: env::Answer =
    env::Answer { after: Duration::from_secs(11 * 60), ..env::Answer::WILLING };

async fn comes_with(play: &mut Play<'_>, device: &str, profile: Profile) -> Result<(), Trouble> {
    let mut ada = play.person("Ada", device, profile).await?;
    if play.can_choose(Setting::UserVerification, SettingValue::Preferred) {
        ada.actor.choose(Setting::UserVerification, SettingValue::Preferred);
    }
    let begun = ada.actor.begin(Ceremony::Registration, &mut play.log).await?;
    let line = ada.does("signs up, and wants to make a passkey");
    match Play::respond(&mut ada, &begun)? {
        Err(exception) => {
            let means = format!(
                "The site's options shut this device out: {}. That is the site's choice, if it is \
                 one; people with such a device need another way.",
                asked(&begun)
            );
            play.tell(line, browser(&exception), &means);
            return Ok(());
        }
        Ok(message) => {
            let sent = play.send(&mut ada, &begun, &message).await;
            let accepted = sent.as_ref().is_ok_and(crate::actor::Attempt::is_accepted);
            let means = Means {
                good: "The site takes it as it is.",
                bad: "The site's options admit the device, and then it refuses what the device \
                      makes.",
            };
            let rule = rules::ADMITTED_AND_REFUSED.check();
            play.judged_by(line, &rule, sent.map(Observations::of), means);
            if !accepted {
                return Ok(());
            }
            ada.actor.known.credential_id = Some(message.credential_id);
        }
    }
    ada.actor.change_browser();
    let begun = ada.actor.begin(Ceremony::Authentication, &mut play.log).await?;
    let line = ada.does("comes back, and signs in");
    match Play::respond(&mut ada, &begun)? {
        Err(exception) => {
            let means = "The site let her make a passkey that she cannot sign in with: at the \
                         sign-in it asks for more than the device can do, or does not name the \
                         passkey.";
            let seen = crate::actor::Attempt::observed(false, exception.to_string(), &play.log);
            let means = Means { good: "She is in.", bad: means };
            let rule = rules::MADE_AND_USELESS.check();
            play.judged_by(line, &rule, Ok(Observations::of(seen)), means);
        }
        Ok(message) => {
            let sent = play.send(&mut ada, &begun, &message).await;
            let means = Means {
                good: "She is in. This device is as good as any other here.",
                bad: "The site asks for this device's passkey, and then refuses it.",
            };
            let rule = rules::ADMITTED_AND_REFUSED.check();
            play.judged_by(line, &rule, sent.map(Observations::of), means);
        }
    }
    Ok(())
}

/// What of the options may keep a device out.
fn asked(begun: &Begun) -> String {
    let selection = begun.options.get("authenticatorSelection");
    let word = |name: &str| {
        let value = selection.and_then(|selection| selection.get(name));
        value.and_then(serde_json::Value::as_str)
    };
    let mut parts = Vec::new();
    for name in ["userVerification", "residentKey", "authenticatorAttachment"] {
        if let Some(value) = word(name) {
            parts.push(format!("{name} \"{value}\""));
        }
    }
    let offered = begun.options.get("pubKeyCredParams").and_then(serde_json::Value::as_array);
    let numbers = offered.into_iter().flatten().filter_map(|one| one.get("alg"));
    let numbers: Vec<String> = numbers.map(ToString::to_string).collect();
    parts.push(format!("algorithms {}", numbers.join(", ")));
    parts.join(", ")
}

async fn refuses(play: &mut Play<'_>, does: &str, with: env::Answer) -> Result<(), Trouble> {
    let mut ada: Person = play.person("Ada", "her phone", bound_phone()).await?;
    let begun = ada.actor.begin(Ceremony::Registration, &mut play.log).await?;
    ada.actor.is_answered("unwilling", with);
    let line = ada.does(format!("wants to make a passkey, and {does}"));
    match Play::respond(&mut ada, &begun)? {
        Err(exception) => play.tell(
            line,
            browser(&exception),
            "The browser says no more than that: the page cannot tell a Cancel from a missing \
             device. It has to offer a way on.",
        ),
        Ok(message) => {
            let sent = play.send(&mut ada, &begun, &message).await?;
            play.tell(line, answer(&sent), "The browser went on.");
        }
    }
    ada.actor.is_answered("willing", env::Answer::WILLING);
    let means = "What was broken off is no obstacle.";
    play.honest(&mut ada, Ceremony::Registration, "changes her mind, and makes one", means).await?;
    ada.actor.change_browser();
    let begun = ada.actor.begin(Ceremony::Authentication, &mut play.log).await?;
    ada.actor.is_answered("unwilling again", with);
    let line = ada.does(format!("wants to sign in, and {does}"));
    match Play::respond(&mut ada, &begun)? {
        Err(exception) => play.tell(line, browser(&exception), "Nothing reaches the site."),
        Ok(message) => {
            let sent = play.send(&mut ada, &begun, &message).await?;
            play.tell(line, answer(&sent), "The browser went on.");
        }
    }
    ada.actor.is_answered("willing again", env::Answer::WILLING);
    let means = "What was broken off is no obstacle.";
    play.honest(&mut ada, Ceremony::Authentication, "tries again, and signs in", means).await
}
