//! Every simulation against real relying parties: what is told is what the snapshots say, and every finding is explained.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "what serves a test may fail it"
)]

use std::sync::Arc;
use std::time::Duration;

use passrig::catalogue::Catalogue;
use passrig::report::Paint;
use passrig::simulate::{self, Audience, Options, Simulation, Story, Teller};
use passrig::target::network::{Network, Settings, Trust};
use passrig::target::transport::Limits;
use passrig::target::{Target, profile};
use passrig_tests::rps::{self, HOST, Running};

mod expected;

use expected::FINDINGS;

struct Nobody;

impl Audience for Nobody {}

#[tokio::test(flavor = "multi_thread")]
async fn py_webauthn() {
    all("py-webauthn", "webauthn-io").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn go_webauthn() {
    all("go-webauthn", "go-webauthn-example").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn django_otp_webauthn() {
    all("django-otp-webauthn", "django-otp-webauthn").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn webauthn_rs() {
    all("webauthn-rs", "webauthn-rs-tutorial").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn keycloak_second_factor() {
    let simulation = simulate::find("second-factor").unwrap();
    let Some(rp) = rps::start("keycloak") else { return };
    is_as_told("keycloak", simulation, &rp, "keycloak-second-factor").await;
}

async fn all(name: &str, adapter: &str) {
    let Some(rp) = rps::start(name) else { return };
    for simulation in simulate::ALL {
        is_as_told(name, simulation, &rp, adapter).await;
    }
}

async fn is_as_told(name: &str, simulation: &Simulation, rp: &Running, adapter: &str) {
    let story = played(simulation, rp, adapter).await;
    let told = format!("{name}-{}", simulation.name);
    insta::assert_snapshot!(told.as_str(), Teller::tell(Paint::PLAIN, &story));

    let found: Vec<&str> = story.findings.iter().map(|finding| finding.id.as_str()).collect();
    let here =
        |(rp, in_one, ..): &&(&str, &str, &str, &str)| *rp == name && *in_one == simulation.name;
    let expected: Vec<&str> = FINDINGS.iter().filter(here).map(|(_, _, id, _)| *id).collect();
    assert_eq!(found, expected, "{told}: each finding is explained in expected.rs");
}

async fn played(simulation: &Simulation, rp: &Running, adapter: &str) -> Story {
    let connect_to = format!("{HOST}:443:{}", rp.connect_to).parse().unwrap();
    let network = Network::new(Settings {
        connect_to: vec![connect_to],
        trust: Trust::with_ca(&rp.ca).unwrap(),
        // A busy machine is no finding about the relying party.
        limits: Limits { deadline: Duration::from_secs(60), ..Limits::default() },
        ..Settings::default()
    });
    let base = rp.url.parse().unwrap();
    let profile = profile::named(adapter).unwrap();
    let target = Arc::new(Target::new(profile, base, rp.url.clone(), Arc::new(network)));
    let options = Options {
        catalogue: Arc::new(Catalogue::builtin().unwrap()),
        seed: "seed".to_owned(),
        run_id: "simulations".to_owned(),
        variables: Vec::new(),
    };
    let played = simulate::play(simulation, &options, target, &Nobody).await;
    played.unwrap_or_else(|error| panic!("{}: {error}\n{}", simulation.name, rp.stderr()))
}
