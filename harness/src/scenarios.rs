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

use std::pin::Pin;

use passrig_authenticator::deviation::Deviation;

use crate::actor::AttemptError;
use crate::catalogue::Scenario;

/// The future of a scenario.
pub type Performance<'a> =
    Pin<Box<dyn Future<Output = Result<Observations, AttemptError>> + Send + 'a>>;

/// The function of a scenario. Each has a function of its own: one future of all of them takes
/// the stack of all of them in a build without optimisation.
pub fn find(scenario: Scenario) -> for<'a> fn(&'a mut Stage<'_>) -> Performance<'a> {
    match scenario {
        Scenario::ReplayedAssertion => |stage| Box::pin(challenge::replayed_assertion(stage)),
        Scenario::ReusedChallenge => |stage| Box::pin(challenge::reused(stage)),
        Scenario::ChallengeOfAnotherSession => {
            |stage| Box::pin(challenge::of_another_session(stage))
        }
        Scenario::ChallengeOfTheOtherCeremony => {
            |stage| Box::pin(challenge::of_the_other_ceremony(stage))
        }
        Scenario::UndefinedChallenge => |stage| Box::pin(challenge::undefined(stage)),
        Scenario::SupersededChallenge => |stage| Box::pin(challenge::superseded(stage)),
        Scenario::ExpiredChallenge => |stage| Box::pin(challenge::expired(stage)),
        Scenario::CounterGoesBack => |stage| Box::pin(counter::goes_back(stage)),
        Scenario::CounterStandsStill => |stage| Box::pin(counter::stands_still(stage)),
        Scenario::CredentialOfAnotherUser => |stage| Box::pin(credential::of_another_user(stage)),
        Scenario::CredentialForAUserWithout => {
            |stage| Box::pin(credential::for_a_user_without(stage))
        }
        Scenario::OwnCredentialIdAgain => |stage| Box::pin(credential::own_id_again(stage)),
        Scenario::CredentialNotListed => |stage| Box::pin(credential::not_listed(stage)),
        Scenario::ChallengeAfterFailure => |stage| Box::pin(challenge::after_failure(stage)),
        Scenario::ChallengeOfAnotherUser => |stage| Box::pin(challenge::of_another_user(stage)),
        Scenario::ClientSuppliedChallenge => |stage| Box::pin(challenge::client_supplied(stage)),
        Scenario::CookieRestored => |stage| Box::pin(challenge::cookie_restored(stage)),
        Scenario::ChallengeAfterLogout => |stage| Box::pin(challenge::after_logout(stage)),
        Scenario::RaceForOneChallenge => |stage| Box::pin(race::one_challenge(stage)),
        Scenario::RaceForOneCount => |stage| Box::pin(race::one_count(stage)),
        Scenario::AnotherAttachment => |stage| Box::pin(credential::another_attachment(stage)),
        Scenario::ChallengeOfAutofill => |stage| Box::pin(challenge::of_autofill(stage)),
        Scenario::CounterFallsToZero => |stage| Box::pin(counter::falls_to_zero(stage)),
        Scenario::CounterWraps => |stage| Box::pin(counter::wraps(stage)),
        Scenario::CounterLiesBetween => |stage| Box::pin(counter::lies_between(stage)),
        Scenario::CounterBelowRegistration => |stage| Box::pin(counter::below_registration(stage)),
        Scenario::CounterStaysZero => |stage| Box::pin(counter::stays_zero(stage)),
        Scenario::TakeoverByCredentialId => |stage| Box::pin(credential::takeover_by_id(stage)),
        Scenario::TakeoverByUserId => |stage| Box::pin(credential::takeover_by_user(stage)),
        Scenario::LockOutByCredentialId => |stage| Box::pin(credential::lock_out_by_id(stage)),
        Scenario::IdAndChallengeAlone => |stage| Box::pin(skipped::id_and_challenge(stage)),
        Scenario::AnswerToTheOtherCeremony => |stage| Box::pin(skipped::other_response(stage)),
        Scenario::CounterOfAForgery => |stage| Box::pin(state::counter_of_a_forgery(stage)),
        Scenario::BackupFlagsOfAForgery => {
            |stage| Box::pin(state::backup_flags_of_a_forgery(stage))
        }
        Scenario::RegisterAfterRefusal => |stage| Box::pin(state::register_after_refusal(stage)),
        Scenario::RefusedCredential => |stage| Box::pin(state::refused_credential(stage)),
        Scenario::RefusedCredentialOfTheChallenge => {
            |stage| Box::pin(state::refused_credential_of_the_challenge(stage))
        }
        Scenario::AlgorithmInUse => |stage| Box::pin(algorithm::in_use(stage)),
        Scenario::BackedUpLater => |stage| Box::pin(state::backed_up_later(stage)),
        Scenario::AnotherKeyBeside => |stage| Box::pin(copies::another_key(stage)),
        Scenario::AnotherAlgorithmBeside => |stage| Box::pin(copies::another_algorithm(stage)),
        Scenario::OtherDataBeside => |stage| Box::pin(copies::other_data(stage)),
        Scenario::AnotherIdBeside => |stage| Box::pin(copies::another_id(stage)),
        Scenario::EmptyIdBeside => |stage| Box::pin(copies::empty_id(stage)),
        Scenario::SessionFromBeforeSignIn => |stage| Box::pin(session::from_before_sign_in(stage)),
        Scenario::SessionAfterSignOut => |stage| Box::pin(session::after_sign_out(stage)),
        Scenario::SessionCookieHttpOnly => |stage| Box::pin(session::http_only(stage)),
        Scenario::SessionCookieSecure => |stage| Box::pin(session::secure(stage)),
        Scenario::SessionCookieSameSite => |stage| Box::pin(session::same_site(stage)),
        Scenario::CeremonyFromAForeignPage => |stage| Box::pin(session::from_a_foreign_page(stage)),
        Scenario::RemovalOfAnotherUser => |stage| Box::pin(removal::of_another_user(stage)),
        Scenario::RemovalWithoutSession => |stage| Box::pin(removal::without_session(stage)),
        Scenario::RemovalFromAForeignPage => |stage| Box::pin(removal::from_a_foreign_page(stage)),
        Scenario::RemovalOfOnesOwn => |stage| Box::pin(removal::of_ones_own(stage)),
        Scenario::RemovedCredential => |stage| Box::pin(removal::used_afterwards(stage)),
        Scenario::RemovedCredentialBegunBefore => |stage| Box::pin(removal::begun_before(stage)),
        Scenario::ClosedAccount => |stage| Box::pin(removal::closed_account(stage)),
        Scenario::ExcludeListOne => |stage| Box::pin(lists::exclude_one(stage)),
        Scenario::ExcludeListEvery => |stage| Box::pin(lists::exclude_every(stage)),
        Scenario::AllowListEvery => |stage| Box::pin(lists::allow_every(stage)),
        Scenario::AllowListTransports => |stage| Box::pin(lists::transports(stage)),
        Scenario::EnumerationShape => |stage| Box::pin(lists::shape_of_strangers(stage)),
        Scenario::EnumerationStable => |stage| Box::pin(lists::stable(stage)),
        Scenario::EnumerationByName => |stage| Box::pin(lists::by_name(stage)),
        Scenario::EnumerationFailures => |stage| Box::pin(lists::failures(stage)),
        Scenario::ChallengeLength => |stage| Box::pin(options::challenge_length(stage)),
        Scenario::ChallengeUnique => |stage| Box::pin(options::challenge_unique(stage)),
        Scenario::ChallengeUnpredictable => {
            |stage| Box::pin(options::challenge_unpredictable(stage))
        }
        Scenario::UserHandleOpaque => |stage| Box::pin(options::user_handle_opaque(stage)),
        Scenario::UserHandleStable => |stage| Box::pin(options::user_handle_stable(stage)),
        Scenario::UserHandleDistinct => |stage| Box::pin(options::user_handle_distinct(stage)),
        Scenario::OptionsRpId => |stage| Box::pin(options::rp_id(stage)),
        Scenario::OptionsKnownValues => {
            |stage| Box::pin(options::each(stage, options::unknown_value))
        }
        Scenario::OptionsTimeout => |stage| Box::pin(options::each(stage, options::odd_timeout)),
        Scenario::OptionsEs256 => |stage| Box::pin(options::each(stage, options::without_es256)),
        Scenario::OptionsPolymorphicAlgorithms => {
            |stage| Box::pin(options::each(stage, options::twin_alone))
        }
        Scenario::OptionsResidentKey => {
            |stage| Box::pin(options::each(stage, options::residence_contradicted))
        }
        Scenario::RelatedOriginsOpen => |stage| Box::pin(related_origins::open(stage)),
        Scenario::RelatedOriginsType => |stage| Box::pin(related_origins::kind(stage)),
        Scenario::RelatedOriginsShape => |stage| Box::pin(related_origins::shape(stage)),
        Scenario::RelatedOriginsLabels => |stage| Box::pin(related_origins::labels(stage)),
        Scenario::RelatedOriginsOwn => |stage| Box::pin(related_origins::own(stage)),
        Scenario::RelatedOriginsRedirect => |stage| Box::pin(related_origins::redirect(stage)),
        Scenario::RelatedOriginsPlain => |stage| Box::pin(related_origins::plain(stage)),
        Scenario::RelatedOriginsServed => |stage| Box::pin(related_origins::served(stage)),
        Scenario::TimeForAName => |stage| Box::pin(timing::for_a_name(stage)),
        Scenario::TimeForAFailure => |stage| Box::pin(timing::for_a_failure(stage)),
    }
}

/// The deviation of these edits. They are written by us: that they can be read
/// is a matter of tests.
fn deviation(edits: serde_json::Value) -> Result<Deviation, AttemptError> {
    let edits = serde_json::from_value(edits).map_err(|_| AttemptError::NotExpressible)?;
    Ok(Deviation::new(edits))
}
