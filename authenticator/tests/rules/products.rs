//! Named products do what the products do.

use passrig_authenticator::Client;
use passrig_authenticator::client::Origin;
use passrig_authenticator::device::Profile;
use passrig_authenticator::env::Seeded;
use serde_json::json;

#[test]
fn every_name_is_a_profile_and_every_file_has_a_name() {
    let files = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/profiles")).unwrap();
    assert_eq!(files.count() + 2, Profile::names().count());
    for name in Profile::names() {
        let profile = Profile::named(name).unwrap_or_else(|| panic!("{name}"));
        assert!(profile.backup_eligible || !profile.backup_state, "{name}");
        assert!(profile.transports.is_sorted(), "{name}");
    }
    assert_eq!(Profile::named("nokia"), None);
    let icloud = Profile::named("icloud-keychain").unwrap();
    assert_eq!(icloud.aaguid[..4], [0xfb, 0xfc, 0x30, 0x07]);
}

#[test]
fn every_product_registers_and_signs_in() {
    for name in Profile::names() {
        let profile = Profile::named(name).unwrap();
        let origin = Origin::parse("https://login.passrig.test").unwrap();
        let mut client = Client::with_env(origin, Seeded::new(name)).with_authenticator(profile);
        let made = client
            .create(&json!({
                "rp": { "id": "passrig.test", "name": "tests" },
                "user": { "id": "AQ", "name": "a", "displayName": "A" },
                "challenge": "AAAA",
                "pubKeyCredParams": [],
                "attestation": "direct",
            }))
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        let allow = json!([{ "type": "public-key", "id": made["id"] }]);
        let used = client.get(&json!({
            "rpId": "passrig.test", "challenge": "AAAA", "allowCredentials": allow,
        }));
        assert_eq!(used.unwrap()["id"], made["id"], "{name}");
    }
}
