use std::path::PathBuf;

use clap::ValueEnum;
use passrig_authenticator::Client;
use passrig_authenticator::client::{DomException, Name, Origin};
use passrig_authenticator::env::Answer;
use passrig_authenticator::wire::json::without_lone_surrogates;
use serde_json::Value;

use super::super::console::{Console, complain};
use super::super::failure::Failure;
use super::store::{NewStore, OpenStore};
use super::{StoreFile, read};
use crate::outcome::visible;
use crate::report::json;

/// The arguments of both ceremonies.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The origin of the page that calls, such as `https://login.example.com`, or of a native app,
    /// such as `ios:bundle-id:org.example.app`.
    #[arg(long, value_name = "ORIGIN", value_parser = origin)]
    origin: Origin,

    /// Where the options are [default: standard input].
    #[arg(long, value_name = "FILE")]
    options: Option<PathBuf>,

    #[command(flatten)]
    new: NewStore,

    /// What the user does.
    #[arg(long, value_name = "DOES", default_value = "agrees")]
    user: UserChoice,

    #[command(flatten)]
    place: StoreFile,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum UserChoice {
    /// Agrees, and proves who they are if asked
    Agrees,
    /// Agrees, but cannot prove who they are
    Unverified,
    /// Cancels
    Cancels,
}

impl UserChoice {
    fn answer(self) -> Answer {
        Answer {
            consents: !matches!(self, Self::Cancels),
            verified: matches!(self, Self::Agrees),
            ..Answer::WILLING
        }
    }
}

pub(super) fn create(args: &Args, console: Console) -> Result<u8, Failure> {
    perform(args, console, Client::create)
}

pub(super) fn get(args: &Args, console: Console) -> Result<u8, Failure> {
    perform(args, console, Client::get)
}

/// What the authenticator has to remember is on the disk before the response is
/// out: a response without its passkey would be worth nothing.
fn perform(
    args: &Args,
    console: Console,
    ceremony: fn(&mut Client, &Value) -> Result<Value, DomException>,
) -> Result<u8, Failure> {
    let text = read(args.options.as_deref())?;
    let mut store = OpenStore::open(&args.place.store, &args.new)?;
    let mut client = store.client(args.origin.clone(), args.user.answer());
    match options(&text).and_then(|options| ceremony(&mut client, &options)) {
        Ok(response) => {
            store.keep(&client)?;
            let failed = |source| Failure::System { what: "cannot write JSON".to_owned(), source };
            let line = json::line(&response).map_err(failed)?;
            console.print(&format!("{}\n", String::from_utf8_lossy(&line)))?;
            Ok(0)
        }
        Err(exception) => {
            complain(&format!("{}\n", visible::line(&exception.to_string())));
            Ok(1)
        }
    }
}

fn options(text: &str) -> Result<Value, DomException> {
    // A page reads options with `Response.json()`, which accepts both.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let text = without_lone_surrogates(text.as_bytes());
    let options = serde_json::from_slice(&text).map_err(|error| DomException {
        name: Name::Syntax,
        message: format!("invalid options: the text is not JSON: {error}."),
    })?;
    Ok(match options {
        Value::Object(mut members) if members.contains_key("publicKey") => {
            members.remove("publicKey").unwrap_or_default()
        }
        other => other,
    })
}

fn origin(text: &str) -> Result<Origin, String> {
    Origin::parse(text).map_err(|error| error.to_string())
}
