//! The attestation object (§6.5.4).

use super::{Cbor, Tree};

/// Format, statement and authenticator data of a registration.
#[derive(Clone, Debug, PartialEq)]
pub struct AttestationObject {
    /// The attestation statement format identifier.
    pub fmt: String,
    /// The attestation statement.
    pub statement: Cbor,
    /// The authenticator data as they travel.
    pub authenticator_data: Vec<u8>,
}

/// Why bytes are not an attestation object.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Not one well-formed CBOR item.
    #[error(transparent)]
    Cbor(#[from] super::cbor::Error),
    /// A member is missing or of another type.
    #[error("the attestation object has no usable `{0}`")]
    Member(&'static str),
}

impl AttestationObject {
    /// The tree.
    pub fn tree(&self) -> Tree {
        Tree::Cbor(Cbor::map([
            (Cbor::text("fmt"), Cbor::text(&self.fmt)),
            (Cbor::text("attStmt"), self.statement.clone()),
            (Cbor::text("authData"), Cbor::bytes(self.authenticator_data.clone())),
        ]))
    }

    /// Decodes leniently: any well-formed CBOR map with the three members.
    pub fn decode(bytes: &[u8]) -> Result<Self, Error> {
        let map = Cbor::decode(bytes)?;
        let text = map.get("fmt").and_then(Cbor::as_text).ok_or(Error::Member("fmt"))?;
        let data = map.get("authData").and_then(Cbor::as_bytes).ok_or(Error::Member("authData"))?;
        let statement = map.get("attStmt").ok_or(Error::Member("attStmt"))?;
        Ok(Self {
            fmt: text.to_owned(),
            statement: statement.clone(),
            authenticator_data: data.to_vec(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_trip_in_canonical_order() {
        let object = AttestationObject {
            fmt: "none".into(),
            statement: Cbor::map([]),
            authenticator_data: vec![1, 2],
        };
        let bytes = object.tree().render();
        assert_eq!(bytes, b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x42\x01\x02");
        assert_eq!(AttestationObject::decode(&bytes), Ok(object));
        assert_eq!(AttestationObject::decode(b"\xa0"), Err(Error::Member("fmt")));
    }
}
