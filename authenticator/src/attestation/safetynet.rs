//! Android SafetyNet attestation (§8.5), which its maker has switched off and
//! relying parties may still meet in their code.

use std::time::Duration;

use super::pki::{self, Subject};
use super::{Attested, Attester, jws};
use crate::keys::SigningKey;
use crate::wire::json::{Json, Number};
use crate::wire::{Cbor, Tree, base64url};
use crate::workbench::{Stage, Workbench};

/// `{ver, response}`: a service on the net vouches for the phone in a JWS whose
/// nonce binds it to the credential.
pub(super) fn state(
    attested: &Attested<'_>,
    signer: &SigningKey,
    attester: &Attester,
    made_at: Duration,
    bench: &mut dyn Workbench,
) -> Cbor {
    let mut leaf =
        Subject::called(HOST, attester.country, attester.key.public_key(), &attester.serial);
    leaf.extensions.push(pki::host_name(HOST));
    let header = jws::header(signer.algorithm(), attester.certificates(&leaf, bench));
    let header = bench.finish(Stage::JwsHeader, Tree::Json(header)).render();
    let payload = payload(attested.message_hash(), made_at);
    let payload = bench.finish(Stage::JwsPayload, Tree::Json(payload)).render();
    let input = jws::signing_input(&header, &payload);
    let signature = bench.finish(Stage::Signature, jws::signature(signer, &input)).render();
    Cbor::map([
        (Cbor::text("ver"), Cbor::text("221731048")),
        (Cbor::text("response"), Cbor::bytes(jws::compact(&input, &signature))),
    ])
}

/// The service, for which §8.5 wants the certificate to be.
const HOST: &str = "attest.android.com";

/// What the service says of the phone.
fn payload(nonce: [u8; 32], made_at: Duration) -> Json {
    // Only the base64 of the nonce is not for URLs.
    let base64 =
        |bytes: &[u8]| Json::Binary { bytes: bytes.to_vec(), variant: base64url::Variant::Base64 };
    let milliseconds = u64::try_from(made_at.as_millis()).unwrap_or(u64::MAX);
    Json::object([
        ("nonce", base64(&nonce)),
        ("timestampMs", Json::Number(Number::from(milliseconds))),
        ("apkPackageName", Json::text("com.google.android.gms")),
        ("apkDigestSha256", base64(&[0; 32])),
        ("apkCertificateDigestSha256", Json::Array(vec![base64(&[0; 32])])),
        ("ctsProfileMatch", Json::Bool(true)),
        ("basicIntegrity", Json::Bool(true)),
        ("evaluationType", Json::text("BASIC,HARDWARE_BACKED")),
    ])
}
