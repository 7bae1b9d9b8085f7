use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

passrig_authenticator::named_enum! {
    /// The form of an answer.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
    #[serde(rename_all = "kebab-case")]
    pub enum Manner {
        /// 2xx.
        Ok = "ok",
        /// 2xx with a body that reports a failure.
        FailureBody = "failure-body",
        /// 3xx.
        Redirect = "redirect",
        /// 4xx.
        ClientError = "client-error",
        /// 5xx that the adapter knows by its body.
        NamedServerError = "named-server-error",
        /// Any other 5xx.
        ServerError = "server-error",
        /// The answer says accepted, and a probe saw no effect.
        AcceptedInWords = "accepted-in-words",
        /// There was no answer: the requests or the state of the target were observed.
        Observed = "observed",
    }
}

super::display_names!(Manner);
