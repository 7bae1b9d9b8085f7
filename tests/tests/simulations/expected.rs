//! What the simulations find, and why it is true.

/// Relying party, simulation, finding, and what was read in its source.
pub(super) const FINDINGS: [(&str, &str, &str, &str); 0] = [];
