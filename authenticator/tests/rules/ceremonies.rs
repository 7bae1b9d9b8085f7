//! Whole ceremonies under a deviation: what follows from an edit is right.

use passrig_authenticator::deviation::{Deviation, Effect, Error, Facts, NoFacts};
use passrig_authenticator::keys;
use passrig_authenticator::wire::cose::Key;
use passrig_authenticator::wire::{Flags, base64url};
use passrig_authenticator::wire::{Json, json::Style};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::support::*;

fn registered(edits: &str) -> Run {
    register(&deviation(edits), &NoFacts)
}

fn authenticated(edits: &str) -> Run {
    authenticate(&deviation(edits), &NoFacts)
}

/// Whether the signature of an authentication verifies with the registered key.
fn verified(run: &Run) -> Result<(), keys::Error> {
    let response = run.value();
    keys::verify(&run.key, &signed(&response), &octets(&response["response"]["signature"]))
}

#[test]
fn without_edits_a_ceremony_is_honest() {
    let honest = Deviation::default();
    for run in [register(&honest, &NoFacts), authenticate(&honest, &NoFacts)] {
        assert_eq!(run.effect, Ok(Effect::Honest));
    }
    let run = authenticate(&honest, &NoFacts);
    assert_eq!(verified(&run), Ok(()));
}

#[test]
fn later_stages_are_right_for_an_edit_of_an_earlier_one() {
    for edits in [
        "client_data.type set = 'webauthn.create'",
        "client_data.origin.host prepend = 'sub.'",
        "client_data encode = 'spaced'",
        "client_data prepend = { hex = 'efbbbf' }",
        "client_data.challenge.text append = '='",
        "authenticator_data.flags.up set = false",
        "authenticator_data.rp_id_hash set = { hash = 'sha256', of = 'example.com' }",
        "authenticator_data append = { hex = '00' }",
        "authenticator_data truncate = -1",
        "plan.rp_id set = 'example.com'",
        "plan.sign_count set = 0",
        "signature.s encode = 'high-s'\nsignature.s encode = 'low-s'",
    ] {
        let run = authenticated(edits);
        assert_eq!(verified(&run), Ok(()), "{edits}");
    }
}

#[test]
fn self_attestation_covers_edits_too() {
    for edits in [
        "client_data.origin set = 'https://example.com'",
        "authenticator_data.flags.uv flip = true",
        "authenticator_data.attested_credential_data.aaguid set = { repeat = 0, len = 16 }",
        "attestation_object reorder = true",
        "statement encode = 'indefinite'",
    ] {
        let run = registered(edits);
        assert_eq!(run.effect, Ok(Effect::Deviant), "{edits}");
        let response = run.value();
        let object = attestation(&response);
        let signature = object.statement.get("sig").unwrap().as_bytes().unwrap();
        assert_eq!(keys::verify(&run.key, &signed(&response), signature), Ok(()), "{edits}");
        assert_eq!(
            object.authenticator_data,
            octets(&response["response"]["authenticatorData"]),
            "the copy agrees: {edits}"
        );
    }
}

#[test]
fn edits_after_signing_break_the_signature() {
    for (edits, expected) in [
        ("response.client_data_json append = { hex = '20' }", Err(keys::Error::Mismatch)),
        ("response.authenticator_data flip = true", Err(keys::Error::Mismatch)),
        ("signature.s flip = true", Err(keys::Error::Mismatch)),
        ("plan.signer set = 'another'", Err(keys::Error::Mismatch)),
    ] {
        let run = authenticated(edits);
        assert_eq!(run.effect, Ok(Effect::Deviant), "{edits}");
        assert_eq!(verified(&run), expected, "{edits}");
    }
}

#[test]
fn client_data_and_their_base64_are_two_places() {
    let written =
        |run: &Run| run.value()["response"]["clientDataJSON"].as_str().unwrap().to_owned();
    let honest = written(&authenticated(""));
    let octets = authenticated("response.client_data_json append = { hex = '0a' }");
    assert_eq!(
        base64url::decode(&written(&octets)).unwrap(),
        [base64url::decode(&honest).unwrap(), vec![0x0a]].concat()
    );
    let text = authenticated("response.client_data_json.text append = '%0A'");
    assert_eq!(written(&text), honest.clone() + "%0A");
    let padded = authenticated("response.client_data_json encode = 'base64url-padded'");
    assert!(base64url::decode(&written(&padded)).is_err() || written(&padded) == honest);
    assert_eq!(base64url::decode_lenient(&written(&padded)), base64url::decode(&honest));
}

#[test]
fn both_halves_of_s_verify_and_differ() {
    let high = authenticated("signature.s encode = 'high-s'");
    let low = authenticated("signature.s encode = 'low-s'");
    assert_eq!([verified(&high), verified(&low)], [Ok(()), Ok(())]);
    let honest = authenticated("").value();
    let deviant = |run: &Run| run.value() != honest;
    assert_eq!(high.effect == Ok(Effect::Deviant), deviant(&high));
    assert_eq!(low.effect == Ok(Effect::Deviant), deviant(&low));
    assert_ne!(deviant(&high), deviant(&low), "exactly one of them is what honest devices send");
}

#[test]
fn other_forms_of_a_signature() {
    use passrig_authenticator::wire::cose::Algorithm;
    let signature = |run: &Run| octets(&run.value()["response"]["signature"]);
    let flat = authenticated("signature encode = 'p1363'");
    assert_eq!(signature(&flat).len(), 64);
    for edits in [
        "signature encode = 'p1363'",
        "signature encode = 'non-minimal'",
        "signature encode = 'indefinite'",
        "signature set = ''",
        "signature append = { hex = '00' }",
        "signature truncate = -1",
        "signature.s remove = true",
    ] {
        let run = authenticated(edits);
        assert_eq!(run.effect, Ok(Effect::Deviant), "{edits}");
        assert_eq!(verified(&run), Err(keys::Error::Form(Algorithm::ES256)), "{edits}");
    }
}

#[test]
fn plans() {
    let data = |run: &Run| authenticator_data(&run.value());
    let sha256 = |text: &str| -> [u8; 32] { Sha256::digest(text).into() };

    let run = registered("plan.rp_id set = 'example.com'");
    assert_eq!(data(&run).rp_id_hash, sha256("example.com"));
    let run = registered("plan.credential_id set = { repeat = 7, len = 1024 }");
    assert_eq!(data(&run).attested.unwrap().credential_id, [7; 1024]);
    assert_eq!(octets(&run.value()["id"]), [7; 1024]);
    let run = registered("plan.sign_count set = 4294967295");
    assert_eq!(data(&run).sign_count, u32::MAX);
    let run = registered("plan.format set = 'none'");
    assert_eq!(attestation(&run.value()).fmt, "none");
    let run = registered("plan.signer set = 'another'");
    let attested = data(&run).attested.unwrap();
    assert_eq!(Key::from_cbor(&attested.public_key).unwrap(), run.key, "the key itself stays");
    assert_eq!(registered("plan.user_handle set = 'x'").effect, Ok(Effect::Deviant));

    let run = authenticated("plan.sign_count set = 0");
    assert_eq!(data(&run).sign_count, 0);
    let run = authenticated("plan.credential_id set = { hex = '01' }");
    assert_eq!(run.value()["id"], json!("AQ"));
    let run = authenticated("plan.user_handle set = { hex = '02' }");
    assert_eq!(run.value()["response"]["userHandle"], json!("Ag"));
    let run = authenticated("plan.user_handle remove = true");
    assert_eq!(run.value()["response"].get("userHandle"), None);
}

#[test]
fn what_was_there_already_changes_nothing() {
    for edits in [
        "plan.rp_id set = 'example.org'",
        "plan.sign_count set = 1",
        "client_data.type set = 'webauthn.get'",
        "client_data.crossOrigin set = false",
        "client_data.origin.host set = 'login.example.org'",
        "client_data.challenge set = 'Y2hhbGxlbmdl'",
        "authenticator_data.flags.up set = true",
        "authenticator_data.rp_id_hash set = { hash = 'sha256', of = 'example.org' }",
        "authenticator_data.flags.up flip = true\nauthenticator_data.flags.up flip = true",
        "response.type set = 'public-key'",
        "response truncate = 100000",
    ] {
        assert_eq!(authenticated(edits).effect, Ok(Effect::Honest), "{edits}");
    }
}

#[test]
fn values_from_elsewhere() {
    let facts = Known(&[("other.user_handle", b"\x05\x06"), ("other.origin", b"https://b.test")]);
    let run = |edits: &str| authenticate(&deviation(edits), &facts).value();
    let of = |edits: &str, member: &str| run(edits)["response"][member].clone();
    assert_eq!(
        of("response.user_handle set = { from = 'other.user_handle' }", "userHandle"),
        json!("BQY")
    );
    assert_eq!(
        of(
            "response.user_handle set = { hash = 'sha256', of = { from = 'other.user_handle' } }",
            "userHandle"
        ),
        json!(base64url::encode(&Sha256::digest([5, 6])))
    );
    let data = client_data(&run("client_data.origin set = { from = 'other.origin' }"));
    assert!(data.contains(r#""origin":"https://b.test""#), "{data}");
    let data = client_data(&run(
        "client_data append = { member = 'origin', value = { from = 'other.origin' } }",
    ));
    assert!(data.ends_with(r#","origin":"aHR0cHM6Ly9iLnRlc3Q"}"#), "octets are base64url: {data}");
}

#[test]
fn edits_add_up_within_a_stage_and_across_stages() {
    let run = authenticated(
        "response.user_handle set = { hex = '07' }
         authenticator_data.flags.up set = false
         client_data.later duplicate = 1
         authenticator_data.flags.uv set = false",
    );
    assert!(matches!(run.effect, Err(Error::Place { .. })), "client data have no such member");
    let run = authenticated(
        "response.user_handle set = { hex = '07' }
         authenticator_data.flags.up set = false
         authenticator_data.flags.uv set = false",
    );
    assert_eq!(run.effect, Ok(Effect::Deviant));
    let flags = authenticator_data(&run.value()).flags;
    assert!(!flags.has(Flags::UP) && !flags.has(Flags::UV));
    assert_eq!(run.value()["response"]["userHandle"], json!("Bw"));
}

#[test]
fn a_response_need_not_be_json_any_more() {
    let run = authenticated("response truncate = 10");
    assert_eq!(run.effect, Ok(Effect::Deviant));
    assert!(matches!(run.response, Json::Raw(_)));
    let run = authenticated("response encode = 'escaped'");
    assert!(matches!(run.response, Json::Styled(Style::Escaped, _)));
    assert_eq!(run.value(), authenticated("").value(), "the same to every parser");
}

#[test]
fn inner_members_need_no_second_response() {
    for (short, long) in [
        ("response.signature remove = true", "response.response.signature remove = true"),
        ("response.user_handle rename = 'x'", "response.response.userHandle rename = 'x'"),
        ("response.clientDataJSON set = 'x'", "response.response.client_data_json set = 'x'"),
    ] {
        let (short, long) = (authenticated(short), authenticated(long));
        assert_eq!(short.effect, Ok(Effect::Deviant));
        assert_eq!(short.response.render(), long.response.render());
    }
    let moved = authenticated("response.response remove = true").value();
    assert_eq!(moved.get("response"), None::<&Value>);
}

#[test]
fn facts_are_asked_for_by_name() {
    assert_eq!(Known(&[]).fact("x"), None);
    let run = authenticated("client_data.challenge set = { from = 'other.challenge' }");
    assert_eq!(run.effect, Err(Error::Fact("other.challenge".into())));
}

#[test]
fn signatures_over_something_else_or_by_another_algorithm() {
    for edit in [
        "plan.covers set = 'swapped'",
        "plan.covers set = 'authenticator-data'",
        "plan.covers set = 'client-data'",
        "plan.covers set = 'hash'",
        "plan.signer set = 'ES384'",
        "plan.signer set = 'EdDSA'",
    ] {
        let run = authenticated(edit);
        assert_eq!(run.effect, Ok(Effect::Deviant), "{edit}");
        assert!(verified(&run).is_err(), "{edit}");
    }
    let honest = ["plan.covers set = 'both'", "plan.algorithm set = 'ES256'"];
    for edit in honest {
        assert_eq!(authenticated(edit).effect, Ok(Effect::Honest), "{edit}");
    }
    let wrong = ["plan.covers set = 'x'", "plan.algorithm set = 'RS256'", "plan.signer set = 'x'"];
    for edit in wrong {
        assert!(authenticated(edit).effect.is_err(), "{edit}");
    }
}
