//! A device is lost: who still gets in, and who must not.

use passrig_authenticator::Ceremony;

use super::Simulation;
use super::cast::{
    Person, answer, bound_phone, key_without_pin, laptop, rp, says, security_key, synced_phone,
};
use super::play::{Means, Play};
use super::rules;
use crate::actor::{Attempt, Trouble};
use crate::outcome::Setting;
use crate::scenarios::Observations;
use crate::target_rp::{Begun, Flow, ListedCredential};

const PHONE: &str = "her phone";
const LAPTOP: &str = "her laptop";

pub(super) const SIMULATION: Simulation = Simulation {
    name: "lost-device",
    title: "A lost device",
    question: "What happens when somebody loses the phone that their passkey is on?",
    cast: &[
        ("Ada", "has an account, and loses a device in every act"),
        ("Finn", "finds the device, and does not give it back"),
    ],
    acts: |play| Box::pin(acts(play)),
    asks_a_second_factor: false,
};

async fn acts(play: &mut Play<'_>) {
    play.act(
        "The only passkey",
        "Ada has one passkey, on her phone, and it never leaves the phone. Then the phone is gone.",
    );
    let played = only_passkey(play).await;
    play.end(played).await;

    play.act("A second passkey", "Ada has made a passkey on her laptop as well, just in case.");
    let played = second_device(play, LAPTOP, laptop()).await;
    play.end(played).await;

    play.act(
        "A security key in the drawer",
        "Ada has a second passkey too, on a security key that she keeps at home.",
    );
    let played = second_device(play, "her security key", security_key()).await;
    play.end(played).await;

    play.act(
        "A recovery code",
        "Ada has no second device. She did what the site offers for the day when the phone is gone.",
    );
    let played = recovery(play).await;
    play.end(played).await;

    play.act(
        "A synced passkey",
        "Ada's passkey is synced. She buys a new phone and signs in to her cloud.",
    );
    let played = synced(play).await;
    play.end(played).await;

    play.act(
        "The lost passkey is struck off",
        "Ada removes the passkey of the lost phone from her account. From that moment it must be \
         worth nothing, wherever the phone is and whatever it is about to do.",
    );
    let played = struck_off(play).await;
    play.end(played).await;

    play.act(
        "The last passkey",
        "Ada tidies up and removes the one passkey that she has. Does the site notice that she \
         could never come back?",
    );
    let played = last(play).await;
    play.end(played).await;

    play.act(
        "A finder who cannot unlock it",
        "Finn has Ada's device in his hands, and neither her finger nor her PIN.",
    );
    let played = finder(play).await;
    play.end(played).await;
}

async fn only_passkey(play: &mut Play<'_>) -> Result<(), Trouble> {
    let mut ada = play.person("Ada", PHONE, bound_phone()).await?;
    sign_up(play, &mut ada).await?;
    ada.actor.change_browser();
    play.honest(
        &mut ada,
        Ceremony::Authentication,
        "signs in with the passkey, in a browser that knows nothing of her",
        "This is how it is every day: the phone is unlocked, and she is in.",
    )
    .await?;
    play.tell(
        says("Ada", "loses the phone, and with it the only passkey"),
        None,
        "The private key was on the phone and nowhere else.",
    );
    ada.actor.change_browser();
    ada.takes(LAPTOP, laptop());
    let begun = ada.actor.begin(Ceremony::Authentication, &mut play.log).await?;
    let line = ada.does("tries to sign in");
    match Play::respond(&mut ada, &begun)? {
        Err(exception) => play.browser_refuses(
            line,
            &exception,
            "There is no passkey on the laptop, so there is nothing to sign with. Without another \
             way in, Ada is locked out.",
        ),
        Ok(_) => play.tell(line, None, "Her laptop has an answer, though it has no passkey."),
    }
    other_way_in(play, &mut ada).await
}

/// What is left to somebody without a passkey, who did nothing beforehand.
async fn other_way_in(play: &mut Play<'_>, ada: &mut Person) -> Result<(), Trouble> {
    if !play.has(Flow::Login) {
        play.left(
            says("Ada", "looks for another way in"),
            "This RP's profile has no sign-in without a passkey (`login`). If the site has none \
             either, Ada's account is lost: offer people a second passkey, or a recovery code, \
             while they have the first.",
        );
        return Ok(());
    }
    ada.actor.log_in(&mut play.log).await?;
    play.good(
        ada.does_without("signs in without a passkey, as the site lets her"),
        rp("let her in"),
        "Ada is in again. So would be whoever knows what she knows: this way is as strong as the \
         account gets.",
    );
    let made = match ada.actor.enrol(&mut play.log).await {
        Err(trouble) if trouble.is_turned_away() || trouble.is_refusal() => {
            Err(trouble.as_refusal())
        }
        made => made.map(|attempt| answer(&attempt)).map(Ok)?,
    };
    let line = ada.does("wants to make a new passkey");
    match made {
        Ok(made) => play.good(line, made, "From now on she signs in with the laptop."),
        Err(refused) => play.tell(
            line,
            rp(refused),
            "The site wants to see a passkey that she has before it takes a new one, which keeps \
             thieves of passwords out, and Ada too. She needs somebody to call.",
        ),
    }
    Ok(())
}

/// Somebody who is signed in gets ready for the day, and it comes.
pub(super) async fn with_recovery(play: &mut Play<'_>, ada: &mut Person) -> Result<(), Trouble> {
    play.needs(Flow::Recover)?;
    if play.has(Flow::Prepare) {
        ada.actor.prepare(&mut play.log).await?;
        let line = ada.does_without("asks the site for recovery codes, and writes one down");
        play.tell(line, rp("shows them, once"), "The paper lies in a drawer.");
    }
    ada.actor.change_browser();
    ada.takes(LAPTOP, laptop());
    ada.actor.recover(&mut play.log).await?;
    let line = ada.does_without("has lost the phone, and gets in with what the site gave her");
    play.good(line, rp("let her in"), "Nobody had to be called, and no passkey was needed.");
    let means = "From now on she signs in with the laptop.";
    play.honest(ada, Ceremony::Registration, "makes a new passkey", means).await?;
    ada.actor.change_browser();
    let again = ada.actor.recover(&mut play.log).await;
    let (worked, remark) = match again {
        Ok(()) => (true, "let him in".to_owned()),
        Err(trouble) if trouble.is_turned_away() => (false, trouble.as_refusal()),
        Err(trouble) => return Err(trouble),
    };
    let means = Means {
        good: "What was used once is of no use to whoever finds the paper.",
        bad: "What was used up works again, for whoever finds the paper.",
    };
    let line = says("Finn", "finds the paper, and uses the same code once more");
    let seen = Ok(Observations::of(Attempt::observed(worked, remark, &play.log)));
    play.judged_by(line, &rules::RECOVERY_TWICE.check(), seen, means);
    Ok(())
}

async fn recovery(play: &mut Play<'_>) -> Result<(), Trouble> {
    play.needs(Flow::Recover)?;
    let mut ada = play.person("Ada", PHONE, bound_phone()).await?;
    sign_up(play, &mut ada).await?;
    with_recovery(play, &mut ada).await
}

async fn second_device(
    play: &mut Play<'_>,
    device: &str,
    profile: passrig_authenticator::device::Profile,
) -> Result<(), Trouble> {
    let mut ada = play.person("Ada", PHONE, bound_phone()).await?;
    sign_up(play, &mut ada).await?;
    ada.takes(device, profile);
    play.honest(
        &mut ada,
        Ceremony::Registration,
        "makes a second passkey, while she is signed in",
        "The account has two passkeys now; either opens it.",
    )
    .await?;
    ada.actor.change_browser();
    play.honest(
        &mut ada,
        Ceremony::Authentication,
        "has lost the phone, and signs in with this",
        "The second passkey does all that the first did. Nobody had to be called.",
    )
    .await
}

async fn synced(play: &mut Play<'_>) -> Result<(), Trouble> {
    let mut ada = play.person("Ada", "her old phone", synced_phone()).await?;
    sign_up(play, &mut ada).await?;
    let Some(copy) = ada.copy_of_device() else { return Err(Trouble::NotExpressible) };
    ada.actor.change_browser();
    ada.takes_copy("her new phone", copy);
    play.honest(
        &mut ada,
        Ceremony::Authentication,
        "has lost the old phone, and signs in with the new one",
        "The cloud brought the passkey to the new phone. To the site it is the same passkey: it \
         cannot tell the phones apart. The account is now as safe as the cloud's.",
    )
    .await
}

async fn struck_off(play: &mut Play<'_>) -> Result<(), Trouble> {
    play.needs(Flow::List)?;
    play.needs(Flow::Remove)?;
    let mut ada = play.person("Ada", PHONE, bound_phone()).await?;
    sign_up(play, &mut ada).await?;
    let lost = ada.actor.known.credential_id.clone().unwrap_or_default();
    let phone = ada.takes(LAPTOP, laptop());
    play.honest(
        &mut ada,
        Ceremony::Registration,
        "makes a second passkey",
        "Now the phone may be lost.",
    )
    .await?;
    ada.actor.change_browser();

    // Finn: one browser in which Ada is signed in still, one that is about to sign in.
    let laptop = ada.takes_up(phone);
    play.honest(
        &mut ada,
        Ceremony::Authentication,
        "signs in with the phone once more, and then loses it, unlocked",
        "The phone is signed in when Finn finds it.",
    )
    .await?;
    let open = ada.actor.change_browser();
    let begun = ada.actor.begin(Ceremony::Authentication, &mut play.log).await?;
    let message = Play::respond(&mut ada, &begun)?;
    let pending = ada.actor.change_browser();
    let phone = ada.takes_up(laptop);
    play.honest(
        &mut ada,
        Ceremony::Authentication,
        "is at home, and signs in with the laptop",
        "The second passkey is what she needs now.",
    )
    .await?;

    let listed = find(play, &mut ada, &lost).await?;
    ada.actor.remove(&listed, None, &mut play.log).await?;
    let gone = is_gone(play, &mut ada, &lost).await?;
    let seen = Attempt::observed(gone, if gone { "gone" } else { "still listed" }, &play.log);
    play.judged(
        ada.does("removes the phone's passkey from her account"),
        "registration.own-removal.listed",
        Ok(Observations::of(seen)),
        Means {
            good: "The site no longer lists it.",
            bad: "The site still lists it, so Ada cannot know whether it is dead.",
        },
    );

    // The sign-in that had begun before.
    ada.actor.return_to(pending);
    ada.takes_up(phone);
    if let Ok(message) = message {
        let id = removed(&begun);
        let sent = play.send(&mut ada, &begun, &message).await;
        let line =
            says("Finn", "ends the sign-in that the phone had begun before").with("Ada's phone");
        let means = Means {
            good: "The site looked the passkey up anew, and it is not there.",
            bad: "The passkey was removed, and Finn is in with it.",
        };
        play.judged(line, id, sent.map(Observations::of), means);
    }
    ada.actor.change_browser();
    new_sign_in(play, &mut ada, "Finn", "Ada's phone").await?;

    if play.sees_sessions() {
        ada.actor.return_to(open);
        let lives = ada.actor.is_signed_in(&mut play.log).await?.unwrap_or_default();
        let remark = if lives { "still signed in" } else { "signed out" };
        let seen = Attempt::observed(lives, remark, &play.log);
        play.judged_by(
            says("Finn", "goes on in the session that was open on the phone").with("Ada's phone"),
            &rules::SESSION_OF_A_LOST_DEVICE.check(),
            Ok(Observations::of(seen)),
            Means {
                good: "The session ended with the passkey.",
                bad: "The passkey is dead, and the session that it opened is not. Until it ends, \
                      Finn needs no passkey.",
            },
        );
    }
    Ok(())
}

/// Whether a passkey is no longer listed. Some sites end the session along with
/// the passkey that began it; then somebody signs in with what is at hand.
pub(super) async fn is_gone(
    play: &mut Play<'_>,
    ada: &mut Person,
    id: &[u8],
) -> Result<bool, Trouble> {
    let listed = match ada.actor.lists(id, &mut play.log).await {
        Err(trouble) if trouble.is_turned_away() => {
            ada.actor.change_browser();
            ada.actor.sign_in(&mut play.log).await?;
            ada.actor.lists(id, &mut play.log).await?
        }
        listed => listed?,
    };
    Ok(!listed.ok_or(Trouble::NoFlow(Flow::List))?)
}

/// Somebody begins anew, with a passkey that was removed.
pub(super) async fn new_sign_in(
    play: &mut Play<'_>,
    ada: &mut Person,
    who: &str,
    device: &str,
) -> Result<(), Trouble> {
    if play.can_choose(Setting::Login, "discoverable") {
        // Where nobody is named, the device offers whatever it has.
        ada.actor.choose(Setting::Login, "discoverable");
    }
    let begun = ada.actor.begin(Ceremony::Authentication, &mut play.log).await;
    let begun = match begun {
        Err(trouble) if trouble.is_turned_away() => {
            let line = says(who, "begins a new sign-in").with(device);
            play.good(line, rp(trouble.as_refusal()), "The site does not even begin.");
            return Ok(());
        }
        begun => begun?,
    };
    let line = says(who, "begins a new sign-in").with(device);
    match Play::respond(ada, &begun)? {
        Err(exception) => play.browser_refuses(
            line,
            &exception,
            "The site no longer asks for this passkey, so the phone does not offer it.",
        ),
        Ok(message) => {
            let sent = play.send(ada, &begun, &message).await;
            let means = Means {
                good: "The phone still offers the passkey, as it cannot know; the site refuses it.",
                bad: "The passkey was removed, and still works.",
            };
            play.judged(line, removed(&begun), sent.map(Observations::of), means);
        }
    }
    Ok(())
}

/// The rule about removed passkeys, by how the sign-in begins.
fn removed(begun: &Begun) -> &'static str {
    let allowed = begun.options.get("allowCredentials").and_then(serde_json::Value::as_array);
    match allowed.is_some_and(|allowed| !allowed.is_empty()) {
        true => "authentication.removed-credential.begun-before",
        false => "authentication.removed-credential.discoverable",
    }
}

async fn last(play: &mut Play<'_>) -> Result<(), Trouble> {
    play.needs(Flow::List)?;
    play.needs(Flow::Remove)?;
    let mut ada = play.person("Ada", PHONE, bound_phone()).await?;
    sign_up(play, &mut ada).await?;
    let id = ada.actor.known.credential_id.clone().unwrap_or_default();
    let listed = find(play, &mut ada, &id).await?;
    let before = play.log.len();
    let sent = ada.actor.remove(&listed, None, &mut play.log).await;
    let objected = play.objected_since(before);
    let refused = match sent {
        Err(trouble) if trouble.is_turned_away() => Some(trouble.as_refusal()),
        sent => sent.map(|()| None)?,
    };
    let gone = ada.actor.lists(&id, &mut play.log).await?.map(|listed| !listed);
    let gone = gone.ok_or(Trouble::NoFlow(Flow::List))?;
    let line = ada.does("removes the only passkey");
    if gone && play.has(Flow::Login) {
        play.good(line, rp("removed it"), "The passkey is gone. Ada still has another way in.");
        return Ok(());
    }
    // The adapter answers for Ada, if the site asks.
    let silent = gone && !objected;
    let remark = match (refused, objected) {
        (Some(refused), _) => refused,
        (None, true) => "asked whether that is meant, before it removed it".to_owned(),
        (None, false) => if gone { "removed it" } else { "kept it" }.to_owned(),
    };
    let seen = Attempt::observed(silent, remark, &play.log);
    play.judged_by(
        line,
        &rules::LAST_PASSKEY.check(),
        Ok(Observations::of(seen)),
        Means {
            good: "The site does not let her lock herself out without a word.",
            bad: "One request, and nobody will ever sign in to this account again. (If the site's \
                  page asks first: passrig sends what comes after that.)",
        },
    );
    Ok(())
}

async fn finder(play: &mut Play<'_>) -> Result<(), Trouble> {
    let required = play.asked("authentication.user-verification") == Some("required");
    let mut ada = play.person("Ada", PHONE, bound_phone()).await?;
    sign_up(play, &mut ada).await?;
    ada.actor.change_browser();
    ada.is_a_stranger();
    let begun = ada.actor.begin(Ceremony::Authentication, &mut play.log).await?;
    let line =
        says("Finn", "tries to sign in, with a finger that is not Ada's").with("Ada's phone");
    match Play::respond(&mut ada, &begun)? {
        Err(exception) => play.browser_refuses(
            line,
            &exception,
            "The phone does not sign for strangers. The site never hears of it.",
        ),
        Ok(message) => {
            let sent = play.send(&mut ada, &begun, &message).await?;
            let means =
                "The site asks that the phone not be unlocked, so it asks nobody who they are.";
            play.tell(line, answer(&sent), means);
        }
    }
    play.check(
        says("Finn", "has altered a device, so that it signs without being unlocked, and says so")
            .with("a device that he took apart"),
        "authentication.user-verified.clear-when-required",
        Means {
            good: "Every answer says whether the device was unlocked. The site demands it, and \
                   looks.",
            bad: "The site demands that devices be unlocked, and does not look whether they were.",
        },
    )
    .await;
    if required && !play.can_choose(Setting::UserVerification, "preferred") {
        return Ok(());
    }
    key_from_the_street(play).await
}

/// Where unlocking is not demanded, some devices do not ask for it.
async fn key_from_the_street(play: &mut Play<'_>) -> Result<(), Trouble> {
    let mut ada = play.person("Ada", "her security key, without a PIN", key_without_pin()).await?;
    if play.can_choose(Setting::UserVerification, "preferred") {
        ada.actor.choose(Setting::UserVerification, "preferred");
    }
    let begun = ada.actor.begin(Ceremony::Registration, &mut play.log).await?;
    let line = ada.does("wants to make a passkey on it");
    let message = match Play::respond(&mut ada, &begun)? {
        Ok(message) => message,
        Err(exception) => {
            let means = "The site does not let her make a passkey on a key without a PIN.";
            play.browser_refuses(line, &exception, means);
            return Ok(());
        }
    };
    let sent = play.send(&mut ada, &begun, &message).await?;
    let is_made = sent.is_accepted();
    let means = match is_made {
        true => "The key asks for a touch, and for nothing else.",
        false => "The site does not take a passkey of a key without a PIN.",
    };
    play.tell(line, answer(&sent), means);
    if !is_made {
        return Ok(());
    }
    ada.actor.change_browser();
    let begun = ada.actor.begin(Ceremony::Authentication, &mut play.log).await?;
    let line =
        says("Finn", "touches the key that he found").with("Ada's security key, without a PIN");
    match Play::respond(&mut ada, &begun)? {
        Err(exception) => {
            play.browser_refuses(line, &exception, "The key is not asked, or does not answer.");
        }
        Ok(message) => {
            let sent = play.send(&mut ada, &begun, &message).await;
            let means = Means {
                good: "The site does not let a touch alone in.",
                bad: "A touch is enough. Where a password came before, it was the second factor; \
                      where nothing did, the key is all there is.",
            };
            let rule = rules::POSSESSION_ALONE.check();
            play.judged_by(line, &rule, sent.map(Observations::of), means);
        }
    }
    Ok(())
}

async fn sign_up(play: &mut Play<'_>, ada: &mut Person) -> Result<(), Trouble> {
    let does = "signs up, and makes a passkey";
    let means = match play.is_in_first_act() {
        true => {
            "The device made a pair of keys, kept the private one, and gave the public one to the \
             site."
        }
        false => "Once more from the beginning, with an account of its own for this act.",
    };
    play.honest(ada, Ceremony::Registration, does, means).await
}

pub(super) async fn find(
    play: &mut Play<'_>,
    ada: &mut Person,
    id: &[u8],
) -> Result<ListedCredential, Trouble> {
    if !play.sees_passkeys() {
        return Err(Trouble::NoFlow(Flow::List));
    }
    let listed = ada.actor.credentials(&mut play.log).await?;
    listed.into_iter().find(|one| one.has_id(id)).ok_or(Trouble::NotExpressible)
}
