//! The W3C's test vectors (WebAuthn Level 3 §16), proved twice: the ordinary
//! client and device rebuild them, and the reference relying party accepts
//! the published responses.

mod draws;
mod hmac_secret;
mod judged;
mod rebuild;
#[cfg(test)]
mod tests;

use passrig_authenticator::client::{DomException, ParseOriginError};
use passrig_authenticator::keys;
use passrig_vectors::{Case, Shared, Vector};
use serde::Serialize;

pub use judged::{PublishedResponse, published_responses};

use crate::relying_party::{Step, Violation};

/// Bytes under their names.
pub type Fields = Vec<(&'static str, Vec<u8>)>;

/// A published value, and the comparison with ours.
#[derive(Clone, Debug, Serialize)]
pub struct Proof {
    /// The kind of the value.
    pub kind: ProofKind,
    /// The ID of the vector, or the name of the case.
    pub name: String,
    /// The differences between ours and the published value.
    pub differences: Vec<Difference>,
    /// The steps that the reference relying party finds violated. Only
    /// ceremonies are judged.
    pub violations: Vec<Violated>,
}

/// The kind of a published value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProofKind {
    /// A registration.
    Registration,
    /// An authentication.
    Authentication,
    /// The attestation trust root's certificate.
    Root,
    /// An evaluation of `hmac-secret`.
    HmacSecret,
}

/// The first byte of a field that differs from the published one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// The field.
    pub field: &'static str,
    /// The position in the field.
    pub offset: usize,
    /// Our byte; absent if ours is shorter.
    pub ours: Option<u8>,
    /// The published byte; absent if the published field is shorter.
    pub published: Option<u8>,
}

/// A step that a published response violates.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Violated {
    /// The clause.
    pub clause: &'static str,
    /// The reason.
    pub reason: String,
}

/// The error of a comparison.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The data that come with the program are broken.
    #[error(transparent)]
    Data(#[from] passrig_vectors::Error),
    /// One of the vectors cannot be tried.
    #[error("the vector `{name}` cannot be tried")]
    Vector {
        /// The vector.
        name: String,
        /// The cause.
        source: Cause,
    },
}

/// The cause for which a vector cannot be tried.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Cause {
    /// A value is missing or unusable in the data.
    #[error("it has no usable `{0}`")]
    Field(&'static str),
    /// The client refuses.
    #[error(transparent)]
    Client(#[from] DomException),
    /// The page has no origin.
    #[error(transparent)]
    Origin(#[from] ParseOriginError),
    /// Its key is none.
    #[error(transparent)]
    Key(#[from] keys::Error),
    /// The device cannot do it.
    #[error("the device makes no {0}")]
    Device(&'static str),
}

const ROOT: &str = "root certificate";

/// Proves everything that was published.
pub fn prove() -> Result<Vec<Proof>, Error> {
    let root = passrig_vectors::w3c_root()?;
    let certificate = root.field("attestation_ca_cert").ok_or(Cause::Field("attestation_ca_cert"));
    let certificate = certificate.map_err(Error::about(ROOT))?;
    let mut proofs = Vec::new();
    for vector in passrig_vectors::w3c()? {
        proofs.extend(prove_vector(&vector, &certificate)?);
    }
    proofs.push(Proof {
        kind: ProofKind::Root,
        name: ROOT.to_owned(),
        differences: differences(&rebuild::root(), |_| certificate.clone()),
        violations: Vec::new(),
    });
    let passrig_vectors::HmacSecret { shared, cases } = passrig_vectors::w3c_hmac_secret()?;
    for case in &cases {
        proofs.push(prove_case(case, &shared)?);
    }
    Ok(proofs)
}

/// Proves a registration and its authentication, with the trust root's
/// certificate.
fn prove_vector(vector: &Vector, root: &[u8]) -> Result<[Proof; 2], Error> {
    let [registration, authentication] = published_responses(vector, root)?;
    let ours = rebuild::rebuild(vector).map_err(Error::about(&vector.id))?;
    let kinds = [
        (ProofKind::Registration, registration, ours.registration, &vector.registration),
        (ProofKind::Authentication, authentication, ours.authentication, &vector.authentication),
    ];
    Ok(kinds.map(|(kind, exam, ours, published)| Proof {
        kind,
        name: vector.id.clone(),
        differences: differences(&ours, |name| published.field(name).unwrap_or_default()),
        violations: exam.violations(&exam.fields).into_iter().map(Violated::from).collect(),
    }))
}

fn prove_case(case: &Case, shared: &Shared) -> Result<Proof, Error> {
    let ours = hmac_secret::rebuild(case).map_err(Error::about(&case.name))?;
    let published = |name: &str| hmac_secret::published(case, shared, name);
    Ok(Proof {
        kind: ProofKind::HmacSecret,
        name: case.name.clone(),
        differences: differences(&ours, published),
        violations: Vec::new(),
    })
}

/// The fields that differ; a missing field is empty.
fn differences(ours: &Fields, published: impl Fn(&str) -> Vec<u8>) -> Vec<Difference> {
    let differing =
        ours.iter().filter_map(|(field, ours)| first_difference(field, ours, &published(field)));
    differing.collect()
}

fn first_difference(field: &'static str, ours: &[u8], published: &[u8]) -> Option<Difference> {
    let byte = |bytes: &[u8], at| bytes.get(at).copied();
    (0..ours.len().max(published.len()))
        .map(|at| Difference {
            field,
            offset: at,
            ours: byte(ours, at),
            published: byte(published, at),
        })
        .find(|difference| difference.ours != difference.published)
}

impl Proof {
    /// True if ours equals the published value, byte for byte.
    pub fn is_rebuilt(&self) -> bool {
        self.differences.is_empty()
    }

    /// True if the reference relying party accepts it.
    pub fn is_accepted(&self) -> bool {
        self.violations.is_empty()
    }

    /// True if it is rebuilt and accepted.
    pub fn holds(&self) -> bool {
        self.is_rebuilt() && self.is_accepted()
    }
}

impl Error {
    fn about(name: &str) -> impl FnOnce(Cause) -> Self {
        |source| Self::Vector { name: name.to_owned(), source }
    }
}

impl From<(&'static Step, Violation)> for Violated {
    fn from((step, violation): (&'static Step, Violation)) -> Self {
        Self { clause: step.clause, reason: violation.to_string() }
    }
}
