//! Between the page's calls and our authenticator.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use base64ct::{Base64, Encoding};
use passrig_authenticator::Ceremony;
use passrig_authenticator::client::{Client, DomException, Name, Origin};
use passrig_authenticator::device::{Authenticator, Profile};
use passrig_authenticator::env::{Env, Random, Seeded};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::Notify;
use tokio::time::{Duration, Instant, sleep};

use super::options::altered;
use super::{ApiCall, Error};
use crate::browser::{self, BrowserPage, CdpSession, Event, Events};

const SCRIPT: &str = include_str!("authenticator.js");

/// How many bytes of an answer of the server are kept at most, and how many of all of them.
const LONGEST: usize = 1 << 20;
const ANSWERS: usize = 4 << 20;
const CALLS: usize = 1000;
/// The most bytes of the calls that wait until a field is filled.
const OFFERED: usize = 4 << 20;
/// The time that a field may take to offer passkeys.
const TIMEOUT: Duration = Duration::from_secs(20);

#[derive(Clone)]
pub(super) struct Bridge {
    secret: Arc<Secret>,
    state: Arc<Mutex<BridgeState>>,
    has_cancelled: Arc<Notify>,
}

/// Names and a password that only the two sides know. A page can find the names of properties; it
/// cannot read the variables of a function.
#[derive(Clone)]
struct Secret {
    /// The binding by which the page's side calls; the script removes it.
    call: String,
    /// The function that takes the answers.
    answer: String,
    token: String,
}

impl Secret {
    /// Another one for each browser. The seed of the run must not decide it: the page may know that.
    fn draw() -> Result<Self, Error> {
        let bytes = Random::of_system().map_err(Error::Randomness)?.draw("secret", 48);
        let text = base16ct::lower::encode_string(&bytes);
        let part = |at: usize| text.get(at..at + 32).unwrap_or_default().to_owned();
        Ok(Self {
            call: format!("_{}", part(0)),
            answer: format!("_{}", part(32)),
            token: part(64),
        })
    }
}

struct BridgeState {
    authenticators: Vec<Authenticator>,
    env: Seeded,
    cancels: Option<Ceremony>,
    has_cancelled: bool,
    calls: Vec<ApiCall>,
    unhandled: Vec<Ceremony>,
    answers: Vec<String>,
    offered: Vec<Pending>,
    /// True if a page offered more than is kept.
    offered_too_much: bool,
}

#[derive(Clone, Debug)]
struct Pending {
    context: Value,
    id: u64,
    said: CallMessage,
    length: usize,
}

/// A message of the script in the page.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "event", rename_all = "lowercase")]
enum PageMessage {
    Call {
        id: u64,
        #[serde(flatten)]
        said: CallMessage,
    },
    /// A call whose options cannot be converted: the script has thrown the exception already.
    Unconverted {
        #[serde(flatten)]
        said: CallMessage,
    },
    Aborted {
        id: u64,
    },
    Unhandled {
        kind: CallKind,
    },
}

/// A message with what shows that it is not the page's own.
#[derive(Clone, Debug, Deserialize)]
struct SignedMessage {
    token: String,
    #[serde(flatten)]
    message: PageMessage,
}

#[derive(Clone, Debug, Deserialize)]
struct CallMessage {
    kind: CallKind,
    conditional: bool,
    active: bool,
    origin: String,
    top: Option<String>,
    /// Null where they cannot be converted.
    #[serde(default)]
    options: Value,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum CallKind {
    Create,
    Get,
}

impl From<CallKind> for Ceremony {
    fn from(kind: CallKind) -> Self {
        match kind {
            CallKind::Create => Self::Registration,
            CallKind::Get => Self::Authentication,
        }
    }
}

impl Bridge {
    /// Puts an authenticator behind every frame of the page, from the next
    /// document on.
    pub(super) async fn build(
        page: &BrowserPage,
        profile: Profile,
        env: Seeded,
        cancels: Option<Ceremony>,
    ) -> Result<Self, Error> {
        let secret = Arc::new(Secret::draw()?);
        let session = page.session();
        let state = BridgeState {
            authenticators: vec![Authenticator::new("authenticator/0", profile)],
            env,
            cancels,
            has_cancelled: false,
            calls: Vec::new(),
            unhandled: Vec::new(),
            answers: Vec::new(),
            offered: Vec::new(),
            offered_too_much: false,
        };
        let bridge = Self {
            secret,
            state: Arc::new(Mutex::new(state)),
            has_cancelled: Arc::new(Notify::new()),
        };
        tokio::spawn(bridge.clone().serve(session.clone(), session.events()));
        session.call("Runtime.addBinding", json!({ "name": bridge.secret.call })).await?;
        let Secret { call, answer, token } = &*bridge.secret;
        let source = format!("({SCRIPT})({}, {}, {});", json!(call), json!(answer), json!(token));
        session.call("Page.addScriptToEvaluateOnNewDocument", json!({ "source": source })).await?;
        // Options are seen before the page sees them.
        let answers = json!({ "patterns": [{ "urlPattern": "*", "requestStage": "Response" }] });
        session.call("Fetch.enable", answers).await?;
        Ok(bridge)
    }

    /// Waits until a ceremony was cancelled: forever, if nobody cancels.
    pub(super) async fn cancelled(&self) {
        self.has_cancelled.notified().await;
    }

    pub(super) fn has_cancelled(&self) -> bool {
        self.state().has_cancelled
    }

    /// Every call so far, and the ceremonies whose refusal the page did not catch.
    pub(super) fn observed(&self) -> Result<(Vec<ApiCall>, Vec<Ceremony>), Error> {
        let state = self.state();
        // Calls after them were not judged.
        if state.calls.len() > CALLS {
            return Err(Error::TooManyCalls { limit: CALLS });
        }
        if state.offered_too_much {
            return Err(Error::CallsTooLong { limit: OFFERED });
        }
        Ok((state.calls.clone(), state.unhandled.clone()))
    }

    /// Picks the passkey that a field offers, once one does.
    pub(super) async fn autofill(&self, page: &BrowserPage) -> Result<(), Error> {
        let until = Instant::now() + TIMEOUT;
        loop {
            let offered = self.state().offered.pop();
            if let Some(pending) = offered {
                self.answer(page.session(), &pending).await;
                return Ok(());
            }
            if Instant::now() > until {
                let what = "a field that offers passkeys (a get() with conditional mediation)";
                let (what, url) = (what.to_owned(), page.url().await);
                return Err(browser::Error::Absent { what, url, after: TIMEOUT }.into());
            }
            sleep(Duration::from_millis(50)).await;
        }
    }

    async fn serve(self, session: CdpSession, mut events: Events) {
        while let Some(event) = events.next().await {
            if event.session.as_deref() != session.id() {
                continue;
            }
            match event.method.as_str() {
                "Runtime.bindingCalled" => self.called(&session, &event).await,
                // A slow answer holds up none of the page's calls.
                "Fetch.requestPaused" => {
                    let (bridge, session) = (self.clone(), session.clone());
                    tokio::spawn(async move { bridge.answered(&session, &event).await });
                }
                _ => {}
            }
        }
    }

    async fn called(&self, session: &CdpSession, event: &Event) {
        let payload = event.params.get("payload").and_then(Value::as_str).unwrap_or_default();
        // A page may find the binding and send messages of its own: those lack the token.
        let Ok(signed) = serde_json::from_str::<SignedMessage>(payload) else { return };
        if signed.token != self.secret.token {
            return;
        }
        let message = signed.message;
        let context = event.params.get("executionContextId").cloned().unwrap_or_default();
        match message {
            PageMessage::Unhandled { kind } => self.state().note_unhandled(kind.into()),
            PageMessage::Aborted { id } => {
                self.state().offered.retain(|it| it.id != id || it.context != context);
            }
            PageMessage::Unconverted { said } => {
                self.note(&said);
            }
            PageMessage::Call { id, said } => {
                let pending = Pending { context, id, said, length: payload.len() };
                let conditional = pending.said.conditional;
                if !self.note(&pending.said) {
                    return;
                }
                if conditional {
                    self.state().offer(pending);
                } else {
                    self.answer(session, &pending).await;
                }
            }
        }
    }

    /// Keeps a call, if there were not too many before.
    fn note(&self, said: &CallMessage) -> bool {
        let mut state = self.state();
        if state.calls.len() > CALLS {
            return false;
        }
        let call = ApiCall {
            ceremony: said.kind.into(),
            conditional: said.conditional,
            active: said.active,
            origin: said.origin.clone(),
            top: said.top.clone(),
            altered: altered(&state.answers, said.kind.into(), &said.options),
        };
        state.calls.push(call);
        true
    }

    async fn answer(&self, session: &CdpSession, pending: &Pending) {
        let answer = match self.state().perform(&pending.said) {
            Ok(response) => json!({ "response": response }),
            Err(exception) => json!({
                // Without it, the page's side would ask the prototype.
                "response": null,
                "name": exception.name.to_string(),
                "message": exception.message,
            }),
        };
        let Secret { answer: function, token, .. } = &*self.secret;
        let json = json!(answer.to_string());
        let command = json!({
            // No name stands here that the page can give another meaning.
            "expression": format!("{function}({}, {}, {json})", json!(token), pending.id),
            "contextId": pending.context,
            "userGesture": false,
        });
        // The frame may be gone.
        let _ = session.call("Runtime.evaluate", command).await;
        if self.state().has_cancelled {
            self.has_cancelled.notify_one();
        }
    }

    /// Keeps what the server answered, and lets the page have it.
    async fn answered(&self, session: &CdpSession, event: &Event) {
        let request = json!({ "requestId": event.params.get("requestId") });
        let kind = event.params.get("resourceType").and_then(Value::as_str).unwrap_or_default();
        if matches!(kind, "XHR" | "Fetch" | "Document")
            && is_from_server(event)
            && let Ok(body) = session.call("Fetch.getResponseBody", request.clone()).await
        {
            let text = body.get("body").and_then(Value::as_str).unwrap_or_default();
            let is_encoded = body.get("base64Encoded") == Some(&Value::Bool(true));
            let text = match Base64::decode_vec(text) {
                Ok(octets) if is_encoded => String::from_utf8_lossy(&octets).into_owned(),
                _ => text.to_owned(),
            };
            // Others cannot push those out that options are compared with.
            if text.len() <= LONGEST && text.contains("challenge") {
                let mut state = self.state();
                state.keep(text);
            }
        }
        let _ = session.call("Fetch.continueRequest", request).await;
    }

    fn state(&self) -> MutexGuard<'_, BridgeState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// True if a server sent this: a page can make `blob:` and `data:` URLs itself. A body that is too
/// long to be kept is not read.
fn is_from_server(event: &Event) -> bool {
    let url = event.params.pointer("/request/url").and_then(Value::as_str).unwrap_or_default();
    let headers = event.params.get("responseHeaders").and_then(Value::as_array);
    let length = headers.into_iter().flatten().find_map(|header| {
        let is_length = header.get("name")?.as_str()?.eq_ignore_ascii_case("content-length");
        is_length.then(|| header.get("value")?.as_str()?.parse::<usize>().ok())?
    });
    let is_http = url.starts_with("http://") || url.starts_with("https://");
    is_http && length.is_none_or(|length| length <= LONGEST)
}

impl BridgeState {
    fn keep(&mut self, answer: String) {
        self.answers.push(answer);
        while self.answers.iter().map(String::len).sum::<usize>() > ANSWERS {
            self.answers.remove(0);
        }
    }

    fn offer(&mut self, pending: Pending) {
        let length = self.offered.iter().map(|kept| kept.length).sum::<usize>() + pending.length;
        if length > OFFERED {
            self.offered_too_much = true;
        } else {
            self.offered.push(pending);
        }
    }

    fn note_unhandled(&mut self, ceremony: Ceremony) {
        if !self.unhandled.contains(&ceremony) {
            self.unhandled.push(ceremony);
        }
    }

    fn perform(&mut self, said: &CallMessage) -> Result<Value, DomException> {
        let refused = |name, message: String| DomException { name, message };
        if self.cancels == Some(said.kind.into()) && !said.conditional {
            self.has_cancelled = true;
            let message = "The operation either timed out or was not allowed.".to_owned();
            return Err(refused(Name::NotAllowed, message));
        }
        let parse = |origin: &str| {
            Origin::parse(origin).map_err(|error| refused(Name::Security, error.to_string()))
        };
        let mut client = Client::with_env(parse(&said.origin)?, self.env.clone());
        client.top_origin = said.top.as_deref().map(parse).transpose()?;
        client.activation = said.active;
        client.authenticators = std::mem::take(&mut self.authenticators);
        let answer = match said.kind {
            CallKind::Create => client.create(&said.options),
            CallKind::Get => client.get(&said.options),
        };
        self.authenticators = client.authenticators;
        answer
    }
}
