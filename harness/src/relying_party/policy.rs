//! What this relying party asks for and expects, as far as WebAuthn leaves it
//! to the relying party.

use std::time::Duration;

use passrig_authenticator::attestation::metadata::{Blob, Model};
use passrig_authenticator::attestation::pki::Authority;
use passrig_authenticator::env::Seeded;
use passrig_authenticator::keys;
use passrig_authenticator::wire::CreationOptions;
use passrig_authenticator::wire::RequestOptions;
use passrig_authenticator::wire::base64url::Base64UrlBytes;
use passrig_authenticator::wire::cose::Algorithm;
use passrig_authenticator::wire::options::{
    AuthenticatorSelection, CredentialDescriptor, CredentialParameters, RpEntity, UserEntity,
};
use serde_json::{Map, Value};

/// Who the relying party is, and what it demands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// The origins that it serves, serialised.
    pub origins: Vec<String>,
    /// Its RP id.
    pub rp_id: String,
    /// Its name for people.
    pub name: String,
    /// True if answers to results carry the audit.
    pub audit: bool,
    /// True if a ceremony that asked for `direct` attestation demands it
    /// (§7.1 step 24).
    pub demands_attestation: bool,
    /// The algorithms on offer, the preferred first.
    pub algorithms: Vec<Algorithm>,
    /// The roots of attestation that it trusts, certificates in DER.
    pub roots: Vec<Vec<u8>>,
    /// Lists of attestation certificates that were revoked (RFC 5280 §5), in DER.
    pub revocation_lists: Vec<Vec<u8>>,
    /// The AppID that its credentials had in the days of U2F; `None` if there
    /// are none.
    pub app_id: Option<String>,
    /// What it believes about models of authenticators; without it, all that
    /// its roots certify are alike to it.
    pub metadata: Option<MetadataSources>,
    /// The time since the Unix epoch, at which certificates have to be valid.
    pub date: Duration,
    /// The serialised origins of the pages that may frame it; `None` if none
    /// may. Clients before Level 3 frame without telling who does.
    pub framing: Option<Vec<String>>,
    /// Related origins (§5.11): it serves them too, and lists them with its own.
    pub related_origins: Vec<String>,
    /// How long a challenge can be answered, and what options state as their
    /// timeout.
    pub challenge_lifetime: Duration,
    /// True if a password is only half a sign-in where the account has passkeys.
    pub second_factor: bool,
}

/// Where metadata come from (FIDO MDS 3.0).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MetadataSources {
    /// BLOBs in the order in which they were fetched, each a compact JWS.
    pub blobs: Vec<String>,
    /// The root that their signers lead to, a certificate in DER.
    pub root: Vec<u8>,
    /// Lists of their certificates that were revoked, in DER.
    pub revocation_lists: Vec<Vec<u8>>,
}

impl MetadataSources {
    /// The BLOBs of the test service, right ones and wrong ones, about these
    /// models; `None` if no authority can be drawn.
    pub fn of(models: &[Model]) -> Option<Self> {
        let env = &mut Seeded::new("");
        let root = Authority::metadata(env)?;
        // In the last one every model is revoked, as none here is.
        let blobs = Blob::ALL.into_iter().filter(|blob| *blob != Blob::Revoked);
        Some(Self {
            blobs: blobs.map(|blob| blob.sign(models, env)).collect::<Option<_>>()?,
            root: root.certificate(),
            revocation_lists: vec![root.revocation_list()],
        })
    }
}

impl Config {
    /// A relying party with one origin, without audit or metadata, that offers ES256, takes
    /// any attestation that the test authority certified, is never framed, and
    /// gives people five minutes.
    pub fn new(origin: impl Into<String>, rp_id: impl Into<String>) -> Self {
        let env = &mut Seeded::new("");
        let roots = Authority::roots(env);
        let authorities = roots.iter().cloned().chain(Authority::intermediate(env));
        let origin = origin.into();
        Self {
            app_id: app_id(&origin),
            origins: vec![origin],
            rp_id: rp_id.into(),
            name: "passrig reference".to_owned(),
            audit: false,
            demands_attestation: false,
            algorithms: vec![Algorithm::ES256],
            roots: roots.iter().map(Authority::certificate).collect(),
            revocation_lists: authorities.map(|one| one.revocation_list()).collect(),
            metadata: None,
            date: DATE,
            framing: None,
            related_origins: Vec::new(),
            challenge_lifetime: CHALLENGE_LIFETIME,
            second_factor: false,
        }
    }
}

/// An AppID that pages of the origin may use. Browsers take no other than HTTPS
/// URLs, and end a ceremony that names one.
fn app_id(origin: &str) -> Option<String> {
    origin.starts_with("https:").then(|| format!("{origin}/app-id.json"))
}

impl Config {
    /// The algorithms that options offer to whom asks like this: those on
    /// offer, then all others that keys can be verified for. SHA-1 is left to
    /// attestation.
    pub(super) fn offered(&self, wish: Option<&str>) -> Vec<Algorithm> {
        let others = keys::ALGORITHMS.iter().filter(|alg| {
            wish == Some("every") && **alg != Algorithm::RS1 && !self.algorithms.contains(alg)
        });
        self.algorithms.iter().chain(others).copied().collect()
    }
}
/// Who frames it in ceremonies of which it was told that they are framed.
pub(super) const EMBEDDER: &str = "https://embedder.example";

/// The beginning of 2026: a date at which every honest certificate is valid.
const DATE: Duration = Duration::from_secs(1_767_225_600);

/// How long a challenge can be answered unless said otherwise (§15.1).
pub(super) const CHALLENGE_LIFETIME: Duration = Duration::from_secs(300);

/// Milliseconds that a client should wait for its user.
fn timeout(config: &Config) -> u64 {
    u64::try_from(config.challenge_lifetime.as_millis()).unwrap_or(u64::MAX)
}

/// The choices of a caller of `/attestation/options`.
pub(super) struct RequestedOptions {
    pub(super) selection: Option<AuthenticatorSelection>,
    pub(super) attestation: String,
    pub(super) algorithms: Vec<Algorithm>,
    pub(super) extensions: Map<String, Value>,
}

pub(super) fn descriptor(id: &[u8], transports: &[String]) -> CredentialDescriptor {
    CredentialDescriptor {
        kind: "public-key".to_owned(),
        id: id.to_vec().into(),
        transports: transports.to_vec(),
    }
}

pub(super) fn creation_options(
    config: &Config,
    user: UserEntity,
    challenge: Vec<u8>,
    exclude_credentials: Vec<CredentialDescriptor>,
    requested: RequestedOptions,
) -> CreationOptions {
    let parameters =
        |alg: &Algorithm| CredentialParameters { kind: "public-key".into(), alg: *alg };
    CreationOptions {
        rp: RpEntity { id: Some(config.rp_id.clone()), name: config.name.clone() },
        user,
        challenge: Base64UrlBytes(challenge),
        pub_key_cred_params: requested.algorithms.iter().map(parameters).collect(),
        timeout: Some(timeout(config)),
        exclude_credentials,
        authenticator_selection: requested.selection.map(consistent),
        hints: Vec::new(),
        attestation: Some(requested.attestation),
        attestation_formats: Vec::new(),
        extensions: asked_of_all(config, requested.extensions),
    }
}

/// `requireResidentKey` for clients that do not know `residentKey` (§5.4.4).
fn consistent(selection: AuthenticatorSelection) -> AuthenticatorSelection {
    let require_resident_key = match selection.resident_key.as_deref() {
        Some(residence) => residence == "required",
        None => selection.require_resident_key,
    };
    AuthenticatorSelection { require_resident_key, ..selection }
}

/// What every registration asks for: whether the credential is discoverable,
/// and that no device is registered again that was in the days of U2F.
fn asked_of_all(config: &Config, mut extensions: Map<String, Value>) -> Map<String, Value> {
    extensions.entry("credProps").or_insert(Value::Bool(true));
    if let Some(app_id) = &config.app_id {
        extensions.entry("appidExclude").or_insert_with(|| app_id.clone().into());
    }
    extensions
}

pub(super) fn request_options(
    config: &Config,
    challenge: Vec<u8>,
    allow_credentials: Vec<CredentialDescriptor>,
    user_verification: &str,
    extensions: Map<String, Value>,
) -> RequestOptions {
    RequestOptions {
        challenge: Base64UrlBytes(challenge),
        timeout: Some(timeout(config)),
        rp_id: Some(config.rp_id.clone()),
        allow_credentials,
        user_verification: Some(user_verification.to_owned()),
        hints: Vec::new(),
        extensions,
    }
}
