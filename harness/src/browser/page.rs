//! One page, used as a person does: by what it shows.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::TIMEOUT;
use super::error::Error;
use super::session::{CdpSession, Events};

const FIND: &str = include_str!("find.js");
/// The time between two looks at the page.
const PAUSE: Duration = Duration::from_millis(50);

/// A page of a browser. Its dialogs are answered with yes.
#[derive(Clone, Debug)]
pub struct BrowserPage {
    session: CdpSession,
}

impl BrowserPage {
    pub(super) async fn open(browser: &CdpSession) -> Result<Self, Error> {
        let made = browser.call("Target.createTarget", json!({ "url": "about:blank" })).await?;
        let target = made.get("targetId").cloned().unwrap_or_default();
        let attached = browser
            .call("Target.attachToTarget", json!({ "targetId": target, "flatten": true }))
            .await?;
        let id = attached.get("sessionId").and_then(Value::as_str).unwrap_or_default();
        let session = browser.of(id);
        tokio::spawn(answer_dialogs(session.clone(), session.events()));
        session.call("Page.enable", json!({})).await?;
        session.call("Runtime.enable", json!({})).await?;
        // A page that is not looked at may not ask for passkeys.
        session.call("Emulation.setFocusEmulationEnabled", json!({ "enabled": true })).await?;
        Ok(Self { session })
    }

    /// Its session, for what is not here.
    pub fn session(&self) -> &CdpSession {
        &self.session
    }

    /// Goes to a URL, and waits until it has been loaded.
    pub async fn goto(&self, url: &str) -> Result<(), Error> {
        let answer = self.session.call("Page.navigate", json!({ "url": url })).await?;
        if let Some(reason) = answer.get("errorText").and_then(Value::as_str) {
            let (url, reason) = (url.to_owned(), reason.to_owned());
            return Err(Error::Unreachable { url, reason });
        }
        let until = Instant::now() + TIMEOUT;
        loop {
            match self.observe("document.readyState === 'complete'").await {
                Ok(Value::Bool(true)) => return Ok(()),
                Err(error) if error.is_final() => return Err(error),
                _ if Instant::now() > until => return Err(self.absent("its end").await),
                _ => sleep(PAUSE).await,
            }
        }
    }

    /// Where it is.
    pub async fn url(&self) -> String {
        match self.observe("location.href").await {
            Ok(Value::String(url)) => url,
            _ => "the page".to_owned(),
        }
    }

    /// The value of an expression in a world of its own, whose objects no script of the page can
    /// change.
    async fn observe(&self, expression: &str) -> Result<Value, Error> {
        let tree = self.session.call("Page.getFrameTree", json!({})).await?;
        let frame = tree.pointer("/frameTree/frame/id").cloned().unwrap_or_default();
        let world = json!({ "frameId": frame, "worldName": "passrig" });
        let world = self.session.call("Page.createIsolatedWorld", world).await?;
        let command = json!({
            "expression": expression,
            "contextId": world.get("executionContextId"),
            "returnByValue": true,
        });
        let mut answer = self.session.call("Runtime.evaluate", command).await?;
        thrown(&answer)?;
        Ok(answer.pointer_mut("/result/value").map(Value::take).unwrap_or_default())
    }

    /// What an expression, or a promise, comes to there. No user did it.
    pub async fn evaluate(&self, expression: &str) -> Result<Value, Error> {
        let command = json!({
            "expression": expression,
            "awaitPromise": true,
            "returnByValue": true,
            "userGesture": false,
        });
        let mut answer = self.session.call("Runtime.evaluate", command).await?;
        thrown(&answer)?;
        Ok(answer.pointer_mut("/result/value").map(Value::take).unwrap_or_default())
    }

    /// Waits until an expression is true. `what` is what it stands for.
    pub async fn wait(&self, what: &str, expression: &str) -> Result<(), Error> {
        let is_true = async || Ok((self.evaluate(expression).await? == true).then_some(()));
        self.until(what, is_true).await
    }

    /// The first value that there is.
    async fn until<T>(
        &self,
        what: &str,
        look: impl AsyncFn() -> Result<Option<T>, Error>,
    ) -> Result<T, Error> {
        let until = Instant::now() + TIMEOUT;
        loop {
            // On its way to another page it has no place for scripts.
            match look().await {
                Ok(Some(found)) => return Ok(found),
                Err(error @ Error::Script { .. }) => return Err(error),
                Err(error) if error.is_final() => return Err(error),
                _ if Instant::now() > until => return Err(self.absent(what).await),
                _ => sleep(PAUSE).await,
            }
        }
    }

    /// Waits until it shows what a selector stands for: one of CSS, or
    /// `text=Sign in` for the button or link that says so, or else for anything
    /// that does. Frames count too.
    pub async fn wait_for(&self, selector: &str) -> Result<(), Error> {
        self.find(selector).await.map(drop)
    }

    /// True if it shows that now.
    pub async fn has(&self, selector: &str) -> Result<bool, Error> {
        Ok(self.look(selector).await?.is_some())
    }

    /// Clicks in the middle of what a selector stands for, once it is there.
    pub async fn click(&self, selector: &str) -> Result<(), Error> {
        let until = Instant::now() + TIMEOUT;
        loop {
            let object = self.find(selector).await?;
            match self.middle(&object).await {
                Ok((x, y)) => return self.press(x, y).await,
                // It has gone or moved meanwhile.
                Err(Error::Refused { .. }) if Instant::now() < until => sleep(PAUSE).await,
                Err(error) => return Err(error),
            }
        }
    }

    /// Types a text into a field, in the place of what is there.
    pub async fn fill(&self, selector: &str, text: &str) -> Result<(), Error> {
        let object = self.find(selector).await?;
        let command = json!({
            "objectId": object,
            "functionDeclaration": "function() { this.focus(); this.select?.(); }",
        });
        thrown(&self.session.call("Runtime.callFunctionOn", command).await?)?;
        self.session.call("Input.insertText", json!({ "text": text })).await.map(drop)
    }

    async fn find(&self, selector: &str) -> Result<String, Error> {
        self.until(selector, async || self.look(selector).await).await
    }

    /// The first frame's first element that fits and can be seen.
    async fn look(&self, selector: &str) -> Result<Option<String>, Error> {
        let tree = self.session.call("Page.getFrameTree", json!({})).await?;
        let mut frames = Vec::new();
        collect(tree.get("frameTree").unwrap_or(&Value::Null), &mut frames);
        let expression = format!("({FIND})({})", Value::from(selector));
        for frame in frames {
            let world = json!({ "frameId": frame, "worldName": "passrig" });
            // Frames come and go.
            let Ok(world) = self.session.call("Page.createIsolatedWorld", world).await else {
                continue;
            };
            let context = world.get("executionContextId").cloned().unwrap_or_default();
            let command = json!({ "expression": expression, "contextId": context });
            let answer = match self.session.call("Runtime.evaluate", command).await {
                Err(Error::Refused { .. }) => continue,
                answer => answer?,
            };
            thrown(&answer)?;
            if let Some(object) = answer.pointer("/result/objectId").and_then(Value::as_str) {
                return Ok(Some(object.to_owned()));
            }
        }
        Ok(None)
    }

    async fn middle(&self, object: &str) -> Result<(f64, f64), Error> {
        let object = json!({ "objectId": object });
        self.session.call("DOM.scrollIntoViewIfNeeded", object.clone()).await?;
        let quads = self.session.call("DOM.getContentQuads", object).await?;
        let quad: Vec<f64> = match quads.pointer("/quads/0").and_then(Value::as_array) {
            Some(corners) => corners.iter().filter_map(Value::as_f64).collect(),
            None => Vec::new(),
        };
        let middle = |at: usize| {
            let corners: Vec<f64> = quad.iter().skip(at).step_by(2).copied().collect();
            corners.iter().sum::<f64>() / corners.len().max(1) as f64
        };
        Ok((middle(0), middle(1)))
    }

    async fn press(&self, x: f64, y: f64) -> Result<(), Error> {
        for (kind, button) in
            [("mouseMoved", "none"), ("mousePressed", "left"), ("mouseReleased", "left")]
        {
            let command =
                json!({ "type": kind, "x": x, "y": y, "button": button, "clickCount": 1 });
            self.session.call("Input.dispatchMouseEvent", command).await?;
        }
        Ok(())
    }

    async fn absent(&self, what: &str) -> Error {
        Error::Absent { what: what.to_owned(), url: self.url().await, after: TIMEOUT }
    }
}

/// Without an answer everything on the page stands still. Questions get the
/// answer that stands there already, or a word.
async fn answer_dialogs(session: CdpSession, mut events: Events) {
    while let Some(event) = events.next().await {
        if event.method != "Page.javascriptDialogOpening"
            || event.session.as_deref() != session.id()
        {
            continue;
        }
        let text = event.params.get("defaultPrompt").and_then(Value::as_str).unwrap_or_default();
        let text = if text.is_empty() { "passrig" } else { text };
        let answer = json!({ "accept": true, "promptText": text });
        let answered = session.call("Page.handleJavaScriptDialog", answer).await;
        if answered.is_err_and(|error| error.is_final()) {
            return;
        }
    }
}

/// The ids of all frames, the outer ones first.
fn collect(tree: &Value, frames: &mut Vec<String>) {
    if let Some(id) = tree.pointer("/frame/id").and_then(Value::as_str) {
        frames.push(id.to_owned());
    }
    for child in tree.get("childFrames").and_then(Value::as_array).into_iter().flatten() {
        collect(child, frames);
    }
}

fn thrown(answer: &Value) -> Result<(), Error> {
    let Some(details) = answer.get("exceptionDetails") else { return Ok(()) };
    let description = details.pointer("/exception/description").or_else(|| details.get("text"));
    let text = description.and_then(Value::as_str).unwrap_or("something");
    Err(Error::Script { exception: text.lines().next().unwrap_or_default().to_owned() })
}
