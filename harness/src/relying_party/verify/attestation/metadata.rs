//! What the FIDO Metadata Service says of models of authenticators (MDS 3.0),
//! and whether it is to be believed.
//!
//! A model is looked up by its AAGUID: in the BLOBs that are trusted, and in the
//! others for want of those, so that it is one step that a wrong BLOB violates.
//! U2F has no AAGUID, and is a matter of the roots alone.

use std::collections::HashMap;
use std::time::Duration;

use base64ct::{Base64, Encoding};
use passrig_authenticator::attestation::metadata::registered;
use passrig_authenticator::wire::cose::Algorithm;
use serde_json::Value;
use x509_cert::crl::CertificateList;
use x509_cert::der::DateTime;

use super::certificate::Certificate;
use super::jws::Jws;
use super::path::{self, Rules};
use super::{Evidence, Statement, StepResult, refuse};
use crate::relying_party::policy::MetadataSources;
use crate::relying_party::verify::registration::{attested, key};

/// What every BLOB says, and what is wrong with each.
#[derive(Debug)]
pub(crate) struct Metadata {
    root: Vec<Certificate>,
    lists: Vec<CertificateList>,
    date: Duration,
    blobs: Vec<Blob>,
}

#[derive(Debug)]
pub(crate) struct Blob {
    jws: Jws,
    entries: HashMap<[u8; 16], MetadataEntry>,
    /// The first is of the signature, then as the steps follow each other.
    findings: [Result<(), String>; 5],
}

/// The metadata of one model.
#[derive(Debug)]
pub(crate) struct MetadataEntry {
    /// The certificates that vouch for its attestation.
    pub(super) roots: Vec<Certificate>,
    /// What became known of it, the oldest first.
    reports: Vec<String>,
    types: Vec<String>,
    algorithms: Vec<String>,
}

impl Metadata {
    /// Reads the BLOBs in their order. One that cannot be read says nothing.
    pub(super) fn of(sources: &MetadataSources, date: Duration) -> Self {
        let mut metadata = Self {
            root: Certificate::read(&sources.root).into_iter().collect(),
            lists: path::lists(&sources.revocation_lists),
            date,
            blobs: Vec::new(),
        };
        let mut newest = 0;
        for text in &sources.blobs {
            let Ok(jws) = Jws::read(text.as_bytes()) else { continue };
            let blob = metadata.judge(jws, &mut newest);
            metadata.blobs.push(blob);
        }
        metadata
    }

    fn judge(&self, jws: Jws, newest: &mut u64) -> Blob {
        let chain = self.leads(&jws, Rules { revocation: false, ..Rules::ALL });
        let revocation = match &chain {
            Ok(()) => self.leads(&jws, Rules::ALL),
            // Whose certificates these are is not known in the first place.
            Err(_) => Ok(()),
        };
        let number = jws.payload.get("no").and_then(Value::as_u64).unwrap_or_default();
        let mut findings = [
            jws.verify(),
            chain,
            revocation,
            Ok(()),
            is_due(&jws.payload, self.date)
                .map_or(Ok(()), |day| Err(format!("it was due on {day}"))),
        ];
        // Only what is to be believed can be the newest.
        if findings.iter().all(Result::is_ok) {
            match findings.get_mut(NUMBER) {
                Some(finding) if number < *newest => {
                    *finding = Err(format!("its number is {number}, after {newest}"));
                }
                _ => *newest = number,
            }
        }
        let entries = jws.payload.get("entries").and_then(Value::as_array);
        let entries = entries.into_iter().flatten().filter_map(MetadataEntry::read).collect();
        Blob { jws, entries, findings }
    }

    fn leads(&self, jws: &Jws, rules: Rules) -> Result<(), String> {
        path::leads(&jws.chain, &self.root, &self.lists, self.date, rules).map_err(str::to_owned)
    }

    /// All roots of all models in trusted BLOBs.
    pub(super) fn roots(&self) -> impl Iterator<Item = &Certificate> {
        let trusted = self.blobs.iter().filter(|blob| blob.is_trusted());
        trusted.flat_map(|blob| blob.entries.values()).flat_map(|entry| &entry.roots)
    }
}

impl Blob {
    fn is_trusted(&self) -> bool {
        self.findings.iter().all(Result::is_ok)
    }

    fn finding(&self, which: usize) -> StepResult {
        match self.findings.get(which) {
            Some(Err(reason)) => refuse(format!("the metadata about the model: {reason}")),
            _ => Ok(()),
        }
    }
}

const SIGNATURE: usize = 0;
const CHAIN: usize = 1;
const REVOCATION: usize = 2;
const NUMBER: usize = 3;
const NEXT_UPDATE: usize = 4;

/// The day on which the next BLOB was due, if that is past.
fn is_due(payload: &Value, date: Duration) -> Option<&str> {
    let day = payload.get("nextUpdate")?.as_str()?;
    let today = DateTime::from_unix_duration(date).ok()?;
    let today = format!("{:04}-{:02}-{:02}", today.year(), today.month(), today.day());
    // ISO 8601: the order of texts is that of days.
    (day < today.as_str()).then_some(day)
}

impl MetadataEntry {
    fn read(entry: &Value) -> Option<([u8; 16], Self)> {
        let digits = entry.get("aaguid")?.as_str()?.replace('-', "");
        let mut aaguid = [0; 16];
        let whole = base16ct::mixed::decode(digits, &mut aaguid).ok()?.len() == aaguid.len();
        let statement = entry.get("metadataStatement")?;
        let texts = |name: &str| {
            let items = statement.get(name).and_then(Value::as_array).into_iter().flatten();
            items.filter_map(|item| item.as_str().map(str::to_owned)).collect::<Vec<_>>()
        };
        let roots = texts("attestationRootCertificates")
            .into_iter()
            .filter_map(|text| Certificate::read(&Base64::decode_vec(&text).ok()?).ok());
        let reports = entry.get("statusReports").and_then(Value::as_array).into_iter().flatten();
        let status = |report: &Value| Some(report.get("status")?.as_str()?.to_owned());
        let entry = Self {
            roots: roots.collect(),
            reports: reports.filter_map(status).collect(),
            types: texts("attestationTypes"),
            algorithms: texts("authenticationAlgorithms"),
        };
        whole.then_some((aaguid, entry))
    }
}

/// What is said of the authenticator's model, and where.
pub(super) fn entry<'e>(e: &'e Evidence<'_>) -> Option<(&'e Blob, &'e MetadataEntry)> {
    let (metadata, aaguid) = (e.trust.metadata.as_ref()?, model(e)?);
    let find = |blob: &'e Blob| Some((blob, blob.entries.get(&aaguid)?));
    let trusted = metadata.blobs.iter().filter(|blob| blob.is_trusted()).find_map(find);
    trusted.or_else(|| metadata.blobs.iter().find_map(find))
}

/// The model that an attested credential names.
fn model(e: &Evidence<'_>) -> Option<[u8; 16]> {
    e.attestation_object.as_ref().filter(|object| object.fmt != "none")?;
    attested(e).map(|attested| attested.aaguid).filter(|aaguid| *aaguid != [0; 16])
}

fn finding(e: &Evidence<'_>, which: usize) -> StepResult {
    entry(e).map_or(Ok(()), |(blob, _)| blob.finding(which))
}

/// MDS 3.0 §3.2: the signature verifies.
pub(crate) fn signature(e: &Evidence<'_>) -> StepResult {
    finding(e, SIGNATURE)
}

/// True if it would by the algorithm of the key, whatever the header says.
pub(crate) fn is_signed_by_key(e: &Evidence<'_>) -> bool {
    entry(e).is_some_and(|(blob, _)| blob.jws.verify_by(Algorithm::ES256).is_ok())
}

/// True if the header says that there is none.
pub(crate) fn is_unsigned(e: &Evidence<'_>) -> bool {
    entry(e).is_some_and(|(blob, _)| blob.jws.algorithm == "none")
}

/// MDS 3.0 §3.2: the certificates of the signer lead to the service's root.
pub(crate) fn chain(e: &Evidence<'_>) -> StepResult {
    finding(e, CHAIN)
}

/// True if they would by some of the rules.
pub(crate) fn is_led_by(e: &Evidence<'_>, rules: Rules) -> bool {
    let metadata = e.trust.metadata.as_ref();
    metadata.zip(entry(e)).is_some_and(|(all, (blob, _))| all.leads(&blob.jws, rules).is_ok())
}

/// True if the signer has certificates above its own.
pub(crate) fn has_intermediate(e: &Evidence<'_>) -> bool {
    entry(e).is_some_and(|(blob, _)| !blob.jws.chain.above.is_empty())
}

/// MDS 3.0 §3.2: none of them was revoked.
pub(crate) fn revocation(e: &Evidence<'_>) -> StepResult {
    finding(e, REVOCATION)
}

/// MDS 3.0 §3.2: what is older than what is known is not taken.
pub(crate) fn number(e: &Evidence<'_>) -> StepResult {
    finding(e, NUMBER)
}

/// MDS 3.0 §3.2: there ought to be a newer one.
pub(crate) fn next_update(e: &Evidence<'_>) -> StepResult {
    finding(e, NEXT_UPDATE)
}

/// Only models that are listed are known.
pub(crate) fn listed(e: &Evidence<'_>) -> StepResult {
    if e.trust.metadata.is_some() && model(e).is_some() && entry(e).is_none() {
        refuse("no metadata list the authenticator's model")
    } else {
        Ok(())
    }
}

/// MDS 3.0 §3.1.4: what is broken is not trusted, whatever else became known
/// before or after.
pub(crate) fn status(e: &Evidence<'_>) -> StepResult {
    match reports(e).iter().find(|status| BROKEN.contains(&status.as_str())) {
        Some(status) => refuse(format!("the authenticator's model is {status}")),
        None => Ok(()),
    }
}

/// What became known of the model, the oldest first.
pub(crate) fn reports<'e>(e: &'e Evidence<'_>) -> &'e [String] {
    entry(e).map_or(&[], |(_, entry)| &entry.reports)
}

/// What no authenticator should be.
pub(crate) const BROKEN: [&str; 5] = [
    "REVOKED",
    "ATTESTATION_KEY_COMPROMISE",
    "USER_VERIFICATION_BYPASS",
    "USER_KEY_REMOTE_COMPROMISE",
    "USER_KEY_PHYSICAL_COMPROMISE",
];

/// The statement says which types of attestation there are.
pub(crate) fn attestation_type(e: &Evidence<'_>) -> StepResult {
    let (Some((_, entry)), Some(statement)) = (entry(e), &e.statement) else { return Ok(()) };
    let types: &[&str] = match statement {
        Statement::PackedSelf(_) => &["basic_surrogate"],
        Statement::Apple(_) => &["anonca"],
        Statement::Compound(_) => return Ok(()),
        _ => &["basic_full", "attca"],
    };
    if entry.types.iter().any(|kind| types.contains(&kind.as_str())) {
        Ok(())
    } else {
        refuse(format!("the authenticator's model does not attest as {}", types.join(" or ")))
    }
}

/// The statement says which algorithms there are.
pub(crate) fn algorithm(e: &Evidence<'_>) -> StepResult {
    let (Some((_, entry)), Some(key)) = (entry(e), key(e)) else { return Ok(()) };
    let algorithm = key.algorithm();
    // What nobody asked for is a matter of §7.1 step 20.
    let Some(name) = registered(algorithm).filter(|_| e.config.algorithms.contains(&algorithm))
    else {
        return Ok(());
    };
    if entry.algorithms.iter().any(|known| known == name) {
        Ok(())
    } else {
        refuse(format!("the authenticator's model has no {algorithm}"))
    }
}
