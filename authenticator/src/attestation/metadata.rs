//! What the FIDO Metadata Service would say of authenticators (MDS 3.0):
//! statements, and the signed BLOB that holds them, right and wrong.
//!
//! Nothing reads a clock: an honest BLOB is not to be updated before 2999.

mod blob;
mod listing;

pub use blob::Blob;
pub use listing::Listing;

use super::Format;
use super::pki::{self, Authority};
use crate::wire::base64url;
use crate::wire::cose::Algorithm;
use crate::wire::json::{Json, Number};

/// A model of authenticators, as its vendor describes it.
#[derive(Clone, Debug, PartialEq)]
pub struct Model {
    /// Its name.
    pub description: String,
    /// Its AAGUID; zeros for U2F.
    pub aaguid: [u8; 16],
    /// Whether it is part of the client's machine.
    pub is_platform: bool,
    /// How clients reach it.
    pub transports: Vec<String>,
    /// The algorithms that it makes keys for.
    pub algorithms: Vec<Algorithm>,
    /// Whether it can store discoverable credentials.
    pub discoverable: bool,
    /// Whether it can verify its user.
    pub user_verification: bool,
    /// The attestation that it makes.
    pub attestation: Format,
    /// What else it makes, where somebody asks for it.
    pub other_attestation: Vec<Format>,
    /// The roots that its certificates lead to.
    pub roots: Vec<Authority>,
    /// Certificates that are trusted for themselves, in DER: those of its
    /// attestation keys, where no root is to vouch for them.
    pub certificates: Vec<Vec<u8>>,
    /// What became known of it, the oldest first: names of AuthenticatorStatus
    /// (MDS 3.0 §3.1.4).
    pub reports: Vec<&'static str>,
    /// The vendor's own commands, numbers of 64 bits (CTAP 2.1 §6.4).
    pub vendor_commands: Vec<u64>,
}

/// What is said of a model of which nothing is known.
pub(crate) const NOTHING_KNOWN: &str = "NOT_FIDO_CERTIFIED";

impl Model {
    /// Its metadata statement (FIDO Metadata Statement 3.0 §3).
    pub fn statement(&self) -> Json {
        let mut members = vec![("legalHeader", Json::text(LEGAL))];
        members.extend(self.identity());
        let (family, major) = if self.is_u2f() { ("u2f", 1) } else { ("fido2", 1) };
        let version = Json::object([("major", int(major)), ("minor", int(0))]);
        let protection: &[&str] =
            if self.is_hardware() { &["hardware", "secure_element"] } else { &["software"] };
        let matcher = if self.is_hardware() { "on_chip" } else { "software" };
        let algorithms = self.algorithms.iter().filter_map(|algorithm| registered(*algorithm));
        let roots = self.roots.iter().map(Authority::certificate);
        let roots = roots.chain(self.certificates.iter().cloned()).map(certificate);
        members.extend([
            ("description", Json::text(&self.description)),
            ("authenticatorVersion", int(1)),
            ("protocolFamily", Json::text(family)),
            ("schema", int(3)),
            ("upv", Json::Array(vec![version])),
            ("authenticationAlgorithms", texts(algorithms)),
            ("publicKeyAlgAndEncodings", texts([if self.is_u2f() { U2F_KEY } else { "cose" }])),
            ("attestationTypes", texts(self.attestation_types())),
            ("userVerificationDetails", self.user_verification_details()),
            ("keyProtection", texts(protection.iter().copied())),
            ("isKeyRestricted", Json::Bool(self.is_hardware())),
            ("matcherProtection", texts([matcher])),
            ("cryptoStrength", int(128)),
            ("attachmentHint", texts(self.attachment_hint())),
            ("tcDisplay", Json::Array(Vec::new())),
            ("attestationRootCertificates", Json::Array(roots.collect())),
        ]);
        if !self.is_u2f() {
            members.push(("authenticatorGetInfo", self.get_info()));
        }
        Json::object(members)
    }

    /// What statements and entries are found by. U2F has no AAGUID; its
    /// certificates differ by the seed, so that the root stands for them.
    fn identity(&self) -> Vec<(&'static str, Json)> {
        if !self.is_u2f() {
            return vec![("aaguid", Json::text(self.grouped_aaguid()))];
        }
        let ids = self.roots.iter().map(|root| {
            Json::text(base16ct::lower::encode_string(&pki::key_id(&root.key.public_key())))
        });
        vec![("attestationCertificateKeyIdentifiers", Json::Array(ids.collect()))]
    }

    pub(crate) fn grouped_aaguid(&self) -> String {
        let digits = base16ct::lower::encode_string(&self.aaguid);
        let mut rest = digits.as_str();
        let groups = [8, 4, 4, 4, 12].map(|len| {
            let (group, after) = rest.split_at(len);
            rest = after;
            group
        });
        groups.join("-")
    }

    fn is_u2f(&self) -> bool {
        self.attestation == Format::FidoU2f
    }

    /// Whether keys stay in a chip: of those that have an attestation key.
    fn is_hardware(&self) -> bool {
        self.attestation.is_certified()
    }

    fn attestation_types(&self) -> Vec<&'static str> {
        let mut types = Vec::new();
        for format in std::iter::once(&self.attestation).chain(&self.other_attestation) {
            let kind = match format {
                Format::None => "none",
                Format::PackedSelf => "basic_surrogate",
                Format::Tpm => "attca",
                Format::Apple => "anonca",
                _ => "basic_full",
            };
            if !types.contains(&kind) {
                types.push(kind);
            }
        }
        types
    }

    fn user_verification_details(&self) -> Json {
        let method =
            |name| Json::Array(vec![Json::object([("userVerificationMethod", Json::text(name))])]);
        let verifies = self.user_verification.then(|| {
            method(if self.is_platform { "fingerprint_internal" } else { "passcode_external" })
        });
        Json::Array(verifies.into_iter().chain([method("presence_internal")]).collect())
    }

    fn attachment_hint(&self) -> Vec<&'static str> {
        if self.is_platform {
            return vec!["internal"];
        }
        let hints = self.transports.iter().filter_map(|transport| match transport.as_str() {
            "usb" => Some("wired"),
            "nfc" => Some("nfc"),
            "ble" => Some("bluetooth"),
            _ => None,
        });
        std::iter::once("external").chain(hints).collect()
    }

    /// What it would answer to CTAP's authenticatorGetInfo, as JSON.
    fn get_info(&self) -> Json {
        let algorithms = self.algorithms.iter().map(|algorithm| {
            Json::object([
                ("type", Json::text("public-key")),
                ("alg", Json::Number(Number::from(algorithm.0))),
            ])
        });
        let options = Json::object([
            ("plat", Json::Bool(self.is_platform)),
            ("rk", Json::Bool(self.discoverable)),
            ("up", Json::Bool(true)),
            ("uv", Json::Bool(self.user_verification)),
        ]);
        let mut members = vec![
            ("versions", texts(["FIDO_2_0"])),
            ("aaguid", Json::text(base16ct::lower::encode_string(&self.aaguid))),
            ("options", options),
            ("transports", texts(self.transports.iter().map(String::as_str))),
            ("algorithms", Json::Array(algorithms.collect())),
        ];
        if !self.vendor_commands.is_empty() {
            let commands = self.vendor_commands.iter().map(|command| int(*command)).collect();
            members.push(("vendorPrototypeConfigCommands", Json::Array(commands)));
        }
        Json::object(members)
    }
}

const HOST: &str = "mds.passrig.test";
const LEGAL: &str = "Made by passrig for tests. Anybody can make the keys; never trust them.";
const U2F_KEY: &str = "ecc_x962_raw";

/// The name of an algorithm in the FIDO Registry of Predefined Values §3.6.1;
/// those that it does not know yet have none.
pub fn registered(algorithm: Algorithm) -> Option<&'static str> {
    Some(match algorithm {
        Algorithm::ES256 | Algorithm::ESP256 => "secp256r1_ecdsa_sha256_raw",
        Algorithm::ES384 | Algorithm::ESP384 => "secp384r1_ecdsa_sha384_raw",
        Algorithm::ES512 | Algorithm::ESP512 => "secp521r1_ecdsa_sha512_raw",
        Algorithm::ES256K => "secp256k1_ecdsa_sha256_raw",
        Algorithm::EDDSA | Algorithm::ED25519 => "ed25519_eddsa_sha512_raw",
        Algorithm::ED448 => "ed448_eddsa_sha512_raw",
        Algorithm::RS1 => "rsassa_pkcsv15_sha1_raw",
        Algorithm::RS256 => "rsassa_pkcsv15_sha256_raw",
        Algorithm::RS384 => "rsassa_pkcsv15_sha384_raw",
        Algorithm::RS512 => "rsassa_pkcsv15_sha512_raw",
        Algorithm::PS256 => "rsassa_pss_sha256_raw",
        Algorithm::PS384 => "rsassa_pss_sha384_raw",
        Algorithm::PS512 => "rsassa_pss_sha512_raw",
        _ => return None,
    })
}

fn certificate(bytes: Vec<u8>) -> Json {
    Json::Binary { bytes, variant: base64url::Variant::Base64 }
}

fn int(number: u64) -> Json {
    Json::Number(Number::from(number))
}

fn texts<'a>(texts: impl IntoIterator<Item = &'a str>) -> Json {
    Json::Array(texts.into_iter().map(Json::text).collect())
}
