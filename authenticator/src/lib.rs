//! A virtual WebAuthn authenticator and the client in front of it.

pub mod attestation;
mod ceremony;
pub mod client;
pub mod deviation;
pub mod device;
pub mod env;
pub mod keys;
pub mod wire;
pub mod workbench;

pub use ceremony::Ceremony;
pub use client::Client;
