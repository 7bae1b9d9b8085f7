//! The command line; see [`passrig::cli`].

use std::process::ExitCode;

/// A run makes and drops many small texts in several threads, which the system's
/// allocators (musl's above all) make its largest cost.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    passrig::cli::main()
}
