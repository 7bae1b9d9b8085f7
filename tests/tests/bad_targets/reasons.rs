//! Every level, every outcome and every reason comes of something.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use passrig::outcome::{Importance, Inconclusive, Outcome, Skip};
use passrig::relying_party::{Config, ORIGIN, RP_ID, RelyingParty, mutant};
use passrig_authenticator::env::Seeded;
use serde_json::Value;

use crate::run::{Run, check, check_as};
use crate::server::Act::{Behave, Die};
use crate::server::{Act, Asked, reference, relying_party, say, serving};

/// What a divergence is called depends on the level.
#[tokio::test]
async fn levels() {
    for (id, check_id, outcome, code) in [
        ("registration.origin.left-out", "registration.origin.port", Outcome::Fail, 1),
        (
            "registration.credential-id-length.left-out",
            "registration.credential-id.1024-octets",
            Outcome::Warn,
            0,
        ),
        ("authentication.sign-count.left-out", "authentication.sign-count.lower", Outcome::Note, 0),
        (
            "authentication.authenticator-data.trailing-ignored",
            "authentication.authenticator-data.trailing",
            Outcome::Note,
            0,
        ),
    ] {
        let mutant = mutant::all().into_iter().find(|mutant| mutant.id == id).unwrap();
        let url = serving(reference().with_mutant(mutant), |_| Behave).await;
        let run = check(&url, &format!("--only {check_id}")).await;
        run.exits(code);
        assert_eq!(run.result(check_id).outcome, outcome, "{}", run.out);
    }
}

const NONSENSE: &str = "registration.type.nonsense";

/// One check against a target that is odd in one place.
async fn odd(id: &str, manner: impl Fn(&Asked<'_>) -> Option<Act> + Send + Sync + 'static) -> Run {
    let url = relying_party(move |asked| manner(asked).unwrap_or(Behave)).await;
    check(&url, &format!("--only {id}")).await
}

#[tokio::test]
async fn inconclusive() {
    let mut told = String::new();
    let mut note = |run: &Run, id: &str, why: Inconclusive| {
        let reason = run.told(id);
        assert!(reason.starts_with(&format!("inconclusive: {why}: ")), "{reason}\n{}", run.out);
        told += &format!("{reason}\n");
        // Exhaustive: each has its story below, or in `checks`.
        match why {
            Inconclusive::Setup
            | Inconclusive::Unrecognised
            | Inconclusive::Throttled
            | Inconclusive::Bracket
            | Inconclusive::Control
            | Inconclusive::Interrupted => {}
        }
    };
    let run = odd(NONSENSE, |asked| {
        (asked.is_attempt() && !asked.is_result()).then(|| say(200, "<h1>Down</h1>"))
    });
    note(run.await.exits(1), NONSENSE, Inconclusive::Setup);

    let run = odd(NONSENSE, |asked| {
        (asked.is_attempt() && asked.is_result()).then(|| say(418, "I am a teapot"))
    });
    note(run.await.exits(1), NONSENSE, Inconclusive::Unrecognised);

    let refusal = || say(400, r#"{"status":"failed","errorMessage":"no"}"#);
    let run =
        odd(NONSENSE, move |asked| (asked.check == "twin" && asked.is_result()).then(refusal));
    note(run.await.exits(1), NONSENSE, Inconclusive::Bracket);

    let replayed = "authentication.challenge.replayed";
    let run = odd(replayed, move |asked| {
        (asked.is_attempt() && asked.path == "/assertion/result").then(refusal)
    });
    note(run.await.exits(1), replayed, Inconclusive::Control);

    let run = odd(
        "registration.origin.port --only registration.origin.missing --jobs 1 --restart-wait 0",
        |asked| asked.is_attempt().then_some(Die),
    );
    note(run.await.exits(3), "registration.origin.missing", Inconclusive::Interrupted);
    insta::assert_snapshot!(told, @r"
inconclusive: setup: register step 1 (POST /attestation/options): JSON was due, but the answer (200) is HTML: <h1>Down</h1>
inconclusive: unrecognised: if this was a refusal, add to the adapter: refused = [{ status = [418] }]
inconclusive: bracket: an honest registration before the attempts was not accepted: no
inconclusive: control: it was not accepted: no
inconclusive: interrupted: register step 1 (POST /attestation/options): the target closed the connection without an answer
");
}

/// The honest ceremony after a block fails once: the block runs again.
#[tokio::test]
async fn a_block_is_void_and_runs_again() {
    let twins = AtomicUsize::new(0);
    let run = odd(NONSENSE, move |asked| {
        let is_twin = asked.check == "twin" && asked.path == "/attestation/result";
        let second = is_twin && twins.fetch_add(1, Ordering::SeqCst) == 1;
        second.then(|| say(400, r#"{"status":"failed","errorMessage":"hiccup"}"#))
    });
    let run = run.await;
    assert_eq!(run.exits(0).told(NONSENSE), "pass");
    assert!(run.said.contains("once more"), "{}", run.said);
    let attempts = run.log.iter().filter(|line| line["kind"] == "attempt").count();
    assert_eq!(attempts, 2);
}

/// Browsers treat `sub.localhost` as another origin of this machine.
#[tokio::test]
async fn subdomains_of_localhost_are_tried() {
    let url = "http://localhost:1";
    let local = RelyingParty::new(Config::new(url, "localhost"), Seeded::new("bad targets"));
    let rp = serving(local, |_| Behave).await;
    let run = check(&rp, &format!("--only registration.origin.* --origin {url}")).await;
    for case in ["subdomain", "sibling", "host-as-prefix", "host-as-suffix", "wildcard-host"] {
        let result = run.result(&format!("registration.origin.{case}"));
        assert_eq!(result.outcome, Outcome::Pass, "{case}: {:?}", result.reason);
    }
}

/// The client data name the app, and the options name the RP ID.
#[tokio::test]
async fn an_app_is_a_client() {
    for app in [
        "android:apk-key-hash:pNiP5iKyQ8JwgGOaKA1zGPUPJIS-0H1xKCQcfIoGLck",
        "ios:bundle-id:org.example.app",
    ] {
        let rp = RelyingParty::new(Config::new(app, RP_ID), Seeded::new("bad targets"));
        let rp = serving(rp, |_| Behave).await;
        let run = check(&rp, &format!("--only *.origin.* --origin {app}")).await;
        run.exits(0);
        let foreign = run.result("registration.origin.foreign");
        assert_eq!(foreign.outcome, Outcome::Pass, "{:?}", foreign.reason);
        let port = run.result("registration.origin.port").reason.as_ref().unwrap().to_string();
        assert!(port.contains("the origin of an app has no part"), "{port}");
        let of = |outcome| run.results().iter().filter(|one| one.outcome == outcome).count();
        assert!(of(Outcome::Pass) > 20, "{}", run.out);
        assert_eq!(of(Outcome::Pass) + of(Outcome::Skipped), run.results().len(), "{}", run.out);
        let own_header = run.log.iter().filter(|line| line.to_string().contains("sec-fetch-site"));
        assert_eq!(own_header.count(), 0);
    }
}

#[tokio::test]
async fn skipped() {
    let skipped = |run: Run, id: &str, why: Skip| {
        let told = run.exits(0).told(id);
        let expected = format!("skipped: {why}");
        // A sentence may follow the word.
        assert!(told == expected || told.starts_with(&format!("{expected}: ")), "{told}");
        match why {
            Skip::RegistrableDomain
            | Skip::TwoAccounts
            | Skip::Setting
            | Skip::NotExpressible
            | Skip::Flow
            | Skip::OptIn
            | Skip::Authenticator
            | Skip::Format
            | Skip::Algorithm
            | Skip::Implied
            | Skip::Feature => {}
        }
    };
    let (id, url) = ("registration.origin.parent", "http://localhost:1");
    let local = RelyingParty::new(Config::new(url, "localhost"), Seeded::new("bad targets"));
    let rp = serving(local, |_| Behave).await;
    let run = check(&rp, &format!("--only {id} --origin {url}")).await;
    skipped(run, id, Skip::RegistrableDomain);
    // The origin of an app has no subdomains.
    let (id, url) = ("registration.origin.subdomain", "ios:bundle-id:org.example.app");
    let app = RelyingParty::new(Config::new(url, RP_ID), Seeded::new("bad targets"));
    let rp = serving(app, |_| Behave).await;
    let run = check(&rp, &format!("--only {id} --origin {url}")).await;
    skipped(run, id, Skip::RegistrableDomain);

    let honest = || relying_party(|_| Behave);
    let id = "authentication.credential.of-another-user";
    let single = [("mode = \"fresh\"", "mode = \"single\"")];
    skipped(
        check_as(&honest().await, &format!("--only {id}"), &single).await,
        id,
        Skip::TwoAccounts,
    );

    let id = "registration.user-present.neither";
    let fixed = [(
        "user_verification = { choose = [\"required\", \"preferred\", \"discouraged\"] }",
        "user_verification = { fixed = \"required\" }",
    )];
    skipped(check_as(&honest().await, &format!("--only {id}"), &fixed).await, id, Skip::Setting);
    // And if only the options tell.
    let id = "registration.user-verified.clear-when-required";
    let observed = [(fixed[0].0, "")];
    skipped(check_as(&honest().await, &format!("--only {id}"), &observed).await, id, Skip::Setting);

    let id = "registration.challenge.other-session";
    let sign_up =
        [("[[register]]\n", "[[provision]]\nrequest = \"GET /session\"\n\n[[register]]\n")];
    let run = check_as(&honest().await, &format!("--only {id}"), &sign_up).await;
    skipped(run, id, Skip::Flow);

    let id = "registration.challenge.expired";
    skipped(check(&honest().await, &format!("--only {id}")).await, id, Skip::OptIn);
    let metadata = "registration.metadata-blob.unsigned";
    skipped(check(&honest().await, &format!("--only {metadata}")).await, metadata, Skip::OptIn);
    let timed = "authentication.enumeration.by-time";
    skipped(check(&honest().await, &format!("--only {timed}")).await, timed, Skip::OptIn);
    // Within the time that the options give, nobody is late.
    let run = check(&honest().await, &format!("--only {id} --expiry 299")).await;
    skipped(run, id, Skip::NotExpressible);

    let id = "registration.user-verified.clear-when-required";
    let run = check(&honest().await, &format!("--only {id} --authenticator u2f")).await;
    skipped(run, id, Skip::Authenticator);

    // An RP that trusts nobody.
    let id = "registration.tpm-attestation.magic";
    let config = Config { roots: Vec::new(), ..Config::new(ORIGIN, RP_ID) };
    let distrustful = RelyingParty::new(config, Seeded::new("bad targets"));
    let rp = serving(distrustful, |_| Behave).await;
    skipped(check(&rp, &format!("--only {id}")).await, id, Skip::Format);

    // An RP that offers what it refuses.
    let id = "authentication.signature-p384.another-key";
    let half = odd(id, |asked| {
        let is_twin = asked.check == "twin" && asked.path == "/attestation/result";
        is_twin.then(|| say(400, r#"{"status":"failed","errorMessage":"unknown algorithm"}"#))
    });
    skipped(half.await, id, Skip::Algorithm);
    // An RP without related origins.
    let id = "authentication.related-origins.shape";
    skipped(check(&honest().await, &format!("--only {id}")).await, id, Skip::Feature);

    // A challenge without letters.
    let id = "registration.challenge.case";
    let digits = odd(id, move |asked| {
        let options = r#"{"rp": {"id": "passrig.test", "name": "x"},
            "user": {"id": "AAAA", "name": "a", "displayName": "a"},
            "challenge": "000000000000000000000000",
            "pubKeyCredParams": [{"type": "public-key", "alg": -7}]}"#;
        (asked.check == id && !asked.is_result()).then(|| say(200, options))
    });
    skipped(digits.await, id, Skip::NotExpressible);
    // Pages that do not send the user handle: the plan deviates, and no request does.
    let whole = "json = \"{{credential}}\"\n";
    let without = "json = \"{{credential}}\"\ncredential = { drop = [\"response.userHandle\"] }\n";
    for id in [
        "authentication.credential.named-user-with-unknown-handle",
        "authentication.credential.named-user-with-other-handle",
        "authentication.credential.named-user-with-empty-handle",
    ] {
        let run = check_as(&honest().await, &format!("--only {id}"), &[(whole, without)]).await;
        skipped(run, id, Skip::NotExpressible);
    }
}

/// A variant whose honest ceremonies the target answers and does not accept.
#[tokio::test]
async fn a_setting_without_an_accepted_ceremony_is_skipped() {
    let id = "authentication.credential.handle-empty";
    let is_nameless = |asked: &Asked<'_>| {
        let body: Value = serde_json::from_slice(asked.body).unwrap_or_default();
        asked.path == "/assertion/options" && body.get("username").is_none()
    };
    for status in [400, 404, 500] {
        let refusal = r#"{"status":"failed","errorMessage":"username is missing"}"#;
        let run = odd(id, move |asked| is_nameless(asked).then(|| say(status, refusal))).await;
        let told = run.exits(0).told(id);
        assert!(told.starts_with("skipped: setting: ") && told.ends_with("missing"), "{told}");
    }
    // A connection that fails says nothing about the setting.
    let run = odd(id, move |asked| is_nameless(asked).then_some(Act::Close)).await;
    let told = run.exits(1).told(id);
    assert!(told.starts_with("inconclusive: bracket: "), "{told}");
    // Nor does a target that no longer accepts another setting.
    let is_gone = AtomicBool::new(false);
    let gone = move |asked: &Asked<'_>| {
        is_gone.fetch_or(is_nameless(asked), Ordering::SeqCst);
        let is_begun = asked.path.ends_with("/options");
        (is_begun && is_gone.load(Ordering::SeqCst)).then(|| say(500, r#"{"status":"failed"}"#))
    };
    let told = odd(id, gone).await.exits(1).told(id);
    assert!(told.starts_with("inconclusive: bracket: "), "{told}");
    // One failure may be chance.
    let count = AtomicUsize::new(0);
    let once = move |asked: &Asked<'_>| {
        let is_first = is_nameless(asked) && count.fetch_add(1, Ordering::SeqCst) == 0;
        is_first.then(|| say(400, r#"{"status":"failed"}"#))
    };
    assert_eq!(odd(id, once).await.exits(0).told(id), "pass");
}

/// An RP that reports one user for everybody does not show whose account was entered.
#[tokio::test]
async fn a_user_who_is_reported_for_everybody_is_not_the_owner() {
    let name = "authentication.user-handle.handle-alone";
    let mutant = mutant::all().into_iter().find(|mutant| mutant.id == name).unwrap();
    let everybody = |asked: &Asked<'_>| match asked.path {
        "/session" => say(200, r#"{"signedIn":true,"username":"member"}"#),
        _ => Behave,
    };
    let url = serving(reference().with_mutant(mutant), everybody).await;
    let id = "authentication.credential.handle-of-another-user";
    let run = check(&url, &format!("--only {id}")).await;
    assert_eq!(run.result(id).importance, Importance::Critical, "{:?}", run.result(id));
}

/// Checks that can stop the target come last, and are reported in the order of the catalogue.
#[tokio::test]
async fn taxing_checks_run_last() {
    let ids = [
        "registration.client-data.nested",
        "registration.type.nonsense",
        "registration.user-present.clear",
        "authentication.signature.flipped",
    ];
    let url = relying_party(|_| Behave).await;
    let only: Vec<_> = ids.iter().map(|id| format!("--only {id}")).collect();
    let run = check(&url, &format!("--jobs 1 {}", only.join(" "))).await;
    run.exits(0);
    let attempts = run.log.iter().filter(|line| line["kind"] == "attempt");
    let attempts: Vec<_> = attempts.filter_map(|line| line["check"]["id"].as_str()).collect();
    assert_eq!(attempts.last(), Some(&"registration.client-data.nested"), "{attempts:?}");
    let reported = run.report.as_ref().unwrap()["checks"].as_array().unwrap().clone();
    let reported: Vec<_> = reported.iter().filter_map(|check| check["id"].as_str()).collect();
    let place = |id: &str| reported.iter().position(|one| *one == id).unwrap();
    assert!(place(ids[0]) < place(ids[3]), "{reported:?}");
}

/// The failures of one fault have the fault as their diagnosis, and are all reported.
#[tokio::test]
async fn one_fault_is_one_diagnosis() {
    let name = "registration.origin.left-out";
    let mutant = mutant::all().into_iter().find(|mutant| mutant.id == name).unwrap();
    let url = serving(reference().with_mutant(mutant), |_| Behave).await;
    let run = check(&url, "--only registration.origin --only registration.type").await;
    let report = run.exits(1).report.as_ref().unwrap();
    let diagnoses = report["diagnoses"].as_array().unwrap();
    assert_eq!(diagnoses.len(), 1, "{diagnoses:?}");
    assert_eq!(diagnoses[0]["mutant"], name);
    let explained = diagnoses[0]["checks"].as_array().unwrap().len();
    let failed = report["summary"]["fail"].as_u64().unwrap() as usize;
    assert!(failed > 20 && failed == explained, "{failed} failures, {explained} explained");
    let cause =
        "registration: the RP does not establish that the origin is one that the RP expects";
    let flat = run.out.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(flat.contains(&format!("{cause}: the likely cause of {failed} checks")), "{}", run.out);
    let listed = run.out.lines().filter(|line| line.starts_with("  fail  registration.origin"));
    assert_eq!(listed.count(), failed, "{}", run.out);
}
