//! Runs that are cut off.

use std::process::Command;

use crate::run::{ALIKE, THIRTEEN, finish, lines, start};
use crate::server::Act::{Behave, Hang};
use crate::server::relying_party;

/// Runs until a check of the last block hangs, and sends a signal. The exit
/// code, what was printed, and the kinds of the log's lines.
async fn cut_off(signal: &str) -> (crate::run::Run, Vec<String>) {
    let (hanging, mut hangs) = tokio::sync::mpsc::unbounded_channel();
    let url = relying_party(move |asked| match asked.check == "registration.type.missing" {
        true => {
            hanging.send(()).unwrap();
            Hang
        }
        false => Behave,
    })
    .await;
    let folder = tempfile::tempdir().unwrap();
    let arguments = format!(
        "check --rp {url} --adapter reference {ALIKE} --jobs 1 --deadline 60 --quiet \
         {THIRTEEN}"
    );
    let mut child = start(&arguments, folder.path());
    tokio::select! {
        hang = hangs.recv() => hang.unwrap(),
        _ = child.wait() => return (finish(child, &folder).await, Vec::new()),
    }
    let id = child.id().unwrap().to_string();
    assert!(Command::new("kill").args([signal, &id]).status().unwrap().success());
    let run = finish(child, &folder).await;
    let kinds = lines(&folder.path().join("log.jsonl"));
    let kinds = kinds.iter().map(|line| line["kind"].as_str().unwrap().to_owned()).collect();
    (run, kinds)
}

fn count(kinds: &[String], kind: &str) -> usize {
    kinds.iter().filter(|one| *one == kind).count()
}

#[tokio::test]
async fn by_the_user() {
    let (run, kinds) = cut_off("-INT").await;
    run.exits(130);
    insta::assert_snapshot!(run.out, @r"
10 checks: 10 pass
Stopped before the end: interrupted. 10 checks were decided before that.
");
    assert_eq!(run.last_line(), "end");
    assert_eq!(run.report.as_ref().unwrap()["summary"]["pass"], count(&kinds, "check"));
    assert!(count(&kinds, "attempt") > count(&kinds, "check"));
}

#[tokio::test]
async fn by_force() {
    let (run, kinds) = cut_off("-KILL").await;
    run.exits(-1);
    assert_eq!(kinds[0], "run");
    // The first block is decided; of the second the attempts are there.
    assert_eq!((count(&kinds, "check"), count(&kinds, "attempt")), (10, 12));
}
