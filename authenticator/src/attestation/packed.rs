//! Packed attestation (§8.2).

use crate::keys::SigningKey;
use crate::wire::Cbor;
use crate::workbench::{Stage, Workbench};

/// Self attestation: the credential key signs for itself.
pub(super) fn state_self(
    signer: &SigningKey,
    authenticator_data: &[u8],
    client_data_hash: &[u8; 32],
    bench: &mut dyn Workbench,
) -> Cbor {
    let message = [authenticator_data, client_data_hash].concat();
    let signature = bench.finish(Stage::Signature, signer.sign(&message)).render();
    Cbor::map([
        (Cbor::text("alg"), Cbor::int(signer.algorithm().0)),
        (Cbor::text("sig"), Cbor::bytes(signature)),
    ])
}
