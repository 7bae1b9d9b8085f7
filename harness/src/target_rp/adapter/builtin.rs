//! The adapters that are compiled in.

use std::sync::{Arc, LazyLock};

use super::Adapter;

macro_rules! files {
    ($($id:literal),* $(,)?) => {
        &[$((concat!($id, ".toml"), include_str!(concat!("../../../adapters/", $id, ".toml")))),*]
    };
}

/// Those that were run against the real thing, then the others.
const FILES: &[(&str, &str)] = files![
    "reference",
    "reference-second-factor",
    "fido-conformance",
    "simplewebauthn-example",
    "better-auth",
    "webauthn-io",
    "python-fido2-example",
    "webauthn-rs-tutorial",
    "go-webauthn-example",
    "django-otp-webauthn",
    "yubico-demo",
    "webauthn4j",
    "spring-security",
    "keycloak-passkeys",
    "keycloak-second-factor",
    "keycloak-passwordless",
    "exec",
    "aspnetcore-identity",
    "authelia",
    "authentik",
    "devise-webauthn",
    "django-allauth",
    "gitlab-second-factor",
    "hanko",
    "kanidm",
    "logto-passkeys",
    "logto-second-factor",
    "nextcloud",
    "ory-kratos",
    "passport-fido2-webauthn",
    "rauthy",
    "supabase-passkeys",
    "supabase-second-factor",
    "vaultwarden",
    "webauthn-ruby-demo",
    "webauthn4j-spring-security-sample",
    "zitadel",
];

static PROFILES: LazyLock<Vec<Arc<Adapter>>> = LazyLock::new(|| {
    let adapters = FILES.iter().map(|(file, text)| Adapter::parse(file, text));
    // A test proves that every one of them parses.
    adapters.filter_map(|adapter| adapter.ok().map(Arc::new)).collect()
});

/// The adapters that are built in.
pub fn builtin() -> &'static [Arc<Adapter>] {
    &PROFILES
}

/// The built-in adapter of that id.
pub fn named(id: &str) -> Option<Arc<Adapter>> {
    builtin().iter().find(|adapter| adapter.id == id).cloned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_one_parses_and_is_named_after_its_file() {
        for (file, text) in FILES {
            let adapter =
                Adapter::parse(file, text).map_err(|mistake| miette::Report::new(*mistake));
            assert_eq!(format!("{}.toml", adapter.unwrap().id), *file);
        }
        assert_eq!(builtin().len(), FILES.len());
        assert!(named("reference").is_some());
        assert!(named("nobody").is_none());
    }
}
