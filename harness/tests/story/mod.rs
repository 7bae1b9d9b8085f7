//! A relying party in the same process that answers by a script and tells what
//! it saw.
#![allow(dead_code, unreachable_pub, reason = "each test that shares this uses a part of it")]

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use axum::Router;
use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::response::Response;
use passrig::target::transport::{InProcess, Limits};
use passrig::target::{Answer, Done, Error, Flow, Inputs, Log, Profile, Session, Target};
use passrig_authenticator::Ceremony;
use passrig_authenticator::wire::Json;
use passrig_authenticator::workbench::Workbench;
use serde_json::Value;
use url::Url;

/// What the server was sent, and what it shall answer, in turn.
#[derive(Clone, Default)]
pub struct Script {
    seen: Arc<Mutex<Vec<Seen>>>,
    answers: Arc<Mutex<Vec<Response>>>,
}

pub struct Seen {
    pub line: String,
    pub headers: http::HeaderMap,
    pub body: String,
}

impl Seen {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }
}

async fn serve(State(script): State<Script>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap();
    let line = format!("{} {}", head.method, head.uri.path_and_query().unwrap());
    let body = String::from_utf8_lossy(&body).into_owned();
    script.seen.lock().unwrap().push(Seen { line, headers: head.headers, body });
    script.answers.lock().unwrap().remove(0)
}

pub fn answer(status: u16, body: Value) -> Response {
    let kind = ("content-type", "application/json");
    Response::builder().status(status).header(kind.0, kind.1).body(body.to_string().into()).unwrap()
}

pub fn with(mut response: Response, name: &'static str, value: &'static str) -> Response {
    response.headers_mut().append(name, value.parse().unwrap());
    response
}

/// A story: a target, a session, a log.
pub struct Story {
    pub script: Script,
    pub target: Target,
    pub session: Session,
    pub inputs: Inputs,
    pub log: Log,
}

pub const ORIGIN: &str = "https://login.passrig.test";

impl Story {
    pub fn new(profile: &str, answers: impl IntoIterator<Item = Response>) -> Self {
        let script = Script::default();
        script.answers.lock().unwrap().extend(answers);
        let router = Router::new().fallback(serve).with_state(script.clone());
        let limits = Limits { deadline: Duration::from_millis(500), body: 1 << 16 };
        let transport = Arc::new(InProcess::new(router, limits));
        let head = "id = \"t\"\nname = \"T\"\nstatus = \"untested\"\n";
        let profile = Profile::parse("t.toml", &format!("{head}{profile}")).unwrap();
        let base = Url::parse(ORIGIN).unwrap();
        Self {
            script,
            target: Target::new(Arc::new(profile), base, ORIGIN, transport),
            session: Session::new(),
            inputs: Inputs::new("registration.test").with("username", "ann"),
            log: Log::new(),
        }
    }

    pub async fn run(&mut self, flow: Flow) -> Result<Done, Error> {
        self.target.run(flow, &mut self.session, &self.inputs, &mut self.log).await
    }

    pub async fn register(
        &mut self,
        credential: &Json,
        bench: &mut dyn Workbench,
    ) -> Result<Answer, Error> {
        let Self { target, session, inputs, log, .. } = self;
        let begun = target.begin(Ceremony::Registration, session, inputs, log).await?;
        target.finish(&begun, session, inputs, credential, bench, log).await
    }

    pub fn seen(&self) -> MutexGuard<'_, Vec<Seen>> {
        self.script.seen.lock().unwrap()
    }
}
