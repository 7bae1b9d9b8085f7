//! Chains of certificates that are wrong in one point.

use passrig_authenticator::attestation::pki::Authority;
use passrig_authenticator::attestation::{Chain, Fault, Format};
use passrig_authenticator::deviation::{Effect, NoFacts};
use passrig_authenticator::device::Profile;
use passrig_authenticator::env::Seeded;
use passrig_authenticator::keys;
use passrig_authenticator::wire::cbor::Item;
use passrig_authenticator::wire::cose::{Algorithm, Key};
use passrig_authenticator::wire::{Cbor, Der};

use crate::support::*;

/// The certificates of a registration under a fault.
fn chain(profile: Profile, fault: &str) -> Vec<Der> {
    let edit = format!("plan.chain set = '{fault}'");
    let run = register_on(profile, &deviation(&edit), &NoFacts);
    assert_eq!(run.effect, Ok(Effect::Deviant), "{fault}");
    let statement = attestation(&run.value()).statement;
    let chain = Cbor::decode(&statement.get("x5c").unwrap().render()).unwrap();
    let Item::Array(items) = chain.item else { panic!("x5c is no array") };
    items.iter().map(|item| Der::decode_strict(item.as_bytes().unwrap()).unwrap()).collect()
}

fn packed(chain: Chain) -> Profile {
    Profile { attestation: Format::Packed, chain, ..Profile::roaming() }
}

fn said(certificate: &Der) -> &[Der] {
    certificate.items().unwrap()[0].items().unwrap()
}

fn key(certificate: &Der) -> Key {
    keys::from_spki(Algorithm::ES256, &said(certificate)[6].render()).unwrap()
}

fn is_signed_by(certificate: &Der, issuer: &Key) -> bool {
    let [tbs, _, signature] = certificate.items().unwrap() else { panic!("not three items") };
    keys::verify(issuer, &tbs.render(), &signature.as_primitive().unwrap()[1..]).is_ok()
}

/// The content of BasicConstraints or KeyUsage.
fn extension(certificate: &Der, id: &str) -> Vec<u8> {
    let list = said(certificate)[7].items().unwrap()[0].items().unwrap();
    let found = list.iter().find(|one| one.items().unwrap()[0].as_oid().unwrap() == id);
    found.unwrap().items().unwrap().last().unwrap().as_primitive().unwrap().to_vec()
}

const CONSTRAINTS: &str = "2.5.29.19";
const USAGE: &str = "2.5.29.15";
const IS_AUTHORITY: &[u8] = &[0x30, 3, 1, 1, 0xff];

#[test]
fn signatures_are_right_whatever_else_is_wrong() {
    let root = Authority::root(&mut Seeded::new("any")).unwrap().key.public_key();
    for fault in Fault::ALL {
        assert_eq!(Fault::named(fault.name()), Some(fault));
        for shape in [Chain::Leaf, Chain::Intermediate] {
            let mut chain = chain(packed(shape), fault.name());
            if fault == Fault::WrongOrder {
                assert_eq!(extension(&chain[0], CONSTRAINTS), IS_AUTHORITY);
                chain.reverse();
            }
            for pair in chain.windows(2) {
                assert!(is_signed_by(&pair[0], &key(&pair[1])), "{fault:?}");
                assert_eq!(said(&pair[0])[3], said(&pair[1])[5], "{fault:?}");
            }
            let leads_to_the_root = is_signed_by(chain.last().unwrap(), &root);
            assert_eq!(leads_to_the_root, fault != Fault::Incomplete, "{fault:?}");
        }
    }
}

#[test]
fn each_is_wrong_in_its_point() {
    let leaf = |fault| chain(packed(Chain::Leaf), fault).remove(0);
    let validity = |fault| {
        let times = said(&leaf(fault))[4].items().unwrap().to_vec();
        times.iter().map(|t| String::from_utf8_lossy(t.as_primitive().unwrap()).into()).collect()
    };
    let expired: Vec<String> = validity("expired");
    assert_eq!(expired, ["200101000000Z", "201231235959Z"]);
    let early: Vec<String> = validity("not-yet-valid");
    assert_eq!(early, ["30230101000000Z", "30240101000000Z"]);

    let root = Authority::root(&mut Seeded::new("any")).unwrap();
    assert_eq!(said(&leaf("revoked"))[1], Der::unsigned(&root.revoked_serial()));
    assert_eq!(extension(&leaf("wrong-usage"), USAGE), [3, 2, 5, 0x20]);
    assert_eq!(extension(&leaf("authority-as-leaf"), CONSTRAINTS), IS_AUTHORITY);

    let chain = |fault| chain(packed(Chain::Leaf), fault);
    assert_eq!(extension(&chain("issuer-no-authority")[1], CONSTRAINTS), [0x30, 0]);
    let long = chain("path-too-long");
    assert_eq!(long.len(), 3);
    assert_eq!(
        extension(&long[2], CONSTRAINTS),
        [&[0x30, 6], &IS_AUTHORITY[2..], &[2, 1, 0]].concat()
    );
    assert_eq!(extension(&long[1], CONSTRAINTS), IS_AUTHORITY);
    assert_eq!(chain("incomplete").len(), 1);
    let twice = chain("root-twice");
    assert_eq!((twice.len(), &twice[1]), (3, &twice[2]));
    let over = said(&chain("intermediate-expired")[1])[4].render();
    assert_eq!(over, said(&leaf("expired"))[4].render());
}

#[test]
fn a_fault_needs_a_chain_and_a_name() {
    let run = |profile, edit: &str| register_on(profile, &deviation(edit), &NoFacts).effect;
    assert!(run(Profile::roaming(), "plan.chain set = 'expired'").is_err());
    let unknown = run(packed(Chain::Leaf), "plan.chain set = 'rusty'").unwrap_err();
    assert!(unknown.to_string().contains("the name of a fault"), "{unknown}");
}
