//! Everything that must not outlive the program.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};
use std::thread::sleep;
use std::time::Duration;

/// How often a folder is tried to be removed, and the pause in between: a process that was killed
/// may still write to it for a moment.
const TRIES: u32 = 100;
const PAUSE: Duration = Duration::from_millis(20);

static LEFT: Mutex<Left> = Mutex::new(Left { groups: Vec::new(), folders: Vec::new() });

/// Groups by their ID, and temporary folders.
#[derive(Default)]
pub(super) struct Left {
    pub(super) groups: Vec<u32>,
    pub(super) folders: Vec<PathBuf>,
}

pub(super) fn left() -> MutexGuard<'static, Left> {
    LEFT.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Ends every group of processes and removes every temporary folder that is left.
pub fn clean_up() {
    let left = match LEFT.try_lock() {
        Ok(mut left) => std::mem::take(&mut *left),
        Err(TryLockError::Poisoned(left)) => std::mem::take(&mut *left.into_inner()),
        // The thread that panicked holds it.
        Err(TryLockError::WouldBlock) => return,
    };
    for group in left.groups {
        kill(group);
    }
    for folder in left.folders {
        remove(&folder);
    }
}

/// Kills a group.
pub(super) fn kill(group: u32) {
    #[cfg(unix)]
    // Its last process may have ended already.
    let _ = signal(group, rustix::process::Signal::KILL);
    #[cfg(not(unix))]
    let _ = group;
}

/// Sends SIGTERM to a group that is still there.
#[cfg(unix)]
pub(super) fn ask_to_end(group: u32) -> bool {
    signal(group, rustix::process::Signal::TERM)
}

#[cfg(unix)]
fn signal(group: u32, signal: rustix::process::Signal) -> bool {
    let id = i32::try_from(group).ok().and_then(rustix::process::Pid::from_raw);
    id.is_some_and(|id| rustix::process::kill_process_group(id, signal).is_ok())
}

/// Removes a folder with its content.
pub(super) fn remove(folder: &Path) {
    for _ in 0..TRIES {
        let _ = fs::remove_dir_all(folder);
        if !folder.exists() {
            return;
        }
        sleep(PAUSE);
    }
}
