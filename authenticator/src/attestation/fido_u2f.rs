//! FIDO U2F attestation (§8.6).

use super::{Attested, Attester, sign};
use crate::keys::SigningKey;
use crate::wire::cose::label;
use crate::wire::{AuthenticatorData, Cbor};
use crate::workbench::Workbench;

/// `{sig, x5c}`: a certified attestation key signs U2F's registration.
pub(super) fn state(
    attested: &Attested<'_>,
    signer: &SigningKey,
    attester: &Attester,
    bench: &mut dyn Workbench,
) -> Cbor {
    let leaf = attester.subject(attester.key.public_key());
    let chain = attester.x5c(&leaf, bench);
    let signature = sign(signer, &message(attested), bench);
    Cbor::map([(Cbor::text("sig"), Cbor::bytes(signature)), (Cbor::text("x5c"), chain)])
}

/// `0x00 ‖ rpIdHash ‖ clientDataHash ‖ credentialId ‖ 0x04 ‖ x ‖ y`, read from
/// the authenticator data as they travel. Data that cannot be read after an
/// edit are signed as a whole: no verifier gets further either.
fn message(attested: &Attested<'_>) -> Vec<u8> {
    let read = || {
        let data = AuthenticatorData::decode(attested.authenticator_data).ok()?;
        let credential = data.attested?;
        let point = |label| credential.public_key.get_int(label).and_then(Cbor::as_bytes);
        let (x, y) = (point(label::X)?, point(label::Y)?);
        let parts: [&[u8]; 7] = [
            &[0],
            &data.rp_id_hash,
            attested.client_data_hash,
            &credential.credential_id,
            &[4],
            x,
            y,
        ];
        Some(parts.concat())
    };
    read().unwrap_or_else(|| attested.message())
}
