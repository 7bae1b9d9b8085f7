//! Apple anonymous attestation (§8.8).

use super::certificate::{Certificate, Chain};
use super::{Evidence, Statement, StepResult, certifies_credential, derive, refuse};

/// §8.8 step 1
pub(crate) fn syntax(e: &mut Evidence<'_>) -> StepResult {
    derive(e, "apple", |statement| Ok(Statement::Apple(Chain::read(statement.get("x5c"))?)))
}

/// §8.8 steps 2 to 4
pub(crate) fn nonce(e: &Evidence<'_>) -> StepResult {
    let (Some(certificate), Some(nonce)) = (certificate(e), super::nonce(e)) else {
        return Ok(());
    };
    // SEQUENCE { [1] EXPLICIT OCTET STRING }
    let expected = [&[0x30, 36, 0xa1, 34, 0x04, 32], nonce.as_slice()].concat();
    match certificate.extension("1.2.840.113635.100.8.2") {
        Some(extension) if extension.extn_value.as_bytes() == expected => Ok(()),
        Some(_) => refuse("the certificate is for another ceremony"),
        None => refuse("the certificate names no ceremony"),
    }
}

/// §8.8 step 5
pub(crate) fn key(e: &Evidence<'_>) -> StepResult {
    match certificate(e).and_then(|certificate| certifies_credential(e, certificate)) {
        Some(false) => refuse("the certificate is for another key than the credential's"),
        _ => Ok(()),
    }
}

fn certificate<'e>(e: &'e Evidence<'_>) -> Option<&'e Certificate> {
    match &e.statement {
        Some(Statement::Apple(chain)) => Some(&chain.leaf),
        _ => None,
    }
}
