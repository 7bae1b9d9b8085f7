//! Challenges that expire while we wait, or do not.

use std::process::Command;
use std::time::{Duration, Instant};

use passrig::outcome::Outcome;
use passrig::relying_party::{Config, ORIGIN, RP_ID, RelyingParty, mutant};
use passrig_authenticator::env::Seeded;

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
    assert_eq!(EXPIRED.map(|id| flawed.result(id).outcome), [Outcome::Warn, Outcome::Pass]);
}

/// Ctrl-C ends a wait as it ends everything else.
#[tokio::test]
async fn is_not_waited_for_after_all() {
    let (begun, mut begins) = tokio::sync::mpsc::unbounded_channel();
    let url = relying_party(move |asked| {
        if asked.check == EXPIRED[0] {
            begun.send(()).unwrap();
        }
        Behave
    })
    .await;
    let folder = tempfile::tempdir().unwrap();
    let arguments = format!(
        "check --rp {url} --adapter reference {ALIKE} --only registration.type.nonsense \
         --only {} --expiry 600",
        EXPIRED[0]
    );
    let child = start(&arguments, folder.path());
    begins.recv().await.unwrap();
    // The answer is on its way: after it there is nothing but the wait.
    tokio::time::sleep(Duration::from_millis(500)).await;
    let id = child.id().unwrap().to_string();
    let interrupted = Instant::now();
    assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
    let run = finish(child, &folder).await;
    assert!(interrupted.elapsed() < Duration::from_secs(60));
    run.exits(130);
    insta::assert_snapshot!(run.said, @"registration.challenge.expired: waiting 600 s for its challenge to expire");
    assert_eq!(run.told("registration.type.nonsense"), "pass");
    assert_eq!(run.last_line(), "end");
}
