//! Mutants that accept a signature over other data, or by another algorithm than the key's (§7.2
//! step 21).

use passrig_authenticator::keys;
use passrig_authenticator::wire::cose::{Algorithm, Key};
use sha2::{Digest, Sha256};

use super::signature::{SignedData, asserted};
use super::{Mutant, MutantKind, loosely};
use crate::relying_party::verify::Procedure::Verify;
use crate::relying_party::verify::{Evidence, StepResult, authentication};

#[rustfmt::skip]
pub(super) fn all() -> Vec<Mutant> {
    Mutant::list(MutantKind::WrongVersion, [
        (&["7.2/21"], "swapped", "takes a signature over the two parts in the other order", Verify(|e| over(e, |data, hash| [hash, data].concat()))),
        (&["7.2/21"], "authenticator-data-alone", "takes a signature over the authenticator data alone", Verify(|e| over(e, |data, _| data.to_vec()))),
        (&["7.2/21"], "client-data-alone", "takes a signature over the client data's hash alone", Verify(|e| over(e, |_, hash| hash.to_vec()))),
        (&["7.2/21"], "hashed-twice", "takes a signature over a hash of what should be signed", Verify(|e| over(e, |data, hash| Sha256::digest([data, hash].concat()).to_vec()))),
        (&["7.2/21"], "any-padding", "takes either padding of RSA", Verify(|e| by(e, PADDINGS))),
        (&["7.2/21"], "any-hash", "takes any hash of RSA", Verify(|e| by(e, HASHES))),
    ])
}

/// Takes signatures over what the rule makes of authenticator data and hash.
fn over(e: &Evidence<'_>, rule: fn(&[u8], &[u8]) -> Vec<u8>) -> StepResult {
    loosely(e, authentication::signature, |e| {
        let hash = e.client_data_json().map(Sha256::digest);
        hash.zip(asserted(e)).is_some_and(|(hash, signed)| {
            let message = rule(&signed.authenticator_data, &hash);
            keys::verify(&signed.key, &message, &signed.signature).is_ok()
        })
    })
}

const PADDINGS: &[(Algorithm, Algorithm)] =
    &[(Algorithm::RS256, Algorithm::PS256), (Algorithm::PS256, Algorithm::RS256)];
const HASHES: &[(Algorithm, Algorithm)] = &[
    (Algorithm::RS256, Algorithm::RS1),
    (Algorithm::RS256, Algorithm::RS384),
    (Algorithm::PS256, Algorithm::PS384),
];

/// Takes signatures of these algorithms by keys for those.
fn by(e: &Evidence<'_>, pairs: &[(Algorithm, Algorithm)]) -> StepResult {
    loosely(e, authentication::signature, |e| {
        asserted(e).is_some_and(|signed| pairs.iter().any(|pair| is_by(&signed, *pair)))
    })
}

fn is_by(signed: &SignedData, (own, other): (Algorithm, Algorithm)) -> bool {
    match &signed.key {
        Key::Rsa { alg, n, e } if *alg == own => {
            signed.verifies_with(&Key::Rsa { alg: other, n: n.clone(), e: e.clone() })
        }
        _ => false,
    }
}
