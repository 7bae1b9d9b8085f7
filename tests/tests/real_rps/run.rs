//! One run, as `passrig check` does it.

use std::sync::Arc;
use std::time::Duration;

use passrig::catalogue::Catalogue;
use passrig::outcome::Report;
use passrig::runner::{self, Filter, Observer, Options};
use passrig::target::Target;
use passrig::target::network::{Network, Settings, Trust};
use passrig::target::profile;
use passrig::target::transport::Limits;
use passrig_tests::rps::{HOST, Running};

struct Silent;

impl Observer for Silent {}

pub(super) async fn catalogue(rp: &Running, adapter: &str, seed: &str, run_id: &str) -> Report {
    let connect_to = format!("{HOST}:443:{}", rp.connect_to).parse().unwrap();
    let network = Network::new(Settings {
        connect_to: vec![connect_to],
        trust: Trust::with_ca(&rp.ca).unwrap(),
        // A busy machine is no finding about the relying party.
        limits: Limits { deadline: Duration::from_secs(60), ..Limits::default() },
        ..Settings::default()
    });
    let profile = profile::named(adapter).unwrap();
    let base = rp.url.parse().unwrap();
    let target = Arc::new(Target::new(profile, base, rp.url.clone(), Arc::new(network)));
    let options = Options {
        catalogue: Arc::new(Catalogue::builtin().unwrap()),
        filter: Filter::default(),
        seed: seed.to_owned(),
        run_id: run_id.to_owned(),
        jobs: 4,
        restart: Default::default(),
        variables: Vec::new(),
        // Five minutes for each ceremony are too many here.
        expiry: None,
        // Nor are a busy machine's times worth much.
        timing: None,
        authenticator: None,
    };
    let report = runner::run(&options, target, Arc::new(Silent)).await;
    let report = report.unwrap_or_else(|error| panic!("{error}\n{}", rp.stderr()));
    assert_eq!(report.stopped, None, "{}", rp.stderr());
    report
}
