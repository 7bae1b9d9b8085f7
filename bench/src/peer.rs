use passkey::authenticator::{Authenticator, MemoryStore, UiHint, UserCheck, UserValidationMethod};
use passkey::client::{Client, DefaultClientData};
use passkey::crypto::aws_lc_rs::AwsLcRsBackend;
use passkey::types::Passkey;
use passkey::types::ctap2::{Aaguid, Ctap2Error};
use passkey::types::webauthn::{
    CredentialCreationOptions, CredentialRequestOptions, PublicKeyCredentialCreationOptions,
    PublicKeyCredentialRequestOptions,
};
use url::Url;

use crate::ORIGIN;

/// The crate `passkey` over aws-lc-rs.
pub struct Peer {
    client: Client<MemoryStore, Willing, AwsLcRsBackend, public_suffix::PublicSuffixList, ()>,
    origin: Url,
}

impl Default for Peer {
    fn default() -> Self {
        let aaguid = Aaguid::new_empty();
        let authenticator = Authenticator::new(aaguid, MemoryStore::new(), Willing, AwsLcRsBackend);
        Self { client: Client::new(authenticator), origin: Url::parse(ORIGIN).unwrap() }
    }
}

impl Peer {
    /// A registration.
    pub fn create(&mut self, options: &str) -> String {
        let public_key: PublicKeyCredentialCreationOptions = serde_json::from_str(options).unwrap();
        let request = CredentialCreationOptions { public_key };
        let made = self.client.register(&self.origin, request, DefaultClientData);
        serde_json::to_string(&pollster::block_on(made).unwrap()).unwrap()
    }

    /// An authentication.
    pub fn get(&mut self, options: &str) -> String {
        let public_key: PublicKeyCredentialRequestOptions = serde_json::from_str(options).unwrap();
        let request = CredentialRequestOptions { public_key };
        let made = self.client.authenticate(&self.origin, request, DefaultClientData);
        serde_json::to_string(&pollster::block_on(made).unwrap()).unwrap()
    }
}

/// A user who agrees to everything at once.
struct Willing;

#[async_trait::async_trait]
impl UserValidationMethod for Willing {
    type PasskeyItem = Passkey;

    async fn check_user<'a>(
        &self,
        _: UiHint<'a, Passkey>,
        _: bool,
        _: bool,
    ) -> Result<UserCheck, Ctap2Error> {
        Ok(UserCheck { presence: true, verification: true })
    }

    fn is_presence_enabled(&self) -> bool {
        true
    }

    fn is_verification_enabled(&self) -> Option<bool> {
        Some(true)
    }
}
