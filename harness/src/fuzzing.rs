//! Access of the fuzz targets (feature `fuzzing`) to parsers that only the command line calls.

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

/// Reads a store of passkeys, and returns it as it would be written, or the message of the error.
pub fn passkeys(bytes: &[u8]) -> Result<Vec<u8>, String> {
    cli::authenticator::rewritten(bytes)
}
