//! Clients of Level 2 and of Level 3.

use passrig_authenticator::Client;
use passrig_authenticator::client::{Generation, Origin};
use passrig_authenticator::device::Profile;
use serde_json::json;

use crate::support::{self, *};

fn client(generation: Generation, profile: Profile) -> Client {
    let mut client = support::client([profile]);
    client.generation = generation;
    client
}

#[test]
fn framed_pages_tell_by_whom_since_level_3() {
    for (generation, top) in [(Generation::Level2, false), (Generation::Level3, true)] {
        let mut client = client(generation, Profile::platform());
        client.top_origin = Some(Origin::parse("https://example.com").unwrap());
        for response in [client.create(&discoverable()), client.get(&request())] {
            let data = client_data(&response.unwrap());
            assert!(data.contains(r#""crossOrigin":true"#), "{data}");
            assert_eq!(data.contains("topOrigin"), top, "{data}");
        }
    }
}

#[test]
fn level_2_hides_the_model_where_no_attestation_is_wanted() {
    let own = Profile::roaming().aaguid;
    for (generation, wanted, aaguid, format) in [
        (Generation::Level2, json!(null), [0; 16], "none"),
        (Generation::Level2, json!("none"), [0; 16], "none"),
        (Generation::Level2, json!("direct"), own, "packed"),
        (Generation::Level3, json!("none"), own, "none"),
    ] {
        let options = with(creation(), &[("attestation", wanted)]);
        let made = client(generation, Profile::roaming()).create(&options).unwrap();
        assert_eq!(authenticator_data(&made).attested.unwrap().aaguid, aaguid);
        assert_eq!(attestation(&made).fmt, format);
    }
}

#[test]
fn level_2_knows_neither_prf_nor_attestation_formats() {
    let options = with(
        creation(),
        &[
            ("attestation", json!("direct")),
            ("attestationFormats", json!(["none"])),
            ("extensions/prf", json!({})),
        ],
    );
    for (generation, format, results) in [
        (Generation::Level2, "packed", json!({})),
        (Generation::Level3, "none", json!({"prf": {"enabled": true}})),
    ] {
        let made = client(generation, Profile::roaming()).create(&options).unwrap();
        assert_eq!(attestation(&made).fmt, format);
        assert_eq!(made["clientExtensionResults"], results);
    }
}
