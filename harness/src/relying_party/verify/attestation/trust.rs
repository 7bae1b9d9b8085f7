//! The roots that this relying party trusts (§7.1 step 24).

use x509_cert::crl::CertificateList;

use super::certificate::Certificate;
use super::metadata::{self, Metadata};
use super::path::{Rules, leads, lists};
use super::{Evidence, StepResult, refuse};
use crate::relying_party::policy::Config;

/// The trusted roots, read once. A root that cannot be read is not trusted.
#[derive(Debug, Default)]
pub(in crate::relying_party) struct TrustAnchors {
    roots: Vec<Certificate>,
    lists: Vec<CertificateList>,
    pub(super) metadata: Option<Metadata>,
}

impl TrustAnchors {
    /// By certificates and revocation lists in DER.
    pub(in crate::relying_party) fn of(config: &Config) -> Self {
        let roots = config.roots.iter().filter_map(|root| Certificate::read(root).ok());
        let metadata = config.metadata.as_ref().map(|sources| Metadata::of(sources, config.date));
        Self { roots: roots.collect(), lists: lists(&config.revocation_lists), metadata }
    }
}

impl TrustAnchors {
    /// True if models are looked up in metadata.
    pub(super) fn has_metadata(&self) -> bool {
        self.metadata.is_some()
    }
}

/// §7.1 step 24: certificates lead to a root that is trusted.
pub(crate) fn path(e: &Evidence<'_>) -> StepResult {
    path_by(e, Rules::ALL)
}

/// The same by some of the rules.
pub(crate) fn path_by(e: &Evidence<'_>, rules: Rules) -> StepResult {
    // A model that makes no such attestation has no roots for it either, and that is told already.
    if metadata::attestation_type(e).is_err() {
        return Ok(());
    }
    // Where metadata speak of the model, its roots are those in its statement.
    let roots = metadata::entry(e).map_or(&e.trust.roots, |(_, entry)| &entry.roots);
    path_to(e, roots, rules)
}

/// The same, to any root that is known for any model.
pub(crate) fn path_to_any(e: &Evidence<'_>) -> StepResult {
    let of_models = e.trust.metadata.iter().flat_map(Metadata::roots);
    let roots: Vec<_> = e.trust.roots.iter().chain(of_models).cloned().collect();
    path_to(e, &roots, Rules::ALL)
}

/// True if the issuer of the certificate is missing, and has the common name of a root.
pub(crate) fn has_issuer_of_a_known_name(e: &Evidence<'_>) -> bool {
    let Some(chain) = e.statement.as_ref().and_then(super::Statement::chain) else { return false };
    let (leaf, roots) = (&chain.leaf, &e.trust.roots);
    let is_known = roots.iter().any(|root| leaf.names_as_issuer(root));
    chain.above.is_empty()
        && !is_known
        && roots.iter().any(|root| leaf.has_issuer_of_the_name(root))
}

fn path_to(e: &Evidence<'_>, roots: &[Certificate], rules: Rules) -> StepResult {
    let Some(chain) = e.statement.as_ref().and_then(super::Statement::chain) else {
        return Ok(());
    };
    leads(chain, roots, &e.trust.lists, e.date, rules).or_else(refuse)
}
