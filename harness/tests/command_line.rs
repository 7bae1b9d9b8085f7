//! The program from outside: what it prints, and its exit codes.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use tempfile::TempDir;

/// Runs the program in a folder of its own.
fn passrig(args: &str) -> (Output, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    (command(args, folder.path()).output().unwrap(), folder)
}

fn command(args: &str, folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_passrig"));
    command.args(args.split_whitespace()).current_dir(folder).env_remove("NO_COLOR");
    command
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

/// The exit code and what was said on standard error.
fn refused(args: &str) -> (i32, String) {
    let (output, _) = passrig(args);
    assert_eq!(text(&output.stdout), "", "{args}");
    (output.status.code().unwrap(), text(&output.stderr).to_owned())
}

#[test]
fn a_target_without_an_adapter() {
    let (code, said) = refused("check --rp http://localhost:1");
    assert_eq!(code, 2);
    assert!(said.contains("--adapter") && said.contains("better-auth"), "{said}");
}

#[test]
fn an_adapter_that_is_not_there() {
    let (code, said) = refused("check --rp http://localhost:1 --adapter beter-auth");
    assert_eq!(code, 2);
    insta::assert_snapshot!(said, @r"
    × no adapter is called `beter-auth`, and no such file is there
    help: did you mean better-auth?
    ");
    let (code, said) = refused("check --rp http://localhost:1 --adapter no/such.toml");
    assert_eq!(code, 2);
    insta::assert_snapshot!(said, @r"
    × cannot read the adapter no/such.toml
    ╰─▶ No such file or directory (os error 2)
    ");
}

#[test]
fn an_adapter_with_a_mistake() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("mine.toml"), "id = \"mine\"\nnmae = \"Mine\"\n").unwrap();
    let args = "check --rp http://localhost:1 --adapter mine.toml";
    let output = command(args, folder.path()).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let said = text(&output.stderr);
    assert!(said.contains("nmae") && said.contains("mine.toml"), "{said}");
}

#[test]
fn a_wait_that_is_none() {
    let target = "--rp http://localhost:1 --adapter reference";
    let (code, said) = refused(&format!("check {target} --expiry 0"));
    assert_eq!(code, 2);
    insta::assert_snapshot!(said, @r"
    error: invalid value '0' for '--expiry <SECONDS>': expected seconds from 1 to 3600: a little longer than the RP lets a challenge live, such as 601

    For more information, try '--help'.
    ");
    let (code, said) = refused(&format!("check {target} --expiry 5m"));
    assert_eq!(code, 2);
    assert!(said.contains("such as 601"), "{said}");
    // The built-in RP's clock is put forward, and nobody has to say how far.
    let (code, said) = refused("check --expiry 601");
    assert_eq!(code, 2);
    insta::assert_snapshot!(said, @r"
    × --expiry is about an RP, and there is none
    help: say with --rp, or in passrig.toml, where it is
    ");
    let (output, _) = passrig("check --only *.challenge.expired --quiet");
    assert_eq!(output.status.code(), Some(0));
    assert!(text(&output.stdout).contains("2 checks: 2 pass"), "{}", text(&output.stdout));
}

/// The warning is about a browser that starts.
#[test]
fn a_broken_page_script_gives_no_sandbox_warning() {
    for (script, message) in [
        ("[[step]]\nclik = 'a'", "unknown key `clik`"),
        ("[[step]]\ngoto = '{{nam}}'", "unknown variable `{{nam}}`"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("steps.toml"), script).unwrap();
        let mut command = command("page http://localhost:1 --script steps.toml", folder.path());
        command.env("PASSRIG_CHROMIUM", "true").env("PASSRIG_CHROMIUM_FLAGS", "--no-sandbox");
        let output = command.output().unwrap();
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains(message) && !said.contains("sandbox"), "{said}");
    }
}

#[test]
fn a_report_that_cannot_be_written() {
    let (code, said) = refused("check --report json=no/such/folder/report.json");
    assert_eq!(code, 2);
    insta::assert_snapshot!(said, @r"
    × cannot write no/such/folder/report.json
    ╰─▶ No such file or directory (os error 2)
    help: make its folder, or name a file in another one
    ");
}

#[test]
fn a_filter_that_matches_nothing() {
    for verb in ["check", "list"] {
        let (code, said) = refused(&format!("{verb} --only registration.origim"));
        assert_eq!(code, 4, "{said}");
        assert!(said.contains("registration.origin"), "{said}");
    }
}

#[test]
fn a_secret_from_the_environment_that_is_not_there() {
    let (code, said) =
        refused("check --rp http://localhost:1 --adapter reference --var PASSRIG_NOT_THERE");
    assert_eq!(code, 2);
    assert!(said.contains("PASSRIG_NOT_THERE"), "{said}");
}

#[test]
fn a_mutant_that_is_not_there() {
    let (code, said) = refused("rp --mutant registration.orign.left-out");
    assert_eq!(code, 2);
    insta::assert_snapshot!(said, @r"
    × no mutant is called `registration.orign.left-out`
    help: did you mean registration.origin.left-out?
    ");
    let (code, said) =
        refused("rp --origin https://login.passrig.test --rp-id example.com --listen 127.0.0.1:0");
    assert_eq!(code, 2);
    insta::assert_snapshot!(said, @r"
    × the origin https://login.passrig.test cannot use the RP id `example.com`
    help: the RP id is the origin's host or a parent of it, such as
          `login.passrig.test`
    ");
}

#[test]
fn lists() {
    for (args, known) in [
        ("rp --mutants", "registration.origin.left-out"),
        ("adapters", "fido-conformance"),
        ("list", "registration.origin."),
        ("list --page", "registration.page-gesture.missing"),
        ("list --json", "\"violates\""),
        ("explain 7.1/9", "§7.1 step 9"),
        ("list --json", "\"owner\""),
        ("coverage", "Every row has a check"),
        ("coverage --rows", "REG-06"),
        ("coverage --json", "\"state\": \"covered\""),
    ] {
        let (output, folder) = passrig(args);
        assert_eq!(output.status.code(), Some(0), "{args}: {}", text(&output.stderr));
        assert!(text(&output.stdout).contains(known), "{args}");
        assert!(!text(&output.stdout).contains('\u{1b}'), "{args} has colours");
        assert_eq!(std::fs::read_dir(folder).unwrap().count(), 0, "{args} left a file");
    }
    let (output, _) = passrig("list --color always");
    assert!(text(&output.stdout).contains('\u{1b}'));
}

/// A mutant over HTTP, found out.
#[test]
fn a_mutant_that_is_served() {
    let folder = tempfile::tempdir().unwrap();
    let id = "registration.origin.left-out";
    let (_served, hint) = Served::start(&format!("--mutant {id}"), folder.path());

    let check =
        |arguments: &str| command(&format!("{hint} {arguments}"), folder.path()).output().unwrap();
    let output =
        check("--only registration.origin.port --report json=report.json --seed s --run-id one");
    let said = text(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{said}{}", text(&output.stderr));
    assert!(said.contains("fail  registration.origin.port\n"), "{said}");
    assert!(said.contains("--run-id one"), "{said}");
    let report = std::fs::read_to_string(folder.path().join("report.json")).unwrap();
    let report: serde_json::Value = serde_json::from_str(&report).unwrap();
    assert_eq!(report["run_id"], "one");
    assert_eq!(report["checks"][0]["verdict"], "accepted");
    assert!(folder.path().join(".passrig/one.jsonl").exists());

    // The replay, on an RP that remembers.
    let output = check("--only registration.origin.port --seed s --run-id one");
    assert_eq!(output.status.code(), Some(3));
    assert!(text(&output.stderr).contains("--run-id is given"), "{}", text(&output.stderr));
    let output = check("--only registration.origin.port");
    assert_eq!(output.status.code(), Some(1));

    let output = check("--only registration.type --log mine.jsonl --quiet");
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert!(text(&output.stdout).contains("As expected"), "{}", text(&output.stdout));
    assert_eq!(text(&output.stderr), "");
    assert!(folder.path().join("mine.jsonl").exists());
}

/// Nobody is there: exit 3, and what was tried.
#[test]
fn a_target_that_is_not_there() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let (code, said) =
        refused(&format!("check --rp http://127.0.0.1:{port} --adapter reference --quiet"));
    assert_eq!(code, 3, "{said}");
    assert!(said.contains("POST http://127.0.0.1") && said.contains("nobody listens"), "{said}");
    // Nor is anybody there for another product.
    let all = format!("check --rp http://127.0.0.1:{port} --adapter reference --authenticator all");
    let output = command(&all, tempfile::tempdir().unwrap().path()).output().unwrap();
    let said = text(&output.stderr);
    assert_eq!((output.status.code(), said.matches("help:").count()), (Some(3), 1), "{said}");
}

/// Where the RP id is the host itself, the origin of the one is that of the
/// other: nothing is wrong there that could be refused.
#[test]
fn an_rp_id_that_is_the_host() {
    let folder = tempfile::tempdir().unwrap();
    let arguments = "--origin https://login.passrig.test --rp-id login.passrig.test";
    let (_served, hint) = Served::start(arguments, folder.path());
    let check = format!("{hint} --only *.origin.parent*");
    let output = command(&check, folder.path()).output().unwrap();
    let said = text(&output.stdout);
    assert!(said.contains("4 checks: 4 skipped"), "{said}{}", text(&output.stderr));
}

/// A server that ends with its test.
struct Served(Child);

impl Served {
    /// `passrig rp` with these arguments, and those that it says check it.
    fn start(arguments: &str, folder: &Path) -> (Self, String) {
        let mut serve = command(&format!("rp --listen 127.0.0.1:0 {arguments}"), folder);
        let mut served = Self(serve.stderr(Stdio::piped()).spawn().unwrap());
        let greeting: Vec<String> = BufReader::new(served.0.stderr.take().unwrap())
            .lines()
            .map(Result::unwrap)
            .take_while(|line| !line.starts_with("Stop it"))
            .collect();
        let hint = greeting.iter().find_map(|line| line.strip_prefix("Check it:  passrig "));
        (served, hint.unwrap().to_owned())
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Ctrl-C: what there is is reported, and the log stays.
#[cfg(unix)]
#[test]
fn interrupted() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let args = format!(
        "check --rp http://{} --adapter reference --run-id hanging",
        listener.local_addr().unwrap()
    );
    let mut command = command(&args, folder.path());
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // The program is at work when it connects, and then waits for its answer.
    let _connection = listener.accept().unwrap();
    let interrupt = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(interrupt.success());

    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{}", text(&output.stderr));
    assert!(text(&output.stdout).contains("Stopped before the end: interrupted."));
    let log = std::fs::read_to_string(folder.path().join(".passrig/hanging.jsonl")).unwrap();
    let kinds: Vec<String> = log
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["kind"].to_string())
        .collect();
    assert_eq!(kinds.first().unwrap(), "\"run\"");
    assert_eq!(kinds.last().unwrap(), "\"end\"");
}

#[test]
fn every_product_performs_the_checks() {
    let folder = tempfile::tempdir().unwrap();
    let arguments = "check --only registration.origin.port --only authentication.origin.port \
                     --authenticator all --report json=report.json --jobs 2";
    let output = command(arguments, folder.path()).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stdout));
    for name in ["platform", "icloud-keychain", "u2f", "windows-hello", "yubikey-5"] {
        let report = std::fs::read(folder.path().join(format!("report.{name}.json"))).unwrap();
        let report: serde_json::Value = serde_json::from_slice(&report).unwrap();
        assert_eq!(report["authenticator"], name);
        assert!(report["summary"]["pass"].as_u64() > Some(0), "{report:#}");
        assert_eq!(report["summary"]["inconclusive"], 0, "{report:#}");
    }
    assert!(!folder.path().join("report.json").exists());

    let output = command("check --authenticator yubikey-6", folder.path()).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("yubikey-5"), "{}", text(&output.stderr));
}

const OWN: &str = r#"
[[family]]
id = "own-origin"
ceremony = ["registration"]
violates = { registration = ["7.1/9"] }
clause = { registration = "§7.1 step 9" }
level = "must"
importance = "high"
expects = "refused"
why = "It is our competitor's."
fix = "Compare the whole origin."

[[family.case]]
id = "competitor"
sends = "client data whose origin is our competitor's"
deviation = [{ at = "client_data.origin", set = "https://competitor.example" }]
"#;

#[test]
fn checks_of_the_users_own() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("own.toml"), OWN).unwrap();
    let id = "registration.own-origin.competitor";
    for (arguments, known) in [
        (format!("list --catalogue own.toml --only {id}"), id),
        (format!("explain --catalogue own.toml {id}"), "our competitor's"),
        (format!("check --catalogue own.toml --only {id} --quiet"), "1 check: 1 pass"),
    ] {
        let output = command(&arguments, folder.path()).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        assert!(text(&output.stdout).contains(known), "{}", text(&output.stdout));
    }

    let wrong = OWN.replace("client_data.origin", "client_data.orign");
    std::fs::write(folder.path().join("own.toml"), wrong).unwrap();
    let output = command("check --catalogue own.toml", folder.path()).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let said = text(&output.stderr);
    assert!(said.contains("own.toml:") && said.contains("orign"), "{said}");

    let output = command("check --catalogue none.toml", folder.path()).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("none.toml"), "{}", text(&output.stderr));
}

const LOW: &str = r#"
[[family]]
id = "own-signature"
ceremony = ["authentication"]
exercises = { authentication = ["7.2/21"] }
clause = { authentication = "§7.2 step 21" }
level = "must"
importance = "high"
expects = "accepted"
why = "Signatures have it or not, as it falls."
fix = "Accept both."
"#;

/// Every second signature is as this check wants it before it is altered. All
/// of so many are sent nevertheless.
#[test]
fn an_edit_without_effect_is_tried_again() {
    let folder = tempfile::tempdir().unwrap();
    let deviation = "deviation = [{ at = \"signature.s\", encode = \"low-s\" }]";
    let case = |n| format!("[[family.case]]\nid = \"low-{n}\"\nsends = \"low {n}\"\n{deviation}\n");
    let cases: String = (0..1000).map(case).collect();
    std::fs::write(folder.path().join("own.toml"), format!("{LOW}\n{cases}")).unwrap();
    let arguments = "check --catalogue own.toml --only authentication.own-signature --quiet";
    let output = command(arguments, folder.path()).output().unwrap();
    let said = text(&output.stdout);
    assert!(said.contains("1000 checks: 1000 pass"), "{said}{}", text(&output.stderr));
}

#[test]
fn the_published_vectors_hold() {
    let (output, _) = passrig("vectors verify");
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let said = text(&output.stdout);
    assert_eq!(said.lines().filter(|line| line.ends_with("rebuilt, accepted")).count(), 15);
    let summary =
        "15/15 registrations, 15/15 authentications, 1/1 root certificate, 3/3 hmac-secret";
    assert_eq!(said.lines().last(), Some(summary));

    let (output, _) = passrig("vectors verify --json");
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let proofs = document["proofs"].as_array().unwrap();
    assert!(proofs.len() == 34 && proofs.iter().all(|proof| proof["holds"] == true));
}
