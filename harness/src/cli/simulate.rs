use std::io::{self, BufRead, IsTerminal};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, Once, PoisonError};

use super::catalogue;
use super::config;
use super::console::{Console, complain};
use super::fail_on;
use super::failure::Failure;
use super::identity;
use super::reach::{self, ResolvedTarget};
use super::reports;
use super::run::failure;
use crate::near::did_you_mean;
use crate::observer::Observer;
use crate::outcome::{FailOn, Paint, visible};
use crate::process::{self, stopped};
use crate::quoting::quoted;
use crate::report::{self, guarded};
use crate::simulate::{
    self, Act, Finding, Options, Simulation, SimulationObserver, SimulationReport, SimulationStep,
    SimulationText,
};

/// Play through what happens to users when …
///
/// A story of real ceremonies by named people: who does what with which device,
/// what the RP answers, and what that means. Findings are at its end. Without
/// --rp it is played against the built-in reference RP.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// The simulation: `passrig simulate --list` shows them all.
    #[arg(required_unless_present = "list")]
    name: Option<String>,

    /// List the simulations instead.
    #[arg(long, conflicts_with = "name")]
    list: bool,

    /// Wait for Enter after every step.
    #[arg(long)]
    step: bool,

    #[command(flatten)]
    config: config::Args,

    #[command(flatten)]
    reach: reach::Args,

    #[command(flatten)]
    identity: identity::Args,

    /// Write the story as JSON; `-` is standard output.
    #[arg(long, value_name = "FILE", help_heading = "Reports")]
    json: Option<PathBuf>,

    /// Write the story as a page; `-` is standard output.
    #[arg(long, value_name = "FILE", help_heading = "Reports")]
    html: Option<PathBuf>,

    /// From which level on a finding turns the exit code: must, should, policy or
    /// hardening, and with what importance at least: low, medium, high or
    /// critical [default: must:medium].
    #[arg(long, value_name = "LEVEL[:IMPORTANCE]", value_parser = fail_on::parse,
          help_heading = "Reports")]
    fail_on: Option<FailOn>,
}

const EXAMPLES: &str = "\
Examples:
  passrig simulate --list
  passrig simulate lost-device
  passrig simulate lost-device --step
  passrig simulate cross-domain --rp http://localhost:3000 --html story.html

The exit code is 1 if a finding counts (--fail-on), or if it remained open what
the RP did.";

pub(super) async fn run(args: &Args, console: Console) -> Result<u8, Failure> {
    let Some(name) = args.name.as_deref().filter(|_| !args.list) else {
        console.print_painted(&list(console.paint()))?;
        return Ok(0);
    };
    let simulation = find(name)?;
    if args.step && !(io::stdin().is_terminal() && io::stdout().is_terminal()) {
        let what = "--step waits for Enter, and nobody is there to press it";
        return Err(Failure::usage(what, "leave it out, or run passrig in a terminal"));
    }
    let named = |flag: &str, file: &Option<PathBuf>| {
        file.as_ref().map(|file| (format!("{flag} {}", file.display()), file.clone()))
    };
    reports::distinct(named("--json", &args.json).into_iter().chain(named("--html", &args.html)))?;
    let console =
        reports::beside(console, args.json.iter().chain(&args.html).map(PathBuf::as_path));
    let mut catalogue = catalogue::builtin()?;
    let mut config = args.config.read(&mut catalogue)?;
    let reach = config.target(&args.reach)?;
    let identity = args.identity.resolve(reach.is_built_in())?;
    let ResolvedTarget { target, variables, throttle_wait, .. } = match simulation.has_second_factor
    {
        true => reach.resolve_with_second_factor().await?,
        false => reach.resolve(None).await?,
    };
    let options = Options {
        catalogue: Arc::new(catalogue),
        seed: identity.seed.clone(),
        run_id: identity.run_id.clone(),
        variables,
        throttle_wait,
    };

    if args.step {
        // Enter is waited for without an eye on signals.
        process::end_at_once();
    }
    let stage = StoryPrinter::new(
        console,
        args.step,
        SimulationReport::empty(simulation, &options, &target),
    );
    let played = tokio::select! {
        // Listening for signals begins before the story.
        biased;
        signal = stopped() => Err(signal),
        played = simulate::run(simulation, &options, target, &stage) => Ok(played),
    };
    let (story, untestable) = match played {
        Ok(Ok(story)) => (story, None),
        Ok(Err(error)) => (stage.story(&error.to_string()), Some(failure(error, &args.identity))),
        Err(signal) => (stage.story(signal.reason()), None),
    };
    let mut unwritten = Vec::new();
    if untestable.is_none() {
        unwritten.extend(stage.close(&story).err());
    }
    // An older story must not stand for this one, whatever it came to.
    unwritten.extend(write(args, &story).await?);
    if let Some(failure) = untestable {
        reports::settle(failure.exit_code(), unwritten, console);
        return Err(failure);
    }
    unwritten.extend(console.print(&replay(&story, &identity.arguments, &reach)).err());
    let verdict = story.exit_code(args.fail_on.or(config.fail_on).unwrap_or_default());
    Ok(reports::settle(verdict, unwritten, console))
}

/// Writes the story to the files that are named.
async fn write(args: &Args, story: &SimulationReport) -> Result<Vec<Failure>, Failure> {
    let json = report::json::pretty(story).map_err(|_| Failure::Bug("a story is no JSON"))? + "\n";
    // People print pages into logs, too.
    let html = simulate::html(story).map_err(|_| Failure::Bug("a story is no HTML"))?;
    let html = guarded(&html, false).into_owned();
    let mut unwritten = Vec::new();
    for (file, text) in [(&args.json, json), (&args.html, html)] {
        if let Some(file) = file {
            let written = reports::deliver(file, text.into_bytes()).await;
            unwritten.extend(written.err().map(|source| Failure::write(file, source)));
        }
    }
    Ok(unwritten)
}

fn find(name: &str) -> Result<&'static Simulation, Failure> {
    simulate::find(name).ok_or_else(|| {
        let names = simulate::ALL.iter().map(|one| one.name);
        let help = did_you_mean(name, names)
            .unwrap_or_else(|| "`passrig simulate --list` shows every simulation".to_owned());
        Failure::usage(format!("no simulation is called `{name}`"), help)
    })
}

fn list(paint: Paint) -> String {
    let lines = simulate::ALL.iter().map(|one| {
        let question = paint.wrap(one.question, "      ", "      ");
        format!("  {}\n{question}\n", paint.strong(one.name))
    });
    lines.collect()
}

/// How to see the same again.
fn replay(story: &SimulationReport, identity: &[Vec<String>], reach: &reach::Args) -> String {
    let arguments = [reach.arguments(), identity.to_vec()].concat();
    let words: Vec<String> = arguments.iter().flatten().map(|word| quoted(word)).collect();
    let command = format!("passrig simulate {} {}", story.simulation, words.join(" "));
    format!("\nThe same again:  {}\n", command.trim_end())
}

/// Tells the story on standard output, as it happens.
struct StoryPrinter {
    console: Console,
    text: Mutex<SimulationText>,
    /// Whether somebody presses Enter after each step, which is said once.
    waits: bool,
    hint: Once,
    /// As much of the story as was told.
    told: Mutex<SimulationReport>,
    /// What kept it from being told, if anything.
    failed: Mutex<Option<Failure>>,
}

impl StoryPrinter {
    fn new(console: Console, waits: bool, empty: SimulationReport) -> Self {
        let text = Mutex::new(SimulationText::new(console.paint()));
        Self {
            console,
            text,
            waits,
            hint: Once::new(),
            told: Mutex::new(empty),
            failed: Mutex::default(),
        }
    }

    /// The story as far as it was told before it was stopped.
    fn story(&self, why: &str) -> SimulationReport {
        let told = self.told.lock().unwrap_or_else(PoisonError::into_inner).clone();
        SimulationReport { stopped: Some(why.to_owned()), ..told }
    }

    fn remember(&self, piece: impl FnOnce(&mut SimulationReport)) {
        piece(&mut self.told.lock().unwrap_or_else(PoisonError::into_inner));
    }

    fn tell(&self, piece: impl FnOnce(&mut SimulationText) -> String) {
        let text = piece(&mut self.text.lock().unwrap_or_else(PoisonError::into_inner));
        if let Err(failure) = self.console.print_painted(&text) {
            let mut failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
            failed.get_or_insert(failure);
        }
    }

    fn close(&self, story: &SimulationReport) -> Result<(), Failure> {
        self.tell(|text| text.summary(story));
        let failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner).take();
        failed.map_or(Ok(()), Err)
    }
}

impl SimulationObserver for StoryPrinter {
    fn simulation_started(&self, story: &SimulationReport) {
        self.remember(|told| *told = story.clone());
        self.tell(|text| text.header(story));
    }

    fn act_started(&self, act: &Act) {
        self.remember(|story| story.acts.push(act.clone()));
        self.tell(|text| text.act(act));
    }

    fn step_taken(&self, step: &SimulationStep) {
        self.remember(|story| {
            if let Some(act) = story.acts.last_mut() {
                act.steps.push(step.clone());
            }
        });
        self.tell(|text| text.step(step));
        if self.waits {
            self.hint.call_once(|| complain("Enter goes on, Ctrl-C ends the story.\n"));
            // That the terminal is gone is no reason to stop.
            let _ = io::stdin().lock().read_line(&mut String::new());
        }
    }

    fn finding(&self, finding: &Finding) {
        self.remember(|story| story.findings.push(finding.clone()));
    }
}

impl Observer for StoryPrinter {
    fn notice(&self, text: &str) {
        complain(&format!("{}\n", visible::line(text)));
    }
}
