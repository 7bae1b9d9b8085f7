//! The texts of `passrig explain`.

use super::filter;
use crate::catalogue::Catalogue;
use crate::cli::explain::explain;
use crate::outcome::Paint;
use crate::samples;

#[test]
fn explanation_of_a_check() {
    let id = "authentication.uv.absent";
    insta::assert_snapshot!(explain(id, &samples::catalogue(), Paint::PLAIN).unwrap(), @r"
    check authentication.uv.absent

    sends      authentication: authenticator data with the UV flag clear although it
               was required
    demanded   §7.2 step 17 (AUT-15): must be refused
    level      must, importance medium
    duty       the library's
    violates   7.2/17: the user was verified, if that was required
    why        It is a sign of a cloned key.
    fix        Ask for another factor, or note the event.
    needs      user-verification required
               two accounts
    performs   a security key: device-bound, counts
    story      replayed-assertion
    run it     passrig check --only authentication.uv.absent
    ");
}

#[test]
fn explanation_of_a_check_with_aliases() {
    let catalogue = Catalogue::builtin().unwrap();
    let text = explain("registration.origin.foreign", &catalogue, Paint::PLAIN).unwrap();
    insta::assert_snapshot!(text, @r"
    check registration.origin.foreign

    sends      registration: client data from a page of an unrelated site
    demanded   §7.1 step 9 (REG-06): must be refused
    level      must, importance high
    duty       the library's
    violates   7.1/9: the origin is one that the RP expects
    why        The origin is the only trace of the page that the user was on. An RP
               that accepts another one lets that page enrol passkeys or sign in
               with them: phishing works again.
    fix        Compare the whole serialised origin with the list of origins that you
               serve, octet by octet. Do not match parts of it, do not normalise it,
               and do not take the expected value from the request.
    flaws      origin.foreign: the origin of another site is accepted
    FIDO       Server-ServerAuthenticatorAttestationResponse-Resp-2/F-14
    performs   a passkey provider: synchronised, does not count
    run it     passrig check --only registration.origin.foreign
    ");
}

#[test]
fn explanation_of_a_check_that_waits() {
    let catalogue = Catalogue::builtin().unwrap();
    let text = explain("registration.challenge.expired", &catalogue, Paint::PLAIN).unwrap();
    // The mutant has the same name.
    let (check, _) = text.split_once("\nmutant ").unwrap();
    insta::assert_snapshot!(check, @r"
    check registration.challenge.expired

    sends      registration: a good response to a challenge that was issued too long
               ago
    demanded   §13.4.3 (CHL-1): should be refused
    level      should, importance medium
    duty       the application's
    violates   7.1/8: the challenge is the one that was issued
    why        A challenge that is never forgotten can be answered at any time.
               Whoever gets hold of a response that was never sent, from a log, a
               crash report or a page left open, can use it weeks later; and a store
               that nothing is ever removed from fills up.
    fix        Note when you issue a challenge, and refuse responses to it after
               five to ten minutes, which is what the `timeout` of your options
               should be too. Do not count on the browser's timeout or on the
               lifetime of a cookie: both are in the hands of whoever sends the
               response.
    flaws      challenge.expired: a challenge counts long after its timeout
    needs      time to wait: --expiry SECONDS, if there is an --rp
    performs   a passkey provider: synchronised, does not count
    story      expired-challenge
    run it     passrig check --only registration.challenge.expired
    ");
}

#[test]
fn explanation_of_a_check_that_times() {
    let catalogue = Catalogue::builtin().unwrap();
    let text = explain("authentication.enumeration.by-time", &catalogue, Paint::PLAIN).unwrap();
    let needs = text.split_once("needs ").unwrap().1.split_once("performs").unwrap().0;
    insta::assert_snapshot!(needs, @r"
    login username
          two accounts
          many answers to time: --timing, if there is an --rp
    ");
}

#[test]
fn explanation_of_a_step() {
    let text = explain("7.2/17", &samples::catalogue(), Paint::PLAIN).unwrap();
    insta::assert_snapshot!(text, @r"
    step 7.2/17

    clause     §7.2 step 17, authentication
    holds      the user was verified, if that was required
    kind       verify: it judges, without side effects
    checks     authentication.uv.absent
    mutants    authentication.user-verified.left-out
               authentication.user-verified.present-instead
               authentication.user-verified.demanded
    ");
}

#[test]
fn explanation_of_a_mutant() {
    let id = "authentication.user-verified.left-out";
    let text = explain(id, &samples::catalogue(), Paint::PLAIN).unwrap();
    insta::assert_snapshot!(text, @r"
    mutant authentication.user-verified.left-out

    flaw       does not establish that the user was verified, if that was required
    kind       the step is left out
    steps      7.2/17: the user was verified, if that was required
    concerned  authentication.uv.absent
    serve it   passrig rp --mutant authentication.user-verified.left-out
    ");
}

#[test]
fn unknown_names() {
    let catalogue = samples::catalogue();
    let failure = explain("authentication.uv.abset", &catalogue, Paint::PLAIN).unwrap_err();
    insta::assert_snapshot!(failure.render(Paint::PLAIN), @r"
    × nothing is called `authentication.uv.abset`
    help: did you mean authentication.uv.absent?
    ");
    assert_eq!(failure.exit_code(), 2);

    let failure = filter(&["list", "--only", "registration.orgin.*"], &catalogue).unwrap_err();
    insta::assert_snapshot!(failure.render(Paint::PLAIN), @r"
    × no check is called `registration.orgin.*`
    help: did you mean registration.origin.port?
    ");
    assert_eq!(failure.exit_code(), 4);
}
