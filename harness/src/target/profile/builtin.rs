//! The adapters that are compiled in.

use std::sync::{Arc, LazyLock};

use super::Profile;

const FILES: [(&str, &str); 9] = [
    ("reference.toml", include_str!("../../../adapters/reference.toml")),
    ("fido-conformance.toml", include_str!("../../../adapters/fido-conformance.toml")),
    ("simplewebauthn-example.toml", include_str!("../../../adapters/simplewebauthn-example.toml")),
    ("better-auth.toml", include_str!("../../../adapters/better-auth.toml")),
    ("webauthn-io.toml", include_str!("../../../adapters/webauthn-io.toml")),
    ("python-fido2-example.toml", include_str!("../../../adapters/python-fido2-example.toml")),
    ("webauthn-rs-tutorial.toml", include_str!("../../../adapters/webauthn-rs-tutorial.toml")),
    ("yubico-demo.toml", include_str!("../../../adapters/yubico-demo.toml")),
    ("webauthn4j.toml", include_str!("../../../adapters/webauthn4j.toml")),
];

static PROFILES: LazyLock<Vec<Arc<Profile>>> = LazyLock::new(|| {
    let profiles = FILES.iter().map(|(file, text)| Profile::parse(file, text));
    // A test proves that every one of them parses.
    profiles.filter_map(|profile| profile.ok().map(Arc::new)).collect()
});

/// The adapters that are built in.
pub fn builtin() -> &'static [Arc<Profile>] {
    &PROFILES
}

/// The built-in adapter of that id.
pub fn named(id: &str) -> Option<Arc<Profile>> {
    builtin().iter().find(|profile| profile.id == id).cloned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_one_parses_and_is_named_after_its_file() {
        for (file, text) in FILES {
            let profile =
                Profile::parse(file, text).map_err(|mistake| miette::Report::new(*mistake));
            assert_eq!(format!("{}.toml", profile.unwrap().id), file);
        }
        assert_eq!(builtin().len(), FILES.len());
        assert!(named("reference").is_some());
        assert!(named("nobody").is_none());
    }
}
