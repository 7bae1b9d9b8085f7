//! TPM attestation (§8.3) of ECC keys with SHA-256. The structures are those
//! of the TPM 2.0 Library, part 2.

use sha2::{Digest, Sha256};

use super::{Attested, Attester, pki, sign};
use crate::keys::SigningKey;
use crate::wire::cose::{self, label};
use crate::wire::der::Der;
use crate::wire::{Cbor, Layout, Tree};
use crate::workbench::{Stage, Workbench};

/// How the signature travels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SignatureForm {
    /// As everywhere else in WebAuthn, and in the vectors of §16.
    #[default]
    Plain,
    /// As a TPMT_SIGNATURE, the structure that §8.3 names.
    Tpmt,
}

/// `{alg, sig, ver, x5c, pubArea, certInfo}`: a certified attestation key signs
/// what the TPM says of the credential key.
pub(super) fn state(
    attested: &Attested<'_>,
    signer: &SigningKey,
    attester: &Attester,
    form: SignatureForm,
    bench: &mut dyn Workbench,
) -> Cbor {
    let chain = attester.chain(&leaf(attester), bench);
    let area = pub_area(&attested.key.public_key());
    let area = bench.finish(Stage::PubArea, Tree::Layout(area)).render();
    let info = cert_info(&attested.message_hash(), &area);
    let info = bench.finish(Stage::CertInfo, Tree::Layout(info)).render();
    let signature = match form {
        SignatureForm::Plain => sign(signer, &info, bench),
        SignatureForm::Tpmt => {
            bench.finish(Stage::Signature, tpmt_signature(signer.sign(&info))).render()
        }
    };
    Cbor::map([
        (Cbor::text("alg"), Cbor::int(signer.algorithm().0)),
        (Cbor::text("sig"), Cbor::bytes(signature)),
        (Cbor::text("ver"), Cbor::text("2.0")),
        (Cbor::text("x5c"), chain),
        (Cbor::text("pubArea"), Cbor::bytes(area)),
        (Cbor::text("certInfo"), Cbor::bytes(info)),
    ])
}

/// The certificate of an attestation identity key (§8.3.1): no subject, but
/// the TPM's maker, model and version as another name.
fn leaf(attester: &Attester) -> pki::Subject {
    let part = |number, text| Der::sequence([Der::oid(&[2, 23, 133, 2, number]), Der::utf8(text)]);
    let device = Der::set([
        part(1, "id:00000000"),
        part(2, "WebAuthn test vectors"),
        part(3, "id:00000000"),
    ]);
    let mut leaf = attester.subject(attester.key.public_key());
    leaf.name = Der::sequence([]);
    // tcg-kp-AIKCertificate
    leaf.extensions.push(pki::extended_key_usage(&[2, 23, 133, 8, 3]));
    leaf.extensions.push(pki::subject_alternative_name(Der::sequence([device])));
    leaf.extensions.extend(attester.model());
    leaf
}

/// TPMT_PUBLIC: the public area of the credential key.
fn pub_area(key: &cose::Key) -> Layout {
    let key = key.to_cbor();
    let point = |label| key.get_int(label).and_then(Cbor::as_bytes).unwrap_or_default().to_vec();
    let parameters = Layout::new()
        .with("symmetric", uint(2, TPM_ALG_NULL))
        .with("scheme", uint(2, TPM_ALG_NULL))
        .with("curve_id", uint(2, TPM_ECC_NIST_P256))
        .with("kdf", uint(2, TPM_ALG_NULL));
    let unique = sized(sized(Layout::new(), X, point(label::X)), Y, point(label::Y));
    let head = Layout::new()
        .with("type", uint(2, TPM_ALG_ECC))
        .with("name_alg", uint(2, TPM_ALG_SHA256))
        .with("object_attributes", uint(4, SIGN_ENCRYPT));
    sized(head, ["auth_policy_size", "auth_policy"], [])
        .with("parameters", Tree::Layout(parameters))
        .with("unique", Tree::Layout(unique))
}

/// TPMS_ATTEST of TPM2_Certify: what the TPM says of a public area.
fn cert_info(extra_data: &[u8; 32], pub_area: &[u8]) -> Layout {
    let clock_info = Layout::new()
        .with("clock", uint(8, 0))
        .with("reset_count", uint(4, 0x1111_1111))
        .with("restart_count", uint(4, 0x2222_2222))
        .with("safe", uint(1, 0x33));
    let name = Layout::new()
        .with("name_alg", uint(2, TPM_ALG_SHA256))
        .with("digest", Tree::Bytes(Sha256::digest(pub_area).to_vec()));
    let certified = Layout::new()
        .with("name_size", Tree::LengthOf { field: "name", width: 2 })
        .with("name", Tree::Layout(name));
    let certified = sized(certified, ["qualified_name_size", "qualified_name"], []);
    let head = Layout::new()
        .with("magic", uint(4, TPM_GENERATED_VALUE))
        .with("type", uint(2, TPM_ST_ATTEST_CERTIFY));
    let head = sized(head, ["qualified_signer_size", "qualified_signer"], []);
    sized(head, ["extra_data_size", "extra_data"], *extra_data)
        .with("clock_info", Tree::Layout(clock_info))
        .with("firmware_version", uint(8, 0))
        .with("attested", Tree::Layout(certified))
}

/// TPMT_SIGNATURE of an ECDSA signature; others travel as they are.
fn tpmt_signature(signature: Tree) -> Tree {
    let Some([r, s]) = scalars(&signature) else { return signature };
    let head =
        Layout::new().with("sig_alg", uint(2, TPM_ALG_ECDSA)).with("hash", uint(2, TPM_ALG_SHA256));
    let head = sized(head, ["r_size", "r"], r);
    Tree::Layout(sized(head, ["s_size", "s"], s))
}

/// The r and s of an ECDSA signature, each of 32 octets.
fn scalars(signature: &Tree) -> Option<[Vec<u8>; 2]> {
    let Tree::Der(der) = signature else { return None };
    let [r, s] = der.items()? else { return None };
    let full = |number: &Der| {
        let digits = number.as_unsigned()?;
        Some([&vec![0; 32usize.checked_sub(digits.len())?], digits].concat())
    };
    Some([full(r)?, full(s)?])
}

/// Adds a TPM2B: octets after their length.
fn sized(layout: Layout, names: [&'static str; 2], octets: impl Into<Vec<u8>>) -> Layout {
    let [size, field] = names;
    layout.with(size, Tree::LengthOf { field, width: 2 }).with(field, Tree::Bytes(octets.into()))
}

fn uint(width: usize, value: u64) -> Tree {
    Tree::Uint { value, width }
}

const X: [&str; 2] = ["x_size", "x"];
const Y: [&str; 2] = ["y_size", "y"];

const TPM_ALG_SHA256: u64 = 0x000b;
const TPM_ALG_NULL: u64 = 0x0010;
const TPM_ALG_ECDSA: u64 = 0x0018;
const TPM_ALG_ECC: u64 = 0x0023;
const TPM_ECC_NIST_P256: u64 = 0x0003;
const TPM_GENERATED_VALUE: u64 = 0xff54_4347;
const TPM_ST_ATTEST_CERTIFY: u64 = 0x8017;
/// The one attribute of the object: it may sign.
const SIGN_ENCRYPT: u64 = 1 << 18;
