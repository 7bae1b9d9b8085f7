//! One response, judged by itself: no server, no session, nothing spent and
//! nothing stored.

use std::time::Duration;

use passrig_authenticator::Ceremony;
use passrig_authenticator::wire::options::Requirement;
use serde_json::Value;

use super::effect;
use super::policy::Config;
use super::store::{self, Account, ChallengeState, Issued, SessionId, Store, User, UserHandle};
use super::verify::attestation::trust::TrustAnchors;
use super::verify::{Evidence, Step, Violation, examine};

/// What the relying party knows when a response comes: the options that it
/// issued to the one account that it has, and that account's credential.
#[derive(Debug)]
pub struct Judge {
    config: Config,
    trust: TrustAnchors,
    store: Store,
    session: SessionId,
    ceremony: Ceremony,
}

/// A credential record (§4), as a registration leaves it.
#[derive(Clone, Debug, PartialEq)]
pub struct JudgedRecord(store::CredentialRecord);

impl Judge {
    /// Of the responses to a registration's challenge. Attestation is asked
    /// for and user verification preferred.
    pub fn of_registration(config: Config, challenge: Vec<u8>) -> Self {
        Self::new(config, Ceremony::Registration, challenge, None)
    }

    /// Of the responses to an authentication's challenge, for which this
    /// credential was asked. User verification is preferred.
    pub fn of_authentication(config: Config, challenge: Vec<u8>, credential: JudgedRecord) -> Self {
        Self::new(config, Ceremony::Authentication, challenge, Some(credential.0))
    }

    fn new(
        config: Config,
        ceremony: Ceremony,
        challenge: Vec<u8>,
        credential: Option<store::CredentialRecord>,
    ) -> Self {
        let mut store = Store::default();
        let session = store.open_session(String::new());
        let account = Account { handle: UserHandle(vec![0; 16]), username: String::new() };
        let allowed = credential.iter().map(|record| record.id.clone()).collect();
        if let Some(record) = credential {
            store.add_account(account.clone());
            store.add_record(account.handle.clone(), record);
        }
        store.issue(Issued {
            session,
            ceremony,
            state: ChallengeState::Live,
            at: Duration::ZERO,
            challenge,
            user_verification: Requirement::Preferred,
            attestation: "direct".to_owned(),
            user: User::Known(account),
            app_id: None,
            algorithms: config.algorithms.clone(),
            is_conditional: false,
            is_framed: false,
            allowed,
        });
        Self { trust: TrustAnchors::of(&config), config, store, session, ceremony }
    }

    /// The steps that a response violates, in the specification's order; none
    /// if it is accepted.
    pub fn violations(&self, response: &Value) -> Vec<(&'static Step, Violation)> {
        examine(self.evidence(response), &[]).violated
    }

    /// The record that a registration leaves if it is accepted (§7.1 step 27).
    pub fn record(&self, response: &Value) -> Option<JudgedRecord> {
        effect::record(&examine(self.evidence(response), &[]).evidence).map(JudgedRecord)
    }

    fn evidence<'a>(&'a self, response: &'a Value) -> Evidence<'a> {
        let session = Some(self.session);
        Evidence::new(
            self.ceremony,
            &self.config,
            &self.trust,
            &self.store,
            session,
            None,
            response,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use passrig_authenticator::Client;
    use serde_json::json;

    fn violated(judge: &Judge, response: &Value) -> Vec<&'static str> {
        judge.violations(response).into_iter().map(|(step, _)| step.id).collect()
    }

    #[test]
    fn a_list_is_no_response() {
        let origin = "https://passrig.test";
        let config = Config::new(origin, "passrig.test");
        let options = json!({
            "rp": {"name": ""},
            "user": {"id": "AAAA", "name": "", "displayName": ""},
            "challenge": "AAAA",
            "pubKeyCredParams": [{"type": "public-key", "alg": -7}],
            "authenticatorSelection": {"residentKey": "required"},
        });
        let mut client = Client::new(origin).unwrap();
        let mut response = client.create(&options).unwrap();
        let judge = Judge::of_registration(config.clone(), vec![0; 3]);
        assert!(violated(&judge, &response).is_empty());
        let record = judge.record(&response).unwrap();
        let inner = response["response"].take();
        response["response"] = json!([inner["clientDataJSON"], inner["attestationObject"]]);
        assert_eq!(violated(&judge, &response), ["7.1/3"]);

        let mut response = client.get(&json!({"challenge": "AAAA"})).unwrap();
        let judge = Judge::of_authentication(config, vec![0; 3], record);
        let inner = response["response"].take();
        response["response"] =
            json!([inner["clientDataJSON"], inner["authenticatorData"], inner["signature"]]);
        assert_eq!(violated(&judge, &response), ["7.2/3"]);
        assert_eq!(violated(&judge, &json!([])), ["7.2/3"]);
    }
}
