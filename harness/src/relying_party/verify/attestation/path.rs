//! Certification paths as RFC 5280 §6 has them, as far as attestation needs it.

use std::time::Duration;

use x509_cert::crl::CertificateList;
use x509_cert::der::Decode;

use super::certificate::{Certificate, Chain};

/// Revocation lists that decode.
pub(super) fn lists(der: &[Vec<u8>]) -> Vec<CertificateList> {
    der.iter().filter_map(|list| CertificateList::from_der(list).ok()).collect()
}

/// What of a path is looked at. Honestly all of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rules {
    /// It ends at a trusted root.
    pub(crate) root: bool,
    /// Each certificate is signed by the next.
    pub(crate) signatures: bool,
    pub(crate) validity: bool,
    /// Each key may do what it did: those above the leaf certify others.
    pub(crate) usage: bool,
    /// None is on its issuer's revocation list.
    pub(crate) revocation: bool,
    /// None is there twice (RFC 5280 §6.1).
    pub(crate) repetition: bool,
}

impl Rules {
    pub(crate) const ALL: Self = Self {
        root: true,
        signatures: true,
        validity: true,
        usage: true,
        revocation: true,
        repetition: true,
    };
}

/// True if certificates lead to one of the roots.
pub(super) fn leads(
    chain: &Chain,
    roots: &[Certificate],
    lists: &[CertificateList],
    date: Duration,
    rules: Rules,
) -> Result<(), &'static str> {
    let sent: Vec<_> = chain.iter().collect();
    let is_repeated =
        |(place, one): (usize, &&Certificate)| sent.iter().skip(place + 1).any(|o| o == one);
    if rules.repetition && sent.iter().enumerate().any(is_repeated) {
        return Err("a certificate is there twice");
    }
    // A root may stand at the end of what is sent.
    let (path, root) = match sent.split_last() {
        Some((last, path)) if !path.is_empty() && roots.contains(last) => (path, Some(*last)),
        _ => (sent.as_slice(), None),
    };
    // What is trusted for itself takes no issuer.
    let is_anchor = path.len() == 1 && roots.contains(&chain.leaf);
    let above = path
        .last()
        .filter(|_| !is_anchor)
        .and_then(|last| root.or_else(|| roots.iter().find(|root| last.names_as_issuer(root))));
    if above.is_none() && !is_anchor && rules.root {
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
