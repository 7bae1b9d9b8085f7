//! Adapters learnt from recordings: somebody uses a real relying party's pages in Chromium, with Chromium's authenticator,
//! and what travelled becomes an adapter that works.

#![allow(clippy::unwrap_used, missing_docs)]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use passrig::browser::{Browser, BrowserPage, Error};
use passrig_tests::browser::{add_authenticator, available, settings};
use passrig_tests::har::Recorder;
use passrig_tests::rps::{self, Running};
use serde_json::json;

fn passrig(folder: &Path, arguments: &[&str]) -> Output {
    let program = env!("CARGO_BIN_EXE_passrig-tested");
    Command::new(program).current_dir(folder).args(arguments).output().unwrap()
}

/// Records what `used` does on the pages of a relying party, and walks through the adapter that comes of it. The adapter.
async fn learnt(
    rp: &Running,
    used: impl AsyncFnOnce(&BrowserPage, &str) -> Result<(), Error>,
) -> String {
    let browser = Browser::launch(&settings(rp)).await.unwrap();
    let page = browser.page().await.unwrap();
    add_authenticator(&page).await.unwrap();
    let recorder = Recorder::start(&page).await.unwrap();
    let came_to = used(&page, &rp.url).await;
    let recording = recorder.finish().await;
    browser.close().await;
    let said = rp.stderr();
    came_to.unwrap_or_else(|error| panic!("{error}\n{said}\n{recording:#}"));

    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("recorded.har"), recording.to_string()).unwrap();
    let out = passrig(folder.path(), &["adapter", "from-har", "recorded.har"]);
    assert_eq!(out.status.code(), Some(0), "{out:?}\n{recording:#}");
    let adapter = fs::read_to_string(folder.path().join("recorded.toml")).unwrap();

    let ca = rp.ca.display().to_string();
    let place = ["--rp", &rp.url, "--connect-to", &rp.connect_to, "--ca", &ca];
    let test = [&["adapter", "test", "recorded.toml"], &place[..]].concat();
    let out = passrig(folder.path(), &test);
    let said = String::from_utf8_lossy(&out.stdout);
    assert_eq!(out.status.code(), Some(0), "{adapter}\n{said}");
    assert!(said.contains("The adapter works."), "{said}");
    // And verdicts come of it.
    let only = [
        "check",
        "--adapter",
        "recorded.toml",
        "--quiet",
        "--only",
        "authentication.origin.foreign",
    ];
    let out = passrig(folder.path(), &[&only, &place[..]].concat());
    assert_eq!(out.status.code(), Some(0), "{out:?}");
    adapter
}

/// The library's own script, on a page as its example has it.
#[tokio::test(flavor = "multi_thread")]
async fn simplewebauthn() {
    if !available() {
        return;
    }
    let Some(rp) = rps::start("simplewebauthn") else { return };
    let adapter = learnt(&rp, async |page, url| {
        page.goto(url).await?;
        for button in ["#register", "#authenticate"] {
            page.click(button).await?;
            let done = "document.querySelector('output').value === 'verified'";
            page.wait("a verdict", done).await?;
        }
        Ok(())
    });
    insta::assert_snapshot!("simplewebauthn", adapter.await);
}

/// Spring Security's own pages for signing in and for registering, with a token against forgery in each.
#[tokio::test(flavor = "multi_thread")]
async fn spring_security() {
    if !available() {
        return;
    }
    let Some(rp) = rps::start("spring-security") else { return };
    let adapter = learnt(&rp, async |page, url| {
        let (login, register) = (format!("{url}/login"), format!("{url}/webauthn/register"));
        for path in ["/sign-up", "/login"] {
            page.goto(&login).await?;
            page.fill("#username", "ann").await?;
            page.fill("#password", "correct horse").await?;
            page.evaluate(&format!("document.forms[0].action = '{path}'")).await?;
            page.click("text=Sign in").await?;
            let gone = "location.pathname !== '/login' && document.readyState === 'complete'";
            page.wait("another page", gone).await?;
        }
        page.goto(&register).await?;
        page.fill("#label", "my passkey").await?;
        page.click("#register").await?;
        page.wait_for("#success").await?;
        forget_session(page).await?;
        page.goto(&login).await?;
        page.click("#passkey-signin").await?;
        page.wait("another page", "location.pathname === '/'").await
    });
    insta::assert_snapshot!("spring-security", adapter.await);
}

/// The product's own scripts, on pages with the elements that they look for.
#[tokio::test(flavor = "multi_thread")]
async fn django_otp_webauthn() {
    if !available() {
        return;
    }
    let Some(rp) = rps::start("django-otp-webauthn") else { return };
    let adapter = learnt(&rp, async |page, url| {
        page.goto(&format!("{url}/accounts/sign-up/")).await?;
        // The page has the form's token only.
        let fields = json!({ "username": "ann", "password1": "corr3ct horse", "password2": "corr3ct horse" });
        let submit = format!(
            "{{
                const form = document.forms[0];
                for (const [name, value] of Object.entries({fields})) {{
                    form.append(Object.assign(document.createElement('input'), {{ name, value }}));
                }}
                form.submit();
            }}"
        );
        page.evaluate(&submit).await?;
        page.wait("the account", "location.pathname === '/account/'").await?;
        page.goto(&format!("{url}/account/passkeys/register/")).await?;
        page.click("#passkey-register-button").await?;
        page.wait("success", "document.body.innerText.includes('successful')").await?;
        forget_session(page).await?;
        page.goto(&format!("{url}/accounts/passkey/")).await?;
        page.click("#passkey-verification-button").await?;
        page.wait("the account", "location.pathname === '/account/'").await
    });
    insta::assert_snapshot!("django-otp-webauthn", adapter.await);
}

/// As if it were another browser, with the same authenticator.
async fn forget_session(page: &BrowserPage) -> Result<(), Error> {
    page.session().call("Network.clearBrowserCookies", json!({})).await.map(drop)
}
