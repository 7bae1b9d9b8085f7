//! Options of a target as a client reads them.

use passrig_authenticator::Ceremony;
use passrig_authenticator::wire::options::Error;
use passrig_authenticator::wire::{CreationOptions, RequestOptions};
use serde_json::Value;

use super::Begun;

/// The options after the conversions of a client, in which each member has the type of the
/// specification. Members that a client does not know are left out, and extensions stay as they are.
pub fn as_converted(ceremony: Ceremony, options: &Value) -> Result<Value, Error> {
    let converted = match ceremony {
        Ceremony::Registration => serde_json::to_value(CreationOptions::parse(options)?),
        Ceremony::Authentication => serde_json::to_value(RequestOptions::parse(options)?),
    };
    Ok(converted.unwrap_or_default())
}

impl Begun {
    /// The options as a client reads them; as they were sent, if no client can.
    pub fn converted(&self) -> Value {
        as_converted(self.ceremony, &self.options).unwrap_or_else(|_| self.options.clone())
    }
}
