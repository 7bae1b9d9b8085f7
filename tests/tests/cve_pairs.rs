//! Published flaws of relying parties, in pinned versions with them and without: the check that is about a flaw fails
//! before it was mended, and passes after.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs)]

use std::fs;
use std::process::Command;

use passrig_tests::rps::{self, Running};
use serde_json::Value;

const PROGRAM: &str = env!("CARGO_BIN_EXE_passrig-tested");

/// CVE-2026-46419 (YSA-2026-02) of webauthn-server-core 2.8.0 and 2.8.1, mended in 2.8.2 and 2.9.0. A login begins with the
/// name of somebody who has no passkey, and is answered with the attacker's. The library held the user handle of the
/// response against that of the name only where the name had one, and then said that whoever was named has signed in
/// (§7.2 step 6).
#[test]
fn yubico_signed_in_whoever_was_named() {
    let check = "authentication.credential.for-a-user-without";
    fails("yubico-readme-2.8.1", "yubico-readme/adapter.toml", check);
    passes("yubico-readme", "yubico-readme/adapter.toml", check);
}

/// CVE-2023-45669 (GHSA-v9hx-v6vf-g36j) of webauthn4j-spring-security-core before 0.9.1. The counter of a login was given to
/// a copy of the credential record and lost with it, so that each login was held against the registration alone (§7.2
/// step 24).
#[test]
fn webauthn4j_spring_security_forgot_counters() {
    let adapter = "webauthn4j-spring-security-sample";
    let check = "authentication.sign-count.between";
    fails("webauthn4j-spring-security-0.7.1", adapter, check);
    passes("webauthn4j-spring-security", adapter, check);
}

/// CVE-2025-12150 (keycloak#43723) of Keycloak before 26.4.4: a realm that asks for `direct` attestation took "none", and
/// with it whatever authenticator was claimed (§7.1 step 24).
///
/// CVE-2026-8830 (keycloak#49133) before 26.6.3, and 26.4.13: which algorithms the realm's policy has was told to the page,
/// and to nobody who verifies. A key for any other was registered (§7.1 step 20).
#[test]
fn keycloak_did_not_insist() {
    let attestation = "registration.attestation-statement.absent";
    let algorithm = "registration.algorithm.sha1-not-offered";
    fails("keycloak-26.4.0", "keycloak-second-factor", attestation);
    let Some(rp) = rps::start("keycloak-26.4.5") else { return };
    assert_eq!(outcome(&rp, "keycloak-second-factor", attestation), PASS);
    assert_eq!(outcome(&rp, "keycloak-passkeys", algorithm), FAIL);
    drop(rp);
    passes("keycloak", "keycloak-passkeys", algorithm);
}

/// Outcome, verdict, and what the program ends with.
const FAIL: (&str, &str, i32) = ("fail", "accepted", 1);
const PASS: (&str, &str, i32) = ("pass", "refused", 0);

fn fails(folder: &str, adapter: &str, check: &str) {
    let Some(rp) = rps::start(folder) else { return };
    assert_eq!(outcome(&rp, adapter, check), FAIL, "{folder}");
}

fn passes(folder: &str, adapter: &str, check: &str) {
    let Some(rp) = rps::start(folder) else { return };
    assert_eq!(outcome(&rp, adapter, check), PASS, "{folder}");
}

/// What one check alone comes to. What the specification leaves to a policy is demanded.
fn outcome(rp: &Running, adapter: &str, check: &str) -> (&'static str, &'static str, i32) {
    let local = rps::dir(adapter);
    let adapter = if local.is_file() { local.display().to_string() } else { adapter.to_owned() };
    let here = tempfile::tempdir().unwrap();
    let policy = format!("[policy]\n\"{check}\" = \"must\"\n");
    fs::write(here.path().join("passrig.toml"), policy).unwrap();
    let out = Command::new(PROGRAM)
        .current_dir(&here)
        .args(["check", "--rp", &rp.url, "--connect-to", &rp.connect_to, "--ca"])
        .arg(&rp.ca)
        .args(["--adapter", &adapter, "--only", check, "--deadline", "60"])
        .args(["--seed", "pairs", "--run-id", "pairs", "--report", "json=report.json"])
        .output()
        .unwrap();
    let said = [out.stdout, out.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    let report = fs::read(here.path().join("report.json")).unwrap_or_else(|_| panic!("{said}"));
    let report: Value = serde_json::from_slice(&report).unwrap();
    let [result] = &report["checks"].as_array().unwrap()[..] else { panic!("{said}") };
    assert_eq!(result["id"], *check);
    let came_to = (&result["outcome"], &result["verdict"], out.status.code());
    [FAIL, PASS]
        .into_iter()
        .find(|(outcome, verdict, code)| {
            came_to == (&(*outcome).into(), &(*verdict).into(), Some(*code))
        })
        .unwrap_or_else(|| panic!("neither passed nor failed: {came_to:?}\n{said}"))
}
