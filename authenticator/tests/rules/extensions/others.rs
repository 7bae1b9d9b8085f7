//! `credProps`, `minPinLength`, `thirdPartyPayment`, `uvm`.

use super::*;

#[test]
fn cred_props_tell_what_was_asked_of_the_authenticator() {
    for (resident, rk) in [("required", true), ("preferred", true), ("discouraged", false)] {
        let options = with(
            creation(),
            &[
                ("authenticatorSelection/residentKey", json!(resident)),
                ("extensions/credProps", json!(true)),
            ],
        );
        let made = client([knowing([])]).create(&options).unwrap();
        assert_eq!(results(&made), &json!({"credProps": {"rk": rk}}));
        assert_eq!(signed(&made), None);
    }
}

#[test]
fn cred_props_are_for_registrations() {
    let (mut client, _) = registered(Profile::platform(), json!({}));
    let used = client.get(&requesting(json!({"credProps": true}))).unwrap();
    assert_eq!(results(&used), &json!({}));
}

#[test]
fn the_shortest_pin_is_for_chosen_relying_parties() {
    for (rp_ids, told) in [
        (vec![], None),
        (vec!["example.com".to_owned()], None),
        (vec!["example.org".to_owned()], Some(Cbor::int(6))),
    ] {
        let mut client = client([Profile::roaming()]);
        let policy = client.authenticators[0].pin_policy_mut();
        policy.min_length = 6;
        policy.rp_ids = rp_ids;
        let made = client.create(&creating(json!({"minPinLength": true}))).unwrap();
        assert_eq!(output(&made, "minPinLength"), told);
        assert_eq!(results(&made), &json!({}));
    }
}

#[test]
fn payments_are_allowed_at_creation_for_good() {
    for options in [creation(), discoverable()] {
        for allowed in [true, false] {
            let mut client = client([Profile::roaming()]);
            let payment = ("extensions/thirdPartyPayment", json!(allowed));
            let made = client.create(&with(options.clone(), &[payment])).unwrap();
            let told = output(&made, "thirdPartyPayment");
            assert_eq!(told, allowed.then(|| Cbor::bool(true)));
            let used = client.get(&allowing(&made, json!({"thirdPartyPayment": true})));
            assert_eq!(
                output(&used.unwrap(), "thirdPartyPayment"),
                Some(Cbor::bool(allowed)),
                "{options}"
            );
        }
    }
}

#[test]
fn methods_of_verification() {
    for (profile, verification, method) in [
        (Profile::platform(), "required", json!([[2, 4, 2]])),
        (Profile::platform(), "discouraged", json!([[1, 4, 2]])),
        (Profile::roaming(), "required", json!([[4, 8, 4]])),
        (Profile::roaming(), "discouraged", json!([[1, 8, 4]])),
    ] {
        let extensions = [Extension::Uvm].into_iter().collect();
        let mut client = client([Profile { extensions, ..profile }]);
        let options = with(
            creating(json!({"uvm": true})),
            &[("authenticatorSelection/userVerification", json!(verification))],
        );
        let made = client.create(&options).unwrap();
        let options =
            with(requesting(json!({"uvm": true})), &[("userVerification", json!(verification))]);
        let used = client.get(&options).unwrap();
        for response in [made, used] {
            assert_eq!(results(&response), &json!({"uvm": method}));
            assert!(output(&response, "uvm").is_some());
        }
    }
}
