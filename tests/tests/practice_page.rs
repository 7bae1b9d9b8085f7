//! The practice page of the reference RP in Chromium, with Chromium's own virtual authenticator: a second client, which
//! nobody here wrote.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs)]

use passrig::browser::{Browser, BrowserPage, LaunchSettings};
use passrig::relying_party::{Config, RelyingParty};
use passrig_authenticator::env::Seeded;
use passrig_tests::browser::{add_authenticator, available};
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// Serves the RP. The url of its page.
async fn serve(second_factor: bool) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://localhost:{}", listener.local_addr().unwrap().port());
    let config = Config { second_factor, ..Config::new(&origin, "localhost") };
    let router = RelyingParty::new(config, Seeded::new("practice")).router();
    tokio::spawn(async { axum::serve(listener, router).await });
    format!("{origin}/")
}

/// Somebody at the practice page.
struct Visitor {
    page: BrowserPage,
    authenticator: Value,
    // It ends with the visit.
    _browser: Browser,
}

impl Visitor {
    async fn at(url: &str) -> Self {
        let browser = Browser::launch(&LaunchSettings::default()).await.unwrap();
        let page = browser.page().await.unwrap();
        let authenticator = add_authenticator(&page).await.unwrap();
        page.goto(url).await.unwrap();
        Self { page, authenticator, _browser: browser }
    }

    async fn click(&self, selector: &str) {
        self.page.click(selector).await.unwrap();
    }

    async fn fill(&self, selector: &str, text: &str) {
        self.page.fill(selector, text).await.unwrap();
    }

    async fn sees(&self, selector: &str) {
        self.page.wait_for(selector).await.unwrap();
    }

    async fn text(&self, selector: &str) -> String {
        let text = format!("document.querySelector({}).textContent", Value::from(selector));
        self.page.evaluate(&text).await.unwrap().as_str().unwrap().to_owned()
    }

    async fn is_told(&self, text: &str) {
        let told =
            format!("document.querySelector('main').textContent.includes({})", Value::from(text));
        self.page.wait(text, &told).await.unwrap();
    }

    async fn sign_up(&self, name: &str) {
        self.click("text=Create an account").await;
        self.fill("#sign-up-name", name).await;
        self.fill("#sign-up-password", "correct horse battery").await;
        self.click("#sign-up-form button").await;
        self.sees("#offer").await;
    }

    async fn enrol(&self) {
        self.click("#offer-create").await;
        self.is_told("You have a passkey.").await;
    }

    async fn type_password(&self, name: &str) {
        self.fill("#sign-in-name", name).await;
        self.fill("#sign-in-password", "correct horse battery").await;
        self.click("#sign-in-form button").await;
    }

    /// The authenticator's user is there, or goes away for a while.
    async fn is_present(&self, present: bool) {
        self.tell("WebAuthn.setAutomaticPresenceSimulation", "enabled", present.into()).await;
    }

    /// The authenticator knows its user, or does not.
    async fn is_verified(&self, verified: bool) {
        self.tell("WebAuthn.setUserVerified", "isUserVerified", verified.into()).await;
    }

    async fn tell(&self, method: &str, name: &str, value: Value) {
        let mut command = json!({"authenticatorId": self.authenticator});
        command[name] = value;
        self.page.session().call(method, command).await.unwrap();
    }

    /// The passkeys in the authenticator.
    async fn passkeys(&self) -> Vec<Value> {
        let command = json!({"authenticatorId": self.authenticator});
        let listed = self.page.session().call("WebAuthn.getCredentials", command).await.unwrap();
        listed["credentials"].as_array().unwrap().clone()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn from_the_first_password_to_the_last_passkey() {
    if !available() {
        return;
    }
    let visitor = Visitor::at(&serve(false).await).await;

    // A passkey is offered, and made after a click.
    visitor.sign_up("alice").await;
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    assert!(visitor.passkeys().await.is_empty());
    visitor.enrol().await;
    let made = visitor.passkeys().await;
    assert_eq!((made.len(), &made[0]["rpId"]), (1, &json!("localhost")));
    assert_eq!(made[0]["isResidentCredential"], true);

    visitor.click("#passkeys .rename").await;
    visitor.fill("#rename-name", "Alice's laptop").await;
    visitor.click("#rename button[value=yes]").await;
    visitor.is_told("The passkey has its new name.").await;
    assert_eq!(visitor.text("#passkeys .name").await, "Alice's laptop");

    // Without a password.
    visitor.is_present(false).await;
    // The list of passkeys comes late, and moves the button.
    visitor.sees("#passkeys .name").await;
    visitor.click("#sign-out").await;
    visitor.is_told("You are signed out.").await;
    visitor.is_present(true).await;
    visitor.click("#passkey-sign-in").await;
    visitor.is_told("Hello, alice").await;
    visitor.sees("#account").await;

    // Without a click either: autofill, for whoever opens the page.
    visitor.is_present(false).await;
    // The list of passkeys comes late, and moves the button.
    visitor.sees("#passkeys .name").await;
    visitor.click("#sign-out").await;
    visitor.is_told("You are signed out.").await;
    visitor.is_present(true).await;
    visitor.page.goto(&visitor.page.url().await).await.unwrap();
    visitor.is_told("Hello, alice").await;
    visitor.sees("#account").await;

    // Codes are shown once, and open the account without any passkey.
    visitor.click("#new-codes").await;
    visitor.sees("#codes-list li").await;
    let code = visitor.text("#codes-list li").await;
    visitor.click("text=I kept them").await;
    visitor.is_told("10 left.").await;
    assert!(!visitor.page.has("#codes-list li").await.unwrap());

    visitor.click("#passkeys .remove").await;
    visitor.click("#remove button[value=yes]").await;
    visitor.is_told("The passkey is removed.").await;
    visitor.is_told("There is none yet.").await;

    visitor.click("#sign-out").await;
    visitor.is_told("You are signed out.").await;
    visitor.click("text=Lost your passkey?").await;
    visitor.fill("#recover-name", "alice").await;
    visitor.fill("#recover-code", &code).await;
    visitor.click("#recover-form button").await;
    visitor.is_told("You are in.").await;
    visitor.is_told("9 left.").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_and_then_a_passkey() {
    if !available() {
        return;
    }
    let visitor = Visitor::at(&serve(true).await).await;
    visitor.sign_up("bob").await;
    visitor.enrol().await;
    visitor.is_present(false).await;
    // The list of passkeys comes late, and moves the button.
    visitor.sees("#passkeys .name").await;
    visitor.click("#sign-out").await;
    visitor.is_told("You are signed out.").await;

    visitor.type_password("bob").await;
    visitor.sees("#second-step").await;
    // The page waits for a click, and a new visit finds the second step again.
    visitor.page.goto(&visitor.page.url().await).await.unwrap();
    visitor.sees("#second-step").await;
    visitor.is_present(true).await;
    visitor.click("#second-step-use").await;
    visitor.is_told("Hello, bob").await;
    visitor.sees("#account").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_cancels_can_go_on() {
    if !available() {
        return;
    }
    let visitor = Visitor::at(&serve(false).await).await;
    visitor.sign_up("carol").await;
    // Chromium tells a page of a user who is not verified what it tells of one who cancels.
    visitor.is_verified(false).await;
    visitor.click("#offer-create").await;
    visitor.is_told("That was cancelled, or it took too long.").await;
    visitor.sees("#offer-create").await;
    visitor.click("#offer-later").await;
    visitor.is_told("There is none yet.").await;
    visitor.is_verified(true).await;
    visitor.click("#add-passkey").await;
    visitor.is_told("The passkey is added.").await;
    assert_eq!(visitor.passkeys().await.len(), 1);
}
