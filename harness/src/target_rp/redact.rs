//! Secrets: which values are secret, and texts without them.

mod cut;
mod forms;
mod index;
mod lookup;
mod names;
mod places;
mod secrets;
mod source;
mod view;

pub(super) use cut::beginning;
pub(crate) use names::names_a_secret;
pub(super) use places::{
    header, learn_all, learn_form, learn_headers, learn_response, learn_url, redirect, url,
};
pub(super) use secrets::{MASK, Secrets};
pub use source::SourceText;
