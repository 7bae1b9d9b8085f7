//! Options as browsers convert them: Chromium with its own virtual authenticator, and the script of `passrig page`.
//!
//! `authenticator/tests/webidl` has the members and the kinds of values, and the outcomes, which `PASSRIG_BLESS=1` records.
//! The tests of the authenticator compare its client with them.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs)]

mod table;

use std::process::Command;
use std::sync::{Arc, Mutex};

use axum::response::Html;
use axum::routing::{get, post};
use axum::{Json, Router};
use passrig::browser::{Browser, BrowserPage, LaunchSettings};
use passrig_tests::browser::available;
use serde_json::{Map, Value, json};
use table::{Inputs, Member};
use tokio::net::TcpListener;

const CELLS: &str = include_str!("cells.js");

/// A passkey for the cells of `get()`.
const REGISTER: &str = "(async () => {
    const bytes = new Uint8Array(16);
    const made = await navigator.credentials.create({ publicKey: {
        challenge: bytes,
        rp: { name: 'RP' },
        user: { id: bytes, name: 'a', displayName: 'a' },
        pubKeyCredParams: [{ type: 'public-key', alg: -7 }],
        authenticatorSelection: { residentKey: 'required' },
        extensions: { prf: {}, largeBlob: { support: 'preferred' } },
    } });
    return made.id;
})()";

/// A page on localhost, and the rows that it posts.
struct Site {
    url: String,
    posted: Arc<Mutex<Vec<Value>>>,
}

async fn serve(html: String) -> Site {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://localhost:{}/", listener.local_addr().unwrap().port());
    let posted = Arc::<Mutex<Vec<Value>>>::default();
    let rows = Arc::clone(&posted);
    let keep = |Json(row): Json<Value>| async move { rows.lock().unwrap().push(row) };
    let router = Router::new().route("/", get(|| async { Html(html) })).route("/rows", post(keep));
    tokio::spawn(async { axum::serve(listener, router).await });
    Site { url, posted }
}

/// Gives the page an authenticator that has every extension of Chromium's.
async fn add_authenticator(page: &BrowserPage) {
    page.session().call("WebAuthn.enable", json!({})).await.unwrap();
    let options = json!({
        "protocol": "ctap2",
        "ctap2Version": "ctap2_1",
        "transport": "internal",
        "hasResidentKey": true,
        "hasUserVerification": true,
        "isUserVerified": true,
        "automaticPresenceSimulation": true,
        "hasLargeBlob": true,
        "hasCredBlob": true,
        "hasMinPinLength": true,
        "hasPrf": true,
    });
    let options = json!({ "options": options });
    page.session().call("WebAuthn.addVirtualAuthenticator", options).await.unwrap();
}

async fn outcomes_of_chromium(inputs: &Inputs) -> Map<String, Value> {
    let site = serve("<p>".to_owned()).await;
    let browser = Browser::launch(&LaunchSettings::default()).await.unwrap();
    let page = browser.page().await.unwrap();
    page.goto(&site.url).await.unwrap();
    add_authenticator(&page).await;
    let id = page.evaluate(REGISTER).await.unwrap();
    let all = &inputs.json;
    page.evaluate(&format!("globalThis.cells = ({CELLS})({all}, {id}); 0")).await.unwrap();
    let version = "navigator.userAgentData.getHighEntropyValues(['fullVersionList'])
        .then(({ fullVersionList }) => fullVersionList.find(({ brand }) => brand === 'Chromium').version)";
    let version = page.evaluate(version).await.unwrap();
    let mut recorded = Map::new();
    recorded.insert("browser".to_owned(), format!("Chromium {}", version.as_str().unwrap()).into());
    for Member { ceremony, at } in inputs.members() {
        let row = format!("cells.row({}, {}, ['json', 'object'])", json!(ceremony), json!(at));
        let row = page.evaluate(&row).await.unwrap();
        let of_ceremony = recorded.entry(ceremony).or_insert_with(|| json!({}));
        of_ceremony[at] = row;
    }
    browser.close().await;
    recorded
}

#[tokio::test(flavor = "multi_thread")]
async fn chromium_converts_options_as_recorded() {
    if !available() {
        return;
    }
    let inputs = Inputs::read();
    let found = outcomes_of_chromium(&inputs).await;
    table::compare_or_write(&found);
}

/// The outcomes behind the script of `passrig page`.
async fn outcomes_of_script(inputs: &Inputs, members: &[Member]) -> Map<String, Value> {
    let all = &inputs.json;
    let members: Vec<[&str; 2]> = members.iter().map(|it| [it.ceremony, it.at.as_str()]).collect();
    let html = format!(
        "<p></p><script type=module>
            const id = await {REGISTER};
            const cells = ({CELLS})({all}, id);
            for (const [ceremony, at] of {members}) {{
                const row = await cells.row(ceremony, at, ['object']);
                await fetch('/rows', {{
                    method: 'POST',
                    headers: {{ 'content-type': 'application/json' }},
                    body: JSON.stringify({{ ceremony, at, row }}),
                }});
            }}
            document.querySelector('p').textContent = 'finished';
        </script>",
        members = json!(members),
    );
    let site = serve(html).await;
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("steps.toml");
    std::fs::write(&script, "step = [{ wait = 'text=finished' }]").unwrap();
    let url = site.url.clone();
    let out = tokio::task::spawn_blocking(move || {
        let script = script.to_str().unwrap();
        let program = env!("CARGO_BIN_EXE_passrig-tested");
        Command::new(program)
            .current_dir(folder.path())
            .args(["page", &url, "--script", script])
            .output()
            .unwrap()
    });
    let out = out.await.unwrap();
    let mut found = Map::new();
    // The page is opened once more for each ceremony that the user cancels: its rows come later.
    for posted in site.posted.lock().unwrap().iter().take(members.len()) {
        let of_ceremony =
            found.entry(posted["ceremony"].as_str().unwrap()).or_insert_with(|| json!({}));
        of_ceremony[posted["at"].as_str().unwrap()] = posted["row"].clone();
    }
    assert!(!found.is_empty(), "{out:?}");
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn the_script_of_a_page_converts_options_as_the_browser() {
    if !available() {
        return;
    }
    let inputs = Inputs::read();
    // One run of `passrig page` takes at most 1000 calls.
    let members: Vec<Member> = inputs.members();
    let mut differences = Vec::new();
    for part in members.chunks(24) {
        let found = outcomes_of_script(&inputs, part).await;
        differences.extend(table::differences(&found, part, "object"));
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}
