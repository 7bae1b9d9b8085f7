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
use passrig::observer::Observer;
use passrig::outcome::Paint;
use passrig::simulate::{
    self, Options, Simulation, SimulationObserver, SimulationReport, SimulationText,
};
use passrig::target_rp::network::{Network, NetworkSettings, Trust};
use passrig::target_rp::transport::Limits;
use passrig::target_rp::{Target, adapter};
use passrig_tests::rps::{self, HOST, Running};

mod expected;

use expected::FINDINGS;

struct Nobody;

impl Observer for Nobody {}

impl SimulationObserver for Nobody {}

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

async fn all(name: &str, adapter: &str) {
    let Some(rp) = rps::start(name) else { return };
    let mut found = Vec::new();
    for simulation in simulate::ALL {
        let story = played(simulation, &rp, adapter).await;
        let told = format!("{name}-{}", simulation.name);
        insta::assert_snapshot!(told.as_str(), SimulationText::whole(Paint::PLAIN, &story));
        let ids = story.findings.into_iter().map(|finding| finding.id);
        found.extend(ids.map(|id| (simulation.name.to_owned(), id)));
    }
    let here = FINDINGS.iter().filter(|(rp, ..)| *rp == name);
    let expected: Vec<_> =
        here.map(|(_, simulation, id, _)| ((*simulation).to_owned(), (*id).to_owned())).collect();
    assert_eq!(found, expected, "{name}: each finding is explained in expected.rs");
}

async fn played(simulation: &Simulation, rp: &Running, adapter: &str) -> SimulationReport {
    let connect_to = format!("{HOST}:443:{}", rp.connect_to).parse().unwrap();
    let network = Network::new(NetworkSettings {
        connect_to: vec![connect_to],
        trust: Trust::with_ca(&rp.ca).unwrap(),
        // A busy machine is no finding about the relying party.
        limits: Limits { deadline: Duration::from_secs(60), ..Limits::default() },
        ..NetworkSettings::default()
    });
    let base = rp.url.parse().unwrap();
    let adapter = adapter::named(adapter).unwrap();
    let target = Arc::new(Target::new(adapter, base, rp.url.clone(), Arc::new(network)));
    let options = Options {
        catalogue: Arc::new(Catalogue::builtin().unwrap()),
        seed: "seed".to_owned(),
        run_id: "simulations".to_owned(),
        variables: Vec::new(),
        throttle_wait: passrig::runner::THROTTLE_WAIT,
    };
    let played = simulate::run(simulation, &options, target, &Nobody).await;
    played.unwrap_or_else(|error| panic!("{}: {error}\n{}", simulation.name, rp.stderr()))
}
