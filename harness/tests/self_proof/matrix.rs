use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use passrig::catalogue::Catalogue;
use passrig::outcome::{CheckResult, Expectation, Outcome, Report};
use passrig::relying_party::{Mutant, mutant};
use passrig::runner::{NotTestable, Observer};
use tokio::task::JoinSet;

struct Silent;

impl Observer for Silent {}

/// The whole catalogue against every mutant, as many at once as there are cores, in the order of the list.
async fn runs(catalogue: &Arc<Catalogue>) -> Vec<(Mutant, Result<Report, NotTestable>)> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let mut mutants = mutant::all().into_iter().enumerate();
    let (mut tasks, mut done) = (JoinSet::new(), BTreeMap::new());
    loop {
        for (place, mutant) in mutants.by_ref().take(cores.saturating_sub(tasks.len())) {
            let catalogue = Arc::clone(catalogue);
            tasks.spawn(async move {
                let run = super::run(&catalogue, Some(mutant.clone()), Arc::new(Silent)).await;
                (place, mutant, run)
            });
        }
        let Some(ended) = tasks.join_next().await else { break };
        let (place, mutant, run) = ended.unwrap();
        done.insert(place, (mutant, run));
    }
    done.into_values().collect()
}

/// Runs the whole catalogue against every mutant, and prints who kills whom.
#[tokio::test(flavor = "multi_thread")]
async fn kill_matrix() {
    let catalogue = super::catalogue();
    let mut flaws = Vec::new();
    let mut useful = BTreeSet::new();
    println!("{:60} {:16} killed by", "mutant", "steps");
    for (mutant, run) in runs(&catalogue).await {
        let report = match run {
            Ok(report) => report,
            Err(error) => {
                flaws.push(format!("{}: a canary ends the run: {error}", mutant.id));
                continue;
            }
        };
        let mut killers = Vec::new();
        // A race that was not lost is noted, and is no divergence.
        let diverges = |result: &&CheckResult| match result.outcome {
            Outcome::Pass => false,
            Outcome::Note => !result.is_as_expected(),
            _ => true,
        };
        for result in report.checks.iter().filter(diverges) {
            let Some(check) = catalogue.find(&result.id) else {
                flaws.push(format!("{}: {} ends the run", mutant.id, result.id));
                continue;
            };
            if mutant.steps.iter().any(|step| check.concerns(step)) {
                useful.insert(check.id.clone());
                killers.push(check.id.as_str());
            } else {
                flaws.push(format!(
                    "{}: {} is {} though it concerns none of {:?}",
                    mutant.id, check.id, result.outcome, mutant.steps
                ));
            }
        }
        println!("{:60} {:16} {}", mutant.id, mutant.steps.join(" "), killers.join(" "));
        if killers.is_empty() {
            flaws.push(format!("{}: nobody kills it", mutant.id));
        }
    }
    for check in &catalogue.checks {
        if check.expects != Expectation::Accepted && !useful.contains(&check.id) {
            flaws.push(format!("{} kills no mutant", check.id));
        }
    }
    assert!(flaws.is_empty(), "{flaws:#?}");
}
