//! A target that dies under a check, and what brings it back.

use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;
use tokio::time::Instant;

use super::Observer;
use crate::target::Target;

/// How a target that died comes back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Restart {
    /// How long it may take.
    pub wait: Duration,
    /// What brings it back, for a shell; absent, it comes back by itself.
    pub command: Option<String>,
}

/// How often we look.
const PAUSE: Duration = Duration::from_millis(250);

impl Restart {
    /// Whether the target is there again.
    pub(super) async fn brings_back(&self, target: &Target, observer: &dyn Observer) -> bool {
        // Whoever watches over it may have been faster than we.
        if target.is_there().await {
            return true;
        }
        let end = Instant::now() + self.wait;
        if let Some(command) = &self.command {
            observer.notice("the target is gone; starting it again");
            let ended = tokio::time::timeout_at(end, shell(command).status()).await;
            match ended {
                Ok(Ok(status)) if !status.success() => {
                    observer.notice(&format!("`{command}` ended with {status}"));
                }
                Ok(Err(error)) => observer.notice(&format!("`{command}`: {error}")),
                Ok(Ok(_)) | Err(_) => {}
            }
        } else if !self.wait.is_zero() {
            let seconds = self.wait.as_secs();
            observer.notice(&format!(
                "the target is gone; waiting up to {seconds} s for it to come back"
            ));
        }
        while Instant::now() < end {
            if target.is_there().await {
                observer.notice("the target is back");
                return true;
            }
            tokio::time::sleep(PAUSE).await;
        }
        false
    }
}

/// Nothing of it is shown, and what it leaves running is left alone.
fn shell(command: &str) -> Command {
    let (shell, flag) = if cfg!(windows) { ("cmd", "/C") } else { ("sh", "-c") };
    let mut shell = Command::new(shell);
    shell.arg(flag).arg(command);
    shell.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    shell
}
