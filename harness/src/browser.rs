//! Chromium, as far as this rig needs it: started without a window, driven over
//! its DevTools protocol, ended with the value.
//!
//! Commands go through a pipe that nobody else holds: no port is open, and the
//! browser ends when this process does, however that comes about. It is no
//! general driver: one page, whose frames are all of one session.

mod error;
mod guard;
mod launch;
mod page;
mod pin;
mod proxy;
mod session;
mod tail;
#[cfg(test)]
mod tests;

pub use error::Error;
pub use guard::BrowserGuard;
pub use launch::{Browser, LaunchSettings, find, is_sandboxed};
pub use page::BrowserPage;
pub use pin::pin;
pub use session::{CdpSession, Event, Events};

use std::time::Duration;

/// The most time that a command of the protocol may take.
const COMMAND: Duration = Duration::from_secs(30);
/// How long a page may take to load, and what is waited for on it to be there.
const TIMEOUT: Duration = Duration::from_secs(30);
