use passrig_authenticator::Client;
use passrig_authenticator::device::{Credential, User};
use passrig_authenticator::wire::base64url;
use serde_json::Value;

use crate::{ORIGIN, RP_ID, creation_options};

/// passrig's client with its default authenticator.
pub struct Rig {
    client: Client,
    /// The id of the credential that was registered last.
    pub id: String,
}

impl Rig {
    /// A client whose authenticator holds that many credentials, each for a
    /// relying party of its own; one of them is for [`RP_ID`].
    pub fn with_credentials(count: usize) -> Self {
        let mut client = Client::new(ORIGIN).unwrap();
        let options: Value = serde_json::from_str(&creation_options()).unwrap();
        let made = client.create(&options).unwrap();
        let id = made["id"].as_str().unwrap().to_owned();
        let store = client.authenticators[0].store_mut();
        let real = store.iter().next().unwrap().clone();
        for number in 1..count {
            let user = real
                .user
                .as_ref()
                .map(|user| User { handle: number.to_be_bytes().to_vec(), ..user.clone() });
            store.insert(Credential {
                id: [&real.id[8..], &number.to_be_bytes()].concat(),
                rp_id: format!("{number}.{RP_ID}"),
                user,
                ..real.clone()
            });
        }
        assert_eq!(store.len(), count);
        Self { client, id }
    }

    /// The same, but its keys do not use what is fast on this processor.
    pub fn portable(mut self) -> Self {
        let id = base64url::decode(&self.id).unwrap();
        let credential = self.client.authenticators[0].store_mut().find_mut(&id).unwrap();
        credential.key = credential.key.portable();
        self
    }

    /// A registration.
    pub fn create(&mut self, options: &str) -> String {
        let options = serde_json::from_str(options).unwrap();
        serde_json::to_string(&self.client.create(&options).unwrap()).unwrap()
    }

    /// An authentication.
    pub fn get(&mut self, options: &str) -> String {
        let options = serde_json::from_str(options).unwrap();
        serde_json::to_string(&self.client.get(&options).unwrap()).unwrap()
    }
}
