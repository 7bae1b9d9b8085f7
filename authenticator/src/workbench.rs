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

named_enum! {
    /// The artefacts of a ceremony in the order in which they are made.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
    pub enum Stage {
        /// Collected client data, a JSON tree.
        ClientData = "client_data",
        /// Authenticator data, a layout.
        AuthenticatorData = "authenticator_data",
        /// What is to be signed of the attestation certificate, DER.
        Certificate = "certificate",
        /// The TPM's public area, a layout (§8.3).
        PubArea = "pub_area",
        /// The TPM's certify structure, a layout (§8.3).
        CertInfo = "cert_info",
        /// The header of a service's JWS, JSON (§8.5).
        JwsHeader = "jws_header",
        /// The payload of a service's JWS, JSON (§8.5).
        JwsPayload = "jws_payload",
        /// The signature of an assertion or of an attestation statement; DER for
        /// ECDSA, but r and s alone in a JWS.
        Signature = "signature",
        /// The attestation statement, CBOR.
        Statement = "statement",
        /// The attestation object, CBOR.
        AttestationObject = "attestation_object",
        /// The credential as WebAuthn JSON.
        Response = "response",
        /// The HTTP request that carries it.
        Request = "request",
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
