//! Two devices with one key, whose counters drift apart.

use passrig_authenticator::Ceremony;

use super::Simulation;
use super::person::{Person, answer, by, security_key, synced_phone};
use super::rules;
use super::simulator::{Meanings, Simulator};
use crate::actor::{Attempt, Result};

const KEY: &str = "her security key";
const CLONE: &str = "a clone of Ada's key";
const LOWER: &str = "authentication.sign-count.lower";

pub(super) const SIMULATION: Simulation = Simulation {
    name: "cloned-authenticator",
    title: "A cloned authenticator",
    question: "What does a site notice when somebody has copied a user's security key?",
    participants: &[
        ("Ada", "has an account, and a security key that counts"),
        ("Mallory", "had the key for an hour, and made a clone of it"),
    ],
    acts: |sim| Box::pin(acts(sim)),
    has_second_factor: false,
};

async fn acts(sim: &mut Simulator<'_>) {
    sim.act(
        "The clone lags behind",
        "Ada's key puts a counter into every answer, one higher each time. Mallory's clone begins \
         to count where the key was when it was copied.",
    );
    let performed = lags_behind(sim).await;
    sim.end(performed).await;

    sim.act(
        "The clone is ahead",
        "Mallory is the first to use it, and often. Now it is Ada whose counter goes back.",
    );
    let performed = sign_in_with_copy_first(sim).await;
    sim.end(performed).await;

    sim.act(
        "Between the two last",
        "Only a site that stores the counter after each sign-in sees what comes in between.",
    );
    sim.check(
        by("Mallory", "signs with a counter that lies between Ada's two last ones").with(CLONE),
        "authentication.sign-count.between",
        Meanings {
            good: "The site stored the last counter, not the first.",
            bad: "The site compares with a counter of old, so most clones pass.",
        },
    )
    .await;
    sim.end(Ok(())).await;

    sim.act(
        "A passkey that does not count",
        "Synced passkeys are on several devices on purpose. Their counter is always zero.",
    );
    let performed = does_not_count(sim).await;
    sim.end(performed).await;
}

async fn lags_behind(sim: &mut Simulator<'_>) -> Result<()> {
    let mut ada = enrolled(sim, KEY).await?;
    let copy = ada.copy_of_device()?;
    sim.note(
        by("Mallory", "copies the key, bit by bit, and puts it back"),
        None,
        "Good keys cannot be copied. Some have been.",
    );
    for does in ["signs in", "signs in the next day", "signs in the day after"] {
        ada.actor.change_browser();
        sim.honest(&mut ada, Ceremony::Authentication, does, "The counter went up by one.").await?;
    }
    ada.actor.change_browser();
    let key = ada.takes_copy(CLONE, copy);
    signs(
        sim,
        &mut ada,
        (
            "Mallory",
            "signs in as Ada: her key, her signature, and a counter two lower than the last",
        ),
        Meanings {
            good: "The site stored the counter and saw it go back: two devices have this key.",
            bad: "The signature is right, and nobody compares counters: Mallory is in, and nobody \
                  will ever know.",
        },
    )
    .await?;
    ada.actor.change_browser();
    ada.takes_up(key);
    owner_comes_back(sim, &mut ada).await
}

async fn sign_in_with_copy_first(sim: &mut Simulator<'_>) -> Result<()> {
    let mut ada = enrolled(sim, KEY).await?;
    let copy = ada.copy_of_device()?;
    let key = ada.takes_copy(CLONE, copy);
    for does in ["signs in as Ada", "signs in as Ada again"] {
        ada.actor.change_browser();
        let action = by("Mallory", does).with(CLONE);
        let probe = ada.actor.sign_in(&mut sim.log).await?;
        sim.note(
            action,
            answer(&probe),
            "Nobody can know. The counter goes up, as it should: the site takes the clone for the key.",
        );
    }
    ada.actor.change_browser();
    ada.takes_up(key);
    signs(
        sim,
        &mut ada,
        ("Ada", "signs in with her own key, whose counter is now lower than the last"),
        Meanings {
            good: "The site refuses the owner, and that is the alarm: from here on somebody should \
                   ask Ada, in her words, whether it was she the last two times.",
            bad: "Both go on side by side. The one sign of the theft is not read.",
        },
    )
    .await?;
    for _ in 0..2 {
        ada.actor.change_browser();
        // The report has the answer to the first refusal already.
        ada.actor
            .perform(Ceremony::Authentication, crate::actor::Probes::default(), &mut sim.log)
            .await?;
    }
    ada.actor.change_browser();
    owner_comes_back(sim, &mut ada).await
}

/// The counter of the owner, who goes on using the key, is the highest again.
async fn owner_comes_back(sim: &mut Simulator<'_>, ada: &mut Person) -> Result<()> {
    let attempt = perform(sim, ada).await?;
    let action = ada.does("signs in once more; her counter is the highest again");
    let means = Meanings {
        good: "Ada gets in. If the site told her what it saw, she can make a new passkey and \
               remove this one.",
        bad: "The site has locked the passkey. That is the safest it can do, if it tells Ada how to \
              get in again.",
    };
    sim.judged_by(action, &rules::LOCKED_OUT_BY_A_CLONE, Ok(attempt), means);
    Ok(())
}

async fn does_not_count(sim: &mut Simulator<'_>) -> Result<()> {
    let mut ada = sim.person("Ada", "her phone", synced_phone()).await?;
    let means = "The counter is 0, and stays 0.";
    sim.honest(&mut ada, Ceremony::Registration, "signs up with a synced passkey", means).await?;
    let copy = ada.copy_of_device()?;
    ada.actor.change_browser();
    sim.honest(&mut ada, Ceremony::Authentication, "signs in", "0 after 0 is no step back.")
        .await?;
    ada.actor.change_browser();
    ada.takes_copy("a phone with Ada's cloud on it", copy);
    let attempt = ada.actor.sign_in(&mut sim.log).await?;
    let action = by("Mallory", "has got into Ada's cloud, and signs in").with(&ada.device);
    sim.note(
        action,
        answer(&attempt),
        "No site can tell this from Ada: the counter says nothing. What protects a synced passkey \
         is the cloud's own sign-in.",
    );
    Ok(())
}

/// A sign-in whose counter goes back.
async fn signs(
    sim: &mut Simulator<'_>,
    ada: &mut Person,
    (who, does): (&str, &str),
    means: Meanings<'_>,
) -> Result<()> {
    let attempt = perform(sim, ada).await?;
    let action = by(who, does).with(&ada.device);
    sim.judged(action, LOWER, Ok(attempt), means);
    Ok(())
}

pub(super) async fn perform(sim: &mut Simulator<'_>, ada: &mut Person) -> Result<Attempt> {
    let begun = match ada.actor.begin(Ceremony::Authentication, &mut sim.log).await {
        Err(error) if error.is_turned_away() => {
            return Ok(Attempt::observed(false, error.as_refusal(), &sim.log));
        }
        begun => begun?,
    };
    match Simulator::respond(ada, &begun)? {
        Ok(message) => sim.send(ada, &begun, &message).await,
        // The site no longer asks for the key.
        Err(exception) => Ok(Attempt::observed(false, exception.to_string(), &sim.log)),
    }
}

async fn enrolled(sim: &mut Simulator<'_>, device: &str) -> Result<Person> {
    let means = "The site stores the key's counter along with the public key.";
    let mut ada = sim.enrolled(device, security_key(), "signs up with the key", means).await?;
    ada.actor.change_browser();
    Ok(ada)
}
