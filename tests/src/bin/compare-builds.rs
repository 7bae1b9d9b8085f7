//! Compares the behaviour of two builds of passrig: the second half of `tests/compare-commits`.

use std::collections::BTreeMap;
use std::env;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use passrig_tests::comparison::{Comparison, Run};
use passrig_tests::rps;

/// Light servers, and the adapters that speak to them.
const RPS: [(&str, &str); 2] =
    [("simplewebauthn", "simplewebauthn-example"), ("py-webauthn", "webauthn-io")];
/// How many differences are printed.
const PRINTED: usize = 20;

fn main() -> ExitCode {
    compare().unwrap_or_else(|error| {
        eprintln!("{error}");
        ExitCode::from(2)
    })
}

fn compare() -> Result<ExitCode, Box<dyn Error>> {
    let mut arguments: Vec<_> = env::args().skip(1).collect();
    let mut flag = |name: &str| {
        let length = arguments.len();
        arguments.retain(|argument| argument != name);
        arguments.len() < length
    };
    let (with_texts, with_rps) = (flag("--texts"), !flag("--built-in"));
    let [before, after] = arguments.as_slice() else {
        return Err("expected the paths of two builds of passrig".into());
    };
    let builds = [fs::canonicalize(before)?, fs::canonicalize(after)?];

    let mut comparisons = vec![built_in(&builds, with_texts)?];
    for (rp, adapter) in RPS.into_iter().filter(|_| with_rps) {
        comparisons.extend(real(rp, adapter, &builds, with_texts)?);
    }
    Ok(print(&comparisons))
}

/// The requests to the built-in relying party, and the reports.
fn built_in(builds: &[PathBuf; 2], with_texts: bool) -> Result<Comparison, Box<dyn Error>> {
    let [before, after] = builds;
    // One after the other, so that the log has the order of the catalogue.
    let [before, after] = [check(before, &["--jobs", "1"])?, check(after, &["--jobs", "1"])?];
    let comparison = Comparison::of_runs(&before, &after, with_texts)?;
    println!("built-in: {} requests and members are equal", comparison.equal);
    Ok(comparison)
}

/// The results on a real relying party, which is started anew for each build; `None` if this machine cannot run it.
fn real(
    rp: &str,
    adapter: &str,
    builds: &[PathBuf; 2],
    with_texts: bool,
) -> Result<Option<Comparison>, Box<dyn Error>> {
    let mut reports = Vec::new();
    for build in builds {
        let Some(running) = rps::start(rp) else { return Ok(None) };
        let ca = running.ca.to_string_lossy();
        let target = ["--rp", &running.url, "--connect-to", &running.connect_to, "--ca", &ca];
        let rest = ["--adapter", adapter, "--deadline", "60"];
        reports.push(check(build, &[&target[..], &rest].concat())?.report);
    }
    let [before, after] = reports.as_slice() else { return Ok(None) };
    let comparison = Comparison::of_results(rp, before, after, with_texts);
    println!("{rp}: {} results are equal", comparison.equal);
    Ok(Some(comparison))
}

/// One run of a build with the fixed seed and run ID, in a folder of its own.
fn check(build: &Path, arguments: &[&str]) -> Result<Run, Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let output = Command::new(build)
        .args(["check", "--quiet", "--seed", "compare", "--run-id", "compare"])
        .args(["--report", "json=report.json", "--log", "log.jsonl"])
        .args(arguments)
        // Without optimisation, the futures of a check need more than the usual 2 MB of a thread.
        .env("RUST_MIN_STACK", "16777216")
        .current_dir(folder.path())
        .output()?;
    // 1: something failed, as it does on most real relying parties.
    if !matches!(output.status.code(), Some(0 | 1)) {
        let stderr = String::from_utf8_lossy(&output.stderr);
        return Err(format!("{} ended with {}: {stderr}", build.display(), output.status).into());
    }
    let report = serde_json::from_str(&fs::read_to_string(folder.path().join("report.json"))?)?;
    Ok(Run { log: fs::read_to_string(folder.path().join("log.jsonl"))?, report })
}

fn print(comparisons: &[Comparison]) -> ExitCode {
    let mut texts = BTreeMap::new();
    for (pair, count) in comparisons.iter().flat_map(|comparison| &comparison.texts) {
        *texts.entry(pair).or_insert(0) += count;
    }
    for ((old, new), count) in texts {
        println!("text of {count} results: {old:?} is now {new:?}");
    }
    let differences: Vec<_> =
        comparisons.iter().flat_map(|comparison| &comparison.differences).collect();
    for line in differences.iter().take(PRINTED) {
        println!("{line}");
    }
    match differences.len() {
        0 => println!("no differences"),
        count => println!("{count} differences, the first {} above", count.min(PRINTED)),
    }
    ExitCode::from(u8::from(!differences.is_empty()))
}
