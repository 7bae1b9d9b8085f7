//! A device is restored from a backup: what comes back, and what must not.

use passrig_authenticator::Ceremony;
use passrig_authenticator::device::Profile;

use super::Simulation;
use super::cast::{Person, bound_phone, counting_provider, says, synced_phone};
use super::play::{Means, Play};
use super::rules;
use crate::actor::AttemptError;
use crate::scenarios::Observations;
use crate::target_rp::Flow;

pub(super) const SIMULATION: Simulation = Simulation {
    name: "restored-backup",
    title: "A restored backup",
    question: "What happens when a device comes back from a backup, with the passkeys and the \
               counter of last week?",
    cast: &[("Ada", "has an account, and a backup of everything")],
    acts: |play| Box::pin(acts(play)),
    asks_a_second_factor: false,
};

async fn acts(play: &mut Play<'_>) {
    play.act(
        "The counter of last week",
        "Ada's password manager keeps passkeys and counts. Her disk dies, and the backup is a week \
         old: its counter is too.",
    );
    let played = counter(play).await;
    play.end(played).await;

    play.act(
        "A passkey without a counter",
        "Most passkeys that can be backed up do not count, so that a restored one is as good as new.",
    );
    let played = uncounted(play).await;
    play.end(played).await;

    play.act(
        "What was removed comes back",
        "Ada removed a passkey from her account. The backup still has it.",
    );
    let played = removed(play).await;
    play.end(played).await;
}

async fn counter(play: &mut Play<'_>) -> Result<(), AttemptError> {
    let mut ada = enrolled(play, "her laptop", counting_provider()).await?;
    let means = "The counter goes up by one.";
    play.honest(&mut ada, Ceremony::Authentication, "signs in", means).await?;
    let Some(backup) = ada.copy_of_device() else { return Err(AttemptError::NotExpressible) };
    play.tell(says("Ada", "makes a backup"), None, "It holds the passkey, and its counter.");
    for _ in 0..2 {
        ada.actor.change_browser();
        play.honest(&mut ada, Ceremony::Authentication, "signs in", means).await?;
    }
    ada.actor.change_browser();
    ada.takes_copy("her laptop, restored", backup);
    let attempt = super::cloned_authenticator::perform(play, &mut ada).await?;
    play.judged(
        ada.does("signs in; the counter is lower than the last"),
        "authentication.sign-count.lower",
        Ok(Observations::of(attempt)),
        Means {
            good: "To the site this looks like a clone, and it refuses. Ada has done nothing \
                   wrong: it should tell her what to do, or her next call is to support.",
            bad: "The site does not mind that the counter went back. Ada notices nothing; nor \
                  would anybody if it had been a clone.",
        },
    );
    ada.actor.change_browser();
    let attempt = super::cloned_authenticator::perform(play, &mut ada).await?;
    play.tell(
        ada.does("tries again"),
        super::cast::answer(&attempt),
        "Each attempt counts. Sooner or later the counter is higher than the last that the site \
         stored.",
    );
    ada.actor.change_browser();
    let attempt = super::cloned_authenticator::perform(play, &mut ada).await?;
    play.judged_by(
        ada.does("tries once more; the counter is the highest again"),
        &rules::LOCKED_OUT_BY_A_CLONE.check(),
        Ok(Observations::of(attempt)),
        Means {
            good: "She is in again. All in all a few failures that nobody explained.",
            bad: "The passkey stays locked. Ada needs another way in.",
        },
    );
    Ok(())
}

async fn uncounted(play: &mut Play<'_>) -> Result<(), AttemptError> {
    let mut ada = enrolled(play, "her phone", synced_phone()).await?;
    let Some(backup) = ada.copy_of_device() else { return Err(AttemptError::NotExpressible) };
    let means = "The counter is 0, and stays 0.";
    play.honest(&mut ada, Ceremony::Authentication, "signs in", means).await?;
    ada.actor.change_browser();
    ada.takes_copy("a new phone, restored", backup);
    let means = "Nothing went back, so nothing is refused.";
    play.honest(&mut ada, Ceremony::Authentication, "signs in", means).await?;
    play.check(
        says("Ada", "makes a passkey while she is offline, and signs in once it is backed up"),
        "authentication.tolerance.backed-up-later",
        Means {
            good: "Whether there is a backup may change from one sign-in to the next, and does.",
            bad: "The site takes a change for an attack that is none.",
        },
    )
    .await;
    Ok(())
}

async fn removed(play: &mut Play<'_>) -> Result<(), AttemptError> {
    play.needs(Flow::List)?;
    play.needs(Flow::Remove)?;
    let mut ada = enrolled(play, "her phone", bound_phone()).await?;
    let Some(backup) = ada.copy_of_device() else { return Err(AttemptError::NotExpressible) };
    let id = ada.actor.known.credential_id.clone().unwrap_or_default();
    ada.takes("her laptop", super::cast::laptop());
    let means = "There are two now.";
    play.honest(&mut ada, Ceremony::Registration, "makes a second passkey", means).await?;
    let listed = super::lost_device::find(play, &mut ada, &id).await?;
    ada.actor.remove(&listed, None, &mut play.log).await?;
    play.tell(
        ada.does("removes the first one from her account, and from the phone"),
        None,
        "It is in the backup still.",
    );
    ada.actor.change_browser();
    ada.takes_copy("her phone, restored", backup);
    super::lost_device::new_sign_in(play, &mut ada, "Ada", "her phone, restored").await
}

async fn enrolled(
    play: &mut Play<'_>,
    device: &str,
    profile: Profile,
) -> Result<Person, AttemptError> {
    let (does, means) = ("signs up, and makes a passkey", "The site has the public key.");
    play.enrolled(device, profile, does, means).await
}
