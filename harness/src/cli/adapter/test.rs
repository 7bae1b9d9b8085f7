use std::fmt::Write;
use std::sync::Arc;

use passrig_authenticator::client::Origin;
use passrig_authenticator::env::Seeded;

use crate::actor::World;
use crate::cli::console::Console;
use crate::cli::failure::Failure;
use crate::cli::identity;
use crate::cli::last_exchanges;
use crate::cli::reach::{self, ResolvedTarget};
use crate::outcome::{Outcome, Paint, visible};
use crate::quoting::quoted;
use crate::runner::adapter_test::{self, FlowResult};
use crate::runner::caught;
use crate::target_rp::{Flow, Target};

/// Walk through an adapter's flows honestly, and show each request and answer.
///
/// Somebody gets an account, registers a passkey, signs in with it in a new
/// browser, signs out, and removes it, as far as the adapter says how. Nothing is
/// wrong in what they send: if a step fails, the adapter or the RP is. Cookies,
/// tokens and passwords are masked.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// The adapter: a file, or the id of one that is built in.
    #[arg(value_name = "FILE|ID")]
    file: String,

    #[command(flatten)]
    reach: reach::Args,

    #[command(flatten)]
    identity: identity::Args,

    /// Show what was done only, without requests and answers.
    #[arg(long, short)]
    quiet: bool,
}

const EXAMPLES: &str = "\
Examples:
  passrig adapter test shop.toml --rp http://localhost:3000
  passrig adapter test shop.toml --rp http://localhost:3000 --var username=ann --var password
  passrig adapter test better-auth --rp http://localhost:3000 --quiet";

pub(super) async fn run(args: &Args, console: Console) -> Result<u8, Failure> {
    let adapter = Some(args.file.clone());
    let reach = reach::Args { adapter, ..args.reach.clone() };
    if reach.is_built_in() {
        let help = "for example --rp http://localhost:3000".to_owned();
        return Err(Failure::usage("say with --rp where the RP is", help));
    }
    let identity = args.identity.resolve(false)?;
    let ResolvedTarget { target, variables, .. } = reach.resolve(None).await?;
    let origin = Origin::parse(target.origin()).map_err(|error| {
        Failure::usage(error.to_string(), "name the page's origin with --origin")
    })?;
    let env = Seeded::new(identity.seed.as_bytes()).within(&identity.run_id);
    let world = World {
        target: target.clone(),
        origin,
        env,
        variables,
        authenticator: None,
        expiry: None,
        timing: None,
        state: Arc::default(),
    };
    let paint = console.paint();
    let mut printed = Ok(());
    let well = caught(
        None,
        adapter_test::run(&world, &mut |passage| {
            let text = passage_text(passage, &target, args.quiet, paint);
            printed = console.print_painted(&text);
        }),
    )
    .await?;
    printed?;
    console.print(&ending(well, &target, args))?;
    Ok(u8::from(!well))
}

/// What was done, what travelled, what came of it.
fn passage_text(passage: &FlowResult, target: &Target, quiet: bool, paint: Paint) -> String {
    let mut out = format!("{}\n", paint.strong(&passage.title));
    // Writing to a string does not fail.
    if !quiet || passage.result.is_err() {
        for exchange in &passage.exchanges {
            let flow = Flow::ALL.into_iter().find(|flow| flow.name() == exchange.flow);
            let steps = flow.map_or(&[][..], |flow| target.adapter().steps(flow));
            let step = exchange.step.checked_sub(1).and_then(|index| steps.get(index));
            let line = step.map(|step| target.masked(&step.line)).unwrap_or_default();
            let head = format!("{} step {}: {line}", exchange.flow, exchange.step);
            let _ = writeln!(out, "  {}", paint.faint(&visible::line(&head)));
            let _ = last_exchanges::exchange(&mut out, exchange, paint);
            let names: Vec<&str> = step
                .iter()
                .flat_map(|step| &step.captures)
                .map(|capture| capture.name.as_str())
                .collect();
            if !names.is_empty() {
                let _ =
                    writeln!(out, "{} {}", paint.faint("kept"), visible::line(&names.join(", ")));
            }
        }
    }
    let _ = match &passage.result {
        Ok(came_to) => {
            let word = paint.outcome(Outcome::Pass, "ok  ");
            writeln!(out, "{word} {}\n", visible::line(came_to))
        }
        Err(obstacle) => {
            let what = paint.wrap(&visible::line(&obstacle.what), "", "     ");
            let _ = writeln!(out, "{} {what}", paint.outcome(Outcome::Fail, "fail"));
            match &obstacle.help {
                Some(help) => {
                    let help = visible::block(help);
                    writeln!(out, "{}\n", paint.wrap(&help, "help: ", "      "))
                }
                None => writeln!(out),
            }
        }
    };
    out
}

/// What to do next, and what would make verdicts stronger.
fn ending(well: bool, target: &Target, args: &Args) -> String {
    if !well {
        return String::new();
    }
    let lacks = |flow: Flow| !target.adapter().has(flow);
    let missing = [
        (Flow::Whoami, "who is signed in is not seen: words decide alone"),
        (Flow::List, "which passkeys there are is not seen: words decide alone"),
        (Flow::Remove, "removal is not tested"),
        (Flow::Logout, "logging out is not tested"),
    ];
    let mut out = String::from("The adapter works.\n");
    for (flow, why) in missing.into_iter().filter(|(flow, _)| lacks(*flow)) {
        let _ = writeln!(out, "  without `{flow}`, {why}");
    }
    let words = args.reach.arguments().concat();
    let words: Vec<String> = words.iter().map(|word| quoted(word)).collect();
    let (file, words) = (quoted(&args.file), words.join(" "));
    let _ = writeln!(out, "Next:  passrig check --adapter {file} {words}");
    out
}
