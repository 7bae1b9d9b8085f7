//! Attestation statement formats, one file each: how an authenticator makes
//! them (§8).

mod none;
mod packed;

use serde::{Deserialize, Serialize};

use crate::keys::SigningKey;
use crate::wire::{Cbor, Tree};
use crate::workbench::{Stage, Workbench};

/// A statement format that authenticators here can make.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// No statement (§8.7).
    None,
    /// Packed, signed by the credential key itself (§8.2, self attestation).
    PackedSelf,
}

impl Format {
    /// The attestation statement format identifier.
    pub fn identifier(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::PackedSelf => "packed",
        }
    }

    /// Makes the statement over authenticator data and the hash of the client
    /// data.
    pub(crate) fn state(
        self,
        signer: &SigningKey,
        authenticator_data: &[u8],
        client_data_hash: &[u8; 32],
        bench: &mut dyn Workbench,
    ) -> Cbor {
        let statement = match self {
            Self::None => none::state(),
            Self::PackedSelf => {
                packed::state_self(signer, authenticator_data, client_data_hash, bench)
            }
        };
        cbor(bench.finish(Stage::Statement, Tree::Cbor(statement)))
    }
}

/// A tree as a CBOR item: what is none any more goes in octet by octet.
fn cbor(tree: Tree) -> Cbor {
    match tree {
        Tree::Cbor(cbor) => cbor,
        other => crate::wire::cbor::Item::Raw(other.render()).into(),
    }
}
