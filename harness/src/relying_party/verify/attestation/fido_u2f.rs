//! FIDO U2F (§8.6).

use passrig_authenticator::keys;
use passrig_authenticator::wire::Cbor;
use passrig_authenticator::wire::cose::{Algorithm, label};

use super::certificate::Chain;
use super::{Evidence, Statement, StepResult, client_data_hash, derive, refuse};
use crate::relying_party::verify::registration::attested;

/// §8.6 step 1
pub(crate) fn syntax(e: &mut Evidence<'_>) -> StepResult {
    derive(e, "fido-u2f", |statement| {
        let sig = statement.get("sig").and_then(Cbor::as_bytes).ok_or("sig is no octets")?;
        Ok(Statement::FidoU2f(sig.to_vec(), Chain::read(statement.get("x5c"))?))
    })
}

/// §8.6 step 2: one certificate …
pub(crate) fn one_certificate(e: &Evidence<'_>) -> StepResult {
    match statement(e) {
        Some((_, chain)) if chain.len() != 1 => refuse("x5c has more than one certificate"),
        _ => Ok(()),
    }
}

/// §8.6 step 2: … for a key on P-256.
pub(crate) fn curve(e: &Evidence<'_>) -> StepResult {
    match statement(e).map(|(_, chain)| chain.leaf.key(Algorithm::ES256)) {
        Some(Err(_)) => refuse("the certified key is none on the curve P-256"),
        _ => Ok(()),
    }
}

/// U2F knows no models, and clients write zeros in their place. §8.6 does not
/// look at it, and its own vector has an AAGUID: it matters to whoever looks
/// models up in metadata, where nothing vouches for this one.
pub(crate) fn aaguid(e: &Evidence<'_>) -> StepResult {
    match (statement(e), attested(e)) {
        (Some(_), Some(attested)) if e.trust.has_metadata() && attested.aaguid != [0; 16] => {
            refuse("a U2F authenticator has an AAGUID")
        }
        _ => Ok(()),
    }
}

/// §8.6 steps 4 to 6
pub(crate) fn signature(e: &Evidence<'_>) -> StepResult {
    let (Some((signature, chain)), Some(_)) = (statement(e), attested(e)) else {
        return Ok(());
    };
    let Some(message) = message(e) else {
        return refuse("the credential's key has no two coordinates of 32 octets");
    };
    // A key on another curve is a matter of step 2.
    let Ok(key) = chain.leaf.key(Algorithm::ES256) else { return Ok(()) };
    let verified = keys::verify(&key, &message, signature);
    verified.or_else(|error| refuse(format!("the U2F attestation: {error}")))
}

/// What U2F keys sign at registration.
pub(crate) fn message(e: &Evidence<'_>) -> Option<Vec<u8>> {
    let rp_id_hash = e.authenticator_data.as_ref()?.rp_id_hash;
    let (id, hash) = (&attested(e)?.credential_id, client_data_hash(e)?);
    let parts: [&[u8]; 5] = [&[0], &rp_id_hash, &hash, id, &raw_point(e)?];
    Some(parts.concat())
}

/// The credential's key as U2F writes it.
pub(crate) fn raw_point(e: &Evidence<'_>) -> Option<Vec<u8>> {
    let key = &attested(e)?.public_key;
    let coordinate =
        |label| key.get_int(label).and_then(Cbor::as_bytes).filter(|octets| octets.len() == 32);
    Some([&[4], coordinate(label::X)?, coordinate(label::Y)?].concat())
}

fn statement<'e>(e: &'e Evidence<'_>) -> Option<(&'e [u8], &'e Chain)> {
    match &e.statement {
        Some(Statement::FidoU2f(signature, chain)) => Some((signature, chain)),
        _ => None,
    }
}
