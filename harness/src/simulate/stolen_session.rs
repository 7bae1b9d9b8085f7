//! An attacker has a copy of a signed-in user's cookies.

use passrig_authenticator::Ceremony;

use super::Simulation;
use super::person::{Person, bound_phone, by, laptop, rp};
use super::rules;
use super::simulator::{Meanings, Simulator};
use crate::actor::{Attempt, AttemptError, Result};
use crate::target_rp::Flow;

pub(super) const SIMULATION: Simulation = Simulation {
    name: "stolen-session",
    title: "A stolen session",
    question: "What can somebody do who has copied the cookies of a user's browser?",
    participants: &[
        ("Ada", "has an account, and is signed in"),
        ("Mallory", "has a program on Ada's laptop that copies cookies"),
    ],
    acts: |sim| Box::pin(acts(sim)),
    has_second_factor: false,
};

async fn acts(sim: &mut Simulator<'_>) {
    sim.act(
        "A copy of the cookie",
        "A passkey cannot be stolen by a page. What it leads to can: the session's cookie.",
    );
    let performed = copied(sim).await;
    sim.end(performed).await;

    sim.act("How it is stolen", "Three attributes of the cookie decide who can get it at all.");
    for (does, id, means) in [
        (
            "runs a script in one of the site's own pages, and reads the cookie",
            "http-only",
            Meanings {
                good: "HttpOnly: scripts do not see it.",
                bad: "Scripts can read it. One hole in one page, and Mallory has it.",
            },
        ),
        (
            "listens on the way, where a page was asked for without encryption",
            "secure",
            Meanings {
                good: "Secure: it never travels unencrypted.",
                bad: "It travels unencrypted too.",
            },
        ),
        (
            "has a page that sends requests from Ada's browser",
            "same-site",
            Meanings {
                good: "SameSite, or a token, keeps the cookie from working there.",
                bad: "Other sites' requests carry the cookie.",
            },
        ),
    ] {
        sim.check(by("Mallory", does), &format!("authentication.session-cookie.{id}"), means).await;
    }
    sim.check(
        by(
            "Mallory",
            "plants a cookie in Ada's browser, waits until she has signed in, and uses it",
        ),
        "authentication.session.from-before-sign-in",
        Meanings {
            good: "The sign-in made a new session; the planted one leads nowhere.",
            bad: "The planted cookie is Ada's session now (session fixation).",
        },
    )
    .await;
    sim.end(Ok(())).await;

    sim.act(
        "Making it last",
        "A session ends. Mallory would like to have something that does not.",
    );
    let performed = adds(sim).await;
    sim.end(performed).await;

    sim.act("Locking the owner out", "Mallory removes Ada's own passkey.");
    let performed = removes(sim).await;
    sim.end(performed).await;

    sim.act("Ada signs out", "She has read that one should.");
    let performed = signs_out(sim).await;
    sim.end(performed).await;
}

async fn copied(sim: &mut Simulator<'_>) -> Result<()> {
    let mut ada = signed_in(sim).await?;
    if !sim.sees_sessions() {
        return Err(AttemptError::NoFlow(Flow::Whoami));
    }
    let copy = ada.actor.saved_session();
    let own = ada.actor.return_to(copy);
    let lives = ada.actor.ask_signed_in(&mut sim.log).await?.unwrap_or_default();
    ada.actor.return_to(own);
    let says_what = if lives { "Ada is signed in" } else { "nobody is signed in" };
    let means = match lives {
        true => "For as long as it lasts, the cookie is as good as the passkey.",
        false => "The cookie alone is not enough here.",
    };
    sim.note(by("Mallory", "opens the site with a copy of Ada's cookies"), rp(says_what), means);
    Ok(())
}

async fn adds(sim: &mut Simulator<'_>) -> Result<()> {
    let mut ada = signed_in(sim).await?;
    ada.takes("a phone of Mallory's", bound_phone());
    let action = by("Mallory", "adds a passkey of her own to Ada's account, in the stolen session")
        .with("a phone of Mallory's");
    let attempt = match ada.actor.begin(Ceremony::Registration, &mut sim.log).await {
        Err(error) if error.is_turned_away() => {
            Attempt::observed(false, error.as_refusal(), &sim.log)
        }
        begun => {
            let begun = begun?;
            match Simulator::respond(&mut ada, &begun)? {
                Ok(message) => sim.send(&mut ada, &begun, &message).await?,
                Err(exception) => return Err(exception.into()),
            }
        }
    };
    let means = Meanings {
        good: "The site wants to see Ada once more before it adds a passkey.",
        bad: "Nobody asked for anything but the cookie. When the session ends, Mallory signs in.",
    };
    sim.judged_by(action, &rules::PASSKEY_BY_SESSION_ALONE, Ok(attempt), means);
    Ok(())
}

async fn removes(sim: &mut Simulator<'_>) -> Result<()> {
    sim.needs(Flow::Remove)?;
    let mut ada = signed_in(sim).await?;
    let first = ada.actor.known.credential_id.clone().unwrap_or_default();
    ada.takes("her laptop", laptop());
    let means = "So that this is not about the last passkey.";
    sim.honest(&mut ada, Ceremony::Registration, "makes a second passkey", means).await?;
    let listed = super::removal::find(sim, &mut ada, &first).await?;
    let sent = ada.actor.remove(&listed, None, &mut sim.log).await;
    let remark = match &sent {
        Err(error) if error.is_turned_away() => error.as_refusal(),
        Err(error) => return Err(error.clone()),
        Ok(()) => "removed it".to_owned(),
    };
    let gone = super::removal::check_removed(sim, &mut ada, &first).await?;
    let means = Meanings {
        good: "The site wants to see Ada once more before it removes a passkey.",
        bad: "Nobody asked for anything but the cookie. Next, Mallory is alone in the account.",
    };
    let action = by("Mallory", "removes Ada's passkey, in the stolen session");
    let seen = Ok(Attempt::observed(gone, remark, &sim.log));
    sim.judged_by(action, &rules::REMOVAL_BY_SESSION_ALONE, seen, means);
    Ok(())
}

async fn signs_out(sim: &mut Simulator<'_>) -> Result<()> {
    sim.needs(Flow::Logout)?;
    if !sim.sees_sessions() {
        return Err(AttemptError::NoFlow(Flow::Whoami));
    }
    let mut ada = signed_in(sim).await?;
    let copy = ada.actor.saved_session();
    ada.actor.log_out(&mut sim.log).await?;
    sim.note(ada.does("signs out"), None, "Her browser forgets the cookie.");
    ada.actor.return_to(copy);
    let lives = ada.actor.ask_signed_in(&mut sim.log).await?.unwrap_or_default();
    let remark = if lives { "Ada is signed in" } else { "nobody is signed in" };
    let means = Meanings {
        good: "The site ended the session too. The copy is worth nothing.",
        bad: "Only Ada's browser forgot it. Mallory's copy still works.",
    };
    let action = by("Mallory", "opens the site with the copy once more");
    let seen = Ok(Attempt::observed(lives, remark, &sim.log));
    sim.judged(action, "authentication.session.after-sign-out", seen, means);
    Ok(())
}

/// A person who has just signed in with a passkey.
async fn signed_in(sim: &mut Simulator<'_>) -> Result<Person> {
    let mut ada = sim.person("Ada", "her phone", bound_phone()).await?;
    let means = "The site has the public key.";
    sim.honest(&mut ada, Ceremony::Registration, "signs up, and makes a passkey", means).await?;
    ada.actor.change_browser();
    let means = "From here on the cookie says who she is.";
    sim.honest(&mut ada, Ceremony::Authentication, "signs in", means).await?;
    Ok(ada)
}
