//! Writes the inputs that fuzzing begins with to `corpus/TARGET/`: published
//! vectors for the decoders, the catalogue's deviations for the ceremony, and
//! the files that come with passrig.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use passrig_vectors::Vector;
use serde_json::{Value, json};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// In the order of `passrig_fuzz::decoders::ALL`.
const DECODERS: [&str; 17] = [
    "cbor",
    "der",
    "json",
    "base64url",
    "client-data",
    "authenticator-data",
    "attestation-object",
    "cose-key",
    "private-key",
    "registration-response",
    "authentication-response",
    "options",
    "edit",
    "origin",
    "statement",
    "passkeys",
    "answer",
];

fn main() -> Result<()> {
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let corpus = Corpus(fuzz.join("corpus"));
    // Nothing is written for the client, but libFuzzer wants the folder.
    fs::create_dir_all(corpus.0.join("client"))?;
    for vector in passrig_vectors::w3c()? {
        corpus.vector(&vector)?;
    }
    corpus.words()?;
    for file in files(&fuzz.join("../harness/catalogue"))? {
        let text = fs::read_to_string(&file)?;
        corpus.deviations(&name(&file), &text)?;
        corpus.families(&name(&file), &text)?;
    }
    for file in files(&fuzz.join("../harness/adapters"))? {
        let text = format!("a{}", fs::read_to_string(&file)?);
        corpus.add("profiles", &format!("adapter-{}", name(&file)), text.as_bytes())?;
    }
    corpus.add("profiles", "configuration", CONFIGURATION.as_bytes())
}

const CONFIGURATION: &str = r#"pfail_on = "must:medium"
[target]
rp = "http://localhost:3000"
adapter = "reference"
origin = "https://login.example.org"
connect_to = "127.0.0.1:3000"
[policy]
"registration.origin.*" = { level = "must" }
[[expect]]
check = "registration.origin.*"
outcome = "fail"
reason = "known"
expires = 2030-12-31
"#;

struct Corpus(PathBuf);

impl Corpus {
    fn add(&self, target: &str, name: &str, octets: &[u8]) -> Result<()> {
        let folder = self.0.join(target);
        fs::create_dir_all(&folder)?;
        Ok(fs::write(folder.join(name), octets)?)
    }

    fn decode(&self, decoder: &str, name: &str, octets: &[u8]) -> Result<()> {
        let number = DECODERS.iter().position(|known| *known == decoder).ok_or("no decoder")?;
        let input = [&[u8::try_from(number)?], octets].concat();
        self.add("decoders", &format!("{decoder}-{name}"), &input)
    }

    fn vector(&self, vector: &Vector) -> Result<()> {
        let id = vector.id.as_str();
        for (ceremony, of) in [("create", &vector.registration), ("get", &vector.authentication)] {
            let name = format!("{id}-{ceremony}");
            for (field, decoder) in [
                ("clientDataJSON", "client-data"),
                ("clientDataJSON", "json"),
                ("authenticatorData", "authenticator-data"),
                ("attestationObject", "attestation-object"),
                ("attestationObject", "cbor"),
                ("signature", "der"),
                ("attestation_cert", "der"),
            ] {
                if let Some(octets) = of.field(field) {
                    self.decode(decoder, &name, &octets)?;
                }
            }
        }
        let Some(object) = vector.registration.field("attestationObject") else { return Ok(()) };
        // {"fmt": …, "attStmt": …, "authData": …}, in this order.
        let after = |name: &[u8]| {
            let at = object.windows(name.len()).position(|window| window == name)?;
            Some(at + name.len())
        };
        let (Some(start), Some(end)) = (after(b"attStmt"), after(b"authData")) else {
            return Ok(());
        };
        let statement = &object[start..end - b"hauthData".len()];
        for format in 0..8 {
            let input = [&[format], statement].concat();
            self.decode("statement", &format!("{id}-{format}"), &input)?;
        }
        let data = &object[end..];
        if let Some(key) = data.windows(2).position(|two| matches!(two, [0xa3..=0xa5, 0x01])) {
            self.decode("cose-key", id, &data[key..])?;
        }
        Ok(())
    }

    /// Inputs of the decoders that no vector has.
    fn words(&self) -> Result<()> {
        let options = json!({
            "rp": { "id": "example.org", "name": "" },
            "user": { "id": "AAAA", "name": "ada", "displayName": "Ada" },
            "challenge": "AAAA",
            "rpId": "example.org",
            "pubKeyCredParams": [{ "type": "public-key", "alg": -7 }],
            "excludeCredentials": [{ "type": "public-key", "id": "AAAA", "transports": ["usb"] }],
            "authenticatorSelection": { "residentKey": "required" },
            "extensions": { "prf": { "eval": { "first": "AAAA" } } },
        });
        self.decode("options", "both", options.to_string().as_bytes())?;
        let inner = json!({
            "clientDataJSON": "AAAA",
            "attestationObject": "AAAA",
            "authenticatorData": "AAAA",
            "signature": "AAAA",
            "userHandle": "AAAA",
            "transports": ["usb"],
            "publicKeyAlgorithm": -7,
        });
        let response = json!({
            "id": "AAAA",
            "rawId": "AAAA",
            "type": "public-key",
            "authenticatorAttachment": "platform",
            "clientExtensionResults": { "credProps": { "rk": true } },
            "response": inner,
        });
        let response = response.to_string();
        self.decode("registration-response", "whole", response.as_bytes())?;
        self.decode("authentication-response", "whole", response.as_bytes())?;
        self.decode("base64url", "text", b"AAAA-_8")?;
        for (number, origin) in
            ["https://login.example.org:8443", "http://[::1]:3000", "android:apk-key-hash:AAAA"]
                .iter()
                .enumerate()
        {
            self.decode("origin", &number.to_string(), origin.as_bytes())?;
        }
        let path = "statement.x5c[0].extensions[1.3.6.1].critical";
        self.decode("edit", "path", path.as_bytes())?;
        let answer = "\u{3}\0set-cookie:a=b; Secure\nretry-after: 7\nlocation:/\n\n";
        let mut options = options;
        options["status"] = "ok".into();
        for adapter in 0..8 {
            let text = format!("{answer}{options}");
            let input = [&[adapter], &text.as_bytes()[1..]].concat();
            self.decode("answer", &adapter.to_string(), &input)?;
        }
        let passkeys = json!({
            "version": 1,
            "profile": "platform",
            "seed": "x",
            "made": 1,
            "signed": 0,
            "credentials": [],
        });
        self.decode("passkeys", "none", passkeys.to_string().as_bytes())
    }

    /// Each deviation of a chapter, for both ceremonies.
    fn deviations(&self, chapter: &str, text: &str) -> Result<()> {
        let chapter_of: Value = toml::from_str(text)?;
        let families = chapter_of["family"].as_array().into_iter().flatten();
        let cases = families.flat_map(|family| family["case"].as_array().into_iter().flatten());
        for (number, case) in cases.enumerate() {
            let Some(edits) = case.get("deviation") else { continue };
            let edits = edits.to_string();
            // The edits follow as JSON; attestation is asked for.
            for (ceremony, first) in [("create", 0b10_1001), ("get", 0b11_1010)] {
                let input = [&[first], edits.as_bytes()].concat();
                self.add("ceremony", &format!("{chapter}-{number}-{ceremony}"), &input)?;
            }
        }
        Ok(())
    }

    /// Each family of a chapter as a file of its own: whole chapters are long.
    fn families(&self, chapter: &str, text: &str) -> Result<()> {
        let mut starts = text.match_indices("[[family]]").map(|(at, _)| at).peekable();
        let mut number = 0;
        while let Some(start) = starts.next() {
            let family = &text[start..starts.peek().copied().unwrap_or(text.len())];
            self.add("profiles", &format!("{chapter}-{number}"), format!("c{family}").as_bytes())?;
            number += 1;
        }
        Ok(())
    }
}

fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder)?.map(|entry| Ok(entry?.path()));
    let mut files = entries.collect::<Result<Vec<_>>>()?;
    files.retain(|file| file.extension().is_some_and(|extension| extension == "toml"));
    files.sort();
    Ok(files)
}

fn name(file: &Path) -> String {
    file.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}
