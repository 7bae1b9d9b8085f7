//! Adapters as their authors meet them, on real relying parties: found out, walked through, and a library without a server.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs)]

use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use passrig::catalogue::Catalogue;
use passrig::runner::Filter;
use passrig_tests::rps::{self, Running};
use serde_json::Value;

const PROGRAM: &str = env!("CARGO_BIN_EXE_passrig-tested");

fn passrig(folder: &Path, arguments: &[&str], rp: &Running) -> Output {
    Command::new(PROGRAM)
        .current_dir(folder)
        .args(arguments)
        .args(["--rp", &rp.url, "--ca"])
        .arg(&rp.ca)
        .args(["--connect-to", &rp.connect_to])
        .output()
        .unwrap()
}

fn said(octets: &[u8]) -> String {
    String::from_utf8_lossy(octets).into_owned()
}

#[test]
fn an_adapter_is_found_out_and_walked_through() {
    let Some(rp) = rps::start("better-auth") else { return };
    let folder = tempfile::tempdir().unwrap();
    let out = passrig(folder.path(), &["check", "--only", "registration.origin.foreign"], &rp);
    let complaint = said(&out.stderr);
    assert_eq!(out.status.code(), Some(0), "{complaint}");
    let found = "adapter: better-auth (better-auth, passkey plugin), found out by asking\n";
    assert!(complaint.starts_with(found), "{complaint}");

    let quiet = ["adapter", "test", "better-auth", "--quiet", "--seed", "walk", "--run-id", "walk"];
    let out = passrig(folder.path(), &quiet, &rp);
    assert_eq!(out.status.code(), Some(0), "{out:?}");
    let shown: Vec<_> = said(&out.stdout)
        .lines()
        .take_while(|line| !line.starts_with("The adapter"))
        .map(str::to_owned)
        .collect();
    let shown = shown.join("\n");
    let name = shown.split("passrig-").nth(1).and_then(|rest| rest.get(..12)).unwrap();
    insta::assert_snapshot!(shown.replace(name, "NAME"), @r"
    have an account
    ok   there is one: passrig-NAME

    register a passkey
    ok   accepted

    list the passkeys
    ok   the new one is among 1

    see who is signed in, in a new browser
    ok   no user is signed in

    sign in with the passkey (discoverable)
    ok   accepted

    see who is signed in
    ok   a user is signed in

    sign out
    ok   no user is signed in

    see who is signed in, in a new browser
    ok   no user is signed in

    sign in with the passkey (username)
    ok   accepted

    see who is signed in
    ok   a user is signed in

    sign out
    ok   no user is signed in

    sign in without a passkey
    ok   a user is signed in

    remove the passkey
    ok   it is gone
    ");

    let out = passrig(folder.path(), &["adapter", "test", "better-auth"], &rp);
    let shown = said(&out.stdout);
    assert!(shown.contains("register step 2: POST /passkey/verify-registration"), "{shown}");
    assert!(shown.contains("{\"response\":{\"id\":"), "{shown}");
    assert!(!shown.contains("Pr1-"), "a password is shown: {shown}");
}

/// The adapter of another product: each says why it is not the one.
#[test]
fn what_no_adapter_speaks_to_is_told_why() {
    let Some(rp) = rps::start("better-auth") else { return };
    let folder = tempfile::tempdir().unwrap();
    let wrong = Command::new(PROGRAM)
        .current_dir(folder.path())
        .args(["check", "--rp", &format!("{}/nowhere", rp.url), "--ca"])
        .arg(&rp.ca)
        .args(["--connect-to", &rp.connect_to])
        .output()
        .unwrap();
    let complaint = said(&wrong.stderr);
    assert_eq!(wrong.status.code(), Some(2), "{complaint}");
    assert!(
        complaint.contains("better-auth: GET /passkey/generate-authenticate-options: unexpected"),
        "{complaint}"
    );

    let out = passrig(folder.path(), &["adapter", "test", "python-fido2-example"], &rp);
    assert_eq!(out.status.code(), Some(1));
    assert!(said(&out.stdout).contains("help: is the path right"), "{out:?}");
}

/// py_webauthn behind a program that answers lines, and no server.
#[test]
fn a_library_without_a_server_is_checked() {
    let Some(judge) = rps::judge("py-webauthn") else { return };
    let folder = tempfile::tempdir().unwrap();
    let python = judge.command.get_program().to_str().unwrap();
    let shim = Path::new(env!("CARGO_MANIFEST_DIR")).join("rps/py-webauthn/shim.py");
    let rp = format!("exec:{python} {}", shim.display());
    let only = ["*.origin.*", "*.challenge.*", "*.signature.*", "*.rp-id-hash.*"];
    let out = Command::new(PROGRAM)
        .current_dir(folder.path())
        .args(["check", "--rp", &rp, "--report", "json=report.json"])
        .args(only.iter().flat_map(|glob| ["--only", glob]))
        .output()
        .unwrap();
    let report = fs::read(folder.path().join("report.json")).unwrap_or_else(|_| panic!("{out:?}"));
    let report: Value = serde_json::from_slice(&report).unwrap();
    assert_eq!(report["target"]["adapter"], "exec");
    let catalogue = Catalogue::builtin().unwrap();
    let filter = Filter { only: only.map(str::to_owned).to_vec(), ..Filter::default() };
    let expected = catalogue.checks.iter().filter(|check| filter.admits(&check.id));
    let results = report["checks"].as_array().unwrap();
    assert!(results.iter().map(|result| &result["id"]).eq(expected.map(|check| &check.id)));
    // One run may lose a race that another one does not.
    let is_race = |id: &str| catalogue.find(id).is_some_and(|check| check.exclusive);
    let mut others = String::new();
    for result in results {
        let [id, outcome] = ["id", "outcome"].map(|member| result[member].as_str().unwrap());
        if outcome != "pass" && !is_race(id) {
            writeln!(others, "{id} {outcome}").unwrap();
        }
    }
    insta::assert_snapshot!(others, @"
    registration.challenge.padded fail
    authentication.challenge.padded fail
    registration.challenge.superseded note
    authentication.challenge.superseded note
    registration.challenge.expired skipped
    authentication.challenge.expired skipped
    registration.challenge.standard-base64 fail
    authentication.challenge.standard-base64 fail
    registration.challenge.trailing-bits fail
    authentication.challenge.trailing-bits fail
    registration.challenge.space fail
    authentication.challenge.space fail
    registration.challenge.after-logout skipped
    ");
}
