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
const LOCK_TRIES: u32 = 20;

static LEFT: Mutex<Leftovers> = Mutex::new(Leftovers { groups: Vec::new(), folders: Vec::new() });

/// Groups by their ID, and temporary folders.
#[derive(Default)]
pub(super) struct Leftovers {
    pub(super) groups: Vec<u32>,
    pub(super) folders: Vec<PathBuf>,
}

pub(super) fn left() -> MutexGuard<'static, Leftovers> {
    LEFT.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Ends every group of processes and removes every temporary folder that is left.
pub fn clean_up() {
    let Some(left) = taken() else { return };
    for group in left.groups {
        kill(group);
    }
    for folder in left.folders {
        remove(&folder);
    }
}

/// The list, once no thread adds to it. Only a thread that panicked while it did holds the list for
/// longer.
fn taken() -> Option<Leftovers> {
    for _ in 0..LOCK_TRIES {
        match LEFT.try_lock() {
            Ok(mut left) => return Some(std::mem::take(&mut *left)),
            Err(TryLockError::Poisoned(left)) => {
                return Some(std::mem::take(&mut *left.into_inner()));
            }
            Err(TryLockError::WouldBlock) => sleep(PAUSE),
        }
    }
    None
}

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

pub(super) fn remove(folder: &Path) {
    for _ in 0..TRIES {
        let _ = fs::remove_dir_all(folder);
        if !folder.exists() {
            return;
        }
        sleep(PAUSE);
    }
}
