use clap::ValueEnum;
use schemars::schema_for;

use super::config::document::Document;
use super::console::Console;
use super::failure::Failure;
use crate::report::json;

/// Print a JSON schema, for editors and programs.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Of what.
    #[arg(value_enum)]
    of: Of,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Of {
    /// passrig.toml
    Config,
    /// The JSON report
    Report,
}

pub(super) fn run(args: &Args, console: Console) -> Result<u8, Failure> {
    let schema = match args.of {
        Of::Config => schema_for!(Document),
        Of::Report => json::schema(),
    };
    let what = "cannot write the schema".to_owned();
    let text = serde_json::to_string_pretty(&schema);
    let text = text.map_err(|error| Failure::System { what, source: error.into() })?;
    console.print(&format!("{text}\n"))?;
    Ok(0)
}
