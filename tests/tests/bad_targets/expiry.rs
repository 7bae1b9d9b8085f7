//! Challenges that expire while we wait, or do not.

use std::process::Command;
use std::time::{Duration, Instant};

use passrig::outcome::Outcome;
use passrig::relying_party::{Config, ORIGIN, RP_ID, RelyingParty, mutant};
use passrig_authenticator::env::Seeded;
use tokio::io::{AsyncBufReadExt, BufReader};

use crate::run::{ALIKE, check, finish, start};
use crate::server::Act::Behave;
use crate::server::{relying_party, serving};

const EXPIRED: [&str; 2] = ["registration.challenge.expired", "authentication.challenge.expired"];

/// The reference RP, in a hurry.
fn hasty() -> RelyingParty {
    let challenge_lifetime = Duration::from_secs(2);
    let config = Config { challenge_lifetime, ..Config::new(ORIGIN, RP_ID) };
    RelyingParty::new(config, Seeded::new("bad targets"))
}

#[tokio::test]
async fn is_waited_for() {
    let flawed = mutant::by_id(EXPIRED[0]).unwrap();
    let sound = serving(hasty(), |_| Behave).await;
    let flawed = serving(hasty().with_mutant(flawed), |_| Behave).await;
    let arguments = "--only *.challenge.expired --expiry 3";
    let (sound, flawed) = tokio::join!(check(&sound, arguments), check(&flawed, arguments));

    sound.exits(0);
    assert_eq!(EXPIRED.map(|id| sound.result(id).outcome), [Outcome::Pass; 2]);
    insta::assert_snapshot!(sound.said, @r"
    registration.challenge.expired: waiting 3 s for its challenge to expire
    authentication.challenge.expired: waiting 3 s for its challenge to expire
    ");

    flawed.exits(0);
    insta::assert_snapshot!(flawed.out, @r"
    passrig 0.1.0
    target  http://127.0.0.1:PORT/, adapter reference
    origin  https://login.passrig.test
    run     seed s, run id r
    asks    authentication.login username, authentication.user-verification
            required, registration.attestation none, registration.user-verification
            required

    client-data  2 checks  1 pass  1 warn

    warn  registration.challenge.expired
      sent      registration: a good response to a challenge that was issued too
                long ago
      variant   user-verification=required attestation=none login=username
      target    accepted it (ok); a probe found the credential registered
      demanded  §13.4.3 (CHL-1): should be refused; importance medium
      duty      the application's
      why       A challenge that is never forgotten can be answered at any time.
                Whoever gets hold of a response that was never sent, from a log, a
                crash report or a page left open, can use it weeks later; and a
                store that nothing is ever removed from fills up.
      fix       Note when you issue a challenge, and refuse responses to it after
                five to ten minutes, which is what the `timeout` of your options
                should be too. Do not count on the browser's timeout or on the
                lifetime of a cookie: both are in the hands of whoever sends the
                response.
      replay    passrig check --rp http://127.0.0.1:PORT --adapter reference \
                  --origin https://login.passrig.test --expiry 3 --name-checks \
                  --seed s --run-id r --only registration.challenge.expired

    To replay on an RP that still has the accounts of this run, leave out --run-id.

    2 checks: 1 pass, 1 warn
    As expected, although 1 check went wrong: none counts at level must and
    importance medium.
    Every exchange is in log.jsonl.
    ");
}

/// Ctrl-C ends a wait as it ends everything else.
#[tokio::test]
async fn is_not_waited_for_after_all() {
    let url = relying_party(|_| Behave).await;
    let folder = tempfile::tempdir().unwrap();
    let arguments = format!(
        "check --rp {url} --adapter reference {ALIKE} --only registration.type.nonsense \
         --only {} --expiry 600",
        EXPIRED[0]
    );
    let mut child = start(&arguments, folder.path());
    let mut said = BufReader::new(child.stderr.take().unwrap()).lines();
    loop {
        let line = said.next_line().await.unwrap().expect("it waits, and says so");
        if line.contains("waiting 600 s") {
            break;
        }
    }
    let id = child.id().unwrap().to_string();
    let interrupted = Instant::now();
    assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
    let run = finish(child, &folder).await;
    assert!(interrupted.elapsed() < Duration::from_secs(60));
    run.exits(130);
    // It comes later in the catalogue, and yet before the wait.
    assert_eq!(run.told("registration.type.nonsense"), "pass");
    assert_eq!(run.last_line(), "end");
}
