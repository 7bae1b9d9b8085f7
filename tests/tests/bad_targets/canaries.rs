//! Targets that are found out before anything is judged.

use crate::run::check;
use crate::server::Act::{Behave, Die, Hang};
use crate::server::{Act, gullible, relying_party, say, with};

#[tokio::test]
async fn accepts_anything() {
    let run = check(&relying_party(gullible()).await, "").await;
    run.exits(1);
    insta::assert_snapshot!(run.out, @r"
passrig 0.1.0
target  http://127.0.0.1:PORT/, adapter reference
origin  https://login.passrig.test
run     seed s, run id r
asks    authentication.login discoverable, authentication.user-verification
        preferred, registration.attestation none, registration.user-verification
        required

other  1 check  1 fail

fail  canary.accepts-anything
  sent      registration: wrong type, challenge, origin, RP id hash, flags and
            signature
  variant   user-verification=required attestation=none login=username
  target    accepted it (ok); a probe found the credential registered (the
            target accepts anything; no other check would say more)
  demanded  §7: must be refused; importance critical
  replay    passrig check --rp http://127.0.0.1:PORT --adapter reference \
              --origin https://login.passrig.test --name-checks --seed s \
              --run-id r

To replay on an RP that still has the accounts of this run, leave out --run-id.

1 check: 1 fail
Not conformant: 1 check went wrong, the gravest of critical importance.
Every exchange is in log.jsonl.
");
    let report = run.report.unwrap();
    assert_eq!(report["checks"][0]["id"], "canary.accepts-anything");
    assert_eq!(report["checks"][0]["importance"], "critical");
}

/// Without probes nobody can tell whose fault it is.
#[tokio::test]
async fn says_that_it_accepts_anything() {
    let url = relying_party(gullible()).await;
    let run = check(&url, "--adapter fido-conformance").await;
    insta::assert_snapshot!(run.is_not_testable().complaint(), @r"
× a forged registration, wrong in every respect, is answered like an
│ accepted one
help: either the target accepts anything, or the adapter takes its refusals
      for acceptance: look at the answer shown here, and tell the two apart
      in `accepted` and `refused`; a `whoami` or `list` probe would show
      which it is
");
}

fn failed() -> Act {
    say(400, r#"{"status":"failed","errorMessage":"not today"}"#)
}

#[tokio::test]
async fn refuses_everything() {
    let url = relying_party(|asked| if asked.is_result() { failed() } else { Behave }).await;
    let run = check(&url, "").await;
    insta::assert_snapshot!(run.is_not_testable().complaint(), @r"
× an honest registration is refused: not today
help: is the target configured for the origin that --origin names (by
      default that of --rp)? What does its log say?
      --run-id is given: if the RP still has the accounts of that run, leave
      it out
");
}

#[tokio::test]
async fn hangs() {
    let run = check(&relying_party(|_| Hang).await, "--deadline 3").await;
    insta::assert_snapshot!(run.is_not_testable().complaint(), @r"
× an honest registration cannot be carried out: register step 1 (POST
│ /attestation/options): no complete answer within 3s
help: the target hangs, or needs longer: look at its log, or raise
      --deadline
");
    let url = relying_party(|asked| if asked.is_result() { Hang } else { Behave }).await;
    let run = check(&url, "--deadline 3").await;
    insta::assert_snapshot!(run.is_not_testable().complaint(), @r"
× an honest registration cannot be carried out: register step 2 (POST
│ /attestation/result): no complete answer within 3s
help: the target hangs, or needs longer: look at its log, or raise
      --deadline
");
}

#[tokio::test]
async fn dies_at_the_tenth_request() {
    let url = relying_party(|asked| if asked.n == 10 { Die } else { Behave }).await;
    let run = check(&url, "--restart-wait 0").await;
    insta::assert_snapshot!(run.is_not_testable().complaint(), @r"
× a forged registration cannot be sent: list step 1 (GET /credentials): the
│ target closed the connection without an answer
help: it answered honest ceremonies just before: its log has more
");
}

/// What it is that the adapter does not know.
#[tokio::test]
async fn speaks_otherwise_than_the_adapter_says() {
    let teapot = || say(418, "I am a teapot");
    let url = relying_party(move |asked| if asked.is_result() { teapot() } else { Behave }).await;
    let run = check(&url, "").await;
    insta::assert_snapshot!(run.is_not_testable().complaint(), @r"
× an honest registration is answered in a way that the adapter does not
│ know: I am a teapot
help: if this means that it was accepted, add to that step: accepted = [{
      status = [418] }]
");
    let forged = move |asked: &crate::server::Asked<'_>| {
        if asked.is_deviant() { teapot() } else { Behave }
    };
    let run = check(&relying_party(forged).await, "").await;
    insta::assert_snapshot!(run.is_not_testable().complaint(), @r"
× the adapter does not know how the target refuses a forged registration: I
│ am a teapot
help: if this is a refusal, add to that step: refused = [{ status = [418] }]
");
}

#[tokio::test]
async fn is_throttled_for_ever() {
    let url = relying_party(|_| with(say(429, "slow down"), "retry-after", "1")).await;
    let run = check(&url, "").await;
    insta::assert_snapshot!(run.is_not_testable().said, @r#"
the target wants fewer requests; waiting 2 s
the target wants fewer requests; waiting 4 s
the target wants fewer requests; waiting 8 s
sent POST http://127.0.0.1:PORT/attestation/options
     {"attestation":"none","authenticatorSelection":{"residentKey":"preferred","userVerification":"required"},"displayName":"Passrig
     user-verification=required attestation=none
     login=username","username":"passrig-cf0c76abbb1f"}
got  429
     slow down

sent POST http://127.0.0.1:PORT/attestation/options
     {"attestation":"none","authenticatorSelection":{"residentKey":"preferred","userVerification":"required"},"displayName":"Passrig
     user-verification=required attestation=none
     login=username","username":"passrig-cf0c76abbb1f"}
got  429
     slow down

  × an honest registration cannot be carried out: register step 1 (POST
  │ /attestation/options): the target wants fewer requests, for 1s
  help: wait, or switch off the target's rate limit for the test
"#);
}
