//! A device is restored from a backup, with old counters and removed passkeys.

use passrig_authenticator::Ceremony;
use passrig_authenticator::device::Profile;

use super::Simulation;
use super::person::{Person, bound_phone, by, counting_provider, synced_phone};
use super::rules;
use super::simulator::{Meanings, Simulator};
use crate::actor::Result;
use crate::target_rp::Flow;

pub(super) const SIMULATION: Simulation = Simulation {
    name: "restored-backup",
    title: "A restored backup",
    question: "What happens when a device comes back from a backup, with the passkeys and the \
               counter of last week?",
    participants: &[("Ada", "has an account, and a backup of everything")],
    acts: |sim| Box::pin(acts(sim)),
    has_second_factor: false,
};

async fn acts(sim: &mut Simulator<'_>) {
    sim.act(
        "The counter of last week",
        "Ada's password manager keeps passkeys and counts. Her disk dies, and the backup is a week \
         old: its counter is too.",
    );
    let performed = counter(sim).await;
    sim.end(performed).await;

    sim.act(
        "A passkey without a counter",
        "Most passkeys that can be backed up do not count, so that a restored one is as good as new.",
    );
    let performed = uncounted(sim).await;
    sim.end(performed).await;

    sim.act(
        "What was removed comes back",
        "Ada removed a passkey from her account. The backup still has it.",
    );
    let performed = removed(sim).await;
    sim.end(performed).await;
}

async fn counter(sim: &mut Simulator<'_>) -> Result<()> {
    let mut ada = enrolled(sim, "her laptop", counting_provider()).await?;
    let means = "The counter goes up by one.";
    sim.honest(&mut ada, Ceremony::Authentication, "signs in", means).await?;
    let backup = ada.copy_of_device()?;
    sim.note(by("Ada", "makes a backup"), None, "It holds the passkey, and its counter.");
    for _ in 0..2 {
        ada.actor.change_browser();
        sim.honest(&mut ada, Ceremony::Authentication, "signs in", means).await?;
    }
    ada.actor.change_browser();
    ada.takes_copy("her laptop, restored", backup);
    let attempt = super::cloned_authenticator::perform(sim, &mut ada).await?;
    sim.judged(
        ada.does("signs in; the counter is lower than the last"),
        "authentication.sign-count.lower",
        Ok(attempt),
        Meanings {
            good: "To the site this looks like a clone, and it refuses. Ada has done nothing \
                   wrong: it should tell her what to do, or her next call is to support.",
            bad: "The site does not mind that the counter went back. Ada notices nothing; nor \
                  would anybody if it had been a clone.",
        },
    );
    ada.actor.change_browser();
    let attempt = super::cloned_authenticator::perform(sim, &mut ada).await?;
    sim.note(
        ada.does("tries again"),
        super::person::answer(&attempt),
        "Each attempt counts. Sooner or later the counter is higher than the last that the site \
         stored.",
    );
    ada.actor.change_browser();
    let attempt = super::cloned_authenticator::perform(sim, &mut ada).await?;
    sim.judged_by(
        ada.does("tries once more; the counter is the highest again"),
        &rules::LOCKED_OUT_BY_A_CLONE,
        Ok(attempt),
        Meanings {
            good: "She is in again. All in all a few failures that nobody explained.",
            bad: "The passkey stays locked. Ada needs another way in.",
        },
    );
    Ok(())
}

async fn uncounted(sim: &mut Simulator<'_>) -> Result<()> {
    let mut ada = enrolled(sim, "her phone", synced_phone()).await?;
    let backup = ada.copy_of_device()?;
    let means = "The counter is 0, and stays 0.";
    sim.honest(&mut ada, Ceremony::Authentication, "signs in", means).await?;
    ada.actor.change_browser();
    ada.takes_copy("a new phone, restored", backup);
    let means = "Nothing went back, so nothing is refused.";
    sim.honest(&mut ada, Ceremony::Authentication, "signs in", means).await?;
    sim.check(
        by("Ada", "makes a passkey while she is offline, and signs in once it is backed up"),
        "authentication.tolerance.backed-up-later",
        Meanings {
            good: "Whether there is a backup may change from one sign-in to the next, and does.",
            bad: "The site takes a change for an attack that is none.",
        },
    )
    .await;
    Ok(())
}

async fn removed(sim: &mut Simulator<'_>) -> Result<()> {
    sim.needs(Flow::List)?;
    sim.needs(Flow::Remove)?;
    let mut ada = enrolled(sim, "her phone", bound_phone()).await?;
    let backup = ada.copy_of_device()?;
    let id = ada.actor.known.credential_id.clone().unwrap_or_default();
    ada.takes("her laptop", super::person::laptop());
    let means = "There are two now.";
    sim.honest(&mut ada, Ceremony::Registration, "makes a second passkey", means).await?;
    let listed = super::removal::find(sim, &mut ada, &id).await?;
    ada.actor.remove(&listed, None, &mut sim.log).await?;
    sim.note(
        ada.does("removes the first one from her account, and from the phone"),
        None,
        "It is in the backup still.",
    );
    ada.actor.change_browser();
    ada.takes_copy("her phone, restored", backup);
    super::removal::new_sign_in(sim, &mut ada, "Ada", "her phone, restored").await
}

async fn enrolled(sim: &mut Simulator<'_>, device: &str, profile: Profile) -> Result<Person> {
    let (does, means) = ("signs up, and makes a passkey", "The site has the public key.");
    sim.enrolled(device, profile, does, means).await
}
