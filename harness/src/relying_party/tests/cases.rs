//! Attempts, and the steps that each of them violates.

mod assertions;
mod registrations;

use std::time::Duration;

use passrig_authenticator::wire::base64url::encode;
use passrig_authenticator::wire::{Flags, Json};
use serde_json::json;

use super::world::{AttemptOutcome, ClientDataEdit, ORIGIN, TestCredential, TestWorld};

/// One attempt in a new world.
pub(super) struct TestCase {
    pub(super) name: &'static str,
    /// The steps that the audit names, with spaces between them.
    pub(super) violates: &'static str,
    /// For cases that violate nothing: the steps that must not mind.
    pub(super) tries: &'static [&'static str],
    pub(super) run: Box<dyn Fn(&TestWorld) -> AttemptOutcome>,
}

pub(super) fn all() -> Vec<TestCase> {
    let mut all = client_data();
    all.extend(authenticator_data());
    all.extend(registrations::registrations());
    all.extend(registrations::registrations_to_accept());
    all.extend(challenges());
    all.extend(credentials());
    all.extend(assertions::assertions());
    all.extend(assertions::assertions_to_accept());
    all
}

fn case(
    name: &'static str,
    violates: &'static str,
    run: impl Fn(&TestWorld) -> AttemptOutcome + 'static,
) -> TestCase {
    TestCase { name, violates, tries: &[], run: Box::new(run) }
}

fn accepted(
    name: &'static str,
    tries: &'static [&'static str],
    run: impl Fn(&TestWorld) -> AttemptOutcome + 'static,
) -> TestCase {
    TestCase { name, violates: "", tries, run: Box::new(run) }
}

/// One edit of the client data in both ceremonies.
fn both(
    name: &'static str,
    violates: [&'static str; 2],
    edit: impl Fn(&mut dyn ClientDataEdit) + Clone + 'static,
) -> [TestCase; 2] {
    let again = edit.clone();
    [
        case(name, violates[0], move |w| w.register(|c| edit(c))),
        case(name, violates[1], move |w| w.sign_in(|g| again(g))),
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
            case("origin and header lie", "7.1/9", move |w| {
                w.register(|c| {
                    c.set_text("origin", origin);
                    c.origin_header = Some(origin.into());
                })
            }),
            case("origin and header lie", "7.2/12", move |w| {
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
        case("client data are cut", "7.1/6", move |w| w.register(|c| c.body = not_json.clone())),
        case("client data are an array", "7.1/6", move |w| w.register(|c| c.body = array.clone())),
        // The stray byte is signed, so that nothing else is wrong.
        case("client data have a member without a value", "7.2/9", |w| {
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
            case("RP id hash of another text", "7.1/14", move |w| {
                w.register(|c| c.rp_id = text.into())
            }),
            case("RP id hash of another text", "7.2/15", move |w| {
                w.sign_in(|g| g.rp_id = text.into())
            }),
        ]
    }
    let flags =
        |name, violates: [&'static str; 2], flags: u8, requested: [serde_json::Value; 2]| {
            let [creation, request] = requested;
            [
                case(name, violates[0], move |w| {
                    let mut browser = w.browser().requesting(creation.clone());
                    browser.register("newcomer", &mut TestCredential::new(3), |c| {
                        c.flags = Flags(flags)
                    })
                }),
                case(name, violates[1], move |w| {
                    let mut browser = w.browser().requesting(request.clone());
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

fn challenges() -> Vec<TestCase> {
    vec![
        case("answered challenge, again", "7.1/8", |w| {
            let mut browser = w.browser();
            let options = browser.registration_options("newcomer");
            browser.finish_registration(&options, &mut TestCredential::new(3), |_| ());
            browser.finish_registration(&options, &mut TestCredential::new(4), |_| ())
        }),
        case("answered challenge, again", "7.2/11", |w| {
            let mut browser = w.browser();
            let options = browser.authentication_options(Some("alice"));
            browser.finish_sign_in(&options, &w.alice, |_| ());
            browser.finish_sign_in(&options, &w.alice, |g| g.device.count = 99)
        }),
        case("superseded challenge", "7.1/8", |w| {
            let mut browser = w.browser();
            let options = browser.registration_options("newcomer");
            browser.registration_options("newcomer");
            browser.finish_registration(&options, &mut TestCredential::new(3), |_| ())
        }),
        case("superseded challenge", "7.2/11", |w| {
            let mut browser = w.browser();
            let options = browser.authentication_options(Some("alice"));
            browser.authentication_options(Some("alice"));
            browser.finish_sign_in(&options, &w.alice, |_| ())
        }),
        case("expired challenge", "7.1/8", |w| {
            let mut browser = w.browser();
            let options = browser.registration_options("newcomer");
            w.clock.advance(Duration::from_secs(300));
            browser.finish_registration(&options, &mut TestCredential::new(3), |_| ())
        }),
        case("expired challenge", "7.2/11", |w| {
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
        case("challenge of another session", "7.1/8", |w| {
            let options = w.browser().registration_options("newcomer");
            w.browser().finish_registration(&options, &mut TestCredential::new(3), |_| ())
        }),
        case("challenge of another session", "7.2/11", |w| {
            let options = w.browser().authentication_options(Some("alice"));
            w.browser().finish_sign_in(&options, &w.alice, |_| ())
        }),
        case("challenges of two sessions swapped", "7.2/11", |w| {
            let options = w.browser().authentication_options(Some("alice"));
            let mut browser = w.browser();
            browser.authentication_options(Some("alice"));
            browser.finish_sign_in(&options, &w.alice, |_| ())
        }),
        case("challenge of an authentication", "7.1/8", |w| {
            let mut browser = w.browser();
            let other = browser.authentication_options(None)["challenge"].clone();
            browser.register("newcomer", &mut TestCredential::new(3), |c| {
                c.set_text("challenge", other.as_str().unwrap());
            })
        }),
        case("challenge of a registration", "7.2/11", |w| {
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
        case("another account's credential", "7.2/5 7.2/6a", |w| {
            let mallory = w.mallory.clone();
            w.browser().sign_in(Some("alice"), &mallory, |g| g.user_handle = None)
        }),
        case("another account's credential and handle", "7.2/5 7.2/6a", |w| {
            w.browser().sign_in(Some("alice"), &w.mallory, |_| ())
        }),
        case("unknown account", "7.2/5 7.2/6a", |w| {
            w.browser().sign_in(Some("nobody"), &w.alice, |_| ())
        }),
        case("credential that came after the options", "7.2/5", |w| {
            let mut early = w.browser();
            let options = early.authentication_options(Some("alice"));
            let mut browser = w.browser();
            browser.sign_in(Some("alice"), &w.alice, |_| ());
            let mut second = TestCredential::new(4);
            browser.register("alice", &mut second, |_| ());
            early.finish_sign_in(&options, &second, |_| ())
        }),
        case("deleted credential", "7.2/6a", |w| {
            let mut early = w.browser();
            let options = early.authentication_options(Some("alice"));
            let mut browser = w.browser();
            browser.sign_in(Some("alice"), &w.alice, |_| ());
            let own = format!("/credentials/{}?confirm=true", encode(&w.alice.id));
            browser.send("DELETE", &own, "", None);
            early.finish_sign_in(&options, &w.alice, |_| ())
        }),
        case("another account's handle", "7.2/6a", |w| {
            let handle = w.mallory.handle.clone();
            w.sign_in(|g| g.user_handle = Some(handle))
        }),
        case("the beginning of the handle", "7.2/6a", |w| {
            w.sign_in(|g| g.user_handle = Some(w.alice.handle[..8].to_vec()))
        }),
        case("nobody named, no handle", "7.2/6b", |w| {
            w.discover(&w.alice, |g| g.user_handle = None)
        }),
        case("nobody named, another account's handle", "7.2/6b", |w| {
            let handle = w.alice.handle.clone();
            w.discover(&w.mallory, |g| g.user_handle = Some(handle))
        }),
        case("nobody named, the beginning of the handle", "7.2/6b", |w| {
            w.discover(&w.alice, |g| g.user_handle = Some(w.alice.handle[..8].to_vec()))
        }),
        case("nobody named, unknown credential", "7.2/6b", |w| {
            w.discover(&TestCredential::new(9), |_| ())
        }),
    ]
}
