//! The adapter that fits a relying party is found by asking it.

use std::sync::Arc;

use passrig::relying_party::{Config, RelyingParty};
use passrig::target_rp::detect::detect;
use passrig::target_rp::transport::{InProcess, Limits};
use passrig::target_rp::{Transport, adapter};
use passrig_authenticator::env::Seeded;

#[tokio::test]
async fn both_built_in_adapters_are_detected() {
    for (second_factor, id) in [(false, "reference"), (true, "reference-second-factor")] {
        let config = Config { second_factor, ..Config::new("http://localhost", "localhost") };
        let rp = RelyingParty::new(config, Seeded::new(b"detect"));
        let transport: Arc<dyn Transport> =
            Arc::new(InProcess::new(rp.router(), Limits::default()));
        let base = "http://localhost".parse().unwrap();
        let findings = detect(adapter::builtin(), &base, "http://localhost", &transport, "a").await;
        let fitting = findings.iter().filter(|finding| finding.against.is_none());
        let ids: Vec<_> = fitting.map(|finding| finding.adapter.id.as_str()).collect();
        assert_eq!(ids, [id]);
    }
}
