//! A run with every outcome, for tests.

use passrig_authenticator::Ceremony;

use crate::catalogue::{Action, Catalogue, Check, Index, Need, Product, Scenario};
use crate::outcome::{
    self, Body, CheckResult, Diagnosis, Effect, Exchange, Expectation, Importance, Level, Manner,
    Outcome, Reason, Received, Report, SCHEMA_VERSION, Sent, Setting, SettingValue, Skip,
    StaleExpectation, Staleness, Summary, TargetInfo, Tool, Transcript, Variant, Verdict,
};

pub(crate) fn catalogue() -> Catalogue {
    let origin = Check {
        id: "registration.origin.subdomain".to_owned(),
        chapter: "client-data".to_owned(),
        family: "origin".to_owned(),
        ceremony: Ceremony::Registration,
        sends: "client data whose origin is a subdomain of the RP's, scheme and port kept"
            .to_owned(),
        expects: Expectation::Refused,
        violates: ["7.1/9".to_owned()].into(),
        exercises: [].into(),
        clause: "§7.1 step 9".to_owned(),
        requirement: Some("REG-06".to_owned()),
        level: Level::Must,
        importance: Importance::High,
        importance_for_owner: None,
        implied_by: None,
        why: "A page elsewhere may belong to someone else; accepting it lets that page enrol or \
              use passkeys."
            .to_owned(),
        fix: "Compare the whole origin with the list you serve; do not match parts of it."
            .to_owned(),
        needs: vec![Need::RegistrableDomain],
        authenticator: Product::Platform,
        algorithm: None,
        exclusive: false,
        spoils: false,
        waits: false,
        times: false,
        action: Action::Scenario(Scenario::ReplayedAssertion),
    };
    let port = Check {
        id: "registration.origin.port".to_owned(),
        sends: "client data whose origin has another port".to_owned(),
        needs: Vec::new(),
        ..origin.clone()
    };
    let order = Check {
        id: "registration.client-data.member-order".to_owned(),
        family: "client-data".to_owned(),
        sends: "client data with their members in reverse order".to_owned(),
        expects: Expectation::Accepted,
        violates: [].into(),
        exercises: ["7.1/6".to_owned()].into(),
        clause: "§5.8.1".to_owned(),
        requirement: None,
        level: Level::Should,
        importance: Importance::Low,
        why: "Browsers may write the members in another order tomorrow.".to_owned(),
        fix: "Parse the client data as JSON.".to_owned(),
        ..port.clone()
    };
    let counter = Check {
        id: "authentication.counter.same".to_owned(),
        chapter: "authenticator-data".to_owned(),
        family: "counter".to_owned(),
        ceremony: Ceremony::Authentication,
        sends: "a signature counter that did not grow".to_owned(),
        violates: ["7.2/22".to_owned()].into(),
        clause: "§7.2 step 22".to_owned(),
        requirement: Some("AUT-20".to_owned()),
        level: Level::Policy,
        importance: Importance::Medium,
        why: "It is a sign of a cloned key.".to_owned(),
        fix: "Ask for another factor, or note the event.".to_owned(),
        authenticator: Product::Roaming,
        ..port.clone()
    };
    let uv = Check {
        id: "authentication.uv.absent".to_owned(),
        family: "uv".to_owned(),
        sends: "authenticator data with the UV flag clear although it was required".to_owned(),
        violates: ["7.2/17".to_owned()].into(),
        clause: "§7.2 step 17".to_owned(),
        requirement: Some("AUT-15".to_owned()),
        level: Level::Must,
        needs: vec![
            Need::Setting(Setting::UserVerification, SettingValue::Required),
            Need::TwoAccounts,
        ],
        ..counter.clone()
    };
    let index = Index::builtin().unwrap();
    Catalogue { checks: vec![origin, port, order, counter, uv], index, page: Vec::new() }
}

pub(crate) fn report() -> Report {
    use Outcome::{Error, Fail, Inconclusive, Note, Pass, Skipped, Warn};
    let result = |id: &str, outcome: Outcome| {
        let catalogue = catalogue();
        let check = catalogue.find(id).unwrap();
        CheckResult {
            outcome,
            verdict: Some(Verdict::Refused),
            manner: Some(Manner::ClientError),
            effect: Effect::Absent,
            duration_ms: 1.5,
            ..check.result(Variant::default())
        }
    };
    let accepted = |id: &str, outcome: Outcome| CheckResult {
        verdict: Some(Verdict::Accepted),
        manner: Some(Manner::Ok),
        effect: Effect::Happened,
        ..result(id, outcome)
    };
    let silent = |id: &str, outcome: Outcome, reason: Reason| CheckResult {
        verdict: None,
        manner: None,
        effect: Effect::Unobserved,
        reason: Some(reason),
        ..result(id, outcome)
    };
    let inconclusive = |cause, detail: Option<&str>| Reason::Inconclusive {
        cause,
        detail: detail.map(str::to_owned),
    };
    let unrecognised = inconclusive(
        outcome::Inconclusive::Unrecognised,
        Some(
            "418 with a body that has no `status`; add to the adapter, if that is a refusal: \
             refused = [{ status = [418] }]",
        ),
    );
    let setting = Reason::Skipped {
        skip: Skip::Setting,
        detail: Some("user-verification=required".to_owned()),
    };
    let bracket = inconclusive(outcome::Inconclusive::Bracket, None);
    let checks = vec![
        accepted("registration.origin.subdomain", Fail),
        CheckResult { effect: Effect::Unobserved, ..accepted("registration.origin.port", Fail) },
        CheckResult {
            variant: Variant::new([(Setting::UserVerification, SettingValue::Required)]),
            ..result("registration.origin.port", Pass)
        },
        CheckResult {
            reason: Some("refusal looks like a crash".to_owned().into()),
            manner: Some(Manner::NamedServerError),
            ..result("registration.client-data.member-order", Warn)
        },
        accepted("authentication.counter.same", Note),
        silent("authentication.uv.absent", Skipped, setting),
        silent("registration.origin.subdomain", Inconclusive, unrecognised.clone()),
        silent("registration.origin.port", Inconclusive, unrecognised),
        silent("authentication.counter.same", Inconclusive, bracket),
        silent(
            "authentication.uv.absent",
            Error,
            "the connection was closed before an answer came".to_owned().into(),
        ),
    ];
    Report {
        schema_version: SCHEMA_VERSION,
        tool: Tool { name: "passrig".to_owned(), version: "0.0.0".to_owned() },
        seed: "5eed".to_owned(),
        run_id: "c0ffee".to_owned(),
        target: TargetInfo {
            url: "http://localhost:3000/".to_owned(),
            origin: "https://login.passrig.test".to_owned(),
            adapter: "fido-conformance".to_owned(),
            observed: [("user-verification".to_owned(), "preferred".to_owned())].into(),
        },
        authenticator: None,
        stopped: None,
        summary: Summary::of(&checks),
        checks,
        diagnoses: Vec::new(),
        stale: Vec::new(),
    }
}

/// The run with one cause for two of its failures.
pub(crate) fn diagnosed_report() -> Report {
    let checks = ["registration.origin.subdomain", "registration.origin.port"];
    let diagnosis = Diagnosis {
        mutant: "registration.origin.left-out".to_owned(),
        sentence: "registration: the RP does not compare the origin".to_owned(),
        checks: checks.map(str::to_owned).to_vec(),
    };
    Report { diagnoses: vec![diagnosis], ..report() }
}

/// The run with expectations: one that holds, one that is not needed,
/// and one that is over.
pub(crate) fn expected_report() -> Report {
    let mut report = report();
    for result in report.checks.iter_mut().take(1) {
        result.known = Some("mended with the next release".to_owned());
    }
    let stale = |check: &str, outcome, staleness| StaleExpectation {
        check: check.to_owned(),
        outcome,
        reason: "an old story".to_owned(),
        staleness,
    };
    report.stale = vec![
        stale("*.counter.*", Some(Outcome::Fail), Staleness::Unneeded),
        stale("*.uv.*", None, Staleness::Expired),
    ];
    report
}

pub(crate) fn transcript() -> Transcript {
    let body = |text: &str| Body {
        text: text.to_owned(),
        length: text.len(),
        sha256: "00".repeat(32),
        ..Body::default()
    };
    let honest = Exchange {
        flow: "register".into(),
        step: 1,
        request: Sent {
            method: "POST".to_owned(),
            url: "http://localhost/options".to_owned(),
            headers: Vec::new(),
            body: Some(body("{\"username\":\"alice\"}")),
        },
        response: Some(Received {
            status: 200,
            headers: Vec::new(),
            body: Some(body("<html>\u{1b}[2J\n</html>")),
        }),
        error: None,
        duration_ms: 1,
    };
    let lost = Exchange {
        step: 2,
        request: Sent {
            url: "http://localhost/result".to_owned(),
            body: None,
            ..honest.request.clone()
        },
        response: None,
        error: Some("nobody listens at 127.0.0.1:80".to_owned()),
        ..honest.clone()
    };
    Transcript::new(vec![honest, lost], Some(1))
}
