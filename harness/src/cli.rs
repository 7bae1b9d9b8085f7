//! The command line: one file per verb. Only here does the program print.

mod adapter;
mod adapters;
pub(crate) mod authenticator;
mod baseline;
mod catalogue;
mod check;
mod compare;
mod completions;
pub(crate) mod config;
mod console;
mod coverage;
mod explain;
mod fail_on;
mod failure;
mod identity;
mod last_exchanges;
mod list;
mod man;
mod page;
mod reach;
mod render;
mod reports;
mod rerun;
mod rp;
mod run;
mod schema;
mod selection;
mod simulate;
#[cfg(test)]
mod tests;
mod trust;
mod vectors;
mod visible_failure;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::process;
use console::{Colour, Console};
use failure::Failure;

use crate::report::guarded;
use crate::runner;
use crate::target_rp::arguments;

/// A conformance test rig for WebAuthn relying parties.
///
/// passrig plays the browser and the authenticator against a relying party
/// (RP): honestly, to prove that it works, and wrong in exactly one point at a
/// time, to prove that it notices. Each verdict names the clause of the
/// specification that asks for it.
#[derive(Debug, Parser)]
#[command(name = "passrig", version, max_term_width = 80, after_help = EXAMPLES)]
struct Cli {
    #[command(subcommand)]
    verb: Verb,

    /// When to use colours: auto (on a terminal, unless NO_COLOR is set), always
    /// or never.
    #[arg(
        long,
        global = true,
        value_enum,
        default_value_t,
        value_name = "WHEN",
        hide_possible_values = true
    )]
    color: Colour,
}

// Stands twice: the snapshot of the help has it as it is printed.
const EXAMPLES: &str = "\
Examples:
  passrig check                       see it work, on the built-in reference RP
  passrig check --rp http://localhost:3000 --adapter better-auth
  passrig simulate lost-device        what happens when a phone is lost
  passrig list --only '*.origin.*'    what is checked
  passrig explain 7.1/9               why, and how to mend an RP
  passrig rp --mutant ID              an RP with a flaw, to try things on

Exit codes:
  0  as expected                      4  nothing matched the filter
  1  something failed               101  a bug in passrig
  2  usage, configuration, or       129  interrupted by SIGHUP
     a report not written           130  interrupted by Ctrl-C
  3  the target cannot be tested    143  interrupted by SIGTERM";

#[derive(Debug, Subcommand)]
enum Verb {
    Check(Box<check::Args>),
    Baseline(Box<baseline::Args>),
    Simulate(Box<simulate::Args>),
    Compare(compare::Args),
    Render(render::Args),
    List(list::Args),
    Explain(explain::Args),
    Coverage(coverage::Args),
    Rp(rp::Args),
    Page(Box<page::Args>),
    Authenticator(authenticator::Args),
    Trust(trust::Args),
    Adapter(Box<adapter::Args>),
    Adapters(adapters::Args),
    Schema(schema::Args),
    Vectors(vectors::Args),
    Completions(completions::Args),
    Man(man::Args),
}

/// Runs the program with its arguments; the exit code says how it went.
pub fn main() -> ExitCode {
    std::panic::set_hook(Box::new(|panic| {
        console::complain(&format!(
            "passrig has a bug; please report it with the command that you ran.\n{panic}\n"
        ));
        // A panic in a run is caught, so that the results so far are written.
        if !runner::is_caught() {
            process::clean_up();
            std::process::exit(failure::BUG);
        }
    }));
    let Cli { verb, color } = Cli::try_parse().unwrap_or_else(|error| misused(&error));
    let console = Console::new(color);
    let code = run(verb, console).unwrap_or_else(|failure| {
        console.complain_painted(&failure.render(console.errors()));
        failure.exit_code()
    });
    process::clean_up();
    // A signal counts more than what came of it.
    ExitCode::from(process::signal().map_or(code, process::Signal::exit_code))
}

/// Ends the program with the message about its arguments, which it repeats without their secrets.
fn misused(error: &clap::Error) -> ! {
    let text = error.render().to_string();
    let arguments: Vec<String> =
        std::env::args_os().skip(1).map(|argument| argument.to_string_lossy().into()).collect();
    let masked = match error.use_stderr() {
        true => arguments::masked(&text, &arguments),
        // Help and the version repeat no argument.
        false => text.clone(),
    };
    let shown = guarded(&masked, false);
    if shown == text {
        // With colours, if they are wanted.
        error.exit();
    }
    console::complain(&shown);
    std::process::exit(error.exit_code())
}

fn run(verb: Verb, console: Console) -> Result<u8, Failure> {
    match verb {
        Verb::Check(args) => finish(args.run.threads(), check::run(&args, console)),
        Verb::Baseline(args) => finish(args.run.threads(), baseline::run(&args, console)),
        Verb::Simulate(args) => finish(Threads::Many, simulate::run(&args, console)),
        Verb::Compare(args) => compare::run(&args, console),
        Verb::Render(args) => render::run(&args, console),
        Verb::List(args) => list::run(&args, console),
        Verb::Explain(args) => explain::run(&args, console),
        Verb::Coverage(args) => coverage::run(&args, console),
        Verb::Rp(args) => finish(Threads::Many, rp::run(&args, console)),
        Verb::Page(args) => finish(Threads::Many, page::run(&args, console)),
        Verb::Authenticator(args) => authenticator::run(&args, console),
        Verb::Trust(args) => trust::run(&args, console),
        Verb::Adapter(args) => finish(Threads::Many, adapter::run(&args, console)),
        Verb::Adapters(args) => adapters::run(&args, console),
        Verb::Schema(args) => schema::run(&args, console),
        Verb::Vectors(args) => vectors::run(&args, console),
        Verb::Completions(args) => completions::run(&args, console),
        Verb::Man(args) => man::run(&args, console),
    }
}

/// In how many threads a verb does its work.
enum Threads {
    /// One: where the target is a process of its own, handing requests from
    /// thread to thread costs as much as making them.
    One,
    /// As many as there are cores.
    Many,
}

/// Does the work of a verb. Threads that wait for a name or a reader do not delay the end.
fn finish(
    threads: Threads,
    work: impl Future<Output = Result<u8, Failure>>,
) -> Result<u8, Failure> {
    let runtime = runtime(threads)?;
    let code = runtime.block_on(work);
    runtime.shutdown_background();
    code
}

fn runtime(threads: Threads) -> Result<tokio::runtime::Runtime, Failure> {
    let mut builder = match threads {
        Threads::One => tokio::runtime::Builder::new_current_thread(),
        Threads::Many => tokio::runtime::Builder::new_multi_thread(),
    };
    builder
        .enable_all()
        .build()
        .map_err(|source| Failure::System { what: "cannot start".to_owned(), source })
}
