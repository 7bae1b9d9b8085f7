//! Attempts to sign in.

use passrig_authenticator::wire::authenticator_data::AttestedCredentialData;
use passrig_authenticator::wire::base64url::encode;
use passrig_authenticator::wire::{Flags, Json};
use serde_json::json;

use super::super::world::{ClientDataEdit, Get, RP_ID, SignatureChoice, TestCredential};
use super::{TestCase, accepted, case};
use crate::relying_party::in_process::RELATED;

pub(super) fn assertions() -> Vec<TestCase> {
    fn sign_in(
        name: &'static str,
        violates: &'static str,
        edit: impl Fn(&mut Get) + 'static,
    ) -> TestCase {
        case(name, violates, move |w| w.sign_in(|g| edit(g)))
    }
    const SIGNATURE: &str = "7.2/21";
    vec![
        sign_in("credential of another type", "7.2/3", |g| g.body = json!({"type": "password"})),
        sign_in("no signature", "7.2/3", |g| g.body = json!({"response": {"signature": null}})),
        sign_in("octets after the authenticator data", "7.2/15", |g| g.trailing = vec![0]),
        sign_in("eligible for backup since", "7.2/19", |g| g.flags = g.flags.with(Flags::BE, true)),
        sign_in("another key", SIGNATURE, |g| g.device.key = TestCredential::new(9).key),
        sign_in("empty signature", SIGNATURE, |g| g.signature = SignatureChoice::Empty),
        sign_in("garbled signature", SIGNATURE, |g| g.signature = SignatureChoice::Garbage),
        sign_in("signature over the data alone", SIGNATURE, |g| {
            g.signature = SignatureChoice::DataOnly
        }),
        sign_in("signature over something else", SIGNATURE, |g| {
            g.signature = SignatureChoice::Other
        }),
        sign_in("another key, attested", SIGNATURE, |g| {
            g.device.key = TestCredential::new(9).key;
            g.attested = Some(AttestedCredentialData {
                aaguid: [0; 16],
                credential_id: g.device.id.clone(),
                public_key: g.device.key.public_key().to_cbor(),
            });
        }),
        sign_in("another key, sent along as COSE", SIGNATURE, |g| {
            g.device.key = TestCredential::new(9).key;
            let key = g.device.key.public_key().to_cbor().render();
            g.body = json!({"response": {"publicKey": encode(&key)}});
        }),
        sign_in("another key, sent along as SPKI", SIGNATURE, |g| {
            g.device.key = TestCredential::new(9).key;
            let key =
                passrig_authenticator::keys::subject_public_key_info(&g.device.key.public_key());
            g.body = json!({"response": {"publicKey": encode(&key.unwrap())}});
        }),
        sign_in("counter stands still", "7.2/22", |g| g.device.count -= 1),
        sign_in("counter falls to zero", "7.2/22", |g| g.device.count = 0),
    ]
}

pub(super) fn assertions_to_accept() -> Vec<TestCase> {
    let sign_in = |name, tries, edit: fn(&mut Get)| accepted(name, tries, move |w| w.sign_in(edit));
    vec![
        sign_in("honest authentication", &[], |_| ()),
        accepted("honest discoverable authentication", &[], |w| w.discover(&w.alice, |_| ())),
        sign_in("client data in another order", &["7.2/9"], |g| g.client.reverse()),
        sign_in("client data with more members", &["7.2/9"], |g| g.set("later", Json::Null)),
        sign_in("client data with a byte order mark", &["7.2/9"], |g| g.bom = true),
        sign_in("client data without crossOrigin", &["7.2/13"], |g| g.unset("crossOrigin")),
        sign_in("no user handle", &["7.2/6a"], |g| g.user_handle = None),
        sign_in("user not verified", &["7.2/17"], |g| g.flags = Flags(Flags::UP)),
        sign_in("a high s", &["7.2/21"], |g| g.signature = SignatureChoice::HighS),
        sign_in("unknown extension results", &["7.2/3"], |g| {
            g.body = json!({"clientExtensionResults": {"later": {"x": 1}}});
        }),
        accepted("another attachment than hinted at", &["7.2/3"], |w| {
            let mut device = TestCredential::new(3);
            w.browser().register("newcomer", &mut device, |c| {
                c.body = json!({"response": {"transports": ["internal"]}});
            });
            w.browser().sign_in(Some("newcomer"), &device, |g| {
                g.body = json!({"authenticatorAttachment": "cross-platform"});
            })
        }),
        sign_in("a related origin", &["7.2/12"], |g| g.set_text("origin", RELATED)),
        accepted("an expected frame", &["7.2/13"], |w| {
            let mut browser = w.browser().requesting(json!({"framing": "expected"}));
            browser.sign_in(Some("alice"), &w.alice, |g| g.set("crossOrigin", Json::Bool(true)))
        }),
        sign_in("RP id as it is", &["7.2/15"], |g| g.rp_id = RP_ID.into()),
        accepted("an authenticator that does not count", &["7.2/22"], |w| {
            let mut browser = w.browser();
            let mut device = TestCredential { count: 0, ..TestCredential::new(3) };
            browser.register("newcomer", &mut device, |_| ());
            w.browser().sign_in(Some("newcomer"), &device, |g| g.device.count = 0)
        }),
    ]
}
