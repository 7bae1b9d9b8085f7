//! Mutants of passwords, recovery codes and removal that no check knows: the flaw takes a story to
//! see, and `passrig simulate` plays it.

use super::{Mutant, behaviour, loosely};
use crate::relying_party::store::{ChallengeState, Issued, SessionId, Store, UserHandle};
use crate::relying_party::verify::Procedure::Verify;
use crate::relying_party::verify::{
    AttemptAudit, Evidence, StepResult, authentication, examine, shared,
};

/// Every mutant that only simulations find.
#[rustfmt::skip]
pub fn of_stories() -> Vec<Mutant> {
    vec![
        Mutant::flow("second-factor.passkey.skipped", &[], "asks for a passkey after the password, and has signed in already", behaviour! {
            fn sign_in_half(&self, store: &mut Store, session: SessionId, user: UserHandle) {
                store.sign_in(session, user.clone());
                store.sign_in_half(session, user);
            }
        }),
        Mutant::flow("second-factor.challenge.any-log-in", &["7.2/11"], "takes a challenge of another log-in of the account after the password", behaviour! {
            fn examine<'a>(&self, evidence: Evidence<'a>, _: AttemptAudit<'a>) -> AttemptAudit<'a> {
                examine(evidence, &[("7.2/11", Verify(any_log_in))])
            }
        }),
        Mutant::flow("second-factor.account.anyones", &["7.2/5", "7.2/6a"], "takes anybody's passkey after the password", behaviour! {
            fn examine<'a>(&self, evidence: Evidence<'a>, _: AttemptAudit<'a>) -> AttemptAudit<'a> {
                examine(evidence, &[("7.2/5", Verify(any_credential)), ("7.2/6a", Verify(any_owner))])
            }
        }),
        Mutant::flow("recovery.code.twice", &[], "takes a recovery code again that was used",
            behaviour! { fn spend_code(&self, _: &mut Store, _: &UserHandle, _: &[u8]) -> bool { true } }),
        Mutant::flow("recovery.password.unasked", &[], "takes a recovery code for the password too",
            behaviour! { fn recovery_requires_password(&self) -> bool { false } }),
        // No must: ASVS 7.4.3 wants it on offer.
        Mutant::flow("removal.sessions.survive", &["removal/effect"], "keeps the sessions that a removed passkey began",
            behaviour! { fn end_sessions(&self, _: &mut Store, _: SessionId, _: &UserHandle, _: &[u8]) {} }),
        Mutant::flow("removal.last.silent", &[], "removes the last way into an account without a question",
            behaviour! { fn requires_confirmation(&self, _: &Store, _: &UserHandle, _: &[u8]) -> bool { false } }),
    ]
}

fn is_second(e: &Evidence<'_>) -> bool {
    e.session.is_some_and(|session| e.store.half_signed_in(session).is_some())
}

fn any_log_in(e: &Evidence<'_>) -> StepResult {
    loosely(e, shared::challenge, |e| {
        let (Some(sent), Some(own)) = (e.sent_challenge(), e.issued()) else { return false };
        let same = |i: &Issued| i.state == ChallengeState::Live && i.user == own.user;
        is_second(e) && e.store.answered_by(&sent).any(same)
    })
}

fn any_credential(e: &Evidence<'_>) -> StepResult {
    loosely(e, authentication::allow_list, is_second)
}

fn any_owner(e: &Evidence<'_>) -> StepResult {
    loosely(e, authentication::named_user, |e| is_second(e) && e.record().is_some())
}
