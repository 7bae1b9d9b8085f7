//! Logs and reports of earlier versions can still be read.

use std::fs;

use super::support::{self, Ran};

const REPORT: &str = include_str!("before/report.json");
const LOG: &str = include_str!("before/one.jsonl");

async fn with_old_run(arguments: &str) -> Ran {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join(".passrig")).unwrap();
    fs::write(folder.path().join(".passrig/one.jsonl"), LOG).unwrap();
    fs::write(folder.path().join("report.json"), REPORT).unwrap();
    support::run(folder.path(), arguments).await
}

// Before: held.
#[tokio::test(flavor = "multi_thread")]
async fn an_old_report_and_its_log_become_a_page_with_exchanges() {
    let ran = with_old_run("render report.json --report html=report.html").await;
    ran.exits(0);
    let page = ran.file("report.html");
    assert!(page.contains("registration.origin.scheme"));
    // The exchange of the attempt, taken apart: the client data with the deviating origin.
    assert!(page.contains("attestation/result") && page.contains("webauthn.create"), "{page}");
    assert!(page.contains("ftp://localhost:8099"), "{page}");
}

// Before: held.
#[tokio::test(flavor = "multi_thread")]
async fn the_failures_of_an_old_log_are_run_again() {
    let ran = with_old_run("check --rerun-failed .passrig/one.jsonl --log new.jsonl").await;
    ran.exits(0);
    let log = ran.file("new.jsonl");
    let checks: Vec<serde_json::Value> =
        log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let ids: Vec<_> = checks.iter().filter(|line| line["kind"] == "check").collect();
    assert_eq!(ids.len(), 1, "{log}");
    assert_eq!(ids[0]["check"]["id"], "registration.origin.scheme");
}
