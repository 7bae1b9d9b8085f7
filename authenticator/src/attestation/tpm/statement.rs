//! Statements of a TPM, and the structures in them.

use sha1::Sha1;
use sha2::{Digest, Sha256, Sha384, Sha512};

use super::super::{Attestation, Attested, Attester, pki, scalars, sign};
use super::{Hash, Maker, SignatureForm};
use crate::keys::SigningKey;
use crate::wire::cose::{self, Algorithm, crv, label};
use crate::wire::der::Der;
use crate::wire::{Cbor, Layout, Tree};
use crate::workbench::{Stage, Workbench};

/// Tells if a TPM can hold keys for an algorithm.
pub(in super::super) fn suits(algorithm: Algorithm) -> bool {
    scheme(algorithm).is_some()
}

/// `{alg, sig, ver, x5c, pubArea, certInfo}`: a certified attestation key signs
/// what the TPM says of the credential key.
pub(in super::super) fn state(
    attested: &Attested<'_>,
    signer: &SigningKey,
    attester: &Attester,
    attestation: &Attestation,
    bench: &mut dyn Workbench,
) -> Cbor {
    let name_hash = attestation.tpm_name_hash;
    let chain = attester.x5c(&leaf(attester), bench);
    let area = pub_area(&attested.key.public_key(), name_hash);
    let area = bench.finish(Stage::PubArea, Tree::Layout(area)).render();
    // The hash is that of `alg`, whatever else a name is made with.
    let extra_data = Hash::of(signer.algorithm()).digest(&attested.message());
    let info = cert_info(extra_data, &attester.tpm_maker, &area, name_hash);
    let info = bench.finish(Stage::CertInfo, Tree::Layout(info)).render();
    let signature = match attestation.tpm_signature {
        SignatureForm::Plain => sign(signer, &info, bench),
        SignatureForm::Tpmt => {
            bench.finish(Stage::Signature, tpmt_signature(signer, &info)).render()
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
    let maker = &attester.tpm_maker;
    let device =
        Der::set([part(1, &maker.manufacturer), part(2, &maker.model), part(3, &maker.version)]);
    let mut leaf = attester.subject(attester.key.public_key());
    leaf.name = Der::sequence([]);
    // tcg-kp-AIKCertificate
    leaf.extensions.push(pki::extended_key_usage(&[2, 23, 133, 8, 3]));
    leaf.extensions.push(pki::subject_alternative_name(Der::sequence([device])));
    leaf.extensions.extend(attester.model());
    leaf
}

/// TPMT_PUBLIC: the public area of the credential key.
fn pub_area(key: &cose::Key, name_hash: Hash) -> Layout {
    let (kind, parameters, unique) = match key {
        cose::Key::Rsa { n, e, .. } => rsa(n, e),
        other => ecc(other),
    };
    let head = Layout::new()
        .with("type", uint(2, kind))
        .with("name_alg", uint(2, name_hash.id()))
        .with("object_attributes", uint(4, SIGN_ENCRYPT));
    sized(head, ["auth_policy_size", "auth_policy"], [])
        .with("parameters", Tree::Layout(parameters))
        .with("unique", Tree::Layout(unique))
}

/// Type, TPMS_RSA_PARMS, and the modulus. An exponent of zero means 65537.
fn rsa(n: &[u8], e: &[u8]) -> (u64, Layout, Layout) {
    let zeros = n.first().map_or(0, |first| first.leading_zeros() as usize);
    let bits = (8 * n.len()).saturating_sub(zeros) as u64;
    let exponent = e.iter().fold(0u64, |number, octet| number << 8 | u64::from(*octet));
    let parameters = Layout::new()
        .with("symmetric", uint(2, TPM_ALG_NULL))
        .with("scheme", uint(2, TPM_ALG_NULL))
        .with("key_bits", uint(2, bits))
        .with("exponent", uint(4, if exponent == 65537 { 0 } else { exponent }));
    (TPM_ALG_RSA, parameters, sized(Layout::new(), ["n_size", "n"], n))
}

/// Type, TPMS_ECC_PARMS, and the point.
fn ecc(key: &cose::Key) -> (u64, Layout, Layout) {
    let key = key.to_cbor();
    let point = |label| key.get_int(label).and_then(Cbor::as_bytes).unwrap_or_default().to_vec();
    let curve = match key.get_int(label::CRV).and_then(Cbor::as_int) {
        Some(crv::P384) => TPM_ECC_NIST_P384,
        Some(crv::P521) => TPM_ECC_NIST_P521,
        _ => TPM_ECC_NIST_P256,
    };
    let parameters = Layout::new()
        .with("symmetric", uint(2, TPM_ALG_NULL))
        .with("scheme", uint(2, TPM_ALG_NULL))
        .with("curve_id", uint(2, curve))
        .with("kdf", uint(2, TPM_ALG_NULL));
    let unique = sized(sized(Layout::new(), X, point(label::X)), Y, point(label::Y));
    (TPM_ALG_ECC, parameters, unique)
}

/// TPMS_ATTEST of TPM2_Certify: what the TPM says of a public area.
fn cert_info(extra_data: Vec<u8>, maker: &Maker, pub_area: &[u8], name_hash: Hash) -> Layout {
    let clock_info = Layout::new()
        .with("clock", uint(8, 0))
        .with("reset_count", uint(4, 0x1111_1111))
        .with("restart_count", uint(4, 0x2222_2222))
        .with("safe", uint(1, maker.safe()));
    let name = Layout::new()
        .with("name_alg", uint(2, name_hash.id()))
        .with("digest", Tree::Bytes(name_hash.digest(pub_area)));
    let certified = Layout::new()
        .with("name_size", Tree::LengthOf { field: "name", width: 2 })
        .with("name", Tree::Layout(name));
    let qualified_name = maker.qualified_name(name_hash, &name_hash.name(pub_area));
    let certified = sized(certified, ["qualified_name_size", "qualified_name"], qualified_name);
    let head = Layout::new()
        .with("magic", uint(4, TPM_GENERATED_VALUE))
        .with("type", uint(2, TPM_ST_ATTEST_CERTIFY));
    let head = sized(head, ["qualified_signer_size", "qualified_signer"], []);
    sized(head, ["extra_data_size", "extra_data"], extra_data)
        .with("clock_info", Tree::Layout(clock_info))
        .with("firmware_version", uint(8, 0))
        .with("attested", Tree::Layout(certified))
}

/// TPMT_SIGNATURE; of algorithms that TPMs lack, the signature as it is.
fn tpmt_signature(signer: &SigningKey, message: &[u8]) -> Tree {
    let algorithm = signer.algorithm();
    let signature = signer.sign(message);
    let Some(scheme) = scheme(algorithm) else { return signature };
    let head = Layout::new()
        .with("sig_alg", uint(2, scheme))
        .with("hash", uint(2, Hash::of(algorithm).id()));
    Tree::Layout(match scalars(algorithm, &signature) {
        Some([r, s]) => sized(sized(head, ["r_size", "r"], r), ["s_size", "s"], s),
        None => sized(head, ["sig_size", "sig"], signature.render()),
    })
}

/// The TPM's name of a signature scheme.
fn scheme(algorithm: Algorithm) -> Option<u64> {
    match algorithm {
        Algorithm::ES256 | Algorithm::ES384 | Algorithm::ES512 => Some(TPM_ALG_ECDSA),
        Algorithm::ESP256 | Algorithm::ESP384 | Algorithm::ESP512 => Some(TPM_ALG_ECDSA),
        Algorithm::RS256 | Algorithm::RS384 | Algorithm::RS512 => Some(TPM_ALG_RSASSA),
        Algorithm::RS1 => Some(TPM_ALG_RSASSA),
        Algorithm::PS256 | Algorithm::PS384 | Algorithm::PS512 => Some(TPM_ALG_RSAPSS),
        _ => None,
    }
}

impl Maker {
    /// Whether the clock can be relied on: yes. The vectors of §16 have an octet
    /// here that is neither yes nor no, which strict readers refuse.
    fn safe(&self) -> u64 {
        if *self == Self::default() { 0x33 } else { 1 }
    }

    /// The name of an object that stands right below the owner's hierarchy,
    /// together with that of its parent, which is the handle of the hierarchy.
    /// The vectors of §16 leave it empty, as no TPM does.
    fn qualified_name(&self, hash: Hash, name: &[u8]) -> Vec<u8> {
        if *self == Self::default() {
            return Vec::new();
        }
        hash.name(&[&TPM_RH_OWNER.to_be_bytes(), name].concat())
    }
}

impl Hash {
    /// The hash that an algorithm employs; SHA-256 for those that name none.
    fn of(algorithm: Algorithm) -> Self {
        match algorithm {
            Algorithm::RS1 => Self::Sha1,
            Algorithm::ES384 | Algorithm::ESP384 => Self::Sha384,
            Algorithm::RS384 | Algorithm::PS384 => Self::Sha384,
            Algorithm::ES512 | Algorithm::ESP512 => Self::Sha512,
            Algorithm::RS512 | Algorithm::PS512 => Self::Sha512,
            _ => Self::Sha256,
        }
    }

    /// Its TPM_ALG_ID.
    fn id(self) -> u64 {
        match self {
            Self::Sha1 => 0x0004,
            Self::Sha256 => 0x000b,
            Self::Sha384 => 0x000c,
            Self::Sha512 => 0x000d,
        }
    }

    /// The name of what hashes to it: the digest after its TPM_ALG_ID.
    fn name(self, of: &[u8]) -> Vec<u8> {
        let mut name = uint(2, self.id()).render();
        name.extend(self.digest(of));
        name
    }

    fn digest(self, message: &[u8]) -> Vec<u8> {
        match self {
            Self::Sha1 => Sha1::digest(message).to_vec(),
            Self::Sha256 => Sha256::digest(message).to_vec(),
            Self::Sha384 => Sha384::digest(message).to_vec(),
            Self::Sha512 => Sha512::digest(message).to_vec(),
        }
    }
}

/// Adds a TPM2B: bytes after their length.
fn sized(layout: Layout, names: [&'static str; 2], octets: impl Into<Vec<u8>>) -> Layout {
    let [size, field] = names;
    layout.with(size, Tree::LengthOf { field, width: 2 }).with(field, Tree::Bytes(octets.into()))
}

fn uint(width: usize, value: u64) -> Tree {
    Tree::Uint { value, width }
}

const X: [&str; 2] = ["x_size", "x"];
const Y: [&str; 2] = ["y_size", "y"];

const TPM_ALG_RSA: u64 = 0x0001;
const TPM_ALG_NULL: u64 = 0x0010;
const TPM_ALG_RSASSA: u64 = 0x0014;
const TPM_ALG_RSAPSS: u64 = 0x0016;
const TPM_ALG_ECDSA: u64 = 0x0018;
const TPM_ALG_ECC: u64 = 0x0023;
const TPM_ECC_NIST_P256: u64 = 0x0003;
const TPM_ECC_NIST_P384: u64 = 0x0004;
const TPM_ECC_NIST_P521: u64 = 0x0005;
const TPM_RH_OWNER: u32 = 0x4000_0001;
const TPM_GENERATED_VALUE: u64 = 0xff54_4347;
const TPM_ST_ATTEST_CERTIFY: u64 = 0x8017;
/// The one attribute of the object: it may sign.
const SIGN_ENCRYPT: u64 = 1 << 18;
