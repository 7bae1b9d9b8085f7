//! The W3C's test vectors (WebAuthn Level 3 §16), proved twice: the ordinary
//! client and device rebuild them, and the reference relying party accepts
//! what was published.

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

pub use judged::{Exam, exams};

use crate::relying_party::{Step, Violation};

/// Octets under their names.
pub type Fields = Vec<(&'static str, Vec<u8>)>;

/// One thing that was published, and what became of it here.
#[derive(Clone, Debug, Serialize)]
pub struct Proof {
    /// What it is.
    pub kind: Kind,
    /// Which one: the vector's id, or the name of the case.
    pub name: String,
    /// Where ours is not what was published.
    pub differences: Vec<Difference>,
    /// The steps that the reference relying party finds violated. Only
    /// ceremonies are judged.
    pub violations: Vec<Violated>,
}

/// What can be proved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A registration.
    Registration,
    /// An authentication.
    Authentication,
    /// The attestation trust root's certificate.
    Root,
    /// An evaluation of `hmac-secret`.
    HmacSecret,
}

/// The first octet of a field that is not what was published.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// The field.
    pub field: &'static str,
    /// Where in it.
    pub offset: usize,
    /// Our octet; absent if ours is shorter.
    pub ours: Option<u8>,
    /// The published one; absent if that is shorter.
    pub published: Option<u8>,
}

/// A step that a published response violates.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Violated {
    /// The clause.
    pub clause: &'static str,
    /// Why.
    pub reason: String,
}

/// Why there is nothing to compare.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The data that come with the program are broken.
    #[error(transparent)]
    Data(#[from] passrig_vectors::Error),
    /// One of the vectors cannot be tried.
    #[error("the vector `{name}` cannot be tried")]
    Vector {
        /// Which.
        name: String,
        /// Why.
        source: Cause,
    },
}

/// Why a vector cannot be tried.
#[derive(Debug, thiserror::Error)]
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
        kind: Kind::Root,
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
    let [registration, authentication] = exams(vector, root)?;
    let ours = rebuild::rebuild(vector).map_err(Error::about(&vector.id))?;
    let kinds = [
        (Kind::Registration, registration, ours.registration, &vector.registration),
        (Kind::Authentication, authentication, ours.authentication, &vector.authentication),
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
        kind: Kind::HmacSecret,
        name: case.name.clone(),
        differences: differences(&ours, published),
        violations: Vec::new(),
    })
}

/// Fields that differ; what one side lacks is empty.
fn differences(ours: &Fields, published: impl Fn(&str) -> Vec<u8>) -> Vec<Difference> {
    let differing =
        ours.iter().filter_map(|(field, ours)| first_difference(field, ours, &published(field)));
    differing.collect()
}

fn first_difference(field: &'static str, ours: &[u8], published: &[u8]) -> Option<Difference> {
    let octet = |octets: &[u8], at| octets.get(at).copied();
    (0..ours.len().max(published.len()))
        .map(|at| Difference {
            field,
            offset: at,
            ours: octet(ours, at),
            published: octet(published, at),
        })
        .find(|difference| difference.ours != difference.published)
}

impl Proof {
    /// Whether ours is the same, octet for octet.
    pub fn is_rebuilt(&self) -> bool {
        self.differences.is_empty()
    }

    /// Whether the reference relying party finds no fault.
    pub fn is_accepted(&self) -> bool {
        self.violations.is_empty()
    }

    /// Whether all is as it should be.
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
