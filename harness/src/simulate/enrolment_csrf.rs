//! A passkey gets into an account that is not its owner's.

use passrig_authenticator::Ceremony;

use super::Simulation;
use super::person::{bound_phone, by};
use super::simulator::{Meanings, Simulator};
use crate::actor::Result;

pub(super) const SIMULATION: Simulation = Simulation {
    name: "enrolment-csrf",
    title: "Somebody else's passkey",
    question: "Can a page elsewhere put its owner's passkey into the account of a visitor?",
    participants: &[
        ("Ada", "is signed in, and visits a page"),
        ("Mallory", "wants a key to Ada's account"),
    ],
    acts: |sim| Box::pin(acts(sim)),
    has_second_factor: false,
};

async fn acts(sim: &mut Simulator<'_>) {
    sim.act("How it should be", "Ada makes passkeys for her account, on the site's own page.");
    let performed = honest(sim).await;
    sim.end(performed).await;

    sim.act(
        "From another page",
        "Ada is signed in. In another tab she visits Mallory's page, and her browser sends her \
         cookies with whatever that page asks of the site.",
    );
    let elsewhere = "https://elsewhere.example";
    sim.check(
        by("Ada", "visits Mallory's page, which hands in a passkey of Mallory's").on(elsewhere),
        "registration.forgery.registration",
        Meanings {
            good: "The site does not take a passkey from a page that is not its own.",
            bad: "Ada's account has a passkey of Mallory's now. Ada saw nothing.",
        },
    )
    .await;
    sim.check(
        by("Ada", "visits Mallory's page, which has Ada's passkey removed").on(elsewhere),
        "registration.forgery.removal",
        Meanings {
            good: "Nor does it remove one.",
            bad: "Ada's passkey is gone, and she does not know why.",
        },
    )
    .await;
    sim.end(Ok(())).await;

    sim.act(
        "With a challenge from elsewhere",
        "Mallory begins to make a passkey in her own session, and has the answer handed in \
         somewhere else.",
    );
    sim.check(
        by("Mallory", "hands in an answer to the challenge of one session in another"),
        "registration.challenge.other-session",
        Meanings {
            good: "The challenge belongs to the session that asked for it.",
            bad: "A passkey can be begun by one and ended by another.",
        },
    )
    .await;
    sim.check(
        by("Mallory", "names Ada's account in the request that makes Mallory's passkey"),
        "registration.takeover.by-user-id-in-body",
        Meanings {
            good: "Whose passkey it is, the site knows from the session. It does not ask the \
                   request.",
            bad: "The request says whose passkey it is, and Mallory wrote the request.",
        },
    )
    .await;
    sim.check(
        by("Mallory", "registers a passkey of hers under the id of Ada's, which is no secret"),
        "registration.takeover.by-credential-id",
        Meanings {
            good: "An id that is taken stays taken.",
            bad: "Mallory's key has taken the place of Ada's.",
        },
    )
    .await;
    sim.end(Ok(())).await;

    sim.act(
        "In a frame",
        "Mallory's page shows the site's own page in a frame, and Ada clicks where she is told to.",
    );
    sim.check(
        by("Ada", "makes a passkey in the framed page")
            .with("her phone")
            .on(format!("{} in a frame of https://phishing.example", sim.origin())),
        "registration.framing.framed",
        Meanings {
            good: "The answer says that the page was framed. The site refuses.",
            bad: "The answer says that the page was framed. The site does not look; it should at \
                  least forbid frames by headers (`frame-ancestors`).",
        },
    )
    .await;
    sim.end(Ok(())).await;
}

async fn honest(sim: &mut Simulator<'_>) -> Result<()> {
    let mut ada = sim.person("Ada", "her phone", bound_phone()).await?;
    let means = "The passkey is hers, and the account is hers.";
    sim.honest(&mut ada, Ceremony::Registration, "signs up, and makes a passkey", means).await
}
