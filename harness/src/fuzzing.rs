//! Doors for the fuzz targets (`--cfg fuzzing`) to parsers that only the
//! command line calls.

use std::path::Path;

use miette::Diagnostic;

use crate::catalogue::Catalogue;
use crate::cli;

/// Reads a `passrig.toml`.
pub fn configuration(
    text: &str,
    catalogue: &mut Catalogue,
) -> Result<(), Box<dyn Diagnostic + Send + Sync>> {
    cli::config::read_text(Path::new("passrig.toml"), text.to_owned(), catalogue)
}

/// Reads a store of passkeys, and gives it as it would be written; an error as
/// it would be told.
pub fn passkeys(octets: &[u8]) -> Result<Vec<u8>, String> {
    cli::authenticator::rewritten(octets)
}
