//! A client of the RP, and the outcome of its attempts.

use axum::Router;
use axum::body::Body;
use http::{Request, StatusCode};
use http_body_util::BodyExt;
use passrig_authenticator::wire::authenticator_data::AttestedCredentialData;
use passrig_authenticator::wire::base64url::{decode, encode};
use passrig_authenticator::wire::{AttestationObject, AuthenticatorData, Cbor, Flags};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tower::ServiceExt;

use super::response::{Create, Get, SignatureChoice, client_data_json, client_members};
use super::{RP_ID, TestCredential};

/// Lays `over` onto `value`, member by member.
fn merge(value: &mut Value, over: Value) {
    match (value, over) {
        (Value::Object(members), Value::Object(over)) => {
            for (name, member) in over {
                merge(members.entry(name).or_insert(Value::Null), member);
            }
        }
        (value, over) => *value = over,
    }
}

/// The answer to an attempt, and the state of the server afterwards.
#[derive(Debug)]
pub(crate) struct AttemptOutcome {
    pub(crate) reply: Reply,
    pub(crate) signed_in: Option<String>,
    pub(crate) credentials: usize,
}

impl AttemptOutcome {
    pub(crate) fn accepted(&self) -> bool {
        self.reply.body["status"] == "ok"
    }

    /// The parts that an observer compares.
    pub(crate) fn decision(&self) -> (bool, Option<&str>, usize) {
        (self.accepted(), self.signed_in.as_deref(), self.credentials)
    }

    pub(crate) fn audit(&self) -> &str {
        self.reply.audit.as_deref().unwrap()
    }
}

#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) body: Value,
    pub(crate) audit: Option<String>,
    pub(crate) cookie: Option<String>,
}

/// A client with a cookie.
#[derive(Clone)]
pub(crate) struct TestClient {
    pub(crate) rp: Router,
    pub(crate) token: Option<String>,
    pub(crate) check: &'static str,
    /// Members of the options request.
    pub(crate) requested: Value,
    /// Where requests come from, as `Sec-Fetch-Site` has it.
    pub(crate) site: Option<&'static str>,
}

impl TestClient {
    pub(crate) fn new(rp: &Router) -> Self {
        Self { rp: rp.clone(), token: None, check: "-", requested: json!({}), site: None }
    }

    pub(crate) fn requesting(mut self, requested: Value) -> Self {
        self.requested = requested;
        self
    }

    pub(crate) fn post(&mut self, path: &str, body: &Value) -> Reply {
        self.send("POST", path, body.to_string(), None)
    }

    pub(crate) fn get(&mut self, path: &str) -> Reply {
        self.send("GET", path, String::new(), None)
    }

    pub(crate) fn send(
        &mut self,
        method: &str,
        path: &str,
        body: impl Into<Body>,
        origin: Option<&str>,
    ) -> Reply {
        let mut request =
            Request::builder().method(method).uri(path).header("x-passrig-check", self.check);
        if let Some(token) = &self.token {
            request = request.header("cookie", format!("theme=dark; session={token}"));
        }
        if let Some(origin) = origin {
            request = request.header("origin", origin);
        }
        if let Some(site) = self.site {
            request = request.header("sec-fetch-site", site);
        }
        let request = request.body(body.into()).unwrap();
        let reply =
            tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(
                async {
                    let response = self.rp.clone().oneshot(request).await.unwrap();
                    let header = |name| {
                        let value = response.headers().get(name);
                        value.map(|value: &http::HeaderValue| value.to_str().unwrap().to_owned())
                    };
                    let (status, audit) = (response.status(), header("x-passrig-audit"));
                    let cookie = header("set-cookie");
                    let bytes = response.into_body().collect().await.unwrap().to_bytes();
                    Reply {
                        status,
                        audit,
                        cookie,
                        body: serde_json::from_slice(&bytes).unwrap_or_default(),
                    }
                },
            );
        if let Some(cookie) = &reply.cookie {
            let token = cookie.split(';').next().unwrap().strip_prefix("session=").unwrap();
            self.token = Some(token.to_owned()).filter(|token| !token.is_empty());
        }
        reply
    }

    pub(crate) fn register(
        &mut self,
        name: &str,
        device: &mut TestCredential,
        edit: impl FnOnce(&mut Create),
    ) -> AttemptOutcome {
        let options = self.registration_options(name);
        self.finish_registration(&options, device, edit)
    }

    pub(crate) fn registration_options(&mut self, name: &str) -> Value {
        let mut request = json!({"username": name, "displayName": name});
        merge(&mut request, self.requested.clone());
        self.post("/attestation/options", &request).body
    }

    pub(crate) fn finish_registration(
        &mut self,
        options: &Value,
        device: &mut TestCredential,
        edit: impl FnOnce(&mut Create),
    ) -> AttemptOutcome {
        device.handle = decode(options["user"]["id"].as_str().unwrap_or_default()).unwrap();
        let mut plan = Create {
            client: client_members("webauthn.create", options),
            bom: false,
            rp_id: RP_ID.into(),
            flags: Flags(Flags::UP | Flags::UV),
            public_key: device.key.public_key().to_cbor(),
            signer: device.key.clone(),
            device: device.clone(),
            fmt: "none",
            statement: None,
            signature: SignatureChoice::Right,
            trailing: Vec::new(),
            body: json!({}),
            origin_header: None,
        };
        // The lines up to the RP ID hash stand twice: the two plans have these members, but not one type.
        edit(&mut plan);
        let client_data = client_data_json(plan.client, plan.bom);
        let data = AuthenticatorData {
            rp_id_hash: Sha256::digest(plan.rp_id).into(),
            flags: plan.flags,
            sign_count: plan.device.count,
            attested: Some(AttestedCredentialData {
                aaguid: [0; 16],
                credential_id: plan.device.id.clone(),
                public_key: plan.public_key,
            }),
            extensions: None,
        };
        let data = data.tree().render();
        let packed = || {
            Cbor::map([
                (Cbor::text("alg"), Cbor::int(-7)),
                (
                    Cbor::text("sig"),
                    Cbor::bytes(plan.signature.make(&plan.signer, &data, &client_data)),
                ),
            ])
        };
        let honest = || if plan.fmt == "packed" { packed() } else { Cbor::map([]) };
        let statement = plan.statement.unwrap_or_else(honest);
        let object =
            AttestationObject { fmt: plan.fmt.into(), statement, authenticator_data: data.clone() };
        let mut body = json!({
            "id": encode(&plan.device.id),
            "rawId": encode(&plan.device.id),
            "type": "public-key",
            "getClientExtensionResults": {},
            "response": {
                "clientDataJSON": encode(&client_data),
                "attestationObject": encode(&[object.tree().render(), plan.trailing].concat()),
                "transports": ["usb"],
            },
        });
        merge(&mut body, plan.body);
        self.finish("/attestation/result", &body, plan.origin_header.as_deref())
    }

    pub(crate) fn sign_in(
        &mut self,
        name: Option<&str>,
        device: &TestCredential,
        edit: impl FnOnce(&mut Get),
    ) -> AttemptOutcome {
        let options = self.authentication_options(name);
        self.finish_sign_in(&options, device, edit)
    }

    pub(crate) fn authentication_options(&mut self, name: Option<&str>) -> Value {
        let mut request = json!({"username": name});
        merge(&mut request, self.requested.clone());
        self.post("/assertion/options", &request).body
    }

    pub(crate) fn finish_sign_in(
        &mut self,
        options: &Value,
        device: &TestCredential,
        edit: impl FnOnce(&mut Get),
    ) -> AttemptOutcome {
        let mut plan = Get {
            client: client_members("webauthn.get", options),
            bom: false,
            rp_id: RP_ID.into(),
            flags: Flags(Flags::UP | Flags::UV),
            device: TestCredential { count: device.count + 1, ..device.clone() },
            user_handle: Some(device.handle.clone()),
            attested: None,
            signature: SignatureChoice::Right,
            trailing: Vec::new(),
            body: json!({}),
            origin_header: None,
        };
        edit(&mut plan);
        let client_data = client_data_json(plan.client, plan.bom);
        let data = AuthenticatorData {
            rp_id_hash: Sha256::digest(plan.rp_id).into(),
            flags: plan.flags,
            sign_count: plan.device.count,
            attested: plan.attested,
            extensions: None,
        };
        let data = [data.tree().render(), plan.trailing].concat();
        let mut body = json!({
            "id": encode(&plan.device.id),
            "rawId": encode(&plan.device.id),
            "type": "public-key",
            "clientExtensionResults": {},
            "response": {
                "clientDataJSON": encode(&client_data),
                "authenticatorData": encode(&data),
                "signature": encode(&plan.signature.make(&plan.device.key, &data, &client_data)),
                "userHandle": plan.user_handle.map(|handle| encode(&handle)),
            },
        });
        merge(&mut body, plan.body);
        self.finish("/assertion/result", &body, plan.origin_header.as_deref())
    }

    fn finish(&mut self, path: &str, body: &Value, origin: Option<&str>) -> AttemptOutcome {
        let reply = self.send("POST", path, body.to_string(), origin);
        let session = self.get("/session").body;
        let listed = self.get("/credentials").body;
        AttemptOutcome {
            reply,
            signed_in: session["username"].as_str().map(str::to_owned),
            credentials: listed["credentials"].as_array().map_or(0, Vec::len),
        }
    }
}
