//! `passrig authenticator`: the authenticator and its browser for programs in
//! any language.

mod ceremony;
mod credentials;
mod store;

use std::io;
use std::path::{Path, PathBuf};

use clap::Subcommand;

use super::console::Console;
use super::failure::Failure;
use crate::storage::{self, Limit};

/// Create and use passkeys without a browser, from any language.
///
/// Options JSON comes in, response JSON goes out, as from
/// PublicKeyCredential.parseCreationOptionsFromJSON() and toJSON() in a browser.
/// What a browser would refuse is refused: the DOMException's name and a
/// sentence on standard error, and exit code 1.
///
/// The passkeys live in a file, private keys and all: they are for tests, and
/// protect nothing.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    #[command(subcommand)]
    verb: AuthenticatorVerb,
}

#[derive(Debug, Subcommand)]
enum AuthenticatorVerb {
    /// Register: from creation options JSON to registration response JSON
    ///
    /// The options are those that the RP's server sends, with or without a
    /// `publicKey` around them.
    Create(ceremony::Args),
    /// Log in: from request options JSON to authentication response JSON
    ///
    /// The options are those that the RP's server sends, with or without a
    /// `publicKey` around them.
    Get(ceremony::Args),
    Credentials(credentials::Args),
}

const EXAMPLES: &str = "\
Examples:
  curl -s $RP/register/begin | passrig authenticator create --origin $RP \\
    | curl -s --json @- $RP/register/finish
  curl -s $RP/login/begin | passrig authenticator get --origin $RP \\
    | curl -s --json @- $RP/login/finish
  passrig authenticator credentials list";

pub(super) fn run(args: &Args, console: Console) -> Result<u8, Failure> {
    match &args.verb {
        AuthenticatorVerb::Create(args) => ceremony::create(args, console),
        AuthenticatorVerb::Get(args) => ceremony::get(args, console),
        AuthenticatorVerb::Credentials(args) => credentials::run(args, console),
    }
}

/// A store's file as it would be written after it was read.
#[cfg(feature = "fuzzing")]
pub(crate) fn rewritten(octets: &[u8]) -> Result<Vec<u8>, String> {
    store::rewritten(octets)
}

/// Where the passkeys are.
#[derive(Debug, clap::Args)]
#[group(skip)]
struct StoreFile {
    /// The file that holds the authenticator and its passkeys; it is made if it
    /// is not there.
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        env = "PASSRIG_STORE",
        default_value = "passkeys.json",
        hide_env_values = true
    )]
    store: PathBuf,
}

/// The text of a file or of standard input.
fn read(file: Option<&Path>) -> Result<String, Failure> {
    let Some(file) = file else {
        let name = Path::new("standard input");
        let bytes = storage::read_from(io::stdin().lock(), name, Limit::MESSAGE)?;
        return Ok(storage::text(bytes, name)?);
    };
    Ok(storage::read_text(file, Limit::MESSAGE)?)
}
