//! Checks that take a story. Each tells what it saw; only the runner makes an
//! outcome of it.

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

use crate::actor::AttemptError;
use crate::catalogue::Scenario;

/// The future of a scenario.
pub type ScenarioFuture<'a> =
    Pin<Box<dyn Future<Output = Result<Observations, AttemptError>> + Send + 'a>>;

/// The function of a scenario. Each has a function of its own: one future of all of them takes
/// the stack of all of them in a build without optimisation.
pub fn find(scenario: Scenario) -> for<'a> fn(&'a mut Context<'_>) -> ScenarioFuture<'a> {
    match scenario {
        Scenario::ReplayedAssertion => |ctx| Box::pin(challenge::replayed_assertion(ctx)),
        Scenario::ReusedChallenge => |ctx| Box::pin(challenge::reused(ctx)),
        Scenario::ChallengeOfAnotherSession => |ctx| Box::pin(challenge::of_another_session(ctx)),
        Scenario::ChallengeOfTheOtherCeremony => {
            |ctx| Box::pin(challenge::of_the_other_ceremony(ctx))
        }
        Scenario::UndefinedChallenge => |ctx| Box::pin(challenge::undefined(ctx)),
        Scenario::SupersededChallenge => |ctx| Box::pin(challenge::superseded(ctx)),
        Scenario::ExpiredChallenge => |ctx| Box::pin(challenge::expired(ctx)),
        Scenario::CounterGoesBack => |ctx| Box::pin(counter::goes_back(ctx)),
        Scenario::CounterStandsStill => |ctx| Box::pin(counter::stands_still(ctx)),
        Scenario::CredentialOfAnotherUser => |ctx| Box::pin(credential::of_another_user(ctx)),
        Scenario::CredentialForAUserWithout => |ctx| Box::pin(credential::for_a_user_without(ctx)),
        Scenario::OwnCredentialIdAgain => |ctx| Box::pin(credential::own_id_again(ctx)),
        Scenario::CredentialNotListed => |ctx| Box::pin(credential::not_listed(ctx)),
        Scenario::ChallengeAfterFailure => |ctx| Box::pin(challenge::after_failure(ctx)),
        Scenario::ChallengeOfAnotherUser => |ctx| Box::pin(challenge::of_another_user(ctx)),
        Scenario::ClientSuppliedChallenge => |ctx| Box::pin(challenge::client_supplied(ctx)),
        Scenario::CookieRestored => |ctx| Box::pin(challenge::cookie_restored(ctx)),
        Scenario::ChallengeAfterLogout => |ctx| Box::pin(challenge::after_logout(ctx)),
        Scenario::RaceForOneChallenge => |ctx| Box::pin(race::one_challenge(ctx)),
        Scenario::RaceForOneCount => |ctx| Box::pin(race::one_count(ctx)),
        Scenario::AnotherAttachment => |ctx| Box::pin(credential::another_attachment(ctx)),
        Scenario::ChallengeOfAutofill => |ctx| Box::pin(challenge::of_autofill(ctx)),
        Scenario::CounterFallsToZero => |ctx| Box::pin(counter::falls_to_zero(ctx)),
        Scenario::CounterWraps => |ctx| Box::pin(counter::wraps(ctx)),
        Scenario::CounterLiesBetween => |ctx| Box::pin(counter::lies_between(ctx)),
        Scenario::CounterBelowRegistration => |ctx| Box::pin(counter::below_registration(ctx)),
        Scenario::CounterStaysZero => |ctx| Box::pin(counter::stays_zero(ctx)),
        Scenario::TakeoverByCredentialId => |ctx| Box::pin(credential::takeover_by_id(ctx)),
        Scenario::TakeoverByUserId => |ctx| Box::pin(credential::takeover_by_user(ctx)),
        Scenario::LockOutByCredentialId => |ctx| Box::pin(credential::lock_out_by_id(ctx)),
        Scenario::IdAndChallengeAlone => |ctx| Box::pin(skipped::id_and_challenge(ctx)),
        Scenario::AnswerToTheOtherCeremony => |ctx| Box::pin(skipped::other_response(ctx)),
        Scenario::CounterOfAForgery => |ctx| Box::pin(state::counter_of_a_forgery(ctx)),
        Scenario::BackupFlagsOfAForgery => |ctx| Box::pin(state::backup_flags_of_a_forgery(ctx)),
        Scenario::RegisterAfterRefusal => |ctx| Box::pin(state::register_after_refusal(ctx)),
        Scenario::RefusedCredential => |ctx| Box::pin(state::refused_credential(ctx)),
        Scenario::RefusedCredentialOfTheChallenge => {
            |ctx| Box::pin(state::refused_credential_of_the_challenge(ctx))
        }
        Scenario::AlgorithmInUse => |ctx| Box::pin(algorithm::in_use(ctx)),
        Scenario::BackedUpLater => |ctx| Box::pin(state::backed_up_later(ctx)),
        Scenario::AnotherKeyBeside => |ctx| Box::pin(copies::another_key(ctx)),
        Scenario::AnotherAlgorithmBeside => |ctx| Box::pin(copies::another_algorithm(ctx)),
        Scenario::OtherDataBeside => |ctx| Box::pin(copies::other_data(ctx)),
        Scenario::AnotherIdBeside => |ctx| Box::pin(copies::another_id(ctx)),
        Scenario::EmptyIdBeside => |ctx| Box::pin(copies::empty_id(ctx)),
        Scenario::SessionFromBeforeSignIn => |ctx| Box::pin(session::from_before_sign_in(ctx)),
        Scenario::SessionAfterSignOut => |ctx| Box::pin(session::after_sign_out(ctx)),
        Scenario::SessionCookieHttpOnly => |ctx| Box::pin(session::http_only(ctx)),
        Scenario::SessionCookieSecure => |ctx| Box::pin(session::secure(ctx)),
        Scenario::SessionCookieSameSite => |ctx| Box::pin(session::same_site(ctx)),
        Scenario::CeremonyFromAForeignPage => |ctx| Box::pin(session::from_a_foreign_page(ctx)),
        Scenario::RemovalOfAnotherUser => |ctx| Box::pin(removal::of_another_user(ctx)),
        Scenario::RemovalWithoutSession => |ctx| Box::pin(removal::without_session(ctx)),
        Scenario::RemovalFromAForeignPage => |ctx| Box::pin(removal::from_a_foreign_page(ctx)),
        Scenario::RemovalOfOnesOwn => |ctx| Box::pin(removal::of_ones_own(ctx)),
        Scenario::RemovedCredential => |ctx| Box::pin(removal::used_afterwards(ctx)),
        Scenario::RemovedCredentialBegunBefore => |ctx| Box::pin(removal::begun_before(ctx)),
        Scenario::ClosedAccount => |ctx| Box::pin(removal::closed_account(ctx)),
        Scenario::ExcludeListOne => |ctx| Box::pin(lists::exclude_one(ctx)),
        Scenario::ExcludeListEvery => |ctx| Box::pin(lists::exclude_every(ctx)),
        Scenario::AllowListEvery => |ctx| Box::pin(lists::allow_every(ctx)),
        Scenario::AllowListTransports => |ctx| Box::pin(lists::transports(ctx)),
        Scenario::EnumerationShape => |ctx| Box::pin(lists::shape_for_unknown(ctx)),
        Scenario::EnumerationStable => |ctx| Box::pin(lists::stable(ctx)),
        Scenario::EnumerationByName => |ctx| Box::pin(lists::by_name(ctx)),
        Scenario::EnumerationFailures => |ctx| Box::pin(lists::failures(ctx)),
        Scenario::ChallengeLength => |ctx| Box::pin(options::challenge_length(ctx)),
        Scenario::ChallengeUnique => |ctx| Box::pin(options::challenge_unique(ctx)),
        Scenario::ChallengeUnpredictable => |ctx| Box::pin(options::challenge_unpredictable(ctx)),
        Scenario::UserHandleOpaque => |ctx| Box::pin(options::user_handle_opaque(ctx)),
        Scenario::UserHandleStable => |ctx| Box::pin(options::user_handle_stable(ctx)),
        Scenario::UserHandleDistinct => |ctx| Box::pin(options::user_handle_distinct(ctx)),
        Scenario::OptionsRpId => |ctx| Box::pin(options::rp_id(ctx)),
        Scenario::OptionsKnownValues => |ctx| Box::pin(options::each(ctx, options::unknown_value)),
        Scenario::OptionsTimeout => |ctx| Box::pin(options::each(ctx, options::odd_timeout)),
        Scenario::OptionsEs256 => |ctx| Box::pin(options::each(ctx, options::without_es256)),
        Scenario::OptionsPolymorphicAlgorithms => {
            |ctx| Box::pin(options::each(ctx, options::counterpart_missing))
        }
        Scenario::OptionsResidentKey => {
            |ctx| Box::pin(options::each(ctx, options::residence_contradicted))
        }
        Scenario::RelatedOriginsOpen => |ctx| Box::pin(related_origins::open(ctx)),
        Scenario::RelatedOriginsType => |ctx| Box::pin(related_origins::kind(ctx)),
        Scenario::RelatedOriginsShape => |ctx| Box::pin(related_origins::shape(ctx)),
        Scenario::RelatedOriginsLabels => |ctx| Box::pin(related_origins::labels(ctx)),
        Scenario::RelatedOriginsOwn => |ctx| Box::pin(related_origins::own(ctx)),
        Scenario::RelatedOriginsRedirect => |ctx| Box::pin(related_origins::redirect(ctx)),
        Scenario::RelatedOriginsPlain => |ctx| Box::pin(related_origins::plain(ctx)),
        Scenario::RelatedOriginsServed => |ctx| Box::pin(related_origins::served(ctx)),
        Scenario::TimeForAName => |ctx| Box::pin(timing::for_a_name(ctx)),
        Scenario::TimeForAFailure => |ctx| Box::pin(timing::for_a_failure(ctx)),
    }
}

/// The deviation of edits that passrig itself writes.
pub fn deviation(edits: serde_json::Value) -> Result<Deviation, AttemptError> {
    let edits = serde_json::from_value(edits);
    let bug = |error| AttemptError::Bug(format!("an edit cannot be read: {error}"));
    edits.map(Deviation::new).map_err(bug)
}
