//! Attempts, and the steps that each of them violates.

use std::time::Duration;

use passrig_authenticator::wire::authenticator_data::AttestedCredentialData;
use passrig_authenticator::wire::base64url::encode;
use passrig_authenticator::wire::{Cbor, Flags, Json};
use serde_json::json;

use crate::relying_party::in_process::RELATED;

use super::world::{
    AttemptOutcome, ClientDataEdit, Create, Get, ORIGIN, RP_ID, SignatureChoice, TestCredential,
    TestWorld,
};

/// One attempt in a new world.
pub(super) struct TestCase {
    pub(super) name: &'static str,
    /// The steps that the audit names, with spaces between them.
    pub(super) violates: &'static str,
    /// For stories that violate nothing: the steps that must not mind.
    pub(super) tries: &'static [&'static str],
    pub(super) play: Box<dyn Fn(&TestWorld) -> AttemptOutcome>,
}

pub(super) fn all() -> Vec<TestCase> {
    let mut all = client_data();
    all.extend(authenticator_data());
    all.extend(registrations());
    all.extend(registrations_to_accept());
    all.extend(challenges());
    all.extend(credentials());
    all.extend(assertions());
    all.extend(assertions_to_accept());
    all
}

fn story(
    name: &'static str,
    violates: &'static str,
    play: impl Fn(&TestWorld) -> AttemptOutcome + 'static,
) -> TestCase {
    TestCase { name, violates, tries: &[], play: Box::new(play) }
}

fn accepted(
    name: &'static str,
    tries: &'static [&'static str],
    play: impl Fn(&TestWorld) -> AttemptOutcome + 'static,
) -> TestCase {
    TestCase { name, violates: "", tries, play: Box::new(play) }
}

/// The same edit of the client data in both ceremonies.
fn both(
    name: &'static str,
    violates: [&'static str; 2],
    edit: impl Fn(&mut dyn ClientDataEdit) + Clone + 'static,
) -> [TestCase; 2] {
    let again = edit.clone();
    [
        story(name, violates[0], move |w| w.register(|c| edit(c))),
        story(name, violates[1], move |w| w.sign_in(|g| again(g))),
    ]
}

fn client_data() -> Vec<TestCase> {
    const ORIGINS: [&str; 9] = [
        "https://evil-login.passrig.test",
        "https://login.passrig.test.evil.example",
        "https://evil.example/login.passrig.test/",
        "http://login.passrig.test",
        "https://login.passrig.test:8443",
        "HTTPS://LOGIN.PASSRIG.TEST",
        "https://sub.login.passrig.test",
        "https://passrig.test",
        "null",
    ];
    let origins = ORIGINS.into_iter().flat_map(|origin| {
        both(origin, ["7.1/9", "7.2/12"], move |p| p.set_text("origin", origin))
    });
    let header = |origin: &'static str| {
        [
            story("origin and header lie", "7.1/9", move |w| {
                w.register(|c| {
                    c.set_text("origin", origin);
                    c.origin_header = Some(origin.into());
                })
            }),
            story("origin and header lie", "7.2/12", move |w| {
                w.sign_in(|g| {
                    g.set_text("origin", origin);
                    g.origin_header = Some(origin.into());
                })
            }),
        ]
    };
    const TYPE: [&str; 2] = ["7.1/7", "7.2/10"];
    const CHALLENGE: [&str; 2] = ["7.1/8", "7.2/11"];
    const CROSS_ORIGIN: [&str; 2] = ["7.1/10", "7.2/13"];
    const TOP_ORIGIN: [&str; 2] = ["7.1/11", "7.2/14"];
    let edits: [[TestCase; 2]; 14] = [
        both("no origin", ["7.1/9", "7.2/12"], |p| p.unset("origin")),
        both("other type", TYPE, |p| p.set_text("type", "webauthn.other")),
        both("upper-case type", TYPE, |p| {
            let kind = p.client()[0].1.as_text().unwrap();
            p.set_text("type", &kind.to_uppercase());
        }),
        both("no type", TYPE, |p| p.unset("type")),
        both("no challenge", CHALLENGE, |p| p.unset("challenge")),
        both("numeric challenge", CHALLENGE, |p| p.set("challenge", Json::Number(1.into()))),
        both("another challenge", CHALLENGE, |p| p.set_text("challenge", &encode(&[7; 32]))),
        both("empty challenge", CHALLENGE, |p| p.set_text("challenge", "")),
        both("truncated challenge", CHALLENGE, |p| {
            let challenge = p.challenge();
            p.set_text("challenge", &challenge[..8]);
        }),
        both("padded challenge", CHALLENGE, |p| {
            let challenge = p.challenge();
            p.set_text("challenge", &format!("{challenge}="));
        }),
        both("challenge in another case", CHALLENGE, |p| {
            let challenge = p.challenge();
            p.set_text("challenge", &challenge.to_uppercase());
        }),
        both("framed", CROSS_ORIGIN, |p| p.set("crossOrigin", Json::Bool(true))),
        both("framed in words", CROSS_ORIGIN, |p| p.set_text("crossOrigin", "true")),
        both("top-level origin", TOP_ORIGIN, |p| p.set_text("topOrigin", ORIGIN)),
    ];
    let not_json = json!({"response": {"clientDataJSON": encode(b"{\"type\"")}});
    let array = json!({"response": {"clientDataJSON": encode(b"[]")}});
    let unreadable = [
        story("client data are cut", "7.1/6", move |w| w.register(|c| c.body = not_json.clone())),
        story("client data are an array", "7.1/6", move |w| w.register(|c| c.body = array.clone())),
        // The stray octet is signed, so that nothing else is wrong.
        story("client data have a member without a value", "7.2/9", |w| {
            w.sign_in(|g| g.set("x", Json::Raw(Vec::new())))
        }),
    ];
    origins
        .chain(header("https://evil.example"))
        .chain(edits.into_iter().flatten())
        .chain(unreadable)
        .collect()
}

fn authenticator_data() -> Vec<TestCase> {
    fn hashes(text: &'static str) -> [TestCase; 2] {
        [
            story("RP id hash of another text", "7.1/14", move |w| {
                w.register(|c| c.rp_id = text.into())
            }),
            story("RP id hash of another text", "7.2/15", move |w| {
                w.sign_in(|g| g.rp_id = text.into())
            }),
        ]
    }
    let flags = |name, violates: [&'static str; 2], flags: u8, wishes: [serde_json::Value; 2]| {
        let [creation, request] = wishes;
        [
            story(name, violates[0], move |w| {
                let mut browser = w.browser().wishing(creation.clone());
                browser
                    .register("newcomer", &mut TestCredential::new(3), |c| c.flags = Flags(flags))
            }),
            story(name, violates[1], move |w| {
                let mut browser = w.browser().wishing(request.clone());
                browser.sign_in(Some("alice"), &w.alice, |g| g.flags = Flags(flags))
            }),
        ]
    };
    let nothing = || [json!({}), json!({})];
    let required = [
        json!({"authenticatorSelection": {"userVerification": "required"}}),
        json!({"userVerification": "required"}),
    ];
    let present = ["7.1/15", "7.2/16"];
    let mut all: Vec<_> =
        ["test", "sub.passrig.test", ORIGIN, "evil.example"].into_iter().flat_map(hashes).collect();
    all.extend(flags("user absent", present, 0, nothing()));
    all.extend(flags("user verified and absent", present, Flags::UV, nothing()));
    all.extend(flags("user not verified", ["7.1/16", "7.2/17"], Flags::UP, required));
    let backed_up = Flags::UP | Flags::BS;
    all.extend(flags("backed up, not eligible", ["7.1/17", "7.2/18"], backed_up, nothing()));
    all
}

fn registrations() -> Vec<TestCase> {
    fn statement(name: &'static str, edit: impl Fn(&mut Create) + 'static) -> TestCase {
        story(name, "8.2/3b", move |w| {
            w.register(|c| {
                c.fmt = "packed";
                edit(c);
            })
        })
    }
    vec![
        story("credential of another type", "7.1/3", |w| {
            w.register(|c| c.body = json!({"type": "password"}))
        }),
        story("id is not rawId", "7.1/3", |w| w.register(|c| c.body = json!({"id": "AAAA"}))),
        story("padded rawId", "7.1/3", |w| w.register(|c| c.body = json!({"rawId": "AAAA=="}))),
        story("no object", "7.1/3", |w| {
            w.register(|c| c.body = json!({"response": {"attestationObject": null}}))
        }),
        story("octets after the attestation object", "7.1/13", |w| {
            w.register(|c| c.trailing = vec![0])
        }),
        story("attestation object is text", "7.1/13", |w| {
            w.register(|c| c.body = json!({"response": {"attestationObject": encode(b"\x61a")}}))
        }),
        story("algorithm that was not offered", "7.1/20", |w| {
            w.register(|c| set_parameter(&mut c.public_key, 3, Cbor::int(-257)))
        }),
        story("point off the curve", "7.1/20", |w| {
            w.register(|c| set_parameter(&mut c.public_key, -3, Cbor::bytes([1; 32])))
        }),
        story("self attestation by a key that was not asked for", "7.1/20", |w| {
            w.register(|c| {
                c.fmt = "packed";
                set_parameter(&mut c.public_key, 3, Cbor::int(-257));
                let sig = Cbor::bytes([0; 70]);
                let statement = [(Cbor::text("alg"), Cbor::int(-257)), (Cbor::text("sig"), sig)];
                c.statement = Some(Cbor::map(statement));
            })
        }),
        story("unknown format", "7.1/21", |w| w.register(|c| c.fmt = "x-test")),
        story("format in another case", "7.1/21", |w| w.register(|c| c.fmt = "None")),
        story("statement of the format none", "8.7/syntax", |w| {
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
        story("self attestation without a signature", "8.2/1", |w| {
            w.register(|c| {
                c.fmt = "packed";
                c.statement = Some(Cbor::map([(Cbor::text("alg"), Cbor::int(-7))]));
            })
        }),
        story("no attestation, though demanded", "7.1/24a", |w| {
            let mut browser = w.browser().wishing(json!({"attestation": "direct"}));
            browser.register("newcomer", &mut TestCredential::new(3), |_| ())
        }),
        story("long credential id", "7.1/25", |w| w.register(|c| c.device.id = vec![1; 1024])),
        story("empty credential id", "7.1/25", |w| w.register(|c| c.device.id.clear())),
        story("another account's credential id", "7.1/26", |w| {
            let id = w.alice.id.clone();
            let mut outcome = w.register(|c| c.device.id = id);
            outcome.credentials += w.sign_in(|_| ()).credentials;
            outcome
        }),
        story("the account's own credential id", "7.1/26", |w| {
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

fn registrations_to_accept() -> Vec<TestCase> {
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
            let mut browser = w.browser().wishing(json!({"framing": "expected"}));
            browser.register("newcomer", &mut TestCredential::new(3), |c| {
                c.set("crossOrigin", Json::Bool(true));
            })
        }),
        accepted("nobody asked for presence", &["7.1/15"], |w| {
            let mut browser = w.browser().wishing(json!({"mediation": "conditional"}));
            browser.register("newcomer", &mut TestCredential::new(3), |c| c.flags = Flags(0))
        }),
    ]
}

fn challenges() -> Vec<TestCase> {
    vec![
        story("answered challenge, again", "7.1/8", |w| {
            let mut browser = w.browser();
            let options = browser.registration_options("newcomer");
            browser.finish_registration(&options, &mut TestCredential::new(3), |_| ());
            browser.finish_registration(&options, &mut TestCredential::new(4), |_| ())
        }),
        story("answered challenge, again", "7.2/11", |w| {
            let mut browser = w.browser();
            let options = browser.authentication_options(Some("alice"));
            browser.finish_sign_in(&options, &w.alice, |_| ());
            browser.finish_sign_in(&options, &w.alice, |g| g.device.count = 99)
        }),
        story("superseded challenge", "7.1/8", |w| {
            let mut browser = w.browser();
            let options = browser.registration_options("newcomer");
            browser.registration_options("newcomer");
            browser.finish_registration(&options, &mut TestCredential::new(3), |_| ())
        }),
        story("superseded challenge", "7.2/11", |w| {
            let mut browser = w.browser();
            let options = browser.authentication_options(Some("alice"));
            browser.authentication_options(Some("alice"));
            browser.finish_sign_in(&options, &w.alice, |_| ())
        }),
        story("expired challenge", "7.1/8", |w| {
            let mut browser = w.browser();
            let options = browser.registration_options("newcomer");
            w.clock.advance(Duration::from_secs(300));
            browser.finish_registration(&options, &mut TestCredential::new(3), |_| ())
        }),
        story("expired challenge", "7.2/11", |w| {
            let mut browser = w.browser();
            let options = browser.authentication_options(Some("alice"));
            w.clock.advance(Duration::from_secs(300));
            browser.finish_sign_in(&options, &w.alice, |_| ())
        }),
        accepted("challenge that is nearly too old", &["7.1/8"], |w| {
            let mut browser = w.browser();
            let options = browser.registration_options("newcomer");
            w.clock.advance(Duration::from_secs(200));
            browser.finish_registration(&options, &mut TestCredential::new(3), |_| ())
        }),
        story("challenge of another session", "7.1/8", |w| {
            let options = w.browser().registration_options("newcomer");
            w.browser().finish_registration(&options, &mut TestCredential::new(3), |_| ())
        }),
        story("challenge of another session", "7.2/11", |w| {
            let options = w.browser().authentication_options(Some("alice"));
            w.browser().finish_sign_in(&options, &w.alice, |_| ())
        }),
        story("challenges of two sessions swapped", "7.2/11", |w| {
            let options = w.browser().authentication_options(Some("alice"));
            let mut browser = w.browser();
            browser.authentication_options(Some("alice"));
            browser.finish_sign_in(&options, &w.alice, |_| ())
        }),
        story("challenge of an authentication", "7.1/8", |w| {
            let mut browser = w.browser();
            let other = browser.authentication_options(None)["challenge"].clone();
            browser.register("newcomer", &mut TestCredential::new(3), |c| {
                c.set_text("challenge", other.as_str().unwrap());
            })
        }),
        story("challenge of a registration", "7.2/11", |w| {
            let mut browser = w.browser();
            let other = browser.registration_options("newcomer")["challenge"].clone();
            browser.sign_in(Some("alice"), &w.alice, |g| {
                g.set_text("challenge", other.as_str().unwrap());
            })
        }),
    ]
}

fn credentials() -> Vec<TestCase> {
    vec![
        story("another account's credential", "7.2/5 7.2/6a", |w| {
            let mallory = w.mallory.clone();
            w.browser().sign_in(Some("alice"), &mallory, |g| g.user_handle = None)
        }),
        story("another account's credential and handle", "7.2/5 7.2/6a", |w| {
            w.browser().sign_in(Some("alice"), &w.mallory, |_| ())
        }),
        story("unknown account", "7.2/5 7.2/6a", |w| {
            w.browser().sign_in(Some("nobody"), &w.alice, |_| ())
        }),
        story("credential that came after the options", "7.2/5", |w| {
            let mut early = w.browser();
            let options = early.authentication_options(Some("alice"));
            let mut browser = w.browser();
            browser.sign_in(Some("alice"), &w.alice, |_| ());
            let mut second = TestCredential::new(4);
            browser.register("alice", &mut second, |_| ());
            early.finish_sign_in(&options, &second, |_| ())
        }),
        story("deleted credential", "7.2/6a", |w| {
            let mut early = w.browser();
            let options = early.authentication_options(Some("alice"));
            let mut browser = w.browser();
            browser.sign_in(Some("alice"), &w.alice, |_| ());
            let own = format!("/credentials/{}?confirm=true", encode(&w.alice.id));
            browser.send("DELETE", &own, "", None);
            early.finish_sign_in(&options, &w.alice, |_| ())
        }),
        story("another account's handle", "7.2/6a", |w| {
            let handle = w.mallory.handle.clone();
            w.sign_in(|g| g.user_handle = Some(handle))
        }),
        story("the beginning of the handle", "7.2/6a", |w| {
            w.sign_in(|g| g.user_handle = Some(w.alice.handle[..8].to_vec()))
        }),
        story("nobody named, no handle", "7.2/6b", |w| {
            w.discover(&w.alice, |g| g.user_handle = None)
        }),
        story("nobody named, another account's handle", "7.2/6b", |w| {
            let handle = w.alice.handle.clone();
            w.discover(&w.mallory, |g| g.user_handle = Some(handle))
        }),
        story("nobody named, the beginning of the handle", "7.2/6b", |w| {
            w.discover(&w.alice, |g| g.user_handle = Some(w.alice.handle[..8].to_vec()))
        }),
        story("nobody named, unknown credential", "7.2/6b", |w| {
            w.discover(&TestCredential::new(9), |_| ())
        }),
    ]
}

fn assertions() -> Vec<TestCase> {
    fn sign_in(
        name: &'static str,
        violates: &'static str,
        edit: impl Fn(&mut Get) + 'static,
    ) -> TestCase {
        story(name, violates, move |w| w.sign_in(|g| edit(g)))
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

fn assertions_to_accept() -> Vec<TestCase> {
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
            let mut browser = w.browser().wishing(json!({"framing": "expected"}));
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
