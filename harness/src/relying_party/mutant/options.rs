//! Mutants of the options: challenges, user handles, lists of credentials, and the response to an
//! unknown username. A mutant belongs here if the RP sends wrong options, or reveals who has an
//! account.

use std::time::Duration;

use passrig_authenticator::wire::cose::Algorithm;
use passrig_authenticator::wire::options::CredentialParameters;
use passrig_authenticator::wire::{CreationOptions, RequestOptions};
use sha2::{Digest, Sha256};

use super::{Mutant, behaviour, loosely};
use crate::relying_party::store::{Store, User, UserHandle};
use crate::relying_party::verify::Procedure::Verify;
use crate::relying_party::verify::{
    AttemptAudit, Evidence, Step, StepResult, Violation, authentication, examine,
};

/// The time of a query without an index, or of a password's hash.
const LONG: Duration = Duration::from_millis(5);

const SHORT: u64 = 60_000;

#[rustfmt::skip]
pub(super) fn all() -> Vec<Mutant> {
    vec![
        // The challenge of one ceremony is that of others.
        Mutant::flow("options.challenge.recurs", &["options/challenge", "7.1/8", "7.2/11"], "sends the same twelve challenges again and again", behaviour! {
            fn challenge(&self, _: Vec<u8>, issued: usize) -> Vec<u8> {
                Sha256::digest((issued % 12).to_be_bytes()).to_vec()
            }
        }),
        Mutant::flow("options.challenge.counts", &["options/challenge"], "counts its challenges",
            behaviour! { fn challenge(&self, _: Vec<u8>, issued: usize) -> Vec<u8> { counted(issued) } }),
        // What is cut already cannot be cut.
        Mutant::flow("options.challenge.short", &["options/challenge", "7.1/8", "7.2/11"], "sends challenges of 15 octets", behaviour! {
            fn challenge(&self, mut drawn: Vec<u8>, _: usize) -> Vec<u8> {
                drawn.truncate(15);
                drawn
            }
        }),
        Mutant::flow("options.user-handle.name", &["options/user-handle"], "takes the username for the user handle",
            behaviour! { fn user_handle(&self, _: UserHandle, name: &str, _: &Store) -> UserHandle { UserHandle(name.as_bytes().to_vec()) } }),
        Mutant::flow("options.user-handle.hash", &["options/user-handle"], "takes a hash of the username for the user handle",
            behaviour! { fn user_handle(&self, _: UserHandle, name: &str, _: &Store) -> UserHandle { UserHandle(Sha256::digest(name).to_vec()) } }),
        Mutant::flow("options.user-handle-stable.changes", &["options/user-handle-stable"], "sends another user handle with every request", behaviour! {
            fn creation_options(&self, options: &mut CreationOptions, is_new_account: bool) {
                if !is_new_account {
                    options.user.id.0 = Sha256::digest(&options.challenge.0).to_vec();
                }
            }
        }),
        Mutant::flow("options.user-handle-distinct.constant", &["options/user-handle-distinct", "7.2/6a", "7.2/6b"], "sends one user handle for all accounts, and does not look at it again", behaviour! {
            fn creation_options(&self, options: &mut CreationOptions, _: bool) { options.user.id.0 = b"the user".to_vec(); }
            fn examine<'a>(&self, evidence: Evidence<'a>, _: AttemptAudit<'a>) -> AttemptAudit<'a> {
                examine(evidence, &[("7.2/6a", Verify(handle_unread)), ("7.2/6b", Verify(owner_alone))])
            }
        }),
        Mutant::flow("options.known-values.unknown", &["options/known-values"], "asks for an attachment that does not exist", behaviour! {
            fn creation_options(&self, options: &mut CreationOptions, _: bool) {
                options.authenticator_selection.get_or_insert_default().authenticator_attachment = Some("any".to_owned());
            }
        }),
        Mutant::flow("options.timeout.short", &["options/timeout"], "gives people one minute", behaviour! {
            fn creation_options(&self, options: &mut CreationOptions, _: bool) { options.timeout = Some(SHORT); }
            fn request_options(&self, options: &mut RequestOptions, _: &User) { options.timeout = Some(SHORT); }
        }),
        Mutant::flow("options.algorithms.twin-alone", &["options/algorithms"], "offers Ed25519 by its newer identifier only", behaviour! {
            fn creation_options(&self, options: &mut CreationOptions, _: bool) {
                options.pub_key_cred_params.push(CredentialParameters { kind: "public-key".to_owned(), alg: Algorithm::ED25519 });
            }
        }),
        Mutant::flow("options.resident-key.contradicts", &["options/resident-key"], "says one thing with residentKey and another with requireResidentKey", behaviour! {
            fn creation_options(&self, options: &mut CreationOptions, _: bool) {
                let selection = options.authenticator_selection.get_or_insert_default();
                selection.require_resident_key = !selection.require_resident_key;
            }
        }),
        Mutant::flow("lists.exclude.empty", &["lists/exclude"], "excludes no credentials",
            behaviour! { fn creation_options(&self, options: &mut CreationOptions, _: bool) { options.exclude_credentials.clear(); } }),
        Mutant::flow("lists.exclude.partial", &["lists/exclude"], "excludes one credential of the account",
            behaviour! { fn creation_options(&self, options: &mut CreationOptions, _: bool) { options.exclude_credentials.truncate(1); } }),
        Mutant::flow("lists.allow.partial", &["lists/allow"], "allows one credential of the account",
            behaviour! { fn request_options(&self, options: &mut RequestOptions, _: &User) { options.allow_credentials.truncate(1); } }),
        Mutant::flow("lists.transports.dropped", &["lists/transports", "enumeration/options"], "leaves transports out of allowCredentials", behaviour! {
            fn request_options(&self, options: &mut RequestOptions, user: &User) {
                if *user != User::Unknown {
                    drop_transports(options);
                }
            }
        }),
        Mutant::flow("enumeration.options.refused", &["enumeration/options", "enumeration/time-for-a-name"], "says that a name is unknown",
            behaviour! { fn refuses_unknown_names(&self) -> bool { true } }),
        Mutant::flow("enumeration.options.empty", &["enumeration/options"], "allows no credentials for an unknown name", behaviour! {
            fn request_options(&self, options: &mut RequestOptions, user: &User) {
                if *user == User::Unknown {
                    options.allow_credentials.clear();
                }
            }
        }),
        Mutant::flow("enumeration.options.bare", &["enumeration/options"], "names no transports for an unknown name", behaviour! {
            fn request_options(&self, options: &mut RequestOptions, user: &User) {
                if *user == User::Unknown {
                    drop_transports(options);
                }
            }
        }),
        Mutant::flow("enumeration.options.changes", &["enumeration/options"], "makes up a new credential with every request",
            behaviour! { fn decoy_label(&self, name: &str, challenge: &[u8]) -> String { format!("{name}/{challenge:?}") } }),
        Mutant::flow("enumeration.options.constant", &["enumeration/options"], "makes up the same credential for all names",
            behaviour! { fn decoy_label(&self, _: &str, _: &[u8]) -> String { String::new() } }),
        Mutant::flow("enumeration.failures.told", &["enumeration/failures"], "tells why a sign-in failed",
            behaviour! { fn sign_in_failure(&self, step: &Step, violation: &Violation) -> String { format!("{}: {violation}", step.clause) } }),
        Mutant::flow("enumeration.time-for-a-name.known", &["enumeration/time-for-a-name"], "takes long to find the credentials of a name that it knows",
            behaviour! { fn options_delay(&self, is_known: bool) -> Option<Duration> { is_known.then_some(LONG) } }),
        Mutant::flow("enumeration.time-for-a-name.unknown", &["enumeration/time-for-a-name"], "takes long to make up credentials",
            behaviour! { fn options_delay(&self, is_known: bool) -> Option<Duration> { (!is_known).then_some(LONG) } }),
        Mutant::flow("enumeration.time-for-a-failure.early", &["enumeration/time-for-a-failure"], "takes long to verify, and answers at once if the credential is unknown",
            behaviour! { fn result_delay(&self, is_known: bool) -> Option<Duration> { is_known.then_some(LONG) } }),
    ]
}

/// A challenge that ends with a number. In base64url it has letters, `-` and `_`, which some checks
/// replace.
fn counted(issued: usize) -> Vec<u8> {
    let fixed: [u8; 32] = Sha256::digest("counted").into();
    let count = u32::try_from(issued).unwrap_or(u32::MAX).to_be_bytes();
    fixed.iter().skip(count.len()).chain(&count).copied().collect()
}

fn drop_transports(options: &mut RequestOptions) {
    options.allow_credentials.iter_mut().for_each(|one| one.transports.clear());
}

fn handle_unread(e: &Evidence<'_>) -> StepResult {
    loosely(e, authentication::named_user, |e| match e.issued().map(|issued| &issued.user) {
        Some(User::Known(account)) => e.record().is_some_and(|(owner, _)| *owner == account.handle),
        _ => false,
    })
}

fn owner_alone(e: &Evidence<'_>) -> StepResult {
    loosely(e, authentication::user_handle, |e| e.record().is_some())
}
