//! Judges that nobody here wrote: what passrig's client and authenticators make, published libraries accept.
//!
//! `library_table.txt` is the minimum. A cell that was accepted once stays so; a cell that is blank has a reason, the
//! library's own limit, and says where its source has it. A blank that would be accepted now fails the test as well.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "what serves a test may fail it"
)]

mod cases;
mod table;

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use passrig_tests::rps;
use serde_json::Value;
use table::{Cell, Table};

#[test]
fn simplewebauthn() {
    accepts_what_it_did("simplewebauthn");
}

#[test]
fn py_webauthn() {
    accepts_what_it_did("py-webauthn");
}

#[test]
fn python_fido2() {
    accepts_what_it_did("python-fido2");
}

#[test]
fn webauthn_rs_core() {
    accepts_what_it_did("webauthn-rs");
}

fn accepts_what_it_did(library: &str) {
    let table = Table::committed(library);
    let Some(judge) = rps::judge(library) else { return };
    let trust = tempfile::tempdir().unwrap();
    let verdicts = verdicts(judge.command, &export(trust.path()));
    table.assert_reasons_are_seen_in(&judge.sources);

    let mut wrong = String::new();
    for ((algorithm, column), refused) in &verdicts {
        let said = match (table.cell(algorithm, column), refused) {
            (Cell::Accepted, Some(reason)) => format!("was accepted, is refused now: {reason}"),
            (Cell::Blank { reason }, None) => format!("is accepted now, but blank: {reason}"),
            (Cell::Meaningless, _) => "has no cell".to_owned(),
            _ => continue,
        };
        wrong.push_str(&format!("\n  {algorithm} {column} {said}"));
    }
    assert_eq!(table.cells(), verdicts.len(), "{library} has cells for what is not made");
    assert!(wrong.is_empty(), "{library}:{wrong}");
}

/// What `passrig trust export` writes.
fn export(folder: &Path) -> String {
    let dir = folder.join("trust");
    let program = env!("CARGO_BIN_EXE_passrig-tested");
    let out = Command::new(program).args(["trust", "export"]).arg(&dir).output().unwrap();
    assert!(out.status.success(), "{out:?}");
    dir.to_str().unwrap().to_owned()
}

type Verdicts = BTreeMap<(String, &'static str), Option<String>>;

/// Why each case is refused, if it is. A case is made when it is its turn: some statements age within a minute.
fn verdicts(mut judge: Command, trust: &str) -> Verdicts {
    judge.arg(trust).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = judge.spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut verdicts = Verdicts::new();
    for algorithm in cases::algorithms() {
        for column in cases::COLUMNS.into_iter().filter(|one| one.format.suits(algorithm)) {
            let case = cases::case(algorithm, column);
            writeln!(input, "{case}").unwrap();
            let line = output.next().expect("a verdict for each case").unwrap();
            let verdict: Value = serde_json::from_str(&line).unwrap();
            assert_eq!(verdict["name"], case["name"]);
            let refused = verdict["refused"].as_str().map(str::to_owned);
            verdicts.insert((algorithm.to_string(), column.name), refused);
        }
    }
    drop(input);
    assert!(child.wait().unwrap().success());
    verdicts
}
