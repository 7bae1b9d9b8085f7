//! A relying party that is a program: one JSON line for each request, one for
//! each answer.
//!
//! For authors of libraries who have no server. A request is
//! `{"id": 1, "method": "POST", "path": "/register", "headers": {…}, "body": …}`,
//! its answer `{"id": 1, "status": 200, "headers": {…}, "body": …}`; a body is
//! JSON, or a text if it is something else. Answers may come in any order, and
//! `headers` may be left out.

use std::collections::HashMap;
use std::process::Stdio;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Request, StatusCode, header};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::process::{ChildStderr, ChildStdin, ChildStdout, Command};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::transport::{HttpResponse, Limits, Sending, Transport, TransportError};
use crate::process::{LineTooLong, ProcessGroup, StreamLines};

/// A program that answers requests.
pub struct Shim {
    command: String,
    environment: Vec<(String, String)>,
    deadline: Duration,
    errors: Errors,
    running: tokio::sync::Mutex<Option<Running>>,
}

/// Takes each line that a program writes to standard error.
type Errors = Arc<dyn Fn(&str) + Send + Sync>;

/// Requests that wait for their answer.
type Waiting = Arc<Mutex<Requests>>;

#[derive(Default)]
struct Requests {
    senders: HashMap<u64, oneshot::Sender<Result<ShimResponse, TransportError>>>,
    /// The reason why no more answers come.
    ended: Option<TransportError>,
}

/// The time in which a program that takes no more requests writes the reason.
const ERROR_GRACE: Duration = Duration::from_secs(1);

/// The most bytes of a line of standard error that are read.
const ERROR: usize = 4 << 10;

/// The bytes of a line around a body.
const OVERHEAD: usize = 1 << 20;

struct Running {
    stdin: ChildStdin,
    waiting: Waiting,
    last: u64,
    // Ends with this value.
    _group: ProcessGroup,
}

#[derive(Deserialize)]
struct ShimResponse {
    id: u64,
    status: u16,
    #[serde(default)]
    headers: HashMap<String, String>,
    #[serde(default)]
    body: Value,
}

impl Shim {
    /// Runs a command of the shell when it is first needed, with these variables in
    /// its environment, and again when it has ended.
    pub fn new(
        command: impl Into<String>,
        environment: impl IntoIterator<Item = (String, String)>,
        deadline: Duration,
    ) -> Self {
        let environment = environment.into_iter().collect();
        let running = tokio::sync::Mutex::new(None);
        Self { command: command.into(), environment, deadline, errors: Arc::new(|_| ()), running }
    }

    /// The shim that hands over each line that the program writes to standard error. The lines are
    /// text of the target.
    #[must_use]
    pub fn with_errors(self, errors: impl Fn(&str) + Send + Sync + 'static) -> Self {
        Self { errors: Arc::new(errors), ..self }
    }

    /// Hands a request to the program; its answer comes later.
    async fn hand_over(
        &self,
        request: &Request<Bytes>,
    ) -> Result<oneshot::Receiver<Result<ShimResponse, TransportError>>, TransportError> {
        let mut running = self.running.lock().await;
        // Put back once the whole request is written: a program that got half of one, because its
        // time was over, cannot read the next one.
        let mut program = match running.take().filter(|program| !program.has_ended()) {
            Some(program) => program,
            None => self.start()?,
        };
        program.last += 1;
        let id = program.last;
        let (sender, receiver) = oneshot::channel();
        locked(&program.waiting).add(id, sender);
        let mut line = written(id, request).to_string();
        line.push('\n');
        if program.stdin.write_all(line.as_bytes()).await.is_ok() {
            *running = Some(program);
            return Ok(receiver);
        }
        match tokio::time::timeout(ERROR_GRACE, receiver).await {
            Ok(Ok(Err(failure))) => Err(failure),
            _ => Err(TransportError::Closed),
        }
    }

    fn start(&self) -> Result<Running, TransportError> {
        let failed =
            |reason: String| TransportError::Program { command: self.command.clone(), reason };
        let mut command = Command::new("sh");
        command.arg("-c").arg(&self.command);
        command.envs(self.environment.iter().cloned());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut group =
            ProcessGroup::spawn(&mut command).map_err(|error| failed(error.to_string()))?;
        let child = group.child();
        let (Some(stdin), Some(stdout)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(failed("it has no stdin and stdout".to_owned()));
        };
        let errors = tokio::spawn(pass_on(child.stderr.take(), Arc::clone(&self.errors)));
        let waiting = Waiting::default();
        tokio::spawn(listen(stdout, errors, Arc::clone(&waiting), self.command.clone()));
        Ok(Running { stdin, waiting, last: 0, _group: group })
    }
}

impl Running {
    /// True if no more answers come.
    fn has_ended(&self) -> bool {
        locked(&self.waiting).ended.is_some()
    }
}

impl Requests {
    fn add(&mut self, id: u64, sender: oneshot::Sender<Result<ShimResponse, TransportError>>) {
        match &self.ended {
            Some(failure) => drop(sender.send(Err(failure.clone()))),
            None => drop(self.senders.insert(id, sender)),
        }
    }

    fn end(&mut self, failure: &TransportError) {
        self.ended = Some(failure.clone());
        for (_, sender) in self.senders.drain() {
            let _ = sender.send(Err(failure.clone()));
        }
    }
}

/// Gives every answer to the caller that waits for it. A line that is not an answer is dropped: a
/// program may print other things by mistake, and the deadline ends the wait.
async fn listen(stdout: ChildStdout, errors: JoinHandle<()>, waiting: Waiting, command: String) {
    let mut lines = StreamLines::new(stdout, Limits::default().body + OVERHEAD);
    let failure = loop {
        match lines.next().await {
            Ok(Some(line)) => {
                let Ok(answer) = serde_json::from_slice::<ShimResponse>(line) else { continue };
                let sender = locked(&waiting).senders.remove(&answer.id);
                if let Some(sender) = sender {
                    let _ = sender.send(Ok(answer));
                }
            }
            Ok(None) => {
                // The last lines of standard error hold the reason.
                let _ = tokio::time::timeout(ERROR_GRACE, errors).await;
                break TransportError::Closed;
            }
            Err(LineTooLong { limit }) => break TransportError::Endless { command, limit },
        }
    };
    locked(&waiting).end(&failure);
}

/// Reads standard error to its end.
async fn pass_on(stderr: Option<ChildStderr>, errors: Errors) {
    let Some(stderr) = stderr else { return };
    let mut lines = StreamLines::new(stderr, ERROR);
    while let Some(line) = lines.next_cut().await {
        errors(&String::from_utf8_lossy(line));
    }
}

fn locked(waiting: &Waiting) -> MutexGuard<'_, Requests> {
    waiting.lock().unwrap_or_else(PoisonError::into_inner)
}

fn written(id: u64, request: &Request<Bytes>) -> Value {
    let headers: serde_json::Map<String, Value> = request
        .headers()
        .iter()
        .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into()))
        .collect();
    // A body that JSON cannot repeat, such as one with a member twice, is a text.
    let text = String::from_utf8_lossy(request.body());
    let said_again =
        |value: &Value| serde_json::to_vec(value).is_ok_and(|it| it == *request.body());
    let body = match serde_json::from_slice::<Value>(request.body()) {
        Ok(value) if said_again(&value) => value,
        _ if request.body().is_empty() => Value::Null,
        _ => Value::from(text),
    };
    json!({
        "id": id,
        "method": request.method().as_str(),
        "path": request.uri().path_and_query().map_or("/", |path| path.as_str()),
        "headers": headers,
        "body": body,
    })
}

impl Transport for Shim {
    fn send(&self, request: Request<Bytes>) -> Sending<'_> {
        Box::pin(async move {
            let after = self.deadline;
            let answer = async {
                let receiver = self.hand_over(&request).await?;
                receiver.await.unwrap_or(Err(TransportError::Closed))
            };
            let answer = tokio::time::timeout(after, answer).await;
            let answer = answer.unwrap_or(Err(TransportError::Deadline { after }))?;
            read(answer)
        })
    }
}

fn read(answer: ShimResponse) -> Result<HttpResponse, TransportError> {
    let wrong = |reason: String| TransportError::NotHttp { reason };
    let status = StatusCode::from_u16(answer.status)
        .map_err(|_| wrong(format!("{} is no status", answer.status)))?;
    let mut headers = HeaderMap::new();
    for (name, value) in &answer.headers {
        let parsed = (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_str(value));
        let (Ok(name), Ok(value)) = parsed else {
            return Err(wrong(format!("`{name}` cannot stand among the headers")));
        };
        headers.append(name, value);
    }
    let body = match answer.body {
        Value::Null => Bytes::new(),
        Value::String(text) => Bytes::from(text),
        other => {
            headers
                .entry(header::CONTENT_TYPE)
                .or_insert(HeaderValue::from_static("application/json"));
            Bytes::from(other.to_string())
        }
    };
    Ok(HttpResponse::new(status, headers, body))
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use super::*;

    async fn answered(script: &str) -> Result<HttpResponse, TransportError> {
        let shim = Shim::new(
            format!("sh -c '{script}'"),
            [("ORIGIN".to_owned(), "https://a.test".to_owned())],
            Duration::from_millis(1500),
        );
        let body = Bytes::from_static(b"{\"a\":1}");
        shim.send(Request::post("https://a.test/x?y=1").body(body).unwrap()).await
    }

    #[tokio::test]
    async fn a_program_answers_by_lines() {
        let script = r#"read line; echo noise; echo "{\"id\":1,\"status\":201,\"headers\":{\"x-a\":\"b\"},\"body\":{\"got\":$line,\"o\":\"$ORIGIN\"}}"; read end"#;
        let response = answered(script).await.unwrap();
        assert_eq!((response.status.as_u16(), response.header("x-a")), (201, Some("b")));
        let body = response.json().unwrap();
        assert_eq!(body["got"]["method"], "POST");
        assert_eq!(body["got"]["path"], "/x?y=1");
        assert_eq!(body["got"]["body"]["a"], 1);
        assert_eq!(body["o"], "https://a.test");
    }

    #[tokio::test]
    async fn errors_of_programs() {
        assert_eq!(answered("exit 3").await.unwrap_err(), TransportError::Closed);
        let after = Duration::from_millis(1500);
        assert_eq!(
            answered("cat >/dev/null").await.unwrap_err(),
            TransportError::Deadline { after }
        );
        let status = r#"read line; echo "{\"id\":1,\"status\":9}"; read end"#;
        assert!(matches!(answered(status).await.unwrap_err(), TransportError::NotHttp { .. }));
    }

    #[tokio::test]
    async fn a_program_that_ended_is_started_again() {
        let script = r#"read line; echo "{\"id\":1,\"status\":204}""#;
        let shim = Shim::new(format!("sh -c '{script}'"), [], Duration::from_secs(5));
        for _ in 0..3 {
            let request = Request::get("https://a.test/").body(Bytes::new()).unwrap();
            assert_eq!(shim.send(request).await.unwrap().status, StatusCode::NO_CONTENT);
            // It ends by itself; until that is seen, it could still be asked.
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }
}
