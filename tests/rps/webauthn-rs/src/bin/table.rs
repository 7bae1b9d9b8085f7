//! Judges ceremonies for the library table, with `webauthn-rs-core` as it is below `webauthn-rs`: one as JSON on each line
//! of stdin, one verdict on each line of stdout. The argument is a folder of `passrig trust export`.

use std::error::Error;
use std::io::{BufRead, stdin};
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use url::Url;
use webauthn_rs_core::WebauthnCore;
use webauthn_rs_core::proto::{
    AttestationCa, AttestationCaList, AuthenticationState, COSEAlgorithm, RegistrationState,
};

fn main() -> Result<(), Box<dyn Error>> {
    let trust = std::env::args().nth(1).ok_or("name a folder of `passrig trust export`")?;
    let roots = roots(Path::new(&trust))?;
    let origin = vec![Url::parse("https://login.passrig.test")?];
    let core = WebauthnCore::new_unsafe_experts_only(
        "tests",
        "passrig.test",
        origin,
        Duration::from_secs(60),
        None,
        None,
    );
    for line in stdin().lock().lines() {
        let ceremonies: Value = serde_json::from_str(&line?)?;
        let refused = judge(&core, &roots, &ceremonies).err().map(|error| error.to_string());
        println!("{}", json!({ "name": ceremonies["name"], "refused": refused }));
    }
    Ok(())
}

/// The challenges are passrig's, so the states are written as they would have been stored.
fn judge(
    core: &WebauthnCore,
    roots: &AttestationCaList,
    ceremonies: &Value,
) -> Result<(), Box<dyn Error>> {
    let creation = &ceremonies["creation"];
    let state: RegistrationState = serde_json::from_value(json!({
        "policy": "required",
        "exclude_credentials": [],
        "challenge": creation["options"]["challenge"],
        "credential_algorithms": COSEAlgorithm::all_possible_algs(),
        "require_resident_key": true,
        "authenticator_attachment": null,
        "extensions": {},
        "allow_synchronised_authenticators": true,
    }))?;
    let response = serde_json::from_value(creation["response"].clone())?;
    // Where nobody certifies, there is nobody to trust.
    let is_certified = !["none", "packed-self"]
        .iter()
        .any(|format| ceremonies["name"].as_str().is_some_and(|name| name.ends_with(format)));
    let credential = core
        .register_credential(&response, &state, is_certified.then_some(roots))
        .map_err(|error| format!("registration: {error:?}"))?;

    let request = &ceremonies["request"];
    let state: AuthenticationState = serde_json::from_value(json!({
        "credentials": [credential],
        "policy": "required",
        "challenge": request["options"]["challenge"],
        "appid": null,
        "allow_backup_eligible_upgrade": false,
    }))?;
    let response = serde_json::from_value(request["response"].clone())?;
    core.authenticate_credential(&response, &state)
        .map_err(|error| format!("authentication: {error:?}"))?;
    Ok(())
}

/// Every root, for all models.
fn roots(trust: &Path) -> Result<AttestationCaList, Box<dyn Error>> {
    let mut list = AttestationCaList::default();
    for name in ["common", "packed", "tpm", "android-key", "fido-u2f", "apple"] {
        let pem = std::fs::read_to_string(trust.join(format!("roots/{name}.pem")))?;
        let base64: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
        let base64url = base64.replace('+', "-").replace('/', "_").replace('=', "");
        let root = json!({ "ca": base64url, "aaguids": {}, "blanket_allow": true });
        list.insert(serde_json::from_value::<AttestationCa>(root)?)
            .map_err(|error| format!("{error:?}"))?;
    }
    Ok(list)
}
