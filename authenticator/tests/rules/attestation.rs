//! What attestation statements are made of, and what deviations do to them.

use passrig_authenticator::attestation::metadata::Listing;
use passrig_authenticator::attestation::pki::Authority;
use passrig_authenticator::attestation::{Format, SignatureForm};
use passrig_authenticator::deviation::{Deviation, Effect, NoFacts};
use passrig_authenticator::device::Profile;
use passrig_authenticator::env::Seeded;
use passrig_authenticator::keys;
use passrig_authenticator::wire::cose::{Algorithm, Key};
use passrig_authenticator::wire::{AuthenticatorData, Cbor, CreationOptions, Der};
use passrig_authenticator::workbench::Honest;
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::support::*;

const CERTIFIED: [Format; 5] =
    [Format::Packed, Format::Tpm, Format::AndroidKey, Format::FidoU2f, Format::Apple];

fn attesting(format: Format) -> Profile {
    Profile { attestation: format, ..Profile::roaming() }
}

/// A registration in a format, under edits that all take place.
fn made(format: Format, edits: &str) -> Run {
    let run = register_on(attesting(format), &deviation(edits), &NoFacts);
    let effect = if edits.is_empty() { Effect::Honest } else { Effect::Deviant };
    assert_eq!(run.effect, Ok(effect), "{format:?} {edits}");
    run
}

fn statement(run: &Run) -> Cbor {
    attestation(&run.value()).statement
}

fn member(statement: &Cbor, name: &str) -> Vec<u8> {
    statement.get(name).unwrap().as_bytes().unwrap().to_vec()
}

/// The certificates of a statement, the leaf first.
fn chain(statement: &Cbor) -> Vec<Der> {
    let rendered = statement.get("x5c").unwrap().render();
    let passrig_authenticator::wire::cbor::Item::Array(items) =
        Cbor::decode(&rendered).unwrap().item
    else {
        panic!("x5c is no array");
    };
    items.iter().map(|item| Der::decode_strict(item.as_bytes().unwrap()).unwrap()).collect()
}

/// What a certificate says: its items without the signature.
fn said(certificate: &Der) -> &[Der] {
    certificate.items().unwrap()[0].items().unwrap()
}

fn key(certificate: &Der) -> Key {
    let info = said(certificate)[6].render();
    let (x, y) = info[27..].split_at(32);
    Key::Ec2 { alg: Algorithm::ES256, crv: 1, x: x.to_vec(), y: y.to_vec() }
}

fn extensions(certificate: &Der) -> Vec<String> {
    let list = said(certificate)[7].items().unwrap()[0].items().unwrap();
    list.iter().map(|extension| extension.items().unwrap()[0].as_oid().unwrap()).collect()
}

fn is_signed_by(certificate: &Der, issuer: &Key) -> bool {
    let [tbs, _, signature] = certificate.items().unwrap() else { panic!("not three items") };
    let signature = &signature.as_primitive().unwrap()[1..];
    keys::verify(issuer, &tbs.render(), signature).is_ok()
}

fn root() -> Key {
    Authority::root(&mut Seeded::new("test")).unwrap().key.public_key()
}

#[test]
fn leaves_are_signed_by_the_root() {
    for format in CERTIFIED {
        let run = made(format, "");
        assert_eq!(attestation(&run.value()).fmt, format.identifier());
        let chain = chain(&statement(&run));
        assert_eq!(chain.len(), 1);
        assert!(is_signed_by(&chain[0], &root()), "{format:?}");
        let is_the_credentials = key(&chain[0]) == run.key;
        assert_eq!(is_the_credentials, matches!(format, Format::AndroidKey | Format::Apple));
    }
}

#[test]
fn statements_are_signed_by_the_leaf() {
    for format in [Format::Packed, Format::AndroidKey, Format::Tpm] {
        let run = made(format, "");
        let statement = statement(&run);
        let message = match format {
            Format::Tpm => member(&statement, "certInfo"),
            _ => signed(&run.value()),
        };
        let leaf = key(&chain(&statement)[0]);
        assert_eq!(keys::verify(&leaf, &message, &member(&statement, "sig")), Ok(()));
    }
}

#[test]
fn packed_and_tpm_certificates_name_the_model() {
    const MODEL: &str = "1.3.6.1.4.1.45724.1.1.4";
    for format in CERTIFIED {
        let named = extensions(&chain(&statement(&made(format, "")))[0]);
        let expected = matches!(format, Format::Packed | Format::Tpm);
        assert_eq!(named.iter().any(|id| id == MODEL), expected, "{format:?}");
        let unnamed = Profile { certifies_model: false, ..attesting(format) };
        let run = register_on(unnamed, &Deviation::default(), &NoFacts);
        assert!(!extensions(&chain(&statement(&run))[0]).iter().any(|id| id == MODEL));
    }
}

#[test]
fn an_intermediate_authority_stands_between() {
    let options = with(discoverable(), &[("attestation", json!("direct"))]);
    let mut client = client([attesting(Format::Packed)]);
    let mut plan = client.plan_create(&CreationOptions::parse(&options).unwrap()).unwrap();
    let intermediate = Authority::intermediate(&mut Seeded::new("test")).unwrap();
    plan.device.attestation.attester.as_mut().unwrap().intermediate = Some(intermediate.clone());
    let response = client.perform_create(plan, &mut Honest).into_value().unwrap();
    let chain = chain(&attestation(&response).statement);
    let [leaf, above] = chain.as_slice() else { panic!("not two certificates") };
    assert_eq!(key(above), intermediate.key.public_key());
    assert!(is_signed_by(leaf, &key(above)));
    assert!(is_signed_by(above, &root()));
    assert_eq!(said(leaf)[3], said(above)[5], "the issuer is the subject above");
}

#[test]
fn edits_come_before_the_authority_signs() {
    let honest = chain(&statement(&made(Format::Packed, "")));
    for edit in [
        "certificate.version set = { hex = '01' }",
        "certificate.serial_number set = { hex = '00' }",
        "certificate.validity.not_after set = '20200101000000Z'",
        "certificate.subject[2] remove = true",
        "certificate.subject[0][2.5.4.3].value set = 'Another'",
        "certificate.extensions[2.5.29.19] remove = true",
        "certificate.extensions[2.5.29.19].critical set = false",
        "certificate.extensions[2.5.29.19].value set = { hex = '30030101ff' }",
        "certificate.extensions[1.3.6.1.4.1.45724.1.1.4].value flip = true",
        "certificate.extensions reorder = true",
    ] {
        let altered = chain(&statement(&made(Format::Packed, edit)));
        assert!(is_signed_by(&altered[0], &root()), "{edit}");
        assert_ne!(said(&altered[0]), said(&honest[0]), "{edit}");
    }
}

#[test]
fn the_tpm_speaks_of_what_it_was_given() {
    let statement_of = |edit| statement(&made(Format::Tpm, edit));
    let honest = statement_of("");
    let altered = statement_of("pub_area.parameters.curve_id set = 4");
    assert_ne!(member(&honest, "pubArea"), member(&altered, "pubArea"));
    assert_ne!(member(&honest, "certInfo"), member(&altered, "certInfo"), "the name follows");
    for edit in [
        "cert_info.magic set = 0",
        "cert_info.type set = 0",
        "cert_info.extra_data flip = true",
        "cert_info.attested.name.digest flip = true",
    ] {
        let altered = statement_of(edit);
        assert_eq!(member(&honest, "pubArea"), member(&altered, "pubArea"), "{edit}");
        let leaf = key(&chain(&altered)[0]);
        let info = member(&altered, "certInfo");
        assert_eq!(keys::verify(&leaf, &info, &member(&altered, "sig")), Ok(()), "{edit}");
    }
}

/// TPM2B_NAME lets it be empty, but what a TPM certifies has a place in a hierarchy.
#[test]
fn a_tpm_qualifies_the_name() {
    let info = member(&statement(&made(Format::Tpm, "")), "certInfo");
    // Both names have their size, an algorithm and a digest, and are the end.
    let (_, names) = info.split_at(info.len() - 2 * (2 + 2 + 32));
    let (name, qualified) = names.split_at(2 + 2 + 32);
    assert_eq!(name[..4], [0, 34, 0, 0x0b]);
    assert_eq!(qualified[..4], [0, 34, 0, 0x0b]);
    let parent = [0x40, 0, 0, 1];
    assert_eq!(qualified[4..], Sha256::digest([&parent, &name[2..]].concat())[..]);
}

#[test]
fn a_tpmt_signature_has_a_head_and_sizes() {
    let options = with(discoverable(), &[("attestation", json!("direct"))]);
    let mut client = client([attesting(Format::Tpm)]);
    let mut plan = client.plan_create(&CreationOptions::parse(&options).unwrap()).unwrap();
    plan.device.attestation.tpm_signature = SignatureForm::Tpmt;
    let response = client.perform_create(plan, &mut Honest).into_value().unwrap();
    let statement = attestation(&response).statement;
    let signature = member(&statement, "sig");
    assert_eq!(signature.len(), 4 + 2 + 32 + 2 + 32);
    assert_eq!(signature[..6], [0, 0x18, 0, 0x0b, 0, 32]);
    let der = Der::sequence([Der::unsigned(&signature[6..38]), Der::unsigned(&signature[40..])]);
    let leaf = key(&chain(&statement)[0]);
    assert_eq!(keys::verify(&leaf, &member(&statement, "certInfo"), &der.render()), Ok(()));
}

#[test]
fn another_key_signs_in_place_of_the_formats_own() {
    for format in [Format::PackedSelf, Format::Packed, Format::AndroidKey] {
        let run = made(format, "plan.signer set = 'another'");
        let statement = statement(&run);
        let own = match format {
            Format::PackedSelf => run.key.clone(),
            _ => key(&chain(&statement)[0]),
        };
        let result = keys::verify(&own, &signed(&run.value()), &member(&statement, "sig"));
        assert_eq!(result, Err(keys::Error::Mismatch), "{format:?}");
    }
}

#[test]
fn another_issuer_is_not_the_root() {
    for format in CERTIFIED {
        let run = made(format, "plan.issuer set = 'another'");
        let leaf = &chain(&statement(&run))[0];
        let honest = &chain(&statement(&made(format, "")))[0];
        assert!(!is_signed_by(leaf, &root()), "{format:?}");
        assert_eq!(said(leaf)[3], said(honest)[3], "by name it is the same");
    }
    let edit = deviation("plan.issuer set = 'another'");
    assert!(register(&edit, &NoFacts).effect.is_err());
}

#[test]
fn a_plan_may_take_any_format_that_there_is_a_certificate_for() {
    for format in CERTIFIED.into_iter().filter(|format| *format != Format::Packed) {
        let run = made(Format::Packed, &format!("plan.format set = '{}'", format.name()));
        assert_eq!(attestation(&run.value()).fmt, format.identifier());
    }
    let edit = deviation("plan.format set = 'packed'");
    assert!(register(&edit, &NoFacts).effect.is_err());
}

/// What the format has no place for changes no octet, and tests nothing.
#[test]
fn idle_intentions_are_honest() {
    for (format, edit) in [
        (Format::None, "plan.signer set = 'another'"),
        (Format::Apple, "plan.signer set = 'another'"),
        (Format::Packed, "plan.certified set = 'another'"),
    ] {
        let profile = Profile { attestation: format, ..Profile::roaming() };
        let run = register_on(profile, &deviation(edit), &NoFacts);
        assert_eq!(run.effect, Ok(Effect::Honest), "{format:?}");
    }
}

/// One that has no place does not hide another that has.
#[test]
fn an_idle_intention_beside_another() {
    let both = "plan.certified set = 'another'\nplan.signer set = 'another'";
    let profile = Profile { attestation: Format::Packed, ..Profile::roaming() };
    let run = register_on(profile, &deviation(both), &NoFacts);
    assert_eq!(run.effect, Ok(Effect::Deviant));
}

#[test]
fn a_plan_may_be_of_a_model_that_is_made_for_tests() {
    let listing = Listing::named("listed").unwrap();
    let run = made(Format::Packed, "plan.model set = 'listed'");
    let model = listing.model(&Authority::root(&mut Seeded::new("any")).unwrap()).unwrap();
    let leaf = &chain(&statement(&run))[0];
    assert!(is_signed_by(leaf, &model.roots[0].key.public_key()));
    let data = attestation(&run.value()).authenticator_data;
    let attested = AuthenticatorData::decode(&data).unwrap().attested.unwrap();
    assert_eq!(attested.aaguid, listing.aaguid());

    // Whoever only claims to be one keeps the root.
    let run = made(Format::Packed, "plan.claims set = 'listed'");
    assert!(is_signed_by(&chain(&statement(&run))[0], &root()));
    let data = attestation(&run.value()).authenticator_data;
    let attested = AuthenticatorData::decode(&data).unwrap().attested.unwrap();
    assert_eq!(attested.aaguid, listing.aaguid());
}
