//! A target that stops under a check, and the command that starts it again.

use std::process::Stdio;
use std::time::Duration;

use tokio::process::{Child, Command};
use tokio::time::Instant;

use crate::observer::Observer;
use crate::process;
use crate::target_rp::Target;

/// The way in which a target that stopped comes back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Restart {
    /// The time that it may take.
    pub wait: Duration,
    /// A command for a shell that starts it; absent, it comes back by itself.
    pub command: Option<String>,
}

/// The time between two connections to see that the target runs.
const PAUSE: Duration = Duration::from_millis(250);

/// The time that a command has to end after SIGTERM.
const GRACE: Duration = Duration::from_secs(2);

/// Starts the target again, as often as it stops. The last command stays when the run ends: it may
/// be the target.
#[derive(Debug)]
pub(super) struct Restarter<'a> {
    restart: &'a Restart,
    /// The command, while it runs.
    running: Option<Child>,
}

impl<'a> Restarter<'a> {
    pub(super) fn new(restart: &'a Restart) -> Self {
        Self { restart, running: None }
    }

    /// Starts the target again, or waits for it; false if it does not come back.
    pub(super) async fn bring_back(&mut self, target: &Target, observer: &dyn Observer) -> bool {
        // A supervisor of the target may have been faster.
        if target.is_reachable().await {
            return true;
        }
        let wait = self.restart.wait;
        let end = Instant::now() + wait;
        if let Some(command) = &self.restart.command {
            observer.notice("the target is gone; starting it again");
            self.start(command, observer).await;
        } else if !wait.is_zero() {
            let seconds = wait.as_secs();
            observer.notice(&format!(
                "the target is gone; waiting up to {seconds} s for it to come back"
            ));
        }
        loop {
            self.look_at_command(observer);
            if Instant::now() >= end {
                return false;
            }
            if target.is_reachable().await {
                observer.notice("the target is back");
                return true;
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Starts the command; one that still runs from the last time is ended first.
    async fn start(&mut self, command: &str, observer: &dyn Observer) {
        if let Some(running) = self.running.take() {
            process::end_group(running, GRACE).await;
        }
        match shell(command).spawn() {
            Ok(child) => self.running = Some(child),
            Err(error) => observer.notice(&format!("`{command}`: {error}")),
        }
    }

    /// Reports a command that failed.
    fn look_at_command(&mut self, observer: &dyn Observer) {
        let command = self.restart.command.as_deref().unwrap_or_default();
        let Some(child) = &mut self.running else { return };
        match child.try_wait() {
            Ok(None) => return,
            Ok(Some(status)) if status.success() => {}
            Ok(Some(status)) => observer.notice(&format!("`{command}` ended with {status}")),
            Err(error) => observer.notice(&format!("`{command}`: {error}")),
        }
        self.running = None;
    }
}

/// The command in a process group of its own, so that it can be ended with every process that it
/// started, and Ctrl-C does not reach it. Its output is not shown.
fn shell(command: &str) -> Command {
    let (shell, flag) = if cfg!(windows) { ("cmd", "/C") } else { ("sh", "-c") };
    let mut shell = Command::new(shell);
    shell.arg(flag).arg(command);
    shell.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    #[cfg(unix)]
    shell.process_group(0);
    shell
}
