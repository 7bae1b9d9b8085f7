//! Arguments and files that are wrong: said before anything is sent.

use crate::run::{finish, passrig, start};
use crate::server::relying_party;

async fn refused(arguments: &str, code: i32) -> String {
    let run = passrig(arguments).await;
    assert_eq!(run.exits(code).out, "");
    assert!(run.log.is_empty(), "it began");
    run.said
}

const RP: &str = "--rp http://127.0.0.1:9 --adapter reference";

#[tokio::test]
async fn adapters() {
    let rp = "--rp http://127.0.0.1:9 --adapter";
    insta::assert_snapshot!(refused(&format!("{rp} beter-auth"), 2).await, @r"
× no adapter is called `beter-auth`, and no such file is there
help: did you mean better-auth?
");
    insta::assert_snapshot!(refused(&format!("{rp} missing.toml"), 2).await, @r"
× cannot read the adapter missing.toml
╰─▶ No such file or directory (os error 2)
");

    let folder = tempfile::tempdir().unwrap();
    let broken = "id = \"mine\"\nname = \"Mine\"\nstatus = \"untested\"\n\n[[register]]\nrequest = \"PSOT /begin\"\noptions = \"$\"\n";
    std::fs::write(folder.path().join("mine.toml"), broken).unwrap();
    let child = start(&format!("check {rp} mine.toml"), folder.path());
    let run = finish(child, &folder).await;
    insta::assert_snapshot!(run.exits(2).said, @r#"
 × not a request line: `PSOT /begin`
  ╭─[mine.toml:6:11]
5 │ [[register]]
6 │ request = "PSOT /begin"
  ·           ──────┬──────
  ·                 ╰── here
7 │ options = "$"
  ╰────
 help: write `request = "POST /path"`, `"POST {{url}}"` where a URL was
       captured, or `"POST http://localhost:8025/path"`
"#);
}

#[tokio::test]
async fn urls() {
    insta::assert_snapshot!(refused("--rp localhost:3000 --adapter reference", 2).await, @r"
error: invalid value 'localhost:3000' for '--rp <URL>': expected a URL such as http://localhost:3000, or exec:COMMAND

For more information, try '--help'.
");
    insta::assert_snapshot!(refused(&format!("{RP} --connect-to nowhere"), 2).await, @r"
error: invalid value 'nowhere' for '--connect-to <HOST:PORT>': `nowhere` is neither HOST:PORT nor FROM-HOST:FROM-PORT:HOST:PORT

For more information, try '--help'.
");
}

#[tokio::test]
async fn filters() {
    let said = refused(&format!("{RP} --only registration.orign"), 4).await;
    assert!(said.contains("no check is called `registration.orign`"), "{said}");
    assert!(said.contains("did you mean registration.origin"), "{said}");
    let nothing = format!("{RP} --only registration.origin --skip registration");
    insta::assert_snapshot!(refused(&nothing, 4).await, @r"
× every check is left out
help: --only, --skip, --shard and --rerun-failed must leave some
");
}

#[tokio::test]
async fn certificates() {
    insta::assert_snapshot!(refused(&format!("{RP} --ca missing.pem"), 2).await, @r"
× cannot read the CA file missing.pem
╰─▶ No such file or directory (os error 2)
");
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("ca.pem"), "no certificate").unwrap();
    let run = finish(start(&format!("check {RP} --ca ca.pem"), folder.path()), &folder).await;
    insta::assert_snapshot!(run.exits(2).said, @"  × the CA file ca.pem has no certificate in PEM");
}

/// Before the run, not after it.
#[tokio::test]
async fn files_that_cannot_be_written() {
    let url = relying_party(|_| panic!("a request was sent")).await;
    let rp = format!("--rp {url} --adapter reference");
    insta::assert_snapshot!(refused(&format!("{rp} --report json=no/report.json"), 2).await, @r"
× cannot write no/report.json
╰─▶ No such file or directory (os error 2)
help: make its folder, or name a file in another one
");
    insta::assert_snapshot!(refused(&format!("{rp} --log no/log.jsonl"), 2).await, @r"
× cannot write no/log.jsonl
╰─▶ No such file or directory (os error 2)
help: make its folder, or name a file in another one
");
    // A folder that is there, but takes no files.
    let said = refused(&format!("{rp} --report json=/proc/report.json"), 2).await;
    assert!(said.contains("cannot write /proc/report.json"), "{said}");
}

#[tokio::test]
async fn simulations() {
    let said = async |arguments: &str| {
        let folder = tempfile::tempdir().unwrap();
        let child = start(&format!("simulate {arguments}"), folder.path());
        finish(child, &folder).await.exits(2).said.clone()
    };
    insta::assert_snapshot!(said("lost-devise").await, @r"
    × no simulation is called `lost-devise`
    help: did you mean lost-device?
    ");
    insta::assert_snapshot!(said("lost-device --step").await, @r"
    × --step waits for Enter, and nobody is there to press it
    help: leave it out, or run passrig in a terminal
    ");
}
