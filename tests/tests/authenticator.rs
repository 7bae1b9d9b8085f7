//! `passrig authenticator` as programs of any language use it.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs)]

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use passrig_authenticator::wire::base64url;
use passrig_tests::rps;
use serde_json::{Value, json};

const PROGRAM: &str = env!("CARGO_BIN_EXE_passrig-tested");

#[test]
fn a_shell_script_registers_and_logs_in() {
    if !rps::has("curl") || !rps::has("jq") {
        return;
    }
    let Some(rp) = rps::start("simplewebauthn") else { return };
    let folder = tempfile::tempdir().unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("shell/passkey.sh");
    let out = Command::new(script)
        .arg(&rp.url)
        .arg("--cacert")
        .arg(&rp.ca)
        .args(["--connect-to", &format!("{}:443:{}", rps::HOST, rp.connect_to)])
        .env("PASSRIG", PROGRAM)
        .env("PASSRIG_STORE", folder.path().join("passkeys.json"))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&out.stdout);
    assert!(out.status.success(), "{out:?}\n{}", rp.stderr());
    let ids: Vec<_> = said.lines().filter_map(|line| line.split(": ").nth(1)).collect();
    assert_eq!(ids.len(), 2, "{said}");
    assert_eq!(ids[0], ids[1]);
}

#[test]
fn what_a_browser_refuses_leaves_no_trace() {
    let folder = tempfile::tempdir().unwrap();
    let with = |name: &str, value: Value| {
        let mut options = creation("a");
        options[name] = value;
        options.to_string()
    };
    let only_unknown = json!([{ "type": "public-key", "alg": 7 }]);
    let cases = [
        (
            "{",
            "SyntaxError: invalid options: the text is not JSON: EOF while parsing an object at line 1 column 1.",
        ),
        ("{}", "TypeError: invalid options at `rp`: expected an object, found nothing."),
        (
            &with("challenge", json!("+")),
            "EncodingError: invalid options at `challenge`: invalid base64url: `+` at offset 0 is not in the base64url alphabet.",
        ),
        (
            &with("pubKeyCredParams", only_unknown),
            "NotAllowedError: No authenticator could make the credential, or the user refused.",
        ),
        (
            &with("rp", json!({ "id": "example.com", "name": "" })),
            "SecurityError: The RP id `example.com` is neither login.passrig.test nor a registrable suffix of it.",
        ),
    ];
    for (options, said) in cases {
        let out = run(folder.path(), &["create", "--origin", ORIGIN], options);
        assert_eq!(out.status.code(), Some(1), "{out:?}");
        assert_eq!(String::from_utf8_lossy(&out.stderr).trim_end(), said);
        assert!(out.stdout.is_empty() && !folder.path().join("passkeys.json").exists());
    }

    // As `Response.json()` takes them.
    let unusual = with("user", json!({ "id": "AQ", "name": null, "displayName": "TEXT" }));
    let unusual = format!("\u{feff}{}", unusual.replace("TEXT", "\\ud800"));
    let out = run(folder.path(), &["create", "--origin", ORIGIN, "--store", "unusual"], &unusual);
    assert!(out.status.success(), "{out:?}");

    let made = create(folder.path(), "a");
    let kept = fs::read(folder.path().join("passkeys.json")).unwrap();
    let excluded = with("excludeCredentials", json!([{ "type": "public-key", "id": made["id"] }]));
    let out = run(folder.path(), &["create", "--origin", ORIGIN], &excluded);
    assert_eq!(out.status.code(), Some(1), "{out:?}");
    let said = String::from_utf8_lossy(&out.stderr);
    assert!(said.starts_with("InvalidStateError: "), "{said}");
    let cancelled = ["create", "--origin", ORIGIN, "--user", "cancels"];
    assert_eq!(run(folder.path(), &cancelled, &creation("b").to_string()).status.code(), Some(1));
    assert_eq!(fs::read(folder.path().join("passkeys.json")).unwrap(), kept);
}

#[test]
fn passkeys_move_to_another_store() {
    let [here, there] = [(); 2].map(|()| tempfile::tempdir().unwrap());
    let made = create(here.path(), "a");
    let id = made["id"].as_str().unwrap();

    let exported = run(here.path(), &["credentials", "export"], "");
    let [passkey] = &serde_json::from_slice::<Vec<Value>>(&exported.stdout).unwrap()[..] else {
        panic!("{exported:?}");
    };
    assert_eq!(passkey["credentialId"], id);
    assert_eq!(passkey["isResidentCredential"], true);
    // As the DevTools protocol writes it.
    let mut padded = passkey.clone();
    let key = passkey["privateKey"].as_str().unwrap().replace('-', "+").replace('_', "/");
    padded["privateKey"] = json!(format!("{key}{}", "=".repeat((4 - key.len() % 4) % 4)));
    let out = run(there.path(), &["credentials", "import"], &padded.to_string());
    assert!(out.status.success(), "{out:?}");
    assert_eq!(run(there.path(), &["credentials", "export"], "").stdout, exported.stdout);

    let shown = run(there.path(), &["credentials", "show", id], "");
    let shown: Value = serde_json::from_slice(&shown.stdout).unwrap();
    assert_eq!(shown["privateKey"], Value::Null);
    assert_eq!(shown["publicKey"]["spki"], made["response"]["publicKey"]);
    assert_eq!(shown["publicKey"]["jwk"]["crv"], "P-256");

    let request = json!({ "challenge": "AAAA", "rpId": "passrig.test" }).to_string();
    let used = run(there.path(), &["get", "--origin", ORIGIN], &request);
    let used: Value = serde_json::from_slice(&used.stdout).unwrap();
    assert_eq!(used["id"], id);
    let remove = ["credentials", "remove", id, "--store", "passkeys.json"];
    assert!(run(there.path(), &remove, "").status.success());
    assert_eq!(run(there.path(), &["get", "--origin", ORIGIN], &request).status.code(), Some(1));
    assert_eq!(run(there.path(), &["credentials", "remove", id], "").status.code(), Some(2));
}

#[test]
fn what_extensions_keep_outlives_the_process() {
    let folder = tempfile::tempdir().unwrap();
    let prf = json!({ "eval": { "first": "AQ" } });
    let mut options = creation("a");
    options["extensions"] = json!({ "prf": prf, "largeBlob": { "support": "required" } });
    let out = run(folder.path(), &["create", "--origin", ORIGIN], &options.to_string());
    let made: Value = serde_json::from_slice(&out.stdout).unwrap();
    let results = &made["clientExtensionResults"];
    assert_eq!(results["largeBlob"]["supported"], true);

    let get = |extensions: Value| -> Value {
        let options = json!({
            "rpId": "passrig.test",
            "challenge": "AAAA",
            "allowCredentials": [{ "type": "public-key", "id": made["id"] }],
            "extensions": extensions,
        });
        let out = run(folder.path(), &["get", "--origin", ORIGIN], &options.to_string());
        assert!(out.status.success(), "{out:?}");
        let response: Value = serde_json::from_slice(&out.stdout).unwrap();
        response["clientExtensionResults"].clone()
    };
    let evaluated = get(json!({ "prf": prf }));
    assert!(evaluated["prf"]["results"]["first"].is_string());
    assert_eq!(evaluated["prf"]["results"], results["prf"]["results"]);
    let written = get(json!({ "largeBlob": { "write": "YmxvYg" } }));
    assert_eq!(written["largeBlob"]["written"], true);
    assert_eq!(get(json!({ "largeBlob": { "read": true } }))["largeBlob"]["blob"], "YmxvYg");

    let id = made["id"].as_str().unwrap();
    let shown = run(folder.path(), &["credentials", "show", id], "");
    let shown: Value = serde_json::from_slice(&shown.stdout).unwrap();
    assert_eq!(shown["credRandom"], Value::Null);
}

#[test]
fn what_is_no_store_or_no_passkey_is_said_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("passkeys.json");
    fs::write(&file, "my diary").unwrap();
    let out = run(folder.path(), &["credentials", "list"], "");
    assert_eq!(out.status.code(), Some(2), "{out:?}");
    assert_eq!(fs::read(&file).unwrap(), b"my diary");
    fs::remove_file(&file).unwrap();

    for wrong in ["", "[1]", "{}", r#"[{"credentialId": "AA"}]"#] {
        let out = run(folder.path(), &["credentials", "import"], wrong);
        assert_eq!(out.status.code(), Some(2), "{out:?}");
        assert!(!file.exists());
    }
    create(folder.path(), "a");
    let other = ["get", "--origin", ORIGIN, "--profile", "roaming"];
    assert_eq!(run(folder.path(), &other, "{}").status.code(), Some(2));
}

/// Whatever was answered is kept, and the file is always whole.
#[test]
fn a_hundred_kills_lose_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut answered = Vec::new();
    for round in 0..100_u64 {
        let options = folder.path().join("options.json");
        fs::write(&options, creation(&format!("user {round}")).to_string()).unwrap();
        let mut child = Command::new(PROGRAM)
            .args(["authenticator", "create", "--origin", ORIGIN, "--options"])
            .arg(&options)
            .current_dir(folder.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_micros(250 * (round % 60)));
        child.kill().unwrap();
        let out = child.wait_with_output().unwrap();
        if let Ok(response) = serde_json::from_slice::<Value>(&out.stdout) {
            answered.push(response["id"].clone());
        }
    }
    answered.push(create(folder.path(), "the last")["id"].clone());
    let out = run(folder.path(), &["credentials", "list", "--json"], "");
    let kept: Vec<Value> = serde_json::from_slice(&out.stdout).unwrap();
    for id in answered {
        assert!(kept.iter().any(|passkey| passkey["credentialId"] == id), "{id} is lost");
    }
}

const ORIGIN: &str = "https://login.passrig.test";

/// The client data name the app; the options must name the RP ID.
#[test]
fn an_app_registers() {
    let folder = tempfile::tempdir().unwrap();
    let app = "android:apk-key-hash:pNiP5iKyQ8JwgGOaKA1zGPUPJIS-0H1xKCQcfIoGLck";
    let arguments = ["create", "--origin", app];
    let out = run(folder.path(), &arguments, &creation("a").to_string());
    assert!(out.status.success(), "{out:?}");
    let response: Value = serde_json::from_slice(&out.stdout).unwrap();
    let data = response["response"]["clientDataJSON"].as_str().unwrap();
    let data: Value = serde_json::from_slice(&base64url::decode(data).unwrap()).unwrap();
    assert_eq!(data["origin"], app);

    let mut unnamed = creation("a");
    unnamed["rp"].as_object_mut().unwrap().remove("id");
    let out = run(folder.path(), &arguments, &unnamed.to_string());
    let said = String::from_utf8_lossy(&out.stderr);
    assert!(!out.status.success() && said.starts_with("SecurityError"), "{said}");
    let out = run(folder.path(), &["create", "--origin", "ios:example"], "{}");
    assert_eq!(out.status.code(), Some(2));
}

fn creation(user: &str) -> Value {
    json!({
        "rp": { "id": "passrig.test", "name": "tests" },
        "user": { "id": base64url::encode(user.as_bytes()), "name": user, "displayName": user },
        "challenge": "AAAA",
        "pubKeyCredParams": [{ "type": "public-key", "alg": -7 }],
        "authenticatorSelection": { "residentKey": "required" },
    })
}

fn create(folder: &Path, user: &str) -> Value {
    let out = run(folder, &["create", "--origin", ORIGIN], &creation(user).to_string());
    assert!(out.status.success(), "{out:?}");
    serde_json::from_slice(&out.stdout).unwrap()
}

fn run(folder: &Path, arguments: &[&str], input: &str) -> Output {
    let mut child = Command::new(PROGRAM)
        .arg("authenticator")
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A program that does not want its input closes it.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}
