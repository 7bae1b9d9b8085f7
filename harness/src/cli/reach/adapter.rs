//! The choice of an adapter: by its name, or by requests to the target.

use std::path::Path;
use std::sync::Arc;

use url::Url;

use crate::cli::console::complain;
use crate::cli::failure::Failure;
use crate::cli::{adapters, identity};
use crate::near::did_you_mean;
use crate::target_rp::adapter::{self, Adapter};
use crate::target_rp::{self, Transport};

/// Asks the target which adapter speaks to it.
pub(super) async fn detect(
    base: &Url,
    origin: &str,
    transport: &Arc<dyn Transport>,
) -> Result<Arc<Adapter>, Failure> {
    let username = format!("passrig-{}", identity::random(6)?);
    let all = adapter::builtin();
    let findings = target_rp::detect::detect(all, base, origin, transport, &username).await;
    let fitting: Vec<_> = findings.iter().filter(|one| one.against.is_none()).collect();
    match fitting.as_slice() {
        [one] => {
            complain(&format!(
                "adapter: {} ({}), found out by asking\n",
                one.adapter.id, one.adapter.name
            ));
            Ok(one.adapter.clone())
        }
        [] => {
            let lines = findings.iter().map(|one| {
                let why = one.against.as_deref().unwrap_or_default();
                format!("  {}: {why}\n", one.adapter.id)
            });
            Err(Failure::usage(
                format!("no built-in adapter that is tested speaks to {base}"),
                format!(
                    "say with --adapter how it is spoken to (`passrig adapters`), or write one: \
                     `passrig adapter new`. None of these fits:\n{}",
                    lines.collect::<String>()
                ),
            ))
        }
        several => {
            let ids: Vec<&str> = several.iter().map(|one| one.adapter.id.as_str()).collect();
            let what = format!("several adapters speak to {base}: {}", ids.join(", "));
            Err(Failure::usage(what, "say with --adapter which it is"))
        }
    }
}

pub(super) fn named(wanted: &str) -> Result<Arc<Adapter>, Failure> {
    let known = || format!("built in are:\n{}", adapters::table());
    if let Some(adapter) = adapter::named(wanted) {
        return Ok(adapter);
    }
    let path = Path::new(wanted);
    if path.exists() || path.extension().is_some() || path.components().count() > 1 {
        return Ok(Arc::new(Adapter::load(path)?));
    }
    let ids = adapter::builtin().iter().map(|adapter| adapter.id.as_str());
    let help = did_you_mean(wanted, ids).unwrap_or_else(known);
    Err(Failure::usage(format!("no adapter is called `{wanted}`, and no such file is there"), help))
}
