//! What an author of deviations reads when an edit is wrong.

use passrig_authenticator::deviation::NoFacts;

use crate::support::*;

/// The error and its help, for an edit of a registration.
fn in_registration(line: &str) -> String {
    explain(register(&deviation(line), &NoFacts))
}

/// The same, for an edit of an authentication.
fn in_authentication(line: &str) -> String {
    explain(authenticate(&deviation(line), &NoFacts))
}

fn explain(run: Run) -> String {
    let error = run.effect.unwrap_err();
    let help = error.help().map(|help| format!("\nhelp: {help}"));
    format!("{error}{}", help.unwrap_or_default())
}

/// What is wrong with an edit that cannot even be read.
fn unreadable(line: &str) -> String {
    edit(line).unwrap_err().message().to_owned()
}

#[test]
fn unknown_places() {
    let on = in_authentication;
    insta::assert_snapshot!(on("clientdata.type set = 'x'"), @"
    `clientdata` is neither `plan` nor a stage of the ceremony
    help: begin with one of: plan, client_data, authenticator_data, certificate, pub_area, cert_info, jws_header, jws_payload, signature, statement, attestation_object, response, request
    ");
    insta::assert_snapshot!(on("client_data.colour set = 'x'"), @"
    there is no `colour` at client_data
    help: client_data has: type, challenge, origin, crossOrigin
    ");
    insta::assert_snapshot!(on("client_data.type.host set = 'x'"), @"
    there is no `host` at client_data.type
    help: client_data.type has: a text that is no origin
    ");
    insta::assert_snapshot!(on("client_data.origin.domain set = 'x'"), @"
    there is no `domain` at client_data.origin
    help: client_data.origin has: scheme, host, port, path
    ");
    insta::assert_snapshot!(on("client_data.crossOrigin.x set = 'x'"), @"there is no `x` at client_data.crossOrigin");
    insta::assert_snapshot!(on("authenticator_data.flags.present set = true"), @"
    there is no `present` at authenticator_data.flags
    help: authenticator_data.flags has: up, rfu1, uv, be, bs, rfu2, at, ed
    ");
    insta::assert_snapshot!(on("authenticator_data.data set = true"), @"
    there is no `data` at authenticator_data
    help: authenticator_data has: rp_id_hash, flags, sign_count
    ");
    insta::assert_snapshot!(on("authenticator_data.rp_id_hash.x set = true"), @"there is no `x` at authenticator_data.rp_id_hash");
    insta::assert_snapshot!(on("signature.t flip = true"), @"
    there is no `t` at signature
    help: signature has: r, s
    ");
    insta::assert_snapshot!(on("response.handle set = 'x'"), @"
    there is no `handle` at response
    help: response has: id, rawId, response, authenticatorAttachment, clientExtensionResults, type
    ");
    insta::assert_snapshot!(on("response.attestation_object set = 'x'"), @"
    there is no `attestation_object` at response
    help: response has: clientDataJSON, authenticatorData, signature, userHandle
    ");
    insta::assert_snapshot!(on("response.signature.x set = 'x'"), @"there is no `x` at response.signature");
    insta::assert_snapshot!(on("plan.colour set = 'x'"), @"
    there is no `colour` at plan
    help: plan has: rp_id, signer, algorithm, covers, credential_id, sign_count, user_handle
    ");
    insta::assert_snapshot!(on("plan.format set = 'none'"), @"
    there is no `format` at plan
    help: plan has: rp_id, signer, algorithm, covers, credential_id, sign_count, user_handle
    ");
    insta::assert_snapshot!(on("plan.sign_count.x set = 1"), @"there is no `x` at plan.sign_count");
    let on = in_registration;
    insta::assert_snapshot!(on("statement.x5c[0] remove = true"), @"
    there is no `x5c` at statement
    help: statement has: alg, sig
    ");
    insta::assert_snapshot!(on("attestation_object.att_stmt.sig.x set = 'x'"), @"there is no `x` at attestation_object.att_stmt.sig");
    insta::assert_snapshot!(on("authenticator_data.attested_credential_data.credential_public_key.z set = 1"), @"
    there is no `z` at authenticator_data.attested_credential_data.credential_public_key
    help: authenticator_data.attested_credential_data.credential_public_key has: kty, alg, crv, x, y
    ");
    insta::assert_snapshot!(on("response.transports[3] set = 'usb'"), @"
    there is no `[3]` at response.transports
    help: response.transports has: 1 item
    ");
    insta::assert_snapshot!(on("response.response.transports[3] set = 'usb'"), @"
    there is no `[3]` at response.response.transports
    help: response.response.transports has: 1 item
    ");
}

#[test]
fn stages_that_the_ceremony_does_not_have() {
    insta::assert_snapshot!(in_authentication("statement.alg set = 1"), @"this ceremony makes no `statement`");
    insta::assert_snapshot!(in_authentication("attestation_object remove = true"), @"this ceremony makes no `attestation_object`");
    insta::assert_snapshot!(in_registration("request.header.origin remove = true"), @"this ceremony makes no `request`");
}

#[test]
fn wrong_operations() {
    let on = in_authentication;
    insta::assert_snapshot!(on("client_data flip = true"), @"`flip` does not apply to an object");
    insta::assert_snapshot!(on("client_data.type flip = true"), @"`flip` does not apply to a text");
    insta::assert_snapshot!(on("client_data.challenge reorder = true"), @"`reorder` does not apply to octets");
    insta::assert_snapshot!(on("authenticator_data.sign_count append = 1"), @"`append` does not apply to a number");
    insta::assert_snapshot!(on("plan set = 'x'"), @"`set` does not apply to a whole plan");
    insta::assert_snapshot!(on("plan.signer flip = true"), @"`flip` does not apply to an intention");
    insta::assert_snapshot!(in_registration("statement.alg flip = true"), @"`flip` does not apply to an integer");
    insta::assert_snapshot!(in_registration("statement.alg encode = 'p1363'"), @"`encode` does not apply to an integer");
}

#[test]
fn wrong_values() {
    let on = in_authentication;
    insta::assert_snapshot!(on("client_data.origin append = 1"), @"the value does not fit: a text or octets is needed here");
    insta::assert_snapshot!(on("client_data.type set = { cbor = '01' }"), @"the value does not fit: a JSON value is needed here");
    insta::assert_snapshot!(on("authenticator_data.flags.up set = 'yes'"), @"the value does not fit: true or false is needed here");
    insta::assert_snapshot!(on("authenticator_data.sign_count set = -1"), @"the value does not fit: a number that fits the field is needed here");
    insta::assert_snapshot!(on("plan.signer set = 'me'"), @"the value does not fit: `another`, or the name of an algorithm is needed here");
    insta::assert_snapshot!(on("plan.sign_count set = 4294967296"), @"the value does not fit: a number from 0 to 4294967295 is needed here");
    insta::assert_snapshot!(on("signature.r encode = 'high-s'\nsignature encode = 'low-s'"), @"the value does not fit: a number of a signature is needed here");
    insta::assert_snapshot!(on("client_data.challenge set = { from = 'victim.challenge' }"), @"nothing is known of `victim.challenge` in this ceremony");
    insta::assert_snapshot!(in_registration("plan.format set = 'tpm'"), @"the value does not fit: a format that this authenticator has a certificate for is needed here");
}

#[test]
fn unreadable_edits() {
    insta::assert_snapshot!(unreadable("client_data..type set = 'x'"), @"`client_data..type` is no path: a name is missing");
    insta::assert_snapshot!(unreadable("statement.x5c[0 remove = true"), @"`statement.x5c[0` is no path: `]` is missing");
    insta::assert_snapshot!(unreadable("statement.x5c[0]y remove = true"), @"`statement.x5c[0]y` is no path: `.` is missing after `]`");
    insta::assert_snapshot!(unreadable("statement.x5c[] remove = true"), @"`statement.x5c[]` is no path: a name is missing");
    insta::assert_snapshot!(unreadable("client_data.type set = 'x'\nremove = true"), @"one edit has one operation; this one has `set` and `remove`");
    insta::assert_snapshot!(unreadable("client_data.type remove = false"), @"the edit has no operation: set, remove, rename, append, prepend, truncate, duplicate, reorder, flip or encode");
    insta::assert_snapshot!(unreadable("client_data.type replace = 'x'"), @"unknown field `replace`, expected one of `at`, `set`, `remove`, `rename`, `append`, `prepend`, `truncate`, `duplicate`, `reorder`, `flip`, `encode`");
    insta::assert_snapshot!(unreadable("client_data.type encode = 'rot13'"), @"unknown variant `rot13`, expected one of `spaced`, `escaped`, `base64url-padded`, `base64`, `trailing-bits`, `base64url-twice`, `octets`, `characters`, `upper-case`, `swap-case`, `homograph`, `non-minimal`, `indefinite`, `high-s`, `low-s`, `p1363`, `plus-order`, `without-sign`, `tagged`, `canonical`");
    insta::assert_snapshot!(unreadable("client_data.type set = ['x']"), @r#"invalid type: sequence, expected a text, a number, true, false, or a table such as { hex = "00ff" }"#);
    insta::assert_snapshot!(unreadable("client_data.type set = { hex = '0g' }"), @"`0g` is not hexadecimal");
    insta::assert_snapshot!(unreadable("client_data.type set = { hex = '00', text = 'x' }"), @"a table names one type: hex, text, base64url, cbor, raw, nested, json, from, hash and of, repeat and len, member and value");
    insta::assert_snapshot!(unreadable("client_data.type set = { base64url = 'AA==' }"), @"base64url in WebAuthn JSON carries no padding");
    insta::assert_snapshot!(unreadable("client_data.type set = { cbor = 'a1' }"), @"the CBOR item ends early, at offset 1");
    insta::assert_snapshot!(unreadable("client_data.type set = { json = '{' }"), @"EOF while parsing an object at line 1 column 1");
    insta::assert_snapshot!(unreadable("client_data.type set = { hash = 'md5', of = 'x' }"), @r#"write { hash = "sha256", of = … }"#);
    insta::assert_snapshot!(unreadable("client_data.type set = { repeat = 0 }"), @"write { repeat = 0, len = 32 }, with a len up to 67108864");
    insta::assert_snapshot!(unreadable("client_data.type set = { member = 'x' }"), @r#"write { member = "name", value = … }"#);
}
