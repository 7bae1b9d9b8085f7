use std::fmt::Write;
use std::path::PathBuf;

use clap::Subcommand;
use passrig_authenticator::device::Credential;
use passrig_authenticator::keys;
use passrig_authenticator::wire::base64url;
use serde_json::{Value, json};

use super::super::console::{Console, complain};
use super::super::failure::Failure;
use super::store::{NewStore, OpenStore};
use super::{StoreFile, read};
use crate::near::did_you_mean;
use crate::outcome::visible;

/// List, show, import, export or remove passkeys.
///
/// Their JSON is that of WebDriver's virtual authenticators, of the DevTools
/// protocol and of Playwright: private keys as PKCS#8, octets in base64url.
/// What is never listed are server-side credentials that the id alone holds.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    verb: CredentialsVerb,

    #[command(flatten)]
    place: StoreFile,
}

#[derive(Debug, Subcommand)]
enum CredentialsVerb {
    /// List the passkeys
    List {
        /// As JSON, without private keys.
        #[arg(long)]
        json: bool,
    },
    /// Show one without its private key; its public key as
    /// SubjectPublicKeyInfo, COSE key and JWK
    Show {
        /// The credential id, in base64url.
        id: String,
    },
    /// Add passkeys, or put them in the place of those with their ids
    Import {
        /// A credential, or an array of them [default: standard input].
        file: Option<PathBuf>,
    },
    /// Print passkeys, private keys and all
    Export {
        /// Only these credential ids [default: all].
        ids: Vec<String>,
    },
    /// Forget passkeys
    Remove {
        /// The credential ids, in base64url.
        #[arg(required = true)]
        ids: Vec<String>,
    },
}

pub(super) fn run(args: &Args, console: Console) -> Result<u8, Failure> {
    // Read before the store is locked: others need not wait for our input.
    let imported = match &args.verb {
        CredentialsVerb::Import { file } => parse(&read(file.as_deref())?)?,
        _ => Vec::new(),
    };
    let mut store = OpenStore::open(&args.place.store, &NewStore::default())?;
    match &args.verb {
        CredentialsVerb::List { json: false } => console.print(&table(store.passkeys()))?,
        CredentialsVerb::List { json: true } => {
            let shown: Vec<_> = store.passkeys().iter().map(public).collect();
            console.print_json(&shown)?;
        }
        CredentialsVerb::Show { id } => {
            for passkey in find(&store, std::slice::from_ref(id))? {
                console.print_json(&public(passkey))?;
            }
        }
        CredentialsVerb::Export { ids } => {
            let chosen: Vec<_> = match ids.is_empty() {
                true => store.passkeys().iter().collect(),
                false => find(&store, ids)?,
            };
            console.print_json(&chosen)?;
        }
        CredentialsVerb::Import { .. } => {
            let count = imported.len();
            store.change(|kept| {
                imported.into_iter().for_each(|passkey| kept.insert(passkey));
            })?;
            complain(&format!("{count} imported\n"));
        }
        CredentialsVerb::Remove { ids } => {
            let found = find(&store, ids)?;
            let ids: Vec<_> = found.iter().map(|passkey| passkey.id.clone()).collect();
            store.change(|kept| {
                for id in &ids {
                    kept.remove(id);
                }
            })?;
            complain(&format!("{} removed\n", ids.len()));
        }
    }
    Ok(0)
}

/// One credential or many.
fn parse(text: &str) -> Result<Vec<Credential>, Failure> {
    let unusable = |error: serde_json::Error| {
        let help = "expected what `passrig authenticator credentials export` prints: \
                    credentialId, isResidentCredential, rpId, privateKey (PKCS#8), signCount, …";
        Failure::usage(format!("these are no passkeys: {error}"), help)
    };
    match serde_json::from_str(text).map_err(unusable)? {
        Value::Array(many) => {
            many.into_iter().map(serde_json::from_value).collect::<Result<_, _>>()
        }
        one => serde_json::from_value(one).map(|passkey| vec![passkey]),
    }
    .map_err(unusable)
}

fn find<'a>(store: &'a OpenStore, ids: &[String]) -> Result<Vec<&'a Credential>, Failure> {
    let known = || store.passkeys().iter();
    let found = ids.iter().map(|id| {
        known().find(|passkey| self::id(passkey) == *id).ok_or_else(|| {
            let names: Vec<String> = known().map(self::id).collect();
            let help = did_you_mean(id, names.iter().map(String::as_str)).unwrap_or_else(|| {
                "`passrig authenticator credentials list` shows every passkey".to_owned()
            });
            Failure::usage(format!("the store has no passkey `{id}`"), help)
        })
    });
    found.collect()
}

/// The credential ID as text.
fn id(credential: &Credential) -> String {
    base64url::encode(&credential.id)
}

/// The members of a passkey that are not secret.
fn public(passkey: &Credential) -> Value {
    let key = passkey.key.public_key();
    let mut value = json!(passkey);
    if let Some(members) = value.as_object_mut() {
        for secret in ["privateKey", "credRandom"] {
            members.remove(secret);
        }
        let spki = keys::subject_public_key_info(&key).map(|octets| base64url::encode(&octets));
        let forms = json!({
            "spki": spki,
            "cose": base64url::encode(&key.to_cbor().render()),
            "jwk": key.to_jwk(),
        });
        members.insert("publicKey".to_owned(), forms);
    }
    value
}

fn table(passkeys: &[Credential]) -> String {
    let mut out = String::new();
    for credential in passkeys {
        let user = credential.user.as_ref().map_or("-", |user| &user.name);
        let backup = match (credential.backup_eligible, credential.backup_state) {
            (true, true) => "synced",
            (true, false) => "syncable",
            (false, _) => "device-bound",
        };
        let _ = writeln!(
            out,
            "{}  {}  {}  {}  {backup}  count {}",
            id(credential),
            visible::line(&credential.rp_id),
            visible::line(user),
            credential.key.algorithm(),
            credential.sign_count,
        );
    }
    if passkeys.is_empty() {
        out.push_str("no passkeys\n");
    }
    out
}
