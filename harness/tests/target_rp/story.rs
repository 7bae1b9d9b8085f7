//! A relying party in the same process that answers by a script and tells what
//! it saw.

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use axum::Router;
use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::response::Response;
use passrig::target_rp::transport::{InProcess, Limits};
use passrig::target_rp::{
    Adapter, CredentialAnswer, Error, Flow, FlowOutput, Inputs, Log, Session, Target,
};
use passrig_authenticator::Ceremony;
use passrig_authenticator::wire::Json;
use passrig_authenticator::workbench::Workbench;
use serde_json::{Value, json};
use url::Url;

/// What the server was sent, and what it shall answer, in turn.
#[derive(Clone, Default)]
pub(crate) struct Script {
    seen: Arc<Mutex<Vec<Seen>>>,
    answers: Arc<Mutex<Vec<Response>>>,
}

pub(crate) struct Seen {
    pub(crate) line: String,
    pub(crate) headers: http::HeaderMap,
    pub(crate) body: String,
    pub(crate) bytes: Vec<u8>,
}

impl Seen {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }
}

async fn serve(State(script): State<Script>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap();
    let line = format!("{} {}", head.method, head.uri.path_and_query().unwrap());
    let bytes = body.to_vec();
    let body = String::from_utf8_lossy(&bytes).into_owned();
    script.seen.lock().unwrap().push(Seen { line, headers: head.headers, body, bytes });
    script.answers.lock().unwrap().remove(0)
}

pub(crate) fn answer(status: u16, body: Value) -> Response {
    let kind = ("content-type", "application/json");
    Response::builder().status(status).header(kind.0, kind.1).body(body.to_string().into()).unwrap()
}

pub(crate) fn with(mut response: Response, name: &'static str, value: &'static str) -> Response {
    response.headers_mut().append(name, value.parse().unwrap());
    response
}

/// A story: a target, a session, a log.
pub(crate) struct Story {
    pub(crate) script: Script,
    pub(crate) target: Target,
    pub(crate) session: Session,
    pub(crate) inputs: Inputs,
    pub(crate) log: Log,
}

pub(crate) const ORIGIN: &str = "https://login.passrig.test";

impl Story {
    pub(crate) fn new(adapter: &str, answers: impl IntoIterator<Item = Response>) -> Self {
        let script = Script::default();
        script.answers.lock().unwrap().extend(answers);
        let router = Router::new().fallback(serve).with_state(script.clone());
        let limits = Limits { deadline: Duration::from_millis(500), body: 1 << 16 };
        let transport = Arc::new(InProcess::new(router, limits));
        let head = "id = \"t\"\nname = \"T\"\nstatus = \"untested\"\n";
        let adapter = Adapter::parse("t.toml", &format!("{head}{adapter}")).unwrap();
        let base = Url::parse(ORIGIN).unwrap();
        Self {
            script,
            target: Target::new(Arc::new(adapter), base, ORIGIN, transport),
            session: Session::new(),
            inputs: Inputs::new("registration.test").with("username", "ann"),
            log: Log::new(),
        }
    }

    pub(crate) async fn run(&mut self, flow: Flow) -> Result<FlowOutput, Error> {
        self.target.run(flow, &mut self.session, &self.inputs, &mut self.log).await
    }

    pub(crate) async fn register(
        &mut self,
        credential: &Json,
        bench: &mut dyn Workbench,
    ) -> Result<CredentialAnswer, Error> {
        let Self { target, session, inputs, log, .. } = self;
        let begun = target.begin(Ceremony::Registration, session, inputs, log).await?;
        target.finish(&begun, session, inputs, credential, bench, log).await
    }

    pub(crate) fn seen(&self) -> MutexGuard<'_, Vec<Seen>> {
        self.script.seen.lock().unwrap()
    }
}

pub(crate) const REGISTER: &str = r#"
[settings]
user_verification = { choose = ["required", "preferred"] }

[[register]]
request = "POST /begin/{{username}}"
query = { to = "{{email?}}", uv = "{{setting.user_verification}}" }
json = { name = "{{username}}", mail = "{{email?}}", nested = { list = [1, "{{username}}!", true] } }
capture = { ticket = { json = "$.ticket" }, trace = { header = "X-Trace" }, code = "status" }
options = "$.publicKey"

[[register]]
request = "POST /finish"
json = { ticket = "{{ticket}}", code = "{{code}}", data = "{{credential}}" }
headers = { x-trace = "{{trace}}" }
accepted = [{ status = [200], json = "$.ok", equals = true }]
refused = [
    { status = [400, 403] },
    { status = [200], json = "$.ok", equals = false },
    { status = [302], header = "location", contains = "/failed" },
    { status = [500], json = "$.code", equals = "bad" },
    { status = [502] },
]
"#;

pub(crate) fn begun() -> Response {
    let body = json!({"ticket": 7, "publicKey": {"challenge": "AAAA"}});
    with(answer(200, body), "x-trace", "trace-1")
}

pub(crate) fn credential() -> Json {
    Json::parse(br#"{"id":"x","response":{"signature":"s"},"id":"twice"}"#).unwrap()
}
