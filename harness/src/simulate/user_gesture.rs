//! What a page may start by itself, and what takes a click.

use passrig_authenticator::Ceremony;
use passrig_authenticator::client::Origin;

use super::Simulation;
use super::cast::{Person, answer, bound_phone, browser, says, synced_phone};
use super::play::{Means, Play};
use crate::actor::Trouble;
use crate::outcome::{Setting, SettingValue};
use crate::scenarios::Observations;

const FRAMED: &str = "in a frame of https://embedder.example";

pub(super) const SIMULATION: Simulation = Simulation {
    name: "user-gesture",
    title: "Without a click",
    question: "Which ceremonies may a page start without a click, and what does the site make of \
               them?",
    cast: &[("Ada", "has an account, and has not clicked anything yet")],
    acts: |play| Box::pin(acts(play)),
    asks_a_second_factor: false,
};

async fn acts(play: &mut Play<'_>) {
    play.act(
        "A page that asks at once",
        "Ada opens the site. Its script asks for the passkey before she has read a line.",
    );
    let played = at_once(play).await;
    play.end(played).await;

    play.act(
        "Autofill",
        "The page asks quietly: the browser offers passkeys in the form's field, and waits. For \
         that the site may not name any passkey beforehand; it does not know yet who is there.",
    );
    let played = autofill(play).await;
    play.end(played).await;

    play.act(
        "A landing page",
        "Ada has just signed up. The site shows her a page that explains passkeys, with a button.",
    );
    let played = landing(play).await;
    play.end(played).await;

    play.act(
        "A passkey on the side",
        "While somebody signs in with a password, the browser may make a passkey without a \
         question, if the page asks for it that way. Nobody was asked, and the answer says so.",
    );
    play.check(
        says("Ada", "signs in with a password, and her browser makes a passkey on the side"),
        "registration.conditional-create.nobody-asked",
        Means {
            good: "The site asked for it this way, and takes an answer that says that nobody was \
                   asked.",
            bad: "The site asks for it this way, and then refuses what comes of it.",
        },
    )
    .await;
    play.check(
        says(
            "A program",
            "makes a passkey in Ada's name behind her back, and claims that it was \
                           made on the side",
        ),
        "registration.conditional-claim.in-reply",
        Means {
            good: "Whether it was, the site knows itself. It does not ask the answer.",
            bad: "The answer says so, and the site believes it.",
        },
    )
    .await;
    play.end(Ok(())).await;

    play.act(
        "Nobody touched it",
        "Every answer says whether somebody touched the device. A program can ask a device that \
         does not insist.",
    );
    for (what, ceremony) in [("a new passkey", "registration"), ("a sign-in", "authentication")] {
        play.check(
            says(
                "A program",
                format!("gets an answer for {what} out of a device that nobody touched"),
            ),
            &format!("{ceremony}.user-present.clear"),
            Means {
                good: "The site wants somebody to have been there.",
                bad: "A program can do it alone, at night.",
            },
        )
        .await;
    }
    play.end(Ok(())).await;

    play.act("In a frame", "The site's page is in a frame of another site's page.");
    let played = framed(play).await;
    play.end(played).await;
}

async fn at_once(play: &mut Play<'_>) -> Result<(), Trouble> {
    let mut ada = enrolled(play).await?;
    let begun = ada.actor.begin(Ceremony::Authentication, &mut play.log).await?;
    ada.actor.client.activation = false;
    let response = Play::respond(&mut ada, &begun);
    ada.actor.client.activation = true;
    let line =
        ada.does("has not clicked, and a dialogue opens all the same; she unlocks the phone");
    match response? {
        Ok(message) => {
            let sent = play.send(&mut ada, &begun, &message).await?;
            let means = "The specification permits it, and most browsers do; Safari wants a click \
                         first. The answer does not tell, so no site can object. What people \
                         learn from it: to unlock whenever something asks. `passrig page` looks at \
                         the page itself.";
            play.tell(line, answer(&sent), means);
        }
        Err(exception) => play.tell(line, browser(&exception), "Her browser wants a click first."),
    }
    Ok(())
}

async fn autofill(play: &mut Play<'_>) -> Result<(), Trouble> {
    let mut ada = enrolled(play).await?;
    if play.can_choose(Setting::Login, SettingValue::Discoverable) {
        ada.actor.choose(Setting::Login, SettingValue::Discoverable);
    }
    if play.can_choose(Setting::Mediation, SettingValue::Conditional) {
        ada.actor.choose(Setting::Mediation, SettingValue::Conditional);
    }
    let begun = ada.actor.begin(Ceremony::Authentication, &mut play.log).await?;
    let named = begun.options.get("allowCredentials").and_then(serde_json::Value::as_array);
    let line = ada.does("puts the cursor into the form's field, and picks her passkey there");
    if named.is_some_and(|named| !named.is_empty()) {
        let means = "This RP names passkeys as soon as it is asked, and its profile knows no other \
                     way. Such a list does not go with autofill: first somebody has to type a \
                     name.";
        play.left(line, means);
        return Ok(());
    }
    match Play::respond(&mut ada, &begun)? {
        Ok(message) => {
            let sent = play.send(&mut ada, &begun, &message).await;
            let means = Means {
                good: "No dialogue, no name typed. Picking the passkey was the gesture.",
                bad: "The site offers autofill and does not take what comes of it.",
            };
            play.judged_by(
                line,
                &super::rules::ADMITTED_AND_REFUSED.check(),
                sent.map(Observations::of),
                means,
            );
        }
        Err(exception) => {
            let means = "The site asks for a passkey without a name, and lets its users make \
                         passkeys that cannot be found without one.";
            play.tell(line, browser(&exception), means);
        }
    }
    play.check(
        says("A program", "answers the form without saying whose passkey it is"),
        "authentication.conditional-handle.absent",
        Means {
            good: "Nobody was named before, so the answer has to say it.",
            bad: "The site goes on, and relies on something else.",
        },
    )
    .await;
    Ok(())
}

async fn landing(play: &mut Play<'_>) -> Result<(), Trouble> {
    let mut ada = play.person("Ada", "her phone", bound_phone()).await?;
    ada.actor.begin(Ceremony::Registration, &mut play.log).await?;
    play.tell(
        ada.does("reads, and does not click; the page had asked for a challenge already"),
        None,
        "The challenge lies there and gets old. Nothing has happened yet.",
    );
    let means = "A page that waits for a click fetches a new challenge when it comes.";
    play.honest(&mut ada, Ceremony::Registration, "clicks the button at last", means).await?;
    play.check(
        says("Any browser", "looks how long people have for the dialogue"),
        "registration.options.timeout",
        Means {
            good: "There is time to look for the glasses.",
            bad: "Who needs longer, or is helped by a program, starts again and again.",
        },
    )
    .await;
    Ok(())
}

async fn framed(play: &mut Play<'_>) -> Result<(), Trouble> {
    let mut ada = play.person("Ada", "her phone", bound_phone()).await?;
    let begun = ada.actor.begin(Ceremony::Registration, &mut play.log).await?;
    let page = format!("{} {FRAMED}", play.origin());
    ada.actor.client.top_origin = Origin::parse("https://embedder.example").ok();
    ada.actor.client.activation = false;
    let response = Play::respond(&mut ada, &begun);
    ada.actor.client.activation = true;
    let line = ada.does("has not clicked, and the framed page asks for a new passkey").on(&page);
    match response? {
        Err(exception) => play.browser_refuses(
            line,
            &exception,
            "Here browsers insist on a click: a frame could be anywhere, as small as a dot.",
        ),
        Ok(_) => play.tell(line, None, "Her browser goes on without a click."),
    }
    let begun = ada.actor.begin(Ceremony::Registration, &mut play.log).await?;
    let response = Play::respond(&mut ada, &begun);
    ada.actor.client.top_origin = None;
    let line = ada.does("clicks in the frame, and makes a passkey").on(&page);
    match response? {
        Ok(message) => {
            let sent = play.send(&mut ada, &begun, &message).await;
            let means = Means {
                good: "The answer names the page around it, which the site does not know.",
                bad: "The answer names the page around it, and the site does not look.",
            };
            let id = "registration.framing.framed";
            play.judged(line, id, sent.map(Observations::of), means);
        }
        Err(exception) => play.tell(line, browser(&exception), "Her browser does not go on."),
    }
    Ok(())
}

async fn enrolled(play: &mut Play<'_>) -> Result<Person, Trouble> {
    let (does, means) = ("signs up, and makes a passkey", "The site has the public key.");
    let mut ada = play.enrolled("her phone", synced_phone(), does, means).await?;
    ada.actor.change_browser();
    Ok(ada)
}
