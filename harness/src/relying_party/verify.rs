//! What this relying party establishes about a response: the steps of §7.1,
//! §7.2 and §8, in one table.
//!
//! *Derive* steps make values, and leave the evidence without them when they
//! cannot. *Verify* steps judge values, have no side effects and may run in
//! any order. A step that lacks its value is content, since the step that
//! should have made it has already complained: so the set of violated steps
//! names the fault and nothing that follows from it.

pub(super) mod attestation;
pub(super) mod authentication;
pub(super) mod form;
pub(super) mod registration;
pub(super) mod shared;

use passrig_authenticator::Ceremony;
use passrig_authenticator::wire::{
    AttestationObject, AuthenticationResponse, AuthenticatorData, Json, RegistrationResponse,
};
use serde_json::Value;
use std::time::Duration;

use self::Procedure::{Derive, Flow, Verify};
use self::attestation::trust::TrustAnchors;
use self::attestation::{
    Statement, android_key, apple, compound, fido_u2f, metadata, none, packed, safetynet, tpm,
    trust,
};
use super::policy::Config;
use super::store::{
    Account, ChallengeState, CredentialRecord, Issued, SessionId, Store, User, UserHandle,
};

/// One thing that the relying party establishes.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    /// Section and step, such as `7.1/9`; for rules around the ceremonies what
    /// they are about and their name, such as `session/logout`.
    pub id: &'static str,
    /// The clause for people, such as `§7.1 step 9`, or that of the OWASP ASVS
    /// where WebAuthn has none.
    pub clause: &'static str,
    /// A short name; mutants are called after it.
    pub name: &'static str,
    /// What holds when the step succeeds.
    pub title: &'static str,
    /// The part of the id before the `/`.
    section: &'static str,
    /// How it is established.
    pub run: Procedure,
}

/// The procedure that establishes a step.
#[derive(Clone, Copy, Debug)]
pub enum Procedure {
    /// By making a value.
    Derive(fn(&mut Evidence<'_>) -> StepResult),
    /// By judging values.
    Verify(fn(&Evidence<'_>) -> StepResult),
    /// By the order in which things happen.
    Flow,
}

/// The kinds of [`Procedure`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepKind {
    /// Makes a value.
    Derive,
    /// Judges values.
    Verify,
    /// Is a matter of order.
    Flow,
}

/// Why a step fails, as a clause after a colon.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Violation(String);

/// The result of a step.
pub type StepResult = Result<(), Violation>;

pub(super) fn refuse(reason: impl Into<String>) -> StepResult {
    Err(Violation(reason.into()))
}

impl Step {
    /// The ceremony that the step belongs to, if it is a step of one.
    pub fn ceremony(&self) -> Option<Ceremony> {
        match self.section {
            section if section.starts_with("8.") => Some(Ceremony::Registration),
            "7.1" | "metadata" => Some(Ceremony::Registration),
            "7.2" => Some(Ceremony::Authentication),
            _ => None,
        }
    }

    /// The ceremony's name, or what the step is about: mutants are called
    /// after it.
    pub fn area(&self) -> &'static str {
        self.ceremony().map_or(self.section, Ceremony::name)
    }

    /// What kind of step it is.
    pub fn kind(&self) -> StepKind {
        self.run.kind()
    }
}

impl Procedure {
    pub(super) fn kind(&self) -> StepKind {
        match self {
            Self::Derive(_) => StepKind::Derive,
            Self::Verify(_) => StepKind::Verify,
            Self::Flow => StepKind::Flow,
        }
    }
}

macro_rules! step {
    ($section:literal / $step:literal $name:literal, $title:literal, $run:expr) => {
        Step {
            id: concat!($section, "/", $step),
            clause: concat!("§", $section, " step ", $step),
            name: $name,
            title: $title,
            section: $section,
            run: $run,
        }
    };
}

/// A part of a procedure whose steps have no numbers.
macro_rules! part {
    ($section:literal / $part:literal $name:literal, $title:literal, $run:expr) => {
        Step {
            id: concat!($section, "/", $part),
            clause: concat!("§", $section),
            name: $name,
            title: $title,
            section: $section,
            run: $run,
        }
    };
}

macro_rules! rule {
    ($area:literal / $name:literal $clause:literal, $title:literal) => {
        Step {
            id: concat!($area, "/", $name),
            clause: $clause,
            name: $name,
            title: $title,
            section: $area,
            run: Flow,
        }
    };
}

/// A rule of the FIDO Metadata Service, where trust comes from (§7.1 step 23).
macro_rules! metadata {
    ($part:literal $section:literal, $title:literal, $run:expr) => {
        Step {
            id: concat!("metadata/", $part),
            clause: concat!("FIDO MDS 3.0 §", $section),
            name: concat!("metadata-", $part),
            title: $title,
            section: "metadata",
            run: $run,
        }
    };
}

/// Every step, in the specification's order, and the rules around them.
#[rustfmt::skip]
pub const STEPS: &[Step] = &[
    step!("7.1"/"3" "response", "the response is an attestation response", Derive(registration::response)),
    step!("7.1"/"6" "client-data", "the client data are JSON", Derive(shared::client_data)),
    step!("7.1"/"7" "type", "the client data are those of a registration", Verify(shared::kind)),
    step!("7.1"/"8" "challenge", "the challenge is the one that was issued", Verify(shared::challenge)),
    step!("7.1"/"9" "origin", "the origin is one that the RP expects", Verify(shared::origin)),
    step!("7.1"/"10" "cross-origin", "a framed ceremony is one that the RP expects", Verify(shared::cross_origin)),
    step!("7.1"/"11" "top-origin", "a top-level origin is one that the RP expects", Verify(shared::top_origin)),
    step!("7.1"/"13" "attestation-object", "the attestation object and its authenticator data decode", Derive(registration::attestation_object)),
    step!("7.1"/"14" "rp-id-hash", "the credential is scoped to the RP's id", Verify(shared::rp_id_hash)),
    step!("7.1"/"15" "user-present", "the user was present", Verify(shared::user_present)),
    step!("7.1"/"16" "user-verified", "the user was verified, if that was required", Verify(shared::user_verified)),
    step!("7.1"/"17" "backup-state", "only what is eligible for backup is backed up", Verify(shared::backup_state)),
    step!("7.1"/"20" "algorithm", "the key is for an algorithm that was offered", Verify(registration::algorithm)),
    step!("7.1"/"21" "format", "the attestation statement format is known", Verify(registration::format)),
    part!("8.7"/"syntax" "none-syntax", "a statement of the format none is empty", Verify(none::empty)),
    step!("8.2"/"1" "packed-syntax", "a packed statement has algorithm and signature, and certificates if any", Derive(packed::syntax)),
    step!("8.2"/"2a" "packed-signature", "the certified key signed the packed statement", Verify(packed::signature)),
    part!("8.2.1"/"version" "packed-version", "a packed attestation certificate is of version 3", Verify(packed::version)),
    part!("8.2.1"/"subject" "packed-subject", "a packed attestation certificate has the subject of an authenticator", Verify(packed::subject)),
    part!("8.2.1"/"critical" "packed-critical", "what FIDO adds to a packed attestation certificate is not critical to those who do not know it", Verify(packed::critical)),
    part!("8.2.1"/"firmware" "packed-firmware", "a packed attestation certificate's firmware version is a number", Verify(packed::firmware)),
    part!("8.2.1"/"basic-constraints" "packed-basic-constraints", "a packed attestation certificate is no authority's", Verify(packed::basic_constraints)),
    step!("8.2"/"2c" "packed-aaguid", "a packed attestation certificate is for the authenticator's model", Verify(packed::aaguid)),
    step!("8.2"/"3a" "self-algorithm", "a self attestation's algorithm is the key's", Verify(packed::self_algorithm)),
    step!("8.2"/"3b" "self-signature", "the credential's key signed the self attestation", Verify(packed::self_signature)),
    part!("8.3"/"syntax" "tpm-syntax", "a TPM statement has what a TPM says, and certificates", Derive(tpm::syntax)),
    part!("8.3"/"public-area" "tpm-public-area", "the TPM's public area is the credential key's", Verify(tpm::public_area)),
    part!("8.3"/"magic" "tpm-magic", "a TPM generated what it says", Verify(tpm::magic)),
    part!("8.3"/"type" "tpm-type", "the TPM certifies a key", Verify(tpm::kind)),
    part!("8.3"/"extra-data" "tpm-extra-data", "the TPM spoke in this ceremony", Verify(tpm::extra_data)),
    part!("8.3"/"name" "tpm-name", "the TPM speaks of the key in its public area", Verify(tpm::name)),
    part!("8.3"/"signature" "tpm-signature", "the attestation identity key signed", Verify(tpm::signature)),
    part!("8.3.1"/"version" "tpm-version", "an attestation identity key's certificate is of version 3", Verify(tpm::version)),
    part!("8.3.1"/"subject" "tpm-subject", "an attestation identity key's certificate has no subject", Verify(tpm::subject)),
    part!("8.3.1"/"alternative-name" "tpm-alternative-name", "an attestation identity key's certificate tells the TPM's maker, model and version", Verify(tpm::alternative_name)),
    part!("8.3.1"/"extended-key-usage" "tpm-extended-key-usage", "an attestation identity key's certificate is for that use", Verify(tpm::extended_key_usage)),
    part!("8.3.1"/"basic-constraints" "tpm-basic-constraints", "an attestation identity key's certificate is no authority's", Verify(tpm::basic_constraints)),
    part!("8.3"/"aaguid" "tpm-aaguid", "an attestation identity key's certificate is for the authenticator's model", Verify(tpm::aaguid)),
    part!("8.4"/"syntax" "android-key-syntax", "an Android key statement has algorithm, signature and certificates", Derive(android_key::syntax)),
    part!("8.4"/"signature" "android-key-signature", "the certified key signed the Android key statement", Verify(android_key::signature)),
    part!("8.4"/"key" "android-key-key", "Android certifies the credential's key", Verify(android_key::key)),
    part!("8.4"/"challenge" "android-key-challenge", "Android certified the key in this ceremony", Verify(android_key::challenge)),
    part!("8.4"/"all-applications" "android-key-all-applications", "no other application can use the key", Verify(android_key::all_applications)),
    part!("8.4"/"origin" "android-key-origin", "trusted hardware made the key", Verify(android_key::origin)),
    part!("8.4"/"purpose" "android-key-purpose", "trusted hardware holds the key to signing", Verify(android_key::purpose)),
    part!("8.5"/"syntax" "safetynet-syntax", "a SafetyNet statement has a JSON Web Signature", Derive(safetynet::syntax)),
    part!("8.5"/"response" "safetynet-response", "the certified key signed the SafetyNet response", Verify(safetynet::response)),
    part!("8.5"/"nonce" "safetynet-nonce", "the SafetyNet response is for this ceremony", Verify(safetynet::nonce)),
    part!("8.5"/"service" "safetynet-service", "the SafetyNet response is from the service, and vouches for the device", Verify(safetynet::service)),
    step!("8.6"/"1" "u2f-syntax", "a U2F statement has signature and certificate", Derive(fido_u2f::syntax)),
    step!("8.6"/"2a" "u2f-one-certificate", "a U2F statement has one certificate", Verify(fido_u2f::one_certificate)),
    step!("8.6"/"2b" "u2f-curve", "a U2F attestation key is on the curve P-256", Verify(fido_u2f::curve)),
    part!("8.6"/"aaguid" "u2f-aaguid", "a U2F authenticator names no model", Verify(fido_u2f::aaguid)),
    step!("8.6"/"6" "u2f-signature", "the certified key signed the U2F registration", Verify(fido_u2f::signature)),
    step!("8.8"/"1" "apple-syntax", "an Apple statement has certificates", Derive(apple::syntax)),
    step!("8.8"/"4" "apple-nonce", "Apple certified the key in this ceremony", Verify(apple::nonce)),
    step!("8.8"/"5" "apple-key", "Apple certifies the credential's key", Verify(apple::key)),
    part!("8.9"/"syntax" "compound-syntax", "a compound statement is a list of two or more", Derive(compound::syntax)),
    step!("8.9"/"1" "compound-each", "each statement of a compound one is valid", Verify(compound::each)),
    metadata!("signature" "3.2", "metadata are signed by their service", Verify(metadata::signature)),
    metadata!("chain" "3.2", "the metadata's signer leads to the root of their service", Verify(metadata::chain)),
    metadata!("revocation" "3.2", "no certificate of the metadata's signer was revoked", Verify(metadata::revocation)),
    metadata!("number" "3.2", "metadata are never older than those that were known before", Verify(metadata::number)),
    metadata!("next-update" "3.2", "metadata are not past the day of their next update", Verify(metadata::next_update)),
    metadata!("listed" "3.1.1", "the authenticator's model is one that metadata list", Verify(metadata::listed)),
    metadata!("status" "3.1.4", "the authenticator's model is not known to be broken", Verify(metadata::status)),
    metadata!("attestation-type" "3.1.1", "the attestation is of a type that the authenticator's model makes", Verify(metadata::attestation_type)),
    metadata!("algorithm" "3.1.1", "the key is for an algorithm that the authenticator's model has", Verify(metadata::algorithm)),
    step!("7.1"/"24a" "attestation", "attestation is there, if it was demanded", Verify(registration::is_attested)),
    step!("7.1"/"24b" "trust", "the attestation certificates lead to a root that the RP trusts", Verify(trust::path)),
    step!("7.1"/"25" "credential-id-length", "the credential id is 1 to 1023 octets long", Verify(registration::credential_id_length)),
    step!("7.1"/"26" "credential-id-taken", "the credential id is not registered yet", Verify(registration::credential_id_taken)),
    step!("7.1"/"28" "extensions", "extension outputs, whatever they are, do no harm", Flow),
    step!("7.1"/"29" "flow", "nothing is stored when a step fails", Flow),
    step!("7.2"/"3" "response", "the response is an assertion response", Derive(authentication::response)),
    step!("7.2"/"5" "allow-list", "the credential is one that was asked for", Verify(authentication::allow_list)),
    step!("7.2"/"6a" "named-user", "the credential is the named account's", Verify(authentication::named_user)),
    step!("7.2"/"6b" "user-handle", "the user handle names the credential's account", Verify(authentication::user_handle)),
    step!("7.2"/"9" "client-data", "the client data are JSON", Derive(shared::client_data)),
    step!("7.2"/"10" "type", "the client data are those of an authentication", Verify(shared::kind)),
    step!("7.2"/"11" "challenge", "the challenge is the one that was issued", Verify(shared::challenge)),
    step!("7.2"/"12" "origin", "the origin is one that the RP expects", Verify(shared::origin)),
    step!("7.2"/"13" "cross-origin", "a framed ceremony is one that the RP expects", Verify(shared::cross_origin)),
    step!("7.2"/"14" "top-origin", "a top-level origin is one that the RP expects", Verify(shared::top_origin)),
    // Two rows: the clause that first reads the authenticator data is where
    // data that cannot be read are reported.
    step!("7.2"/"15" "authenticator-data", "the authenticator data decode", Derive(authentication::authenticator_data)),
    step!("7.2"/"15" "rp-id-hash", "the assertion is for the RP's id", Verify(shared::rp_id_hash)),
    step!("7.2"/"16" "user-present", "the user was present", Verify(shared::user_present)),
    step!("7.2"/"17" "user-verified", "the user was verified, if that was required", Verify(shared::user_verified)),
    step!("7.2"/"18" "backup-state", "only what is eligible for backup is backed up", Verify(shared::backup_state)),
    step!("7.2"/"19" "backup-eligible", "backup eligibility is what it was at registration", Verify(authentication::backup_eligible)),
    step!("7.2"/"21" "signature", "the registered key signed", Verify(authentication::signature)),
    step!("7.2"/"22" "sign-count", "the signature counter grew, if it is used", Verify(authentication::sign_count)),
    step!("7.2"/"23" "extensions", "extension outputs, whatever they are, do no harm", Flow),
    step!("7.2"/"25" "flow", "nobody is signed in when a step fails", Flow),
    rule!("options"/"challenge" "§13.4.3", "challenges are long, random, and never the same"),
    rule!("options"/"user-handle" "§14.6.1", "user handles tell nothing about the user"),
    rule!("options"/"user-handle-stable" "§5.4.3", "an account keeps its user handle"),
    rule!("options"/"user-handle-distinct" "§5.4.3", "every account has a user handle of its own"),
    rule!("options"/"known-values" "§2.1.1", "enumerated options have values that clients know"),
    rule!("options"/"timeout" "§15.1", "people have time enough"),
    rule!("options"/"algorithms" "§5.4", "the algorithms are ones that authenticators have"),
    rule!("options"/"resident-key" "§5.4.4", "requireResidentKey says what residentKey says"),
    rule!("lists"/"exclude" "§5.4", "excludeCredentials lists the account's credentials"),
    rule!("lists"/"allow" "§5.5", "allowCredentials lists the account's credentials"),
    rule!("lists"/"transports" "§5.8.3", "listed credentials have the transports of their registration"),
    rule!("enumeration"/"options" "§14.6.2", "options do not tell who has an account"),
    rule!("enumeration"/"failures" "§14.6.2", "failures do not tell which credentials are registered"),
    rule!("enumeration"/"time-for-a-name" "§14.6.2", "how long options take does not tell who has an account"),
    rule!("enumeration"/"time-for-a-failure" "§14.6.2", "how long failures take does not tell which credentials are registered"),
    rule!("removal"/"effect" "§13.4.6", "users can remove their credentials"),
    rule!("removal"/"owner" "ASVS 8.2.2", "nobody removes another user's credentials"),
    rule!("removal"/"session" "ASVS 8.2.1", "nobody removes credentials who is not signed in"),
    rule!("conditional"/"lifetime" "§5.1.4", "people have time to notice what autofill offers"),
    rule!("related-origins"/"open" "§5.11", "the file of related origins is there for everybody"),
    rule!("related-origins"/"type" "§5.11", "the file of related origins says that it is JSON"),
    rule!("related-origins"/"shape" "§5.11", "the file of related origins lists origins"),
    rule!("related-origins"/"labels" "§5.11", "the file of related origins names no more labels than clients read"),
    rule!("related-origins"/"own" "§5.11", "the file of related origins names the RP's own"),
    rule!("related-origins"/"redirect" "§5.11", "the file of related origins never travels unencrypted"),
    rule!("related-origins"/"plain" "§5.11", "the file of related origins has plain origins"),
    rule!("session"/"rotation" "ASVS 7.2.4", "a sign-in changes the session's token"),
    rule!("session"/"http-only" "ASVS 3.3.4", "scripts cannot read the session's cookie"),
    rule!("session"/"same-site" "ASVS 3.3.2", "requests of other sites do not carry the session's cookie"),
    rule!("session"/"secure" "ASVS 3.3.1", "the session's cookie travels over encrypted connections only"),
    rule!("session"/"logout" "ASVS 7.4.1", "a sign-out ends the session on the server"),
    rule!("session"/"forgery" "ASVS 3.5.1", "requests of other sites have no effect"),
];

/// All that is known about an attempt: what arrived, what the relying party
/// knows, and what derive steps made of it.
#[derive(Clone)]
pub struct Evidence<'a> {
    pub(super) ceremony: Ceremony,
    pub(super) config: &'a Config,
    pub(super) trust: &'a TrustAnchors,
    pub(super) store: &'a Store,
    pub(super) session: Option<SessionId>,
    /// The `Origin` header. No step reads it: it is the browser's word about
    /// the request, not about the ceremony.
    pub(super) http_origin: Option<&'a str>,
    /// The check that the request names. No step reads it.
    pub(super) check: &'a str,
    pub(super) body: &'a Value,
    pub(super) registration: Option<RegistrationResponse>,
    pub(super) assertion: Option<AuthenticationResponse>,
    pub(super) client_data: Option<Json>,
    pub(super) attestation_object: Option<AttestationObject>,
    pub(super) authenticator_data: Option<AuthenticatorData>,
    pub(super) statement: Option<Statement>,
    /// The time since the Unix epoch, for certificates.
    pub(super) date: Duration,
}

impl<'a> Evidence<'a> {
    pub(super) fn new(
        ceremony: Ceremony,
        config: &'a Config,
        trust: &'a TrustAnchors,
        store: &'a Store,
        session: Option<SessionId>,
        http_origin: Option<&'a str>,
        body: &'a Value,
    ) -> Self {
        Self {
            ceremony,
            config,
            trust,
            store,
            session,
            http_origin,
            check: "",
            body,
            registration: None,
            assertion: None,
            client_data: None,
            attestation_object: None,
            authenticator_data: None,
            statement: None,
            date: config.date,
        }
    }

    /// The options that this attempt answers: the session's latest for the
    /// ceremony, used or not. An answer to nothing is judged by the options
    /// that its challenge comes from, so that a stolen challenge is one fault
    /// and not several.
    pub(super) fn issued(&self) -> Option<&'a Issued> {
        let named = || {
            let sent = self.sent_challenge()?;
            self.store.answered_by(&sent).find(|issued| issued.ceremony == self.ceremony)
        };
        self.own_issued().or_else(named)
    }

    /// The challenge that this session has to answer.
    pub(super) fn pending(&self) -> Option<&'a Issued> {
        self.own_issued().filter(|issued| issued.state == ChallengeState::Live)
    }

    /// True if this session had a challenge to answer, and let it expire.
    pub(super) fn is_late(&self) -> bool {
        self.own_issued().is_some_and(|issued| issued.state == ChallengeState::Expired)
    }

    fn own_issued(&self) -> Option<&'a Issued> {
        self.store.latest(self.session?, self.ceremony)
    }

    /// A text member of the client data.
    pub(super) fn text(&self, member: &str) -> Option<String> {
        self.client_data.as_ref()?.member(member)?.as_text()
    }

    pub(super) fn sent_challenge(&self) -> Option<String> {
        self.text("challenge")
    }

    /// The client data as they were hashed.
    pub(super) fn client_data_json(&self) -> Option<&[u8]> {
        let registration = self.registration.as_ref().map(|r| &r.response.client_data_json);
        let assertion = || self.assertion.as_ref().map(|a| &a.response.client_data_json);
        registration.or_else(assertion).map(AsRef::as_ref)
    }

    pub(super) fn user_handle(&self) -> Option<UserHandle> {
        let handle = self.assertion.as_ref()?.response.user_handle.as_ref()?;
        Some(UserHandle(handle.0.clone()))
    }

    /// The account that a registration is for: the one in the options, or
    /// that of the session.
    pub(super) fn registrant(&self) -> Option<&'a Account> {
        match self.issued().map(|issued| &issued.user) {
            Some(User::Known(account)) => Some(account),
            _ => self.store.signed_in(self.session?),
        }
    }

    /// The account that an assertion would sign in: the one in the options;
    /// if that named nobody, the one that the user handle names, or whoever
    /// owns the credential. §7.2 step 6 is there to hold them together.
    pub(super) fn user(&self) -> Option<UserHandle> {
        match self.issued().map(|issued| &issued.user) {
            Some(User::Known(account)) => return Some(account.handle.clone()),
            Some(User::Unknown) => return None,
            Some(User::Unnamed) | None => {}
        }
        let named = self.user_handle().filter(|handle| self.store.account(handle).is_some());
        named.or_else(|| Some(self.records().next()?.0.clone()))
    }

    /// The record that the assertion is about, with its owner. The user's own
    /// one first; whose it may be is for the steps to say.
    pub(super) fn record(&self) -> Option<(&'a UserHandle, &'a CredentialRecord)> {
        let user = self.user();
        let own = self.records().find(|(owner, _)| Some(*owner) == user.as_ref());
        own.or_else(|| self.records().next())
    }

    fn records(&self) -> impl Iterator<Item = (&'a UserHandle, &'a CredentialRecord)> {
        let id = self.assertion.as_ref().map(|assertion| assertion.raw_id.as_ref());
        let store = self.store;
        id.into_iter().flat_map(move |id| store.records_with(id))
    }
}

pub(super) struct AttemptAudit<'a> {
    pub(super) evidence: Evidence<'a>,
    /// The violated steps in the table's order.
    pub(super) violated: Vec<(&'static Step, Violation)>,
}

/// Takes every step of the evidence's ceremony. Functions in `instead` replace those of the steps
/// with their IDs.
pub(super) fn examine<'a>(
    mut evidence: Evidence<'a>,
    instead: &[(&'static str, Procedure)],
) -> AttemptAudit<'a> {
    let ceremony = Some(evidence.ceremony);
    let run = |step: &Step| {
        // A step that makes a value and one that judges it can share an ID.
        let own = |(id, run): &&(&str, Procedure)| *id == step.id && run.kind() == step.kind();
        instead.iter().find(own).map_or(step.run, |(_, run)| *run)
    };
    let violated = take(&mut evidence, |step| step.ceremony() == ceremony, run);
    AttemptAudit { evidence, violated }
}

/// Takes the steps of §8 and of trust about a statement within another.
fn examine_statement(mut evidence: Evidence<'_>) -> Vec<(&'static Step, Violation)> {
    // The model is that of the whole: U2F beside others does not take it away.
    let concerns = |step: &Step| {
        step.section.starts_with("8.") && step.name != "u2f-aaguid"
            || matches!(step.name, "format" | "trust")
    };
    take(&mut evidence, concerns, |step| step.run)
}

/// What the steps that are `concerned` say, in the table's order.
fn take(
    evidence: &mut Evidence<'_>,
    concerned: impl Fn(&Step) -> bool,
    run: impl Fn(&Step) -> Procedure,
) -> Vec<(&'static Step, Violation)> {
    let steps = || STEPS.iter().enumerate().filter(|(_, step)| concerned(step));
    let mut violated = Vec::new();
    for (place, step) in steps() {
        if let Derive(make) = run(step) {
            violated.extend(make(evidence).err().map(|violation| (place, step, violation)));
        }
    }
    for (place, step) in steps() {
        if let Verify(judge) = run(step) {
            violated.extend(judge(evidence).err().map(|violation| (place, step, violation)));
        }
    }
    violated.sort_by_key(|(place, ..)| *place);
    violated.into_iter().map(|(_, step, violation)| (step, violation)).collect()
}
