//! Names that say whether a value is secret.

use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind};

/// A name with one of these in it names a secret.
const PARTS: [&str; 22] = [
    "token",
    "secret",
    "passw",
    "passphrase",
    "passcode",
    "pwd",
    "apikey",
    "accesskey",
    "authkey",
    "privatekey",
    "signingkey",
    "csrf",
    "xsrf",
    "jwt",
    "sessid",
    "sessionid",
    "sessionkey",
    "recoverycode",
    "recoverykey",
    "backupcode",
    "scratchcode",
    "mnemonic",
];

/// Names of secrets that are parts of harmless names.
const WHOLE: [&str; 26] = [
    "session",
    "sid",
    "otp",
    "totp",
    "hotp",
    "otpcode",
    "totpcode",
    "pin",
    "pass",
    "auth",
    "xauth",
    "authorization",
    "proxyauthorization",
    "xauthorization",
    "bearer",
    "cookie",
    "setcookie",
    "ticket",
    "onetimecode",
    "verificationcode",
    "mfacode",
    "smscode",
    "magiclink",
    "connectsid",
    "cfid",
    "xsession",
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

static SECRET: LazyLock<Option<AhoCorasick>> =
    LazyLock::new(|| AhoCorasick::builder().kind(Some(AhoCorasickKind::DFA)).build(PARTS).ok());

/// Whether a header, member, field or parameter of this name holds a secret.
pub(in super::super) fn names_a_secret(name: &str) -> bool {
    /// A longer name says nothing.
    const LONGEST: usize = 64;
    if name.len() < 3 || name.len() > LONGEST {
        return false;
    }
    let name = squeezed(name);
    if WHOLE.contains(&&*name) {
        return true;
    }
    let has_part = SECRET.as_ref().is_some_and(|parts| parts.is_match(name.as_bytes()));
    has_part && !ABOUT.iter().any(|end| name.ends_with(end))
}

/// Whether a member of this name, beside a secret, says something about the secret.
pub(super) fn is_about(name: &str) -> bool {
    let ends = |end: &&str| name.len() >= end.len() && squeezed(name).ends_with(*end);
    name.ends_with("At") || name.ends_with("_at") || ABOUT.iter().any(ends)
}

/// Whether a hidden field or a member of this name holds evidence: something of WebAuthn, or the
/// name of a user.
pub(super) fn is_public(name: &str) -> bool {
    let name = squeezed(name);
    PUBLIC.iter().any(|part| name.contains(part)) && !name.contains("token")
}

/// The letters and digits of a name, in lower case.
fn squeezed(name: &str) -> String {
    let plain = name.chars().filter(char::is_ascii_alphanumeric);
    plain.map(|c| c.to_ascii_lowercase()).collect()
}

/// A text without one of these has no name of a secret: a quick look before a slow one.
static HINTS: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
    // Names of a few letters count with what stands behind a name: "residentKey" has "sid" in it.
    const HINTS: [&str; 63] = [
        "token",
        "secret",
        "passw",
        "passp",
        "passc",
        "pass\"",
        "pass=",
        "pass'",
        "pass>",
        "pass ",
        "pwd",
        "apikey",
        "api_key",
        "api-key",
        "accesskey",
        "access_key",
        "access-key",
        "authkey",
        "auth_key",
        "auth-key",
        "auth\"",
        "authorization",
        "privatek",
        "private_k",
        "private-k",
        "signing",
        "csrf",
        "xsrf",
        "jwt",
        "sess",
        "sid\"",
        "sid=",
        "sid'",
        "sid>",
        "sid ",
        "otp",
        "pin\"",
        "pin=",
        "pin'",
        "pin>",
        "pin ",
        "auth=",
        "auth'",
        "auth>",
        "code=",
        "code'",
        "code>",
        "link=",
        "link'",
        "link>",
        "onetime",
        "bearer",
        "cookie",
        "ticket",
        "recover",
        "backup",
        "scratch",
        "mnemonic",
        "\\u00",
        "code\"",
        "link\"",
        "hidden",
        "cfid",
    ];
    let builder = &mut AhoCorasick::builder();
    builder.ascii_case_insensitive(true).kind(Some(AhoCorasickKind::DFA)).build(HINTS).ok()
});

/// Whether a text may have a name of a secret in it.
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
            assert!(
                name.len() < 5 || may_name_a_secret(format!("\"{name}\"").as_bytes()),
                "{name}"
            );
        }
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
