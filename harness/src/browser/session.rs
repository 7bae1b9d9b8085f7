//! Commands and events of the DevTools protocol: JSON, each ended by a zero byte.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::process::{ChildStdin, ChildStdout};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use super::COMMAND;
use super::error::Error;
use super::tail::Tail;
use crate::process::StreamLines;

/// The most bytes that a message of the browser has.
const LONGEST: usize = 16 << 20;
/// The most bytes of events that wait for one listener: a page decides how many there are.
const WAITING: usize = 64 << 20;
/// The time to wait for the rest of stderr once the browser has ended.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// The browser's session, or that of a page.
#[derive(Clone, Debug)]
pub struct CdpSession {
    pipe: Arc<Pipe>,
    id: Option<String>,
}

/// Something that happened.
#[derive(Clone, Debug)]
pub struct Event {
    /// Of which session; absent for the browser's own.
    pub session: Option<String>,
    /// Its name, such as `Page.loadEventFired`.
    pub method: String,
    /// The parameters of the event.
    pub params: Value,
}

/// The events since this was made, in order.
#[derive(Debug)]
pub struct Events {
    receiver: mpsc::UnboundedReceiver<(Event, usize)>,
    waiting: Arc<AtomicUsize>,
}

/// The other end of [`Events`].
#[derive(Debug)]
struct EventListener {
    sender: mpsc::UnboundedSender<(Event, usize)>,
    /// The bytes of the events that were sent and not received.
    waiting: Arc<AtomicUsize>,
}

#[derive(Debug)]
struct Pipe {
    outgoing: mpsc::UnboundedSender<Vec<u8>>,
    state: Mutex<PipeState>,
    tail: Tail,
    /// True if more events came than are kept.
    is_flooded: AtomicBool,
}

#[derive(Debug, Default)]
struct PipeState {
    last: u64,
    waiting: HashMap<u64, oneshot::Sender<CdpMessage>>,
    listeners: Vec<EventListener>,
    /// True if the browser has ended.
    over: bool,
}

/// An answer, or an event.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct CdpMessage {
    id: Option<u64>,
    #[serde(default)]
    result: Value,
    error: Option<CdpError>,
    method: Option<String>,
    #[serde(default)]
    params: Value,
    session_id: Option<String>,
}

#[derive(Debug, Deserialize)]
struct CdpError {
    message: String,
}

impl CdpSession {
    /// Speaks over these. What the browser says elsewhere lies in `tail`, all of
    /// it once `followed` is done.
    pub(super) fn new(
        stdin: ChildStdin,
        stdout: ChildStdout,
        tail: Tail,
        followed: JoinHandle<()>,
    ) -> Self {
        let (outgoing, queue) = mpsc::unbounded_channel();
        let pipe = Arc::new(Pipe::new(outgoing, tail));
        tokio::spawn(write_requests(stdin, queue));
        tokio::spawn(listen(stdout, Arc::clone(&pipe), followed));
        Self { pipe, id: None }
    }

    /// The session of this id.
    #[must_use]
    pub fn of(&self, id: &str) -> Self {
        Self { pipe: Arc::clone(&self.pipe), id: Some(id.to_owned()) }
    }

    /// Which it is; absent for the browser's own.
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// Sends a command, and waits for its result.
    pub async fn call(&self, method: &str, params: Value) -> Result<Value, Error> {
        let (sender, receiver) = oneshot::channel();
        let id = {
            let mut state = self.pipe.state();
            if state.over {
                return Err(self.pipe.ended());
            }
            state.last += 1;
            let id = state.last;
            state.waiting.insert(id, sender);
            id
        };
        let mut command = json!({ "id": id, "method": method, "params": params });
        if let (Some(session), Some(members)) = (&self.id, command.as_object_mut()) {
            members.insert("sessionId".to_owned(), session.as_str().into());
        }
        let mut bytes = command.to_string().into_bytes();
        bytes.push(0);
        self.pipe.outgoing.send(bytes).map_err(|_| self.pipe.ended())?;
        match tokio::time::timeout(COMMAND, receiver).await {
            Ok(Ok(CdpMessage { error: Some(CdpError { message }), .. })) => {
                Err(Error::Refused { method: method.to_owned(), message })
            }
            Ok(Ok(CdpMessage { result, .. })) => Ok(result),
            Ok(Err(_)) => Err(self.pipe.ended()),
            Err(_) => {
                self.pipe.state().waiting.remove(&id);
                Err(Error::Silent { method: method.to_owned(), after: COMMAND })
            }
        }
    }

    /// An error if events were lost.
    pub fn complete(&self) -> Result<(), Error> {
        if self.pipe.is_flooded() { Err(self.pipe.ended()) } else { Ok(()) }
    }

    /// The events from now on, of every session.
    pub fn events(&self) -> Events {
        let (sender, receiver) = mpsc::unbounded_channel();
        let waiting = Arc::new(AtomicUsize::new(0));
        let mut state = self.pipe.state();
        // A session that has ended sends no more events.
        if !state.over {
            state.listeners.push(EventListener { sender, waiting: Arc::clone(&waiting) });
        }
        Events { receiver, waiting }
    }
}

impl Events {
    /// The next one; `None` once the browser has ended.
    pub async fn next(&mut self) -> Option<Event> {
        let received = self.receiver.recv().await;
        self.taken(received)
    }

    /// The next one, if it has happened already.
    pub fn already(&mut self) -> Option<Event> {
        let received = self.receiver.try_recv().ok();
        self.taken(received)
    }

    fn taken(&self, received: Option<(Event, usize)>) -> Option<Event> {
        let (event, size) = received?;
        self.waiting.fetch_sub(size, Ordering::Relaxed);
        Some(event)
    }
}

impl EventListener {
    /// Sends an event, unless too many wait already.
    fn send(&self, event: &Event, size: usize) -> Delivery {
        // Only this side adds to it.
        if self.waiting.load(Ordering::Relaxed) + size > WAITING {
            return Delivery::TooMuch;
        }
        self.waiting.fetch_add(size, Ordering::Relaxed);
        match self.sender.send((event.clone(), size)) {
            Ok(()) => Delivery::Done,
            Err(_) => Delivery::Unheard,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Delivery {
    Done,
    /// The listener is gone.
    Unheard,
    TooMuch,
}

impl Pipe {
    fn new(outgoing: mpsc::UnboundedSender<Vec<u8>>, tail: Tail) -> Self {
        Self { outgoing, state: Mutex::default(), tail, is_flooded: AtomicBool::new(false) }
    }

    fn state(&self) -> MutexGuard<'_, PipeState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_flooded(&self) -> bool {
        self.is_flooded.load(Ordering::Relaxed)
    }

    fn ended(&self) -> Error {
        match self.is_flooded() {
            true => Error::Flooded { limit: WAITING },
            false => Error::Ended { stderr: self.tail.text() },
        }
    }

    fn take(&self, bytes: &[u8]) {
        // A text that is not a message cannot be answered; the deadline ends the wait.
        let Ok(message) = serde_json::from_slice(bytes).or_else(|_| too_long(bytes).ok_or(()))
        else {
            return;
        };
        let mut state = self.state();
        if let Some(id) = message.id {
            if let Some(sender) = state.waiting.remove(&id) {
                let _ = sender.send(message);
            }
        } else if let Some(method) = message.method {
            let event = Event { session: message.session_id, method, params: message.params };
            state.listeners.retain(|listener| {
                let sent = listener.send(&event, bytes.len());
                self.is_flooded.fetch_or(sent == Delivery::TooMuch, Ordering::Relaxed);
                sent != Delivery::Unheard
            });
        }
    }
}

/// The answer to a command in place of one that was cut: Chromium writes the number first.
fn too_long(bytes: &[u8]) -> Option<CdpMessage> {
    let number = bytes.strip_prefix(b"{\"id\":").filter(|_| bytes.len() >= LONGEST)?;
    let digits = number.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let id = std::str::from_utf8(number.get(..digits)?).ok()?.parse().ok()?;
    let message = format!("the answer has more than {LONGEST} bytes");
    Some(CdpMessage { id: Some(id), error: Some(CdpError { message }), ..CdpMessage::default() })
}

async fn write_requests(mut stdin: ChildStdin, mut queue: mpsc::UnboundedReceiver<Vec<u8>>) {
    while let Some(bytes) = queue.recv().await {
        if stdin.write_all(&bytes).await.is_err() || stdin.flush().await.is_err() {
            return;
        }
    }
}

async fn listen(stdout: ChildStdout, pipe: Arc<Pipe>, followed: JoinHandle<()>) {
    let mut messages = StreamLines::ended_by(stdout, 0, LONGEST);
    // A page decides how long the answers are that Chromium passes on. A message that was cut at
    // the limit is not JSON: nothing is left of it.
    while let Some(message) = messages.next_cut().await {
        pipe.take(message);
        if pipe.is_flooded() {
            break;
        }
    }
    // Its last words say why.
    let _ = tokio::time::timeout(LAST_WORDS, followed).await;
    // Nobody is answered any more.
    let mut state = pipe.state();
    state.over = true;
    state.waiting.clear();
    state.listeners.clear();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn events_that_wait_are_bounded() {
        let (outgoing, _queue) = mpsc::unbounded_channel();
        let pipe = Arc::new(Pipe::new(outgoing, Tail::default()));
        let session = CdpSession { pipe: Arc::clone(&pipe), id: None };
        let mut events = session.events();
        let payload = "x".repeat(1 << 20);
        let event = json!({ "method": "Runtime.bindingCalled", "params": payload }).to_string();
        // As many as come are taken, one after the other.
        for _ in 0..100 {
            pipe.take(event.as_bytes());
            assert!(events.next().await.is_some());
        }
        assert!(!pipe.is_flooded());
        let mut count = 0;
        while !pipe.is_flooded() && count < 100 {
            pipe.take(event.as_bytes());
            count += 1;
        }
        assert_eq!(count, 64);
        assert!(matches!(pipe.ended(), Error::Flooded { .. }));
    }
}
