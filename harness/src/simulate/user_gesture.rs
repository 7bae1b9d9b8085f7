//! Ceremonies that a page starts without a click.

use passrig_authenticator::Ceremony;
use passrig_authenticator::client::Origin;

use super::Simulation;
use super::person::{Person, answer, bound_phone, browser, by, synced_phone};
use super::simulator::{Meanings, Simulator};
use crate::actor::Result;
use crate::outcome::{Setting, SettingValue};

const FRAMED: &str = "in a frame of https://embedder.example";

pub(super) const SIMULATION: Simulation = Simulation {
    name: "user-gesture",
    title: "Without a click",
    question: "Which ceremonies may a page start without a click, and what does the site make of \
               them?",
    participants: &[("Ada", "has an account, and has not clicked anything yet")],
    acts: |sim| Box::pin(acts(sim)),
    has_second_factor: false,
};

async fn acts(sim: &mut Simulator<'_>) {
    sim.act(
        "A page that asks at once",
        "Ada opens the site. Its script asks for the passkey before she has read a line.",
    );
    let performed = at_once(sim).await;
    sim.end(performed).await;

    sim.act(
        "Autofill",
        "The page asks quietly: the browser offers passkeys in the form's field, and waits. For \
         that the site may not name any passkey beforehand; it does not know yet who is there.",
    );
    let performed = autofill(sim).await;
    sim.end(performed).await;

    sim.act(
        "A landing page",
        "Ada has just signed up. The site shows her a page that explains passkeys, with a button.",
    );
    let performed = landing(sim).await;
    sim.end(performed).await;

    sim.act(
        "A passkey on the side",
        "While somebody signs in with a password, the browser may make a passkey without a \
         question, if the page asks for it that way. Nobody was asked, and the answer says so.",
    );
    sim.check(
        by("Ada", "signs in with a password, and her browser makes a passkey on the side"),
        "registration.conditional-create.nobody-asked",
        Meanings {
            good: "The site asked for it this way, and takes an answer that says that nobody was \
                   asked.",
            bad: "The site asks for it this way, and then refuses what comes of it.",
        },
    )
    .await;
    sim.check(
        by(
            "A program",
            "makes a passkey in Ada's name behind her back, and claims that it was \
                           made on the side",
        ),
        "registration.conditional-claim.in-reply",
        Meanings {
            good: "Whether it was, the site knows itself. It does not ask the answer.",
            bad: "The answer says so, and the site believes it.",
        },
    )
    .await;
    sim.end(Ok(())).await;

    sim.act(
        "Nobody touched it",
        "Every answer says whether somebody touched the device. A program can ask a device that \
         does not insist.",
    );
    for (what, ceremony) in [("a new passkey", "registration"), ("a sign-in", "authentication")] {
        sim.check(
            by(
                "A program",
                format!("gets an answer for {what} out of a device that nobody touched"),
            ),
            &format!("{ceremony}.user-present.clear"),
            Meanings {
                good: "The site wants somebody to have been there.",
                bad: "A program can do it alone, at night.",
            },
        )
        .await;
    }
    sim.end(Ok(())).await;

    sim.act("In a frame", "The site's page is in a frame of another site's page.");
    let performed = framed(sim).await;
    sim.end(performed).await;
}

async fn at_once(sim: &mut Simulator<'_>) -> Result<()> {
    let mut ada = enrolled(sim).await?;
    let begun = ada.actor.begin(Ceremony::Authentication, &mut sim.log).await?;
    ada.actor.client.activation = false;
    let response = Simulator::respond(&mut ada, &begun);
    ada.actor.client.activation = true;
    let action =
        ada.does("has not clicked, and a dialogue opens all the same; she unlocks the phone");
    match response? {
        Ok(message) => {
            let sent = sim.send(&mut ada, &begun, &message).await?;
            let means = "The specification permits it, and most browsers do; Safari wants a click \
                         first. The answer does not tell, so no site can object. What people \
                         learn from it: to unlock whenever something asks. `passrig page` looks at \
                         the page itself.";
            sim.note(action, answer(&sent), means);
        }
        Err(exception) => sim.note(action, browser(&exception), "Her browser wants a click first."),
    }
    Ok(())
}

async fn autofill(sim: &mut Simulator<'_>) -> Result<()> {
    let mut ada = enrolled(sim).await?;
    if sim.can_choose(Setting::Login, SettingValue::Discoverable) {
        ada.actor.choose(Setting::Login, SettingValue::Discoverable);
    }
    if sim.can_choose(Setting::Mediation, SettingValue::Conditional) {
        ada.actor.choose(Setting::Mediation, SettingValue::Conditional);
    }
    let begun = ada.actor.begin(Ceremony::Authentication, &mut sim.log).await?;
    let options = begun.converted();
    let named = options.get("allowCredentials").and_then(serde_json::Value::as_array);
    let action = ada.does("puts the cursor into the form's field, and picks her passkey there");
    if named.is_some_and(|named| !named.is_empty()) {
        let means = "This RP names passkeys as soon as it is asked, and its profile knows no other \
                     way. Such a list does not go with autofill: first somebody has to type a \
                     name.";
        sim.skipped(action, means);
        return Ok(());
    }
    match Simulator::respond(&mut ada, &begun)? {
        Ok(message) => {
            let sent = sim.send(&mut ada, &begun, &message).await;
            let means = Meanings {
                good: "No dialogue, no name typed. Picking the passkey was the gesture.",
                bad: "The site offers autofill and does not take what comes of it.",
            };
            sim.judged_by(action, &super::rules::ADMITTED_AND_REFUSED, sent, means);
        }
        Err(exception) => {
            let means = "The site asks for a passkey without a name, and lets its users make \
                         passkeys that cannot be found without one.";
            sim.note(action, browser(&exception), means);
        }
    }
    sim.check(
        by("A program", "answers the form without saying whose passkey it is"),
        "authentication.conditional-handle.absent",
        Meanings {
            good: "Nobody was named before, so the answer has to say it.",
            bad: "The site goes on, and relies on something else.",
        },
    )
    .await;
    Ok(())
}

async fn landing(sim: &mut Simulator<'_>) -> Result<()> {
    let mut ada = sim.person("Ada", "her phone", bound_phone()).await?;
    ada.actor.begin(Ceremony::Registration, &mut sim.log).await?;
    sim.note(
        ada.does("reads, and does not click; the page had asked for a challenge already"),
        None,
        "The challenge lies there and gets old. Nothing has happened yet.",
    );
    let means = "A page that waits for a click fetches a new challenge when it comes.";
    sim.honest(&mut ada, Ceremony::Registration, "clicks the button at last", means).await?;
    sim.check(
        by("Any browser", "looks how long people have for the dialogue"),
        "registration.options.timeout",
        Meanings {
            good: "There is time to look for the glasses.",
            bad: "Who needs longer, or is helped by a program, starts again and again.",
        },
    )
    .await;
    Ok(())
}

async fn framed(sim: &mut Simulator<'_>) -> Result<()> {
    let mut ada = sim.person("Ada", "her phone", bound_phone()).await?;
    let begun = ada.actor.begin(Ceremony::Registration, &mut sim.log).await?;
    let page = format!("{} {FRAMED}", sim.origin());
    ada.actor.client.top_origin = Origin::parse("https://embedder.example").ok();
    ada.actor.client.activation = false;
    let response = Simulator::respond(&mut ada, &begun);
    ada.actor.client.activation = true;
    let action = ada.does("has not clicked, and the framed page asks for a new passkey").on(&page);
    match response? {
        Err(exception) => sim.browser_refuses(
            action,
            &exception,
            "Here browsers insist on a click: a frame could be anywhere, as small as a dot.",
        ),
        Ok(_) => sim.note(action, None, "Her browser goes on without a click."),
    }
    let begun = ada.actor.begin(Ceremony::Registration, &mut sim.log).await?;
    let response = Simulator::respond(&mut ada, &begun);
    ada.actor.client.top_origin = None;
    let action = ada.does("clicks in the frame, and makes a passkey").on(&page);
    match response? {
        Ok(message) => {
            let sent = sim.send(&mut ada, &begun, &message).await;
            let means = Meanings {
                good: "The answer names the page around it, which the site does not know.",
                bad: "The answer names the page around it, and the site does not look.",
            };
            let id = "registration.framing.framed";
            sim.judged(action, id, sent, means);
        }
        Err(exception) => sim.note(action, browser(&exception), "Her browser does not go on."),
    }
    Ok(())
}

async fn enrolled(sim: &mut Simulator<'_>) -> Result<Person> {
    let (does, means) = ("signs up, and makes a passkey", "The site has the public key.");
    let mut ada = sim.enrolled("her phone", synced_phone(), does, means).await?;
    ada.actor.change_browser();
    Ok(ada)
}
