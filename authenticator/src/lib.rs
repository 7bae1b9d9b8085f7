//! A virtual WebAuthn authenticator and the client in front of it.

mod ceremony;
pub mod env;
pub mod keys;
pub mod wire;
pub mod workbench;

pub use ceremony::Ceremony;
