//! Attacks of a page on its own verdict.

use std::fs;
use std::io::{self, Write};

use passrig_tests::browser::available;
use passrig_tests::tricks::TRICKS;
use serde_json::Value;

use crate::server::{HONEST, serve};
use crate::{CLICK, command, run, said};

/// Asks at once, with weaker options than those of the server, and catches no refusal.
const WEAK: &str = "
    <button>Sign in</button>
    <script>
        (async () => {
            const text = await (await fetch('/get')).text();
            const sent = PublicKeyCredential.parseRequestOptionsFromJSON(parse(text));
            const publicKey = { ...sent, userVerification: 'discouraged' };
            const options = globalThis.dress?.({ publicKey }, sent, text) ?? { publicKey };
            for (const one of globalThis.forgeries ?? []) await one;
            await navigator.credentials.get(options);
        })();
    </script>";

/// The results of a page on which this script runs first, a line each.
async fn verdict(trick: &str) -> String {
    // The page itself takes what it needs before.
    let html = format!(
        "<!doctype html><script>const {{ parse }} = JSON;</script><script>{{ {trick} }}</script>{WEAK}"
    );
    let served = serve(&html).await;
    let folder = tempfile::tempdir().unwrap();
    let ran =
        run(command(folder.path(), &["page", &served.url, "--report", "json=out.json"])).await;
    let Ok(report) = fs::read(folder.path().join("out.json")) else { return said(&ran) };
    let report: Value = serde_json::from_slice(&report).unwrap();
    let checks = report["checks"].as_array().unwrap().iter();
    let lines = checks.filter(|check| check["outcome"] != "skipped").map(|check| {
        let [outcome, id, reason] =
            ["outcome", "id", "reason"].map(|member| check[member].as_str().unwrap_or_default());
        format!("{outcome} {id}: {}\n", reason.split(", first by").next().unwrap())
    });
    lines.collect::<String>() + report["stopped"].as_str().unwrap_or_default()
}

// Before: red, by 12 of the 22 scripts.
#[tokio::test(flavor = "multi_thread")]
async fn a_page_does_not_decide_its_own_verdict() {
    if !available() {
        return;
    }
    let honest = verdict("").await;
    insta::assert_snapshot!(honest, @r"
    warn authentication.page-gesture.missing: 1 of 1 calls of get() came without a gesture of the user
    note authentication.page-options.altered: get() is given another userVerification
    pass authentication.page-frame.cross-origin: 0 of 1 calls of get() came from a frame of another site's page
    warn authentication.page-refusal.unhandled: a refusal by get() is caught by nobody
    pass authentication.page-refusal.dead-end: after get() was cancelled, there was something to use
    ");
    let mut wrong = Vec::new();
    for (name, trick) in TRICKS {
        let seen = verdict(trick).await;
        let _ = writeln!(io::stderr(), "{} {name}", if seen == honest { "held" } else { "red " });
        if seen != honest {
            wrong.push(format!("{name}:\n{seen}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A frame cannot hide that another site's page is around it.
// Before: red.
#[tokio::test(flavor = "multi_thread")]
async fn a_frame_does_not_hide_its_page() {
    if !available() {
        return;
    }
    let framed = serve(&format!(
        "<script>
            DOMStringList.prototype[Symbol.iterator] = Array.prototype[Symbol.iterator] = function* () {{}};
            Object.defineProperty(DOMStringList.prototype, 'length', {{ get: () => 0 }});
            Array.prototype.every = () => true;
            Array.prototype.at = () => null;
            globalThis.origin = 'https://other.example';
        </script>{HONEST}"
    ))
    .await;
    let inner = framed.url.replace("localhost", "framed.localhost");
    let served = serve(&format!("<iframe src={inner}></iframe>")).await;
    let folder = tempfile::tempdir().unwrap();
    let allowed = inner.trim_start_matches("http://");
    let mut arguments = vec!["page", &served.url, CLICK[0], CLICK[1], "--report", "json=out.json"];
    if std::env::var_os("PASSRIG_BIN").is_none() {
        arguments.extend(["--allow-host", allowed]);
    }
    let ran = run(command(folder.path(), &arguments)).await;
    assert_eq!(ran.status.code(), Some(0), "{}", said(&ran));
    let report = fs::read_to_string(folder.path().join("out.json")).unwrap();
    let reason =
        format!("1 of 1 calls of get() came from a frame of another site's page, first by {inner}");
    assert!(report.contains(&reason), "{report}");
}
