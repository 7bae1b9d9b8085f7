use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, COOKIE, SET_COOKIE};
use axum::http::{Request, Response};
use cpu_time::ThreadTime;
use http_body_util::BodyExt;
use passrig::relying_party::{Config, RelyingParty};
use passrig_authenticator::Client;
use passrig_authenticator::env::Seeded;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::{ORIGIN, RP_ID};

/// The reference relying party with one account, and the client of its owner.
pub struct Server {
    router: Router,
    client: Client,
}

impl Default for Server {
    fn default() -> Self {
        let rp = RelyingParty::new(Config::new(ORIGIN, RP_ID), Seeded::new("bench"));
        let mut server = Self { router: rp.router(), client: Client::new(ORIGIN).unwrap() };
        let (options, session) = server.options("/attestation/options");
        let credential = server.client.create(&options).unwrap();
        server.result("/attestation/result", &session, &credential);
        server
    }
}

impl Server {
    /// A whole authentication; the CPU time is that of the one request in which the
    /// server verifies the response.
    pub fn authenticate(&mut self) -> Duration {
        let (options, session) = self.options("/assertion/options");
        let credential = self.client.get(&options).unwrap();
        self.result("/assertion/result", &session, &credential)
    }

    fn options(&self, path: &str) -> (Value, String) {
        let response = self.post(request(path, "", &json!({"username": "ada"})));
        let cookie = response.headers()[SET_COOKIE].to_str().unwrap();
        let session = cookie.split(';').next().unwrap().to_owned();
        (read(response), session)
    }

    fn result(&self, path: &str, session: &str, credential: &Value) -> Duration {
        let request = request(path, session, credential);
        let start = ThreadTime::now();
        let response = self.post(request);
        let took = start.elapsed();
        assert_eq!(read(response)["status"], "ok");
        took
    }

    fn post(&self, request: Request<Body>) -> Response<Body> {
        pollster::block_on(self.router.clone().oneshot(request)).unwrap()
    }
}

fn request(path: &str, session: &str, body: &Value) -> Request<Body> {
    Request::post(path)
        .header(CONTENT_TYPE, "application/json")
        .header(COOKIE, session)
        .body(Body::from(body.to_string()))
        .unwrap()
}

fn read(response: Response<Body>) -> Value {
    let bytes = pollster::block_on(response.into_body().collect()).unwrap().to_bytes();
    serde_json::from_slice(&bytes).unwrap()
}
