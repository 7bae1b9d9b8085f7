//! Mutants that repair a value before they compare it, or accept a value that resembles the
//! expected one. A plain comparison error belongs in the file of its value, such as `origin.rs`.

use passrig_authenticator::wire::authenticator_data::AttestedCredentialData;
use passrig_authenticator::wire::base64url::{self, Base64UrlBytes};
use passrig_authenticator::wire::cose::{self, Algorithm};
use passrig_authenticator::wire::response::AttestationResponse;
use passrig_authenticator::wire::{AuthenticatorData, Cbor, Flags, Json, RegistrationResponse};
use sha2::{Digest, Sha256};
use url::Url;

use super::{Mutant, MutantKind, loosely, repair_body};
use crate::relying_party::store::{ChallengeState, User};
use crate::relying_party::verify::Procedure::{Derive, Verify};
use crate::relying_party::verify::{Evidence, StepResult, authentication, registration, shared};

const TYPE: &[&str] = &["7.1/7", "7.2/10"];
const CHALLENGE: &[&str] = &["7.1/8", "7.2/11"];
const ORIGIN: &[&str] = &["7.1/9", "7.2/12"];
const CROSS_ORIGIN: &[&str] = &["7.1/10", "7.2/13"];
const TOP_ORIGIN: &[&str] = &["7.1/11", "7.2/14"];

#[rustfmt::skip]
pub(super) fn all() -> Vec<Mutant> {
    let flaws = Mutant::list(MutantKind::WrongVersion, [
        (&["7.1/3"], "members-mended", "fills in the id, rawId or type that a response lacks", Derive(|e| fill_in_members(e, registration::response))),
        (&["7.2/3"], "members-mended", "fills in the id, rawId or type that a response lacks", Derive(|e| fill_in_members(e, authentication::response))),
        (TYPE, "first-of-two", "reads the first of two types", Verify(|e| first_of_two(e, "type", shared::kind, |e, sent| sent == shared::expected_kind(e.ceremony)))),
        (TYPE, "trimmed", "reads the type without what surrounds it", Verify(type_trimmed)),
        (TYPE, "beginning", "takes every type that begins with the right one", Verify(type_beginning)),
        (CHALLENGE, "first-of-two", "reads the first of two challenges", Verify(|e| first_of_two(e, "challenge", shared::challenge, is_pending))),
        (CHALLENGE, "from-body-member", "expects the challenge that a member of the body names", Verify(challenge_from_member)),
        (CHALLENGE, "encoded-twice", "takes the text of the challenge for its octets", Verify(challenge_encoded_twice)),
        (&["7.2/11"], "in-cookie", "keeps challenges where whoever asks can restore them", Verify(challenge_in_cookie)),
        (ORIGIN, "first-of-two", "reads the first of two origins", Verify(|e| first_of_two(e, "origin", shared::origin, is_own))),
        (ORIGIN, "trimmed", "reads the origin without the space around it", Verify(|e| repaired(e, |sent| sent.trim().to_owned()))),
        (ORIGIN, "nul-terminated", "reads the origin as far as a NUL", Verify(|e| repaired(e, |sent| until(sent, '\0')))),
        (ORIGIN, "ill-formed-dropped", "drops octets that are no UTF-8", Verify(|e| repaired(e, |sent| sent.replace('\u{fffd}', "")))),
        (ORIGIN, "trailing-dot", "ignores a dot after the host", Verify(|e| repaired(e, |sent| sent.trim_end_matches('.').to_owned()))),
        (ORIGIN, "confusable", "takes letters that look alike for the same", Verify(|e| repaired(e, latin))),
        (ORIGIN, "path-ignored", "ignores what follows the host", Verify(|e| repaired(e, serialised))),
        (ORIGIN, "listed", "takes a list that holds its origin", Verify(origin_listed)),
        (ORIGIN, "development", "takes every page of this machine, as in development", Verify(origin_of_development)),
        (ORIGIN, "wildcard", "takes an asterisk for everything", Verify(origin_wildcard)),
        (ORIGIN, "apps", "takes every app", Verify(origin_of_apps)),
        (CROSS_ORIGIN, "true-alone", "minds nothing but the truth value", Verify(true_alone)),
        (TOP_ORIGIN, "empty", "takes a topOrigin that names nobody for none", Verify(top_origin_empty)),
        (TOP_ORIGIN, "unframed", "does not mind a topOrigin of a page that nobody frames", Verify(top_origin_unframed)),
        (TOP_ORIGIN, "any", "expects to be framed by anybody, if by anybody at all", Verify(top_origin_any)),
        (TOP_ORIGIN, "own-prefix", "takes a topOrigin that starts with its own origin", Verify(top_origin_prefix)),
        (&["7.1/20"], "claimed", "takes every key that claims an algorithm on offer", Verify(algorithm_claimed)),
        (&["7.1/20"], "widely-known", "takes every algorithm that it has heard of", Verify(algorithm_known)),
        (&["7.1/20"], "private", "takes a key with its private part", Verify(key_private)),
        (&["7.1/21"], "beginning", "takes every format that begins with a known one", Verify(format_beginning)),
        (&["7.1/25"], "empty", "takes an empty credential id", Verify(id_empty)),
        (&["7.2/6a"], "handle-empty", "takes an empty user handle for none", Verify(named_with_empty)),
        (&["7.2/6b"], "handle-encoded-twice", "takes the text of a user handle for its octets", Verify(handle_encoded_twice)),
        (&["7.2/6b"], "handle-beginning", "takes every user handle that begins with the right one", Verify(handle_beginning)),
    ]);
    flaws.into_iter().chain(framed()).chain(id_alone()).chain(id_beside()).collect()
}

/// Reads the first member of that name, where parsers take the last.
fn first_of_two(
    e: &Evidence<'_>,
    name: &str,
    honest: fn(&Evidence<'_>) -> StepResult,
    rule: fn(&Evidence<'_>, &str) -> bool,
) -> StepResult {
    loosely(e, honest, |e| {
        let Some(Json::Object(members)) = e.client_data.as_ref().map(Json::plain) else {
            return false;
        };
        let first = members.iter().find(|(member, _)| member == name);
        first.and_then(|(_, value)| value.as_text()).is_some_and(|sent| rule(e, &sent))
    })
}

fn type_trimmed(e: &Evidence<'_>) -> StepResult {
    loosely(e, shared::kind, |e| {
        let junk = |c: char| c.is_whitespace() || c.is_control();
        let expected = shared::expected_kind(e.ceremony);
        e.text("type").is_some_and(|sent| sent.trim_matches(junk) == expected)
    })
}

fn type_beginning(e: &Evidence<'_>) -> StepResult {
    loosely(e, shared::kind, |e| {
        let expected = shared::expected_kind(e.ceremony);
        e.text("type").is_some_and(|sent| sent.starts_with(expected))
    })
}

fn is_pending(e: &Evidence<'_>, sent: &str) -> bool {
    e.pending().is_some_and(|issued| issued.is_answered_by(sent))
}

fn challenge_from_member(e: &Evidence<'_>) -> StepResult {
    loosely(e, shared::challenge, |e| {
        let named = e.body.get("expectedChallenge").and_then(|value| value.as_str());
        named.is_some() && named == e.sent_challenge().as_deref()
    })
}

fn challenge_encoded_twice(e: &Evidence<'_>) -> StepResult {
    loosely(e, shared::challenge, |e| {
        decoded_text(e.sent_challenge()).is_some_and(|sent| is_pending(e, &sent))
    })
}

fn challenge_in_cookie(e: &Evidence<'_>) -> StepResult {
    loosely(e, shared::challenge, |e| {
        let spent = |state| state == ChallengeState::Used && e.session.is_none();
        e.issued().is_some_and(|issued| spent(issued.state))
    })
}

fn decoded_text(text: Option<String>) -> Option<String> {
    String::from_utf8(base64url::decode(&text?).ok()?).ok()
}

fn is_own(e: &Evidence<'_>, origin: &str) -> bool {
    e.config.origins.iter().any(|own| own == origin)
}

/// Compares the origin after it was repaired.
fn repaired(e: &Evidence<'_>, repair: fn(&str) -> String) -> StepResult {
    loosely(e, shared::origin, |e| e.text("origin").is_some_and(|sent| is_own(e, &repair(&sent))))
}

fn until(text: &str, end: char) -> String {
    text.split(end).next().unwrap_or_default().to_owned()
}

/// Cyrillic letters as the Latin ones that they look like.
fn latin(text: &str) -> String {
    let latin = |c| match c {
        'а' => 'a',
        'с' => 'c',
        'е' => 'e',
        'о' => 'o',
        'р' => 'p',
        'ѕ' => 's',
        other => other,
    };
    text.chars().map(latin).collect()
}

/// Scheme, host and port of whatever URL it is.
fn serialised(text: &str) -> String {
    Url::parse(text).map(|url| url.origin().ascii_serialization()).unwrap_or_default()
}

fn origin_listed(e: &Evidence<'_>) -> StepResult {
    loosely(e, shared::origin, |e| {
        let origins = e.client_data.as_ref().and_then(|data| data.member("origin"));
        let Some(Json::Array(origins)) = origins.map(Json::plain) else { return false };
        origins.iter().filter_map(Json::as_text).any(|sent| is_own(e, &sent))
    })
}

fn origin_of_development(e: &Evidence<'_>) -> StepResult {
    loosely(e, shared::origin, |e| {
        let url = e.text("origin").and_then(|sent| Url::parse(&sent).ok());
        url.is_some_and(|url| matches!(url.host_str(), Some("localhost" | "127.0.0.1")))
    })
}

fn origin_wildcard(e: &Evidence<'_>) -> StepResult {
    loosely(e, shared::origin, |e| e.text("origin").is_some_and(|sent| sent.contains('*')))
}

fn origin_of_apps(e: &Evidence<'_>) -> StepResult {
    const APPS: [&str; 3] = ["android:", "ios:", "chrome-extension:"];
    loosely(e, shared::origin, |e| {
        e.text("origin").is_some_and(|sent| APPS.iter().any(|scheme| sent.starts_with(scheme)))
    })
}

fn true_alone(e: &Evidence<'_>) -> StepResult {
    loosely(e, shared::cross_origin, |e| {
        let sent = e.client_data.as_ref().and_then(|data| data.member("crossOrigin"));
        sent.map(Json::plain) != Some(&Json::Bool(true))
    })
}

fn top_origin_empty(e: &Evidence<'_>) -> StepResult {
    loosely(e, shared::top_origin, |e| {
        let sent = e.client_data.as_ref().and_then(|data| data.member("topOrigin"));
        sent.is_some_and(|sent| {
            *sent.plain() == Json::Null || sent.as_text().is_some_and(|text| text.is_empty())
        })
    })
}

fn top_origin_unframed(e: &Evidence<'_>) -> StepResult {
    loosely(e, shared::top_origin, |e| {
        let framers = shared::framers(e).unwrap_or_default();
        e.text("topOrigin").is_some_and(|sent| framers.contains(&sent))
    })
}

fn top_origin_any(e: &Evidence<'_>) -> StepResult {
    loosely(e, shared::top_origin, |e| shared::framers(e).is_some())
}

fn top_origin_prefix(e: &Evidence<'_>) -> StepResult {
    loosely(e, shared::top_origin, |e| {
        let starts = |sent: &str| e.config.origins.iter().any(|own| sent.starts_with(own));
        e.text("topOrigin").is_some_and(|sent| starts(&sent))
    })
}

/// Takes every frame for one of its own.
fn framed() -> impl Iterator<Item = Mutant> {
    let summary = "lets any page frame it";
    let of = |step, other| {
        Mutant::each(&[step], MutantKind::WrongVersion, "framed", summary, Verify(|_| Ok(())))
            .into_iter()
            .map(move |mutant| mutant.and(other, Verify(|_| Ok(()))))
    };
    of("7.1/10", "7.1/11").chain(of("7.2/13", "7.2/14"))
}

fn algorithm_claimed(e: &Evidence<'_>) -> StepResult {
    loosely(e, registration::algorithm, |e| claimed(e).is_some_and(|alg| is_offered(e, alg)))
}

fn algorithm_known(e: &Evidence<'_>) -> StepResult {
    const KNOWN: [Algorithm; 10] = [
        Algorithm::ES256,
        Algorithm::EDDSA,
        Algorithm::ESP256,
        Algorithm::ED25519,
        Algorithm::ES384,
        Algorithm::ES512,
        Algorithm::PS256,
        Algorithm::ESP384,
        Algorithm::RS256,
        Algorithm::RS1,
    ];
    loosely(e, registration::algorithm, |e| {
        claimed(e).is_some_and(|alg| !is_offered(e, alg) && KNOWN.contains(&alg))
    })
}

fn claimed(e: &Evidence<'_>) -> Option<Algorithm> {
    let key = &registration::attested(e)?.public_key;
    key.get_int(cose::label::ALG).and_then(Cbor::as_int).map(Algorithm)
}

fn is_offered(e: &Evidence<'_>, algorithm: Algorithm) -> bool {
    registration::offered(e).contains(&algorithm)
}

fn key_private(e: &Evidence<'_>) -> StepResult {
    loosely(e, registration::algorithm, |e| {
        registration::attested(e).is_some_and(|a| a.public_key.get_int(cose::label::D).is_some())
    })
}

fn format_beginning(e: &Evidence<'_>) -> StepResult {
    loosely(e, registration::format, |e| {
        let format = e.attestation_object.as_ref().map(|object| object.fmt.as_str());
        format.is_some_and(|sent| sent.starts_with("none") || sent.starts_with("packed"))
    })
}

fn id_empty(e: &Evidence<'_>) -> StepResult {
    loosely(e, registration::credential_id_length, |e| {
        registration::attested(e).is_some_and(|attested| attested.credential_id.is_empty())
    })
}

fn named_with_empty(e: &Evidence<'_>) -> StepResult {
    loosely(e, authentication::named_user, |e| match e.issued().map(|issued| &issued.user) {
        Some(User::Known(account)) => {
            e.user_handle().is_some_and(|handle| handle.0.is_empty())
                && e.record().is_some_and(|(owner, _)| *owner == account.handle)
        }
        _ => false,
    })
}

fn handle_encoded_twice(e: &Evidence<'_>) -> StepResult {
    by_handle(e, |sent, owner| base64url::encode(owner).as_bytes() == sent)
}

fn handle_beginning(e: &Evidence<'_>) -> StepResult {
    by_handle(e, |sent, owner| sent.starts_with(owner))
}

/// Takes what the rule says of the sent user handle and the owner's.
fn by_handle(e: &Evidence<'_>, rule: fn(&[u8], &[u8]) -> bool) -> StepResult {
    loosely(e, authentication::user_handle, |e| {
        let sent = e.user_handle();
        sent.zip(e.record()).is_some_and(|(sent, (owner, _))| rule(&sent.0, &owner.0))
    })
}

/// Takes the id for the rawId, the rawId for the id, and all for public keys.
fn fill_in_members(
    e: &mut Evidence<'_>,
    honest: fn(&mut Evidence<'_>) -> StepResult,
) -> StepResult {
    repair_body(e, honest, |body| {
        let Some(members) = body.as_object_mut() else { return };
        let id = members.get("id").or_else(|| members.get("rawId")).cloned();
        for name in ["id", "rawId"] {
            if let Some(id) = &id {
                members.entry(name).or_insert_with(|| id.clone());
            }
        }
        members.entry("type").or_insert_with(|| "public-key".into());
    })
}

/// Stores the id of whatever arrives, and asks for no proof.
fn id_alone() -> impl Iterator<Item = Mutant> {
    let summary = "registers a credential id without a credential";
    Mutant::each(&["7.1/3"], MutantKind::WrongVersion, "id-alone", summary, Derive(id_as_response))
        .into_iter()
        .map(|mutant| mutant.and("7.1/6", Derive(no_client_data)))
        .map(|mutant| mutant.and("7.1/13", Derive(no_attestation_object)))
        .map(|mutant| mutant.and("7.1/20", Verify(no_key)))
}

fn id_as_response(e: &mut Evidence<'_>) -> StepResult {
    registration::response(e).or_else(|violation| {
        let object = e.body.pointer("/response/attestationObject");
        let has_credential = object.is_some_and(|object| !object.is_null());
        let id = e.body.get("id").and_then(|id| base64url::decode(id.as_str()?).ok());
        let Some(id) = id.filter(|_| !has_credential).map(Base64UrlBytes) else {
            return Err(violation);
        };
        e.registration = Some(RegistrationResponse {
            id: id.clone(),
            raw_id: id,
            kind: "public-key".to_owned(),
            authenticator_attachment: None,
            client_extension_results: serde_json::Map::new(),
            response: AttestationResponse {
                client_data_json: Base64UrlBytes::default(),
                attestation_object: Base64UrlBytes::default(),
                authenticator_data: None,
                transports: Vec::new(),
                public_key: None,
                public_key_algorithm: None,
            },
        });
        Ok(())
    })
}

fn no_client_data(e: &mut Evidence<'_>) -> StepResult {
    match e.client_data_json() {
        Some([]) => Ok(()),
        _ => shared::client_data(e),
    }
}

fn no_attestation_object(e: &mut Evidence<'_>) -> StepResult {
    match &e.registration {
        Some(sent) if sent.response.attestation_object.0.is_empty() => credential_of_id(e),
        _ => registration::attestation_object(e),
    }
}

/// Stores the id that stands beside what it cannot read.
fn id_beside() -> impl Iterator<Item = Mutant> {
    let summary = "registers the id that stands beside a credential that it cannot read";
    let run = Derive(|e| registration::attestation_object(e).or_else(|_| credential_of_id(e)));
    Mutant::each(&["7.1/13"], MutantKind::WrongVersion, "id-beside", summary, run)
        .into_iter()
        .map(|mutant| mutant.and("7.1/20", Verify(no_key)))
}

/// A credential of the right site that is nothing but an id.
fn credential_of_id(e: &mut Evidence<'_>) -> StepResult {
    let Some(sent) = &e.registration else { return Ok(()) };
    e.authenticator_data = Some(AuthenticatorData {
        rp_id_hash: Sha256::digest(&e.config.rp_id).into(),
        flags: Flags(Flags::UP | Flags::UV),
        sign_count: 0,
        attested: Some(AttestedCredentialData {
            aaguid: [0; 16],
            credential_id: sent.id.0.clone(),
            public_key: Cbor::map([]),
        }),
        extensions: None,
    });
    Ok(())
}

fn no_key(e: &Evidence<'_>) -> StepResult {
    loosely(e, registration::algorithm, |e| {
        registration::attested(e).is_some_and(|a| a.public_key == Cbor::map([]))
    })
}
