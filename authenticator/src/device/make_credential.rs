//! authenticatorMakeCredential (§6.3.2).

use base16ct::lower as hex;
use sha2::{Digest, Sha256};

use super::extensions::{self, Traits, Unsigned};
use super::{Authenticator, Counting, Credential, Error, User};
use crate::attestation::metadata::Listing;
use crate::attestation::pki::Authority;
use crate::attestation::{Attestation, Attested, Attester, Chain, Format, SignatureForm, tpm};
use crate::env::{Env, Purpose, Question};
use crate::keys::{self, SigningKey};
use crate::wire::authenticator_data::AttestedCredentialData;
use crate::wire::cose::Algorithm;
use crate::wire::{AttestationObject, AuthenticatorData, Cbor, Flags};
use crate::workbench::{Stage, Workbench};

/// The request of a client for a credential.
#[derive(Clone, Debug)]
pub struct MakeCredentialRequest<'a> {
    /// The RP id.
    pub rp_id: &'a str,
    /// The account.
    pub user: User,
    /// Acceptable algorithms, the preferred first.
    pub algorithms: &'a [Algorithm],
    /// Ids of credentials that must not be here already.
    pub exclude: &'a [&'a [u8]],
    /// True if the credential must be discoverable.
    pub discoverable: bool,
    /// True if the user must be verified.
    pub verification: bool,
    /// Attestation statement formats that the relying party would like, the
    /// preferred first. Advice: others may be made.
    pub formats: &'a [&'a str],
    /// True if enterprise attestation is asked for: one that may tell which
    /// very device this is.
    pub enterprise: bool,
    /// Under what other name U2F may know the excluded credentials (§10.1.2).
    pub app_id_exclude: Option<&'a str>,
    /// What is asked of extensions.
    pub extensions: Option<&'a extensions::CreationExtensions>,
}

/// Every decision about a new credential, before a byte is made.
#[derive(Clone, Debug, PartialEq)]
pub struct MakeCredentialPlan {
    /// What the RP id hash is taken of.
    pub rp_id: String,
    /// The flags; AT and ED follow from the content.
    pub flags: Flags,
    /// The credential, as it will be kept.
    pub credential: Credential,
    /// True if the authenticator keeps it, rather than its id alone holding it.
    pub discoverable: bool,
    /// The model.
    pub aaguid: [u8; 16],
    /// The attestation.
    pub attestation: Attestation,
    /// Extension outputs of the authenticator, a map.
    pub extensions: Option<Cbor>,
    /// What the client alone is told of extensions.
    pub unsigned: Unsigned,
}

impl MakeCredentialPlan {
    /// Sets the statement format, and what goes with it: U2F devices have no
    /// model to tell (§6.1.3 of CTAP), and Android's chains end with the root,
    /// as relying parties know.
    pub fn attest_as(&mut self, format: Format) {
        self.attestation.format = format;
        match (format, &mut self.attestation.attester) {
            (Format::FidoU2f, _) => self.aaguid = [0; 16],
            (Format::AndroidKey, Some(attester)) => attester.includes_root = true,
            _ => {}
        }
    }

    /// Makes the authenticator one of a model that is there for tests, with the
    /// root and the attestation key of it, if it has an attestation key at all.
    /// `None` if none can be made.
    pub fn be_of(&mut self, listing: Listing) -> Option<()> {
        self.aaguid = listing.aaguid();
        let Some(attester) = &mut self.attestation.attester else { return Some(()) };
        let common = attester.root.clone();
        listing.equip(attester, &common)
    }
}

/// The credential that was made from a plan.
#[derive(Clone, Debug)]
pub struct MadeCredential {
    /// The authenticator data as they travel inside the attestation object.
    pub authenticator_data: Vec<u8>,
    /// The attestation object as it travels.
    pub attestation_object: Vec<u8>,
}

impl Authenticator {
    /// Takes every decision, in the order of §6.3.2, and asks the user.
    pub fn plan_make_credential(
        &self,
        request: &MakeCredentialRequest<'_>,
        env: &mut dyn Env,
    ) -> Result<MakeCredentialPlan, Error> {
        // SHA-1 is left to attestation keys in TPMs.
        let supported =
            |alg: &&Algorithm| self.profile.algorithms.contains(alg) && **alg != Algorithm::RS1;
        let algorithm = *request.algorithms.iter().find(supported).ok_or(Error::NotSupported)?;
        let rp_id = request.rp_id.to_owned();
        if self.holds_excluded(request, env) {
            let purpose = Purpose::RevealExcluded;
            let answer = env.ask(&Question { rp_id, purpose, verification: false });
            return Err(if answer.consents { Error::InvalidState } else { Error::NotAllowed });
        }
        if request.discoverable && !self.profile.discoverable
            || request.verification && !self.profile.user_verification
        {
            return Err(Error::Constraint);
        }
        let verification = request.verification;
        let purpose = Purpose::Create;
        let answer = env.ask(&Question { rp_id: rp_id.clone(), purpose, verification });
        if !answer.consents || verification && !answer.verified {
            return Err(Error::NotAllowed);
        }

        let asked = request.extensions;
        let traits = asked.map(|asked| Traits::new(asked, self.profile.extensions));
        let traits = traits.unwrap_or_default();
        let mut credential = if request.discoverable {
            let user = Some(request.user.clone());
            self.draw_credential(algorithm, rp_id.clone(), user, traits, env)?
        } else {
            self.seal(algorithm, &rp_id, traits, env)?
        };
        if self.profile.counting == Counting::Global {
            credential.sign_count = self.store.global_count;
        }
        let mut extended = extensions::ExtensionOutputs::default();
        if let Some(asked) = asked {
            let discoverable = request.discoverable;
            extended =
                self.extend_creation(asked, &mut credential, discoverable, verification, env)?;
        }
        Ok(MakeCredentialPlan {
            rp_id,
            flags: credential.flags(verification),
            credential,
            discoverable: request.discoverable,
            aaguid: self.profile.aaguid,
            attestation: self.attestation(algorithm, request, env)?,
            extensions: extended.signed,
            unsigned: extended.unsigned,
        })
    }

    /// Makes the bytes, and keeps the credential.
    pub fn make_credential(
        &mut self,
        plan: MakeCredentialPlan,
        client_data_hash: &[u8; 32],
        bench: &mut dyn Workbench,
    ) -> MadeCredential {
        let data = AuthenticatorData {
            rp_id_hash: Sha256::digest(&plan.rp_id).into(),
            flags: plan.flags,
            sign_count: plan.credential.sign_count,
            attested: Some(AttestedCredentialData {
                aaguid: plan.aaguid,
                credential_id: plan.credential.id.clone(),
                public_key: plan.credential.key.public_key().to_cbor(),
            }),
            extensions: plan.extensions,
        };
        let authenticator_data = bench.finish(Stage::AuthenticatorData, data.tree()).render();
        let attested = Attested {
            key: &plan.credential.key,
            authenticator_data: &authenticator_data,
            client_data_hash,
        };
        let statement = plan.attestation.state(&attested, bench);
        let object = AttestationObject {
            fmt: plan.attestation.format.identifier().to_owned(),
            statement,
            authenticator_data: authenticator_data.clone(),
        };
        let attestation_object = bench.finish(Stage::AttestationObject, object.tree()).render();
        self.store.made += 1;
        if plan.discoverable {
            self.store.insert(plan.credential);
        }
        MadeCredential { authenticator_data, attestation_object }
    }

    /// True if one of the excluded credentials is here and shows itself.
    fn holds_excluded(&self, request: &MakeCredentialRequest<'_>, env: &mut dyn Env) -> bool {
        let shows = |credential: Credential| {
            credential.extensions.protection.admits(request.verification, true)
        };
        request.exclude.iter().any(|id| {
            self.open(id, request.rp_id, env).is_some_and(shows)
                || request.app_id_exclude.is_some_and(|app| self.open(id, app, env).is_some())
        })
    }

    /// What the statement will be. An attestation key, which may take long to
    /// make, is at hand where the format has a use for it.
    fn attestation(
        &self,
        algorithm: Algorithm,
        request: &MakeCredentialRequest<'_>,
        env: &mut dyn Env,
    ) -> Result<Attestation, Error> {
        let format = self.format(algorithm, request.formats);
        let mut attester = None;
        if format.is_certified() {
            let mut own = self.attester(env)?;
            let knows = |rp_id: &String| rp_id == request.rp_id;
            if request.enterprise && self.profile.enterprise.iter().any(knows) {
                own.enterprise = Some(env.draw(&self.label("serial-number"), SERIAL_NUMBER_LEN));
            }
            attester = Some(own);
        }
        Ok(Attestation {
            format,
            signer: None,
            certified: None,
            attester,
            tpm_signature: SignatureForm::default(),
            tpm_name_hash: tpm::Hash::default(),
            compound: Format::members(algorithm),
            made_at: env.now(),
        })
    }

    /// The attestation key of this authenticator, and what certifies it.
    pub(crate) fn attester(&self, env: &mut dyn Env) -> Result<Attester, Error> {
        let profile = &self.profile;
        let label = self.label("attestation");
        SigningKey::seed_len(profile.attestation_key).map_err(without_key)?;
        let attester = Attester::draw(&label, profile.attestation_key, env);
        let mut attester = attester.ok_or(Error::Unknown)?;
        attester.aaguid = profile.certifies_model.then_some(profile.aaguid);
        attester.firmware_version = profile.firmware_version;
        attester.tpm_maker = profile.tpm_maker.clone();
        attester.root = profile.authority(env).ok_or(Error::Unknown)?;
        if profile.chain != Chain::Leaf {
            attester.intermediate = Some(Authority::intermediate(env).ok_or(Error::Unknown)?);
        }
        attester.includes_root = profile.chain == Chain::Root;
        Ok(attester)
    }

    /// The statement format: the first wish that can be met, else its own,
    /// else none.
    fn format(&self, algorithm: Algorithm, wishes: &[&str]) -> Format {
        let own = Some(self.profile.attestation).filter(|format| format.suits(algorithm));
        let able = [own, Some(Format::None)];
        let named =
            |wish: &&str| able.into_iter().flatten().find(|format| format.identifier() == *wish);
        wishes.iter().find_map(named).or(own).unwrap_or(Format::None)
    }

    /// A credential with a random id, to be kept here.
    fn draw_credential(
        &self,
        algorithm: Algorithm,
        rp_id: String,
        user: Option<User>,
        traits: Traits,
        env: &mut dyn Env,
    ) -> Result<Credential, Error> {
        let label = self.label(&format!("credential/{}", self.store.made));
        let key = draw_key(algorithm, &format!("{label}/private-key"), env)?;
        let id = env.draw(&format!("{label}/id"), self.profile.credential_id_len);
        let mut credential = self.credential(id, key, rp_id, user);
        credential.extensions = traits.kept(&label, env)?;
        Ok(credential)
    }

    /// A server-side credential: its id is a nonce and a tag, from which only
    /// this authenticator can derive the key again (§6.3.2 step 7), and its
    /// traits, if it has any.
    fn seal(
        &self,
        algorithm: Algorithm,
        rp_id: &str,
        traits: Traits,
        env: &mut dyn Env,
    ) -> Result<Credential, Error> {
        let label = self.label(&format!("credential/{}/nonce", self.store.made));
        let nonce = env.draw(&label, NONCE_LEN);
        let sealed = self.sealed(algorithm, &nonce, rp_id, traits);
        let mut id = [nonce, env.draw(&format!("{sealed}/tag"), TAG_LEN)].concat();
        id.extend(traits.octet());
        let key = draw_key(algorithm, &format!("{sealed}/private-key"), env)?;
        let mut credential = self.credential(id, key, rp_id.to_owned(), None);
        credential.extensions = traits.kept(&sealed, env)?;
        Ok(credential)
    }

    /// What the tag and the key of a server-side credential are drawn under.
    fn sealed(&self, algorithm: Algorithm, nonce: &[u8], rp_id: &str, traits: Traits) -> String {
        let bound = hex::encode_string(&Sha256::digest([nonce, rp_id.as_bytes()].concat()));
        match traits.octet() {
            None => self.label(&format!("sealed/{}/{bound}", algorithm.0)),
            Some(traits) => self.label(&format!("sealed/{}/{bound}/{traits}", algorithm.0)),
        }
    }

    /// The credential that an id stands for on this authenticator, kept or
    /// sealed (§6.3.1). Lists name many of others, so the tag is compared
    /// before a key is made.
    pub(super) fn open(&self, id: &[u8], rp_id: &str, env: &mut dyn Env) -> Option<Credential> {
        if let Some(kept) = self.store.find(id) {
            return (kept.rp_id == rp_id).then(|| kept.clone());
        }
        let (nonce, rest) = id.split_at_checked(NONCE_LEN)?;
        let (tag, traits) = rest.split_at_checked(TAG_LEN)?;
        let traits = match traits {
            [] => Traits::default(),
            [octet] => Traits::from_octet(*octet)?,
            _ => return None,
        };
        self.profile.algorithms.iter().find_map(|algorithm| {
            let sealed = self.sealed(*algorithm, nonce, rp_id, traits);
            if env.draw(&format!("{sealed}/tag"), TAG_LEN) != tag {
                return None;
            }
            let key = draw_key(*algorithm, &format!("{sealed}/private-key"), env).ok()?;
            let mut credential = self.credential(id.to_vec(), key, rp_id.to_owned(), None);
            credential.extensions = traits.kept(&sealed, env).ok()?;
            Some(credential)
        })
    }

    fn credential(
        &self,
        id: Vec<u8>,
        key: SigningKey,
        rp_id: String,
        user: Option<User>,
    ) -> Credential {
        Credential {
            id,
            key,
            rp_id,
            user,
            sign_count: 0,
            backup_eligible: self.profile.backup_eligible,
            backup_state: self.profile.backup_eligible && self.profile.backup_state,
            extensions: extensions::StoredExtensions::default(),
        }
    }
}

const SERIAL_NUMBER_LEN: usize = 16;
const NONCE_LEN: usize = 32;
const TAG_LEN: usize = 32;

fn draw_key(algorithm: Algorithm, label: &str, env: &mut dyn Env) -> Result<SigningKey, Error> {
    let draw = &mut |label: &str, len| env.draw(label, len);
    SigningKey::draw(algorithm, label, draw).map_err(without_key)
}

fn without_key(error: keys::Error) -> Error {
    match error {
        keys::Error::Algorithm(_) => Error::NotSupported,
        keys::Error::NotCompiled { .. } => Error::NotCompiled(error),
        _ => Error::Unknown,
    }
}
