//! Models that nobody makes, each listed in one BLOB: for tests of what a
//! relying party believes.

use sha2::{Digest, Sha256};

use super::{Blob, Model};
use crate::attestation::pki::Authority;
use crate::attestation::{Attester, Format, packed};
use crate::wire::cose::Algorithm;

/// A model for tests, and what is said of it where. All are like security keys
/// with ES256; each has an AAGUID and a root of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listing {
    /// Its name in data.
    pub name: &'static str,
    /// The BLOB that alone lists it; `None` if none does.
    pub blob: Option<Blob>,
    /// What became known of it, the oldest first.
    reports: &'static [&'static str],
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// It has certified attestation keys.
    Certified,
    /// It only attests for itself: no root vouches for it.
    SelfOnly,
    /// It makes keys for ES384, and for no other algorithm.
    OtherAlgorithm,
    /// Its attestation key's own certificate is what is trusted.
    Anchored,
    /// It has commands of its vendor with large numbers.
    VendorCommands,
}

impl Listing {
    /// Every model for tests.
    pub const ALL: &[Self] = &[
        Self::listed("listed", Kind::Certified, &[L1]),
        Self::listed("self-only", Kind::SelfOnly, &[NONE]),
        Self::listed("other-algorithm", Kind::OtherAlgorithm, &[L1]),
        Self::listed("anchored", Kind::Anchored, &[L1]),
        Self::listed("vendor-commands", Kind::VendorCommands, &[L1]),
        Self::listed("update-available", Kind::Certified, &[L1, "UPDATE_AVAILABLE"]),
        Self::listed("revoked", Kind::Certified, &[L1, "REVOKED"]),
        Self::listed("attestation-key", Kind::Certified, &[L1, "ATTESTATION_KEY_COMPROMISE"]),
        Self::listed("verification-bypass", Kind::Certified, &[L1, "USER_VERIFICATION_BYPASS"]),
        Self::listed("remote-compromise", Kind::Certified, &[L1, "USER_KEY_REMOTE_COMPROMISE"]),
        Self::listed("physical-compromise", Kind::Certified, &[L1, "USER_KEY_PHYSICAL_COMPROMISE"]),
        Self::listed(
            "compromised-before",
            Kind::Certified,
            &["USER_KEY_REMOTE_COMPROMISE", "UPDATE_AVAILABLE"],
        ),
        Self::only_in("bad-signature-only", Blob::BadSignature),
        Self::only_in("wrong-algorithm-only", Blob::WrongAlgorithm),
        Self::only_in("unsigned-only", Blob::Unsigned),
        Self::only_in("other-root-only", Blob::OtherRoot),
        Self::only_in("expired-signer-only", Blob::ExpiredSigner),
        Self::only_in("revoked-signer-only", Blob::RevokedSigner),
        Self::only_in("revoked-intermediate-only", Blob::RevokedIntermediate),
        Self::only_in("expired-only", Blob::Expired),
        Self::only_in("older-only", Blob::Older),
        Self { name: "unlisted", blob: None, reports: &[], kind: Kind::Certified },
    ];

    const fn listed(name: &'static str, kind: Kind, reports: &'static [&'static str]) -> Self {
        Self { name, blob: Some(Blob::Honest), reports, kind }
    }

    const fn only_in(name: &'static str, blob: Blob) -> Self {
        Self { name, blob: Some(blob), reports: &[L1], kind: Kind::Certified }
    }

    /// The model of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|listing| listing.name == name)
    }

    /// An honest one that attests in this way.
    pub fn honest(format: Option<Format>) -> Option<Self> {
        Self::named(if format == Some(Format::PackedSelf) { "self-only" } else { "listed" })
    }

    /// Its AAGUID.
    pub fn aaguid(self) -> [u8; 16] {
        let digest: [u8; 32] = Sha256::digest(["passrig listing ", self.name].concat()).into();
        let mut aaguid = [0; 16];
        for (octet, drawn) in aaguid.iter_mut().zip(digest) {
            *octet = drawn;
        }
        aaguid
    }

    /// Makes an authenticator's attestation that of this model. The common root
    /// decides on keys and certificates.
    pub(crate) fn equip(self, attester: &mut Attester, common: &Authority) -> Option<()> {
        let root = common.derive(self.name)?;
        let own = root.derive("Attestation Key")?;
        *attester = Attester {
            key: own.key,
            serial: own.serial,
            aaguid: Some(self.aaguid()),
            firmware_version: None,
            enterprise: None,
            root,
            intermediate: None,
            ..attester.clone()
        };
        Some(())
    }

    /// What metadata say of it.
    pub fn model(self, common: &Authority) -> Option<Model> {
        let root = common.derive(self.name)?;
        let is = |kind| self.kind == kind;
        let mut certificates = Vec::new();
        if is(Kind::Anchored) {
            let mut attester = Attester::below(common.clone());
            self.equip(&mut attester, common)?;
            certificates.push(packed::certificate(&attester));
        }
        let has_root = !is(Kind::SelfOnly) && !is(Kind::Anchored);
        Some(Model {
            description: format!("passrig {}", self.name),
            aaguid: self.aaguid(),
            is_platform: false,
            transports: vec!["usb".to_owned()],
            algorithms: vec![if is(Kind::OtherAlgorithm) {
                Algorithm::ES384
            } else {
                Algorithm::ES256
            }],
            discoverable: true,
            user_verification: true,
            attestation: if is(Kind::SelfOnly) { Format::PackedSelf } else { Format::Packed },
            other_attestation: Vec::new(),
            roots: has_root.then_some(root).into_iter().collect(),
            certificates,
            reports: self.reports.to_vec(),
            vendor_commands: if is(Kind::VendorCommands) { vec![1, u64::MAX] } else { Vec::new() },
        })
    }
}

const L1: &str = "FIDO_CERTIFIED_L1";
const NONE: &str = super::NOTHING_KNOWN;
