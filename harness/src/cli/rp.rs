use std::fmt::Write;
use std::net::SocketAddr;
use std::sync::Arc;

use indicatif::ProgressBar;
use passrig_authenticator::env::Seeded;
use tokio::net::TcpListener;
use url::Url;

use super::catalogue;
use super::console::{Console, complain};
use super::failure::Failure;
use super::identity;
use crate::near::did_you_mean;
use crate::outcome::Paint;
use crate::process::{self, Signal, stopped};
use crate::relying_party::{Config, Mutant, RelyingParty, mutant};
use crate::runner::Matrix;
use crate::runner::matrix::{self, Extent};

/// Serve the reference RP, or one of its mutants.
///
/// The reference RP takes every step of the specification; a mutant has one of
/// them wrong, and `passrig check` finds out which. Answers name the steps that
/// a response violates (X-Passrig-Audit). Everything is kept in memory. It must
/// never guard anything.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// The flaw that it shall have.
    #[arg(long, value_name = "ID")]
    mutant: Option<String>,

    /// List the mutants instead.
    #[arg(long, conflicts_with = "mutant")]
    mutants: bool,

    /// Instead of a list, run the whole catalogue against each of them, and print
    /// which checks find it. It takes minutes.
    #[arg(long, requires = "mutants")]
    matrix: bool,

    /// Where to listen; port 0 means any free one.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,

    /// The origin that it expects [default: http://localhost with the port]. The
    /// server answers for its host, local names and addresses only.
    #[arg(long, value_parser = origin)]
    origin: Option<Url>,

    /// Take a password for half a sign-in where the account has passkeys: one of
    /// them has to follow.
    #[arg(long)]
    second_factor: bool,

    /// Its RP id [default: the origin's host].
    #[arg(long, value_name = "DOMAIN")]
    rp_id: Option<String>,
}

const EXAMPLES: &str = "\
Examples:
  passrig rp
  passrig rp --second-factor
  passrig rp --mutants
  passrig rp --mutants --matrix > mutants.md
  passrig rp --mutant registration.origin.left-out
  passrig rp --origin https://login.passrig.test --rp-id passrig.test";

pub(super) async fn run(args: &Args, console: Console) -> Result<u8, Failure> {
    if args.matrix {
        return matrix(console).await;
    }
    if args.mutants {
        console.print_painted(&mutants(console.paint()))?;
        return Ok(0);
    }
    let mutant = args.mutant.as_deref().map(find).transpose()?;
    let cannot =
        |source| Failure::System { what: format!("cannot listen at {}", args.listen), source };
    let listener = TcpListener::bind(args.listen).await.map_err(cannot)?;
    let address = listener.local_addr().map_err(cannot)?;
    let config = config(args, address)?;
    complain(&start_message(&config, mutant.as_ref(), address));

    let mut rp = RelyingParty::new(config, Seeded::new(identity::random(32)?));
    if let Some(mutant) = mutant {
        rp = rp.with_mutant(mutant);
    }
    let stop = async {
        stopped().await;
    };
    let served = axum::serve(listener, rp.server()).with_graceful_shutdown(stop).await;
    served.map_err(|source| Failure::System { what: "cannot serve".to_owned(), source })?;
    Ok(process::signal().map_or(0, Signal::exit_code))
}

fn find(id: &str) -> Result<Mutant, Failure> {
    mutant::by_id(id).ok_or_else(|| {
        let all = [mutant::all(), mutant::of_stories()].concat();
        let help = did_you_mean(id, all.iter().map(|mutant| mutant.id.as_str()))
            .unwrap_or_else(|| "`passrig rp --mutants` shows every mutant".to_owned());
        Failure::usage(format!("no mutant is called `{id}`"), help)
    })
}

/// Prints who finds whom, and what keeps the matrix from being closed.
async fn matrix(console: Console) -> Result<u8, Failure> {
    let catalogue = Arc::new(catalogue::builtin()?);
    let counter = ProgressBar::new(mutant::all().len() as u64);
    let matrix =
        Matrix::of(&catalogue, Extent::Differing, |done, _| counter.set_position(done as u64))
            .await;
    counter.finish_and_clear();
    console.print(&matrix::document::render(&matrix))?;
    let flaws = matrix.flaws();
    for flaw in &flaws {
        complain(&format!("{flaw}\n"));
    }
    Ok(u8::from(!flaws.is_empty()))
}

/// The mutants, and how many they are; those apart that no check finds.
fn mutants(paint: Paint) -> String {
    let mut out = String::new();
    let mut list = |mutants: &[Mutant], found_by: &str| {
        for mutant in mutants {
            let text = paint.wrap(&mutant.summary, "      ", "      ");
            // Writing to a string does not fail.
            let _ = writeln!(out, "  {}\n{text}", mutant.id);
        }
        let _ = writeln!(out, "\n{} mutants{found_by}", mutants.len());
    };
    list(&mutant::all(), "");
    list(
        &mutant::of_stories(),
        ", found by simulations (the second factor's with --second-factor)",
    );
    out
}

fn config(args: &Args, address: SocketAddr) -> Result<Config, Failure> {
    let origin = match &args.origin {
        Some(origin) => origin.origin().ascii_serialization(),
        None => format!("http://localhost:{}", address.port()),
    };
    let host = args.origin.as_ref().and_then(Url::host_str).unwrap_or("localhost");
    let rp_id = args.rp_id.as_deref().unwrap_or(host);
    if host != rp_id && !host.ends_with(&format!(".{rp_id}")) {
        return Err(Failure::usage(
            format!("the origin {origin} cannot use the RP id `{rp_id}`"),
            format!("the RP id is the origin's host or a parent of it, such as `{host}`"),
        ));
    }
    let second_factor = args.second_factor;
    let config = Config::new(origin, rp_id);
    Ok(Config { audit: true, demands_attestation: true, second_factor, ..config })
}

fn start_message(config: &Config, mutant: Option<&Mutant>, address: SocketAddr) -> String {
    let what = match mutant {
        Some(mutant) => format!("The reference RP, mutant {}: {}", mutant.id, mutant.summary),
        None => "The reference RP".to_owned(),
    };
    let url = format!("http://localhost:{}", address.port());
    let origin = config.origins.join(", ");
    let base = if address.ip().is_loopback() { &url } else { &format!("http://{address}") };
    let named = match origin == *base {
        true => String::new(),
        false => format!(" --origin {origin}"),
    };
    let adapter = match config.second_factor {
        true => "reference-second-factor",
        false => "reference",
    };
    format!(
        "{what}\n\
         listens at {base}, origin {origin}, RP id {}\n\n\
         Try it:    {origin}/ in a browser\n\
         Check it:  passrig check --rp {base} --adapter {adapter}{named}\n\
         Stop it with Ctrl-C.\n",
        config.rp_id
    )
}

/// An origin, as a url without anything behind its port.
pub(super) fn origin(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|error| error.to_string())?;
    let origin = url.origin().ascii_serialization();
    match origin == text {
        true => Ok(url),
        false if url.origin().is_tuple() => Err(format!("expected an origin, such as {origin}")),
        false => Err("expected an origin, such as https://login.example.com".to_owned()),
    }
}
