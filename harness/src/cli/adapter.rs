//! Adapters of one's own.

mod from_har;
mod new;
mod test;

use clap::Subcommand;

use super::console::Console;
use super::failure::Failure;

/// Write an adapter for an RP that is not built in, and try it.
///
/// An adapter is a TOML file that says how a relying party is spoken to: its
/// requests, where the options are, how the credential is sent, and what
/// accepted and refused look like.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    #[command(subcommand)]
    verb: AdapterVerb,
}

const EXAMPLES: &str = "\
Examples:
  passrig adapter new shop            writes shop.toml, to begin with
  passrig adapter from-har shop.har   learns one from a recording
  passrig adapter test shop.toml --rp http://localhost:3000
  passrig check --adapter shop.toml --rp http://localhost:3000
  passrig schema adapter              so that your editor completes it";

#[derive(Debug, Subcommand)]
enum AdapterVerb {
    New(new::Args),
    FromHar(from_har::Args),
    Test(Box<test::Args>),
}

pub(super) async fn run(args: &Args, console: Console) -> Result<u8, Failure> {
    match &args.verb {
        AdapterVerb::New(args) => new::run(args, console),
        AdapterVerb::FromHar(args) => from_har::run(args, console),
        AdapterVerb::Test(args) => test::run(args, console).await,
    }
}
