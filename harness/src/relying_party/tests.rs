//! The relying party against responses that are made by hand here, so that it
//! is tested without the client and device that it shall test.

mod audit;
mod cases;
mod http;
mod sign_in;
mod world;

use passrig_authenticator::Ceremony;

use super::verify::StepKind;
use super::{STEPS, mutant};

#[test]
fn step_ids_are_unique() {
    for (place, step) in STEPS.iter().enumerate() {
        let later = STEPS.iter().skip(place + 1);
        let twins: Vec<_> = later.filter(|s| s.id == step.id && s.kind() == step.kind()).collect();
        assert!(twins.is_empty(), "{}", step.id);
    }
}

#[test]
fn steps_as_people_read_them() {
    let text: String = STEPS.iter().map(|s| format!("{}: {}\n", s.clause, s.title)).collect();
    insta::assert_snapshot!(text, @r#"
    §7.1 step 3: the response is an attestation response
    §7.1 step 6: the client data are JSON
    §7.1 step 7: the client data are those of a registration
    §7.1 step 8: the challenge is the one that was issued
    §7.1 step 9: the origin is one that the RP expects
    §7.1 step 10: a framed ceremony is one that the RP expects
    §7.1 step 11: a top-level origin is one that the RP expects
    §7.1 step 13: the attestation object and its authenticator data decode
    §7.1 step 14: the credential is scoped to the RP's id
    §7.1 step 15: the user was present
    §7.1 step 16: the user was verified, if that was required
    §7.1 step 17: only what is eligible for backup is backed up
    §7.1 step 20: the key is for an algorithm that was offered
    §7.1 step 21: the attestation statement format is known
    §8.7: a statement of the format none is empty
    §8.2 step 1: a packed statement has algorithm and signature, and certificates if any
    §8.2 step 2a: the certified key signed the packed statement
    §8.2.1: a packed attestation certificate is of version 3
    §8.2.1: a packed attestation certificate has the subject of an authenticator
    §8.2.1: what FIDO adds to a packed attestation certificate is not critical to those who do not know it
    §8.2.1: a packed attestation certificate's firmware version is a number
    §8.2.1: a packed attestation certificate is no authority's
    §8.2 step 2c: a packed attestation certificate is for the authenticator's model
    §8.2 step 3a: a self attestation's algorithm is the key's
    §8.2 step 3b: the credential's key signed the self attestation
    §8.3: a TPM statement has what a TPM says, and certificates
    §8.3: the TPM's public area is the credential key's
    §8.3: a TPM generated what it says
    §8.3: the TPM certifies a key
    §8.3: the TPM spoke in this ceremony
    §8.3: the TPM speaks of the key in its public area
    §8.3: the attestation identity key signed
    §8.3.1: an attestation identity key's certificate is of version 3
    §8.3.1: an attestation identity key's certificate has no subject
    §8.3.1: an attestation identity key's certificate tells the TPM's maker, model and version
    §8.3.1: an attestation identity key's certificate is for that use
    §8.3.1: an attestation identity key's certificate is no authority's
    §8.3: an attestation identity key's certificate is for the authenticator's model
    §8.4: an Android key statement has algorithm, signature and certificates
    §8.4: the certified key signed the Android key statement
    §8.4: Android certifies the credential's key
    §8.4: Android certified the key in this ceremony
    §8.4: no other application can use the key
    §8.4: trusted hardware made the key
    §8.4: trusted hardware holds the key to signing
    §8.5: a SafetyNet statement has a JSON Web Signature
    §8.5: the certified key signed the SafetyNet response
    §8.5: the SafetyNet response is for this ceremony
    §8.5: the SafetyNet response is from the service, and vouches for the device
    §8.6 step 1: a U2F statement has signature and certificate
    §8.6 step 2a: a U2F statement has one certificate
    §8.6 step 2b: a U2F attestation key is on the curve P-256
    §8.6: a U2F authenticator names no model
    §8.6 step 6: the certified key signed the U2F registration
    §8.8 step 1: an Apple statement has certificates
    §8.8 step 4: Apple certified the key in this ceremony
    §8.8 step 5: Apple certifies the credential's key
    §8.9: a compound statement is a list of two or more
    §8.9 step 1: each statement of a compound one is valid
    FIDO MDS 3.0 §3.2: metadata are signed by their service
    FIDO MDS 3.0 §3.2: the metadata's signer leads to the root of their service
    FIDO MDS 3.0 §3.2: no certificate of the metadata's signer was revoked
    FIDO MDS 3.0 §3.2: metadata are never older than those that were known before
    FIDO MDS 3.0 §3.2: metadata are not past the day of their next update
    FIDO MDS 3.0 §3.1.1: the authenticator's model is one that metadata list
    FIDO MDS 3.0 §3.1.4: the authenticator's model is not known to be broken
    FIDO MDS 3.0 §3.1.1: the attestation is of a type that the authenticator's model makes
    FIDO MDS 3.0 §3.1.1: the key is for an algorithm that the authenticator's model has
    §7.1 step 24a: attestation is there, if it was demanded
    §7.1 step 24b: the attestation certificates lead to a root that the RP trusts
    §7.1 step 25: the credential id is 1 to 1023 octets long
    §7.1 step 26: the credential id is not registered yet
    §7.1 step 28: extension outputs, whatever they are, do no harm
    §7.1 step 29: nothing is stored when a step fails
    §7.2 step 3: the response is an assertion response
    §7.2 step 5: the credential is one that was asked for
    §7.2 step 6a: the credential is the named account's
    §7.2 step 6b: the user handle names the credential's account
    §7.2 step 9: the client data are JSON
    §7.2 step 10: the client data are those of an authentication
    §7.2 step 11: the challenge is the one that was issued
    §7.2 step 12: the origin is one that the RP expects
    §7.2 step 13: a framed ceremony is one that the RP expects
    §7.2 step 14: a top-level origin is one that the RP expects
    §7.2 step 15: the authenticator data decode
    §7.2 step 15: the assertion is for the RP's id
    §7.2 step 16: the user was present
    §7.2 step 17: the user was verified, if that was required
    §7.2 step 18: only what is eligible for backup is backed up
    §7.2 step 19: backup eligibility is what it was at registration
    §7.2 step 21: the registered key signed
    §7.2 step 22: the signature counter grew, if it is used
    §7.2 step 23: extension outputs, whatever they are, do no harm
    §7.2 step 25: nobody is signed in when a step fails
    §13.4.3: challenges are long, random, and never the same
    §14.6.1: user handles tell nothing about the user
    §5.4.3: an account keeps its user handle
    §5.4.3: every account has a user handle of its own
    §2.1.1: enumerated options have values that clients know
    §15.1: people have time enough
    §5.4: the algorithms are ones that authenticators have
    §5.4.4: requireResidentKey says what residentKey says
    §5.4: excludeCredentials lists the account's credentials
    §5.5: allowCredentials lists the account's credentials
    §5.8.3: listed credentials have the transports of their registration
    §14.6.2: options do not tell who has an account
    §14.6.2: failures do not tell which credentials are registered
    §14.6.2: how long options take does not tell who has an account
    §14.6.2: how long failures take does not tell which credentials are registered
    §13.4.6: users can remove their credentials
    ASVS 8.2.2: nobody removes another user's credentials
    ASVS 8.2.1: nobody removes credentials who is not signed in
    §5.1.4: people have time to notice what autofill offers
    §5.11: the file of related origins is there for everybody
    §5.11: the file of related origins says that it is JSON
    §5.11: the file of related origins lists origins
    §5.11: the file of related origins names no more labels than clients read
    §5.11: the file of related origins names the RP's own
    §5.11: the file of related origins never travels unencrypted
    §5.11: the file of related origins has plain origins
    ASVS 7.2.4: a sign-in changes the session's token
    ASVS 3.3.4: scripts cannot read the session's cookie
    ASVS 3.3.2: requests of other sites do not carry the session's cookie
    ASVS 3.3.1: the session's cookie travels over encrypted connections only
    ASVS 7.4.1: a sign-out ends the session on the server
    ASVS 3.5.1: requests of other sites have no effect
    "#);
}

#[test]
fn mutant_ids_are_unique_and_name_steps() {
    let all = mutant::all();
    for mutant in &all {
        assert_eq!(all.iter().filter(|other| other.id == mutant.id).count(), 1, "{}", mutant.id);
        assert!(mutant::by_id(&mutant.id).is_some());
        assert!(!mutant.steps.is_empty() && !mutant.summary.is_empty());
        let steps: Vec<_> =
            mutant.steps.iter().map(|id| STEPS.iter().find(|s| s.id == *id).unwrap()).collect();
        assert!(mutant.id.starts_with(steps[0].area()), "{}", mutant.id);
    }
    assert!(mutant::by_id("registration.origin.unknown").is_none());
}

#[test]
fn every_step_has_mutants() {
    let all = mutant::all();
    for step in STEPS {
        let left_out = format!("{}.{}.left-out", step.area(), step.name);
        assert_eq!(
            mutant::by_id(&left_out).is_some(),
            step.kind() == StepKind::Verify,
            "{left_out}"
        );
        assert!(all.iter().any(|mutant| mutant.steps.contains(&step.id)), "{}", step.id);
    }
}

#[test]
fn both_ceremonies_have_steps() {
    let of = |ceremony| STEPS.iter().filter(|step| step.ceremony() == Some(ceremony)).count();
    assert_eq!((of(Ceremony::Registration), of(Ceremony::Authentication)), (74, 20));
}

#[test]
fn mutants_of_stories_are_no_others() {
    let all = mutant::all();
    for mutant in mutant::of_stories() {
        assert!(!all.iter().any(|other| other.id == mutant.id), "{}", mutant.id);
        assert!(mutant::by_id(&mutant.id).is_some());
    }
}
