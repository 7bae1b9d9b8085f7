//! Whom this relying party trusts (§7.1 step 24): certification paths as RFC
//! 5280 §6 has them, as far as attestation needs it.

use std::time::Duration;

use super::certificate::{Certificate, Chain};
use super::{Evidence, Finding, refuse};

/// What of a path is looked at. Honestly all of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rules {
    /// It ends at a trusted root.
    pub(crate) root: bool,
    /// Each certificate is signed by the next.
    pub(crate) signatures: bool,
    /// Each is within its validity.
    pub(crate) validity: bool,
    /// Those above the leaf may certify others.
    pub(crate) authority: bool,
}

impl Rules {
    pub(crate) const ALL: Self =
        Self { root: true, signatures: true, validity: true, authority: true };
}

/// §7.1 step 24: certificates lead to a root that is trusted.
pub(crate) fn path(e: &Evidence<'_>) -> Finding {
    path_by(e, Rules::ALL)
}

/// The same by some of the rules.
pub(crate) fn path_by(e: &Evidence<'_>, rules: Rules) -> Finding {
    let chain = e.statement.as_ref().and_then(super::Statement::chain);
    let roots: Vec<_> =
        e.config.roots.iter().filter_map(|root| Certificate::read(root).ok()).collect();
    match chain.map(|chain| leads(chain, &roots, e.date, rules)) {
        Some(Err(reason)) => refuse(reason),
        _ => Ok(()),
    }
}

fn leads(
    chain: &Chain,
    roots: &[Certificate],
    date: Duration,
    rules: Rules,
) -> Result<(), &'static str> {
    let sent: Vec<_> = chain.iter().collect();
    // A root may stand at the end of what is sent.
    let (path, root) = match sent.split_last() {
        Some((last, path)) if !path.is_empty() && roots.contains(last) => (path, Some(*last)),
        _ => (sent.as_slice(), None),
    };
    let above = path
        .last()
        .and_then(|last| root.or_else(|| roots.iter().find(|root| last.names_as_issuer(root))));
    if above.is_none() && rules.root {
        return Err("the certificates lead to no trusted root");
    }
    let issuers = path.iter().skip(1).copied().chain(above);
    for (below, (certificate, issuer)) in path.iter().zip(issuers).enumerate() {
        if !certificate.names_as_issuer(issuer) {
            return Err("a certificate is not followed by its issuer's");
        }
        if rules.signatures && !certificate.is_signed_by(issuer) {
            return Err("a certificate is not signed by its issuer");
        }
        if rules.authority && !issuer.is_authority(below) {
            return Err("a certificate is issued by one that may not");
        }
    }
    let all_valid = path.iter().copied().chain(above).all(|one| one.is_valid_at(date));
    if rules.validity && !all_valid {
        return Err("a certificate is not valid at this time");
    }
    Ok(())
}
