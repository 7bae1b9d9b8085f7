//! Targets that break in the middle of a run.

use std::collections::HashSet;
use std::sync::Mutex;

use passrig::outcome::{Manner, Outcome};

use crate::run::{THIRTEEN, TYPES, check, check_as};
use crate::server::Act::{Behave, Close, Die};
use crate::server::{relying_party, say, with};

const NONSENSE: &str = "registration.type.nonsense";

/// An error of one check; the others are decided.
#[tokio::test]
async fn closes_the_connection_at_one_check() {
    let url = relying_party(|asked| match asked.is_result() && asked.check == NONSENSE {
        true => Close,
        false => Behave,
    })
    .await;
    let run = check(&url, TYPES).await;
    run.exits(1);
    insta::assert_snapshot!(run.told(NONSENSE), @"error: register step 2 (POST /attestation/result): the target closed the connection without an answer");
    let others: Vec<_> = run.results().into_iter().filter(|one| one.id != NONSENSE).collect();
    assert_eq!(others.len(), 4);
    assert!(others.iter().all(|one| one.outcome == Outcome::Pass), "{}", run.out);
    assert_eq!(run.last_line(), "end");
}

/// A refusal by a crash is none.
#[tokio::test]
async fn crashes_at_everything_that_deviates() {
    let url = relying_party(|asked| match asked.is_deviant() {
        true => say(500, r#"{"error":"TypeError"}"#),
        false => Behave,
    })
    .await;
    let run = check(&url, TYPES).await;
    run.exits(1);
    insta::assert_snapshot!(run.told(NONSENSE), @"error: the target answered with a server error: TypeError");
    insta::assert_snapshot!(run.said, @r"
a forged registration remains open: the answer is a server-error: TypeError
a forged authentication remains open: the answer is a server-error: TypeError
");
    assert!(run.results().iter().all(|one| one.outcome == Outcome::Error), "{}", run.out);
}

/// A server error is a refusal if the adapter says so, and looks like a crash
/// unless the body says otherwise.
#[tokio::test]
async fn refuses_by_a_server_error() {
    let crash = || {
        relying_party(|asked| match asked.is_deviant() {
            true => say(500, r#"{"code":"bad_passkey"}"#),
            false => Behave,
        })
    };
    let known = "refused = [{ status = [400, 413], json = \"$.status\", equals = \"failed\" }]";
    let bare = "refused = [{ status = [500] }]";
    let run = check_as(&crash().await, TYPES, &[(known, bare)]).await;
    run.exits(1);
    insta::assert_snapshot!(run.told(NONSENSE), @"warn: the refusal looks like a crash: bad_passkey");

    let telling = "refused = [{ status = [500], json = \"$.code\", equals = \"bad_passkey\" }]";
    let run = check_as(&crash().await, TYPES, &[(known, telling)]).await;
    run.exits(0);
    let result = run.result(NONSENSE);
    assert_eq!(result.outcome, Outcome::Pass);
    assert_eq!(result.manner, Some(Manner::NamedServerError));
}

/// Wait, slow down, go on.
#[tokio::test]
async fn is_throttled_for_a_while() {
    let seen: Mutex<HashSet<String>> = Mutex::default();
    let url = relying_party(move |asked| {
        let first = || seen.lock().unwrap().insert(format!("{} {}", asked.check, asked.path));
        let chosen = ["canary.honest", "canary.forged", "twin", NONSENSE].contains(&asked.check);
        match chosen && asked.path == "/attestation/result" && first() {
            true => with(say(429, "slow down"), "retry-after", "1"),
            false => Behave,
        }
    })
    .await;
    let run = check(&url, &format!("--only {NONSENSE}")).await;
    run.exits(0);
    insta::assert_snapshot!(run.said, @r"
the target wants fewer requests; waiting 2 s
the target wants fewer requests; waiting 2 s
the target wants fewer requests; waiting 2 s
the target wants fewer requests; waiting 2 s
");
}

#[tokio::test]
async fn is_throttled_for_ever_at_one_check() {
    let url = relying_party(|asked| match asked.check == NONSENSE {
        true => say(429, "slow down"),
        false => Behave,
    })
    .await;
    let run = check(&url, TYPES).await;
    run.exits(1);
    insta::assert_snapshot!(run.told(NONSENSE), @"inconclusive: throttled: register step 1 (POST /attestation/options): the target wants fewer requests");
    assert_eq!(run.results().iter().filter(|one| one.outcome == Outcome::Pass).count(), 4);
}

/// From some moment on nothing is answered but 429: that ends, too.
#[tokio::test]
async fn is_throttled_from_some_moment_on() {
    let url = relying_party(|asked| match asked.check.starts_with("canary") {
        true => Behave,
        false => say(429, "slow down"),
    })
    .await;
    let run = check(&url, TYPES).await;
    run.exits(1);
    insta::assert_snapshot!(run.told(NONSENSE), @"inconclusive: throttled: an honest registration before the attempts could not be carried out: register step 1 (POST /attestation/options): the target wants fewer requests");
    assert!(run.results().iter().all(|one| one.outcome == Outcome::Inconclusive), "{}", run.out);
}

/// Whole blocks count; what no honest ceremony followed does not.
#[tokio::test]
async fn dies_in_the_middle() {
    let last = "registration.type.missing";
    let url = relying_party(move |asked| match asked.is_result() && asked.check == last {
        true => Die,
        false => Behave,
    })
    .await;
    let run = check(&url, &format!("{THIRTEEN} --jobs 1 --restart-wait 0")).await;
    run.exits(3);
    insta::assert_snapshot!(run.out, @r"
passrig 0.1.0
target  http://127.0.0.1:PORT/, adapter reference
origin  https://login.passrig.test
run     seed s, run id r
asks    authentication.login username, authentication.user-verification
        required, registration.attestation none, registration.user-verification
        required

client-data  13 checks  10 pass  2 inconclusive  1 error

error  registration.type.missing
  sent      registration: client data without a type
  variant   user-verification=required attestation=none login=username
  target    broke: the target stopped answering after this check: register step
            2 (POST /attestation/result): the target closed the connection
            without an answer
  demanded  §7.1 step 7 (REG-04): must be refused; importance medium
  duty      the library's
  why       The type keeps signatures of one kind from being used as another: an
            assertion as a registration, a payment confirmation as a login.
  fix       Compare `type` with exactly `webauthn.create` in registrations and
            `webauthn.get` in authentications.
  replay    passrig check --rp http://127.0.0.1:PORT --adapter reference \
              --origin https://login.passrig.test --restart-wait 0 \
              --name-checks --seed s --run-id r \
              --only registration.type.missing

To replay on an RP that still has the accounts of this run, leave out --run-id.

Inconclusive: an honest ceremony beside the attempt was not accepted.
  bracket: the target was gone before an honest ceremony could follow
    registration.type.payment
    registration.type.case

13 checks: 10 pass, 2 inconclusive, 1 error
Stopped before the end: register step 2 (POST /attestation/result): the target
closed the connection without an answer. 10 checks were decided before that.
Every exchange is in log.jsonl.
");
    assert_eq!(run.last_line(), "end");
    let report = run.report.as_ref().unwrap();
    assert_eq!(report["summary"]["pass"], 10);
    assert_eq!(run.results().len(), report["checks"].as_array().unwrap().len());
}
