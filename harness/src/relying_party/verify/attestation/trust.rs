//! Whom this relying party trusts (§7.1 step 24): certification paths as RFC
//! 5280 §6 has them, as far as attestation needs it.

use std::time::Duration;

use x509_cert::crl::CertificateList;
use x509_cert::der::Decode;

use super::certificate::{Certificate, Chain};
use super::{Evidence, Finding, refuse};
use crate::relying_party::policy::Config;

/// Who is trusted, read once. What cannot be read is trusted by nobody.
#[derive(Debug, Default)]
pub(in crate::relying_party) struct Trust {
    roots: Vec<Certificate>,
    lists: Vec<CertificateList>,
}

impl Trust {
    /// By certificates and revocation lists in DER.
    pub(in crate::relying_party) fn of(config: &Config) -> Self {
        let roots = config.roots.iter().filter_map(|root| Certificate::read(root).ok());
        let lists = config.revocation_lists.iter();
        let lists = lists.filter_map(|list| CertificateList::from_der(list).ok());
        Self { roots: roots.collect(), lists: lists.collect() }
    }
}

/// What of a path is looked at. Honestly all of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rules {
    /// It ends at a trusted root.
    pub(crate) root: bool,
    /// Each certificate is signed by the next.
    pub(crate) signatures: bool,
    /// Each is within its validity.
    pub(crate) validity: bool,
    /// Each key may do what it did: those above the leaf certify others.
    pub(crate) usage: bool,
    /// None is on its issuer's revocation list.
    pub(crate) revocation: bool,
}

impl Rules {
    pub(crate) const ALL: Self =
        Self { root: true, signatures: true, validity: true, usage: true, revocation: true };
}

/// §7.1 step 24: certificates lead to a root that is trusted.
pub(crate) fn path(e: &Evidence<'_>) -> Finding {
    path_by(e, Rules::ALL)
}

/// The same by some of the rules.
pub(crate) fn path_by(e: &Evidence<'_>, rules: Rules) -> Finding {
    let Some(chain) = e.statement.as_ref().and_then(super::Statement::chain) else {
        return Ok(());
    };
    leads(chain, e.trust, e.date, rules).or_else(refuse)
}

fn leads(chain: &Chain, trust: &Trust, date: Duration, rules: Rules) -> Result<(), &'static str> {
    let Trust { roots, lists } = trust;
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
        if rules.usage && !issuer.is_authority(below) {
            return Err("a certificate is issued by one that may not");
        }
        if rules.revocation && certificate.is_revoked_by(issuer, lists) {
            return Err("a certificate was revoked");
        }
    }
    if rules.usage && !chain.leaf.may_sign() {
        return Err("the certified key may not sign");
    }
    let all_valid = path.iter().copied().chain(above).all(|one| one.is_valid_at(date));
    if rules.validity && !all_valid {
        return Err("a certificate is not valid at this time");
    }
    Ok(())
}
