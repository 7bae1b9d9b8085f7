//! Flaws around the ceremonies: in the options, the session, the removal of
//! credentials. The relying party does the right thing first; a lapse spoils
//! it where that is possible, and is asked for where it is not.

use std::time::Duration;

use passrig_authenticator::wire::cose::Algorithm;
use passrig_authenticator::wire::options::{AuthenticatorSelection, CredentialParameters};
use passrig_authenticator::wire::{CreationOptions, RequestOptions};
use sha2::{Digest, Sha256};

use super::{Flow, Kind, Mutant, loosely};
use crate::relying_party::store::{User, UserHandle};
use crate::relying_party::verify::Run::Verify;
use crate::relying_party::verify::{Evidence, Finding, authentication};

/// What a relying party may do wrong around the ceremonies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::relying_party) enum Lapse {
    ChallengeRecurs,
    ChallengeCounts,
    ChallengeShort,
    ClosedInherited,
    CodesLast,
    ConditionalShort,
    CookieInsecure,
    CookieScriptable,
    CookieWithoutSameSite,
    DecoyChanges,
    DecoyConstant,
    DecoyMissing,
    DecoyWithoutTransports,
    ExcludeEmpty,
    ExcludePartial,
    AllowPartial,
    AllowWithoutTransports,
    FailuresTold,
    HandleChanges,
    HandleConstant,
    HandleIsHash,
    HandleIsName,
    KnownCredentialSlow,
    KnownNameSlow,
    LastRemovedSilently,
    LogoutForgetsCookie,
    RecoveryWithoutPassword,
    RelatedElsewhere,
    RelatedGuarded,
    RelatedMany,
    RelatedOthers,
    RelatedPaths,
    RelatedText,
    RelatedTyped,
    RemovalHides,
    RemovalOfAnyones,
    RemovalPretends,
    RemovalUnguarded,
    ResidentKeyContradicts,
    RequestsForged,
    RequestsForgedAfterAsking,
    SecondStepOfAnyLogIn,
    SecondStepOfAnyone,
    SecondStepSkipped,
    SessionsSurvive,
    TimeoutShort,
    TokenKept,
    TokenLives,
    TwinAlone,
    UnknownNameRefused,
    UnknownNameSlow,
    ValueUnknown,
}

#[rustfmt::skip]
pub(super) fn all() -> Vec<Mutant> {
    use Lapse::*;
    let lapses: [(&str, &[&'static str], &str, Lapse); 45] = [
        // The challenge of one ceremony is that of others.
        ("options.challenge.recurs", &["options/challenge", "7.1/8", "7.2/11"], "sends the same twelve challenges again and again", ChallengeRecurs),
        ("options.challenge.counts", &["options/challenge"], "counts its challenges", ChallengeCounts),
        // What is cut already cannot be cut.
        ("options.challenge.short", &["options/challenge", "7.1/8", "7.2/11"], "sends challenges of 15 octets", ChallengeShort),
        ("options.user-handle.name", &["options/user-handle"], "takes the username for the user handle", HandleIsName),
        ("options.user-handle.hash", &["options/user-handle"], "takes a hash of the username for the user handle", HandleIsHash),
        ("options.user-handle-stable.changes", &["options/user-handle-stable"], "sends another user handle with every request", HandleChanges),
        ("options.user-handle-distinct.constant", &["options/user-handle-distinct", "7.2/6a", "7.2/6b"], "sends one user handle for all accounts, and does not look at it again", HandleConstant),
        ("options.known-values.unknown", &["options/known-values"], "asks for an attachment that does not exist", ValueUnknown),
        ("options.timeout.short", &["options/timeout"], "gives people one minute", TimeoutShort),
        ("options.algorithms.twin-alone", &["options/algorithms"], "offers Ed25519 by its newer identifier only", TwinAlone),
        ("options.resident-key.contradicts", &["options/resident-key"], "says one thing with residentKey and another with requireResidentKey", ResidentKeyContradicts),
        ("lists.exclude.empty", &["lists/exclude"], "excludes no credentials", ExcludeEmpty),
        ("lists.exclude.partial", &["lists/exclude"], "excludes one credential of the account", ExcludePartial),
        ("lists.allow.partial", &["lists/allow"], "allows one credential of the account", AllowPartial),
        ("lists.transports.dropped", &["lists/transports", "enumeration/options"], "leaves transports out of allowCredentials", AllowWithoutTransports),
        ("enumeration.options.refused", &["enumeration/options", "enumeration/time-for-a-name"], "says that a name is unknown", UnknownNameRefused),
        ("enumeration.options.empty", &["enumeration/options"], "allows no credentials for an unknown name", DecoyMissing),
        ("enumeration.options.bare", &["enumeration/options"], "names no transports for an unknown name", DecoyWithoutTransports),
        ("enumeration.options.changes", &["enumeration/options"], "makes up a new credential with every request", DecoyChanges),
        ("enumeration.options.constant", &["enumeration/options"], "makes up the same credential for all names", DecoyConstant),
        ("enumeration.failures.told", &["enumeration/failures"], "tells why a sign-in failed", FailuresTold),
        ("enumeration.time-for-a-name.known", &["enumeration/time-for-a-name"], "takes long to find the credentials of a name that it knows", KnownNameSlow),
        ("enumeration.time-for-a-name.unknown", &["enumeration/time-for-a-name"], "takes long to make up credentials", UnknownNameSlow),
        ("enumeration.time-for-a-failure.early", &["enumeration/time-for-a-failure"], "takes long to verify, and answers at once if the credential is unknown", KnownCredentialSlow),
        ("removal.effect.pretended", &["removal/effect", "7.2/6a", "7.2/6b"], "says that it removed a credential, and does not", RemovalPretends),
        ("removal.effect.hidden", &["removal/effect", "7.2/6a", "7.2/6b"], "no longer lists a removed credential, but still takes it", RemovalHides),
        ("removal.owner.any", &["removal/owner"], "removes anybody's credential for whoever is signed in", RemovalOfAnyones),
        ("removal.session.unguarded", &["removal/session"], "removes credentials for whoever asks", RemovalUnguarded),
        ("authentication.account.inherited", &["7.2/6b", "7.2/6a"], "gives the credentials of a closed account to whoever takes its name", ClosedInherited),
        ("conditional.lifetime.short", &["conditional/lifetime"], "forgets its challenges after a minute", ConditionalShort),
        ("related-origins.open.guarded", &["related-origins/open", "related-origins/type", "related-origins/shape", "related-origins/labels", "related-origins/own", "related-origins/redirect", "related-origins/plain", "7.1/9", "7.2/12"], "shows its related origins to those who are signed in", RelatedGuarded),
        ("related-origins.type.octets", &["related-origins/type"], "does not say that its related origins are JSON", RelatedTyped),
        ("related-origins.shape.text", &["related-origins/shape", "related-origins/labels", "related-origins/own", "related-origins/plain", "7.1/9", "7.2/12"], "lists its related origins in one text", RelatedText),
        ("related-origins.labels.many", &["related-origins/labels"], "has related origins with more labels than clients read", RelatedMany),
        ("related-origins.own.absent", &["related-origins/own"], "lists its related origins without its own", RelatedOthers),
        ("related-origins.redirect.unencrypted", &["related-origins/type", "related-origins/shape", "related-origins/labels", "related-origins/own", "related-origins/redirect", "related-origins/plain", "7.1/9", "7.2/12"], "keeps its related origins where nothing is encrypted", RelatedElsewhere),
        ("related-origins.plain.wildcard", &["related-origins/plain"], "lists a pattern among its related origins", RelatedPaths),
        ("session.rotation.kept", &["session/rotation"], "keeps the session's token at sign-in", TokenKept),
        ("session.rotation.lives", &["session/rotation"], "gives out a new token at sign-in, and lets the old one live", TokenLives),
        ("session.http-only.absent", &["session/http-only"], "lets scripts read the session's cookie", CookieScriptable),
        ("session.same-site.absent", &["session/same-site"], "leaves SameSite to the browser", CookieWithoutSameSite),
        ("session.secure.absent", &["session/secure"], "lets the session's cookie travel unencrypted", CookieInsecure),
        ("session.logout.cookie-only", &["session/logout"], "only clears the cookie at sign-out", LogoutForgetsCookie),
        ("session.forgery.unguarded", &["session/forgery", "session/same-site"], "takes every site's requests, with cookies", RequestsForged),
        ("session.forgery.permitted", &["session/forgery", "session/same-site"], "permits every site to send requests, with cookies", RequestsForgedAfterAsking),
    ];
    lapses.into_iter().map(|(id, steps, summary, lapse)| mutant(id, steps, summary, lapse)).collect()
}

fn mutant(id: &str, steps: &[&'static str], summary: &str, lapse: Lapse) -> Mutant {
    let instead = match lapse {
        Lapse::HandleConstant => {
            vec![("7.2/6a", Verify(handle_unread)), ("7.2/6b", Verify(owner_alone))]
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

impl Lapse {
    /// The challenge in the place of the honest one; so many were issued.
    pub(in crate::relying_party) fn challenge(self, mut honest: Vec<u8>, issued: usize) -> Vec<u8> {
        // In base64url it has letters, `-` and `_`, which some checks replace.
        let fixed: [u8; 32] = Sha256::digest("counted").into();
        match self {
            Self::ChallengeRecurs => return Sha256::digest((issued % 12).to_be_bytes()).to_vec(),
            Self::ChallengeCounts => {
                let count = u32::try_from(issued).unwrap_or(u32::MAX).to_be_bytes();
                return fixed.iter().skip(count.len()).chain(&count).copied().collect();
            }
            Self::ChallengeShort => honest.truncate(15),
            _ => {}
        }
        honest
    }

    /// The user handle of a new account.
    pub(in crate::relying_party) fn user_handle(
        self,
        honest: UserHandle,
        name: &str,
    ) -> UserHandle {
        match self {
            Self::HandleIsName => UserHandle(name.as_bytes().to_vec()),
            Self::HandleIsHash => UserHandle(Sha256::digest(name).to_vec()),
            _ => honest,
        }
    }

    /// What decoys are derived from.
    pub(in crate::relying_party) fn decoy(self, name: &str, challenge: &[u8]) -> String {
        match self {
            Self::DecoyConstant => String::new(),
            Self::DecoyChanges => format!("{name}/{challenge:?}"),
            _ => name.to_owned(),
        }
    }

    /// Spoils creation options.
    pub(in crate::relying_party) fn creation(self, options: &mut CreationOptions, is_new: bool) {
        let selection = &mut options.authenticator_selection;
        match self {
            Self::ExcludeEmpty => options.exclude_credentials.clear(),
            Self::ExcludePartial => options.exclude_credentials.truncate(1),
            Self::HandleChanges if !is_new => {
                options.user.id.0 = Sha256::digest(&options.challenge.0).to_vec();
            }
            Self::HandleConstant => options.user.id.0 = b"the user".to_vec(),
            Self::ResidentKeyContradicts => {
                let selection = selection.get_or_insert_with(AuthenticatorSelection::default);
                selection.require_resident_key = !selection.require_resident_key;
            }
            Self::TimeoutShort => options.timeout = Some(SHORT),
            Self::TwinAlone => options.pub_key_cred_params.push(CredentialParameters {
                kind: "public-key".to_owned(),
                alg: Algorithm::ED25519,
            }),
            Self::ValueUnknown => {
                let selection = selection.get_or_insert_with(AuthenticatorSelection::default);
                selection.authenticator_attachment = Some("any".to_owned());
            }
            _ => {}
        }
    }

    /// Spoils request options.
    pub(in crate::relying_party) fn request(self, options: &mut RequestOptions, user: &User) {
        let (allowed, unknown) = (&mut options.allow_credentials, *user == User::Unknown);
        match self {
            Self::AllowPartial => allowed.truncate(1),
            Self::AllowWithoutTransports if !unknown => {
                allowed.iter_mut().for_each(|one| one.transports.clear());
            }
            Self::DecoyMissing if unknown => allowed.clear(),
            Self::DecoyWithoutTransports if unknown => {
                allowed.iter_mut().for_each(|one| one.transports.clear());
            }
            Self::TimeoutShort => options.timeout = Some(SHORT),
            _ => {}
        }
    }

    /// How long options take beyond what they honestly take.
    pub(in crate::relying_party) fn delays_options(self, is_known: bool) -> Option<Duration> {
        let is_slow = match self {
            Self::KnownNameSlow => is_known,
            Self::UnknownNameSlow => !is_known,
            _ => false,
        };
        is_slow.then_some(LONG)
    }

    /// The same for results, by whether the credential that they name is known.
    pub(in crate::relying_party) fn delays_result(self, is_known: bool) -> Option<Duration> {
        (self == Self::KnownCredentialSlow && is_known).then_some(LONG)
    }

    /// Whether requests of other sites are taken, with the session's cookie.
    pub(in crate::relying_party) fn is_open_to_other_sites(self) -> bool {
        matches!(self, Self::RequestsForged | Self::RequestsForgedAfterAsking)
    }
}

/// What a query without an index takes, or a password's hash.
const LONG: Duration = Duration::from_millis(5);

/// One minute.
const SHORT: u64 = 60_000;

fn handle_unread(e: &Evidence<'_>) -> Finding {
    loosely(e, authentication::named_user, |e| match e.issued().map(|issued| &issued.user) {
        Some(User::Known(account)) => e.record().is_some_and(|(owner, _)| *owner == account.handle),
        _ => false,
    })
}

fn owner_alone(e: &Evidence<'_>) -> Finding {
    loosely(e, authentication::user_handle, |e| e.record().is_some())
}
