//! Names that say whether a value is secret.

use std::collections::HashSet;
use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind};

/// A name with one of these in it names a secret. A space stands where two words meet.
const PARTS: [&str; 27] = [
    "token",
    "secret",
    "passw",
    "pass phrase",
    "pass code",
    "pwd",
    "api key",
    "access key",
    "auth key",
    "private key",
    "signing key",
    "encryption key",
    "csrf",
    "xsrf",
    "jwt",
    "sess id",
    "session id",
    "session key",
    "session cookie",
    "recovery code",
    "recovery key",
    "backup code",
    "scratch code",
    "security code",
    "two factor code",
    "seed phrase",
    "mnemonic",
];

/// Names of secrets that are parts of harmless names.
const WHOLE: [&str; 27] = [
    "session",
    "session data",
    "sid",
    "otp",
    "totp",
    "hotp",
    "otp code",
    "totp code",
    "otp auth",
    "pin",
    "pin code",
    "pass",
    "auth",
    "authorization",
    "proxy authorization",
    "bearer",
    "cookie",
    "set cookie",
    "ticket",
    "one time code",
    "verification code",
    "mfa code",
    "sms code",
    "magic link",
    "reset link",
    "connect sid",
    "cfid",
];

/// A name with one of these at its end is about a secret, and names none. Also the extensions of
/// WebAuthn that are called secrets or tokens.
const ABOUT: [&str; 48] = [
    "type",
    "expires",
    "expiresin",
    "expiresat",
    "expiry",
    "expiration",
    "timeout",
    "ttl",
    "lifetime",
    "maxage",
    "url",
    "uri",
    "href",
    "endpoint",
    "name",
    "length",
    "policy",
    "required",
    "enabled",
    "strength",
    "alg",
    "algorithm",
    "count",
    "method",
    "binding",
    "login",
    "less",
    "status",
    "hint",
    "label",
    "header",
    "parameter",
    "parametername",
    "field",
    "rules",
    "message",
    "error",
    "errors",
    "supported",
    "mode",
    "format",
    "size",
    "limit",
    "placeholder",
    "hmacsecret",
    "hmaccreatesecret",
    "hmacgetsecret",
    "reset",
];

/// Names of what WebAuthn sends and of users: their values are evidence.
const PUBLIC: [&str; 18] = [
    "challenge",
    "user",
    "email",
    "origin",
    "rpid",
    "clientdata",
    "attestation",
    "authenticator",
    "signature",
    "credential",
    "publickey",
    "pubkey",
    "transports",
    "aaguid",
    "algorithm",
    "displayname",
    "rawid",
    "extensions",
];

static SECRET: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
    let parts = PARTS.map(|part| part.replace(' ', ""));
    AhoCorasick::builder().kind(Some(AhoCorasickKind::DFA)).build(parts).ok()
});

static WHOLE_SQUEEZED: LazyLock<HashSet<String>> =
    LazyLock::new(|| WHOLE.into_iter().map(|name| name.replace(' ', "")).collect());

/// True if a header, member, field or parameter of this name holds a secret.
pub(crate) fn names_a_secret(name: &str) -> bool {
    /// A longer name says nothing.
    const LONGEST: usize = 64;
    if name.len() < 3 || name.len() > LONGEST {
        return false;
    }
    let name = normalised(name);
    if WHOLE_SQUEEZED.contains(&*name) {
        return true;
    }
    let has_part = SECRET.as_ref().is_some_and(|parts| parts.is_match(name.as_bytes()));
    has_part && !ABOUT.iter().any(|end| name.ends_with(end))
}

/// True if a member of this name, beside a secret, says something about the secret.
pub(super) fn is_about(name: &str) -> bool {
    let ends = |end: &&str| name.len() >= end.len() && normalised(name).ends_with(*end);
    name.ends_with("At") || name.ends_with("_at") || ABOUT.iter().any(ends)
}

/// True if a hidden field or a member of this name holds evidence: something of WebAuthn, or the
/// name of a user.
pub(super) fn is_public(name: &str) -> bool {
    let name = normalised(name);
    PUBLIC.iter().any(|part| name.contains(part)) && !name.contains("token")
}

/// The letters and digits of a name, in lower case.
fn normalised(name: &str) -> String {
    let plain = name.chars().filter(char::is_ascii_alphanumeric);
    plain.map(|c| c.to_ascii_lowercase()).collect()
}

/// Beginnings of the names of secrets, as they are spelled in texts. A text without one of these
/// has no name of a secret: a quick look before a slow one.
static HINTS: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
    let mut hints = vec!["hidden".to_owned(), "\\u00".to_owned()];
    for name in PARTS {
        // One word, or two: the beginning of a longer name is enough.
        let mut words = name.splitn(3, ' ');
        let two = [words.next(), words.next()].map(Option::unwrap_or_default);
        hints.extend(JOINTS.map(|joint| two.join(joint)).map(|hint| {
            let hint = hint.trim_end_matches(['_', '-', '.', ' ']);
            hint.to_owned()
        }));
    }
    for name in WHOLE {
        // Names of a few letters count with the mark behind a name: "residentKey" has "sid" in it.
        let spelled = JOINTS.map(|joint| name.replace(' ', joint));
        hints.extend(spelled.iter().flat_map(|name| ENDS.map(|end| format!("{name}{end}"))));
    }
    let builder = &mut AhoCorasick::builder();
    builder.ascii_case_insensitive(true).kind(Some(AhoCorasickKind::DFA)).build(hints).ok()
});

/// Marks that stand between the words of a name.
const JOINTS: [&str; 4] = ["", "_", "-", "."];
/// Marks that stand behind a name.
const ENDS: [&str; 10] = ["\"", "'", "=", ">", " ", ":", "\\", "&", "[", "%"];

/// True if a text may have a name of a secret in it.
pub(super) fn may_name_a_secret(text: &[u8]) -> bool {
    HINTS.as_ref().is_none_or(|hints| hints.is_match(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_secrets() {
        for name in [
            "token",
            "access_token",
            "refreshToken",
            "id_token",
            "jwt",
            "client-secret",
            "X-Auth-Token",
            "x-api-key",
            "X-CSRF-Token",
            "_xsrf",
            "jsessionid",
            "PHPSESSID",
            "session",
            "session_id",
            "otp",
            "pin",
            "recovery_codes",
            "backupCodes",
            "__RequestVerificationToken",
            "masterPasswordHash",
        ] {
            assert!(names_a_secret(name), "{name}");
        }
    }

    #[test]
    fn each_spelling_of_each_name_is_hinted_at() {
        for name in PARTS.into_iter().chain(WHOLE) {
            let name = if name == "passw" { "passw ord" } else { name };
            for spelled in JOINTS.map(|joint| name.replace(' ', joint)) {
                for spelled in [spelled.to_uppercase(), spelled] {
                    assert!(names_a_secret(&spelled), "{spelled}");
                    for end in ENDS {
                        let text = format!("{{{spelled}{end}");
                        assert!(may_name_a_secret(text.as_bytes()), "{text}");
                    }
                }
            }
        }
    }

    /// Options, results and pages of an RP have no hint, so that they are not searched.
    #[test]
    fn texts_of_webauthn_have_no_hint() {
        let texts = r#"{"challenge":"x","rp":{"id":"localhost"},"user":{"id":"dQ","name":"ann"},
            "pubKeyCredParams":[{"type":"public-key","alg":-7}],"authenticatorSelection":
            {"residentKey":"preferred","userVerification":"required"},"attestation":"none",
            "extensions":{"credProps":true,"prf":{"eval":{"first":"AA"}}},"status":"ok",
            "errorMessage":"","passkeys":[],"authenticatorAttachment":"platform"}"#;
        assert!(!may_name_a_secret(texts.as_bytes()));
    }

    #[test]
    fn names_of_other_things() {
        for name in [
            "challenge",
            "credential",
            "clientDataJSON",
            "rawId",
            "id",
            "publicKey",
            "pubKeyCredParams",
            "token_type",
            "tokenBinding",
            "expires_in",
            "passwordless",
            "hmacCreateSecret",
            "footprint",
            "authenticatorData",
            "session_timeout",
            "_csrf_header",
            "username",
        ] {
            assert!(!names_a_secret(name), "{name}");
        }
    }
}
