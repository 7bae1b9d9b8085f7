#![doc = include_str!("../README.md")]
//!
//! # The rooms
//!
//! From the ground up; no room knows of those below it in this list.
//!
//! - [`wire`]: what travels, as typed values and as the trees below them.
//! - [`mod@env`]: the one door for effects. [`workbench`]: the one seam through
//!   which every finished artefact passes.
//! - [`keys`]: signature algorithms. [`attestation`]: statement formats.
//! - [`pin_uv_auth`]: the secrets that a client and an authenticator share.
//! - [`device`]: the authenticator.
//! - [`client`]: the browser; begin with [`Client`].
//! - [`deviation`]: wrong on purpose. Neither `device` nor `client` knows it.

#[macro_use]
mod named;

pub mod attestation;
mod ceremony;
pub mod client;
pub mod deviation;
pub mod device;
pub mod env;
pub mod keys;
pub mod pin_uv_auth;
pub mod wire;
pub mod workbench;

pub use ceremony::Ceremony;
pub use client::Client;
