//! Mutants that compare the challenge wrongly, or accept the challenge of other options: of another
//! session, another ceremony, used or expired (§7.1 step 8, §7.2 step 11).

use passrig_authenticator::wire::{Json, base64url};

use super::{Mutant, MutantKind, loosely};
use crate::relying_party::store::{ChallengeState, Issued};
use crate::relying_party::verify::Procedure::Verify;
use crate::relying_party::verify::{Evidence, StepResult, shared};

const BOTH: &[&str] = &["7.1/8", "7.2/11"];

#[rustfmt::skip]
pub(super) fn all() -> Vec<Mutant> {
    Mutant::list(MutantKind::WrongVersion, [
        (BOTH, "not-consumed", "takes a challenge again that was answered", Verify(not_consumed)),
        (BOTH, "any-session", "takes a challenge of any session", Verify(any_session)),
        (BOTH, "any-ceremony", "takes a challenge of the other ceremony", Verify(any_ceremony)),
        (BOTH, "superseded", "takes a challenge after it issued a newer one", Verify(superseded)),
        (BOTH, "expired", "takes a challenge however old it is", Verify(expired)),
        (BOTH, "prefix", "compares only as much as was sent", Verify(prefix)),
        (BOTH, "any-base64", "decodes both before it compares, leniently", Verify(any_base64)),
        (BOTH, "from-body", "expects whatever challenge was sent", Verify(from_body)),
        (BOTH, "empty", "takes an empty challenge", Verify(empty)),
        (BOTH, "undefined", "takes the text of an absent value where it expects no challenge", Verify(undefined)),
        (BOTH, "object", "takes an object for a condition that its own challenge fulfils", Verify(object)),
        (BOTH, "case-insensitive", "compares without regard to case", Verify(case_insensitive)),
    ])
}

/// Takes the challenge of any options that the rule permits.
fn among(e: &Evidence<'_>, rule: impl Fn(&Issued) -> bool) -> StepResult {
    loosely(e, shared::challenge, |e| {
        e.sent_challenge().is_some_and(|sent| e.store.answered_by(&sent).any(rule))
    })
}

fn not_consumed(e: &Evidence<'_>) -> StepResult {
    among(e, |i| own(e, i) && i.ceremony == e.ceremony && i.state == ChallengeState::Used)
}

fn any_session(e: &Evidence<'_>) -> StepResult {
    among(e, |i| i.ceremony == e.ceremony && i.state == ChallengeState::Live)
}

fn any_ceremony(e: &Evidence<'_>) -> StepResult {
    among(e, |i| own(e, i) && i.state == ChallengeState::Live)
}

fn superseded(e: &Evidence<'_>) -> StepResult {
    among(e, |i| own(e, i) && i.ceremony == e.ceremony && i.state == ChallengeState::Superseded)
}

fn expired(e: &Evidence<'_>) -> StepResult {
    among(e, |i| own(e, i) && i.ceremony == e.ceremony && i.state == ChallengeState::Expired)
}

fn undefined(e: &Evidence<'_>) -> StepResult {
    loosely(e, shared::challenge, |e| {
        e.pending().is_none() && e.sent_challenge().as_deref() == Some("undefined")
    })
}

fn object(e: &Evidence<'_>) -> StepResult {
    loosely(e, shared::challenge, |e| {
        let sent = e.client_data.as_ref().and_then(|data| data.member("challenge"));
        matches!(sent.map(Json::plain), Some(Json::Object(_)))
    })
}

fn own(e: &Evidence<'_>, issued: &Issued) -> bool {
    Some(issued.session) == e.session
}

/// Takes what the rule says of the sent challenge and the expected one.
fn by(e: &Evidence<'_>, rule: impl Fn(&str, &str) -> bool) -> StepResult {
    loosely(e, shared::challenge, |e| {
        let expected = e.pending().map(|issued| base64url::encode(&issued.challenge));
        match (e.sent_challenge(), expected) {
            (Some(sent), Some(expected)) => rule(&sent, &expected),
            _ => false,
        }
    })
}

fn prefix(e: &Evidence<'_>) -> StepResult {
    by(e, |sent, expected| !sent.is_empty() && expected.starts_with(sent))
}

fn any_base64(e: &Evidence<'_>) -> StepResult {
    by(e, |sent, expected| loose_bits(sent) == loose_bits(expected))
}

fn from_body(e: &Evidence<'_>) -> StepResult {
    loosely(e, shared::challenge, |e| e.sent_challenge().is_some())
}

fn empty(e: &Evidence<'_>) -> StepResult {
    loosely(e, shared::challenge, |e| e.sent_challenge().is_some_and(|sent| sent.is_empty()))
}

fn case_insensitive(e: &Evidence<'_>) -> StepResult {
    by(e, |sent, expected| sent.eq_ignore_ascii_case(expected))
}

/// Decodes as the most forgiving of libraries do: either alphabet, nothing but
/// the alphabet counts, and what follows the padding or fills no byte is lost.
fn loose_bits(text: &str) -> Vec<u8> {
    let sextet = |c: char| {
        let place = match c {
            'A'..='Z' => u32::from(c) - u32::from('A'),
            'a'..='z' => u32::from(c) - u32::from('a') + 26,
            '0'..='9' => u32::from(c) - u32::from('0') + 52,
            '-' | '+' => 62,
            '_' | '/' => 63,
            _ => return None,
        };
        Some(place)
    };
    let (mut bits, mut held, mut octets) = (0_u32, 0, Vec::new());
    for sextet in text.chars().take_while(|c| *c != '=').filter_map(sextet) {
        bits = (bits << 6 | sextet) & 0x3fff;
        held += 6;
        if held >= 8 {
            held -= 8;
            octets.extend((bits >> held).to_be_bytes().last());
        }
    }
    octets
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64url::{Variant, encode};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn forgiving_decoding_decodes(bytes: Vec<u8>) {
            prop_assert_eq!(loose_bits(&encode(&bytes)), bytes.clone());
            prop_assert_eq!(loose_bits(&Variant::Base64.encode(&bytes)), bytes);
        }
    }

    #[test]
    fn and_forgives() {
        assert_eq!(loose_bits("AR"), [1]);
        assert_eq!(loose_bits(" A\nQ==rest"), [1]);
    }
}
