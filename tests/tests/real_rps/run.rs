//! One run, as `passrig check` does it.

use std::sync::Arc;
use std::time::Duration;

use passrig::catalogue::Catalogue;
use passrig::observer::Observer;
use passrig::outcome::Report;
use passrig::runner::{self, Options};
use passrig::target_rp::adapter;
use passrig::target_rp::network::{Network, NetworkSettings, Trust};
use passrig::target_rp::transport::Limits;
use passrig::target_rp::{Target, Transport, detect};
use passrig_tests::rps::{HOST, Running};

struct Silent;

impl Observer for Silent {}

pub(super) async fn catalogue(rp: &Running, adapter: &str, seed: &str, run_id: &str) -> Report {
    let adapter = adapter::named(adapter).unwrap();
    let base = rp.url.parse().unwrap();
    let target = Arc::new(Target::new(adapter, base, rp.url.clone(), Arc::new(network(rp))));
    // Checks that wait for expiry take minutes for each ceremony, and times of a busy machine say little: both stay out.
    let mut options = Options::new(Arc::new(Catalogue::builtin().unwrap()), seed);
    options.run_id = run_id.to_owned();
    let report = runner::run(&options, target, Arc::new(Silent)).await;
    let report = report.unwrap_or_else(|error| panic!("{error}\n{}", rp.stderr()));
    assert_eq!(report.stopped, None, "{}", rp.stderr());
    report
}

/// The adapters that may speak to it, by what it says itself.
pub(super) async fn detected(rp: &Running) -> Vec<String> {
    let transport: Arc<dyn Transport> = Arc::new(network(rp));
    let base = rp.url.parse().unwrap();
    let known = adapter::builtin();
    let findings = detect::detect(known, &base, &rp.url, &transport, "passrig-detect").await;
    let fitting = findings.iter().filter(|finding| finding.against.is_none());
    fitting.map(|finding| finding.adapter.id.clone()).collect()
}

fn network(rp: &Running) -> Network {
    let connect_to = format!("{HOST}:443:{}", rp.connect_to).parse().unwrap();
    Network::new(NetworkSettings {
        connect_to: vec![connect_to],
        trust: Trust::with_ca(&rp.ca).unwrap(),
        // A busy machine is no finding about the relying party.
        limits: Limits { deadline: Duration::from_secs(60), ..Limits::default() },
        ..NetworkSettings::default()
    })
}
