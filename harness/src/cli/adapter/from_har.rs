use std::path::PathBuf;

use super::new;
use crate::cli::console::Console;
use crate::cli::failure::Failure;
use crate::cli::reports;
use crate::outcome::visible;
use crate::recording;
use crate::storage::{self, Limit};
use crate::target_rp::adapter::Adapter;

/// Learn an adapter from a browser's recording.
///
/// Open the developer tools' network page, sign up, register a passkey, sign out
/// and sign in with it, and save everything as HAR. The request that carries the
/// credential ends a ceremony, the answer with its challenge began it; what else
/// a request repeats of earlier answers is captured. The recording holds cookies
/// and passwords of the account that was used: the adapter does not.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// The recording (HTTP Archive).
    file: PathBuf,

    /// The id of the adapter [default: the name of the recording].
    #[arg(long, value_parser = new::id)]
    id: Option<String>,

    /// Where it is written [default: ID.toml]. A file that is there is left alone.
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

const EXAMPLES: &str = "\
Examples:
  passrig adapter from-har shop.har
  passrig adapter test shop.toml --rp http://localhost:3000";

pub(super) fn run(args: &Args, console: Console) -> Result<u8, Failure> {
    let octets = storage::read(&args.file, Limit::RECORDING)?;
    let stem = args.file.file_stem().map(|stem| stem.to_string_lossy().to_lowercase());
    let named = stem.as_deref().and_then(|stem| new::id(stem).ok());
    let id = args.id.clone().or(named).unwrap_or_else(|| "recorded".to_owned());
    let learnt = recording::learn(&id, &octets).map_err(|error| {
        let help = match error {
            recording::Error::NoRecording(_) => {
                "save it from the network page of a browser's developer tools, with contents"
            }
            recording::Error::NoCeremony { .. } => {
                "record the whole way: register a passkey and sign in with it; and save the HAR with \
                 contents (sensitive data), or the bodies are missing"
            }
        };
        Failure::usage(format!("{}: {error}", args.file.display()), help)
    })?;
    let file = args.output.clone().unwrap_or_else(|| PathBuf::from(format!("{id}.toml")));
    let name = file.display().to_string();
    new::write(&file, &learnt.text)?;
    let console = reports::beside(console, [file.as_path()]);
    let mut out = String::new();
    for line in &learnt.found {
        out.push_str(&format!("found  {}\n", visible::line(line)));
    }
    for line in &learnt.doubts {
        out.push_str(&format!("check  {}\n", visible::line(line)));
    }
    out.push_str(&format!(
        "wrote  {name}\n\nTry it:  passrig adapter test {name} --rp http://localhost:3000\n"
    ));
    console.print(&out)?;
    // What was learnt in part has mistakes still; they say what is missing.
    Adapter::parse(&name, &learnt.text).map_err(|mistake| Failure::Adapter((mistake).into()))?;
    Ok(0)
}
