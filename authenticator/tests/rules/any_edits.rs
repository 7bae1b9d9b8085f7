//! No edit whatsoever makes a ceremony panic, and none is misjudged.

use passrig_authenticator::attestation::Format;
use passrig_authenticator::deviation::{
    Deviation, Edit, Effect, Encoding, Facts, NoFacts, Operation, Value,
};
use passrig_authenticator::device::Profile;
use passrig_authenticator::wire::{Cbor, Json};
use proptest::prelude::*;

use crate::support::*;

/// Paths that mostly lead somewhere.
fn path() -> impl Strategy<Value = String> {
    let known = prop::sample::select(vec![
        "plan",
        "plan.rp_id",
        "plan.signer",
        "plan.certified",
        "plan.algorithm",
        "plan.covers",
        "plan.credential_id",
        "plan.sign_count",
        "plan.format",
        "plan.issuer",
        "plan.user_handle",
        "client_data",
        "client_data.type",
        "client_data.challenge",
        "client_data.origin",
        "client_data.origin.host",
        "client_data.origin.port",
        "client_data.crossOrigin",
        "authenticator_data",
        "authenticator_data.rp_id_hash",
        "authenticator_data.flags",
        "authenticator_data.flags.at",
        "authenticator_data.sign_count",
        "authenticator_data.attested_credential_data",
        "authenticator_data.attested_credential_data.credential_id",
        "authenticator_data.attested_credential_data.credential_id_length",
        "authenticator_data.attested_credential_data.credential_public_key",
        "authenticator_data.attested_credential_data.credential_public_key.crv",
        "authenticator_data.attested_credential_data.credential_public_key[-2]",
        "certificate",
        "certificate.version",
        "certificate.serial_number",
        "certificate.validity.not_after",
        "certificate.subject",
        "certificate.subject_public_key_info.subject_public_key",
        "certificate.extensions",
        "certificate.extensions[2.5.29.19]",
        "certificate.extensions[2.5.29.19].critical",
        "certificate.extensions[2.5.29.19].value",
        "pub_area",
        "pub_area.unique.x",
        "cert_info",
        "cert_info.attested.name",
        "signature",
        "signature.r",
        "signature.s",
        "signature.tag",
        "signature.r.tag",
        "statement",
        "statement.sig",
        "statement.alg",
        "attestation_object",
        "attestation_object.fmt",
        "attestation_object.att_stmt",
        "attestation_object.authData",
        "response",
        "response.id",
        "response.response",
        "response.signature",
        "response.signature.text",
        "response.transports",
        "response.transports[0]",
        "response.client_extension_results",
        "request",
    ]);
    let nested = (known.clone(), "[a-z_]{1,8}|[0-9]{1,20}");
    prop_oneof![
        4 => known.prop_map(str::to_owned),
        1 => nested.prop_map(|(known, more)| format!("{known}.{more}")),
    ]
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::Int),
        prop_oneof![
            Just("another".to_owned()),
            Just("none".to_owned()),
            Just("ES384".to_owned()),
            Just("swapped".to_owned()),
            any::<String>(),
        ]
        .prop_map(Value::Text),
        any::<Vec<u8>>().prop_map(Value::Bytes),
        any::<i64>().prop_map(|number| Value::Cbor(Cbor::int(number))),
        any::<Vec<u8>>().prop_map(Value::Raw),
        (0..300usize).prop_map(Value::Nested),
        any::<Vec<u8>>().prop_map(|raw| Value::Json(Json::Raw(raw))),
        (any::<u8>(), 0..2000usize).prop_map(|(octet, len)| Value::Repeat { octet, len }),
        any::<String>().prop_map(Value::From),
    ];
    leaf.prop_recursive(2, 4, 1, |inner| {
        prop_oneof![
            inner.clone().prop_map(|of| Value::Hash(Box::new(of))),
            (any::<String>(), inner)
                .prop_map(|(name, value)| Value::Member { name, value: Box::new(value) }),
        ]
    })
}

fn operation() -> impl Strategy<Value = Operation> {
    let encoding = prop::sample::select(vec![
        Encoding::Spaced,
        Encoding::Escaped,
        Encoding::Base64urlPadded,
        Encoding::Base64,
        Encoding::UpperCase,
        Encoding::SwapCase,
        Encoding::NonMinimal,
        Encoding::Indefinite,
        Encoding::HighS,
        Encoding::LowS,
        Encoding::P1363,
        Encoding::PlusOrder,
        Encoding::WithoutSign,
        Encoding::Tagged,
        Encoding::Canonical,
    ]);
    prop_oneof![
        value().prop_map(Operation::Set),
        Just(Operation::Remove),
        any::<String>().prop_map(Operation::Rename),
        value().prop_map(Operation::Append),
        value().prop_map(Operation::Prepend),
        any::<i64>().prop_map(Operation::Truncate),
        (-100..100i64).prop_map(Operation::Truncate),
        value().prop_map(Operation::Duplicate),
        Just(Operation::Reorder),
        Just(Operation::Flip),
        encoding.prop_map(Operation::Encode),
    ]
}

fn register_on_tpm(deviation: &Deviation, facts: &dyn Facts) -> Run {
    let profile = Profile { attestation: Format::Tpm, ..Profile::platform() };
    register_on(profile, deviation, facts)
}

fn edit() -> impl Strategy<Value = Edit> {
    (path(), operation())
        .prop_map(|(path, operation)| Edit { at: path.parse().unwrap(), operation })
}

proptest! {
    #[test]
    fn ceremonies_survive(edits in prop::collection::vec(edit(), 1..4)) {
        let deviation = Deviation::new(edits);
        for ceremony in [register, register_on_tpm, authenticate] {
            let run = ceremony(&deviation, &NoFacts);
            let honest = ceremony(&Deviation::default(), &NoFacts);
            if run.effect == Ok(Effect::Honest) {
                prop_assert_eq!(run.response.render(), honest.response.render());
            }
            if let Err(error) = run.effect {
                prop_assert!(!error.to_string().contains('\n'));
                let _ = error.help();
            }
        }
    }
}
