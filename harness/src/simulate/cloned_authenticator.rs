//! Two devices with one key, whose counters drift apart.

use passrig_authenticator::Ceremony;

use super::Simulation;
use super::cast::{Person, answer, says, security_key, synced_phone};
use super::play::{Means, Play};
use super::rules;
use crate::actor::{Attempt, AttemptError};
use crate::scenarios::Observations;

const KEY: &str = "her security key";
const CLONE: &str = "a clone of Ada's key";
const LOWER: &str = "authentication.sign-count.lower";

pub(super) const SIMULATION: Simulation = Simulation {
    name: "cloned-authenticator",
    title: "A cloned authenticator",
    question: "What does a site notice when somebody has copied a user's security key?",
    cast: &[
        ("Ada", "has an account, and a security key that counts"),
        ("Mallory", "had the key for an hour, and made a clone of it"),
    ],
    acts: |play| Box::pin(acts(play)),
    asks_a_second_factor: false,
};

async fn acts(play: &mut Play<'_>) {
    play.act(
        "The clone lags behind",
        "Ada's key puts a counter into every answer, one higher each time. Mallory's clone begins \
         to count where the key was when it was copied.",
    );
    let played = lags_behind(play).await;
    play.end(played).await;

    play.act(
        "The clone is ahead",
        "Mallory is the first to use it, and often. Now it is Ada whose counter goes back.",
    );
    let played = is_ahead(play).await;
    play.end(played).await;

    play.act(
        "Between the two last",
        "Only a site that stores the counter after each sign-in sees what comes in between.",
    );
    play.check(
        says("Mallory", "signs with a counter that lies between Ada's two last ones").with(CLONE),
        "authentication.sign-count.between",
        Means {
            good: "The site stored the last counter, not the first.",
            bad: "The site compares with a counter of old, so most clones pass.",
        },
    )
    .await;
    play.end(Ok(())).await;

    play.act(
        "A passkey that does not count",
        "Synced passkeys are on several devices on purpose. Their counter is always zero.",
    );
    let played = does_not_count(play).await;
    play.end(played).await;
}

async fn lags_behind(play: &mut Play<'_>) -> Result<(), AttemptError> {
    let mut ada = enrolled(play, KEY).await?;
    let Some(copy) = ada.copy_of_device() else { return Err(AttemptError::NotExpressible) };
    play.tell(
        says("Mallory", "copies the key, bit by bit, and puts it back"),
        None,
        "Good keys cannot be copied. Some have been.",
    );
    for does in ["signs in", "signs in the next day", "signs in the day after"] {
        ada.actor.change_browser();
        play.honest(&mut ada, Ceremony::Authentication, does, "The counter went up by one.")
            .await?;
    }
    ada.actor.change_browser();
    let key = ada.takes_copy(CLONE, copy);
    signs(
        play,
        &mut ada,
        (
            "Mallory",
            "signs in as Ada: her key, her signature, and a counter two lower than the last",
        ),
        Means {
            good: "The site stored the counter and saw it go back: two devices have this key.",
            bad: "The signature is right, and nobody compares counters: Mallory is in, and nobody \
                  will ever know.",
        },
    )
    .await?;
    ada.actor.change_browser();
    ada.takes_up(key);
    owner_comes_back(play, &mut ada).await
}

async fn is_ahead(play: &mut Play<'_>) -> Result<(), AttemptError> {
    let mut ada = enrolled(play, KEY).await?;
    let Some(copy) = ada.copy_of_device() else { return Err(AttemptError::NotExpressible) };
    let key = ada.takes_copy(CLONE, copy);
    for does in ["signs in as Ada", "signs in as Ada again"] {
        ada.actor.change_browser();
        let line = says("Mallory", does).with(CLONE);
        let probe = ada.actor.sign_in(&mut play.log).await?;
        play.tell(
            line,
            answer(&probe),
            "Nobody can know. The counter goes up, as it should: the site takes the clone for the key.",
        );
    }
    ada.actor.change_browser();
    ada.takes_up(key);
    signs(
        play,
        &mut ada,
        ("Ada", "signs in with her own key, whose counter is now lower than the last"),
        Means {
            good: "The site refuses the owner, and that is the alarm: from here on somebody should \
                   ask Ada, in her words, whether it was she the last two times.",
            bad: "Both go on side by side. The one sign of the theft is not read.",
        },
    )
    .await?;
    for _ in 0..2 {
        ada.actor.change_browser();
        // What she gets for it was told.
        ada.actor
            .perform(Ceremony::Authentication, crate::actor::Probes::default(), &mut play.log)
            .await?;
    }
    ada.actor.change_browser();
    owner_comes_back(play, &mut ada).await
}

/// The counter of whoever goes on using the key comes up again.
async fn owner_comes_back(play: &mut Play<'_>, ada: &mut Person) -> Result<(), AttemptError> {
    let attempt = perform(play, ada).await?;
    let line = ada.does("signs in once more; her counter is the highest again");
    let means = Means {
        good: "Ada gets in. If the site told her what it saw, she can make a new passkey and \
               remove this one.",
        bad: "The site has locked the passkey. That is the safest it can do, if it tells Ada how to \
              get in again.",
    };
    let rule = rules::LOCKED_OUT_BY_A_CLONE.check();
    play.judged_by(line, &rule, Ok(Observations::of(attempt)), means);
    Ok(())
}

async fn does_not_count(play: &mut Play<'_>) -> Result<(), AttemptError> {
    let mut ada = play.person("Ada", "her phone", synced_phone()).await?;
    let means = "The counter is 0, and stays 0.";
    play.honest(&mut ada, Ceremony::Registration, "signs up with a synced passkey", means).await?;
    let Some(copy) = ada.copy_of_device() else { return Err(AttemptError::NotExpressible) };
    ada.actor.change_browser();
    play.honest(&mut ada, Ceremony::Authentication, "signs in", "0 after 0 is no step back.")
        .await?;
    ada.actor.change_browser();
    ada.takes_copy("a phone with Ada's cloud on it", copy);
    let attempt = ada.actor.sign_in(&mut play.log).await?;
    let line = says("Mallory", "has got into Ada's cloud, and signs in").with(&ada.device);
    play.tell(
        line,
        answer(&attempt),
        "No site can tell this from Ada: the counter says nothing. What protects a synced passkey \
         is the cloud's own sign-in.",
    );
    Ok(())
}

/// A sign-in whose counter goes back.
async fn signs(
    play: &mut Play<'_>,
    ada: &mut Person,
    (who, does): (&str, &str),
    means: Means<'_>,
) -> Result<(), AttemptError> {
    let attempt = perform(play, ada).await?;
    let line = says(who, does).with(&ada.device);
    play.judged(line, LOWER, Ok(Observations::of(attempt)), means);
    Ok(())
}

pub(super) async fn perform(
    play: &mut Play<'_>,
    ada: &mut Person,
) -> Result<Attempt, AttemptError> {
    let begun = match ada.actor.begin(Ceremony::Authentication, &mut play.log).await {
        Err(error) if error.is_turned_away() => {
            return Ok(Attempt::observed(false, error.as_refusal(), &play.log));
        }
        begun => begun?,
    };
    match Play::respond(ada, &begun)? {
        Ok(message) => play.send(ada, &begun, &message).await,
        // The site no longer asks for the key.
        Err(exception) => Ok(Attempt::observed(false, exception.to_string(), &play.log)),
    }
}

async fn enrolled(play: &mut Play<'_>, device: &str) -> Result<Person, AttemptError> {
    let means = "The site stores the key's counter along with the public key.";
    let mut ada = play.enrolled(device, security_key(), "signs up with the key", means).await?;
    ada.actor.change_browser();
    Ok(ada)
}
