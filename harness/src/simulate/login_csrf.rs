//! A visitor is signed in to another user's account, without noticing.

use passrig_authenticator::Ceremony;

use super::Simulation;
use super::person::{bound_phone, by};
use super::simulator::{Meanings, Simulator};
use crate::actor::Result;

pub(super) const SIMULATION: Simulation = Simulation {
    name: "login-csrf",
    title: "Signed in as somebody else",
    question: "Can a page elsewhere sign its visitor in to an account that is not theirs?",
    participants: &[
        ("Ada", "visits a page, and later types something into the site"),
        ("Mallory", "has an account too, and would like to read it there"),
    ],
    acts: |sim| Box::pin(acts(sim)),
    has_second_factor: false,
};

async fn acts(sim: &mut Simulator<'_>) {
    sim.act(
        "Mallory's account",
        "Mallory needs no trick to sign in to her own account. The trick is to do it in Ada's \
         browser: what Ada then types, uploads or pays goes to Mallory's account.",
    );
    let performed = own_account(sim).await;
    sim.end(performed).await;

    sim.act(
        "The answer to a challenge of another session",
        "Mallory begins a sign-in on her laptop, answers the challenge there, and has Ada's browser \
         hand in the answer.",
    );
    sim.check(
        by("Ada", "visits Mallory's page, which hands in Mallory's answer from Ada's browser"),
        "authentication.challenge.other-session",
        Meanings {
            good: "The challenge belongs to the session that asked for it. In Ada's browser it is \
                   worth nothing.",
            bad: "Whoever hands in the answer is signed in. Ada is in Mallory's account.",
        },
    )
    .await;
    sim.check(
        by("Mallory", "answers a challenge that was given to Ada, with a passkey of her own"),
        "authentication.challenge.other-user",
        Meanings {
            good: "Challenges are bound to those who asked for them.",
            bad: "Challenges are good for anybody.",
        },
    )
    .await;
    sim.end(Ok(())).await;

    sim.act(
        "The whole sign-in from another page",
        "Mallory's page lets Ada's browser ask for a challenge, answers it on Mallory's laptop, \
         and sends the answer: all from a page elsewhere.",
    );
    sim.check(
        by("Ada", "visits Mallory's page, whose requests go out with Ada's cookies")
            .on("https://elsewhere.example"),
        "authentication.forgery.sign-in",
        Meanings {
            good: "The site does not take a sign-in from a page that is not its own.",
            bad: "The site takes it. How bad that is depends on what people do there: a search is \
                  one thing, a credit card another.",
        },
    )
    .await;
    sim.end(Ok(())).await;

    sim.act(
        "A session from before",
        "Ada is about to sign in in a browser whose cookie Mallory knows.",
    );
    sim.check(
        by("Ada", "signs in, with a session that Mallory has planted"),
        "authentication.session.from-before-sign-in",
        Meanings {
            good: "The sign-in makes a new session, and Mallory does not know its cookie.",
            bad: "Mallory shares Ada's session from now on.",
        },
    )
    .await;
    sim.end(Ok(())).await;
}

async fn own_account(sim: &mut Simulator<'_>) -> Result<()> {
    let mut mallory = sim.person("Mallory", "her laptop", bound_phone()).await?;
    let means = "An account like any other.";
    sim.honest(&mut mallory, Ceremony::Registration, "signs up, and makes a passkey", means)
        .await?;
    mallory.actor.change_browser();
    let means = "This is what Ada's browser shall do, and Ada shall not notice.";
    sim.honest(&mut mallory, Ceremony::Authentication, "signs in", means).await
}
