//! Secrets: which values are secret, and texts without them.

mod forms;
mod index;
mod lookup;
mod names;
mod places;
mod secrets;
mod source;
mod view;

pub(crate) use names::names_a_secret;
pub(super) use places::{
    header, learn_all, learn_form, learn_headers, learn_response, learn_url, redirect, url,
};
pub(super) use secrets::{MASK, Secrets, beginning};
pub use source::Source;
