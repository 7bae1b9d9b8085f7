//! Files of the current folder that come from elsewhere, and commands of the user.

mod built_in;
mod names;
mod places;

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tempfile::TempDir;

use crate::support::{FEW, Ran, passrig, run, serve};

/// A folder with these files.
fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

/// A folder with this passrig.toml.
fn found(target: &str) -> TempDir {
    folder(&[("passrig.toml", &format!("[target]\n{target}\n"))])
}

/// The text without the frame and the line breaks of the terminal.
fn flowing(text: &str) -> String {
    text.replace('│', " ").split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The run refused a setting of passrig.toml, and told the line and the flag.
#[track_caller]
fn refuses(ran: &Ran, line: usize, flag: &str) {
    let said = flowing(&ran.exits(2).said());
    assert!(said.contains(&format!("passrig.toml:{line}:")), "{said}");
    assert!(said.contains(flag) && said.contains("--config passrig.toml"), "{said}");
}

/// The program with these words, which may contain spaces.
async fn words(folder: &Path, words: &[&str]) -> Ran {
    let mut command = passrig(folder, "");
    command.args(words);
    let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    Ran::of(output, folder)
}

/// passrig.toml of the current folder names a program as the RP.
// Before: red.
#[tokio::test(flavor = "multi_thread")]
async fn a_found_file_runs_no_program_as_rp() {
    for verb in ["check", "baseline", "simulate lost-device"] {
        let folder = found("rp = \"exec:touch ran\"");
        let ran = run(folder.path(), verb).await;
        assert!(!folder.path().join("ran").exists(), "{verb}");
        refuses(&ran, 2, "--rp exec:COMMAND");
    }
}

/// passrig.toml of the current folder has a command that restarts the target.
// Before: red.
#[tokio::test(flavor = "multi_thread")]
async fn a_found_file_runs_no_restart_command() {
    let url = serve(|asked, _| asked.is_result().then(|| panic!("dies"))).await;
    for verb in ["check", "baseline", "simulate lost-device"] {
        let folder =
            found(&format!("rp = \"{url}\"\nadapter = \"reference\"\nrestart = \"touch ran\""));
        let ran = run(folder.path(), verb).await;
        assert!(!folder.path().join("ran").exists(), "{verb}");
        refuses(&ran, 4, "--restart COMMAND");
    }
}

const RUNS: &str = "\n[[provision]]\nrun = [\"touch\", \"ran\"]\n";

fn reference(more: &str) -> String {
    format!("{}{more}", include_str!("../../adapters/reference.toml"))
}

/// passrig.toml of the current folder lets its adapter run programs.
// Before: red.
#[tokio::test(flavor = "multi_thread")]
async fn a_found_file_does_not_let_an_adapter_run_programs() {
    let url = serve(|_, _| None).await;
    let config = format!("[target]\nallow_run = true\nrp = \"{url}\"\nadapter = \"mine.toml\"\n");
    let folder = folder(&[("passrig.toml", &config), ("mine.toml", &reference(RUNS))]);
    let ran = run(folder.path(), "check").await;
    assert!(!folder.path().join("ran").exists());
    refuses(&ran, 2, "--allow-run");
}

/// An adapter that passrig.toml of the current folder names has a program step.
// Before: held.
#[tokio::test(flavor = "multi_thread")]
async fn program_steps_need_a_flag() {
    let url = serve(|_, _| None).await;
    let config = format!("[target]\nrp = \"{url}\"\nadapter = \"mine.toml\"\n");
    let folder = folder(&[("passrig.toml", &config), ("mine.toml", &reference(RUNS))]);
    let ran = run(folder.path(), &format!("check {FEW}")).await;
    assert!(flowing(&ran.exits(3).said()).contains("--allow-run"), "{}", ran.said());
    assert!(!folder.path().join("ran").exists());
    run(folder.path(), &format!("check --allow-run {FEW}")).await;
    assert!(folder.path().join("ran").exists());
}

/// passrig.toml of the current folder sends an environment variable to its target.
// Before: red.
#[tokio::test(flavor = "multi_thread")]
async fn a_found_file_sends_no_environment_variable() {
    const SECRET: &str = "Deploy-Key-4711";
    let got = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&got);
    let url = serve(move |asked, _| {
        let text = String::from_utf8_lossy(asked.body);
        seen.fetch_add(usize::from(text.contains(SECRET)), Ordering::SeqCst);
        None
    })
    .await;
    let adapter =
        reference("").replace("displayName = \"{{display_name}}\"", "displayName = \"{{x}}\"");
    let adapter =
        adapter.replace("framing = {", "# framing = {").replace("{{setting.framing?}}", "none");
    let adapter = format!("variables = [\"x\"]\n{adapter}");
    let config = format!(
        "[target]\nrp = \"{url}\"\nadapter = \"mine.toml\"\nvars.x = {{ env = \"DEPLOY_KEY\" }}\n"
    );
    for arguments in ["check", "simulate lost-device"] {
        let folder = folder(&[("passrig.toml", &config), ("mine.toml", &adapter)]);
        let mut command = passrig(folder.path(), arguments);
        command.env("DEPLOY_KEY", SECRET);
        let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
        let ran = Ran::of(output, folder.path());
        assert_eq!(got.load(Ordering::SeqCst), 0, "{arguments}");
        refuses(&ran, 4, "--var x");
    }
}

/// passrig.toml of the current folder has an environment variable for the script of a page.
// Before: red.
#[tokio::test(flavor = "multi_thread")]
async fn a_found_file_fills_no_environment_variable_into_a_page() {
    let folder = found("rp = \"http://localhost:9\"\nvars.x = { env = \"HOME\" }");
    let mut command = passrig(folder.path(), "page http://localhost:9/login");
    command.env("PASSRIG_CHROMIUM", "/nowhere/chromium");
    let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    refuses(&Ran::of(output, folder.path()), 3, "--var x");
}

/// passrig.toml of the current folder names places outside this machine.
// Before: red.
#[tokio::test(flavor = "multi_thread")]
async fn a_found_file_reaches_no_other_machine() {
    for (line, flag) in [
        ("rp = \"http://192.0.2.1\"", "--rp URL"),
        ("rp = \"http://0.0.0.0:80\"", "--rp URL"),
        ("rp = \"http://rebound.test\"", "--rp URL"),
        ("rp = \"https://a.test\"\nconnect_to = \"b.test:443:127.0.0.1:1\"", "--rp URL"),
        ("connect_to = \"192.0.2.1:80\"\nrp = \"http://localhost:9\"", "--connect-to HOST:PORT"),
        ("connect_to = \"rebound.test:80\"\nrp = \"http://localhost:9\"", "--connect-to HOST:PORT"),
        ("allow_hosts = [\"192.0.2.1\"]\nrp = \"http://localhost:9\"", "--allow-host 192.0.2.1"),
    ] {
        let folder = found(line);
        for verb in ["check --adapter reference", "simulate lost-device --adapter reference"] {
            refuses(&run(folder.path(), verb).await, 2, flag);
        }
    }
}

/// A flag that the user gives for a target of their own does not take hosts from a found file.
// Before: red.
#[tokio::test(flavor = "multi_thread")]
async fn flags_for_one_target_open_no_other() {
    let folder = found("connect_to = \"192.0.2.1:80\"");
    let arguments = "check --rp http://staging.test --allow-host staging.test --adapter reference";
    refuses(&run(folder.path(), arguments).await, 2, "--connect-to HOST:PORT");
}

/// `--config` names the file: everything in it counts, and a flag makes its own setting.
// Before: held.
#[tokio::test(flavor = "multi_thread")]
async fn a_named_file_counts() {
    let folder = found("rp = \"exec:touch ran\"");
    for arguments in ["check --config passrig.toml", "check --rp exec:touch$IFS./ran"] {
        let ran = run(folder.path(), arguments).await;
        ran.exits(3);
        fs::remove_file(folder.path().join("ran")).unwrap_or_else(|_| panic!("{}", ran.said()));
    }
}

/// A command with characters that mean something in URLs.
// Before: red.
#[tokio::test(flavor = "multi_thread")]
async fn commands_reach_the_shell_byte_for_byte() {
    for argument in
        ["a#b", "a?b", "%41%2e", "tab\there", "two  spaces ", "\"quoted\" \\n", "//x/../y", "é"]
    {
        let command = format!("printf %s '{argument}' > got; cat > /dev/null");
        let rp = format!("exec:{command}");
        let folder = folder(&[]);
        let json = "json=report.json";
        let few = ["check", "--only", "registration.type.nonsense", "--report", json];
        let ran =
            words(folder.path(), &[&few[..], &["--deadline", "1", "--rp", &rp]].concat()).await;
        assert_eq!(ran.exits(3).file("got"), argument);
        let report: serde_json::Value = serde_json::from_str(&ran.file("report.json")).unwrap();
        assert_eq!(report["target"]["url"], rp.as_str());
        let config = format!("[target]\ndeadline = 1\nrp = {}\n", toml_string(&rp));
        fs::write(folder.path().join("named.toml"), config).unwrap();
        fs::remove_file(folder.path().join("got")).unwrap();
        let ran = words(folder.path(), &["check", "--config", "named.toml"]).await;
        assert_eq!(ran.exits(3).file("got"), argument);
    }
}

fn toml_string(text: &str) -> String {
    // A JSON string without control characters above U+001F is a basic string of TOML.
    serde_json::Value::from(text).to_string()
}

/// Several commands, and one with a variable of its own, are commands of the shell too.
// Before: red.
#[tokio::test(flavor = "multi_thread")]
async fn commands_are_those_of_a_shell() {
    let folder = folder(&[]);
    for command in
        ["cd . && echo one > got", "X=two sh -c 'echo $X > got'", "true; echo three > got"]
    {
        let rp = format!("exec:{command}");
        let ran = words(folder.path(), &["check", "--deadline", "1", "--rp", &rp]).await;
        let expected = ["one", "two", "three"].into_iter().find(|word| command.contains(word));
        assert_eq!(ran.file("got").trim(), expected.unwrap(), "{command}");
        fs::remove_file(folder.path().join("got")).unwrap();
    }
}
