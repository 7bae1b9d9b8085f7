//! A device is lost: its owner must still sign in, its finder must not.

use passrig_authenticator::Ceremony;

use super::Simulation;
use super::person::{
    Person, answer, bound_phone, by, key_without_pin, laptop, rp, security_key, synced_phone,
};
use super::removal::{check_removed, find, new_sign_in, removed};
use super::rules;
use super::simulator::{Meanings, Simulator};
use crate::actor::{Attempt, AttemptError, Result};
use crate::outcome::{Setting, SettingValue};
use crate::target_rp::Flow;

const PHONE: &str = "her phone";
const LAPTOP: &str = "her laptop";

pub(super) const SIMULATION: Simulation = Simulation {
    name: "lost-device",
    title: "A lost device",
    question: "What happens when somebody loses the phone that their passkey is on?",
    participants: &[
        ("Ada", "has an account, and loses a device in every act"),
        ("Finn", "finds the device, and does not give it back"),
    ],
    acts: |sim| Box::pin(acts(sim)),
    has_second_factor: false,
};

async fn acts(sim: &mut Simulator<'_>) {
    sim.act(
        "The only passkey",
        "Ada has one passkey, on her phone, and it never leaves the phone. Then the phone is gone.",
    );
    let performed = only_passkey(sim).await;
    sim.end(performed).await;

    sim.act("A second passkey", "Ada has made a passkey on her laptop as well, just in case.");
    let performed = second_device(sim, LAPTOP, laptop()).await;
    sim.end(performed).await;

    sim.act(
        "A security key in the drawer",
        "Ada has a second passkey too, on a security key that she keeps at home.",
    );
    let performed = second_device(sim, "her security key", security_key()).await;
    sim.end(performed).await;

    sim.act(
        "A recovery code",
        "Ada has no second device. She did what the site offers for the day when the phone is gone.",
    );
    let performed = recovery(sim).await;
    sim.end(performed).await;

    sim.act(
        "A synced passkey",
        "Ada's passkey is synced. She buys a new phone and signs in to her cloud.",
    );
    let performed = synced(sim).await;
    sim.end(performed).await;

    sim.act(
        "The lost passkey is struck off",
        "Ada removes the passkey of the lost phone from her account. From that moment it must be \
         worth nothing, wherever the phone is and whatever it is about to do.",
    );
    let performed = after_removal(sim).await;
    sim.end(performed).await;

    sim.act(
        "The last passkey",
        "Ada tidies up and removes the one passkey that she has. Does the site notice that she \
         could never come back?",
    );
    let performed = last(sim).await;
    sim.end(performed).await;

    sim.act(
        "A finder who cannot unlock it",
        "Finn has Ada's device in his hands, and neither her finger nor her PIN.",
    );
    let performed = finder(sim).await;
    sim.end(performed).await;
}

async fn only_passkey(sim: &mut Simulator<'_>) -> Result<()> {
    let mut ada = sim.person("Ada", PHONE, bound_phone()).await?;
    sign_up(sim, &mut ada).await?;
    ada.actor.change_browser();
    sim.honest(
        &mut ada,
        Ceremony::Authentication,
        "signs in with the passkey, in a browser that knows nothing of her",
        "This is how it is every day: the phone is unlocked, and she is in.",
    )
    .await?;
    sim.note(
        by("Ada", "loses the phone, and with it the only passkey"),
        None,
        "The private key was on the phone and nowhere else.",
    );
    ada.actor.change_browser();
    ada.takes(LAPTOP, laptop());
    let begun = ada.actor.begin(Ceremony::Authentication, &mut sim.log).await?;
    let action = ada.does("tries to sign in");
    match Simulator::respond(&mut ada, &begun)? {
        Err(exception) => sim.browser_refuses(
            action,
            &exception,
            "There is no passkey on the laptop, so there is nothing to sign with. Without another \
             way in, Ada is locked out.",
        ),
        Ok(_) => sim.note(action, None, "Her laptop has an answer, though it has no passkey."),
    }
    other_way_in(sim, &mut ada).await
}

/// The way in for a user without a passkey who did not prepare.
async fn other_way_in(sim: &mut Simulator<'_>, ada: &mut Person) -> Result<()> {
    if !sim.has(Flow::Login) {
        sim.skipped(
            by("Ada", "looks for another way in"),
            "This RP's profile has no sign-in without a passkey (`login`). If the site has none \
             either, Ada's account is lost: offer people a second passkey, or a recovery code, \
             while they have the first.",
        );
        return Ok(());
    }
    ada.actor.log_in(&mut sim.log).await?;
    sim.passed(
        ada.does_without("signs in without a passkey, as the site lets her"),
        rp("let her in"),
        "Ada is in again. So would be whoever knows what she knows: this way is as strong as the \
         account gets.",
    );
    let made = match ada.actor.enrol(&mut sim.log).await {
        Err(error) if error.is_turned_away() || error.is_refusal() => Err(error.as_refusal()),
        made => made.map(|attempt| answer(&attempt)).map(Ok)?,
    };
    let action = ada.does("wants to make a new passkey");
    match made {
        Ok(made) => sim.passed(action, made, "From now on she signs in with the laptop."),
        Err(refused) => sim.note(
            action,
            rp(refused),
            "The site wants to see a passkey that she has before it takes a new one, which keeps \
             thieves of passwords out, and Ada too. She needs somebody to call.",
        ),
    }
    Ok(())
}

/// A signed-in user prepares for a loss, and recovers the account.
pub(super) async fn with_recovery(sim: &mut Simulator<'_>, ada: &mut Person) -> Result<()> {
    sim.needs(Flow::Recover)?;
    if sim.has(Flow::Prepare) {
        ada.actor.prepare(&mut sim.log).await?;
        let action = ada.does_without("asks the site for recovery codes, and writes one down");
        sim.note(action, rp("shows them, once"), "The paper lies in a drawer.");
    }
    ada.actor.change_browser();
    ada.takes(LAPTOP, laptop());
    ada.actor.recover(&mut sim.log).await?;
    let action = ada.does_without("has lost the phone, and gets in with what the site gave her");
    sim.passed(action, rp("let her in"), "Nobody had to be called, and no passkey was needed.");
    let means = "From now on she signs in with the laptop.";
    sim.honest(ada, Ceremony::Registration, "makes a new passkey", means).await?;
    ada.actor.change_browser();
    let again = ada.actor.recover(&mut sim.log).await;
    let (worked, remark) = match again {
        Ok(()) => (true, "let him in".to_owned()),
        Err(error) if error.is_turned_away() => (false, error.as_refusal()),
        Err(error) => return Err(error),
    };
    let means = Meanings {
        good: "What was used once is of no use to whoever finds the paper.",
        bad: "What was used up works again, for whoever finds the paper.",
    };
    let action = by("Finn", "finds the paper, and uses the same code once more");
    let seen = Ok(Attempt::observed(worked, remark, &sim.log));
    sim.judged_by(action, &rules::RECOVERY_TWICE, seen, means);
    Ok(())
}

async fn recovery(sim: &mut Simulator<'_>) -> Result<()> {
    sim.needs(Flow::Recover)?;
    let mut ada = sim.person("Ada", PHONE, bound_phone()).await?;
    sign_up(sim, &mut ada).await?;
    with_recovery(sim, &mut ada).await
}

async fn second_device(
    sim: &mut Simulator<'_>,
    device: &str,
    profile: passrig_authenticator::device::Profile,
) -> Result<()> {
    let mut ada = sim.person("Ada", PHONE, bound_phone()).await?;
    sign_up(sim, &mut ada).await?;
    ada.takes(device, profile);
    sim.honest(
        &mut ada,
        Ceremony::Registration,
        "makes a second passkey, while she is signed in",
        "The account has two passkeys now; either opens it.",
    )
    .await?;
    ada.actor.change_browser();
    sim.honest(
        &mut ada,
        Ceremony::Authentication,
        "has lost the phone, and signs in with this",
        "The second passkey does all that the first did. Nobody had to be called.",
    )
    .await
}

async fn synced(sim: &mut Simulator<'_>) -> Result<()> {
    let mut ada = sim.person("Ada", "her old phone", synced_phone()).await?;
    sign_up(sim, &mut ada).await?;
    let copy = ada.copy_of_device()?;
    ada.actor.change_browser();
    ada.takes_copy("her new phone", copy);
    sim.honest(
        &mut ada,
        Ceremony::Authentication,
        "has lost the old phone, and signs in with the new one",
        "The cloud brought the passkey to the new phone. To the site it is the same passkey: it \
         cannot tell the phones apart. The account is now as safe as the cloud's.",
    )
    .await
}

async fn after_removal(sim: &mut Simulator<'_>) -> Result<()> {
    sim.needs(Flow::List)?;
    sim.needs(Flow::Remove)?;
    let mut ada = sim.person("Ada", PHONE, bound_phone()).await?;
    sign_up(sim, &mut ada).await?;
    let lost = ada.actor.known.credential_id.clone().unwrap_or_default();
    let phone = ada.takes(LAPTOP, laptop());
    sim.honest(
        &mut ada,
        Ceremony::Registration,
        "makes a second passkey",
        "Now the phone may be lost.",
    )
    .await?;
    ada.actor.change_browser();

    // Finn: one browser in which Ada is signed in still, one that is about to sign in.
    let laptop = ada.takes_up(phone);
    sim.honest(
        &mut ada,
        Ceremony::Authentication,
        "signs in with the phone once more, and then loses it, unlocked",
        "The phone is signed in when Finn finds it.",
    )
    .await?;
    let open = ada.actor.change_browser();
    let begun = ada.actor.begin(Ceremony::Authentication, &mut sim.log).await?;
    let message = Simulator::respond(&mut ada, &begun)?;
    let pending = ada.actor.change_browser();
    let phone = ada.takes_up(laptop);
    sim.honest(
        &mut ada,
        Ceremony::Authentication,
        "is at home, and signs in with the laptop",
        "The second passkey is what she needs now.",
    )
    .await?;

    let listed = find(sim, &mut ada, &lost).await?;
    ada.actor.remove(&listed, None, &mut sim.log).await?;
    let gone = check_removed(sim, &mut ada, &lost).await?;
    let seen = Attempt::observed(gone, if gone { "gone" } else { "still listed" }, &sim.log);
    sim.judged(
        ada.does("removes the phone's passkey from her account"),
        "registration.own-removal.listed",
        Ok(seen),
        Meanings {
            good: "The site no longer lists it.",
            bad: "The site still lists it, so Ada cannot know whether it is dead.",
        },
    );

    // The sign-in that had begun before.
    ada.actor.return_to(pending);
    ada.takes_up(phone);
    if let Ok(message) = message {
        let id = removed(&begun);
        let sent = sim.send(&mut ada, &begun, &message).await;
        let action =
            by("Finn", "ends the sign-in that the phone had begun before").with("Ada's phone");
        let means = Meanings {
            good: "The site looked the passkey up anew, and it is not there.",
            bad: "The passkey was removed, and Finn is in with it.",
        };
        sim.judged(action, id, sent, means);
    }
    ada.actor.change_browser();
    new_sign_in(sim, &mut ada, "Finn", "Ada's phone").await?;

    if sim.sees_sessions() {
        ada.actor.return_to(open);
        let lives = ada.actor.ask_signed_in(&mut sim.log).await?.unwrap_or_default();
        let remark = if lives { "still signed in" } else { "signed out" };
        let seen = Attempt::observed(lives, remark, &sim.log);
        sim.judged_by(
            by("Finn", "goes on in the session that was open on the phone").with("Ada's phone"),
            &rules::SESSION_OF_A_LOST_DEVICE,
            Ok(seen),
            Meanings {
                good: "The session ended with the passkey.",
                bad: "The passkey is dead, and the session that it opened is not. Until it ends, \
                      Finn needs no passkey.",
            },
        );
    }
    Ok(())
}

async fn last(sim: &mut Simulator<'_>) -> Result<()> {
    sim.needs(Flow::List)?;
    sim.needs(Flow::Remove)?;
    let mut ada = sim.person("Ada", PHONE, bound_phone()).await?;
    sign_up(sim, &mut ada).await?;
    let id = ada.actor.known.credential_id.clone().unwrap_or_default();
    let listed = find(sim, &mut ada, &id).await?;
    let before = sim.log.len();
    let sent = ada.actor.remove(&listed, None, &mut sim.log).await;
    let objected = sim.objected_since(before);
    let refused = match sent {
        Err(error) if error.is_turned_away() => Some(error.as_refusal()),
        sent => sent.map(|()| None)?,
    };
    let gone = ada.actor.lists(&id, &mut sim.log).await?.map(|listed| !listed);
    let gone = gone.ok_or(AttemptError::NoFlow(Flow::List))?;
    let action = ada.does("removes the only passkey");
    if gone && sim.has(Flow::Login) {
        sim.passed(action, rp("removed it"), "The passkey is gone. Ada still has another way in.");
        return Ok(());
    }
    // The adapter answers for Ada, if the site asks.
    let silent = gone && !objected;
    let remark = match (refused, objected) {
        (Some(refused), _) => refused,
        (None, true) => "asked whether that is meant, before it removed it".to_owned(),
        (None, false) => if gone { "removed it" } else { "kept it" }.to_owned(),
    };
    let seen = Attempt::observed(silent, remark, &sim.log);
    sim.judged_by(
        action,
        &rules::LAST_PASSKEY,
        Ok(seen),
        Meanings {
            good: "The site does not let her lock herself out without a word.",
            bad: "One request, and nobody will ever sign in to this account again. (If the site's \
                  page asks first: passrig sends what comes after that.)",
        },
    );
    Ok(())
}

async fn finder(sim: &mut Simulator<'_>) -> Result<()> {
    let required = sim.asked("authentication.user-verification") == Some("required");
    let mut ada = sim.person("Ada", PHONE, bound_phone()).await?;
    sign_up(sim, &mut ada).await?;
    ada.actor.change_browser();
    ada.hand_to_stranger();
    let begun = ada.actor.begin(Ceremony::Authentication, &mut sim.log).await?;
    let action =
        by("Finn", "tries to sign in, with a finger that is not Ada's").with("Ada's phone");
    match Simulator::respond(&mut ada, &begun)? {
        Err(exception) => sim.browser_refuses(
            action,
            &exception,
            "The phone does not sign for strangers. The site never hears of it.",
        ),
        Ok(message) => {
            let sent = sim.send(&mut ada, &begun, &message).await?;
            let means =
                "The site asks that the phone not be unlocked, so it asks nobody who they are.";
            sim.note(action, answer(&sent), means);
        }
    }
    sim.check(
        by("Finn", "has altered a device, so that it signs without being unlocked, and says so")
            .with("a device that he took apart"),
        "authentication.user-verified.clear-when-required",
        Meanings {
            good: "Every answer says whether the device was unlocked. The site demands it, and \
                   looks.",
            bad: "The site demands that devices be unlocked, and does not look whether they were.",
        },
    )
    .await;
    if required && !sim.can_choose(Setting::UserVerification, SettingValue::Preferred) {
        return Ok(());
    }
    found_key(sim).await
}

/// Some devices do not ask for user verification where it is not required.
async fn found_key(sim: &mut Simulator<'_>) -> Result<()> {
    let mut ada = sim.person("Ada", "her security key, without a PIN", key_without_pin()).await?;
    if sim.can_choose(Setting::UserVerification, SettingValue::Preferred) {
        ada.actor.choose(Setting::UserVerification, SettingValue::Preferred);
    }
    let begun = ada.actor.begin(Ceremony::Registration, &mut sim.log).await?;
    let action = ada.does("wants to make a passkey on it");
    let message = match Simulator::respond(&mut ada, &begun)? {
        Ok(message) => message,
        Err(exception) => {
            let means = "The site does not let her make a passkey on a key without a PIN.";
            sim.browser_refuses(action, &exception, means);
            return Ok(());
        }
    };
    let sent = sim.send(&mut ada, &begun, &message).await?;
    let is_made = sent.is_accepted();
    let means = match is_made {
        true => "The key asks for a touch, and for nothing else.",
        false => "The site does not take a passkey of a key without a PIN.",
    };
    sim.note(action, answer(&sent), means);
    if !is_made {
        return Ok(());
    }
    ada.actor.change_browser();
    let begun = ada.actor.begin(Ceremony::Authentication, &mut sim.log).await?;
    let action =
        by("Finn", "touches the key that he found").with("Ada's security key, without a PIN");
    match Simulator::respond(&mut ada, &begun)? {
        Err(exception) => {
            sim.browser_refuses(action, &exception, "The key is not asked, or does not answer.");
        }
        Ok(message) => {
            let sent = sim.send(&mut ada, &begun, &message).await;
            let means = Meanings {
                good: "The site does not let a touch alone in.",
                bad: "A touch is enough. Where a password came before, it was the second factor; \
                      where nothing did, the key is all there is.",
            };
            sim.judged_by(action, &rules::POSSESSION_ALONE, sent, means);
        }
    }
    Ok(())
}

async fn sign_up(sim: &mut Simulator<'_>, ada: &mut Person) -> Result<()> {
    let does = "signs up, and makes a passkey";
    let means = match sim.is_in_first_act() {
        true => {
            "The device made a pair of keys, kept the private one, and gave the public one to the \
             site."
        }
        false => "Once more from the beginning, with an account of its own for this act.",
    };
    sim.honest(ada, Ceremony::Registration, does, means).await
}
