//! The file of an authenticator and its passkeys.
//!
//! One process at a time has it; readers of the file itself see the old state
//! or the new one, whatever happens in between.

use std::fs::{File, TryLockError};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use clap::builder::PossibleValuesParser;
use passrig_authenticator::Client;
use passrig_authenticator::client::Origin;
use passrig_authenticator::device::{self, Credential, Profile, Tally};
use passrig_authenticator::env::{Answer, Seeded};
use serde::{Deserialize, Serialize};

use super::super::failure::Failure;
use super::super::identity;
use crate::storage::{self, FileMode, Limit};

/// The shape of the file.
const VERSION: u32 = 1;
/// How long to wait for another process.
const LOCK_TIMEOUT: Duration = Duration::from_secs(30);

/// The settings of a new authenticator; an existing one must have them already.
#[derive(Debug, Default, clap::Args)]
#[group(skip)]
pub(super) struct NewStore {
    /// What the authenticator is like [default: that of the store, else
    /// platform].
    #[arg(long, value_name = "NAME", value_parser = PossibleValuesParser::new(Profile::names()))]
    profile: Option<String>,

    /// Decides every octet that the authenticator draws [default: that of the
    /// store, else a random one].
    #[arg(long, value_name = "SEED", value_parser = identity::word)]
    seed: Option<String>,
}

/// An open store. It is this process's own until it is dropped.
pub(super) struct OpenStore {
    file: PathBuf,
    content: StoreContent,
    profile: Profile,
    _lock: File,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct StoreContent {
    version: u32,
    profile: String,
    /// What all that it draws comes from, the keys of server-side credentials
    /// among it.
    seed: String,
    /// Credentials ever made.
    made: u64,
    /// The counter that belongs to no credential.
    signed: u32,
    credentials: Vec<Credential>,
}

impl OpenStore {
    pub(super) fn open(file: &Path, new: &NewStore) -> Result<Self, Failure> {
        // The same lock for every name of the store.
        let lock = lock(&storage::file_of(file))?;
        let content = match storage::read_regular(file, Limit::STORE) {
            Ok(bytes) => parse(file, &bytes)?,
            Err(error) if error.is_not_found() => StoreContent {
                version: VERSION,
                profile: new.profile.clone().unwrap_or_else(|| "platform".to_owned()),
                seed: new.seed.clone().map_or_else(|| identity::random(32), Ok)?,
                made: 0,
                signed: 0,
                credentials: Vec::new(),
            },
            Err(error) => return Err(error.into()),
        };
        let other = |what, flag| {
            Failure::usage(
                format!("{} is an authenticator {what}", file.display()),
                format!("leave out {flag}, or name another file with --store"),
            )
        };
        if new.profile.as_ref().is_some_and(|profile| *profile != content.profile) {
            return Err(other(format!("of profile {}", content.profile), "--profile"));
        }
        if new.seed.as_ref().is_some_and(|seed| *seed != content.seed) {
            return Err(other("of another seed".to_owned(), "--seed"));
        }
        let Some(profile) = Profile::named(&content.profile) else {
            let what = format!("{}: no profile is called `{}`", file.display(), content.profile);
            return Err(Failure::usage(what, "it was made by another version of passrig"));
        };
        Ok(Self { file: file.to_owned(), content, profile, _lock: lock })
    }

    /// The passkeys, by RP id and age.
    pub(super) fn passkeys(&self) -> &[Credential] {
        &self.content.credentials
    }

    /// A browser on a page of this origin, with the authenticator.
    pub(super) fn client(&self, origin: Origin, answer: Answer) -> Client {
        let env = Seeded::new(self.content.seed.as_bytes()).answering(answer);
        let mut client = Client::with_env(origin, env).with_authenticator(self.profile.clone());
        for authenticator in &mut client.authenticators {
            self.fill(authenticator.store_mut());
        }
        client
    }

    /// Remembers what the authenticator knows by now.
    pub(super) fn keep(&mut self, client: &Client) -> Result<(), Failure> {
        match client.authenticators.first() {
            Some(authenticator) => self.save(authenticator.store()),
            None => Ok(()),
        }
    }

    /// Changes what is kept.
    pub(super) fn change<T>(
        &mut self,
        change: impl FnOnce(&mut device::Store) -> T,
    ) -> Result<T, Failure> {
        let mut store = device::Store::default();
        self.fill(&mut store);
        let result = change(&mut store);
        self.save(&store)?;
        Ok(result)
    }

    fn fill(&self, store: &mut device::Store) {
        for passkey in &self.content.credentials {
            store.insert(passkey.clone());
        }
        store.resume(Tally { made: self.content.made, signed: self.content.signed });
    }

    fn save(&mut self, store: &device::Store) -> Result<(), Failure> {
        let Tally { made, signed } = store.tally();
        let credentials = store.iter().cloned().collect();
        self.content.made = made;
        self.content.signed = signed;
        self.content.credentials = credentials;
        let failed = |source| Failure::write(&self.file, source);
        let mut text = serde_json::to_vec_pretty(&self.content).map_err(|e| failed(e.into()))?;
        text.push(b'\n');
        storage::write(&self.file, &text, FileMode::Private).map_err(failed)
    }
}

fn parse(file: &Path, bytes: &[u8]) -> Result<StoreContent, Failure> {
    let unusable = |what: String| {
        let what = format!("{} is no store of passkeys: {what}", file.display());
        Failure::usage(what, "name another file with --store, or remove this one")
    };
    let content: StoreContent =
        serde_json::from_slice(bytes).map_err(|error| unusable(error.to_string()))?;
    if content.version != VERSION {
        return Err(unusable(format!("version {} is not known here", content.version)));
    }
    Ok(content)
}

/// A file as it would be written after it was read.
#[cfg(feature = "fuzzing")]
pub(super) fn rewritten(bytes: &[u8]) -> Result<Vec<u8>, String> {
    let content =
        parse(Path::new("passkeys.json"), bytes).map_err(|failure| failure.to_string())?;
    serde_json::to_vec_pretty(&content).map_err(|error| error.to_string())
}

/// Locks the store. The lock is a file of its own, because the store's file is
/// replaced by every change.
fn lock(file: &Path) -> Result<File, Failure> {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let beside = file.with_file_name(format!(".{name}.lock"));
    let failed = |source| Failure::write(&beside, source);
    let mut options = File::options();
    options.create(true).append(true);
    #[cfg(unix)]
    {
        use rustix::fs::OFlags;
        use std::os::unix::fs::OpenOptionsExt;
        // The name can be foretold: a symbolic link there is not followed, and a FIFO there does
        // not wait for its reader.
        let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
        options.mode(0o600).custom_flags(flags.bits().cast_signed());
    }
    let lock = options.open(&beside).map_err(failed)?;
    let start = Instant::now();
    loop {
        match lock.try_lock() {
            Ok(()) => return Ok(lock),
            Err(TryLockError::WouldBlock) if start.elapsed() < LOCK_TIMEOUT => {
                std::thread::sleep(Duration::from_millis(5));
            }
            Err(TryLockError::WouldBlock) => {
                let busy = io::Error::new(ErrorKind::TimedOut, "another process uses the store");
                return Err(failed(busy));
            }
            Err(TryLockError::Error(source)) => return Err(failed(source)),
        }
    }
}
