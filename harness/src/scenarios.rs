//! Checks that take more than one ceremony. Each returns its observations; the runner judges them.

mod algorithm;
mod challenge;
mod context;
mod copies;
mod counter;
mod credential;
mod lists;
mod options;
mod race;
mod related_origins;
mod removal;
mod session;
mod skipped;
mod state;
mod timing;

pub use context::{Context, Observations};

use std::pin::Pin;

use passrig_authenticator::deviation::Deviation;

use crate::actor::{AttemptError, Result};
use crate::catalogue::Scenario;

/// The future of a scenario.
pub type ScenarioFuture<'a> = Pin<Box<dyn Future<Output = Result<Observations>> + Send + 'a>>;

/// The functions of scenarios. Each one has a future of its own: one future of all of them takes
/// the stack of all of them in a build without optimisation.
macro_rules! table {
    ($scenario:expr, $($variant:ident => $module:ident::$function:ident $(($rule:path))?,)*) => {
        match $scenario {
            $(Scenario::$variant => |ctx| Box::pin($module::$function(ctx $(, $rule)?)),)*
        }
    };
}

/// The function of a scenario.
pub fn find(scenario: Scenario) -> for<'a> fn(&'a mut Context<'_>) -> ScenarioFuture<'a> {
    table! {
        scenario,
        ReplayedAssertion => challenge::replayed_assertion,
        ReusedChallenge => challenge::reused,
        ChallengeOfAnotherSession => challenge::of_another_session,
        ChallengeOfTheOtherCeremony => challenge::of_the_other_ceremony,
        UndefinedChallenge => challenge::undefined,
        SupersededChallenge => challenge::superseded,
        ExpiredChallenge => challenge::expired,
        CounterGoesBack => counter::goes_back,
        CounterStandsStill => counter::stands_still,
        CredentialOfAnotherUser => credential::of_another_user,
        CredentialForAUserWithout => credential::for_a_user_without,
        OwnCredentialIdAgain => credential::own_id_again,
        EmptyCredentialId => credential::empty_id,
        CredentialNotListed => credential::not_listed,
        ChallengeAfterFailure => challenge::after_failure,
        ChallengeOfAnotherUser => challenge::of_another_user,
        ClientSuppliedChallenge => challenge::client_supplied,
        CookieRestored => challenge::cookie_restored,
        ChallengeAfterLogout => challenge::after_logout,
        RaceForOneChallenge => race::one_challenge,
        RaceForOneCount => race::one_count,
        AnotherAttachment => credential::another_attachment,
        ChallengeOfAutofill => challenge::of_autofill,
        CounterFallsToZero => counter::falls_to_zero,
        CounterWraps => counter::wraps,
        CounterLiesBetween => counter::lies_between,
        CounterBelowRegistration => counter::below_registration,
        CounterStaysZero => counter::stays_zero,
        TakeoverByCredentialId => credential::takeover_by_id,
        TakeoverByUserId => credential::takeover_by_user,
        LockOutByCredentialId => credential::lock_out_by_id,
        IdAndChallengeAlone => skipped::id_and_challenge,
        AnswerToTheOtherCeremony => skipped::other_response,
        CounterOfAForgery => state::counter_of_a_forgery,
        BackupFlagsOfAForgery => state::backup_flags_of_a_forgery,
        RegisterAfterRefusal => state::register_after_refusal,
        RefusedCredential => state::refused_credential,
        RefusedCredentialOfTheChallenge => state::refused_credential_of_the_challenge,
        AlgorithmInUse => algorithm::in_use,
        BackedUpLater => state::backed_up_later,
        AnotherKeyBeside => copies::another_key,
        AnotherAlgorithmBeside => copies::another_algorithm,
        OtherDataBeside => copies::other_data,
        AnotherIdBeside => copies::another_id,
        EmptyIdBeside => copies::empty_id,
        SessionFromBeforeSignIn => session::from_before_sign_in,
        SessionAfterSignOut => session::after_sign_out,
        SessionCookieHttpOnly => session::http_only,
        SessionCookieSecure => session::secure,
        SessionCookieSameSite => session::same_site,
        CeremonyFromAForeignPage => session::from_a_foreign_page,
        RemovalOfAnotherUser => removal::of_another_user,
        RemovalWithoutSession => removal::without_session,
        RemovalFromAForeignPage => removal::from_a_foreign_page,
        RemovalOfOnesOwn => removal::of_ones_own,
        RemovedCredential => removal::used_afterwards,
        RemovedCredentialBegunBefore => removal::begun_before,
        ClosedAccount => removal::closed_account,
        ExcludeListOne => lists::exclude_one,
        ExcludeListEvery => lists::exclude_every,
        AllowListEvery => lists::allow_every,
        AllowListTransports => lists::transports,
        EnumerationShape => lists::shape_for_unknown,
        EnumerationStable => lists::stable,
        EnumerationByName => lists::by_name,
        EnumerationFailures => lists::failures,
        ChallengeLength => options::challenge_length,
        ChallengeUnique => options::challenge_unique,
        ChallengeUnpredictable => options::challenge_unpredictable,
        UserHandleOpaque => options::user_handle_opaque,
        UserHandleStable => options::user_handle_stable,
        UserHandleDistinct => options::user_handle_distinct,
        OptionsRpId => options::rp_id,
        OptionsKnownValues => options::each(options::unknown_value),
        OptionsTimeout => options::each(options::odd_timeout),
        OptionsEs256 => options::each(options::without_es256),
        OptionsPolymorphicAlgorithms => options::each(options::counterpart_missing),
        OptionsResidentKey => options::each(options::residence_contradicted),
        RelatedOriginsOpen => related_origins::open,
        RelatedOriginsType => related_origins::kind,
        RelatedOriginsShape => related_origins::shape,
        RelatedOriginsLabels => related_origins::labels,
        RelatedOriginsOwn => related_origins::own,
        RelatedOriginsRedirect => related_origins::redirect,
        RelatedOriginsPlain => related_origins::plain,
        RelatedOriginsServed => related_origins::served,
        TimeForAName => timing::for_a_name,
        TimeForAFailure => timing::for_a_failure,
    }
}

/// The deviation of edits that passrig itself writes.
pub fn deviation(edits: serde_json::Value) -> Result<Deviation> {
    let edits = serde_json::from_value(edits);
    let bug = |error| AttemptError::Bug(format!("an edit cannot be read: {error}"));
    edits.map(Deviation::new).map_err(bug)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_edit_of_ours_that_cannot_be_read_is_a_bug() {
        for edits in [json!("text"), json!([{ "at": "client_data.origin", "st": "x" }])] {
            let error = deviation(edits).unwrap_err();
            assert!(error.to_string().starts_with("bug in passrig: an edit"), "{error}");
        }
    }
}
