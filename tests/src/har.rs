//! What a page does on the network, as the developer tools of a browser export it (HTTP Archive 1.2, with everything).

use std::collections::HashMap;

use passrig::browser::{BrowserPage, CdpSession, Error, Event, Events};
use serde_json::{Map, Value, json};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// A recording under way.
#[derive(Debug)]
pub struct Recorder {
    stop: oneshot::Sender<()>,
    task: JoinHandle<Recording>,
}

#[derive(Debug, Default)]
struct Recording {
    hops: Vec<Hop>,
    /// By request, one for each hop of a redirect: what was really sent and received, cookies included.
    sent: HashMap<String, Vec<Value>>,
    received: HashMap<String, Vec<Value>>,
    bodies: HashMap<String, Value>,
}

/// A request and its answer; a redirect makes one more of the same id.
#[derive(Debug)]
struct Hop {
    id: String,
    number: usize,
    request: Value,
    response: Value,
}

impl Recorder {
    /// Records from now on.
    ///
    /// # Errors
    ///
    /// When the browser does not let us.
    pub async fn start(page: &BrowserPage) -> Result<Self, Error> {
        let session = page.session().clone();
        let events = session.events();
        session.call("Network.enable", json!({ "maxPostDataSize": 1 << 20 })).await?;
        // Bodies are taken as they come: a page that goes on forgets them.
        let answers = json!({ "patterns": [{ "urlPattern": "*", "requestStage": "Response" }] });
        session.call("Fetch.enable", answers).await?;
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(record(session, events, stopped));
        Ok(Self { stop, task })
    }

    /// Everything so far.
    ///
    /// # Panics
    ///
    /// When recording did.
    #[must_use]
    pub async fn finish(self) -> Value {
        let _ = self.stop.send(());
        self.task.await.unwrap_or_else(|error| panic!("{error}")).archive()
    }
}

async fn record(
    session: CdpSession,
    mut events: Events,
    mut stopped: oneshot::Receiver<()>,
) -> Recording {
    let mut recording = Recording::default();
    loop {
        tokio::select! {
            event = events.next() => match event {
                Some(event) => recording.take(&session, event).await,
                None => return recording,
            },
            _ = &mut stopped => {
                while let Some(event) = events.already() {
                    recording.take(&session, event).await;
                }
                let _ = session.call("Fetch.disable", json!({})).await;
                return recording;
            }
        }
    }
}

impl Recording {
    async fn take(&mut self, session: &CdpSession, event: Event) {
        if event.session.as_deref() != session.id() {
            return;
        }
        let Event { method, mut params, .. } = event;
        let mut part = |name: &str| params.get_mut(name).map(Value::take).unwrap_or_default();
        let id = part("requestId").as_str().unwrap_or_default().to_owned();
        match method.as_str() {
            "Network.requestWillBeSent" => {
                let redirected = part("redirectResponse");
                let number = self.hops.iter().filter(|hop| hop.id == id).count();
                if let Some(last) = self.last(&id).filter(|_| redirected.is_object()) {
                    last.response = redirected;
                }
                let mut request = part("request");
                if let Some(members) = request.as_object_mut() {
                    members.insert("wallTime".to_owned(), part("wallTime"));
                }
                self.hops.push(Hop { id, number, request, response: Value::Null });
            }
            "Network.requestWillBeSentExtraInfo" => {
                self.sent.entry(id).or_default().push(part("headers"));
            }
            "Network.responseReceivedExtraInfo" => {
                self.received.entry(id).or_default().push(part("headers"));
            }
            "Network.responseReceived" => {
                let response = part("response");
                if let Some(last) = self.last(&id) {
                    last.response = response;
                }
            }
            "Fetch.requestPaused" => {
                let paused = json!({ "requestId": id });
                // A redirect has none.
                if let Ok(body) = session.call("Fetch.getResponseBody", paused.clone()).await
                    && let Some(network) = part("networkId").as_str()
                {
                    self.bodies.insert(network.to_owned(), body);
                }
                let _ = session.call("Fetch.continueRequest", paused).await;
            }
            _ => {}
        }
    }

    fn last(&mut self, id: &str) -> Option<&mut Hop> {
        self.hops.iter_mut().rev().find(|hop| hop.id == id)
    }

    fn archive(&self) -> Value {
        let entries: Vec<Value> = self.hops.iter().map(|hop| self.entry(hop)).collect();
        json!({
            "log": {
                "version": "1.2",
                "creator": { "name": "passrig-tests", "version": env!("CARGO_PKG_VERSION") },
                "pages": [],
                "entries": entries,
            },
        })
    }

    fn entry(&self, hop: &Hop) -> Value {
        let Hop { request, response, .. } = hop;
        let of = |list: &HashMap<String, Vec<Value>>, usual: &Value| {
            let really = list.get(&hop.id).and_then(|hops| hops.get(hop.number));
            headers(really.or_else(|| usual.get("headers")).unwrap_or(&Value::Null))
        };
        let (sent, received) = (of(&self.sent, request), of(&self.received, response));
        let kind = header(&sent, "content-type");
        let mut written = json!({
            "method": request.get("method"),
            "url": request.get("url"),
            "httpVersion": "HTTP/1.1",
            "cookies": [],
            "headers": sent,
            "queryString": [],
            "headersSize": -1,
            "bodySize": -1,
        });
        if let (Some(text), Some(members)) = (request.get("postData"), written.as_object_mut()) {
            let data = json!({ "mimeType": kind, "text": text });
            members.insert("postData".to_owned(), data);
        }
        let mut content = Map::new();
        content.insert("size".to_owned(), json!(-1));
        content
            .insert("mimeType".to_owned(), response.get("mimeType").cloned().unwrap_or_default());
        // The last hop has the body.
        let is_last = self.hops.iter().filter(|other| other.id == hop.id).count() == hop.number + 1;
        if let Some(body) = self.bodies.get(&hop.id).filter(|_| is_last) {
            content.insert("text".to_owned(), body.get("body").cloned().unwrap_or_default());
            if body.get("base64Encoded") == Some(&Value::Bool(true)) {
                content.insert("encoding".to_owned(), "base64".into());
            }
        }
        json!({
            "startedDateTime": request.get("wallTime").unwrap_or(&Value::Null).to_string(),
            "time": 0,
            "request": written,
            "response": {
                "status": response.get("status").and_then(Value::as_i64).unwrap_or(0),
                "statusText": response.get("statusText").cloned().unwrap_or_default(),
                "httpVersion": "HTTP/1.1",
                "cookies": [],
                "headers": received,
                "content": content,
                "redirectURL": header(&received, "location"),
                "headersSize": -1,
                "bodySize": -1,
            },
            "cache": {},
            "timings": { "send": 0, "wait": 0, "receive": 0 },
        })
    }
}

/// Names and values; one for each line of a value, as cookies have several.
fn headers(members: &Value) -> Vec<Value> {
    let members = members.as_object().into_iter().flatten();
    members
        .flat_map(|(name, value)| {
            let value = value.as_str().unwrap_or_default();
            value.lines().map(move |line| json!({ "name": name, "value": line }))
        })
        .collect()
}

fn header(headers: &[Value], wanted: &str) -> String {
    let named = |header: &&Value| {
        header.get("name").and_then(Value::as_str).is_some_and(|n| n.eq_ignore_ascii_case(wanted))
    };
    let found = headers.iter().find(named).and_then(|header| header.get("value")?.as_str());
    found.unwrap_or_default().to_owned()
}
