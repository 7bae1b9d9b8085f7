//! Reading the catalogue's files.

/// placeholder
pub enum Error {}
