//! The browser that this rig drives, on pages of its own.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs)]

use axum::Router;
use axum::response::Html;
use axum::routing::get;
use passrig::browser::{Browser, Error, LaunchSettings};
use passrig_tests::browser::available;
use serde_json::json;
use tokio::net::TcpListener;

/// Serves a page and a frame for it, each under an origin of its own. The url of the page.
async fn serve() -> String {
    const FRAME: &str = "<button onclick=\"this.textContent = 'pressed'\">Inside</button>";
    const PAGE: &str = "
        <form onsubmit=\"document.title = document.getElementById('name').value; return false\">
            <input id=name value=old><button>Sign in</button><button hidden>Hidden</button>
        </form>
        <button id=ask onclick=\"document.title = prompt('A name?')\">Ask</button>
        <button id=active onclick=\"document.title = navigator.userActivation.isActive\">Activate</button>
        <iframe src=FRAME></iframe>";
    let mut urls = Vec::new();
    for host in ["127.0.0.1", "localhost"] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        urls.push(format!("http://{host}:{}/", listener.local_addr().unwrap().port()));
        let page = PAGE.replace("FRAME", &format!("{}frame", urls[0]));
        let router = Router::new()
            .route("/", get(|| async { Html(page) }))
            .route("/frame", get(|| async { Html(FRAME) }));
        tokio::spawn(async { axum::serve(listener, router).await });
    }
    urls.pop().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_is_used_as_a_person_does() {
    if !available() {
        return;
    }
    let url = serve().await;
    let browser = Browser::launch(&LaunchSettings::default()).await.unwrap();
    let page = browser.page().await.unwrap();
    page.goto(&url).await.unwrap();
    let active = page.evaluate("navigator.userActivation.isActive").await.unwrap();
    assert_eq!(active, json!(false));

    page.fill("#name", "Änn").await.unwrap();
    page.click("text=sign in").await.unwrap();
    page.wait("the name", "document.title === 'Änn'").await.unwrap();
    page.click("#ask").await.unwrap();
    page.wait("an answer", "document.title === 'passrig'").await.unwrap();
    assert!(!page.has("text=Hidden").await.unwrap() && page.has("#ask").await.unwrap());

    // A click is a user's; a script is nobody's.
    page.click("#active").await.unwrap();
    page.wait("activation", "document.title === 'true'").await.unwrap();

    page.click("text=Inside").await.unwrap();
    page.wait_for("text=pressed").await.unwrap();

    let thrown = page.evaluate("Promise.reject(new TypeError('no'))").await.unwrap_err();
    assert_eq!(thrown.to_string(), "a script failed on the page: TypeError: no");
    let thrown = page.click("#[").await.unwrap_err();
    assert!(matches!(thrown, Error::Script { .. }), "{thrown}");
    let nobody = page.goto("http://127.0.0.1:1/").await.unwrap_err();
    assert!(matches!(nobody, Error::Unreachable { .. }), "{nobody}");
    let refused = page.session().call("Page.fly", json!({})).await.unwrap_err();
    assert_eq!(refused.to_string(), "the browser refuses Page.fly: 'Page.fly' wasn't found");

    browser.close().await;
    let ended = page.evaluate("1").await.unwrap_err();
    assert!(matches!(ended, Error::Ended { .. }), "{ended}");
}

#[tokio::test]
async fn what_is_no_browser() {
    let settings = |program: &str| LaunchSettings {
        program: Some(program.into()),
        ..LaunchSettings::default()
    };
    let ended = Browser::launch(&settings("false")).await.unwrap_err();
    assert_eq!(ended.to_string(), "the browser ended");
    let ended = Browser::launch(&settings("no-such-browser")).await.unwrap_err();
    assert!(ended.to_string().contains("no-such-browser: not found"), "{ended}");
}
