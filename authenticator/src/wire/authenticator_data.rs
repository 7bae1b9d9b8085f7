//! Authenticator data (§6.1) and attested credential data (§6.5.1).

use super::tree::layout::FlagNames;
use super::{Cbor, Layout, Tree};

/// What an authenticator says about a ceremony.
#[derive(Clone, Debug, PartialEq)]
pub struct AuthenticatorData {
    /// SHA-256 of the RP id.
    pub rp_id_hash: [u8; 32],
    /// The flags byte; `AT` and `ED` follow the members below when rendered.
    pub flags: Flags,
    /// The signature counter.
    pub sign_count: u32,
    /// The new credential, in a registration.
    pub attested: Option<AttestedCredentialData>,
    /// Extension outputs, a map.
    pub extensions: Option<Cbor>,
}

/// A new credential.
#[derive(Clone, Debug, PartialEq)]
pub struct AttestedCredentialData {
    /// The authenticator's model.
    pub aaguid: [u8; 16],
    /// The credential id.
    pub credential_id: Vec<u8>,
    /// The credential public key, a COSE key.
    pub public_key: Cbor,
}

/// The flags byte (§6.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flags(pub u8);

impl Flags {
    /// User present.
    pub const UP: u8 = 0x01;
    /// User verified.
    pub const UV: u8 = 0x04;
    /// Backup eligible.
    pub const BE: u8 = 0x08;
    /// Backup state.
    pub const BS: u8 = 0x10;
    /// Attested credential data included.
    pub const AT: u8 = 0x40;
    /// Extension data included.
    pub const ED: u8 = 0x80;

    /// Every bit under its name.
    pub const NAMES: FlagNames = &[
        ("up", 0),
        ("rfu1", 1),
        ("uv", 2),
        ("be", 3),
        ("bs", 4),
        ("rfu2", 5),
        ("at", 6),
        ("ed", 7),
    ];

    /// True if all of these bits are set.
    pub fn has(self, bits: u8) -> bool {
        self.0 & bits == bits
    }

    /// The byte with these bits set or cleared.
    #[must_use]
    pub fn with(self, bits: u8, on: bool) -> Self {
        Self(if on { self.0 | bits } else { self.0 & !bits })
    }
}

/// Why bytes are not authenticator data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Fewer bytes than the fixed part, or than a length announces.
    #[error("authenticator data end early, after {0} octets")]
    Truncated(usize),
    /// The credential public key is not CBOR.
    #[error("the credential public key: {0}")]
    PublicKey(super::cbor::Error),
    /// The extensions are not a CBOR map.
    #[error("the extensions are no CBOR map")]
    Extensions,
    /// Bytes follow that no flag announces.
    #[error("{0} octets follow the authenticator data")]
    Trailing(usize),
}

impl AuthenticatorData {
    /// The tree, under the specification's field names.
    pub fn tree(&self) -> Tree {
        let flags = self
            .flags
            .with(Flags::AT, self.attested.is_some())
            .with(Flags::ED, self.extensions.is_some());
        let mut layout = Layout::new()
            .with("rp_id_hash", Tree::Bytes(self.rp_id_hash.to_vec()))
            .with("flags", Tree::Flags { byte: flags.0, names: Flags::NAMES })
            .with("sign_count", Tree::Uint { value: self.sign_count.into(), width: 4 });
        if let Some(attested) = &self.attested {
            let credential = Layout::new()
                .with("aaguid", Tree::Bytes(attested.aaguid.to_vec()))
                .with("credential_id_length", Tree::LengthOf { field: "credential_id", width: 2 })
                .with("credential_id", Tree::Bytes(attested.credential_id.clone()))
                .with("credential_public_key", Tree::Cbor(attested.public_key.clone()));
            layout = layout.with("attested_credential_data", Tree::Layout(credential));
        }
        if let Some(extensions) = &self.extensions {
            layout = layout.with("extensions", Tree::Cbor(extensions.clone()));
        }
        Tree::Layout(layout)
    }

    /// Decodes exactly: every byte is announced by a flag or a length.
    /// The caller checks whether the CBOR inside is canonical.
    pub fn decode(bytes: &[u8]) -> Result<Self, Error> {
        let truncated = || Error::Truncated(bytes.len());
        let (rp_id_hash, rest) = bytes.split_first_chunk::<32>().ok_or_else(truncated)?;
        let ([flags], rest) = rest.split_first_chunk::<1>().ok_or_else(truncated)?;
        let (sign_count, mut rest) = rest.split_first_chunk::<4>().ok_or_else(truncated)?;
        let flags = Flags(*flags);
        let mut attested = None;
        if flags.has(Flags::AT) {
            let (aaguid, after) = rest.split_first_chunk::<16>().ok_or_else(truncated)?;
            let (length, after) = after.split_first_chunk::<2>().ok_or_else(truncated)?;
            let length = usize::from(u16::from_be_bytes(*length));
            let (id, after) = after.split_at_checked(length).ok_or_else(truncated)?;
            let (public_key, used) = Cbor::decode_prefix(after).map_err(Error::PublicKey)?;
            rest = after.get(used..).unwrap_or_default();
            attested = Some(AttestedCredentialData {
                aaguid: *aaguid,
                credential_id: id.to_vec(),
                public_key,
            });
        }
        let mut extensions = None;
        if flags.has(Flags::ED) {
            let (map, used) = Cbor::decode_prefix(rest).map_err(|_| Error::Extensions)?;
            map.entries().ok_or(Error::Extensions)?;
            rest = rest.get(used..).unwrap_or_default();
            extensions = Some(map);
        }
        if !rest.is_empty() {
            return Err(Error::Trailing(rest.len()));
        }
        let sign_count = u32::from_be_bytes(*sign_count);
        Ok(Self { rp_id_hash: *rp_id_hash, flags, sign_count, attested, extensions })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn round_trip(
            rp_id_hash: [u8; 32],
            bits in any::<u8>().prop_map(|b| b & 0x3f),
            sign_count: u32,
            attested: Option<([u8; 16], Vec<u8>)>,
            extended: bool,
        ) {
            let attested = attested.map(|(aaguid, credential_id)| AttestedCredentialData {
                aaguid,
                credential_id,
                public_key: Cbor::map([(Cbor::int(1), Cbor::int(2))]),
            });
            let extensions = extended.then(|| Cbor::map([(Cbor::text("x"), Cbor::bool(true))]));
            let flags = Flags(bits)
                .with(Flags::AT, attested.is_some())
                .with(Flags::ED, extended);
            let data = AuthenticatorData { rp_id_hash, flags, sign_count, attested, extensions };
            prop_assert_eq!(AuthenticatorData::decode(&data.tree().render()), Ok(data));
        }

        #[test]
        fn decoding_never_panics(bytes: Vec<u8>) {
            let _ = AuthenticatorData::decode(&bytes);
        }
    }

    #[test]
    fn every_octet_is_accounted_for() {
        assert_eq!(AuthenticatorData::decode(&[0; 36]), Err(Error::Truncated(36)));
        assert_eq!(AuthenticatorData::decode(&[0; 38]), Err(Error::Trailing(1)));
        let mut extended = vec![0; 37];
        extended[32] = Flags::ED;
        assert_eq!(AuthenticatorData::decode(&extended), Err(Error::Extensions));
        extended[32] = Flags::AT;
        assert_eq!(AuthenticatorData::decode(&extended), Err(Error::Truncated(37)));
    }
}
