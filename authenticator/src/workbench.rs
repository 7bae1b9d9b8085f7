//! The one seam through which every finished artefact passes.

use std::fmt;

use crate::wire::Tree;

/// Where finished artefacts are laid before the next stage reads them.
///
/// The next stage reads the *rendered bytes* of what comes back, so hashes and
/// signatures over an altered artefact are right by construction. There are
/// two implementations: [`Honest`] changes nothing; the other one lives in
/// [`crate::deviation`], which `device` and `client` never name.
pub trait Workbench: Send {
    /// Takes an artefact and gives back what shall travel.
    fn finish(&mut self, stage: Stage, artefact: Tree) -> Tree;
}

/// The honest workbench: everything stays as it was made.
#[derive(Clone, Copy, Debug, Default)]
pub struct Honest;

impl Workbench for Honest {
    fn finish(&mut self, _: Stage, artefact: Tree) -> Tree {
        artefact
    }
}

/// The artefacts of a ceremony in the order in which they are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// Collected client data, a JSON tree.
    ClientData,
    /// Authenticator data, a layout.
    AuthenticatorData,
    /// What is to be signed of the attestation certificate, DER.
    Certificate,
    /// The TPM's public area, a layout (§8.3).
    PubArea,
    /// The TPM's certify structure, a layout (§8.3).
    CertInfo,
    /// The header of a service's JWS, JSON (§8.5).
    JwsHeader,
    /// The payload of a service's JWS, JSON (§8.5).
    JwsPayload,
    /// The signature of an assertion or of an attestation statement; DER for
    /// ECDSA, but r and s alone in a JWS.
    Signature,
    /// The attestation statement, CBOR.
    Statement,
    /// The attestation object, CBOR.
    AttestationObject,
    /// The credential as WebAuthn JSON.
    Response,
    /// The HTTP request that carries it.
    Request,
}

impl Stage {
    /// All stages in order.
    pub const ALL: [Self; 12] = [
        Self::ClientData,
        Self::AuthenticatorData,
        Self::Certificate,
        Self::PubArea,
        Self::CertInfo,
        Self::JwsHeader,
        Self::JwsPayload,
        Self::Signature,
        Self::Statement,
        Self::AttestationObject,
        Self::Response,
        Self::Request,
    ];

    /// The name in paths.
    pub fn name(self) -> &'static str {
        match self {
            Self::ClientData => "client_data",
            Self::AuthenticatorData => "authenticator_data",
            Self::Certificate => "certificate",
            Self::PubArea => "pub_area",
            Self::CertInfo => "cert_info",
            Self::JwsHeader => "jws_header",
            Self::JwsPayload => "jws_payload",
            Self::Signature => "signature",
            Self::Statement => "statement",
            Self::AttestationObject => "attestation_object",
            Self::Response => "response",
            Self::Request => "request",
        }
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
