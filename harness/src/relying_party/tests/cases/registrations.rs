//! Attempts to register.

use passrig_authenticator::wire::base64url::encode;
use passrig_authenticator::wire::{Cbor, Flags, Json};
use serde_json::json;

use super::super::world::{ClientDataEdit, Create, SignatureChoice, TestCredential};
use super::{TestCase, accepted, case};
use crate::relying_party::in_process::RELATED;

pub(super) fn registrations() -> Vec<TestCase> {
    fn statement(name: &'static str, edit: impl Fn(&mut Create) + 'static) -> TestCase {
        case(name, "8.2/3b", move |w| {
            w.register(|c| {
                c.fmt = "packed";
                edit(c);
            })
        })
    }
    vec![
        case("credential of another type", "7.1/3", |w| {
            w.register(|c| c.body = json!({"type": "password"}))
        }),
        case("id is not rawId", "7.1/3", |w| w.register(|c| c.body = json!({"id": "AAAA"}))),
        case("padded rawId", "7.1/3", |w| w.register(|c| c.body = json!({"rawId": "AAAA=="}))),
        case("no object", "7.1/3", |w| {
            w.register(|c| c.body = json!({"response": {"attestationObject": null}}))
        }),
        case("octets after the attestation object", "7.1/13", |w| {
            w.register(|c| c.trailing = vec![0])
        }),
        case("attestation object is text", "7.1/13", |w| {
            w.register(|c| c.body = json!({"response": {"attestationObject": encode(b"\x61a")}}))
        }),
        case("algorithm that was not offered", "7.1/20", |w| {
            w.register(|c| set_parameter(&mut c.public_key, 3, Cbor::int(-257)))
        }),
        case("point off the curve", "7.1/20", |w| {
            w.register(|c| set_parameter(&mut c.public_key, -3, Cbor::bytes([1; 32])))
        }),
        case("self attestation by a key that was not asked for", "7.1/20", |w| {
            w.register(|c| {
                c.fmt = "packed";
                set_parameter(&mut c.public_key, 3, Cbor::int(-257));
                let sig = Cbor::bytes([0; 70]);
                let statement = [(Cbor::text("alg"), Cbor::int(-257)), (Cbor::text("sig"), sig)];
                c.statement = Some(Cbor::map(statement));
            })
        }),
        case("unknown format", "7.1/21", |w| w.register(|c| c.fmt = "x-test")),
        case("format in another case", "7.1/21", |w| w.register(|c| c.fmt = "None")),
        case("statement of the format none", "8.7/syntax", |w| {
            w.register(|c| {
                c.statement = Some(Cbor::map([(Cbor::text("alg"), Cbor::int(-7))]));
            })
        }),
        statement("self attestation by another key", |c| c.signer = TestCredential::new(9).key),
        statement("empty self attestation", |c| c.signature = SignatureChoice::Empty),
        statement("garbled self attestation", |c| c.signature = SignatureChoice::Garbage),
        statement("self attestation of the data alone", |c| {
            c.signature = SignatureChoice::DataOnly
        }),
        statement("self attestation of something else", |c| c.signature = SignatureChoice::Other),
        case("self attestation without a signature", "8.2/1", |w| {
            w.register(|c| {
                c.fmt = "packed";
                c.statement = Some(Cbor::map([(Cbor::text("alg"), Cbor::int(-7))]));
            })
        }),
        case("no attestation, though demanded", "7.1/24a", |w| {
            let mut browser = w.browser().requesting(json!({"attestation": "direct"}));
            browser.register("newcomer", &mut TestCredential::new(3), |_| ())
        }),
        case("long credential id", "7.1/25", |w| w.register(|c| c.device.id = vec![1; 1024])),
        case("empty credential id", "7.1/25", |w| w.register(|c| c.device.id.clear())),
        case("another account's credential id", "7.1/26", |w| {
            let id = w.alice.id.clone();
            let mut outcome = w.register(|c| c.device.id = id);
            outcome.credentials += w.sign_in(|_| ()).credentials;
            outcome
        }),
        case("the account's own credential id", "7.1/26", |w| {
            let mut browser = w.browser();
            browser.sign_in(Some("alice"), &w.alice, |_| ());
            browser.register("alice", &mut w.alice.clone(), |_| ())
        }),
    ]
}

fn set_parameter(key: &mut Cbor, label: i64, value: Cbor) {
    let entries = key.entries().unwrap().iter().cloned();
    let entries = entries.filter(|(other, _)| other.as_int() != Some(label));
    *key = Cbor::map(entries.chain([(Cbor::int(label), value)]));
}

pub(super) fn registrations_to_accept() -> Vec<TestCase> {
    let register =
        |name, tries, edit: fn(&mut Create)| accepted(name, tries, move |w| w.register(edit));
    vec![
        register("honest registration", &[], |_| ()),
        register("client data in another order", &["7.1/6"], |c| c.client.reverse()),
        register("client data with more members", &["7.1/6"], |c| c.set("later", Json::Null)),
        register("client data with a byte order mark", &["7.1/6"], |c| c.bom = true),
        register("client data without crossOrigin", &["7.1/10"], |c| c.unset("crossOrigin")),
        register("user not verified", &["7.1/16"], |c| c.flags = Flags(Flags::UP)),
        register("self attestation", &["8.2/3a", "8.2/3b"], |c| c.fmt = "packed"),
        register("self attestation with a high s", &["8.2/3b"], |c| {
            c.fmt = "packed";
            c.signature = SignatureChoice::HighS;
        }),
        register("the longest credential id", &["7.1/25"], |c| c.device.id = vec![1; 1023]),
        register("the shortest credential id", &["7.1/25"], |c| c.device.id = vec![1]),
        register("a key with an identifier", &["7.1/20"], |c| {
            set_parameter(&mut c.public_key, 2, Cbor::bytes([1]));
        }),
        register("unknown transports", &["7.1/3"], |c| {
            c.body = json!({"response": {"transports": ["carrier-pigeon"]}});
        }),
        register("unknown extension results", &["7.1/3"], |c| {
            c.body = json!({"clientExtensionResults": {"later": {"x": 1}}});
        }),
        register("another attachment than hinted at", &["7.1/3"], |c| {
            c.body = json!({
                "authenticatorAttachment": "cross-platform",
                "response": {"transports": ["internal"]},
            });
        }),
        register("a related origin", &["7.1/9"], |c| c.set_text("origin", RELATED)),
        accepted("an expected frame", &["7.1/10"], |w| {
            let mut browser = w.browser().requesting(json!({"framing": "expected"}));
            browser.register("newcomer", &mut TestCredential::new(3), |c| {
                c.set("crossOrigin", Json::Bool(true));
            })
        }),
        accepted("nobody asked for presence", &["7.1/15"], |w| {
            let mut browser = w.browser().requesting(json!({"mediation": "conditional"}));
            browser.register("newcomer", &mut TestCredential::new(3), |c| c.flags = Flags(0))
        }),
    ]
}
