//! Targets that look for tests, to behave well only then.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use super::folder;
use crate::support::{answer, run, serve};

/// Every request of a run, as the target sees it.
async fn requests(arguments: &str) -> String {
    let seen = Arc::new(Mutex::new(String::new()));
    let all = Arc::clone(&seen);
    let url = serve(move |asked, _| {
        let mut all = all.lock().unwrap();
        all.push_str(&format!("{} {}\n", asked.method, asked.path));
        for (name, value) in asked.headers {
            all.push_str(&format!("{name}: {}\n", String::from_utf8_lossy(value.as_bytes())));
        }
        all.push_str(&format!("{}\n\n", String::from_utf8_lossy(asked.body)));
        None
    })
    .await;
    run(folder(&[]).path(), &arguments.replace("RP", &format!("--rp {url} --adapter reference")))
        .await;
    let all = seen.lock().unwrap().clone();
    assert!(all.contains("/attestation/result"), "{all}");
    all
}

/// A target looks for the name of a check, so that it can behave well only under test.
// Before: red.
#[tokio::test(flavor = "multi_thread")]
async fn requests_do_not_name_their_check() {
    let words = [
        "registration.type",
        "simulation",
        "lost-device",
        "canary",
        "twin",
        "subject",
        "attacker",
        "victim",
        "user-verification=",
    ];
    let check = "check RP --seed s --only registration.type --only registration.challenge";
    for arguments in [check, "simulate lost-device RP --seed s"] {
        let all = requests(arguments).await;
        let lower = all.to_lowercase();
        assert!(!lower.contains("x-passrig-check"), "{arguments}");
        let found: Vec<_> = words.iter().filter(|word| lower.contains(*word)).collect();
        assert!(found.is_empty(), "{found:?} in {all}");
        let headers = lower.lines().filter_map(|line| line.split_once(": ").map(|(name, _)| name));
        let own: BTreeSet<_> = headers.filter(|name| name.contains("passrig")).collect();
        assert!(own.is_empty(), "{own:?}");
    }
}

/// The names are there where the user asks for them.
// Before: red.
#[tokio::test(flavor = "multi_thread")]
async fn requests_name_their_check_on_request() {
    let only = "--only registration.type.nonsense --seed s";
    let all = requests(&format!("check RP {only} --name-checks")).await;
    assert!(all.contains("x-passrig-check: registration.type.nonsense"), "{all}");
    let all = requests("simulate lost-device RP --seed s --name-checks").await;
    assert!(all.contains("x-passrig-check: "), "{all}");
    let url = serve(|asked, _| {
        let is_named = asked.headers.contains_key("x-passrig-check");
        (!is_named).then(|| answer(500, "text/plain", "no check"))
    })
    .await;
    let config = format!("[target]\nrp = \"{url}\"\nadapter = \"reference\"\nname_checks = true\n");
    let folder = folder(&[("passrig.toml", &config)]);
    run(folder.path(), &format!("check {only}")).await.exits(0);
}
