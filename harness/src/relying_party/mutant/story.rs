//! Flaws beside the ceremonies, in what people do without a passkey or about
//! one. No check knows of them: they take a story, and `passrig simulate` tells
//! it.

use super::{Flow, Kind, Lapse, Mutant, loosely};
use crate::relying_party::store::{Issued, State};
use crate::relying_party::verify::Run::{self, Verify};
use crate::relying_party::verify::{Evidence, Finding, authentication, shared};

/// Every mutant that only simulations find.
#[rustfmt::skip]
pub fn of_stories() -> Vec<Mutant> {
    use Lapse::*;
    let flaws: [(&str, &[&'static str], &str, Lapse); 7] = [
        ("second-factor.passkey.skipped", &[], "asks for a passkey after the password, and has signed in already", SecondStepSkipped),
        ("second-factor.challenge.any-log-in", &["7.2/11"], "takes a challenge of another log-in of the account after the password", SecondStepOfAnyLogIn),
        ("second-factor.account.anyones", &["7.2/5", "7.2/6a"], "takes anybody's passkey after the password", SecondStepOfAnyone),
        ("recovery.code.twice", &[], "takes a recovery code again that was used", CodesLast),
        ("recovery.password.unasked", &[], "takes a recovery code for the password too", RecoveryWithoutPassword),
        // No must: ASVS 7.4.3 wants it on offer.
        ("removal.sessions.survive", &["removal/effect"], "keeps the sessions that a removed passkey began", SessionsSurvive),
        ("removal.last.silent", &[], "removes the last way into an account without a question", LastRemovedSilently),
    ];
    flaws.into_iter().map(|(id, steps, summary, lapse)| mutant(id, steps, summary, lapse)).collect()
}

fn mutant(id: &str, steps: &[&'static str], summary: &str, lapse: Lapse) -> Mutant {
    let instead: Vec<(&'static str, Run)> = match lapse {
        Lapse::SecondStepOfAnyLogIn => vec![("7.2/11", Verify(any_log_in))],
        Lapse::SecondStepOfAnyone => {
            vec![("7.2/5", Verify(anything_asked_for)), ("7.2/6a", Verify(anybody))]
        }
        _ => Vec::new(),
    };
    Mutant {
        id: id.to_owned(),
        steps: steps.to_vec(),
        kind: Kind::Flow,
        summary: summary.to_owned(),
        instead,
        flow: Some(Flow::Around(lapse)),
    }
}

fn is_second(e: &Evidence<'_>) -> bool {
    e.session.is_some_and(|session| e.store.half_signed_in(session).is_some())
}

fn any_log_in(e: &Evidence<'_>) -> Finding {
    loosely(e, shared::challenge, |e| {
        let (Some(sent), Some(own)) = (e.sent_challenge(), e.issued()) else { return false };
        let same = |i: &Issued| i.state == State::Live && i.user == own.user;
        is_second(e) && e.store.answered_by(&sent).any(same)
    })
}

fn anything_asked_for(e: &Evidence<'_>) -> Finding {
    loosely(e, authentication::allow_list, is_second)
}

fn anybody(e: &Evidence<'_>) -> Finding {
    loosely(e, authentication::named_user, |e| is_second(e) && e.record().is_some())
}
