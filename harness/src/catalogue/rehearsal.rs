//! Honest ceremonies on which deviations are tried out while the catalogue is
//! loaded, without any RP.

use passrig_authenticator::Ceremony;
use passrig_authenticator::client::{Client, Origin};
use passrig_authenticator::deviation::{Bench, Deviation, Error, Facts, PlanMut};
use passrig_authenticator::device::Profile;
use passrig_authenticator::env::Seeded;
use passrig_authenticator::wire::cose::Algorithm;
use passrig_authenticator::wire::{CreationOptions, Json, Layout, RequestOptions, Tree};
use passrig_authenticator::workbench::{Stage, Workbench};
use serde_json::json;

use super::Product;

/// Carries a deviation out on an honest ceremony of a page that never was.
pub(super) fn rehearse(
    ceremony: Ceremony,
    product: Product,
    algorithm: Option<Algorithm>,
    deviation: &Deviation,
) -> Result<(), Error> {
    let Ok(origin) = Origin::parse("https://login.passrig.test") else { return Ok(()) };
    let env = Seeded::new("rehearsal");
    let algorithm = algorithm.unwrap_or(Algorithm::ES256);
    let authenticator = Profile { algorithms: vec![algorithm], ..product.profile() };
    let mut client = Client::with_env(origin, env.clone()).with_authenticator(authenticator);
    let challenge = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
    let creation = json!({
        "rp": {"id": "passrig.test", "name": "rehearsal"},
        "user": {"id": "AAAA", "name": "a", "displayName": "A"},
        "challenge": challenge,
        "pubKeyCredParams": [{"type": "public-key", "alg": algorithm}],
        "authenticatorSelection": {"residentKey": "required"},
        "attestation": "direct",
    });
    let request = json!({ "rpId": "passrig.test", "challenge": challenge });
    let facts = Anything(env);
    let mut bench = Bench::new(deviation, &facts);
    if ceremony == Ceremony::Authentication && client.create(&creation).is_err() {
        return Ok(());
    }
    let response = match ceremony {
        Ceremony::Registration => {
            let Ok(options) = CreationOptions::parse(&creation) else { return Ok(()) };
            let Ok(mut plan) = client.plan_create(&options) else { return Ok(()) };
            if deviation.format().is_some() {
                client.certify(&mut plan);
            }
            bench.plan(PlanMut::Create(&mut plan));
            client.perform_create(plan, &mut bench)
        }
        Ceremony::Authentication => {
            let Ok(options) = RequestOptions::parse(&request) else { return Ok(()) };
            let Ok(mut plan) = client.plan_get(&options) else { return Ok(()) };
            bench.plan(PlanMut::Get(&mut plan));
            client.perform_get(&plan, &mut bench)
        }
    };
    bench.finish(Stage::Request, http_request(response));
    bench.effect().map(|_| ())
}

/// A request with the headers that every browser sends.
fn http_request(body: Json) -> Tree {
    let text = |text: &str| Tree::Bytes(text.as_bytes().to_vec());
    let header = Layout::new()
        .with("origin", text("https://login.passrig.test"))
        .with("referer", text("https://login.passrig.test/"))
        .with("user-agent", text("Mozilla/5.0"))
        .with("content-type", text("application/json"));
    let request = Layout::new()
        .with("method", text("POST"))
        .with("path", text("/"))
        .with("header", Tree::Layout(header))
        .with("body", Tree::Json(body));
    Tree::Layout(request)
}

/// Knows every fact that the runner may supply.
struct Anything(Seeded);

impl Facts for Anything {
    fn fact(&self, name: &str) -> Option<Vec<u8>> {
        super::FACTS.contains(&name).then(|| match name {
            "rp.id" => b"passrig.test".to_vec(),
            "rp.parent" => b"test".to_vec(),
            "rp.embedder" => b"https://embedder.example".to_vec(),
            "rp.origin" => b"https://login.passrig.test".to_vec(),
            other => self.0.derive(other, 32),
        })
    }
}
