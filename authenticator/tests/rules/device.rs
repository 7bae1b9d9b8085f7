//! The authenticator's rules: §6.1, §6.3.2 and §6.3.3.

use passrig_authenticator::Client;
use passrig_authenticator::client::Name;
use passrig_authenticator::device::{Authenticator, Counting, Profile};
use passrig_authenticator::keys;
use passrig_authenticator::wire::Flags;
use passrig_authenticator::wire::cose::{Algorithm, Key};
use serde_json::{Value, json};

use crate::support::*;

fn allowing(made: &Value) -> Value {
    with(request(), &[("allowCredentials", json!([descriptor(made)]))])
}

/// The key in attested credential data.
fn public_key(made: &Value) -> Key {
    let attested = authenticator_data(made).attested.unwrap();
    Key::from_cbor(&attested.public_key).unwrap()
}

#[test]
fn assertions_verify_with_the_registered_key() {
    for options in [creation(), discoverable()] {
        let mut client = client([Profile::roaming()]);
        let made = client.create(&options).unwrap();
        let response = client.get(&allowing(&made)).unwrap();
        let signature = octets(&response["response"]["signature"]);
        assert_eq!(keys::verify(&public_key(&made), &signed(&response), &signature), Ok(()));
        assert_eq!(authenticator_data(&response).attested, None);
    }
}

#[test]
fn devices_sign_with_every_algorithm() {
    let profile = Profile { algorithms: keys::ALGORITHMS.to_vec(), ..Profile::roaming() };
    for algorithm in keys::ALGORITHMS.iter().filter(|algorithm| **algorithm != Algorithm::RS1) {
        let params = json!([{"type": "public-key", "alg": algorithm.0}]);
        for options in [creation(), discoverable()] {
            let direct = [("attestation", json!("direct")), ("pubKeyCredParams", params.clone())];
            let mut client = client([profile.clone()]);
            let made = client.create(&with(options, &direct)).unwrap();
            let key = public_key(&made);
            assert_eq!(key.algorithm(), *algorithm);
            let spki = octets(&made["response"]["publicKey"]);
            assert_eq!(keys::from_spki(*algorithm, &spki).as_ref(), Ok(&key));
            let statement = attestation(&made).statement;
            let signature = statement.get("sig").unwrap().as_bytes().unwrap();
            assert_eq!(keys::verify(&key, &signed(&made), signature), Ok(()));
            let response = client.get(&allowing(&made)).unwrap();
            let signature = octets(&response["response"]["signature"]);
            assert_eq!(keys::verify(&key, &signed(&response), &signature), Ok(()), "{algorithm}");
        }
    }
}

#[test]
fn no_credential_is_for_sha_1() {
    let profile = Profile { algorithms: vec![Algorithm::RS1], ..Profile::roaming() };
    let params = json!([{"type": "public-key", "alg": -65535}]);
    let refused = client([profile]).create(&with(creation(), &[("pubKeyCredParams", params)]));
    assert_eq!(refused.unwrap_err().name, Name::NotAllowed);
}

#[test]
fn self_attestation_verifies_with_the_new_key() {
    let options = with(creation(), &[("attestation", json!("direct"))]);
    let made = client([Profile::roaming()]).create(&options).unwrap();
    let statement = attestation(&made).statement;
    let signature = statement.get("sig").unwrap().as_bytes().unwrap();
    assert_eq!(keys::verify(&public_key(&made), &signed(&made), signature), Ok(()));
    assert_eq!(statement.get("alg").unwrap().as_int(), Some(-7));
    assert!(statement.get("x5c").is_none());
}

#[test]
fn a_new_credential_for_the_same_account_replaces_the_old_one() {
    let mut client = client([Profile::platform()]);
    let first = client.create(&discoverable()).unwrap();
    let second = client.create(&discoverable()).unwrap();
    assert_ne!(first["id"], second["id"]);
    assert_eq!(client.authenticators[0].store().len(), 1);
    assert_eq!(name(client.get(&allowing(&first))), Name::NotAllowed);
    assert_eq!(client.get(&request()).unwrap()["id"], second["id"]);
    // Another account, and the same account elsewhere, live beside it.
    client.create(&with(discoverable(), &[("user/id", json!("Ag"))])).unwrap();
    client.create(&with(discoverable(), &[("rp/id", json!(null))])).unwrap();
    assert_eq!(client.authenticators[0].store().len(), 3);
    // A server-side credential replaces nothing: it takes no room.
    let aside = client.create(&creation()).unwrap();
    assert_eq!(client.authenticators[0].store().len(), 3);
    for kept in [&second, &aside] {
        assert_eq!(client.get(&allowing(kept)).unwrap()["id"], kept["id"]);
    }
}

#[test]
fn of_several_accounts_the_newest_is_chosen() {
    let mut client = client([Profile::platform()]);
    for handle in ["AQ", "Ag", "Aw"] {
        client.create(&with(discoverable(), &[("user/id", json!(handle))])).unwrap();
    }
    assert_eq!(client.get(&request()).unwrap()["response"]["userHandle"], json!("Aw"));
}

#[test]
fn server_side_credentials_open_only_where_they_were_made() {
    let mut maker = client([Profile::platform()]);
    let made = maker.create(&creation()).unwrap();
    assert!(maker.get(&allowing(&made)).is_ok());
    // The same model in the same environment under another name.
    let mut other = client([]);
    other.authenticators.push(Authenticator::new("another", Profile::platform()));
    assert_eq!(name(other.get(&allowing(&made))), Name::NotAllowed);
    let elsewhere = with(allowing(&made), &[("rpId", json!("login.example.org"))]);
    assert_eq!(name(maker.get(&elsewhere)), Name::NotAllowed);
    // One bit of the id changed, at its beginning and at its end.
    let id = octets(&made["id"]);
    for position in [0, id.len() - 1] {
        let mut forged = id.clone();
        forged[position] ^= 1;
        let forged = passrig_authenticator::wire::base64url::encode(&forged);
        let options = allowing(&json!({ "id": forged }));
        assert_eq!(name(maker.get(&options)), Name::NotAllowed, "{position}");
    }
}

#[test]
fn kept_credentials_are_scoped_to_their_rp_id() {
    let mut client = client([Profile::platform()]);
    let made = client.create(&discoverable()).unwrap();
    let elsewhere = with(allowing(&made), &[("rpId", json!("login.example.org"))]);
    assert_eq!(name(client.get(&elsewhere)), Name::NotAllowed);
}

/// The counters of two credentials' registrations, then of assertions with
/// the first, the first and the second.
fn counters(counting: Counting, options: &Value) -> [u32; 5] {
    let mut client = client([Profile { counting, ..Profile::roaming() }]);
    let count = |response: &Value| authenticator_data(response).sign_count;
    let first = client.create(options).unwrap();
    let second = client.create(&with(options.clone(), &[("user/id", json!("Ag"))])).unwrap();
    let mut used = |made| count(&client.get(&allowing(made)).unwrap());
    [count(&first), count(&second), used(&first), used(&first), used(&second)]
}

#[test]
fn counting() {
    for (counting, kept, server_side) in [
        (Counting::Never, [0, 0, 0, 0, 0], [0, 0, 0, 0, 0]),
        // Server-side credentials share the authenticator's counter.
        (Counting::PerCredential, [0, 0, 1, 2, 1], [0, 0, 1, 2, 3]),
        (Counting::Global, [0, 0, 1, 2, 3], [0, 0, 1, 2, 3]),
    ] {
        assert_eq!(counters(counting, &discoverable()), kept, "{counting:?}");
        assert_eq!(counters(counting, &creation()), server_side, "{counting:?}, server-side");
    }
}

#[test]
fn a_global_counter_shows_in_later_registrations() {
    let mut client = client([Profile { counting: Counting::Global, ..Profile::roaming() }]);
    let made = client.create(&discoverable()).unwrap();
    client.get(&allowing(&made)).unwrap();
    let later = client.create(&creation()).unwrap();
    assert_eq!(authenticator_data(&later).sign_count, 1);
}

fn backup(response: &Value) -> (bool, bool) {
    let flags = authenticator_data(response).flags;
    (flags.has(Flags::BE), flags.has(Flags::BS))
}

#[test]
fn backup_state_never_without_eligibility() {
    for (eligible, state, expected) in [
        (false, false, (false, false)),
        (false, true, (false, false)),
        (true, false, (true, false)),
        (true, true, (true, true)),
    ] {
        for options in [creation(), discoverable()] {
            let profile =
                Profile { backup_eligible: eligible, backup_state: state, ..Profile::platform() };
            let mut client = client([profile]);
            let made = client.create(&options).unwrap();
            assert_eq!(backup(&made), expected);
            assert_eq!(backup(&client.get(&allowing(&made)).unwrap()), expected);
        }
    }
}

#[test]
fn backup_state_may_change_and_eligibility_stays() {
    let profile = Profile { backup_state: false, ..Profile::platform() };
    let mut client = client([profile]);
    let made = client.create(&discoverable()).unwrap();
    let id = octets(&made["id"]);
    let mut after = |state| {
        let kept = client.authenticators[0].store_mut().find_mut(&id).unwrap();
        kept.backup_state = state;
        backup(&client.get(&request()).unwrap())
    };
    assert_eq!(
        [after(false), after(true), after(false)],
        [(true, false), (true, true), (true, false)]
    );
}

#[test]
fn credentials_can_be_removed_and_imported() {
    let mut client = client([Profile::platform(), Profile::platform()]);
    let made = client.create(&discoverable()).unwrap();
    let taken = client.authenticators[0].store_mut().remove(&octets(&made["id"])).unwrap();
    assert!(client.authenticators[0].store().is_empty());
    assert_eq!(name(client.get(&request())), Name::NotAllowed);
    client.authenticators[1].store_mut().insert(taken.clone());
    assert_eq!(client.get(&request()).unwrap()["id"], made["id"]);
    // One that names no account cannot be discovered (§5.1.4.1).
    let anonymous = passrig_authenticator::device::Credential { user: None, ..taken };
    client.authenticators[1].store_mut().insert(anonymous);
    assert_eq!(name(client.get(&request())), Name::NotAllowed);
    assert!(client.get(&allowing(&made)).is_ok());
}

#[test]
fn credential_ids() {
    let ids = |profile: Profile, options: &Value| {
        let mut client = client([profile]);
        let mut made = || octets(&client.create(options).unwrap()["id"]);
        (made(), made())
    };
    let (one, two) = ids(Profile::platform(), &discoverable());
    assert_eq!((one.len(), two.len()), (32, 32));
    assert_ne!(one, two);
    let (one, _) = ids(Profile { credential_id_len: 1023, ..Profile::platform() }, &discoverable());
    assert_eq!(one.len(), 1023);
    let (one, two) = ids(Profile::platform(), &creation());
    assert_ne!(one, two);
}

#[test]
fn the_same_environment_gives_the_same_bytes() {
    let run = || -> (Value, Value) {
        let mut client = Client::new(PAGE).unwrap();
        (client.create(&discoverable()).unwrap(), client.get(&request()).unwrap())
    };
    assert_eq!(run(), run());
}
