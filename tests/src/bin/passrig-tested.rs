//! The program `passrig` as it is, so that Cargo builds it for these tests.

use std::process::ExitCode;

fn main() -> ExitCode {
    passrig::cli::main()
}
