//! The tester is tested: every check states exactly what it violates, and every
//! flaw is found by a check that names it and by no other.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, missing_docs)]

mod audit;
mod implied;
mod matrix;
mod second_run;
mod seeds;

use std::sync::Arc;

use passrig::catalogue::Catalogue;
use passrig::observer::Observer;
use passrig::outcome::Report;
use passrig::relying_party::{EXPIRY, Mutant, in_process, mutant};
use passrig::runner::{self, Options, RunError};

/// As the program has it: the matrix is its longest work.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Observes nothing.
pub struct Silent;

impl Observer for Silent {}

pub fn catalogue() -> Arc<Catalogue> {
    Arc::new(Catalogue::builtin().unwrap())
}

/// A mutant by its ID.
pub fn mutant(id: &str) -> Mutant {
    mutant::all().into_iter().find(|mutant| mutant.id == id).expect(id)
}

pub async fn run(
    catalogue: &Arc<Catalogue>,
    observer: Arc<dyn Observer>,
) -> Result<Report, RunError> {
    let mut options = Options::new(Arc::clone(catalogue), "self-proof");
    options.jobs = 2;
    options.expiry = Some(EXPIRY);
    options.timing = Some(500);
    runner::run(&options, Arc::new(in_process(None).unwrap()), observer).await
}
