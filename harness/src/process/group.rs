use std::io;
use std::process::ExitStatus;
use std::time::Duration;

use tokio::process::{Child, Command};

#[cfg(unix)]
use super::left::ask_to_end;
use super::left::{kill, left};

/// A process and every process that it starts. All of them end with this value.
#[derive(Debug)]
pub struct ProcessGroup {
    child: Child,
    /// The ID of the group, which is that of the process, until the group has ended.
    id: Option<u32>,
}

impl ProcessGroup {
    /// Starts a command in a group of its own.
    pub fn spawn(command: &mut Command) -> io::Result<Self> {
        #[cfg(unix)]
        command.process_group(0);
        // Held across both, so that a signal in between misses no group.
        let mut left = left();
        let child = command.kill_on_drop(true).spawn()?;
        let id = child.id();
        left.groups.extend(id);
        Ok(Self { child, id })
    }

    /// The process, for its pipes.
    pub fn child(&mut self) -> &mut Child {
        &mut self.child
    }

    /// Waits for the process, and ends what it leaves running.
    pub async fn wait(&mut self) -> io::Result<ExitStatus> {
        let ended = self.child.wait().await;
        // At once: the ID is free for other processes when the last one of the group is gone.
        self.end();
        ended
    }

    /// Ends every process of the group.
    pub fn end(&mut self) {
        if let Some(id) = self.id.take() {
            kill(id);
            left().groups.retain(|group| *group != id);
        }
    }
}

impl Drop for ProcessGroup {
    fn drop(&mut self) {
        self.end();
    }
}

/// Ends a process that leads a group of its own, with its group: asks first, and kills what is
/// still there after the grace.
pub async fn end_group(mut leader: Child, grace: Duration) {
    #[cfg(unix)]
    if let Some(id) = leader.id() {
        let has_ended = ask_to_end(id) && tokio::time::timeout(grace, leader.wait()).await.is_ok();
        // Members that ignore SIGTERM outlive their leader.
        kill(id);
        if has_ended {
            return;
        }
    }
    // The leader ends at once now, unless it ended before.
    let _ = leader.start_kill();
    let _ = tokio::time::timeout(grace, leader.wait()).await;
}

#[cfg(all(test, unix))]
mod tests {
    use std::process::Stdio;
    use std::time::Duration;

    use tokio::io::AsyncReadExt;

    use super::*;

    /// True if a process runs, and is more than an entry that its parent has yet to read.
    fn runs(id: &str) -> bool {
        let status = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
        status.rsplit_once(')').is_some_and(|(_, rest)| !rest.trim_start().starts_with('Z'))
    }

    #[tokio::test]
    async fn a_grandchild_ends_with_the_value() {
        let mut command = Command::new("sh");
        command.args(["-c", "sleep 600 & echo $!; wait"]).stdout(Stdio::piped());
        let mut group = ProcessGroup::spawn(&mut command).unwrap();
        let mut id = [0; 16];
        let read = group.child().stdout.as_mut().unwrap().read(&mut id).await.unwrap();
        let id = std::str::from_utf8(&id[..read]).unwrap().trim().to_owned();
        assert!(runs(&id));
        drop(group);
        for _ in 0..500 {
            if !runs(&id) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("{id} still runs");
    }
}
