//! `credProps` (§10.1.3).

use serde_json::{Value, json};

use crate::wire::extensions::ClientInputs;

/// What the authenticator was asked for, for it can only obey (§5.1.3
/// step 22.3).
pub(super) fn output(inputs: &ClientInputs, discoverable: bool) -> Option<Value> {
    inputs.cred_props.then(|| json!({ "rk": discoverable }))
}
