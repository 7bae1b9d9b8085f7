//! Edits of plans: intentions, before any byte is made.

use sha2::{Digest, Sha256};

use super::{Error, Operation, Segment, text};
use crate::attestation::metadata::Listing;
use crate::attestation::{Attester, Fault, Format, tpm};
use crate::client::{create, get};
use crate::device::Credential;
use crate::device::get_assertion::Covers;
use crate::keys::SigningKey;
use crate::wire::cose::Algorithm;

/// A plan of either ceremony.
#[derive(Debug)]
pub enum PlanMut<'a> {
    /// A registration's.
    Create(&'a mut create::CreatePlan),
    /// An authentication's.
    Get(&'a mut get::GetPlan),
}

/// What of a registration's plan can be edited. `chain` takes the name of a
/// [`Fault`]. `model` makes the authenticator one of a [`Listing`]; with `claims`
/// it says to be one, and keeps its own key and root.
const CREATE: [&str; 12] = [
    "rp_id",
    "signer",
    "certified",
    "credential_id",
    "sign_count",
    "format",
    "issuer",
    "chain",
    "user_handle",
    "model",
    "claims",
    "tpm_name_hash",
];
/// What of an authentication's plan can be edited. `signer` takes `another` or
/// the name of an algorithm, `algorithm` the name of one that the credential's
/// key could be for as well, `covers` the name of a [`Covers`].
const GET: [&str; 7] =
    ["rp_id", "signer", "algorithm", "covers", "credential_id", "sign_count", "user_handle"];

/// A plan as it was.
pub(super) enum Snapshot {
    Create(Box<create::CreatePlan>),
    Get(Box<get::GetPlan>),
}

impl PlanMut<'_> {
    pub(super) fn snapshot(&self) -> Snapshot {
        match self {
            Self::Create(plan) => Snapshot::Create(Box::new((*plan).clone())),
            Self::Get(plan) => Snapshot::Get(Box::new((*plan).clone())),
        }
    }

    /// What the signature of the ceremony is made with, if honest.
    pub(super) fn signs(&self) -> Algorithm {
        match self {
            Self::Create(plan) if plan.device.attestation.format == Format::PackedSelf => {
                plan.device.credential.key.algorithm()
            }
            Self::Create(_) => Algorithm::ES256,
            Self::Get(plan) => plan.device.credential.key.algorithm(),
        }
    }

    /// True if the plan is still as it was.
    pub(super) fn is(&self, before: &Snapshot) -> bool {
        match (self, before) {
            (Self::Create(plan), Snapshot::Create(before)) => **plan == **before,
            (Self::Get(plan), Snapshot::Get(before)) => **plan == **before,
            _ => false,
        }
    }

    /// Forgets intentions about parts that the format does not have: they would
    /// change the plan, and nothing that travels.
    pub(super) fn forget_idle(&mut self) {
        let Self::Create(plan) = self else { return };
        let attestation = &mut plan.device.attestation;
        let formats = match attestation.format {
            Format::Compound => attestation.compound.clone(),
            format => vec![format],
        };
        if formats.iter().all(|format| matches!(format, Format::None | Format::Apple)) {
            attestation.signer = None;
        }
        if !formats.iter().any(|format| matches!(format, Format::AndroidKey | Format::Apple)) {
            attestation.certified = None;
        }
    }

    pub(super) fn edit(&mut self, path: &[Segment], operation: &Operation) -> Result<(), Error> {
        let names: &[&str] = match self {
            Self::Create(_) => &CREATE,
            Self::Get(_) => &GET,
        };
        let Some((segment, rest)) = path.split_first() else {
            return Err(Error::operation(operation, "a whole plan"));
        };
        let found = || names.iter().map(|name| (*name).to_owned()).collect();
        let name = names.iter().find(|name| segment.means(name));
        let name = *name.ok_or_else(|| Error::place(segment, found()))?;
        if let Some(below) = rest.first() {
            return Err(Error::place(below, Vec::new()).under(segment));
        }
        if let (Self::Get(plan), "user_handle", Operation::Remove) = (&mut *self, name, operation) {
            plan.device.user_handle = None;
            return Ok(());
        }
        if name == "rp_id" {
            let rp_id = match self {
                Self::Create(plan) => &mut plan.device.rp_id,
                Self::Get(plan) => &mut plan.device.rp_id,
            };
            return text::edit(rp_id, &[], operation);
        }
        let Operation::Set(value) = operation else {
            return Err(Error::operation(operation, "an intention"));
        };
        match (self, name) {
            (Self::Create(plan), "signer") if value.text()? == "credential" => {
                plan.device.attestation.signer = Some(plan.device.credential.key.clone());
            }
            (Self::Get(plan), "signer") if value.text()? != "another" => {
                let id = &plan.device.credential.id;
                let algorithm = algorithm(&value.text()?);
                let algorithm = algorithm
                    .map_err(|_| Error::Value("`another`, or the name of an algorithm"))?;
                plan.device.signer =
                    another_of(id, algorithm).ok_or(Error::Value("another ceremony"))?;
            }
            (Self::Get(plan), "algorithm") => {
                let key = plan.device.credential.key.used_for(algorithm(&value.text()?)?);
                plan.device.signer = key.ok_or(Error::Value("an algorithm for keys like this"))?;
            }
            (Self::Get(plan), "covers") => {
                let covers = Covers::named(&value.text()?);
                plan.device.covers = covers.ok_or(Error::Value("what a signature may cover"))?;
            }
            (_, "signer" | "certified" | "issuer") if value.text()? != "another" => {
                return Err(Error::Value("`another`"));
            }
            (Self::Create(plan), "signer") => {
                plan.device.attestation.signer = Some(another(&plan.device.credential)?);
            }
            (Self::Create(plan), "certified") => {
                plan.device.attestation.certified = Some(another(&plan.device.credential)?);
            }
            (Self::Create(plan), "issuer") => {
                let key = another(&plan.device.credential)?;
                // The name stays; no relying party trusts the key.
                attester(plan)?.root.key = key;
            }
            (Self::Create(plan), "chain") => {
                let fault = Fault::named(&value.text()?);
                attester(plan)?.fault = Some(fault.ok_or(Error::Value("the name of a fault"))?);
            }
            (Self::Create(plan), "model") => {
                let listing = listing(&value.text()?)?;
                plan.device.be_of(listing).ok_or(Error::Value("an authenticator"))?;
            }
            (Self::Create(plan), "tpm_name_hash") => {
                let hash = tpm::Hash::named(&value.text()?);
                plan.device.attestation.tpm_name_hash =
                    hash.ok_or(Error::Value("the name of a hash, such as `sha-1`"))?;
            }
            (Self::Create(plan), "claims") => {
                let aaguid = listing(&value.text()?)?.aaguid();
                plan.device.aaguid = aaguid;
                attester(plan)?.aaguid = Some(aaguid);
            }
            (Self::Get(plan), "signer") => plan.device.signer = another(&plan.device.credential)?,
            (Self::Create(plan), "credential_id") => {
                plan.device.credential.id = value.octets()?.into_owned();
            }
            (Self::Get(plan), "credential_id") => {
                plan.device.credential.id = value.octets()?.into_owned()
            }
            (Self::Create(plan), "sign_count") => {
                plan.device.credential.sign_count = count(value.int()?)?;
            }
            (Self::Get(plan), "sign_count") => plan.device.sign_count = count(value.int()?)?,
            (Self::Create(plan), "user_handle") => {
                if let Some(user) = &mut plan.device.credential.user {
                    user.handle = value.octets()?.into_owned();
                }
            }
            (Self::Get(plan), "user_handle") => {
                plan.device.user_handle = Some(value.octets()?.into_owned())
            }
            (Self::Create(plan), "format") => {
                let name = value.text()?;
                let attestation = &mut plan.device.attestation;
                let format = Format::named(&name)
                    .ok_or(Error::Value("the name of an attestation format"))?;
                if format.is_certified() && attestation.attester.is_none() {
                    return Err(Error::Value(
                        "a format that this authenticator has a certificate for",
                    ));
                }
                plan.device.attest_as(format);
            }
            _ => return Err(Error::place(segment, found())),
        }
        Ok(())
    }
}

fn attester(plan: &mut create::CreatePlan) -> Result<&mut Attester, Error> {
    let attester = plan.device.attestation.attester.as_mut();
    attester.ok_or(Error::Value("an authenticator with a certificate"))
}

fn listing(name: &str) -> Result<Listing, Error> {
    Listing::named(name).ok_or(Error::Value("the name of a model that is made for tests"))
}

fn count(value: i64) -> Result<u32, Error> {
    u32::try_from(value).map_err(|_| Error::Value("a number from 0 to 4294967295"))
}

fn algorithm(name: &str) -> Result<Algorithm, Error> {
    Algorithm::named(name).ok_or(Error::Value("the name of an algorithm"))
}

fn another(credential: &Credential) -> Result<SigningKey, Error> {
    let key = another_of(&credential.id, credential.key.algorithm());
    key.ok_or(Error::Value("another ceremony"))
}

/// The key that signs where `plan.signer` is set to `another`, for a credential
/// for ES256: not the credential's, and always the same one for a credential id.
pub fn another_key(credential_id: &[u8]) -> Option<SigningKey> {
    another_of(credential_id, Algorithm::ES256)
}

fn another_of(credential_id: &[u8], algorithm: Algorithm) -> Option<SigningKey> {
    let mut seed = Sha256::digest([b"another key", credential_id].concat()).to_vec();
    let len = SigningKey::seed_len(algorithm).ok()?;
    while seed.len() < len {
        let more = Sha256::digest(&seed);
        seed.extend(more);
    }
    SigningKey::from_bytes(algorithm, seed.get(..len)?).ok()
}
