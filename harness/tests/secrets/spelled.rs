//! A secret in every way in which it may be written.

use passrig_authenticator::wire::base64url::Variant;

/// One spelling: its name, and the text.
pub(crate) struct Spelled {
    pub(crate) name: &'static str,
    pub(crate) text: String,
    /// The part of the text that no reader may find.
    pub(crate) telling: String,
}

/// All spellings of a secret.
pub(crate) fn spelled(secret: &str) -> Vec<Spelled> {
    let json = serde_json::to_string(secret).unwrap();
    let json = json[1..json.len() - 1].to_owned();
    let each = |one: &dyn Fn(char) -> String| secret.chars().map(one).collect::<String>();
    let bytes = |one: &dyn Fn(u8) -> String| secret.bytes().map(one).collect::<String>();
    let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let percent = bytes(&|byte| match unreserved(byte) {
        true => char::from(byte).to_string(),
        false => format!("%{byte:02X}"),
    });
    let in_json = |c: char| -> String {
        c.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")).collect()
    };
    let in_html = |c: char| match c {
        '&' => "&amp;".to_owned(),
        '<' => "&lt;".to_owned(),
        '>' => "&gt;".to_owned(),
        '"' => "&quot;".to_owned(),
        other => other.to_string(),
    };
    let mut at = 0;
    let partly = bytes(&|byte| match (unreserved(byte), byte % 3) {
        (true, 0 | 1) => char::from(byte).to_string(),
        _ => format!("%{byte:02x}"),
    });
    let quoted = secret.replace('\\', "\\\\").replace('"', "\\\"");
    let texts = [
        ("raw", secret.to_owned()),
        ("percent", percent.clone()),
        (
            "percent-lower",
            bytes(&|byte| match unreserved(byte) {
                true => char::from(byte).to_string(),
                false => format!("%{byte:02x}"),
            }),
        ),
        ("percent-partly", partly),
        ("percent-all", bytes(&|byte| format!("%{byte:02X}"))),
        ("percent-twice", percent.replace('%', "%25")),
        ("form", percent.replace("%20", "+")),
        ("json", json.clone()),
        ("json-slash", json.replace('/', "\\/")),
        ("json-u", each(&in_json)),
        ("json-U", each(&in_json).to_uppercase().replace("\\U", "\\u")),
        ("json-html", json.replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026")),
        ("json-in-json", json.replace('\\', "\\\\").replace('"', "\\\"")),
        (
            "script",
            bytes(&|byte| match byte.is_ascii() {
                true => format!("\\x{byte:02x}"),
                false => String::new(),
            }),
        ),
        ("quoted", quoted),
        ("html", each(&in_html)),
        ("html-decimal", each(&|c| format!("&#{};", u32::from(c)))),
        ("html-hex", each(&|c| format!("&#x{:X};", u32::from(c)))),
        ("html-zeros", each(&|c| format!("&#{:07};", u32::from(c)))),
        ("hex", bytes(&|byte| format!("{byte:02x}"))),
        ("HEX", bytes(&|byte| format!("{byte:02X}"))),
    ];
    let texts = texts.into_iter().filter(|(name, _)| *name != "script" || secret.is_ascii());
    let mut all: Vec<_> =
        texts.map(|(name, text)| Spelled { name, telling: text.clone(), text }).collect();
    for variant in [Variant::Base64, Variant::Base64url] {
        for before in ["", "x", "xy"] {
            let bytes = format!("{before}{secret}").into_bytes();
            let text = variant.encode(&bytes);
            // Only these letters depend on nothing but the secret.
            let telling = text[(before.len() * 8).div_ceil(6)..bytes.len() * 8 / 6].to_owned();
            let name =
                ["base64-0", "base64-1", "base64-2", "base64url-0", "base64url-1", "base64url-2"];
            all.push(Spelled { name: name[at], text, telling });
            at += 1;
        }
    }
    all
}
