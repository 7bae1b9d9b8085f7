//! X.509 certificates of attestation statements (RFC 5280).

use std::time::Duration;

use passrig_authenticator::keys;
use passrig_authenticator::wire::Cbor;
use passrig_authenticator::wire::cbor::Item;
use passrig_authenticator::wire::cose::{self, Algorithm};
use x509_cert::crl::CertificateList;
use x509_cert::der::asn1::ObjectIdentifier;
use x509_cert::der::{Decode, Encode, Tag, Tagged};
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::ext::pkix::{BasicConstraints, ExtendedKeyUsage, KeyUsage, SubjectAltName};
use x509_cert::name::Name;
use x509_cert::{Certificate as Parsed, Version};

/// The certificates of a statement, that of the signing key first.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Chain {
    pub(crate) leaf: Certificate,
    pub(crate) above: Vec<Certificate>,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Certificate {
    parsed: Parsed,
}

impl Chain {
    /// `x5c`, an array of at least one certificate; otherwise what is wrong
    /// with it.
    pub(super) fn read(x5c: Option<&Cbor>) -> Result<Self, &'static str> {
        let Some(Item::Array(items)) = x5c.map(|x5c| &x5c.item) else {
            return Err("x5c is no array");
        };
        Self::of(items.iter().map(Cbor::as_bytes))
    }

    /// The same from bytes, `None` for what has none.
    pub(super) fn of<'a>(
        items: impl IntoIterator<Item = Option<&'a [u8]>>,
    ) -> Result<Self, &'static str> {
        let read = |octets: Option<&[u8]>| Certificate::read(octets.ok_or(NO_CERTIFICATE)?);
        let mut certificates = items.into_iter().map(read);
        let leaf = certificates.next().ok_or("x5c has no certificate")??;
        Ok(Self { leaf, above: certificates.collect::<Result<_, _>>()? })
    }

    pub(super) fn len(&self) -> usize {
        1 + self.above.len()
    }

    /// Brings an end entity's certificate to the front, if there is one; the
    /// others follow in the reverse of their order.
    pub(crate) fn sort(&mut self) {
        let is_authority = |one: &Certificate| one.basic_constraints().is_some_and(|c| c.ca);
        if is_authority(&self.leaf)
            && let Some(place) = self.above.iter().position(|one| !is_authority(one))
        {
            let leaf = self.above.remove(place);
            let first = std::mem::replace(&mut self.leaf, leaf);
            self.above.insert(0, first);
            self.above.reverse();
        }
    }

    /// The certificates, the leaf first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Certificate> {
        std::iter::once(&self.leaf).chain(&self.above)
    }
}

const NO_CERTIFICATE: &str = "x5c holds something that is no certificate";

impl Certificate {
    /// The certificate in DER.
    pub(crate) fn read(octets: &[u8]) -> Result<Self, &'static str> {
        let parsed = Parsed::from_der(octets).map_err(|_| NO_CERTIFICATE)?;
        Ok(Self { parsed })
    }

    pub(super) fn is_version_3(&self) -> bool {
        self.parsed.tbs_certificate().version() == Version::V3
    }

    pub(super) fn subject(&self) -> &Name {
        self.parsed.tbs_certificate().subject()
    }

    /// The values of an attribute of the subject (RFC 4519), with their types.
    pub(super) fn subject_attributes(&self, oid: &'static str) -> Vec<(Tag, &[u8])> {
        let oid = ObjectIdentifier::new_unwrap(oid);
        let named = self.subject().iter().filter(|attribute| attribute.oid == oid);
        named.map(|attribute| (attribute.value.tag(), attribute.value.value())).collect()
    }

    /// The subject's key for an algorithm.
    pub(super) fn key(&self, algorithm: Algorithm) -> Result<cose::Key, keys::Error> {
        keys::from_spki(algorithm, &self.key_info())
    }

    /// The subject's key, SubjectPublicKeyInfo in DER.
    pub(super) fn key_info(&self) -> Vec<u8> {
        self.parsed.tbs_certificate().subject_public_key_info().to_der().unwrap_or_default()
    }

    pub(crate) fn extension(&self, oid: &'static str) -> Option<&Extension> {
        let oid = ObjectIdentifier::new_unwrap(oid);
        let extensions = self.parsed.tbs_certificate().extensions()?;
        extensions.iter().find(|extension| extension.extn_id == oid)
    }

    /// What an extension says, if it is there and decodes.
    fn says<'a, T: Decode<'a>>(&'a self, oid: &'static str) -> Option<T> {
        T::from_der(self.extension(oid)?.extn_value.as_bytes()).ok()
    }

    /// The Basic Constraints; `None` without the extension.
    pub(super) fn basic_constraints(&self) -> Option<BasicConstraints> {
        self.says("2.5.29.19")
    }

    /// True if Key Usage, if it is there, allows this use of the key.
    fn may(&self, allowed: fn(&KeyUsage) -> bool) -> bool {
        self.extension("2.5.29.15").is_none()
            || self.says("2.5.29.15").is_some_and(|usage| allowed(&usage))
    }

    /// True if the key may sign what is no certificate.
    pub(super) fn may_sign(&self) -> bool {
        self.may(KeyUsage::digital_signature)
    }

    /// True if the key has this purpose by its Extended Key Usage.
    pub(super) fn has_purpose(&self, oid: &'static str) -> bool {
        let usage: Option<ExtendedKeyUsage> = self.says("2.5.29.37");
        usage.is_some_and(|usage| usage.0.contains(&ObjectIdentifier::new_unwrap(oid)))
    }

    /// The directory names among the alternative names, and whether the
    /// extension is critical.
    pub(super) fn alternative_names(&self) -> Option<(bool, Vec<Name>)> {
        let critical = self.extension("2.5.29.17")?.critical;
        let names: SubjectAltName = self.says("2.5.29.17")?;
        let directory = names.0.into_iter().filter_map(|name| match name {
            GeneralName::DirectoryName(name) => Some(name),
            _ => None,
        });
        Some((critical, directory.collect()))
    }

    /// True if it is a server's certificate for that host.
    pub(super) fn is_for_host(&self, host: &str) -> bool {
        let names: Option<SubjectAltName> = self.says("2.5.29.17");
        let is_host = |name: &GeneralName| matches!(name, GeneralName::DnsName(name) if name.as_str() == host);
        names.is_some_and(|names| names.0.iter().any(is_host))
    }

    /// True if it is one that may certify others, `below` of which stand
    /// between it and the leaf (RFC 5280 §6.1.4 k to n).
    pub(crate) fn is_authority(&self, below: usize) -> bool {
        self.basic_constraints().is_some_and(|constraints| {
            let room = constraints.path_len_constraint.is_none_or(|len| usize::from(len) >= below);
            constraints.ca && room
        }) && self.may(KeyUsage::key_cert_sign)
    }

    /// True if a moment, counted from the Unix epoch, is within its validity.
    pub(crate) fn is_valid_at(&self, moment: Duration) -> bool {
        let validity = self.parsed.tbs_certificate().validity();
        let from = validity.not_before.to_unix_duration();
        (from..=validity.not_after.to_unix_duration()).contains(&moment)
    }

    /// True if the issuer of this certificate has the common name of the other certificate's subject.
    pub(super) fn has_issuer_of_the_name(&self, other: &Self) -> bool {
        const COMMON_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.3");
        let name = |name: &Name| {
            let mut parts = name.iter().filter(|part| part.oid == COMMON_NAME);
            parts.next().map(|part| part.value.value().to_vec())
        };
        let issuer = name(self.parsed.tbs_certificate().issuer());
        issuer.is_some() && issuer == name(other.subject())
    }

    /// True if another one's subject is named as its issuer.
    pub(crate) fn names_as_issuer(&self, issuer: &Self) -> bool {
        self.parsed.tbs_certificate().issuer() == issuer.subject()
    }

    /// True if another one's key signed it.
    pub(crate) fn is_signed_by(&self, issuer: &Self) -> bool {
        let signed = self.parsed.tbs_certificate().to_der().unwrap_or_default();
        let algorithm = self.parsed.signature_algorithm().oid;
        issuer.has_signed(&signed, algorithm, self.parsed.signature().as_bytes())
    }

    /// True if its issuer has revoked it, by any of these lists.
    pub(super) fn is_revoked_by(&self, issuer: &Self, lists: &[CertificateList]) -> bool {
        let serial = self.parsed.tbs_certificate().serial_number();
        lists.iter().any(|list| {
            let content = &list.tbs_cert_list;
            let signed = content.to_der().unwrap_or_default();
            let signature = list.signature.as_bytes();
            let mut revoked = content.revoked_certificates.iter().flatten();
            content.issuer == *issuer.subject()
                && revoked.any(|entry| entry.serial_number == *serial)
                && issuer.has_signed(&signed, list.signature_algorithm.oid, signature)
        })
    }

    fn has_signed(&self, octets: &[u8], algorithm: ObjectIdentifier, sig: Option<&[u8]>) -> bool {
        let key = signature_algorithm(algorithm).and_then(|alg| self.key(alg).ok());
        key.zip(sig).is_some_and(|(key, sig)| keys::verify(&key, octets, sig).is_ok())
    }
}

/// The COSE algorithm that an X.509 signature algorithm is.
fn signature_algorithm(oid: ObjectIdentifier) -> Option<Algorithm> {
    const KNOWN: [(&str, Algorithm); 9] = [
        ("1.2.840.10045.4.3.2", Algorithm::ES256),
        ("1.2.840.10045.4.3.3", Algorithm::ES384),
        ("1.2.840.10045.4.3.4", Algorithm::ES512),
        ("1.2.840.113549.1.1.5", Algorithm::RS1),
        ("1.2.840.113549.1.1.11", Algorithm::RS256),
        ("1.2.840.113549.1.1.12", Algorithm::RS384),
        ("1.2.840.113549.1.1.13", Algorithm::RS512),
        ("1.3.101.112", Algorithm::EDDSA),
        ("1.3.101.113", Algorithm::ED448),
    ];
    let same = |(known, _): &&(&str, Algorithm)| ObjectIdentifier::new_unwrap(known) == oid;
    KNOWN.iter().find(same).map(|(_, algorithm)| *algorithm)
}
