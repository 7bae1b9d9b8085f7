//! Devices with limits, and users who cancel.

use std::time::Duration;

use passrig_authenticator::Ceremony;
use passrig_authenticator::device::Profile;
use passrig_authenticator::env;
use passrig_authenticator::wire::cose::Algorithm;

use super::Simulation;
use super::person::{Person, answer, bound_phone, browser, by, key_without_pin};
use super::rules;
use super::simulator::{Meanings, Simulator};
use crate::actor::Result;
use crate::outcome::{Setting, SettingValue};
use crate::target_rp::Begun;

pub(super) const SIMULATION: Simulation = Simulation {
    name: "platform-limits",
    title: "What devices cannot do",
    question: "What does the site offer to people whose device has no PIN, is old, is full, or \
               does not know its algorithm? And to those who cancel?",
    participants: &[("Ada", "comes with another device in every act")],
    acts: |sim| Box::pin(acts(sim)),
    has_second_factor: false,
};

async fn acts(sim: &mut Simulator<'_>) {
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
        sim.act(title, about);
        let performed = comes_with(sim, device, profile).await;
        sim.end(performed).await;
    }
    sim.act("Changing one's mind", "Ada has everything that it takes, and presses Cancel.");
    let performed = refuses(sim, "cancels", NO).await;
    sim.end(performed).await;

    sim.act(
        "Taking one's time",
        "Ada has to look for her phone, and comes back after eleven minutes. No browser waits \
         longer than ten.",
    );
    let performed = refuses(sim, "comes back after eleven minutes", LATE).await;
    sim.end(performed).await;

    sim.act("What the site asks for", "All this is decided by a few words in the site's options.");
    for (does, id, means) in [
        (
            "looks for an algorithm that nearly every device has (ES256)",
            "registration.options.es256",
            Meanings { good: "It is on offer.", bad: "It is not on offer." },
        ),
        (
            "looks whether older browsers read the same as newer ones",
            "registration.options.resident-key",
            Meanings {
                good: "They do.",
                bad: "Older browsers read something else, and make other passkeys.",
            },
        ),
        (
            "looks how long people have",
            "authentication.options.timeout",
            Meanings { good: "Long enough.", bad: "Too short for whoever needs help." },
        ),
    ] {
        sim.check(by("Any browser", does), id, means).await;
    }
    sim.end(Ok(())).await;
}

const NO: env::Answer = env::Answer { consents: false, ..env::Answer::WILLING };
const LATE: env::Answer =
    env::Answer { after: Duration::from_secs(11 * 60), ..env::Answer::WILLING };

async fn comes_with(sim: &mut Simulator<'_>, device: &str, profile: Profile) -> Result<()> {
    let mut ada = sim.person("Ada", device, profile).await?;
    if sim.can_choose(Setting::UserVerification, SettingValue::Preferred) {
        ada.actor.choose(Setting::UserVerification, SettingValue::Preferred);
    }
    let begun = ada.actor.begin(Ceremony::Registration, &mut sim.log).await?;
    let action = ada.does("signs up, and wants to make a passkey");
    match Simulator::respond(&mut ada, &begun)? {
        Err(exception) => {
            let means = format!(
                "The site's options shut this device out: {}. That is the site's choice, if it is \
                 one; people with such a device need another way.",
                asked(&begun)
            );
            sim.note(action, browser(&exception), &means);
            return Ok(());
        }
        Ok(message) => {
            let sent = sim.send(&mut ada, &begun, &message).await;
            let accepted = sent.as_ref().is_ok_and(crate::actor::Attempt::is_accepted);
            let means = Meanings {
                good: "The site takes it as it is.",
                bad: "The site's options admit the device, and then it refuses what the device \
                      makes.",
            };
            sim.judged_by(action, &rules::ADMITTED_AND_REFUSED, sent, means);
            if !accepted {
                return Ok(());
            }
            ada.actor.known.credential_id = Some(message.credential_id);
        }
    }
    ada.actor.change_browser();
    let begun = ada.actor.begin(Ceremony::Authentication, &mut sim.log).await?;
    let action = ada.does("comes back, and signs in");
    match Simulator::respond(&mut ada, &begun)? {
        Err(exception) => {
            let means = "The site let her make a passkey that she cannot sign in with: at the \
                         sign-in it asks for more than the device can do, or does not name the \
                         passkey.";
            let seen = crate::actor::Attempt::observed(false, exception.to_string(), &sim.log);
            let means = Meanings { good: "She is in.", bad: means };
            sim.judged_by(action, &rules::MADE_AND_USELESS, Ok(seen), means);
        }
        Ok(message) => {
            let sent = sim.send(&mut ada, &begun, &message).await;
            let means = Meanings {
                good: "She is in. This device is as good as any other here.",
                bad: "The site asks for this device's passkey, and then refuses it.",
            };
            sim.judged_by(action, &rules::ADMITTED_AND_REFUSED, sent, means);
        }
    }
    Ok(())
}

/// The parts of the options that may exclude a device.
fn asked(begun: &Begun) -> String {
    let options = begun.converted();
    let selection = options.get("authenticatorSelection");
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
    let offered = options.get("pubKeyCredParams").and_then(serde_json::Value::as_array);
    let numbers = offered.into_iter().flatten().filter_map(|one| one.get("alg"));
    let numbers: Vec<String> = numbers.map(ToString::to_string).collect();
    parts.push(format!("algorithms {}", numbers.join(", ")));
    parts.join(", ")
}

async fn refuses(sim: &mut Simulator<'_>, does: &str, with: env::Answer) -> Result<()> {
    let mut ada: Person = sim.person("Ada", "her phone", bound_phone()).await?;
    let begun = ada.actor.begin(Ceremony::Registration, &mut sim.log).await?;
    ada.actor.set_user_answer("unwilling", with);
    let action = ada.does(format!("wants to make a passkey, and {does}"));
    match Simulator::respond(&mut ada, &begun)? {
        Err(exception) => sim.note(
            action,
            browser(&exception),
            "The browser says no more than that: the page cannot tell a Cancel from a missing \
             device. It has to offer a way on.",
        ),
        Ok(message) => {
            let sent = sim.send(&mut ada, &begun, &message).await?;
            sim.note(action, answer(&sent), "The browser went on.");
        }
    }
    ada.actor.set_user_answer("willing", env::Answer::WILLING);
    let means = "What was broken off is no obstacle.";
    sim.honest(&mut ada, Ceremony::Registration, "changes her mind, and makes one", means).await?;
    ada.actor.change_browser();
    let begun = ada.actor.begin(Ceremony::Authentication, &mut sim.log).await?;
    ada.actor.set_user_answer("unwilling again", with);
    let action = ada.does(format!("wants to sign in, and {does}"));
    match Simulator::respond(&mut ada, &begun)? {
        Err(exception) => sim.note(action, browser(&exception), "Nothing reaches the site."),
        Ok(message) => {
            let sent = sim.send(&mut ada, &begun, &message).await?;
            sim.note(action, answer(&sent), "The browser went on.");
        }
    }
    ada.actor.set_user_answer("willing again", env::Answer::WILLING);
    let means = "What was broken off is no obstacle.";
    sim.honest(&mut ada, Ceremony::Authentication, "tries again, and signs in", means).await
}
