//! The command line; see [`passrig::cli`].

use std::process::ExitCode;

fn main() -> ExitCode {
    passrig::cli::main()
}
