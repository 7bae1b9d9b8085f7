//! Somebody has a copy of a signed-in user's cookies.

use passrig_authenticator::Ceremony;

use super::Simulation;
use super::cast::{Person, bound_phone, laptop, rp, says};
use super::play::{Means, Play};
use super::rules;
use crate::actor::{Attempt, AttemptError};
use crate::scenarios::Observations;
use crate::target_rp::Flow;

pub(super) const SIMULATION: Simulation = Simulation {
    name: "stolen-session",
    title: "A stolen session",
    question: "What can somebody do who has copied the cookies of a user's browser?",
    cast: &[
        ("Ada", "has an account, and is signed in"),
        ("Mallory", "has a program on Ada's laptop that copies cookies"),
    ],
    acts: |play| Box::pin(acts(play)),
    asks_a_second_factor: false,
};

async fn acts(play: &mut Play<'_>) {
    play.act(
        "A copy of the cookie",
        "A passkey cannot be stolen by a page. What it leads to can: the session's cookie.",
    );
    let played = copied(play).await;
    play.end(played).await;

    play.act("How it is stolen", "Three attributes of the cookie decide who can get it at all.");
    for (does, id, means) in [
        (
            "runs a script in one of the site's own pages, and reads the cookie",
            "http-only",
            Means {
                good: "HttpOnly: scripts do not see it.",
                bad: "Scripts can read it. One hole in one page, and Mallory has it.",
            },
        ),
        (
            "listens on the way, where a page was asked for without encryption",
            "secure",
            Means {
                good: "Secure: it never travels unencrypted.",
                bad: "It travels unencrypted too.",
            },
        ),
        (
            "has a page that sends requests from Ada's browser",
            "same-site",
            Means {
                good: "SameSite, or a token, keeps the cookie from working there.",
                bad: "Other sites' requests carry the cookie.",
            },
        ),
    ] {
        play.check(says("Mallory", does), &format!("authentication.session-cookie.{id}"), means)
            .await;
    }
    play.check(
        says(
            "Mallory",
            "plants a cookie in Ada's browser, waits until she has signed in, and uses it",
        ),
        "authentication.session.from-before-sign-in",
        Means {
            good: "The sign-in made a new session; the planted one leads nowhere.",
            bad: "The planted cookie is Ada's session now (session fixation).",
        },
    )
    .await;
    play.end(Ok(())).await;

    play.act(
        "Making it last",
        "A session ends. Mallory would like to have something that does not.",
    );
    let played = adds(play).await;
    play.end(played).await;

    play.act("Locking the owner out", "Mallory removes Ada's own passkey.");
    let played = removes(play).await;
    play.end(played).await;

    play.act("Ada signs out", "She has read that one should.");
    let played = signs_out(play).await;
    play.end(played).await;
}

async fn copied(play: &mut Play<'_>) -> Result<(), AttemptError> {
    let mut ada = signed_in(play).await?;
    if !play.sees_sessions() {
        return Err(AttemptError::NoFlow(Flow::Whoami));
    }
    let copy = ada.actor.saved_session();
    let own = ada.actor.return_to(copy);
    let lives = ada.actor.is_signed_in(&mut play.log).await?.unwrap_or_default();
    ada.actor.return_to(own);
    let says_what = if lives { "Ada is signed in" } else { "nobody is signed in" };
    let means = match lives {
        true => "For as long as it lasts, the cookie is as good as the passkey.",
        false => "The cookie alone is not enough here.",
    };
    play.tell(says("Mallory", "opens the site with a copy of Ada's cookies"), rp(says_what), means);
    Ok(())
}

async fn adds(play: &mut Play<'_>) -> Result<(), AttemptError> {
    let mut ada = signed_in(play).await?;
    ada.takes("a phone of Mallory's", bound_phone());
    let line = says("Mallory", "adds a passkey of her own to Ada's account, in the stolen session")
        .with("a phone of Mallory's");
    let attempt = match ada.actor.begin(Ceremony::Registration, &mut play.log).await {
        Err(error) if error.is_turned_away() => {
            Attempt::observed(false, error.as_refusal(), &play.log)
        }
        begun => {
            let begun = begun?;
            match Play::respond(&mut ada, &begun)? {
                Ok(message) => play.send(&mut ada, &begun, &message).await?,
                Err(exception) => return Err(exception.into()),
            }
        }
    };
    let means = Means {
        good: "The site wants to see Ada once more before it adds a passkey.",
        bad: "Nobody asked for anything but the cookie. When the session ends, Mallory signs in.",
    };
    let rule = rules::PASSKEY_BY_SESSION_ALONE.check();
    play.judged_by(line, &rule, Ok(Observations::of(attempt)), means);
    Ok(())
}

async fn removes(play: &mut Play<'_>) -> Result<(), AttemptError> {
    play.needs(Flow::Remove)?;
    let mut ada = signed_in(play).await?;
    let first = ada.actor.known.credential_id.clone().unwrap_or_default();
    ada.takes("her laptop", laptop());
    let means = "So that this is not about the last passkey.";
    play.honest(&mut ada, Ceremony::Registration, "makes a second passkey", means).await?;
    let listed = super::lost_device::find(play, &mut ada, &first).await?;
    let sent = ada.actor.remove(&listed, None, &mut play.log).await;
    let remark = match &sent {
        Err(error) if error.is_turned_away() => error.as_refusal(),
        Err(error) => return Err(error.clone()),
        Ok(()) => "removed it".to_owned(),
    };
    let gone = super::lost_device::is_gone(play, &mut ada, &first).await?;
    let means = Means {
        good: "The site wants to see Ada once more before it removes a passkey.",
        bad: "Nobody asked for anything but the cookie. Next, Mallory is alone in the account.",
    };
    let line = says("Mallory", "removes Ada's passkey, in the stolen session");
    let seen = Ok(Observations::of(Attempt::observed(gone, remark, &play.log)));
    play.judged_by(line, &rules::REMOVAL_BY_SESSION_ALONE.check(), seen, means);
    Ok(())
}

async fn signs_out(play: &mut Play<'_>) -> Result<(), AttemptError> {
    play.needs(Flow::Logout)?;
    if !play.sees_sessions() {
        return Err(AttemptError::NoFlow(Flow::Whoami));
    }
    let mut ada = signed_in(play).await?;
    let copy = ada.actor.saved_session();
    ada.actor.log_out(&mut play.log).await?;
    play.tell(ada.does("signs out"), None, "Her browser forgets the cookie.");
    ada.actor.return_to(copy);
    let lives = ada.actor.is_signed_in(&mut play.log).await?.unwrap_or_default();
    let remark = if lives { "Ada is signed in" } else { "nobody is signed in" };
    let means = Means {
        good: "The site ended the session too. The copy is worth nothing.",
        bad: "Only Ada's browser forgot it. Mallory's copy still works.",
    };
    let line = says("Mallory", "opens the site with the copy once more");
    let seen = Ok(Observations::of(Attempt::observed(lives, remark, &play.log)));
    play.judged(line, "authentication.session.after-sign-out", seen, means);
    Ok(())
}

/// Somebody who has just signed in with a passkey.
async fn signed_in(play: &mut Play<'_>) -> Result<Person, AttemptError> {
    let mut ada = play.person("Ada", "her phone", bound_phone()).await?;
    let means = "The site has the public key.";
    play.honest(&mut ada, Ceremony::Registration, "signs up, and makes a passkey", means).await?;
    ada.actor.change_browser();
    let means = "From here on the cookie says who she is.";
    play.honest(&mut ada, Ceremony::Authentication, "signs in", means).await?;
    Ok(ada)
}
