//! Compound attestation (§8.9).

use super::{Attestation, Attested};
use crate::wire::Cbor;
use crate::workbench::Workbench;

/// `[{fmt, attStmt}, …]`: several statements, each made as if it were alone.
/// Stages that several have pass the bench once for each; what is to differ in
/// one of them is edited in the statement as a whole.
pub(super) fn state(
    attestation: &Attestation,
    attested: &Attested<'_>,
    bench: &mut dyn Workbench,
) -> Cbor {
    let members = attestation.compound.iter().map(|format| {
        Cbor::map([
            (Cbor::text("fmt"), Cbor::text(format.identifier())),
            (Cbor::text("attStmt"), attestation.state_as(*format, attested, bench)),
        ])
    });
    Cbor::array(members.collect::<Vec<_>>())
}
