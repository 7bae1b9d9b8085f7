//! How long the whole catalogue takes against the built-in RP, and how much
//! memory it needs.
//!
//! Take the ratios: the absolute figures are those of one machine on one day.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, missing_docs)]

use std::sync::Arc;
use std::time::{Duration, Instant};

use passrig::catalogue::Catalogue;
use passrig::outcome::Report;
use passrig::relying_party::in_process;
use passrig::runner::{self, Filter, Observer, Options};
use passrig::target::Target;

const RUNS: usize = 9;

struct Silent;

impl Observer for Silent {}

fn main() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    println!("{:<34} {:>9} {:>9} {:>9}", "whole catalogue", "least", "median", "most");
    let times = times(|run| runtime.block_on(check(in_process(None).unwrap(), run)));
    row("RP in process", &times);

    println!("our memory at its peak             {:>8} MB", peak_memory_kb() / 1024);
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

fn peak_memory_kb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}
