//! The names of scenarios: the checks that take more than one ceremony.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

macro_rules! scenarios {
    ($($variant:ident $name:literal,)*) => {
        /// A check that takes more than one ceremony; `scenarios/` performs it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
        #[allow(missing_docs, reason = "the names say it")]
        pub enum Scenario {
            $(#[serde(rename = $name)] $variant,)*
        }

        impl Scenario {
            /// All scenarios.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The name in the catalogue.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }
        }
    };
}

scenarios! {
    ReplayedAssertion "replayed-assertion",
    ReusedChallenge "reused-challenge",
    ChallengeOfAnotherSession "challenge-of-another-session",
    ChallengeOfTheOtherCeremony "challenge-of-the-other-ceremony",
    UndefinedChallenge "undefined-challenge",
    SupersededChallenge "superseded-challenge",
    ExpiredChallenge "expired-challenge",
    CounterGoesBack "counter-goes-back",
    CounterStandsStill "counter-stands-still",
    CredentialOfAnotherUser "credential-of-another-user",
    CredentialForAUserWithout "credential-for-a-user-without",
    OwnCredentialIdAgain "own-credential-id-again",
    CredentialNotListed "credential-not-listed",
    ChallengeAfterFailure "challenge-after-failure",
    ChallengeOfAnotherUser "challenge-of-another-user",
    ClientSuppliedChallenge "client-supplied-challenge",
    CookieRestored "cookie-restored",
    ChallengeAfterLogout "challenge-after-logout",
    RaceForOneChallenge "race-for-one-challenge",
    RaceForOneCount "race-for-one-count",
    AnotherAttachment "another-attachment",
    ChallengeOfAutofill "challenge-of-autofill",
    CounterFallsToZero "counter-falls-to-zero",
    CounterWraps "counter-wraps",
    CounterLiesBetween "counter-lies-between",
    CounterBelowRegistration "counter-below-registration",
    CounterStaysZero "counter-stays-zero",
    TakeoverByCredentialId "takeover-by-credential-id",
    TakeoverByUserId "takeover-by-user-id",
    LockOutByCredentialId "lock-out-by-credential-id",
    IdAndChallengeAlone "id-and-challenge-alone",
    AnswerToTheOtherCeremony "answer-to-the-other-ceremony",
    CounterOfAForgery "counter-of-a-forgery",
    BackupFlagsOfAForgery "backup-flags-of-a-forgery",
    RegisterAfterRefusal "register-after-refusal",
    RefusedCredential "refused-credential",
    RefusedCredentialOfTheChallenge "refused-credential-of-the-challenge",
    AlgorithmInUse "algorithm-in-use",
    BackedUpLater "backed-up-later",
    AnotherKeyBeside "another-key-beside",
    AnotherAlgorithmBeside "another-algorithm-beside",
    OtherDataBeside "other-data-beside",
    AnotherIdBeside "another-id-beside",
    EmptyIdBeside "empty-id-beside",
    SessionFromBeforeSignIn "session-from-before-sign-in",
    SessionAfterSignOut "session-after-sign-out",
    SessionCookieHttpOnly "session-cookie-http-only",
    SessionCookieSecure "session-cookie-secure",
    SessionCookieSameSite "session-cookie-same-site",
    CeremonyFromAForeignPage "ceremony-from-a-foreign-page",
    RemovalOfAnotherUser "removal-of-another-user",
    RemovalWithoutSession "removal-without-session",
    RemovalFromAForeignPage "removal-from-a-foreign-page",
    RemovalOfOnesOwn "removal-of-ones-own",
    RemovedCredential "removed-credential",
    RemovedCredentialBegunBefore "removed-credential-begun-before",
    ClosedAccount "closed-account",
    ExcludeListOne "exclude-list-one",
    ExcludeListEvery "exclude-list-every",
    AllowListEvery "allow-list-every",
    AllowListTransports "allow-list-transports",
    EnumerationShape "enumeration-shape",
    EnumerationStable "enumeration-stable",
    EnumerationByName "enumeration-by-name",
    EnumerationFailures "enumeration-failures",
    ChallengeLength "challenge-length",
    ChallengeUnique "challenge-unique",
    ChallengeUnpredictable "challenge-unpredictable",
    UserHandleOpaque "user-handle-opaque",
    UserHandleStable "user-handle-stable",
    UserHandleDistinct "user-handle-distinct",
    OptionsRpId "options-rp-id",
    OptionsKnownValues "options-known-values",
    OptionsTimeout "options-timeout",
    OptionsEs256 "options-es256",
    OptionsPolymorphicAlgorithms "options-polymorphic-algorithms",
    OptionsResidentKey "options-resident-key",
    RelatedOriginsOpen "related-origins-open",
    RelatedOriginsType "related-origins-type",
    RelatedOriginsShape "related-origins-shape",
    RelatedOriginsLabels "related-origins-labels",
    RelatedOriginsOwn "related-origins-own",
    RelatedOriginsRedirect "related-origins-redirect",
    RelatedOriginsPlain "related-origins-plain",
    RelatedOriginsServed "related-origins-served",
    TimeForAName "time-for-a-name",
    TimeForAFailure "time-for-a-failure",
}

impl Scenario {
    /// The scenario of that name.
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|scenario| scenario.name() == name)
    }
}
