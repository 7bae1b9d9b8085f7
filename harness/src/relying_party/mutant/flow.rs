//! Mutants of what follows the steps of §7.1 and §7.2: the steps are right, and what is stored, or
//! when, is not.

use passrig_authenticator::Ceremony;
use passrig_authenticator::wire::{Flags, base64url};

use super::pair_barrier::PairBarrier;
use super::signature::from_subject_public_key_info;
use super::{Mutant, behaviour};
use crate::relying_party::RelyingParty;
use crate::relying_party::behaviour::{Behaviour, EarlyRead};
use crate::relying_party::caller::Caller;
use crate::relying_party::effect::{self, StoreChange};
use crate::relying_party::store::{Account, CredentialRecord, UserHandle};
use crate::relying_party::verify::Evidence;

#[rustfmt::skip]
pub(super) fn all() -> Vec<Mutant> {
    let read_early = "reads the challenge first and takes it out of the store afterwards";
    vec![
        Mutant::flow("registration.flow.refused-but-stored", &["7.1/29", "7.1/9"], "stores the credential although it says that it refused the origin",
            behaviour! { fn acts_on(&self, violated: &[&str]) -> bool { violated.is_empty() || violated == ["7.1/9"] } }),
        Mutant::flow("registration.flow.refused-but-stored-late", &["7.1/29", "7.1/8"], "stores the credential although it says that it refused the challenge",
            behaviour! { fn acts_on(&self, violated: &[&str]) -> bool { violated.is_empty() || violated == ["7.1/8"] } }),
        Mutant::flow("authentication.flow.refused-but-signed-in", &["7.2/25", "7.2/12"], "signs in the account although it says that it refused the origin",
            behaviour! { fn acts_on(&self, violated: &[&str]) -> bool { violated.is_empty() || violated == ["7.2/12"] } }),
        Mutant::flow("registration.flow.account-kept", &["7.1/29"], "makes the account even if it refuses the registration",
            behaviour! { fn effect_of_refused(&self, e: &Evidence<'_>, _: &[&str]) -> Option<StoreChange> { Some(StoreChange::Account(e.registrant()?.clone())) } }),
        Mutant::flow("registration.attestation-object.key-beside", &["7.1/13"], "stores the key that stands beside the attestation object", behaviour! {
            fn record(&self, e: &Evidence<'_>) -> Option<CredentialRecord> {
                let record = effect::record(e)?;
                let beside = e.registration.as_ref()?.response.public_key.as_ref();
                let key = beside.and_then(|key| from_subject_public_key_info(key.as_ref()));
                Some(CredentialRecord { public_key: key.map_or(record.public_key, |key| key.to_cbor()), ..record })
            }
        }),
        Mutant::flow("registration.attestation-object.id-taken", &["7.1/13"], "stores the id that stands beside the attestation object", behaviour! {
            fn record(&self, e: &Evidence<'_>) -> Option<CredentialRecord> {
                Some(CredentialRecord { id: e.registration.as_ref()?.id.0.clone(), ..effect::record(e)? })
            }
        }),
        Mutant::flow("registration.flow.user-from-body", &["7.1/29"], "registers for the account whose user id the body names",
            behaviour! { fn registrant<'a>(&self, e: &Evidence<'a>) -> Option<&'a Account> { account_in_body(e).or_else(|| e.registrant()) } }),
        Mutant::flow("authentication.flow.updated-unverified", &["7.2/25"], "updates the credential record before it verifies the signature", behaviour! {
            fn effect_of_refused(&self, e: &Evidence<'_>, violated: &[&str]) -> Option<StoreChange> {
                violated.contains(&"7.2/21").then(|| updated(e)).flatten()
            }
        }),
        Mutant::flow("authentication.sign-count.never-stored", &["7.2/22"], "never stores a signature counter after the first",
            behaviour! { fn sign_count(&self, stored: u32, _: u32) -> u32 { stored } }),
        Mutant::flow("authentication.sign-count.counts-from-zero", &["7.2/22"], "stores zero for the signature counter of a registration",
            behaviour! { fn record(&self, e: &Evidence<'_>) -> Option<CredentialRecord> { Some(CredentialRecord { sign_count: 0, ..effect::record(e)? }) } }),
        Mutant::flow("authentication.sign-count.stored-if-asked", &["7.2/22"], "stores a signature counter only if it is the next number", behaviour! {
            fn sign_count(&self, stored: u32, received: u32) -> u32 {
                if received == stored.wrapping_add(1) { received } else { stored }
            }
        }),
        Mutant::flow("registration.challenge.read-before-taken", &["7.1/8"], read_early, EarlyChallengeRead(Ceremony::Registration, PairBarrier::default())),
        Mutant::flow("authentication.challenge.read-before-taken", &["7.2/11"], read_early, EarlyChallengeRead(Ceremony::Authentication, PairBarrier::default())),
    ]
}

/// The account whose user handle stands in the body.
fn account_in_body<'a>(e: &Evidence<'a>) -> Option<&'a Account> {
    let handle = e.body.get("userId")?.as_str()?;
    e.store.account(&UserHandle(base64url::decode(handle).ok()?))
}

/// The record with the values of an assertion.
fn updated(e: &Evidence<'_>) -> Option<StoreChange> {
    let (owner, record) = e.record()?;
    let data = e.authenticator_data.as_ref()?;
    let record = CredentialRecord {
        sign_count: data.sign_count,
        backup_eligible: data.flags.has(Flags::BE),
        backup_state: data.flags.has(Flags::BS),
        ..record.clone()
    };
    Some(StoreChange::Record(owner.clone(), record))
}

/// Of two responses that arrive together, both read the challenge of this ceremony before either
/// consumes it.
#[derive(Debug)]
struct EarlyChallengeRead(Ceremony, PairBarrier);

impl Behaviour for EarlyChallengeRead {
    fn read_early<'a>(
        &'a self,
        rp: &'a RelyingParty,
        ceremony: Ceremony,
        caller: &'a Caller,
    ) -> EarlyRead<'a> {
        Box::pin(async move {
            if ceremony != self.0 {
                return None;
            }
            let read = {
                let store = rp.store();
                let session = store.session(caller.token.as_deref()?)?;
                (session, store.pending(session, ceremony)?.challenge.clone())
            };
            // Until a second response has read it too, or can no longer be expected.
            self.1.wait_for_second(read.0).await;
            Some(read)
        })
    }
}
