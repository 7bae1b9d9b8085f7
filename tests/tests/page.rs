//! `passrig page`: pages in Chromium with our authenticator, good ones, bad ones, and one of a real relying party.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs)]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use std::time::Duration;

use axum::response::Html;
use axum::routing::get;
use axum::{Json, Router};
use passrig::relying_party::{Config, RelyingParty};
use passrig_authenticator::env::Seeded;
use passrig_tests::browser::available;
use passrig_tests::rps;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::time::sleep;

/// Asks at once.
const ON_LOAD: &str = "
    <button>Sign in</button>
    <script>
        const challenge = new Uint8Array(16);
        navigator.credentials.get({ publicKey: { challenge } }).catch(() => {});
    </script>";

/// Offers passkeys at once and asks after a click, passes on what the server says, and has a word for who cancels.
const GOOD: &str = "
    <button id=create>Create</button><button id=get>Sign in</button><input autocomplete=webauthn><p></p><output></output>
    <script>
        const [said] = document.getElementsByTagName('p');
        const [offer] = document.getElementsByTagName('output');
        const options = async (path) => (await fetch(path)).json();
        create.onclick = async () => {
            try {
                const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(await options('/create'));
                const made = await navigator.credentials.create({ publicKey });
                const is = made instanceof PublicKeyCredential
                    && made.response instanceof AuthenticatorAttestationResponse
                    && made.response.getPublicKeyAlgorithm() === -7
                    && made.toJSON().rawId === made.id;
                said.textContent = is ? 'created' : 'what is this?';
            } catch (error) { said.textContent = `${error.name}: try again`; }
        };
        const offered = new AbortController();
        const use = async (more) => {
            try {
                const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(await options('/get'));
                if (more.mediation) offer.textContent = 'passkeys offered';
                const used = await navigator.credentials.get({ publicKey, ...more });
                said.textContent = used.response.userHandle.byteLength === 3 ? 'signed in' : 'who is this?';
            } catch (error) { said.textContent = `${error.name}: try again`; }
        };
        document.querySelector('button#get').onclick = () => { offered.abort(); use({}); };
        use({ mediation: 'conditional', signal: offered.signal });
    </script>";

/// Weakens what the server asks for, leaves nothing to use, and catches nothing.
const BAD: &str = "
    <button id=create>Create</button>
    <script>
        create.onclick = async () => {
            create.disabled = true;
            const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(await (await fetch('/create')).json());
            publicKey.authenticatorSelection = { userVerification: 'discouraged' };
            try { await navigator.credentials.create({ publicKey }); } catch (cause) {
                throw new Error('no passkey', { cause });
            }
        };
    </script>";

/// Serves these pages, the last under another host's name. Where.
async fn serve() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let framing = format!("<iframe src='http://other.localhost:{port}/good'></iframe>");
    let create = json!({
        "challenge": "MDEyMzQ1Njc4OWFiY2RlZg",
        "rp": { "name": "Test" },
        "user": { "id": "YW5u", "name": "ann", "displayName": "Ann" },
        "pubKeyCredParams": [{ "type": "public-key", "alg": -7 }],
        "authenticatorSelection": { "residentKey": "required", "userVerification": "required" },
    });
    let request = json!({ "challenge": "ZmVkY2JhOTg3NjU0MzIxMA", "allowCredentials": [] });
    // A script that clicks before passkeys are offered would abort the offer unseen.
    let slow = async || {
        sleep(Duration::from_millis(500)).await;
        Json(request)
    };
    let router = Router::new()
        .route("/on-load", get(|| async { Html(ON_LOAD) }))
        .route("/good", get(|| async { Html(GOOD) }))
        .route("/bad", get(|| async { Html(BAD) }))
        .route("/framing", get(|| async { Html(framing) }))
        .route("/create", get(|| async { Json(create) }))
        .route("/get", get(slow));
    tokio::spawn(async { axum::serve(listener, router).await });
    format!("http://localhost:{port}")
}

fn passrig(folder: &Path, arguments: &[&str]) -> Output {
    let program = env!("CARGO_BIN_EXE_passrig-tested");
    Command::new(program).current_dir(folder).args(arguments).output().unwrap()
}

/// Standard error without the warning that only some users get.
fn errors(out: &Output) -> String {
    let text = String::from_utf8_lossy(&out.stderr).into_owned();
    match text.strip_prefix("warning: Chromium runs without its sandbox") {
        Some(rest) => rest.split_once("as another user.\n").unwrap().1.to_owned(),
        None => text,
    }
}

/// What the checks of a page come to, a line each; those that are skipped are left out.
async fn seen(url: &str, more: &[&str]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let arguments = [&["page", url, "--report", "json=out.json"], more].concat();
    let arguments: Vec<String> = arguments.into_iter().map(str::to_owned).collect();
    let place = folder.path().to_owned();
    let run = move || passrig(&place, &arguments.iter().map(String::as_str).collect::<Vec<_>>());
    let out = tokio::task::spawn_blocking(run).await.unwrap();
    assert_eq!(out.status.code(), Some(0), "{out:?}");
    let report = fs::read(folder.path().join("out.json")).unwrap();
    let report: Value = serde_json::from_slice(&report).unwrap();
    assert_eq!(report["checks"].as_array().unwrap().len(), 10);
    let checks = report["checks"].as_array().unwrap().iter();
    let lines = checks.filter(|check| check["outcome"] != "skipped").map(|check| {
        let [outcome, id, reason] =
            ["outcome", "id", "reason"].map(|member| check[member].as_str().unwrap_or_default());
        format!("{outcome} {id}: {reason}\n")
    });
    let lines = lines.collect::<String>();
    match url.split([':', '/']).find(|part| part.parse::<u16>().is_ok()) {
        Some(port) => lines.replace(port, "PORT"),
        None => lines,
    }
}

/// The same, of a page that is used by a script.
async fn seen_by(script: &str, url: &str, more: &[&str]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("steps.toml");
    fs::write(&path, script).unwrap();
    seen(url, &[more, &["--script", path.to_str().unwrap()]].concat()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_asks_on_load_is_reported_and_one_that_waits_for_a_click_is_not() {
    if !available() {
        return;
    }
    let url = serve().await;
    insta::assert_snapshot!(seen(&format!("{url}/on-load"), &[]).await, @r"
    warn authentication.page-gesture.missing: 1 of 1 calls of get() came without a gesture of the user, first by http://localhost:PORT
    pass authentication.page-frame.cross-origin: 0 of 1 calls of get() came from a frame of another site's page
    pass authentication.page-refusal.unhandled: a refusal by get() is caught
    pass authentication.page-refusal.dead-end: after get() was cancelled, there was something to use
    ");

    let script = "
        [[step]]
        wait = 'text=passkeys offered'
        [[step]]
        click = '#create'
        [[step]]
        wait = 'text=created'
        [[step]]
        autofill = true
        [[step]]
        wait = 'text=signed in'
        [[step]]
        goto = '/good'
        [[step]]
        wait = 'text=passkeys offered'
        [[step]]
        click = 'text=Sign in'
        [[step]]
        wait = 'text=signed in'";
    let good = seen_by(script, &format!("{url}/good"), &[]).await;
    insta::assert_snapshot!(good, @r"
    pass registration.page-gesture.missing: 0 of 1 calls of create() came without a gesture of the user
    pass authentication.page-gesture.missing: 0 of 1 calls of get() came without a gesture of the user
    pass registration.page-options.altered: create() is given the options that the server sent
    pass authentication.page-options.altered: get() is given the options that the server sent
    pass registration.page-frame.cross-origin: 0 of 1 calls of create() came from a frame of another site's page
    pass authentication.page-frame.cross-origin: 0 of 3 calls of get() came from a frame of another site's page
    pass registration.page-refusal.unhandled: a refusal by create() is caught
    pass authentication.page-refusal.unhandled: a refusal by get() is caught
    pass registration.page-refusal.dead-end: after create() was cancelled, there was something to use
    pass authentication.page-refusal.dead-end: after get() was cancelled, there was something to use
    ");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_a_page_is_told() {
    if !available() {
        return;
    }
    let url = serve().await;
    let bad = seen(&format!("{url}/bad"), &["--click", "text=Create"]).await;
    insta::assert_snapshot!(bad, @r"
    pass registration.page-gesture.missing: 0 of 1 calls of create() came without a gesture of the user
    note registration.page-options.altered: create() is given another authenticatorSelection
    pass registration.page-frame.cross-origin: 0 of 1 calls of create() came from a frame of another site's page
    warn registration.page-refusal.unhandled: a refusal by create() is caught by nobody
    warn registration.page-refusal.dead-end: after create() was cancelled, nothing could be used
    ");
    let script = "step = [{ wait = 'text=passkeys offered' }, { click = 'text=Create' }]";
    let allowed = ["--allow-host", "other.localhost"];
    let framing = seen_by(script, &format!("{url}/framing"), &allowed).await;
    insta::assert_snapshot!(framing, @r"
    pass registration.page-gesture.missing: 0 of 1 calls of create() came without a gesture of the user
    pass registration.page-options.altered: create() is given the options that the server sent
    pass authentication.page-options.altered: get() is given the options that the server sent
    note registration.page-frame.cross-origin: 1 of 1 calls of create() came from a frame of another site's page, first by http://other.localhost:PORT
    note authentication.page-frame.cross-origin: 1 of 1 calls of get() came from a frame of another site's page, first by http://other.localhost:PORT
    pass registration.page-refusal.unhandled: a refusal by create() is caught
    pass registration.page-refusal.dead-end: after create() was cancelled, there was something to use
    ");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_script_that_leads_nowhere() {
    if !available() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let report = folder.path().join("out.json");
    fs::write(&report, "of another run").unwrap();
    let bad = format!("{}/bad", serve().await);
    let out = passrig(folder.path(), &["page", &bad, "--report", "json=out.json"]);
    assert_eq!(out.status.code(), Some(3));
    insta::assert_snapshot!(errors(&out).replace(&bad, "URL"), @r"
    × URL: nothing there called navigator.credentials
    help: say with --click or --script what somebody does there to get to a
          passkey
    ");
    let report: Value = serde_json::from_slice(&fs::read(report).unwrap()).unwrap();
    assert_eq!(report["checks"], json!([]));
    assert!(report["stopped"].as_str().unwrap().contains("navigator.credentials"), "{report}");

    let script = "[[step]]\nfill = '#name'\nwith = '{{usrename}}'";
    fs::write(folder.path().join("steps.toml"), script).unwrap();
    let out = passrig(folder.path(), &["page", "http://localhost:1/", "--script", "steps.toml"]);
    assert_eq!(out.status.code(), Some(2));
    insta::assert_snapshot!(errors(&out), @r"
    × steps.toml: unknown variable `{{usrename}}`; expected one of: email,
    │ username, display_name, password
    help: give it a value with --var NAME=VALUE
    ");
    let out = passrig(folder.path(), &["page", "http://127.0.0.1:1/"]);
    assert_eq!(out.status.code(), Some(3));
    insta::assert_snapshot!(errors(&out), @r"
    × http://127.0.0.1:1/ cannot be opened: net::ERR_UNSAFE_PORT
    help: no browser opens pages at this port (the Fetch standard calls it a bad
          one): let the server listen at another
    ");
}

/// What is printed to be pasted into passrig.toml is known from then on, until it is not needed any more.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_expected_of_a_page() {
    if !available() {
        return;
    }
    let url = serve().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("passrig.toml");
    let policy = "[policy]\npage-gesture = 'must'\n";
    // Where another origin's pages are is no matter of this one's.
    let elsewhere = "[target]\nrp = 'http://localhost:1'\nconnect_to = '127.0.0.1:1'\n";
    fs::write(&file, format!("{policy}{elsewhere}")).unwrap();
    let on_load = format!("{url}/on-load");
    let out = passrig(folder.path(), &["page", &on_load]);
    let text = String::from_utf8(out.stdout).unwrap();
    let entry = text.split_once("[[expect]]").map(|(_, rest)| rest.split("\n\n").next().unwrap());
    let entry = entry.unwrap();
    assert_eq!(out.status.code(), Some(1), "{text}");
    insta::assert_snapshot!(entry.trim_start(), @r#"
    check = "authentication.page-gesture.missing"
    outcome = "fail"
    reason = "not mended yet"
    "#);

    fs::write(&file, format!("{policy}[[expect]]{entry}")).unwrap();
    let out = passrig(folder.path(), &["page", &on_load, "--quiet"]);
    assert_eq!(out.status.code(), Some(0), "{out:?}");
    insta::assert_snapshot!(String::from_utf8(out.stdout).unwrap(), @r"
    10 checks: 3 pass, 1 fail, 6 skipped
    As expected: nothing went wrong but 1 check known before; 6 were not sent.
    ");

    let good = format!("{url}/good");
    let out = passrig(folder.path(), &["page", &good, "--click", "text=Sign in", "--quiet"]);
    assert_eq!(out.status.code(), Some(1), "{out:?}");
    insta::assert_snapshot!(String::from_utf8(out.stdout).unwrap(), @r"
    10 checks: 5 pass, 5 skipped
    Not as expected: 1 expectation is not needed any more.
    ");

    // It is no business of other checks.
    let out = passrig(folder.path(), &["check", "--only", "*.challenge.missing", "--quiet"]);
    assert_eq!(out.status.code(), Some(0), "{out:?}");
}

/// A real relying party accepts what its page gets from our authenticator.
#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_a_real_relying_party() {
    if !available() {
        return;
    }
    let Some(rp) = rps::start("simplewebauthn") else { return };
    let script = "
        [[step]]
        click = '#register'
        [[step]]
        wait = 'text=verified'
        [[step]]
        click = '#authenticate'
        [[step]]
        wait = 'text=verified'";
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("passrig.toml");
    fs::write(&config, format!("[target]\nrp = {:?}\nca = {:?}\n", rp.url, rp.ca)).unwrap();
    let place = ["--connect-to", &rp.connect_to, "--config", config.to_str().unwrap()];
    let believed = seen_by(script, &rp.url, &place).await;
    let place = ["--connect-to", &rp.connect_to, "--insecure"];
    assert_eq!(seen_by(script, &rp.url, &place).await, believed);
    let empty = tempfile::tempdir().unwrap();
    let out = passrig(empty.path(), &["page", &rp.url, "--connect-to", &rp.connect_to]);
    assert_eq!(out.status.code(), Some(3), "{out:?}");
    assert!(String::from_utf8_lossy(&out.stderr).contains("ERR_CERT_AUTHORITY_INVALID"), "{out:?}");
    insta::assert_snapshot!(believed, @r"
    pass registration.page-gesture.missing: 0 of 1 calls of create() came without a gesture of the user
    pass authentication.page-gesture.missing: 0 of 1 calls of get() came without a gesture of the user
    pass registration.page-options.altered: create() is given the options that the server sent
    pass authentication.page-options.altered: get() is given the options that the server sent
    pass registration.page-frame.cross-origin: 0 of 1 calls of create() came from a frame of another site's page
    pass authentication.page-frame.cross-origin: 0 of 1 calls of get() came from a frame of another site's page
    pass registration.page-refusal.unhandled: a refusal by create() is caught
    pass authentication.page-refusal.unhandled: a refusal by get() is caught
    pass registration.page-refusal.dead-end: after create() was cancelled, there was something to use
    pass authentication.page-refusal.dead-end: after get() was cancelled, there was something to use
    ");
}

/// Somebody signs up on the practice page of the reference RP, makes a passkey, signs in with it and removes it.
#[tokio::test(flavor = "multi_thread")]
async fn the_practice_page() {
    if !available() {
        return;
    }
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://localhost:{}", listener.local_addr().unwrap().port());
    let config = Config::new(&origin, "localhost");
    let router = RelyingParty::new(config, Seeded::new("practice")).router();
    tokio::spawn(async { axum::serve(listener, router).await });
    let script = "
        step = [
            { click = 'text=Create an account' },
            { fill = '#sign-up-name', with = '{{username}}' },
            { fill = '#sign-up-password', with = '{{password}}' },
            { click = '#sign-up-form button' },
            { click = '#offer-create' },
            { wait = 'text=You have a passkey.' },
            { click = '#sign-out' },
            { wait = 'text=You are signed out.' },
            { click = '#passkey-sign-in' },
            { wait = '#account' },
            { click = '#passkeys .remove' },
            { click = '#remove button[value=yes]' },
            { wait = 'text=There is none yet.' },
        ]";
    let seen = seen_by(script, &format!("{origin}/"), &[]).await;
    assert_eq!(seen.lines().count(), 10, "{seen}");
    assert!(seen.lines().all(|line| line.starts_with("pass ")), "{seen}");
}

/// After a signal neither a process of the browser nor its folder is left.
#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_signal_leaves_no_browser_behind() {
    if !available() {
        return;
    }
    let url = serve().await;
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().to_owned();
    tokio::task::spawn_blocking(move || {
        let mut child = Command::new(env!("CARGO_BIN_EXE_passrig-tested"))
            .args(["page", &format!("{url}/good"), "--report", "json=out.json"])
            .current_dir(&place)
            .env("TMPDIR", &place)
            .spawn()
            .unwrap();
        // Chromium is at work once its profile has content.
        let profile = || {
            let mut entries = fs::read_dir(&place).unwrap().map(|entry| entry.unwrap().path());
            entries.find(|path| path.to_string_lossy().contains("passrig-browser-"))
        };
        let works = || profile().is_some_and(|profile| profile.join("Default").exists());
        while !works() && child.try_wait().unwrap().is_none() {
            std::thread::sleep(Duration::from_millis(10));
        }
        let profile = profile().unwrap();
        let killed =
            Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
        assert!(killed.success());
        assert_eq!(child.wait().unwrap().code(), Some(143));
        assert!(!profile.exists());
        let report: Value =
            serde_json::from_slice(&fs::read(place.join("out.json")).unwrap()).unwrap();
        assert_eq!(report["stopped"], "interrupted by SIGTERM");

        let name = profile.file_name().unwrap().to_string_lossy().into_owned();
        let uses_it = || {
            fs::read_dir("/proc").unwrap().any(|process| {
                let command = fs::read(process.unwrap().path().join("cmdline")).unwrap_or_default();
                String::from_utf8_lossy(&command).contains(&name)
            })
        };
        for _ in 0..500 {
            if !uses_it() {
                break;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        assert!(!uses_it(), "a process of the browser is left");
        assert!(!profile.exists(), "a process of the browser made its folder again");
    })
    .await
    .unwrap();
}
