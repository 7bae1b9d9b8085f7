//! Targets that throttle a run, crash under it, and close its
//! connections.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::Value;

use crate::servers::Act::{Answer, AnswerAndClose, Close, Crash, Reset};
use crate::servers::{Act, Restart, Seen, acting, crashing};
use crate::support::{self, FEW, FORMATS, Ran, answer, check, passrig, serve};

const NONSENSE: &str = "registration.type.nonsense";
const CRASH: &str = "target.crash";

/// Two blocks, of ten checks and of three.
const THIRTEEN: &str = "\
    --only registration.challenge.unknown --only registration.challenge.flipped \
    --only registration.challenge.truncated --only registration.challenge.extended \
    --only registration.challenge.empty --only registration.challenge.missing \
    --only registration.challenge.padded --only registration.challenge.case \
    --only registration.type.get-at-registration --only registration.type.nonsense \
    --only registration.type.payment --only registration.type.case \
    --only registration.type.missing";

fn throttled(after: &str) -> axum::response::Response {
    let mut response = answer(429, "text/plain", "slow down");
    response.headers_mut().insert("retry-after", after.parse().unwrap());
    response
}

/// The results of the JSON report, by id.
fn results(ran: &Ran) -> BTreeMap<String, Value> {
    let report: Value = serde_json::from_str(&ran.file("report.json")).unwrap();
    let checks = report["checks"].as_array().unwrap().iter();
    checks.map(|check| (check["id"].as_str().unwrap().to_owned(), check.clone())).collect()
}

fn outcomes(ran: &Ran, outcome: &str) -> usize {
    results(ran).values().filter(|check| check["outcome"] == outcome).count()
}

/// Fails unless the run stopped because the time to wait is used up, and says what to do, in the
/// terminal and in every report.
#[track_caller]
fn stopped_for_throttling(ran: &Ran) {
    ran.exits(3);
    for format in FORMATS {
        let report = ran.file(&format!("report.{format}"));
        assert!(report.contains("fewer requests"), "{format}: {report}");
    }
    assert!(ran.said().contains("rate limit"), "{}", ran.said());
    assert!(ran.said().contains("--throttle-wait"), "{}", ran.said());
}

// Before: red.
#[tokio::test(flavor = "multi_thread")]
async fn throttles_every_request() {
    let url = serve(|_, _| Some(throttled("1"))).await;
    let ran = check(&url, &format!("{FEW} --throttle-wait 3")).await;
    stopped_for_throttling(&ran);
    // Two seconds once; another four would be too many.
    assert_eq!(ran.said().matches("waiting").count(), 1, "{}", ran.said());
}

/// The run may wait for no time at all.
// Before: red.
#[tokio::test(flavor = "multi_thread")]
async fn throttles_a_run_that_does_not_wait() {
    let url = serve(|_, _| Some(throttled("0"))).await;
    let ran = check(&url, &format!("{FEW} --throttle-wait 0")).await;
    stopped_for_throttling(&ran);
    assert!(!ran.said().contains("waiting"), "{}", ran.said());
}

/// Values that are not a number of seconds, or that no clock can hold.
// Before: red.
#[tokio::test(flavor = "multi_thread")]
async fn wild_retry_after_values() {
    for after in [
        "-1",
        "18446744073709551615",
        "99999999999999999999999999",
        "1e308",
        "NaN",
        "Fri, 31 Dec 9999 23:59:59 GMT",
        "\u{fc}",
        "",
    ] {
        let after = after.to_owned();
        let url = serve(move |_, _| {
            let mut response = answer(503, "text/plain", "later");
            let value = http::HeaderValue::from_bytes(after.as_bytes()).unwrap();
            response.headers_mut().insert("retry-after", value);
            Some(response)
        })
        .await;
        let ran = check(&url, &format!("{FEW} --throttle-wait 1")).await;
        // A header that is not text does not count: then it is a plain server error.
        ran.exits(3);
        assert!(!ran.said().contains("waiting"), "{}", ran.said());
    }
}

/// The preflight of a forged ceremony is throttled, the honest one is not.
// Before: red.
#[tokio::test(flavor = "multi_thread")]
async fn throttles_the_forged_preflight() {
    let results = AtomicUsize::new(0);
    let url = serve(move |asked, _| {
        let is_later = asked.is_result() && results.fetch_add(1, Ordering::SeqCst) >= 2;
        is_later.then(|| throttled("1"))
    })
    .await;
    stopped_for_throttling(&check(&url, &format!("{FEW} --throttle-wait 3")).await);
}

/// The results of the first block stay.
// Before: red.
#[tokio::test(flavor = "multi_thread")]
async fn throttles_from_some_moment_on() {
    let results_so_far = AtomicUsize::new(0);
    let url = serve(move |asked, _| {
        if asked.is_result() {
            results_so_far.fetch_add(1, Ordering::SeqCst);
        }
        // Four of the preflight, ten attempts, two honest ceremonies before and two after.
        (results_so_far.load(Ordering::SeqCst) > 18).then(|| throttled("1"))
    })
    .await;
    let ran = check(&url, &format!("{THIRTEEN} --jobs 1 --throttle-wait 3")).await;
    stopped_for_throttling(&ran);
    assert_eq!(outcomes(&ran, "pass"), 10, "{}", ran.said());
    assert_eq!(outcomes(&ran, "inconclusive"), 3, "{}", ran.said());
    let report: Value = serde_json::from_str(&ran.file("report.json")).unwrap();
    let stopped = report["stopped"].as_str().unwrap();
    assert!(stopped.contains("the 3 s that the run may wait"), "{stopped}");
}

/// All tasks share the time.
// Before: red.
#[tokio::test(flavor = "multi_thread")]
async fn throttles_many_tasks_at_once() {
    let results = AtomicUsize::new(0);
    let url = serve(move |asked, _| {
        if asked.is_result() {
            results.fetch_add(1, Ordering::SeqCst);
        }
        (results.load(Ordering::SeqCst) > 4).then(|| throttled("2"))
    })
    .await;
    let ran = check(&url, "--only registration --jobs 8 --throttle-wait 5").await;
    stopped_for_throttling(&ran);
    // Two seconds for each of the eight tasks, and a second try for none of them.
    let waits = ran.said().matches("waiting").count();
    assert!((1..=8).contains(&waits), "{}", ran.said());
}

// Before: held.
#[tokio::test(flavor = "multi_thread")]
async fn throttles_at_times() {
    let url = serve(|asked, _| (asked.n % 15 == 0).then(|| throttled("1"))).await;
    let ran = check(&url, FEW).await;
    ran.exits(0);
    assert!(ran.said().contains("waiting 2 s"), "{}", ran.said());
}

/// The simulation waits as the checks do.
// Before: red.
#[tokio::test(flavor = "multi_thread")]
async fn throttles_a_simulation() {
    let url = serve(|_, _| Some(throttled("1"))).await;
    let folder = tempfile::tempdir().unwrap();
    let arguments = format!(
        "simulate lost-device --rp {url} --adapter reference --seed s --run-id one \
         --throttle-wait 3"
    );
    let ran = support::run(folder.path(), &arguments).await;
    ran.exits(3);
    assert!(ran.said().contains("--throttle-wait"), "{}", ran.said());
}

const SOON: Restart = Restart::After(Duration::from_millis(600));

/// Fails unless the run failed because of a crash that no check explains, in every report and in
/// the log.
#[track_caller]
fn fails_for_a_crash(ran: &Ran) {
    ran.exits(1);
    for format in FORMATS {
        let report = ran.file(&format!("report.{format}"));
        assert!(report.contains(CRASH), "{format}: {report}");
    }
    let reason = results(ran)[CRASH]["reason"].as_str().unwrap().to_owned();
    assert!(reason.starts_with("the target crashed") && reason.contains("came back"), "{reason}");
    assert!(ran.said().contains(CRASH), "{}", ran.said());
    let log = ran.file("one.jsonl");
    let mut lines = log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    assert!(lines.any(|line| line["kind"] == "check" && line["check"]["id"] == CRASH), "{log}");
}

/// Crashes after its first start only, at the first request of this kind.
async fn crashes_once(restart: Restart, is_fatal: fn(&Seen) -> bool) -> String {
    crashing(restart, move |seen| if seen.start == 0 && is_fatal(seen) { Crash } else { Answer })
        .await
}

// Before: red.
#[tokio::test(flavor = "multi_thread")]
async fn crashes_in_the_forged_preflight() {
    let url = crashes_once(SOON, Seen::is_forged).await;
    let ran = check(&url, FEW).await;
    fails_for_a_crash(&ran);
    assert_eq!(outcomes(&ran, "pass"), 2, "{}", ran.said());
}

/// It is back before the next request, each time.
// Before: red.
#[tokio::test(flavor = "multi_thread")]
async fn crashes_in_the_forged_preflight_and_is_back_at_once() {
    let act = |seen: &Seen| if seen.is_forged() { Crash } else { Answer };
    let url = crashing(Restart::After(Duration::ZERO), act).await;
    fails_for_a_crash(&check(&url, FEW).await);
}

/// It may have been the check.
// Before: held.
#[tokio::test(flavor = "multi_thread")]
async fn crashes_under_a_check_once() {
    let url = crashes_once(SOON, Seen::is_nonsense).await;
    let ran = check(&url, &format!("{FEW} --jobs 4")).await;
    ran.exits(1);
    let results = results(&ran);
    // Either the check is blamed, or the crash has a result of its own.
    let blamed = &results[NONSENSE]["outcome"] == "error";
    assert!(blamed != results.contains_key(CRASH), "{}", ran.said());
}

/// The same among many tasks: the check cannot be blamed, since alone it does no harm.
// Before: red.
#[tokio::test(flavor = "multi_thread")]
async fn crashes_under_many_checks_once() {
    let url = crashes_once(SOON, Seen::is_nonsense).await;
    let ran = check(&url, &format!("{THIRTEEN} --jobs 4")).await;
    fails_for_a_crash(&ran);
    assert_eq!(outcomes(&ran, "pass"), 13, "{}", ran.said());
    let reason = results(&ran)[CRASH]["reason"].as_str().unwrap().to_owned();
    assert!(reason.contains("under way: registration.challenge.unknown"), "{reason}");
}

/// The first honest registration after the preflight.
fn is_third_registration(seen: &Seen) -> bool {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    seen.is_honest_registration() && COUNT.fetch_add(1, Ordering::SeqCst) == 1
}

// Before: red.
#[tokio::test(flavor = "multi_thread")]
async fn crashes_in_an_honest_ceremony() {
    let url = crashes_once(SOON, is_third_registration).await;
    let ran = check(&url, FEW).await;
    fails_for_a_crash(&ran);
    assert_eq!(outcomes(&ran, "pass"), 2, "{}", ran.said());
}

/// One worker of the server ends: the connection is closed, and others go on.
// Before: red.
#[tokio::test(flavor = "multi_thread")]
async fn a_worker_crashes_in_an_honest_ceremony() {
    let count = AtomicUsize::new(0);
    let url = acting(move |seen| {
        // On a fresh connection each time, so that it is no matter of timing.
        let is_second = seen.is_honest_registration() && seen.on_connection == 1;
        match is_second && count.fetch_add(1, Ordering::SeqCst) == 1 {
            true => Close,
            false => AnswerAndClose(Duration::ZERO),
        }
    })
    .await;
    fails_for_a_crash(&check(&url, FEW).await);
}

/// A check that kills the target each time is blamed, and nothing else.
// Before: held.
#[tokio::test(flavor = "multi_thread")]
async fn crashes_under_a_check_each_time() {
    let act = |seen: &Seen| if seen.is_nonsense() { Crash } else { Answer };
    let url = crashing(SOON, act).await;
    let ran = check(&url, &format!("{THIRTEEN} --jobs 4")).await;
    ran.exits(1);
    let results = results(&ran);
    assert_eq!(results[NONSENSE]["outcome"], "error", "{}", ran.said());
    assert!(!results.contains_key(CRASH), "{}", ran.said());
    assert_eq!(outcomes(&ran, "pass"), 12, "{}", ran.said());
}

/// `passrig check` with a `--restart` command, in this folder.
async fn check_with_restart(folder: &Path, url: &str, command: &str, more: &str) -> Ran {
    let arguments = format!(
        "check --rp {url} --adapter reference --seed s --run-id one --report json=report.json \
         {THIRTEEN} {more}"
    );
    let mut program = passrig(folder, &arguments);
    program.args(["--restart", command]);
    let output = tokio::task::spawn_blocking(move || program.output().unwrap()).await.unwrap();
    Ran::of(output, folder)
}

fn starts(folder: &Path) -> Vec<String> {
    let text = fs::read_to_string(folder.join("starts")).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

fn is_running(pid: &str) -> bool {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    !status.is_empty() && !status.contains("State:\tZ")
}

/// Ends the commands that a test left behind, and nothing else.
struct Commands<'a>(&'a Path);

impl Drop for Commands<'_> {
    fn drop(&mut self) {
        for pid in starts(self.0) {
            // The number may belong to another process by now.
            let place = fs::read_link(format!("/proc/{pid}/cwd")).unwrap_or_default();
            let line = fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap_or_default();
            if place != self.0 || !line.contains(">> starts") {
                continue;
            }
            let group = pid.parse().ok().filter(|id| *id > 1).and_then(Pid::from_raw);
            if let Some(group) = group {
                // Not the program `kill`: some versions take `-12345` for every process.
                let _ = kill_process_group(group, Signal::KILL);
            }
        }
    }
}

/// A server that starts as often as `starts` has lines, and crashes at two checks.
async fn started_by_command(folder: &Path) -> String {
    let folder = folder.to_owned();
    let restart =
        Restart::When(Box::new(move |starts_so_far| starts(&folder).len() >= starts_so_far));
    crashing(restart, |seen| match seen.client_data_type().as_str() {
        "webauthn.nonsense" | "payment.get" => Crash,
        _ => Answer,
    })
    .await
}

/// The command is the server: it does not end.
// Before: red.
#[tokio::test(flavor = "multi_thread")]
async fn restart_with_a_foreground_command() {
    let folder = tempfile::tempdir().unwrap();
    let url = started_by_command(folder.path()).await;
    let place = folder.path().canonicalize().unwrap();
    let _commands = Commands(&place);
    let command = "echo $$ >> starts; echo LO''UD; echo LO''UD >&2; sleep 600; true";
    let ran = check_with_restart(folder.path(), &url, command, "--restart-wait 30").await;
    ran.exits(1);
    let starts = starts(folder.path());
    let (last, others) = starts.split_last().unwrap();
    assert!(!others.is_empty(), "{}", ran.said());
    let running: Vec<_> = others.iter().filter(|pid| is_running(pid)).collect();
    let is_left = is_running(last);
    assert!(running.is_empty(), "the command is ended before the next start: {running:?}");
    assert!(is_left, "the last command is left");
    assert!(!ran.said().contains("LOUD"), "{}", ran.said());
    assert_eq!([outcomes(&ran, "pass"), outcomes(&ran, "error")], [11, 2], "{}", ran.said());
}

/// The command ends once the server runs, as it always could.
// Before: held.
#[tokio::test(flavor = "multi_thread")]
async fn restart_with_a_command_that_ends() {
    let folder = tempfile::tempdir().unwrap();
    let url = started_by_command(folder.path()).await;
    let ran = check_with_restart(folder.path(), &url, "echo $$ >> starts", "").await;
    ran.exits(1);
    assert!(starts(folder.path()).len() >= 2, "{}", ran.said());
    assert!(!ran.said().contains("ended with"), "{}", ran.said());
    assert_eq!([outcomes(&ran, "pass"), outcomes(&ran, "error")], [11, 2], "{}", ran.said());
}

// Before: held.
#[tokio::test(flavor = "multi_thread")]
async fn restart_with_a_command_that_fails() {
    let folder = tempfile::tempdir().unwrap();
    let url = started_by_command(folder.path()).await;
    let ran = check_with_restart(folder.path(), &url, "exit 7", "--restart-wait 1").await;
    ran.exits(3);
    assert!(ran.said().contains("`exit 7` ended with exit status: 7"), "{}", ran.said());
}

/// Fails unless the run is that of an honest server. Several in a row, since it is a matter of
/// timing.
async fn is_as_honest(act: fn(&Seen) -> Act) {
    for _ in 0..3 {
        let ran = check(&acting(act).await, THIRTEEN).await;
        ran.exits(0);
        assert_eq!(outcomes(&ran, "pass"), 13, "{}", ran.said());
    }
}

// Before: red.
#[tokio::test(flavor = "multi_thread")]
async fn closes_after_each_answer() {
    is_as_honest(|_| AnswerAndClose(Duration::ZERO)).await;
}

// Before: red.
#[tokio::test(flavor = "multi_thread")]
async fn closes_a_little_after_each_answer() {
    is_as_honest(|seen| {
        let millis = [1, 2, 3, 5, 10, 20][seen.n % 6];
        AnswerAndClose(Duration::from_millis(millis))
    })
    .await;
}

// Before: red.
#[tokio::test(flavor = "multi_thread")]
async fn closes_reused_connections_at_the_second_request() {
    is_as_honest(|seen| if seen.on_connection == 1 { Answer } else { Close }).await;
}

// Before: red.
#[tokio::test(flavor = "multi_thread")]
async fn resets_reused_connections_at_the_second_request() {
    is_as_honest(|seen| if seen.on_connection == 1 { Answer } else { Reset }).await;
}

/// A fresh connection that is closed is a fault of the target.
// Before: held.
#[tokio::test(flavor = "multi_thread")]
async fn closes_fresh_connections() {
    let url = acting(|seen| if seen.is_nonsense() { Close } else { Answer }).await;
    let ran = check(&url, &format!("{THIRTEEN} --jobs 4")).await;
    ran.exits(1);
    assert_eq!(results(&ran)[NONSENSE]["outcome"], "error", "{}", ran.said());
    assert_eq!(outcomes(&ran, "pass"), 12, "{}", ran.said());
    assert!(!results(&ran).contains_key(CRASH), "{}", ran.said());
    let url = acting(|_| Close).await;
    let ran = check(&url, FEW).await;
    ran.exits(3);
    assert!(ran.said().contains("closed the connection without an answer"), "{}", ran.said());
}

/// Requests are repeated once, and only on connections that were open before.
// Before: red (the test calls the library).
#[tokio::test(flavor = "multi_thread")]
async fn repeats_a_request_once() {
    let seen = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let all = std::sync::Arc::clone(&seen);
    // A body that no buffer takes at once.
    let large = bytes::Bytes::from(vec![b' '; 3 << 20]);
    let url = acting(move |seen| {
        all.lock().unwrap().push((seen.path.clone(), seen.on_connection));
        if seen.path == "/deadly" || seen.on_connection > 1 { Close } else { Answer }
    })
    .await;
    let guard = passrig::target_rp::guard::Guard::of([&url.parse().unwrap()]);
    let settings = passrig::target_rp::network::NetworkSettings { guard, ..Default::default() };
    let network = passrig::target_rp::network::Network::new(settings);
    let send = async |path: &str, body: &bytes::Bytes| {
        let request = http::Request::post(format!("{url}{path}")).body(body.clone()).unwrap();
        let answer = passrig::target_rp::Transport::send(&network, request).await;
        // The connection is idle then, so that the next request does not open another.
        tokio::time::sleep(Duration::from_millis(100)).await;
        answer
    };
    let small = bytes::Bytes::from_static(b"{}");
    send("/one", &small).await.unwrap();
    send("/two", &large).await.unwrap();
    send("/three", &small).await.unwrap();
    let failure = send("/deadly", &small).await.unwrap_err();
    assert_eq!(failure, passrig::target_rp::transport::TransportError::Closed);
    let failure = send("/deadly", &small).await.unwrap_err();
    assert_eq!(failure, passrig::target_rp::transport::TransportError::Closed);
    let seen = seen.lock().unwrap().clone();
    let expected = [
        ("/one", 1),
        ("/two", 2),
        ("/two", 1),
        ("/three", 1),
        ("/deadly", 2),
        ("/deadly", 1),
        // No connection is open any more.
        ("/deadly", 1),
    ];
    let paths: Vec<_> = seen.iter().map(|(path, on)| (path.as_str(), *on)).collect();
    assert_eq!(paths, expected);
}
