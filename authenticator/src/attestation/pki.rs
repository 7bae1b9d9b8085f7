//! A public key infrastructure for tests: the authorities that certify
//! attestation keys, and the certificates that they make (X.509, RFC 5280).
//!
//! Everything but keys and serial numbers is fixed, and as in the test vectors
//! of §16: names, dates, the order of extensions. Nothing reads a clock.
//!
//! There is a plain root, that of the vectors, and one per statement format,
//! since relying parties keep them apart and must not take one for another.
//! [`Authority::roots`] lists them all. Whom one seed certifies, everyone can
//! certify who knows it: never trust these authorities outside a test.

use serde::Deserialize;
use sha1::{Digest, Sha1};
use sha2::Sha256;

use super::Format;
use crate::env::Env;
use crate::keys::{self, SigningKey};
use crate::wire::Der;
use crate::wire::cose::{self, Algorithm};
use crate::wire::der::tag;

/// An authority that signs certificates.
#[derive(Clone, Debug, PartialEq)]
pub struct Authority {
    /// What its name says of it: the organizational unit.
    pub unit: &'static str,
    /// Its key.
    pub key: SigningKey,
    /// The serial number of its own certificate, a big-endian magnitude.
    pub serial: Vec<u8>,
}

/// What a certificate says of whom it is for.
#[derive(Clone, Debug, PartialEq)]
pub struct Subject {
    /// The distinguished name.
    pub name: Der,
    /// The public key.
    pub key: cose::Key,
    /// The serial number, a big-endian magnitude.
    pub serial: Vec<u8>,
    /// The first and the last moment, each with the tag of its type.
    pub validity: [(u8, &'static str); 2],
    /// The value of BasicConstraints, see [`constraints`].
    pub constraints: Der,
    /// The value of KeyUsage.
    pub usage: Der,
    /// Extensions after those that every certificate has here.
    pub extensions: Vec<Der>,
}

/// Where an authenticator's certificates lead to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Root {
    /// The plain root, that of the test vectors.
    #[default]
    Common,
    /// The root of its statement format, as vendors have their own.
    Format,
}

/// The first and the last moment of every honest certificate.
pub(super) const VALIDITY: [(u8, &str); 2] =
    [(tag::UTC_TIME, "240101000000Z"), (tag::GENERALIZED_TIME, "30240101000000Z")];

/// The organizational unit that §8.2.1 demands of attestation certificates.
const ATTESTATION: &str = "Authenticator Attestation";

impl Authority {
    /// The trust root of an environment, common to all that it is the environment
    /// of. Its key is drawn as
    /// `attestation-ca/private-key`, its serial number as
    /// `attestation-ca/serial`.
    ///
    /// `None` after eight draws that are no private key.
    pub fn root(env: &mut dyn Env) -> Option<Self> {
        Self::draw("attestation-ca", "Authenticator Attestation CA", env)
    }

    /// The root of a statement format, drawn as `attestation-ca/FORMAT/…`. A
    /// format that certifies nothing itself has the plain one.
    pub fn root_of(format: Format, env: &mut dyn Env) -> Option<Self> {
        let unit = match format {
            Format::None | Format::PackedSelf | Format::Compound => return Self::root(env),
            Format::Packed => "Packed Attestation CA",
            Format::Tpm => "TPM Attestation CA",
            Format::AndroidKey => "Android Key Attestation CA",
            Format::AndroidSafetynet => "Android SafetyNet Attestation CA",
            Format::FidoU2f => "FIDO U2F Attestation CA",
            Format::Apple => "Apple Attestation CA",
        };
        Self::draw(&format!("attestation-ca/{}", format.name()), unit, env)
    }

    /// Every root that an honest authenticator may be certified by: the plain
    /// one first.
    pub fn roots(env: &mut dyn Env) -> Vec<Self> {
        let plain = Self::root(env);
        let own = Format::ALL.into_iter().filter(|format| format.has_own_root());
        plain.into_iter().chain(own.filter_map(|format| Self::root_of(format, env))).collect()
    }

    /// An authority below the root, drawn as `attestation-intermediate/…`.
    pub fn intermediate(env: &mut dyn Env) -> Option<Self> {
        let unit = "Authenticator Attestation Intermediate CA";
        Self::draw("attestation-intermediate", unit, env)
    }

    /// The authority that certifies the signer of metadata; authenticators are
    /// never certified by it. Drawn as `metadata-ca/…`.
    pub fn metadata(env: &mut dyn Env) -> Option<Self> {
        Self::draw("metadata-ca", "Metadata CA", env)
    }

    /// Another authority that this one decides on, for chains that are wrong.
    /// Two of different names are two.
    pub(super) fn derive(&self, unit: &'static str) -> Option<Self> {
        let seed = |what: &str| Sha256::digest([what.as_bytes(), &self.serial].concat());
        let mut draw = |label: &str, _: usize| seed(label).to_vec();
        let key = SigningKey::draw(Algorithm::ES256, unit, &mut draw).ok()?;
        let mut serial = seed(&format!("{unit}/serial")).to_vec();
        serial.truncate(SERIAL_LEN);
        Some(Self { unit, key, serial })
    }

    fn draw(label: &str, unit: &'static str, env: &mut dyn Env) -> Option<Self> {
        let draw = &mut |label: &str, len| env.draw_common(label, len);
        let key = SigningKey::draw(Algorithm::ES256, &format!("{label}/private-key"), draw).ok()?;
        Some(Self { unit, key, serial: draw(&format!("{label}/serial"), SERIAL_LEN) })
    }

    /// The certificate that it signs for itself.
    pub fn certificate(&self) -> Vec<u8> {
        self.sign(&self.tbs(&self.subject(), None).render())
    }

    /// A certificate for an authority below this one.
    pub fn certify(&self, below: &Self) -> Vec<u8> {
        self.sign(&self.to_be_signed(&below.subject()).render())
    }

    /// What is to be signed of a certificate for another subject.
    pub fn to_be_signed(&self, subject: &Subject) -> Der {
        self.tbs(subject, Some(authority_key_id(&self.key.public_key())))
    }

    /// A certificate over bytes that are to be signed; of a deviation they
    /// may be anything.
    pub fn sign(&self, tbs: &[u8]) -> Vec<u8> {
        let signature = Der::bits(0, &self.key.sign(tbs).render());
        let parts = [tbs, &self.signature_algorithm().render(), &signature.render()];
        Der::primitive(tag::SEQUENCE, parts.concat()).render()
    }

    /// Itself, as its certificate calls it.
    pub(super) fn subject(&self) -> Subject {
        Subject {
            name: self.name(),
            constraints: constraints(true, None),
            // keyCertSign and cRLSign.
            usage: Der::bits(1, &[0x06]),
            ..Subject::authenticator(UNASSIGNED, self.key.public_key(), &self.serial)
        }
    }

    /// Its distinguished name.
    pub(super) fn name(&self) -> Der {
        name(COMMON_NAME, self.unit, UNASSIGNED)
    }

    /// How X.509 calls what it signs with: it follows the key.
    pub(super) fn signature_algorithm(&self) -> Der {
        keys::signature_algorithm(self.key.algorithm()).unwrap_or_else(|| Der::sequence([]))
    }

    /// TBSCertificate: `version, serialNumber, signature, issuer, validity,
    /// subject, subjectPublicKeyInfo, extensions`.
    fn tbs(&self, subject: &Subject, authority_key_id: Option<Der>) -> Der {
        let mut extensions = vec![
            extension(BASIC_CONSTRAINTS, true, subject.constraints.clone()),
            extension(KEY_USAGE, true, subject.usage.clone()),
            subject_key_id(&subject.key),
        ];
        extensions.extend(authority_key_id);
        extensions.extend(subject.extensions.iter().cloned());
        Der::sequence([
            Der::explicit(0, Der::unsigned(&[2])),
            Der::unsigned(&subject.serial),
            self.signature_algorithm(),
            self.name(),
            Der::sequence(subject.validity.map(|(tag, time)| Der::primitive(tag, time))),
            subject.name.clone(),
            subject_public_key_info(&subject.key),
            Der::explicit(3, Der::sequence(extensions)),
        ])
    }
}

impl Subject {
    /// An authenticator of a vendor in this country, named as §8.2.1 demands.
    pub fn authenticator(country: &str, key: cose::Key, serial: &[u8]) -> Self {
        Self::called(COMMON_NAME, country, key, serial)
    }

    /// A subject with this common name, and otherwise the name of an authenticator.
    pub fn called(common: &str, country: &str, key: cose::Key, serial: &[u8]) -> Self {
        Self {
            name: name(common, ATTESTATION, country),
            key,
            serial: serial.to_vec(),
            validity: VALIDITY,
            constraints: constraints(false, None),
            // digitalSignature.
            usage: Der::bits(7, &[0x80]),
            extensions: Vec::new(),
        }
    }
}

/// An extension: `SEQUENCE { extnID, critical DEFAULT FALSE, extnValue }`.
pub fn extension(oid: &[u64], critical: bool, value: Der) -> Der {
    let critical = critical.then(|| Der::boolean(true));
    let parts = [Some(Der::oid(oid)), critical, Some(Der::wrapping(value))];
    Der::sequence(parts.into_iter().flatten())
}

/// BasicConstraints: whether the subject is an authority, and how many more
/// may follow below it.
pub fn constraints(is_authority: bool, path_len: Option<u8>) -> Der {
    let is_authority = is_authority.then(|| Der::boolean(true));
    let path_len = path_len.map(|len| Der::unsigned(&[len]));
    Der::sequence([is_authority, path_len].into_iter().flatten())
}

/// id-fido-gen-ce-aaguid: the model, never critical (§8.2.1).
pub fn model(aaguid: &[u8; 16]) -> Der {
    extension(&[1, 3, 6, 1, 4, 1, 45724, 1, 1, 4], false, Der::octets(*aaguid))
}

/// id-fido-gen-ce-sernum: the serial number of the very device, in enterprise
/// attestation only and never critical (§8.2.2).
pub fn serial_number(octets: &[u8]) -> Der {
    extension(&[1, 3, 6, 1, 4, 1, 45724, 1, 1, 2], false, Der::octets(octets))
}

/// id-fido-gen-ce-fw-version: the version of the firmware, never critical
/// (§8.2.1).
pub fn firmware_version(version: u32) -> Der {
    let value = Der::unsigned(&version.to_be_bytes());
    extension(&[1, 3, 6, 1, 4, 1, 45724, 1, 1, 5], false, value)
}

/// What the key may be used for.
pub fn extended_key_usage(purpose: &[u64]) -> Der {
    extension(&[2, 5, 29, 37], false, Der::sequence([Der::oid(purpose)]))
}

/// Another name of the subject, a directory name; critical, as it must be
/// where the subject itself is empty (RFC 5280 §4.2.1.6).
pub fn subject_alternative_name(name: Der) -> Der {
    extension(&[2, 5, 29, 17], true, Der::sequence([Der::explicit(4, name)]))
}

/// Another name of the subject, a host's.
pub fn host_name(name: &str) -> Der {
    let name = Der { tag: vec![0x82], ..Der::octets(name) };
    extension(&[2, 5, 29, 17], false, Der::sequence([name]))
}

const COMMON_NAME: &str = "WebAuthn test vectors";

/// The country code of authorities, and of all subjects of the test vectors. ISO 3166 assigns the
/// code to no country. Authorities keep the code, since another one would change exported roots.
pub const UNASSIGNED: &str = "AA";

/// The country code of attestation keys, unless an attester names another one. ISO 3166 assigns the
/// code, since some RPs compare a certificate's country with that list (§8.2.1). The attestation
/// certificates in most use have the same code.
pub const COUNTRY: &str = "SE";

/// A distinguished name with one attribute per relative name.
fn name(common: &str, unit: &str, country: &str) -> Der {
    let attribute =
        |number, value| Der::set([Der::sequence([Der::oid(&[2, 5, 4, number]), value])]);
    Der::sequence([
        attribute(3, Der::utf8(common)),
        attribute(10, Der::utf8("W3C")),
        attribute(11, Der::utf8(unit)),
        attribute(6, Der::primitive(tag::PRINTABLE_STRING, country)),
    ])
}

const BASIC_CONSTRAINTS: &[u64] = &[2, 5, 29, 19];
const KEY_USAGE: &[u64] = &[2, 5, 29, 15];

fn subject_key_id(key: &cose::Key) -> Der {
    extension(&[2, 5, 29, 14], false, Der::octets(key_id(key)))
}

pub(super) fn authority_key_id(key: &cose::Key) -> Der {
    let value = Der::sequence([Der::implicit_octets(0, key_id(key))]);
    extension(&[2, 5, 29, 35], false, value)
}

/// SHA-1 of the bits of the public key (RFC 5280 §4.2.1.2, method 1).
pub(super) fn key_id(key: &cose::Key) -> Vec<u8> {
    let info = subject_public_key_info(key);
    let bits = info.items().and_then(<[Der]>::last).and_then(Der::as_primitive);
    let octets = bits.and_then(|bits| bits.get(1..)).unwrap_or_default();
    Sha1::digest(octets).to_vec()
}

/// An empty sequence for keys that have no such form.
fn subject_public_key_info(key: &cose::Key) -> Der {
    let info = keys::subject_public_key_info(key).and_then(|info| Der::decode(&info).ok());
    info.unwrap_or_else(|| Der::sequence([]))
}

/// The bytes that serial numbers are drawn of.
pub(super) const SERIAL_LEN: usize = 16;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::env::Seeded;

    fn parts(certificate: &[u8]) -> Vec<Der> {
        Der::decode_strict(certificate).unwrap().items().unwrap().to_vec()
    }

    #[test]
    fn the_seed_decides_on_the_root() {
        let root = |seed: &str| Authority::root(&mut Seeded::new("any").trusting(seed)).unwrap();
        assert_eq!(root("a").certificate(), root("a").certificate());
        assert_ne!(root("a").certificate(), root("b").certificate());
    }

    #[test]
    fn authorities_may_certify_and_end_entities_may_not() {
        let env = &mut Seeded::new("test");
        let (root, below) = (Authority::root(env).unwrap(), Authority::intermediate(env).unwrap());
        let is_authority = extension(BASIC_CONSTRAINTS, true, Der::sequence([Der::boolean(true)]));
        let is_none = extension(BASIC_CONSTRAINTS, true, Der::sequence([]));
        let first = |tbs: &Der| {
            let extensions = tbs.items().unwrap()[7].items().unwrap()[0].items().unwrap();
            extensions[0].render()
        };
        for certificate in [root.certificate(), root.certify(&below)] {
            assert_eq!(first(&parts(&certificate)[0]), is_authority.render());
        }
        let leaf = Subject::authenticator(COUNTRY, below.key.public_key(), &[0x80]);
        let tbs = root.to_be_signed(&leaf);
        assert_eq!(first(&tbs), is_none.render());
        assert_eq!(tbs.items().unwrap()[1].render(), [2, 2, 0, 0x80], "the serial is positive");
    }

    /// The extension of the example certificate in §8.2.1.
    #[test]
    fn the_model_is_an_octet_string_within_another() {
        let aaguid = *b"\xcd\x8c\x39\x5c\x26\xed\xee\xde\x65\x3b\x00\x79\x7d\x03\xca\x3c";
        let head = b"\x30\x21\x06\x0b\x2b\x06\x01\x04\x01\x82\xe5\x1c\x01\x01\x04\x04\x12\x04\x10";
        assert_eq!(model(&aaguid).render(), [&head[..], &aaguid].concat());
    }

    #[test]
    fn every_message_is_signed() {
        let root = Authority::root(&mut Seeded::new("test")).unwrap();
        let leaf = Subject::authenticator(COUNTRY, root.key.public_key(), &[1]);
        let mut tbs = root.to_be_signed(&leaf).render();
        let honest = root.sign(&tbs);
        *tbs.last_mut().unwrap() ^= 1;
        let altered = parts(&root.sign(&tbs));
        assert_ne!(altered, parts(&honest));
        let signature = altered[2].as_primitive().unwrap();
        assert_eq!(keys::verify(&root.key.public_key(), &tbs, &signature[1..]), Ok(()));
    }

    proptest! {
        #[test]
        fn certificates_are_der(serial: [u8; SERIAL_LEN], aaguid: [u8; 16], seed: [u8; 4]) {
            let root = Authority::root(&mut Seeded::new("any").trusting(seed)).unwrap();
            let mut leaf = Subject::authenticator(COUNTRY, root.key.public_key(), &serial);
            leaf.extensions.push(model(&aaguid));
            let tbs = root.to_be_signed(&leaf).render();
            let [said, _, signature] = &parts(&root.sign(&tbs))[..] else { panic!("not three") };
            prop_assert_eq!(said.render(), tbs.clone());
            let signature = &signature.as_primitive().unwrap()[1..];
            prop_assert_eq!(keys::verify(&root.key.public_key(), &tbs, signature), Ok(()));
        }
    }
}
