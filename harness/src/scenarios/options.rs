//! Scenarios about the options alone.

use std::collections::BTreeSet;

use passrig_authenticator::Ceremony;
use passrig_authenticator::wire::base64url;
use passrig_authenticator::wire::cose::Algorithm;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::{Context, Observations};
use crate::actor::{Attempt, AttemptError, Result};

/// The number of challenges that are compared.
const SAMPLE: usize = 16;

/// §13.4.3
const SHORTEST_CHALLENGE: usize = 16;

/// Bytes that must vary among [`SAMPLE`] challenges. All values of a random byte are equal once in
/// 2^120 times; a counter, a clock or a constant leaves most of them unchanged.
const VARYING: usize = 8;

pub(super) async fn challenge_length(ctx: &mut Context<'_>) -> Result<Observations> {
    let challenges = challenges(ctx, 1).await?;
    let length = challenges.iter().map(Vec::len).min().unwrap_or_default();
    let remark = format!("the challenge has {length} bytes");
    Ok(ctx.seen(length >= SHORTEST_CHALLENGE, remark))
}

pub(super) async fn challenge_unique(ctx: &mut Context<'_>) -> Result<Observations> {
    let challenges = challenges(ctx, SAMPLE).await?;
    let different = challenges.iter().collect::<BTreeSet<_>>().len();
    let remark = format!("{SAMPLE} requests gave {different} different challenges");
    Ok(ctx.seen(different == challenges.len(), remark))
}

pub(super) async fn challenge_unpredictable(ctx: &mut Context<'_>) -> Result<Observations> {
    let challenges = challenges(ctx, SAMPLE).await?;
    let varying = varying(&challenges);
    let remark = format!("only {varying} bytes differ among {SAMPLE} challenges");
    Ok(ctx.seen(varying >= VARYING, remark))
}

async fn challenges(ctx: &mut Context<'_>, count: usize) -> Result<Vec<Vec<u8>>> {
    let mut actor = ctx.subject().await?;
    let mut challenges = Vec::new();
    for _ in 0..count {
        let begun = ctx.begin(&mut actor, ctx.check.ceremony).await?;
        challenges.push(bytes(&begun.converted(), "/challenge"));
    }
    Ok(challenges)
}

/// The number of positions at which the texts differ.
fn varying(texts: &[Vec<u8>]) -> usize {
    let longest = texts.iter().map(Vec::len).max().unwrap_or_default();
    let differs = |place: &usize| {
        let bytes: BTreeSet<_> = texts.iter().map(|text| text.get(*place)).collect();
        bytes.len() > 1
    };
    (0..longest).filter(differs).count()
}

pub(super) async fn user_handle_opaque(ctx: &mut Context<'_>) -> Result<Observations> {
    let mut actor = ctx.new_account("subject").await?;
    let begun = ctx.begin(&mut actor, Ceremony::Registration).await?;
    let handle = bytes(&begun.converted(), "/user/id");
    let names = ["username", "email"];
    let revealed =
        names.iter().find(|name| actor.name(name).is_some_and(|text| reveals(&handle, text)));
    let remark = format!("user.id contains the {}", revealed.unwrap_or(&"name"));
    Ok(ctx.seen(revealed.is_none(), remark))
}

/// True if a user handle contains a text, or a hash that any client can compute.
fn reveals(handle: &[u8], text: &str) -> bool {
    let hash = Sha256::digest(text);
    let hex = base16ct::lower::encode_string(&hash);
    let forms = [text.as_bytes(), &hash, hex.as_bytes()];
    forms.iter().any(|form| handle.windows(form.len()).any(|window| window == *form))
}

pub(super) async fn user_handle_stable(ctx: &mut Context<'_>) -> Result<Observations> {
    let mut actor = ctx.new_account("subject").await?;
    let begun = ctx.begin(&mut actor, Ceremony::Registration).await?;
    // Of a credential that is not discoverable the authenticator keeps none.
    let first = bytes(&begun.converted(), "/user/id");
    let message = actor.respond(&begun)?;
    let control = ctx.send(&mut actor, &begun, &message).await?;
    let begun = ctx.begin(&mut actor, Ceremony::Registration).await?;
    let same = first == bytes(&begun.converted(), "/user/id");
    let remark = "the account has another user.id than before";
    Ok(Observations::after(control, Attempt::observed(same, remark, &ctx.log)))
}

pub(super) async fn user_handle_distinct(ctx: &mut Context<'_>) -> Result<Observations> {
    let mut handles = BTreeSet::new();
    for name in ["victim", "attacker"] {
        let mut actor = ctx.new_account(name).await?;
        let begun = ctx.begin(&mut actor, Ceremony::Registration).await?;
        handles.insert(bytes(&begun.converted(), "/user/id"));
    }
    Ok(ctx.seen(handles.len() == 2, "two accounts have the same user.id"))
}

/// A browser judges: it knows of related origins too.
pub(super) async fn rp_id(ctx: &mut Context<'_>) -> Result<Observations> {
    let mut actor = ctx.subject().await?;
    let begun = ctx.begin(&mut actor, ctx.check.ceremony).await?;
    let stops = match actor.respond(&begun) {
        Err(AttemptError::Client(exception)) => Some(exception.to_string()),
        other => other.map(|_| None)?,
    };
    let goes_on = stops.is_none();
    Ok(ctx.seen(goes_on, format!("a browser stops with {}", stops.unwrap_or_default())))
}

/// The observation of options without an objection.
pub(super) async fn each(
    ctx: &mut Context<'_>,
    objection: fn(&Value) -> Option<String>,
) -> Result<Observations> {
    let mut actor = ctx.subject().await?;
    let begun = ctx.begin(&mut actor, ctx.check.ceremony).await?;
    let mut options = begun.converted();
    leave_out_nulls(&mut options, &begun.options);
    let objection = objection(&options);
    Ok(ctx.seen(objection.is_none(), objection.unwrap_or_default()))
}

/// Removes the members that were sent as null. A client converts null to the text `null` or to 0, and
/// ignores these values in the members that the checks examine.
fn leave_out_nulls(converted: &mut Value, sent: &Value) {
    let (Some(members), Some(sent)) = (converted.as_object_mut(), sent.as_object()) else { return };
    members.retain(|name, _| !sent.get(name).is_some_and(Value::is_null));
    for (name, member) in members {
        if let Some(sent) = sent.get(name) {
            leave_out_nulls(member, sent);
        }
    }
}

/// The values of the enumerations that options have.
const ENUMERATIONS: [(&str, &[&str]); 6] = [
    ("/attestation", &["none", "indirect", "direct", "enterprise"]),
    ("/userVerification", REQUIREMENTS),
    ("/authenticatorSelection/userVerification", REQUIREMENTS),
    ("/authenticatorSelection/residentKey", REQUIREMENTS),
    ("/authenticatorSelection/authenticatorAttachment", &["platform", "cross-platform"]),
    ("/pubKeyCredParams/0/type", &["public-key"]),
];
const REQUIREMENTS: &[&str] = &["required", "preferred", "discouraged"];

pub(super) fn unknown_value(options: &Value) -> Option<String> {
    ENUMERATIONS.iter().find_map(|(path, values)| {
        let value = options.pointer(path).filter(|value| !value.is_null())?;
        let known = value.as_str().is_some_and(|text| values.contains(&text));
        let member = path.trim_start_matches('/').replace('/', ".");
        (!known).then(|| format!("{member} is {value}, not one of {}", values.join(", ")))
    })
}

/// §15.1; a client has a good timeout of its own.
pub(super) fn odd_timeout(options: &Value) -> Option<String> {
    let timeout = options.get("timeout").filter(|timeout| !timeout.is_null())?;
    let good = timeout.as_f64().is_some_and(|ms| (300_000.0..=600_000.0).contains(&ms));
    (!good).then(|| format!("the timeout is {timeout} milliseconds"))
}

/// An empty list means ES256 and RS256 (§5.1.3 step 10).
pub(super) fn without_es256(options: &Value) -> Option<String> {
    let offered = algorithms(options);
    let has = offered.is_empty() || offered.contains(&Algorithm::ES256.0);
    (!has).then(|| format!("pubKeyCredParams offers {offered:?}"))
}

/// The fully specified algorithms, and the older ones with an equal meaning for passkeys.
const COUNTERPARTS: [(Algorithm, Algorithm); 4] = [
    (Algorithm::ESP256, Algorithm::ES256),
    (Algorithm::ESP384, Algorithm::ES384),
    (Algorithm::ESP512, Algorithm::ES512),
    (Algorithm::ED25519, Algorithm::EDDSA),
];

pub(super) fn counterpart_missing(options: &Value) -> Option<String> {
    let offered = algorithms(options);
    let alone = |(new, old): &&(Algorithm, Algorithm)| {
        offered.contains(&new.0) && !offered.contains(&old.0)
    };
    COUNTERPARTS
        .iter()
        .find(alone)
        .map(|(new, old)| format!("{} is offered without {}", new.0, old.0))
}

fn algorithms(options: &Value) -> Vec<i64> {
    let parameters = options.get("pubKeyCredParams").and_then(Value::as_array);
    let algorithm = |parameters: &Value| parameters.get("alg").and_then(Value::as_i64);
    parameters.into_iter().flatten().filter_map(algorithm).collect()
}

pub(super) fn residence_contradicted(options: &Value) -> Option<String> {
    let selection = options.get("authenticatorSelection")?;
    let residence = selection.get("residentKey").and_then(Value::as_str)?;
    let required = selection.get("requireResidentKey").and_then(Value::as_bool).unwrap_or(false);
    let remark = || format!("residentKey is {residence}, but requireResidentKey is {required}");
    (required != (residence == "required")).then(remark)
}

fn bytes(options: &Value, path: &str) -> Vec<u8> {
    let text = options.pointer(path).and_then(Value::as_str);
    text.and_then(|text| base64url::decode(text).ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::target_rp::as_converted;
    use serde_json::json;

    #[test]
    fn objections_are_to_converted_members() {
        let sent = json!({
            "challenge": "AAAA",
            "timeout": "1000",
            "userVerification": null,
            "extensions": { "later": null },
        });
        let mut options = as_converted(Ceremony::Authentication, &sent).unwrap();
        leave_out_nulls(&mut options, &sent);
        assert_eq!(odd_timeout(&options).as_deref(), Some("the timeout is 1000 milliseconds"));
        assert_eq!(unknown_value(&options), None);
        options["userVerification"] = "null".into();
        assert!(unknown_value(&options).is_some());
    }

    #[test]
    fn counters_and_clocks_vary_little() {
        let counting: Vec<_> =
            (0_u32..16).map(|n| [vec![7; 28], n.to_be_bytes().into()].concat()).collect();
        assert_eq!(varying(&counting), 1);
        let random: Vec<_> = (0_u8..16).map(|n| Sha256::digest([n]).to_vec()).collect();
        assert_eq!(varying(&random), 32);
        assert_eq!(varying(&[vec![1; 16], vec![1; 16]]), 0);
        assert_eq!(varying(&[vec![], vec![1; 16]]), 16);
    }

    #[test]
    fn user_handles_that_reveal_names() {
        assert!(reveals(b"id-ann@passrig.test", "ann@passrig.test"));
        assert!(reveals(&Sha256::digest("ann"), "ann"));
        assert!(!reveals(b"\x01\x02\x03\x04", "ann"));
    }

    #[test]
    fn objections() {
        let options = json!({
            "timeout": 60000,
            "pubKeyCredParams": [{"type": "public-key", "alg": -9}],
            "authenticatorSelection": {"residentKey": "required", "userVerification": "always"},
        });
        let all = [
            unknown_value,
            odd_timeout,
            without_es256,
            counterpart_missing,
            residence_contradicted,
        ];
        let shown: Vec<_> = all.iter().filter_map(|objection| objection(&options)).collect();
        insta::assert_snapshot!(shown.join("\n"), @r#"
        authenticatorSelection.userVerification is "always", not one of required, preferred, discouraged
        the timeout is 60000 milliseconds
        pubKeyCredParams offers [-9]
        -9 is offered without -7
        residentKey is required, but requireResidentKey is false
        "#);
        assert!(all.iter().all(|objection| objection(&json!({})).is_none()));
    }
}
