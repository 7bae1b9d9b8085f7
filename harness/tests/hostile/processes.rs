//! Processes and signals: nothing outlives passrig, nothing grows without bound, and a run that is
//! stopped reports what it knows.
#![cfg(unix)]

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use crate::support::{FORMATS, Ran, passrig, program, run, serve};

/// The most memory that an attack may cost, in KiB.
const MOST: u64 = 250 << 10;

/// Far more than anything here takes.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

pub(crate) fn signal(name: &str, id: u32) {
    let killed = Command::new("kill").args([format!("-{name}"), id.to_string()]).status().unwrap();
    assert!(killed.success());
}

/// Waits until this is so.
fn until(what: &str, is_so: impl Fn() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < PATIENCE, "{what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Whether a process runs, and is more than an entry that its parent has yet to read.
fn runs(id: &str) -> bool {
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
    stat.rsplit_once(')').is_some_and(|(_, rest)| !rest.trim_start().starts_with('Z'))
}

/// Asserts that the process whose ID is in the file has ended; ends it if it has not.
#[track_caller]
fn has_ended(file: &Path) {
    let id = fs::read_to_string(file).unwrap().trim().to_owned();
    let start = Instant::now();
    while runs(&id) && start.elapsed() < Duration::from_secs(5) {
        std::thread::sleep(Duration::from_millis(10));
    }
    let outlives = runs(&id);
    if outlives {
        signal("KILL", id.parse().unwrap());
    }
    assert!(!outlives, "process {id} outlives passrig");
}

/// A program for a shell.
fn script(folder: &Path, name: &str, text: &str) {
    let file = folder.join(name);
    fs::write(&file, format!("#!/bin/sh\n{text}\n")).unwrap();
    fs::set_permissions(file, fs::Permissions::from_mode(0o755)).unwrap();
}

fn reports() -> String {
    FORMATS.map(|format| format!(" --report {format}=report.{format}")).concat()
}

/// The program with temporary files in this folder, before it is started.
fn command(folder: &Path, arguments: &str) -> Command {
    let program = passrig(folder, arguments);
    // The tests may have been started by a program that ignores signals, as `nohup` and shells in
    // the background do.
    let mut command = Command::new("env");
    command.arg("--default-signal=HUP,INT").arg(program.get_program()).args(program.get_args());
    command.current_dir(folder).env("TMPDIR", folder).stdin(Stdio::null());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

pub(crate) fn spawn(folder: &Path, arguments: &str) -> Child {
    command(folder, arguments).spawn().unwrap()
}

pub(crate) fn finish(child: Child, folder: &Path) -> Ran {
    Ran::of(child.wait_with_output().unwrap(), folder)
}

/// Runs to the end, and the most memory that the program held, in KiB.
fn measured(folder: &Path, mut child: Child) -> (Ran, u64) {
    let status = format!("/proc/{}/status", child.id());
    let (mut most, start) = (0, Instant::now());
    while child.try_wait().unwrap().is_none() {
        if start.elapsed() > PATIENCE {
            // It waits for a reader of all that it has to say.
            child.kill().unwrap();
        }
        let text = fs::read_to_string(&status).unwrap_or_default();
        let peak = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let peak = peak.and_then(|peak| peak.trim().trim_end_matches(" kB").parse().ok());
        most = most.max(peak.unwrap_or(0));
        std::thread::sleep(Duration::from_millis(5));
    }
    (finish(child, folder), most)
}

/// A target that sends a signal to the program in the middle of a run.
pub(crate) async fn stopping(name: &'static str, at: usize) -> (String, Arc<OnceLock<u32>>) {
    let id = Arc::new(OnceLock::new());
    let to = Arc::clone(&id);
    let url = serve(move |asked, _| {
        if asked.n == at {
            signal(name, *to.wait());
        }
        None
    })
    .await;
    (url, id)
}

async fn stopped_by(name: &'static str, code: i32, reason: &str) {
    let folder = folder();
    let (url, id) = stopping(name, 60).await;
    let arguments = format!(
        "check --rp {url} --adapter reference --run-id one --only registration{}",
        reports()
    );
    let child = spawn(folder.path(), &arguments);
    id.set(child.id()).unwrap();
    let place = folder.path().to_owned();
    let ran = tokio::task::spawn_blocking(move || finish(child, &place)).await.unwrap();
    ran.exits(code);
    assert!(ran.said().contains(&format!("Stopped before the end: {reason}.")), "{}", ran.said());
    for format in FORMATS {
        assert!(ran.file(&format!("report.{format}")).contains(reason), "{format}");
    }
    let report: Value = serde_json::from_str(&ran.file("report.json")).unwrap();
    let checks = report["checks"].as_array().unwrap().len();
    let lines: Vec<Value> =
        ran.file("one.jsonl").lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let last = lines.last().unwrap();
    assert_eq!((&last["kind"], &last["stopped"]), (&"end".into(), &reason.into()));
    // Every result that the log knows is in the reports.
    assert_eq!(lines.iter().filter(|line| line["kind"] == "check").count(), checks);
}

// Before: red. No report, no end line, no verdict.
#[tokio::test(flavor = "multi_thread")]
async fn the_end_of_a_job() {
    stopped_by("TERM", 143, "interrupted by SIGTERM").await;
}

// Before: red. No report, no end line, no verdict.
#[tokio::test(flavor = "multi_thread")]
async fn the_end_of_a_terminal() {
    stopped_by("HUP", 129, "interrupted by SIGHUP").await;
}

// Before: held.
#[tokio::test(flavor = "multi_thread")]
async fn the_users_signal() {
    stopped_by("INT", 130, "interrupted").await;
}

// Before: held.
#[tokio::test(flavor = "multi_thread")]
async fn a_signal_that_is_ignored_stays_ignored() {
    let folder = folder();
    let (url, id) = stopping("HUP", 20).await;
    let only = "--only registration.type";
    let script = format!(
        "trap '' HUP; exec {} check --rp {url} --adapter reference {only}",
        program().display()
    );
    let mut command = Command::new("sh");
    command.args(["-c", &script]).current_dir(folder.path());
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    id.set(child.id()).unwrap();
    let place = folder.path().to_owned();
    let ran = tokio::task::spawn_blocking(move || finish(child, &place)).await.unwrap();
    ran.exits(0);
}

/// A simulation that SIGTERM stops at this request, and its story.
pub(crate) async fn stopped_story(folder: &Path, request: usize) -> (Ran, Value) {
    let (url, id) = stopping("TERM", request).await;
    let arguments = format!(
        "simulate lost-device --rp {url} --adapter reference --json story.json --html story.html"
    );
    let child = spawn(folder, &arguments);
    id.set(child.id()).unwrap();
    let place = folder.to_owned();
    let ran = tokio::task::spawn_blocking(move || finish(child, &place)).await.unwrap();
    ran.exits(143);
    let story: Value = serde_json::from_str(&ran.file("story.json")).unwrap();
    assert_eq!(story["stopped"], "interrupted by SIGTERM");
    assert!(ran.file("story.html").contains("Stopped before the end: interrupted by SIGTERM"));
    (ran, story)
}

// Before: red. The story was lost, with every finding.
#[tokio::test(flavor = "multi_thread")]
async fn a_story_that_is_stopped_is_kept() {
    let folder = folder();
    let (ran, story) = stopped_story(folder.path(), 30).await;
    assert!(!story["acts"].as_array().unwrap().is_empty());
    assert!(!ran.said().contains("The end"), "{}", ran.said());
}

// Before: red for the exit code and the end line; held for the file.
#[tokio::test(flavor = "multi_thread")]
async fn a_baseline_that_is_stopped_changes_nothing() {
    let folder = folder();
    let settings = "# mine\n[[expect]]\ncheck = \"registration.type.nonsense\"\nreason = \"old\"\n";
    fs::write(folder.path().join("passrig.toml"), settings).unwrap();
    let (url, id) = stopping("TERM", 60).await;
    let arguments =
        format!("baseline --rp {url} --adapter reference --run-id one --only registration");
    let child = spawn(folder.path(), &arguments);
    id.set(child.id()).unwrap();
    let place = folder.path().to_owned();
    let ran = tokio::task::spawn_blocking(move || finish(child, &place)).await.unwrap();
    ran.exits(143);
    assert_eq!(ran.file("passrig.toml"), settings);
    assert!(ran.file("one.jsonl").lines().last().unwrap().contains("\"kind\":\"end\""));
}

// Before: red. SIGTERM ended the server in the middle of an answer.
#[tokio::test]
async fn a_server_ends_as_it_was_asked() {
    for (name, code) in [("TERM", 143), ("HUP", 129), ("INT", 130)] {
        let folder = folder();
        let mut child = spawn(folder.path(), "rp --listen 127.0.0.1:0");
        let mut greeting = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        while !line.starts_with("Stop it") {
            line.clear();
            assert!(greeting.read_line(&mut line).unwrap() > 0);
        }
        // The greeting comes before the server listens for signals.
        std::thread::sleep(Duration::from_millis(300));
        signal(name, child.id());
        assert_eq!(child.wait().unwrap().code(), Some(code), "{name}");
    }
}

// Before: red. The FIFO became a regular file.
#[tokio::test]
async fn a_reader_that_never_comes_can_be_given_up() {
    let folder = folder();
    let pipe = folder.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let more = "--only registration.type.nonsense --report html=pipe --report json=r.json";
    let child = spawn(folder.path(), &format!("check {more}"));
    let report = folder.path().join("r.json");
    until("the other report is written", || report.exists());
    signal("TERM", child.id());
    let ran = finish(child, folder.path());
    assert!(fs::symlink_metadata(&pipe).unwrap().file_type().is_fifo());
    assert!(ran.said().contains("1 check: 1 pass"), "{}", ran.said());
    assert!(ran.said().contains("cannot write pipe"), "{}", ran.said());
    ran.exits(143);
}

// Before: red. No signal but SIGKILL ended a run that the reader of its log held up.
#[tokio::test]
async fn a_second_signal_ends_at_once() {
    let folder = folder();
    let pipe = folder.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let rp = serve(|_, _| None).await;
    let child = spawn(
        folder.path(),
        &format!("check --rp {rp} --adapter reference --only registration --log pipe"),
    );
    // Opened, and read no further than the first byte.
    let mut reader = fs::File::open(&pipe).unwrap();
    reader.read_exact(&mut [0]).unwrap();
    let id = child.id();
    let place = folder.path().to_owned();
    let ran = tokio::task::spawn_blocking(move || {
        // The run stands still once the pipe is full.
        std::thread::sleep(Duration::from_secs(2));
        for _ in 0..2 {
            signal("INT", id);
            std::thread::sleep(Duration::from_millis(500));
        }
        let start = Instant::now();
        let mut child = child;
        while child.try_wait().unwrap().is_none() {
            if start.elapsed() > Duration::from_secs(10) {
                child.kill().unwrap();
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        finish(child, &place)
    })
    .await
    .unwrap();
    drop(reader);
    ran.exits(130);
}

// Before: red. The grandchild went on for its ten minutes.
#[tokio::test]
async fn a_grandchild_of_a_shim_ends_with_the_run() {
    let folder = folder();
    script(folder.path(), "shim.sh", "sleep 600 >/dev/null 2>&1 & echo $! > grandchild\nread line");
    let ran = run(folder.path(), "check --rp exec:./shim.sh --adapter reference").await;
    ran.exits(3);
    has_ended(&folder.path().join("grandchild"));
}

// Before: red. The grandchild went on after a signal, too.
#[tokio::test]
async fn a_grandchild_of_a_shim_ends_with_a_signal() {
    for (name, code) in [("INT", 130), ("TERM", 143)] {
        let folder = folder();
        let text = "sleep 600 >/dev/null 2>&1 & echo $! > id; mv id grandchild\nread line; wait";
        script(folder.path(), "shim.sh", text);
        let child = spawn(folder.path(), "check --rp exec:./shim.sh --adapter reference");
        let grandchild = folder.path().join("grandchild");
        until("the shim runs", || grandchild.exists());
        signal(name, child.id());
        let ran = finish(child, folder.path());
        has_ended(&grandchild);
        ran.exits(code);
    }
}

// Before: red. Memory grew until the deadline, by 90 MB a second.
#[tokio::test]
async fn a_shim_that_never_ends_its_line() {
    let folder = folder();
    script(folder.path(), "shim.sh", "read line; exec tr '\\0' a < /dev/zero");
    let arguments = "check --rp exec:./shim.sh --adapter reference --deadline 5";
    let (ran, most) = measured(folder.path(), spawn(folder.path(), arguments));
    ran.exits(3);
    assert!(most > 0 && most < MOST, "{most} KiB: {}", ran.said());
    assert!(ran.said().contains("`./shim.sh` printed a line of more than"), "{}", ran.said());
}

// Before: held.
#[tokio::test]
async fn a_shim_that_never_stops_talking() {
    let folder = folder();
    script(folder.path(), "shim.sh", "exec yes '{\"id\":7,\"status\":200}'");
    let arguments = "check --rp exec:./shim.sh --adapter reference --deadline 2";
    let (ran, most) = measured(folder.path(), spawn(folder.path(), arguments));
    ran.exits(3);
    assert!(most > 0 && most < MOST, "{most} KiB: {}", ran.said());
}

// Before: red. One byte that is not UTF-8 ended the program for passrig.
#[tokio::test]
async fn a_shim_that_prints_bytes_is_still_read() {
    let folder = folder();
    let text = "read line\nprintf '\\377\\376 noise\\n'\n\
                echo '{\"id\":1,\"status\":418,\"body\":\"a teapot\"}'\nread line";
    script(folder.path(), "shim.sh", text);
    let ran =
        run(folder.path(), "check --rp exec:./shim.sh --adapter reference --deadline 5").await;
    ran.exits(3);
    assert!(ran.said().contains("418"), "{}", ran.said());
}

// Before: red. Standard error of the program was the terminal.
#[tokio::test]
async fn a_shim_that_writes_escapes_to_standard_error() {
    let folder = folder();
    let text = "printf '\\033[2J\\033]0;title\\007\\n::error::forged\\nlast words' >&2\nread line";
    script(folder.path(), "shim.sh", text);
    let ran = run(folder.path(), "check --rp exec:./shim.sh --adapter reference").await;
    ran.exits(3);
    let said = ran.said();
    assert!(!said.contains(['\u{1b}', '\u{7}']), "{said:?}");
    assert!(!said.lines().any(|line| line.trim_start().starts_with("::")), "{said}");
    assert!(said.contains("title") && said.contains("last words"), "{said}");
}

/// An adapter whose first step runs a program.
fn adapter(folder: &Path) {
    let text = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/adapters/reference.toml"));
    let step =
        "[[register]]\nrun = [\"./aside.sh\"]\ncapture = { code = { regex = \"^(.*)$\" } }\n\n";
    let text = text.unwrap().replace("id = \"reference\"", "id = \"aside\"");
    let (head, tail) = text.split_once("[[register]]").unwrap();
    fs::write(folder.join("aside.toml"), format!("{head}{step}[[register]]{tail}")).unwrap();
}

// Before: red. All of it was held in memory.
#[tokio::test(flavor = "multi_thread")]
async fn a_program_of_an_adapter_that_prints_without_end() {
    for stream in ["1", "2"] {
        let folder = folder();
        adapter(folder.path());
        let text = format!("head -c 400000000 /dev/zero | tr '\\0' a >&{stream}; exit 1");
        script(folder.path(), "aside.sh", &text);
        let url = serve(|_, _| None).await;
        let arguments = format!("check --rp {url} --adapter aside.toml --allow-run");
        let child = spawn(folder.path(), &arguments);
        let place = folder.path().to_owned();
        let measuring = tokio::task::spawn_blocking(move || measured(&place, child));
        let (ran, most) = measuring.await.unwrap();
        ran.exits(3);
        assert!(most > 0 && most < MOST, "{most} KiB: {}", ran.said());
        let reason = if stream == "1" { "it printed more than 1024 KiB" } else { "it ended with" };
        assert!(ran.said().contains(reason), "{}", ran.said());
        assert!(ran.said().len() < 20_000, "{}", ran.said().len());
    }
}

// Before: red. The process stayed.
#[tokio::test(flavor = "multi_thread")]
async fn a_program_of_an_adapter_leaves_nothing_running() {
    let folder = folder();
    adapter(folder.path());
    let text = "sleep 600 >/dev/null 2>&1 & echo $! > grandchild; echo code; exit 1";
    script(folder.path(), "aside.sh", text);
    let url = serve(|_, _| None).await;
    let arguments = format!("check --rp {url} --adapter aside.toml --allow-run");
    run(folder.path(), &arguments).await.exits(3);
    has_ended(&folder.path().join("grandchild"));
}

/// A browser that does what the shell says: it reads commands from descriptor 3 and answers on 4.
fn with_browser(folder: &Path, text: &str, more: &str) -> Child {
    script(folder, "browser.sh", text);
    let mut command = command(folder, &format!("page http://localhost:1/ {more}"));
    command.env("PASSRIG_CHROMIUM", folder.join("browser.sh")).spawn().unwrap()
}

fn left_by_browsers(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned());
    names.filter(|name| name.starts_with("passrig-browser-")).collect()
}

// Before: red. The folder stayed, and so did the processes that a browser starts.
#[tokio::test]
async fn a_page_that_is_interrupted_leaves_nothing() {
    for (name, code) in [("INT", 130), ("TERM", 143), ("HUP", 129)] {
        let folder = folder();
        let text = "sleep 600 & echo $! > id; mv id grandchild; wait";
        let child = with_browser(folder.path(), text, "--report json=r.json");
        let grandchild = folder.path().join("grandchild");
        until("the browser runs", || grandchild.exists());
        assert_eq!(left_by_browsers(folder.path()).len(), 1);
        signal(name, child.id());
        let ran = finish(child, folder.path());
        has_ended(&grandchild);
        assert_eq!(left_by_browsers(folder.path()), [""; 0], "{name}");
        assert!(ran.file("r.json").contains("interrupted"), "{}", ran.said());
        ran.exits(code);
    }
}

// Before: red. A message of any length was held in memory.
#[tokio::test]
async fn a_browser_that_never_ends_its_message() {
    let folder = folder();
    let text = "head -c 400000000 /dev/zero | tr '\\0' a >&4; sleep 600";
    let (ran, most) = measured(folder.path(), with_browser(folder.path(), text, ""));
    assert!(most > 0 && most < MOST, "{most} KiB: {}", ran.said());
    assert_ne!(ran.code, 0);
    assert_eq!(left_by_browsers(folder.path()), [""; 0]);
}

// Before: red. A line of standard error took 2.4 GB, and all of it was printed.
#[tokio::test]
async fn a_browser_that_never_ends_its_line() {
    let folder = folder();
    let text = "head -c 400000000 /dev/zero | tr '\\0' a >&2; exit 1";
    let (ran, most) = measured(folder.path(), with_browser(folder.path(), text, ""));
    assert!(most > 0 && most < MOST, "{most} KiB");
    assert_ne!(ran.code, 0);
    assert!(ran.said().len() < 100_000, "{}", ran.said().len());
    assert_eq!(left_by_browsers(folder.path()), [""; 0]);
}
