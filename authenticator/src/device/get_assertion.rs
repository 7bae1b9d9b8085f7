//! authenticatorGetAssertion (§6.3.3).

use sha2::{Digest, Sha256};

use super::extensions::{self, StoredExtensions, Unsigned};
use super::{Authenticator, Counting, Credential, Error};
use crate::env::{Env, Purpose, Question};
use crate::keys::SigningKey;
use crate::wire::{AuthenticatorData, Cbor, Flags};
use crate::workbench::{Stage, Workbench};

/// The request of a client for an assertion.
#[derive(Clone, Debug)]
pub struct GetAssertionRequest<'a> {
    /// The RP id.
    pub rp_id: &'a str,
    /// Ids of acceptable credentials; empty asks for a discoverable one.
    pub allow: &'a [&'a [u8]],
    /// True if the user must be verified.
    pub verification: bool,
    /// What is asked of extensions.
    pub extensions: Option<&'a extensions::AssertionExtensions>,
}

/// Every decision about an assertion, before a byte is made.
#[derive(Clone, Debug, PartialEq)]
pub struct GetAssertionPlan {
    /// What the RP id hash is taken of.
    pub rp_id: String,
    /// The flags.
    pub flags: Flags,
    /// The signature counter.
    pub sign_count: u32,
    /// The credential that the response names.
    pub credential: Credential,
    /// The account that the response names, if any.
    pub user_handle: Option<Vec<u8>>,
    /// The key that signs: the credential's, if honest.
    pub signer: SigningKey,
    /// What it signs.
    pub covers: Covers,
    /// Extension outputs of the authenticator, a map.
    pub extensions: Option<Cbor>,
    /// What the client alone is told of extensions.
    pub unsigned: Unsigned,
    /// What extensions keep with the credential from now on, where that
    /// changes.
    pub keep: Option<StoredExtensions>,
}

/// What a signature is over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Covers {
    /// Authenticator data, then the hash of the client data (§6.3.3 step 11).
    #[default]
    Both,
    /// The two in the other order.
    Swapped,
    /// The authenticator data alone.
    AuthenticatorData,
    /// The hash of the client data alone.
    ClientData,
    /// The hash of what should be signed, which is then hashed once more.
    Hash,
}

impl Covers {
    /// Whatever a signature can be over, under its name in paths.
    const NAMES: [(&str, Self); 5] = [
        ("both", Self::Both),
        ("swapped", Self::Swapped),
        ("authenticator-data", Self::AuthenticatorData),
        ("client-data", Self::ClientData),
        ("hash", Self::Hash),
    ];

    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(known, _)| *known == name).map(|(_, covers)| *covers)
    }

    fn message(self, authenticator_data: &[u8], client_data_hash: &[u8; 32]) -> Vec<u8> {
        match self {
            Self::Both => [authenticator_data, client_data_hash].concat(),
            Self::Swapped => [&client_data_hash[..], authenticator_data].concat(),
            Self::AuthenticatorData => authenticator_data.to_vec(),
            Self::ClientData => client_data_hash.to_vec(),
            Self::Hash => Sha256::digest([authenticator_data, client_data_hash].concat()).to_vec(),
        }
    }
}

/// The assertion that was made from a plan.
#[derive(Clone, Debug)]
pub struct MadeAssertion {
    /// The authenticator data as they travel.
    pub authenticator_data: Vec<u8>,
    /// The signature as it travels.
    pub signature: Vec<u8>,
}

impl Authenticator {
    /// Takes every decision, in the order of §6.3.3, and asks the user. Of
    /// several credentials the newest is chosen.
    pub fn plan_get_assertion(
        &self,
        request: &GetAssertionRequest<'_>,
        env: &mut dyn Env,
    ) -> Result<GetAssertionPlan, Error> {
        let credential = self.choose(request, env).ok_or(Error::NotAllowed)?;
        let verification = request.verification;
        if verification && !self.profile.user_verification {
            return Err(Error::Constraint);
        }
        let rp_id = request.rp_id.to_owned();
        let question = Question { rp_id: rp_id.clone(), purpose: Purpose::Use, verification };
        let answer = env.ask(&question);
        if !answer.consents || verification && !answer.verified {
            return Err(Error::NotAllowed);
        }
        let mut extended = extensions::ExtensionOutputs::default();
        if let Some(asked) = request.extensions {
            extended = self.extend_use(asked, &credential, verification, env)?;
        }
        Ok(GetAssertionPlan {
            rp_id,
            flags: credential.flags(verification),
            sign_count: self.next_count(&credential),
            user_handle: credential.user.as_ref().map(|user| user.handle.clone()),
            signer: credential.key.clone(),
            covers: Covers::default(),
            credential,
            extensions: extended.signed,
            unsigned: extended.unsigned,
            keep: extended.keep,
        })
    }

    /// The credential that would answer a request, if the user agrees.
    pub(crate) fn choose(
        &self,
        request: &GetAssertionRequest<'_>,
        env: &mut dyn Env,
    ) -> Option<Credential> {
        let verification = request.verification;
        if request.allow.is_empty() {
            // Without a user it could not tell whose it is (§6.3.3 step 13).
            let shows = |credential: &&Credential| {
                credential.user.is_some()
                    && credential.extensions.protection.admits(verification, false)
            };
            self.store.discover(request.rp_id).rfind(shows).cloned()
        } else {
            let listed = |id: &&[u8]| self.open(id, request.rp_id, env);
            let shows = |credential: &Credential| {
                credential.extensions.protection.admits(verification, true)
            };
            request.allow.iter().filter_map(listed).find(shows)
        }
    }

    /// Makes the bytes, and remembers the counter and what extensions keep.
    pub fn get_assertion(
        &mut self,
        plan: &GetAssertionPlan,
        client_data_hash: &[u8; 32],
        bench: &mut dyn Workbench,
    ) -> MadeAssertion {
        let data = AuthenticatorData {
            rp_id_hash: Sha256::digest(&plan.rp_id).into(),
            flags: plan.flags,
            sign_count: plan.sign_count,
            attested: None,
            extensions: plan.extensions.clone(),
        };
        let authenticator_data = bench.finish(Stage::AuthenticatorData, data.tree()).render();
        let message = plan.covers.message(&authenticator_data, client_data_hash);
        let signature = bench.finish(Stage::Signature, plan.signer.sign(&message)).render();
        let mut kept = self.store.find_mut(&plan.credential.id);
        if let (Some(kept), Some(keep)) = (&mut kept, &plan.keep) {
            kept.extensions = keep.clone();
        }
        match kept {
            Some(kept) if self.profile.counting != Counting::Global => {
                kept.sign_count = plan.sign_count;
            }
            _ => self.store.global_count = plan.sign_count,
        }
        MadeAssertion { authenticator_data, signature }
    }

    /// The counter of the next signature (§6.1.1). Server-side credentials
    /// have no place to keep one of their own and share the authenticator's.
    fn next_count(&self, credential: &Credential) -> u32 {
        match self.profile.counting {
            Counting::Never => 0,
            Counting::PerCredential if self.store.find(&credential.id).is_some() => {
                credential.sign_count.saturating_add(1)
            }
            Counting::PerCredential | Counting::Global => self.store.global_count.saturating_add(1),
        }
    }
}
