//! How long the whole catalogue takes against the built-in RP, how much of
//! that is our own work, and how much memory it needs.
//!
//! Take the ratios: the absolute figures are those of one machine on one day.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, missing_docs)]

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use passrig::catalogue::Catalogue;
use passrig::outcome::Report;
use passrig::relying_party::{self, in_process};
use passrig::runner::{self, Filter, Observer, Options};
use passrig::target::network::{self, Network};
use passrig::target::{Target, profile};

const RUNS: usize = 9;

struct Silent;

impl Observer for Silent {}

fn main() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    println!("{:<34} {:>9} {:>9} {:>9}", "whole catalogue", "least", "median", "most");
    let times = times(|run| runtime.block_on(check(in_process(None).unwrap(), run)));
    row("RP in process", &times);

    let mut rp = Rp::start();
    let before = (cpu("self"), cpu(&rp.child.id().to_string()));
    let times = self::times(|run| runtime.block_on(check(rp.target(), run)));
    row("RP as a process of its own, HTTP", &times);
    let ours = (cpu("self") - before.0).as_secs_f64();
    let theirs = (cpu(&rp.child.id().to_string()) - before.1).as_secs_f64();
    println!("our share of the processor time    {:>8.0} %", 100.0 * ours / (ours + theirs));
    println!("our memory at its peak             {:>8} MB", peak_memory_kb() / 1024);
    rp.child.kill().unwrap();
}

async fn check(target: Target, run: usize) -> Report {
    let options = Options {
        catalogue: Arc::new(Catalogue::builtin().unwrap()),
        filter: Filter::default(),
        seed: "bench".to_owned(),
        run_id: run.to_string(),
        jobs: 2,
        variables: Vec::new(),
    };
    runner::run(&options, Arc::new(target), Arc::new(Silent)).await.unwrap()
}

fn times(mut run: impl FnMut(usize) -> Report) -> Vec<Duration> {
    let mut times: Vec<Duration> = (0..RUNS)
        .map(|number| {
            let start = Instant::now();
            let report = run(number);
            let took = start.elapsed();
            assert_eq!(
                report.summary.pass + report.summary.note,
                report.checks.len(),
                "{:?}",
                report.summary
            );
            took
        })
        .collect();
    times.sort();
    times
}

fn row(name: &str, times: &[Duration]) {
    let ms = |time: Duration| format!("{:.0} ms", time.as_secs_f64() * 1000.0);
    let (least, median, most) = (times[0], times[RUNS / 2], times[RUNS - 1]);
    println!("{name:<34} {:>9} {:>9} {:>9}", ms(least), ms(median), ms(most));
}

struct Rp {
    child: Child,
    address: String,
}

impl Rp {
    fn start() -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_passrig"))
            .args(["rp", "--listen", "127.0.0.1:0", "--rp-id", relying_party::RP_ID])
            .args(["--origin", relying_party::ORIGIN])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let address = lines
            .by_ref()
            .map(Result::unwrap)
            .find_map(|line| {
                let (_, address) = line.split_once("listens at ")?;
                Some(address.split(',').next().unwrap().to_owned())
            })
            .expect("the RP tells where it listens");
        // Whatever else it prints must not fill the pipe.
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, address }
    }

    fn target(&self) -> Target {
        let network = Network::new(network::Settings::default());
        let base = self.address.parse().unwrap();
        let profile = profile::named("reference").unwrap();
        Target::new(profile, base, relying_party::ORIGIN, Arc::new(network))
    }
}

/// Processor time of a process so far, in user and kernel mode.
fn cpu(process: &str) -> Duration {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
    let fields: Vec<&str> = stat.rsplit_once(") ").unwrap().1.split(' ').collect();
    let ticks: u64 = fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap();
    Duration::from_millis(ticks * 10)
}

fn peak_memory_kb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}
