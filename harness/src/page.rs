//! A page under test: opened in Chromium with our authenticator behind its
//! `navigator.credentials`, used by a script, and watched for what no request
//! shows.
//!
//! The script is played once by somebody who agrees to everything, and once
//! more for each ceremony that there was, by somebody who cancels it.

mod bridge;
mod judge;
mod options;
mod script;

pub use judge::results;
pub use script::{Script, ScriptStep, UnknownVariable};

use std::time::Duration;

use passrig_authenticator::Ceremony;
use passrig_authenticator::device::Profile;
use passrig_authenticator::env::{NoRandomness, Seeded};
use tokio::time::sleep;
use url::Url;

use crate::browser::{self, Browser, BrowserPage, LaunchSettings};
use bridge::Bridge;

/// How long a page may go on by itself after the last step, and after it was
/// refused something.
const SETTLE: Duration = Duration::from_millis(1500);
/// How often it is looked at whether a page has a way out, in that time each.
const LOOKS: usize = 3;

/// The controls of a page that a user can use.
const CONTROLS: &str = "a[href], button:enabled, input:enabled:not([type=hidden]), select:enabled, \
                        textarea:enabled, [role=button]:not([aria-disabled=true])";

/// The page to examine, and the way to examine it.
#[derive(Clone, Debug)]
pub struct PageExamination {
    /// Where the page is.
    pub url: Url,
    /// The actions of the user there.
    pub script: Script,
    /// Names and values for the script, beside those of the person.
    pub variables: Vec<(String, String)>,
    /// The profile of the authenticator.
    pub authenticator: Profile,
    /// Decides names and keys.
    pub env: Seeded,
    /// The settings of the browser.
    pub browser: LaunchSettings,
}

impl PageExamination {
    /// Checks that every variable of the script has a value.
    pub fn check_script(&self) -> Result<(), UnknownVariable> {
        self.script.filled(&input_variables(&self.env, &self.variables)).map(drop)
    }
}

/// Why nothing can be said about a page.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The browser does not do what the script says.
    #[error(transparent)]
    Browser(#[from] browser::Error),
    /// The script has a variable without a value.
    #[error(transparent)]
    Script(#[from] UnknownVariable),
    /// A page that calls without end.
    #[error("expected at most {limit} calls of navigator.credentials, found more")]
    TooManyCalls {
        /// The most calls that are judged.
        limit: usize,
    },
    /// A page with options that are longer than any page needs.
    #[error("expected at most {limit} bytes of options in calls that wait for a field, found more")]
    CallsTooLong {
        /// The most bytes that are kept.
        limit: usize,
    },
    /// The operating system gives no randomness.
    #[error("no randomness from the operating system")]
    Randomness(#[source] NoRandomness),
}

/// A call of `navigator.credentials`.
#[derive(Clone, Debug, PartialEq)]
pub struct ApiCall {
    /// `create()` or `get()`.
    pub ceremony: Ceremony,
    /// True if a field offers the passkeys.
    pub conditional: bool,
    /// True if a gesture of the user led to it.
    pub active: bool,
    /// The page that called.
    pub origin: String,
    /// The page around it, if that is another site's.
    pub top: Option<String>,
    /// What differs from the options in an answer of the server: `Some` of
    /// nothing if they are the same, `None` if no answer had them.
    pub altered: Option<Vec<String>>,
}

/// The result of a cancelled ceremony.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cancelled {
    /// Which.
    pub ceremony: Ceremony,
    /// True if there was something left to click on.
    pub way_out: bool,
}

/// The calls and refusals that were observed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PageObservation {
    /// Every call of the first time.
    pub calls: Vec<ApiCall>,
    /// The results of cancelled ceremonies.
    pub cancelled: Vec<Cancelled>,
    /// The ceremonies whose refusal no code caught.
    pub unhandled: Vec<Ceremony>,
}

/// Plays the script as often as it takes.
pub async fn examine(examination: &PageExamination) -> Result<PageObservation, Error> {
    let mut observed = PageObservation::default();
    let honest = play(examination, None).await?;
    observed.calls = honest.calls;
    observed.unhandled = honest.unhandled;
    for ceremony in [Ceremony::Registration, Ceremony::Authentication] {
        let is_modal = |call: &ApiCall| call.ceremony == ceremony && !call.conditional;
        if !observed.calls.iter().any(is_modal) {
            continue;
        }
        let played = play(examination, Some(ceremony)).await?;
        observed.cancelled.extend(played.way_out.map(|way_out| Cancelled { ceremony, way_out }));
        observed.unhandled.extend(played.unhandled);
    }
    Ok(observed)
}

struct ScriptRun {
    calls: Vec<ApiCall>,
    unhandled: Vec<Ceremony>,
    /// True if there was one, if something was cancelled.
    way_out: Option<bool>,
}

/// Plays the script, by somebody new, who cancels the first ceremony of this kind.
async fn play(
    examination: &PageExamination,
    cancels: Option<Ceremony>,
) -> Result<ScriptRun, Error> {
    let name = cancels.map_or("agrees".to_owned(), |ceremony| format!("cancels {ceremony}"));
    let env = examination.env.within(&name);
    let steps = examination.script.filled(&input_variables(&env, &examination.variables))?;
    let browser = Browser::launch(&examination.browser).await?;
    let page = browser.page().await?;
    let bridge = Bridge::build(&page, examination.authenticator.clone(), env, cancels).await?;
    let done = tokio::select! {
        done = perform(&page, &bridge, &examination.url, &steps) => done,
        // There is nothing more to do for whoever has cancelled.
        () = bridge.cancelled() => Ok(()),
    };
    sleep(SETTLE).await;
    let way_out = match bridge.has_cancelled() {
        true => Some(has_controls(&page).await?),
        false => None,
    };
    let observed = bridge.observed();
    let is_complete = page.session().complete();
    let done = done.map_err(|error| match error {
        Error::Browser(error) => Error::Browser(browser.explain(error)),
        other => other,
    });
    browser.close().await;
    done?;
    is_complete?;
    let (calls, unhandled) = observed?;
    Ok(ScriptRun { calls, unhandled, way_out })
}

async fn perform(
    page: &BrowserPage,
    bridge: &Bridge,
    url: &Url,
    steps: &[ScriptStep],
) -> Result<(), Error> {
    page.goto(url.as_str()).await?;
    for step in steps {
        match step {
            ScriptStep::Goto(place) => {
                let place = url.join(place).map_or(place.clone(), |place| place.to_string());
                page.goto(&place).await?;
            }
            ScriptStep::Click(selector) => page.click(selector).await?,
            ScriptStep::Fill(selector, text) => page.fill(selector, text).await?,
            ScriptStep::Wait(selector) => page.wait_for(selector).await?,
            ScriptStep::Autofill => bridge.autofill(page).await?,
        }
    }
    Ok(())
}

async fn has_controls(page: &BrowserPage) -> Result<bool, Error> {
    for look in 0..LOOKS {
        // It may be on its way to another page.
        if let Ok(true) = page.has(CONTROLS).await {
            return Ok(true);
        }
        if look + 1 < LOOKS {
            sleep(SETTLE).await;
        }
    }
    Ok(false)
}

/// The variables of somebody new, and those that the user sets.
fn input_variables(env: &Seeded, variables: &[(String, String)]) -> Vec<(String, String)> {
    let tag = |label: &str, len| base16ct::lower::encode_string(&env.derive(label, len));
    let username = format!("passrig-{}", tag("username", 6));
    let own = [
        ("email", format!("{username}@passrig.test")),
        ("username", username),
        ("display_name", "Passrig".to_owned()),
        ("password", format!("Pr1-{}", tag("password", 12))),
    ];
    let own = own.into_iter().map(|(name, value)| (name.to_owned(), value));
    // The user's come first: the first that fits counts.
    variables.iter().cloned().chain(own).collect()
}
