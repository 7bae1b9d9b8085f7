//! The choice of the adapter for a target, of those that are built in.

use std::sync::Arc;

use url::Url;

use super::adapter::{Adapter, Status};
use super::{Flow, Inputs, Log, Session, Target, Transport};

/// Requests that are sent at most.
pub const REQUESTS: usize = 20;

/// The result for one adapter.
#[derive(Clone, Debug)]
pub struct Detection {
    /// The adapter.
    pub adapter: Arc<Adapter>,
    /// The reason why it is not the adapter; absent if it may be.
    pub against: Option<String>,
}

/// Asks the target for the marks of each adapter: pages, and the options of
/// ceremonies that are never finished. Adapters that were never tried on the
/// real thing are left out.
pub async fn detect(
    adapters: &[Arc<Adapter>],
    base: &Url,
    origin: &str,
    transport: &Arc<dyn Transport>,
    username: &str,
) -> Vec<Detection> {
    let mut log = Log::new();
    let mut findings = Vec::new();
    let inputs = Inputs::new("canary.detect")
        .with("username", username)
        .with("display_name", "Passrig")
        .with("email", format!("{username}@passrig.test"));
    let known = adapters.iter().filter(|one| one.status == Status::Tested);
    for adapter in known.filter(|one| one.has(Flow::Detect)) {
        let target = Target::new(adapter.clone(), base.clone(), origin, Arc::clone(transport));
        let needed = adapter.steps(Flow::Detect).len();
        let against = match log.len() + needed > REQUESTS {
            true => Some(format!("not asked, after {} requests", log.len())),
            false => {
                let mut session = Session::new();
                let asked = target.run(Flow::Detect, &mut session, &inputs, &mut log).await;
                asked.err().map(|error| format!("{}: {}", error.at.request, error.kind))
            }
        };
        findings.push(Detection { adapter: adapter.clone(), against });
    }
    findings
}
