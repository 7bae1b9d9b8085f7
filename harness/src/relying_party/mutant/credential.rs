//! Mutants that look up the credential, its account or its user handle wrongly, or accept a
//! registered credential ID (§7.1 step 26, §7.2 steps 5 and 6).

use passrig_authenticator::wire::base64url::Base64UrlBytes;

use super::{Mutant, MutantKind, behaviour, loosely};
use crate::relying_party::store::{CredentialRecord, Store, User, UserHandle};
use crate::relying_party::verify::Procedure::Verify;
use crate::relying_party::verify::{
    AttemptAudit, Evidence, StepResult, authentication, examine, registration,
};

#[rustfmt::skip]
pub(super) fn all() -> Vec<Mutant> {
    let flaws = Mutant::list(MutantKind::WrongVersion, [
        (&["7.1/26"], "same-account", "minds a duplicate credential id only in another account", Verify(taken_elsewhere)),
        (&["7.2/6a"], "handle-prefix", "takes the beginning of the user handle for the whole", Verify(named_by_prefix)),
        (&["7.2/6b"], "handle-prefix", "takes the beginning of the user handle for the whole", Verify(handle_prefix)),
        (&["7.2/6b"], "handle-alone", "signs in whom the user handle names, with anybody's credential", Verify(handle_alone)),
        (&["7.2/6b"], "handle-absent", "signs in the credential's account without a user handle", Verify(handle_absent)),
    ]);
    let flows = any_account().chain(account_without()).chain(duplicates()).chain([owner_alone()]);
    flaws.into_iter().chain(flows).collect()
}

/// Signs in the owner of the credential, as if the response named that account.
fn owner_alone() -> Mutant {
    let summary = "signs in the owner of the credential, whatever the user handle says";
    Mutant::flow(
        "authentication.user-handle.owner-alone",
        &["7.2/6b"],
        summary,
        behaviour! {
            fn examine<'a>(&self, evidence: Evidence<'a>, _: AttemptAudit<'a>) -> AttemptAudit<'a> {
                let owned = Verify(|e| {
                    let is_owned = |e: &Evidence<'_>| e.user_handle().is_some() && e.record().is_some();
                    loosely(e, authentication::user_handle, is_owned)
                });
                let mut audit = examine(evidence, &[("7.2/6b", owned)]);
                let owner = audit.evidence.record().map(|(owner, _)| owner.0.clone());
                if let (Some(owner), Some(assertion)) = (owner, &mut audit.evidence.assertion) {
                    assertion.response.user_handle = Some(Base64UrlBytes(owner));
                }
                audit
            }
        },
    )
}

/// Accepts a registered credential ID, and changes the record that has it.
#[rustfmt::skip]
fn duplicates() -> impl Iterator<Item = Mutant> {
    let mutants = [
        Mutant::flow("registration.credential-id-taken.overwritten", &["7.1/26"], "replaces another account's credential by a new one with the same id", behaviour! {
            fn examine<'a>(&self, evidence: Evidence<'a>, _: AttemptAudit<'a>) -> AttemptAudit<'a> {
                examine(evidence, &[("7.1/26", Verify(|_| Ok(())))])
            }
            fn add_record(&self, store: &mut Store, owner: UserHandle, record: CredentialRecord) -> bool {
                store.remove_records_with(&record.id);
                store.add_record(owner, record);
                true
            }
        }),
        Mutant::flow("registration.credential-id-taken.key-replaced", &["7.1/26"], "gives another account's credential the key of a new one with the same id", behaviour! {
            fn examine<'a>(&self, evidence: Evidence<'a>, _: AttemptAudit<'a>) -> AttemptAudit<'a> {
                examine(evidence, &[("7.1/26", Verify(|_| Ok(())))])
            }
            fn add_record(&self, store: &mut Store, owner: UserHandle, record: CredentialRecord) -> bool {
                if store.replace_key(&record) {
                    return false;
                }
                store.add_record(owner, record);
                true
            }
        }),
    ];
    mutants.into_iter().map(|mutant| Mutant { kind: MutantKind::WrongVersion, ..mutant })
}

/// Takes any account's credential for the account that was named.
fn any_account() -> impl Iterator<Item = Mutant> {
    let summary = "takes any account's credential, and signs in the account that was named";
    Mutant::each(&["7.2/5"], MutantKind::WrongVersion, "any-account", summary, Verify(|_| Ok(())))
        .into_iter()
        .map(|mutant| mutant.and("7.2/6a", Verify(registered_anywhere)))
}

/// Takes any account's credential for an account that has none.
fn account_without() -> impl Iterator<Item = Mutant> {
    let summary =
        "takes any account's credential for an account that has none, and signs in that one";
    let any = Verify(|e| loosely(e, authentication::allow_list, names_account_without));
    Mutant::each(&["7.2/5"], MutantKind::WrongVersion, "account-without", summary, any)
        .into_iter()
        .map(|mutant| {
            mutant.and(
                "7.2/6a",
                Verify(|e| match names_account_without(e) {
                    true => registered_anywhere(e),
                    false => authentication::named_user(e),
                }),
            )
        })
}

fn names_account_without(e: &Evidence<'_>) -> bool {
    match e.issued().map(|issued| &issued.user) {
        Some(User::Known(account)) => e.store.records_of(&account.handle).next().is_none(),
        _ => false,
    }
}

fn registered_anywhere(e: &Evidence<'_>) -> StepResult {
    loosely(e, authentication::named_user, |e| e.record().is_some())
}

fn taken_elsewhere(e: &Evidence<'_>) -> StepResult {
    loosely(e, registration::credential_id_taken, |e| {
        let (Some(account), Some(attested)) = (e.registrant(), registration::attested(e)) else {
            return false;
        };
        e.store.records_with(&attested.credential_id).all(|(owner, _)| *owner == account.handle)
    })
}

fn named_by_prefix(e: &Evidence<'_>) -> StepResult {
    loosely(e, authentication::named_user, |e| match e.issued().map(|issued| &issued.user) {
        Some(User::Known(account)) => owns_and_starts_with_handle(e, &account.handle),
        _ => false,
    })
}

fn handle_alone(e: &Evidence<'_>) -> StepResult {
    loosely(e, authentication::user_handle, |e| {
        let names_account =
            e.user_handle().is_some_and(|handle| e.store.account(&handle).is_some());
        names_account && e.record().is_some()
    })
}

fn handle_absent(e: &Evidence<'_>) -> StepResult {
    loosely(e, authentication::user_handle, |e| e.user_handle().is_none() && e.record().is_some())
}

fn handle_prefix(e: &Evidence<'_>) -> StepResult {
    loosely(e, authentication::user_handle, |e| {
        e.record().is_some_and(|(owner, _)| owns_and_starts_with_handle(e, owner))
    })
}

fn owns_and_starts_with_handle(e: &Evidence<'_>, owner: &UserHandle) -> bool {
    let owns = e.record().is_some_and(|(actual, _)| actual == owner);
    let sent = e.user_handle().filter(|handle| !handle.0.is_empty());
    owns && sent.is_some_and(|handle| owner.0.starts_with(&handle.0))
}
