//! The metadata of all models of authenticators.

use serde_json::{Value, json};

use crate::attestation::metadata::{Blob, Listing, Model};
use crate::attestation::pki::Authority;
use crate::device::Profile;
use crate::env::Seeded;
use crate::keys;
use crate::wire::cose::Algorithm;
use crate::wire::{Der, base64url};

fn models(env: &mut Seeded) -> Vec<Model> {
    let profiles = Profile::names().map(|name| (name, Profile::named(name).unwrap()));
    profiles.map(|(name, profile)| profile.model(name, env).unwrap()).collect()
}

/// Header, payload and whether the signature is that of the signer.
fn read(blob: &str) -> (Value, Value, bool) {
    let (input, signature) = blob.rsplit_once('.').unwrap();
    let (header, payload) = input.split_once('.').unwrap();
    let json = |part| serde_json::from_slice(&base64url::decode(part).unwrap()).unwrap();
    let (header, payload): (Value, Value) = (json(header), json(payload));
    let leaf = base64url::decode_lenient(header["x5c"][0].as_str().unwrap()).unwrap();
    let leaf = Der::decode_strict(&leaf).unwrap();
    let info = leaf.items().unwrap()[0].items().unwrap()[6].render();
    let key = keys::from_spki(Algorithm::ES256, &info).unwrap();
    let signature = base64url::decode(signature).unwrap();
    let (r, s) = signature.split_at(signature.len().min(32));
    let signature = Der::sequence([Der::unsigned(r), Der::unsigned(s)]).render();
    (header, payload, keys::verify(&key, input.as_bytes(), &signature).is_ok())
}

#[test]
fn each_wrong_blob_is_wrong_in_its_point() {
    let env = &mut Seeded::new("test");
    let models = models(env);
    let blobs = Blob::ALL.map(|blob| (blob, blob.sign(&models, env).unwrap()));
    let (_, honest, _) = read(&blobs[0].1);
    let numbers = |payload: &Value| (payload["no"].clone(), payload["nextUpdate"].clone());
    for (blob, jws) in &blobs {
        let unsigned = *blob == Blob::Unsigned;
        let (header, payload, verifies) = read(jws);
        assert_eq!(verifies, *blob != Blob::BadSignature && !unsigned, "{blob:?}");
        let is_es256 = *blob != Blob::WrongAlgorithm && !unsigned;
        assert_eq!(header["alg"] == "ES256", is_es256, "{blob:?}");
        let says_the_same = !matches!(blob, Blob::Expired | Blob::Older);
        assert_eq!(numbers(&payload) == numbers(&honest), says_the_same, "{blob:?}");
    }
    assert_eq!(honest["no"], 2);
}

#[test]
fn every_listing_is_in_one_blob_at_most() {
    let env = &mut Seeded::new("test");
    let payloads = Blob::ALL.map(|blob| read(&blob.sign(&[], env).unwrap()).1.to_string());
    let common = Authority::root(env).unwrap();
    for listing in Listing::ALL {
        let aaguid = listing.model(&common).unwrap().grouped_aaguid();
        let places = payloads.iter().filter(|payload| payload.contains(&aaguid));
        assert_eq!(places.count(), usize::from(listing.blob.is_some()), "{}", listing.name);
    }
}

#[test]
fn every_model_has_one_entry() {
    let models = models(&mut Seeded::new("test"));
    let common = Authority::root(&mut Seeded::new("test")).unwrap();
    let payload = Blob::Honest.payload(&models, &common).unwrap().into_value().unwrap();
    let entries = payload["entries"].as_array().unwrap();
    let listed = Listing::ALL.iter().filter(|listing| listing.blob == Some(Blob::Honest));
    let listed = listed.map(|listing| listing.aaguid());
    let mut known: Vec<_> = models.iter().map(|model| model.aaguid).chain(listed).collect();
    known.sort();
    known.dedup();
    assert_eq!(entries.len(), known.len());
}

#[test]
fn statements_say_what_profiles_are() {
    let env = &mut Seeded::new("test");
    let key = Profile::named("yubikey-5").unwrap().model("yubikey-5", env).unwrap();
    let said = key.statement().into_value().unwrap();
    for (name, expected) in [
        ("aaguid", json!("2fc0579f-8113-47ea-b116-bb5a8db9202a")),
        ("protocolFamily", json!("fido2")),
        (
            "authenticationAlgorithms",
            json!(["secp256r1_ecdsa_sha256_raw", "ed25519_eddsa_sha512_raw"]),
        ),
        ("attestationTypes", json!(["basic_full"])),
        ("keyProtection", json!(["hardware", "secure_element"])),
        ("attachmentHint", json!(["external", "nfc", "wired"])),
    ] {
        assert_eq!(said[name], expected, "{name}");
    }
    let root = base64url::Variant::Base64.encode(&key.roots[0].certificate());
    assert_eq!(said["attestationRootCertificates"], json!([root]));

    let u2f = Profile::named("u2f").unwrap().model("u2f", env).unwrap();
    let said = u2f.statement().into_value().unwrap();
    assert_eq!((&said["aaguid"], &said["protocolFamily"]), (&Value::Null, &json!("u2f")));
    assert!(said["attestationCertificateKeyIdentifiers"][0].is_string());
}
