//! Checks that take a story. Each tells what it saw; only the runner makes an
//! outcome of it.

mod algorithm;
mod challenge;
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
mod stage;
mod state;
mod timing;

pub use stage::{Observations, Stage};

use passrig_authenticator::deviation::Deviation;

use crate::actor::Trouble;
use crate::catalogue::Scenario;

/// Performs a scenario.
pub async fn perform(scenario: Scenario, stage: &mut Stage<'_>) -> Result<Observations, Trouble> {
    match scenario {
        Scenario::ReplayedAssertion => challenge::replayed_assertion(stage).await,
        Scenario::ReusedChallenge => challenge::reused(stage).await,
        Scenario::ChallengeOfAnotherSession => challenge::of_another_session(stage).await,
        Scenario::ChallengeOfTheOtherCeremony => challenge::of_the_other_ceremony(stage).await,
        Scenario::UndefinedChallenge => challenge::undefined(stage).await,
        Scenario::SupersededChallenge => challenge::superseded(stage).await,
        Scenario::ExpiredChallenge => challenge::expired(stage).await,
        Scenario::CounterGoesBack => counter::goes_back(stage).await,
        Scenario::CounterStandsStill => counter::stands_still(stage).await,
        Scenario::CredentialOfAnotherUser => credential::of_another_user(stage).await,
        Scenario::CredentialForAUserWithout => credential::for_a_user_without(stage).await,
        Scenario::OwnCredentialIdAgain => credential::own_id_again(stage).await,
        Scenario::CredentialNotListed => credential::not_listed(stage).await,
        Scenario::ChallengeAfterFailure => challenge::after_failure(stage).await,
        Scenario::ChallengeOfAnotherUser => challenge::of_another_user(stage).await,
        Scenario::ClientSuppliedChallenge => challenge::client_supplied(stage).await,
        Scenario::CookieRestored => challenge::cookie_restored(stage).await,
        Scenario::ChallengeAfterLogout => challenge::after_logout(stage).await,
        Scenario::RaceForOneChallenge => race::one_challenge(stage).await,
        Scenario::RaceForOneCount => race::one_count(stage).await,
        Scenario::AnotherAttachment => credential::another_attachment(stage).await,
        Scenario::ChallengeOfAutofill => challenge::of_autofill(stage).await,
        Scenario::CounterFallsToZero => counter::falls_to_zero(stage).await,
        Scenario::CounterWraps => counter::wraps(stage).await,
        Scenario::CounterLiesBetween => counter::lies_between(stage).await,
        Scenario::CounterBelowRegistration => counter::below_registration(stage).await,
        Scenario::CounterStaysZero => counter::stays_zero(stage).await,
        Scenario::TakeoverByCredentialId => credential::takeover_by_id(stage).await,
        Scenario::TakeoverByUserId => credential::takeover_by_user(stage).await,
        Scenario::LockOutByCredentialId => credential::lock_out_by_id(stage).await,
        Scenario::IdAndChallengeAlone => skipped::id_and_challenge(stage).await,
        Scenario::AnswerToTheOtherCeremony => skipped::other_response(stage).await,
        Scenario::CounterOfAForgery => state::counter_of_a_forgery(stage).await,
        Scenario::BackupFlagsOfAForgery => state::backup_flags_of_a_forgery(stage).await,
        Scenario::RegisterAfterRefusal => state::register_after_refusal(stage).await,
        Scenario::RefusedCredential => state::refused_credential(stage).await,
        Scenario::RefusedCredentialOfTheChallenge => {
            state::refused_credential_of_the_challenge(stage).await
        }
        Scenario::AlgorithmInUse => algorithm::in_use(stage).await,
        Scenario::BackedUpLater => state::backed_up_later(stage).await,
        Scenario::AnotherKeyBeside => copies::another_key(stage).await,
        Scenario::AnotherAlgorithmBeside => copies::another_algorithm(stage).await,
        Scenario::OtherDataBeside => copies::other_data(stage).await,
        Scenario::AnotherIdBeside => copies::another_id(stage).await,
        Scenario::EmptyIdBeside => copies::empty_id(stage).await,
        Scenario::SessionFromBeforeSignIn => session::from_before_sign_in(stage).await,
        Scenario::SessionAfterSignOut => session::after_sign_out(stage).await,
        Scenario::SessionCookieHttpOnly => session::http_only(stage).await,
        Scenario::SessionCookieSecure => session::secure(stage).await,
        Scenario::SessionCookieSameSite => session::same_site(stage).await,
        Scenario::CeremonyFromAForeignPage => session::from_a_foreign_page(stage).await,
        Scenario::RemovalOfAnotherUser => removal::of_another_user(stage).await,
        Scenario::RemovalWithoutSession => removal::without_session(stage).await,
        Scenario::RemovalFromAForeignPage => removal::from_a_foreign_page(stage).await,
        Scenario::RemovalOfOnesOwn => removal::of_ones_own(stage).await,
        Scenario::RemovedCredential => removal::used_afterwards(stage).await,
        Scenario::RemovedCredentialBegunBefore => removal::begun_before(stage).await,
        Scenario::ClosedAccount => removal::closed_account(stage).await,
        Scenario::ExcludeListOne => lists::exclude_one(stage).await,
        Scenario::ExcludeListEvery => lists::exclude_every(stage).await,
        Scenario::AllowListEvery => lists::allow_every(stage).await,
        Scenario::AllowListTransports => lists::transports(stage).await,
        Scenario::EnumerationShape => lists::shape_of_strangers(stage).await,
        Scenario::EnumerationStable => lists::stable(stage).await,
        Scenario::EnumerationByName => lists::by_name(stage).await,
        Scenario::EnumerationFailures => lists::failures(stage).await,
        Scenario::ChallengeLength => options::challenge_length(stage).await,
        Scenario::ChallengeUnique => options::challenge_unique(stage).await,
        Scenario::ChallengeUnpredictable => options::challenge_unpredictable(stage).await,
        Scenario::UserHandleOpaque => options::user_handle_opaque(stage).await,
        Scenario::UserHandleStable => options::user_handle_stable(stage).await,
        Scenario::UserHandleDistinct => options::user_handle_distinct(stage).await,
        Scenario::OptionsRpId => options::rp_id(stage).await,
        Scenario::OptionsKnownValues => options::each(stage, options::unknown_value).await,
        Scenario::OptionsTimeout => options::each(stage, options::odd_timeout).await,
        Scenario::OptionsEs256 => options::each(stage, options::without_es256).await,
        Scenario::OptionsPolymorphicAlgorithms => options::each(stage, options::twin_alone).await,
        Scenario::OptionsResidentKey => options::each(stage, options::residence_contradicted).await,
        Scenario::RelatedOriginsOpen => related_origins::open(stage).await,
        Scenario::RelatedOriginsType => related_origins::kind(stage).await,
        Scenario::RelatedOriginsShape => related_origins::shape(stage).await,
        Scenario::RelatedOriginsLabels => related_origins::labels(stage).await,
        Scenario::RelatedOriginsOwn => related_origins::own(stage).await,
        Scenario::RelatedOriginsRedirect => related_origins::redirect(stage).await,
        Scenario::RelatedOriginsPlain => related_origins::plain(stage).await,
        Scenario::RelatedOriginsServed => related_origins::served(stage).await,
        Scenario::TimeForAName => timing::for_a_name(stage).await,
        Scenario::TimeForAFailure => timing::for_a_failure(stage).await,
    }
}

/// The deviation of these edits. They are written by us: that they can be read
/// is a matter of tests.
fn deviation(edits: serde_json::Value) -> Result<Deviation, Trouble> {
    let edits = serde_json::from_value(edits).map_err(|_| Trouble::NotExpressible)?;
    Ok(Deviation::new(edits))
}
