//! Flaws of order: the steps are right, and what is done about them is not.

use passrig_authenticator::Ceremony;

use super::{Flow, Kind, Mutant};
use crate::relying_party::verify::{STEPS, Step};

#[rustfmt::skip]
pub(super) fn all() -> Vec<Mutant> {
    let flaws: [(&[&'static str], &str, &str, Flow); 13] = [
        (&["7.1/29", "7.1/9"], "refused-but-stored", "stores the credential although it says that it refused the origin", Flow::ActsOnRefused("7.1/9")),
        (&["7.1/29", "7.1/8"], "refused-but-stored-late", "stores the credential although it says that it refused the challenge", Flow::ActsOnRefused("7.1/8")),
        (&["7.2/25", "7.2/12"], "refused-but-signed-in", "signs in the account although it says that it refused the origin", Flow::ActsOnRefused("7.2/12")),
        (&["7.1/29"], "account-kept", "makes the account even if it refuses the registration", Flow::KeepsAccounts),
        (&["7.1/13"], "key-beside", "stores the key that stands beside the attestation object", Flow::BelievesCopies),
        (&["7.1/13"], "id-taken", "stores the id that stands beside the attestation object", Flow::BelievesIds),
        (&["7.1/29"], "user-from-body", "registers for the account whose user id the body names", Flow::UserFromBody),
        (&["7.2/25"], "updated-unverified", "updates the credential record before it verifies the signature", Flow::UpdatesUnverified),
        (&["7.2/22"], "never-stored", "never stores a signature counter after the first", Flow::ForgetsCounters),
        (&["7.2/22"], "counts-from-zero", "stores zero for the signature counter of a registration", Flow::CountsFromZero),
        (&["7.2/22"], "stored-if-asked", "stores a signature counter only if it is the next number", Flow::CountsByOne),
        (&["7.1/8"], "read-before-taken", "reads the challenge first and takes it out of the store afterwards", Flow::ReadsBeforeTaking(Ceremony::Registration)),
        (&["7.2/11"], "read-before-taken", "reads the challenge first and takes it out of the store afterwards", Flow::ReadsBeforeTaking(Ceremony::Authentication)),
    ];
    flaws.into_iter().filter_map(|(steps, flaw, summary, flow)| mutant(steps, flaw, summary, flow)).collect()
}

pub(super) fn mutant(
    steps: &[&'static str],
    flaw: &str,
    summary: &str,
    flow: Flow,
) -> Option<Mutant> {
    let first: &Step = STEPS.iter().find(|step| steps.first() == Some(&step.id))?;
    Some(Mutant {
        id: format!("{}.{}.{flaw}", first.area(), first.name),
        steps: steps.to_vec(),
        kind: Kind::Flow,
        summary: summary.to_owned(),
        instead: Vec::new(),
        flow: Some(flow),
    })
}
