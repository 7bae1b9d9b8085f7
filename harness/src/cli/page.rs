use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;

use clap::builder::PossibleValuesParser;
use passrig_authenticator::device::Profile;
use passrig_authenticator::env::Seeded;
use url::Url;

use super::catalogue;
use super::config::{self, today};
use super::console::{Console, complain};
use super::fail_on;
use super::failure::Failure;
use super::identity;
use super::reach::{self, Rp, VariableArgument, valid};
use super::reports;
use super::run::Authenticator;
use crate::browser::{self, BrowserGuard, LaunchSettings, pin};
use crate::catalogue::{Catalogue, Product};
use crate::outcome::{CheckResult, FailOn, Report, SCHEMA_VERSION, Summary, TargetInfo, Tool};
use crate::page::{self, PageExamination, PageObservation, Script, ScriptStep};
use crate::process::stopped;
use crate::report::terminal::Terminal;
use crate::report::{Destination, Findings, Replay};
use crate::runner::expect;
use crate::storage::{self, Limit};
use crate::target_rp::Masks;
use crate::target_rp::guard::{self, HostPort, HostPortError};
use crate::target_rp::network::{self, ConnectTo};
use crate::target_rp::transport::Limits;

/// Look at a page of a relying party in a browser.
///
/// The page is opened in Chromium with passrig's authenticator behind its
/// navigator.credentials, and used as the script says: once by somebody who
/// agrees to everything, and once more for each ceremony by somebody who cancels
/// it. What only a page shows is reported: calls without a gesture of the user,
/// options that a script altered, calls from a frame of another site's page,
/// refusals that nobody catches, and pages that have no way on after one.
/// passrig.toml's policy and expectations count here too, and what it says of
/// the target does if the page is of the target's origin.
/// Chromium must be installed; PASSRIG_CHROMIUM says where it is.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// The page, such as http://localhost:3000/login.
    #[arg(value_parser = url)]
    url: Url,

    /// What somebody does there: a file of steps (see below).
    #[arg(long, value_name = "FILE")]
    script: Option<PathBuf>,

    /// Click there, when the script is done: on what a CSS selector finds, or on
    /// the button or link of `text=Sign in`. May be repeated.
    #[arg(long, value_name = "SELECTOR")]
    click: Vec<String>,

    /// A variable for the script. NAME alone takes the value from the
    /// environment, where passwords belong. May be repeated.
    #[arg(long, value_name = "NAME[=VALUE]", value_parser = VariableArgument::from_str)]
    var: Vec<VariableArgument>,

    /// Use the page with an authenticator of this product [default: one that can
    /// do everything].
    #[arg(long, value_name = "NAME", value_parser = products(), hide_possible_values = true)]
    authenticator: Option<String>,

    /// Let the page reach this host too: of the network, a page can use its own
    /// host and port, and those that are named here. May be repeated.
    #[arg(long, value_name = "HOST[:PORT]", value_parser = valid::<HostPort>)]
    allow_host: Vec<String>,

    /// Connect there, whatever host the URL names; names and certificates stay
    /// those of the URL.
    #[arg(long, value_name = "HOST:PORT", value_parser = valid::<ConnectTo>)]
    connect_to: Option<String>,

    /// Believe certificates of this authority too (PEM).
    #[arg(long, value_name = "FILE", conflicts_with = "insecure")]
    ca: Option<PathBuf>,

    /// Believe every certificate.
    #[arg(long)]
    insecure: bool,

    #[command(flatten)]
    config: config::Args,

    #[command(flatten)]
    catalogue: catalogue::Args,

    #[command(flatten)]
    identity: identity::Args,

    /// Write a report: html for people, json, junit, sarif or markdown for
    /// programs. FILE `-` is standard output. May be repeated.
    #[arg(long, value_name = "FORMAT=FILE", help_heading = "Reports")]
    report: Vec<Destination>,

    /// From which level on a divergence makes the run fail, as for `check`
    /// [default: must:medium].
    #[arg(long, value_name = "LEVEL[:IMPORTANCE]", value_parser = fail_on::parse,
          help_heading = "Reports")]
    fail_on: Option<FailOn>,

    /// Show of the report only what fails the run, in short, and the summary.
    #[arg(long, short, help_heading = "Reports")]
    quiet: bool,
}

const EXAMPLES: &str = "\
A script:
  [[step]]
  fill = \"#username\"            # or `text=…` for what a button or link says
  with = \"{{username}}\"         # also: email, display_name, password, --var
  [[step]]
  click = \"text=Create a passkey\"
  [[step]]
  wait = \".welcome\"
  [[step]]
  goto = \"/login\"
  [[step]]
  autofill = true               # picks the passkey that a field offers

Examples:
  passrig page http://localhost:3000/login
  passrig page http://localhost:3000/login --click 'text=Sign in with a passkey'
  passrig page http://localhost:3000 --script steps.toml --fail-on should";

const UNSANDBOXED: &str = "\
warning: Chromium runs without its sandbox (it has none for root, nor with --no-sandbox): a page that
         breaks out of Chromium has the rights of this user. Open only pages that you trust, or
         run passrig as another user.
";

pub(super) async fn run(args: &Args, console: Console) -> Result<u8, Failure> {
    let mut catalogue = args.catalogue.read()?;
    let mut config = args.config.read(&mut catalogue)?;
    let identity = args.identity.resolve(false)?;
    reports::distinct(reports::named(&args.report))?;
    reports::probe(&args.report)?;
    let console = reports::beside(console, args.report.iter().map(|report| report.file.as_path()));
    let flags = reach::Args {
        var: args.var.clone(),
        connect_to: args.connect_to.clone(),
        ca: args.ca.clone(),
        insecure: args.insecure,
        allow_host: args.allow_host.clone(),
        ..reach::Args::default()
    };
    let reach = match is_of(&args.url, config.named_target()) {
        // The command line names the page, and so its host.
        true => {
            config.target(&reach::Args { rp: Some(Rp::Url(args.url.clone())), ..flags.clone() })?
        }
        false => flags.clone(),
    };
    let product = args.authenticator.as_deref().and_then(Authenticator::named);
    let variables = reach.variables()?;
    let masks = Masks::of(&args.url, &variables);
    let browser = settings(&args.url, &reach, &masks).await?;
    let guard = browser.guard.clone();
    let examination = PageExamination {
        url: args.url.clone(),
        script: script(args)?,
        variables,
        authenticator: product
            .as_ref()
            .map_or_else(|| Product::default().profile(), |one| one.profile.clone()),
        env: Seeded::new(identity.seed.as_bytes()).within(&identity.run_id),
        browser,
    };
    examination
        .check_script()
        .map_err(|error| failure(page::Error::Script(error), args, &masks))?;
    if !browser::is_sandboxed() && browser::find().is_some() {
        complain(UNSANDBOXED);
    }
    let seen = tokio::select! {
        biased;
        signal = stopped() => Err(signal),
        observed = page::examine(&examination) => Ok(judged(observed, args, &masks, &catalogue)),
    };

    for place in guard.iter().flat_map(|guard| guard.refused()) {
        let line = format!("blocked: {place} (allow it with `{}`)\n", place.flag());
        complain(&masks.of_page(&line));
    }

    let interrupted = seen.as_ref().err().copied();
    let (checks, untestable) = match seen {
        Ok(Ok(checks)) => (checks, None),
        Ok(Err(failure)) => (Vec::new(), Some(failure)),
        Err(_) => (Vec::new(), None),
    };
    let stopped = match &untestable {
        Some(failure) => Some(failure.to_string()),
        None => interrupted.map(|signal| signal.reason().to_owned()),
    };
    let mut report = Report {
        schema_version: SCHEMA_VERSION,
        tool: Tool::this(),
        seed: identity.seed,
        run_id: identity.run_id,
        target: TargetInfo {
            url: masks.of_user(args.url.as_str()),
            origin: args.url.origin().ascii_serialization(),
            adapter: "page".to_owned(),
            observed: BTreeMap::new(),
        },
        authenticator: product.map(|one| one.name.to_owned()),
        stopped,
        summary: Summary::of(&checks),
        checks,
        diagnoses: Vec::new(),
        stale: Vec::new(),
    };
    let about_pages = config.expectations.into_iter().filter(|entry| {
        // One that fits other checks too is about those.
        catalogue.is_about_page(|check| entry.concerns(&check.id))
    });
    let about_pages: Vec<_> = about_pages.collect();
    expect::settle(&mut report, &about_pages, &catalogue.page, today());
    let fail_on = args.fail_on.or(config.fail_on).unwrap_or_default();
    let replay = replay(args, &masks, &flags, identity.arguments);
    // An older report must not stand for this run, whatever it came to.
    let findings =
        Findings { report: &report, catalogue: &catalogue, fail_on, replay: &replay, log: None };
    let mut unwritten = reports::write(&args.report, &findings).await;
    if let Some(failure) = untestable {
        reports::settle(failure.exit_code(), unwritten, console);
        return Err(failure);
    }
    let terminal = Terminal {
        report: &report,
        catalogue: &catalogue,
        fail_on,
        replay: &replay,
        paint: console.paint(),
    };
    let text = if args.quiet { terminal.render_short() } else { terminal.render() };
    unwritten.extend(console.print_painted(&text).err());
    Ok(reports::settle(fail_on.exit_code(&report), unwritten, console))
}

/// What was seen, as results, if there was anything to judge.
fn judged(
    observed: Result<PageObservation, page::Error>,
    args: &Args,
    masks: &Masks,
    catalogue: &Catalogue,
) -> Result<Vec<CheckResult>, Failure> {
    let observed = observed.map_err(|error| failure(error, args, masks))?;
    if observed.calls.is_empty() {
        return Err(Failure::NotTestable {
            what: format!(
                "{}: nothing there called navigator.credentials",
                masks.of_user(args.url.as_str())
            ),
            help: Some(
                "say with --click or --script what somebody does there to get to a passkey"
                    .to_owned(),
            ),
            is_gone: false,
        });
    }
    Ok(page::results(&catalogue.page, &observed))
}

/// The arguments once more, without secrets: where one is masked, the user must write it again.
fn replay(args: &Args, masks: &Masks, flags: &reach::Args, identity: Vec<Vec<String>>) -> Replay {
    let script = args.script.iter().map(|file| ("--script", file.display().to_string()));
    let clicks = args.click.iter().map(|selector| ("--click", masks.of_user(selector)));
    let product = args.authenticator.iter().map(|name| ("--authenticator", name.clone()));
    let own = script.chain(clicks).chain(product);
    let own = own.map(|(flag, value)| vec![flag.to_owned(), value]).collect();
    let config = args.config.arguments().into_iter().collect();
    let place = [own, config, args.catalogue.arguments(), flags.arguments()].concat();
    Replay { arguments: [place, identity].concat(), page: Some(masks.of_user(args.url.as_str())) }
}

fn products() -> PossibleValuesParser {
    PossibleValuesParser::new(Profile::names())
}

fn script(args: &Args) -> Result<Script, Failure> {
    let mut script = match &args.script {
        None => Script::default(),
        Some(file) => {
            let text = storage::read_text(file, Limit::SETTINGS)?;
            Script::parse(&file.display().to_string(), &text)?
        }
    };
    script.step.extend(args.click.iter().cloned().map(ScriptStep::Click));
    Ok(script)
}

/// True if the page has the origin of the target.
fn is_of(page: &Url, target: &reach::Args) -> bool {
    let own = match &target.origin {
        Some(origin) => origin.page(),
        None => target.rp.as_ref().and_then(Rp::url),
    };
    own.is_some_and(|own| own.origin() == page.origin())
}

/// Where the page is, and what the browser is to believe of it: the certificate
/// that we have seen to be right.
async fn settings(
    page: &Url,
    reach: &reach::Args,
    masks: &Masks,
) -> Result<LaunchSettings, Failure> {
    let connect_to = reach.connect_to();
    let guard = guard(page, reach, connect_to.as_ref())?;
    let mut settings = LaunchSettings { guard: Some(Arc::new(guard)), ..LaunchSettings::default() };
    if page.scheme() == "https" && (reach.ca.is_some() || reach.insecure) {
        let trust = reach.trust()?;
        let connect_to = connect_to.into_iter().collect();
        // Nothing hostile is sent there.
        let guard = guard::Guard::default().allowing(HostPort::of(page));
        let limits = Limits::default();
        let network = network::NetworkSettings { guard, connect_to, trust, limits };
        let certificate = network::certificate(page, network).await;
        let certificate = certificate.map_err(|error| Failure::NotTestable {
            what: masks.of_page(&format!("{page}: {error}")),
            help: Some(error.help()),
            // A certificate that is not believed comes from somebody.
            is_gone: false,
        })?;
        settings.pins.extend(pin(&certificate));
    }
    Ok(settings)
}

/// The page's own host and port, the place to connect to instead, and the hosts that the user names.
fn guard(
    page: &Url,
    reach: &reach::Args,
    connect_to: Option<&ConnectTo>,
) -> Result<BrowserGuard, Failure> {
    let named = |text: &String| {
        let invalid = |error: HostPortError| {
            Failure::usage(error.to_string(), "allow_hosts names hosts, such as cdn.example:443")
        };
        text.parse::<HostPort>().map_err(invalid)
    };
    let mut places = reach.allow_host.iter().map(named).collect::<Result<Vec<_>, _>>()?;
    let own = HostPort::of(page);
    let real = connect_to.map(ConnectTo::to_place);
    places.extend(own.iter().chain(&real).cloned());
    Ok(BrowserGuard::new(places, own.zip(real)))
}

fn failure(error: page::Error, args: &Args, masks: &Masks) -> Failure {
    match error {
        page::Error::Script(error) => {
            let file = args.script.as_ref().map(|file| format!("{}: ", file.display()));
            let what = format!("{}{error}", file.unwrap_or_default());
            Failure::usage(what, "give it a value with --var NAME=VALUE")
        }
        page::Error::Browser(error @ (browser::Error::NotFound | browser::Error::Start { .. })) => {
            Failure::usage(error.to_string(), error.help().unwrap_or_default())
        }
        page::Error::Browser(error) => {
            let help = error.help().map(Cow::into_owned);
            // URLs and texts of the page are in it.
            let what = masks.of_page(&error.to_string());
            Failure::NotTestable {
                what,
                help: help.map(|help| masks.of_page(&help)),
                is_gone: false,
            }
        }
        page::Error::TooManyCalls { .. } | page::Error::CallsTooLong { .. } => {
            let help = "the page calls in a loop: end it, or look at a part of the page".to_owned();
            Failure::NotTestable { what: error.to_string(), help: Some(help), is_gone: false }
        }
        page::Error::Randomness(source) => Failure::System {
            what: "no randomness from the operating system".to_owned(),
            source: std::io::Error::other(source),
        },
    }
}

fn url(text: &str) -> Result<Url, String> {
    let wrong = || "expected a URL such as http://localhost:3000/login".to_owned();
    let url = Url::parse(text).map_err(|_| wrong())?;
    match matches!(url.scheme(), "http" | "https") && url.has_host() {
        true => Ok(url),
        false => Err(wrong()),
    }
}
