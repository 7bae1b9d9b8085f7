//! What travels between an authenticator, a client and a relying party.
//!
//! Two layers. The *typed values* ([`ClientData`], [`AuthenticatorData`],
//! [`AttestationObject`], [`cose::Key`], options and responses) are what
//! honest parties think in. Each renders to a *tree* ([`Json`], [`Cbor`],
//! [`Der`], [`Layout`]) that keeps order, permits duplicates and carries an
//! encoding choice per node, canonical unless somebody says otherwise. The
//! trees are what deviations edit.
//!
//! Decoding comes strict and lenient, by name: a lenient decoder keeps every
//! encoding choice it met, so that rendering gives the input back.

pub mod attestation_object;
pub mod authenticator_data;
pub mod base64url;
pub mod cbor;
pub mod client_data;
pub mod cose;
pub mod der;
pub mod extensions;
pub mod json;
mod jwk;
pub mod options;
pub mod response;
/// Finished artifacts in the form that deviations edit.
pub mod tree;
mod webidl;

pub use attestation_object::AttestationObject;
pub use authenticator_data::{AuthenticatorData, Flags};
pub use cbor::Cbor;
pub use client_data::ClientData;
pub use der::Der;
pub use json::Json;
pub use options::{CreationOptions, RequestOptions};
pub use response::{AuthenticationResponse, RegistrationResponse};
pub use tree::Tree;
pub use tree::layout::Layout;
