//! How long the whole catalogue takes against the built-in RP, as a process of
//! its own and in this one, what part of the work is ours, how much of that
//! the same requests take by themselves, and how much memory we need.
//!
//! Take the ratios: the absolute figures are those of one machine on one day.
//! The CPU time is what `/proc` tells: elsewhere than on Linux its rows are left
//! out.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, missing_docs)]

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::Request;
use passrig::catalogue::Catalogue;
use passrig::outcome::{CheckResult, Outcome, Reason, Report, Skip, TargetInfo, Tool};
use passrig::relying_party::{EXPIRY, ORIGIN, RP_ID, in_process};
use passrig::report::{RunLog, log};
use passrig::runner::{self, Options};
use passrig::target_rp::guard::Guard;
use passrig::target_rp::network::{Network, NetworkSettings};
use passrig::target_rp::transport::Sending;
use passrig::target_rp::{Target, Transport, adapter};
use tokio::runtime::Runtime;

const RUNS: usize = 9;

/// How many checks run at a time.
const JOBS: usize = 4;

fn main() {
    println!("{:<34} {:>9} {:>9} {:>9}", "whole catalogue", "least", "median", "most");
    // First, so that the peak of our memory is not one of the RP in this process.
    let rp = Served::start();
    // As `passrig check --rp` has it.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (ours, theirs, start) = (cpu("self"), cpu(&rp.pid()), Instant::now());
    let place: url::Url = rp.url.parse().unwrap();
    let settings = || NetworkSettings { guard: Guard::of([&place]), ..NetworkSettings::default() };
    let network = || Arc::new(Network::new(settings()));
    let times = runs(is_as_served, |run| runtime.block_on(check(rp.target(network()), None, run)));
    let elapsed = start.elapsed();
    row("RP as its own process", &times);
    let (ours, theirs) = (since("self", ours), since(&rp.pid(), theirs));
    let memory = peak_memory_kb();

    let recorder = Arc::new(Recorder { network: network(), sent: Mutex::default() });
    runtime.block_on(check(rp.target(recorder.clone()), None, RUNS));
    let requests = Arc::new(recorder.sent.lock().unwrap().split_off(0));
    let sending = cpu("self");
    for _ in 0..RUNS {
        runtime.block_on(send(&requests, network()));
    }
    let sending = since("self", sending);

    let runtime = Runtime::new().unwrap();
    let in_process = |run| check(in_process(None).unwrap(), Some(EXPIRY), run);
    row("RP in process", &runs(is_passed, |run| runtime.block_on(in_process(run))));

    if let (Some(ours), Some(theirs), Some(sending)) = (ours, theirs, sending) {
        let each = |time: Duration| time.as_secs_f64() * 1000.0 / RUNS as f64;
        let share = |whole: Duration| 100.0 * ours.as_secs_f64() / whole.as_secs_f64();
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        println!("\nof the former, per run");
        println!("{:<34} {:>6.0} ms", "our CPU time", each(ours));
        let alone = format!("  of it {} requests alone", requests.len());
        println!("{alone:<34} {:>6.0} ms", each(sending));
        println!("{:<34} {:>6.0} ms", "the RP's CPU time", each(theirs));
        let cores_time = elapsed * u32::try_from(cores).unwrap();
        println!("{:<34} {:>7.0} %", format!("ours of the {cores} cores' time"), share(cores_time));
        println!("{:<34} {:>7.0} %", "ours of all CPU time", share(ours + theirs));
    }
    if let Some(peak) = memory {
        println!("{:<34} {:>6} MB", "our memory at its peak", peak / 1024);
    }
}

/// As `passrig check` does it, with the log of every exchange.
async fn check(target: Target, expiry: Option<Duration>, run: usize) -> Report {
    let mut options = Options::new(Arc::new(Catalogue::builtin().unwrap()), "bench");
    options.run_id = run.to_string();
    options.jobs = JOBS;
    options.expiry = expiry;
    options.timing = expiry.map(|_| 500);
    let about = TargetInfo {
        url: target.base().to_string(),
        origin: target.origin().to_owned(),
        adapter: target.adapter().id.clone(),
        observed: Default::default(),
    };
    let header = log::Header {
        schema_version: passrig::outcome::SCHEMA_VERSION,
        tool: Tool::this(),
        seed: options.seed.clone(),
        run_id: options.run_id.clone(),
        target: about,
    };
    let file = tempfile::NamedTempFile::new().unwrap();
    let log = Arc::new(RunLog::create(file.path(), &header).unwrap());
    runner::run(&options, Arc::new(target), log).await.unwrap()
}

fn runs(is_due: fn(&CheckResult) -> bool, mut run: impl FnMut(usize) -> Report) -> Vec<Duration> {
    let mut times: Vec<Duration> = (0..RUNS)
        .map(|number| {
            let start = Instant::now();
            let report = run(number);
            let took = start.elapsed();
            let others: Vec<_> = report.checks.iter().filter(|result| !is_due(result)).collect();
            assert!(others.is_empty(), "{others:?}");
            took
        })
        .collect();
    times.sort();
    times
}

/// What every check comes to in this process: nothing is left out there.
fn is_passed(result: &CheckResult) -> bool {
    matches!(result.outcome, Outcome::Pass | Outcome::Note)
}

/// The same where the RP is a process of its own: it has no metadata and no
/// related origins, and nobody waits for it; a user handle that needs no padding
/// can be given none.
fn is_as_served(result: &CheckResult) -> bool {
    let may_be_left_out =
        matches!(result.reason, Some(Reason::Skipped { skip: Skip::OptIn | Skip::Feature, .. }))
            || result.id == "authentication.base64.user-handle-padded";
    is_passed(result) || result.outcome == Outcome::Skipped && may_be_left_out
}

fn row(name: &str, times: &[Duration]) {
    let ms = |time: Duration| format!("{:.0} ms", time.as_secs_f64() * 1000.0);
    let (least, median, most) = (times[0], times[RUNS / 2], times[RUNS - 1]);
    println!("{name:<34} {:>9} {:>9} {:>9}", ms(least), ms(median), ms(most));
}

/// `passrig rp`, until this is dropped.
struct Served {
    child: Child,
    url: String,
}

impl Served {
    fn start() -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_passrig"));
        command.args(["rp", "--listen", "127.0.0.1:0", "--origin", ORIGIN, "--rp-id", RP_ID]);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
        let line = lines.find(|line| line.starts_with("listens at ")).unwrap();
        let url = line["listens at ".len()..].split(',').next().unwrap().to_owned();
        Self { child, url }
    }

    fn target(&self, transport: Arc<dyn Transport>) -> Target {
        let adapter = adapter::named("reference").unwrap();
        Target::new(adapter, self.url.parse().unwrap(), ORIGIN, transport).that_names_checks()
    }

    fn pid(&self) -> String {
        self.child.id().to_string()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Keeps what it sends.
struct Recorder {
    network: Arc<Network>,
    sent: Mutex<Vec<Request<Bytes>>>,
}

impl Transport for Recorder {
    fn send(&self, request: Request<Bytes>) -> Sending<'_> {
        self.sent.lock().unwrap().push(request.clone());
        self.network.send(request)
    }
}

/// Sends what a run sent, as many at a time as it did, and no more than that:
/// nothing is made, judged or written. What is answered does not matter.
async fn send(requests: &Arc<Vec<Request<Bytes>>>, network: Arc<Network>) {
    let next = Arc::new(AtomicUsize::new(0));
    let sender = || {
        let (requests, next) = (Arc::clone(requests), Arc::clone(&next));
        let network = Arc::clone(&network);
        tokio::spawn(async move {
            while let Some(request) = requests.get(next.fetch_add(1, Ordering::Relaxed)) {
                let _ = network.send(request.clone()).await;
            }
        })
    };
    for sender in Vec::from_iter(std::iter::repeat_with(sender).take(JOBS)) {
        sender.await.unwrap();
    }
}

/// The CPU time that a process has used, in `/proc`'s hundredths of a second.
fn cpu(process: &str) -> Option<Duration> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The name before them may hold anything but stands in parentheses.
    let fields: Vec<&str> = stat.rsplit_once(") ")?.1.split(' ').collect();
    let ticks = fields[11].parse::<u64>().ok()? + fields[12].parse::<u64>().ok()?;
    Some(Duration::from_millis(10 * ticks))
}

fn since(process: &str, before: Option<Duration>) -> Option<Duration> {
    Some(cpu(process)? - before?)
}

fn peak_memory_kb() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}
