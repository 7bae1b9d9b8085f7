use super::console::Console;
use super::failure::Failure;
use crate::target_rp::adapter::{self, Adapter, Status};

/// List the built-in adapters.
///
/// An adapter says how a relying party is spoken to: requests, captures, what
/// accepted and refused look like. Write your own for an RP that is not here;
/// `--adapter` takes a file too.
#[derive(Debug, clap::Args)]
pub(super) struct Args {}

pub(super) fn run(_: &Args, console: Console) -> Result<u8, Failure> {
    console.print(&table())?;
    Ok(0)
}

/// Ids, states and names, a line each.
pub(super) fn table() -> String {
    let width = adapter::builtin().iter().map(|adapter| adapter.id.len()).max().unwrap_or(0);
    let line = |adapter: &Adapter| {
        let status = match adapter.status {
            Status::Tested => "tested",
            Status::Untested => "untested",
        };
        format!("{:width$}  {status:8}  {}\n", adapter.id, adapter.name)
    };
    adapter::builtin().iter().map(|adapter| line(adapter)).collect()
}
