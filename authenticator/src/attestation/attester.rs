use serde::Deserialize;

use super::chain::{ChainDraft, Fault};
use super::pki::{self, Authority, Subject};
use super::tpm;
use crate::env::Env;
use crate::keys::SigningKey;
use crate::wire::cose::Algorithm;
use crate::wire::{Cbor, Der, Tree, cose};
use crate::workbench::{Stage, Workbench};

/// What an authenticator certifies its statements with.
#[derive(Clone, Debug, PartialEq)]
pub struct Attester {
    /// The attestation key. Android key and Apple attestation certify the
    /// credential key and have no use for it.
    pub key: SigningKey,
    /// The serial number of its certificate, a big-endian magnitude.
    pub serial: Vec<u8>,
    /// The model that its certificate names, if any (§8.2.1).
    pub aaguid: Option<[u8; 16]>,
    /// The country code of the vendor, which its certificate names (§8.2.1).
    pub country: &'static str,
    /// The version of its firmware that its certificate names, if any (§8.2.1).
    pub firmware_version: Option<u32>,
    /// The number of the very device, in enterprise attestation (§8.2.2).
    pub enterprise: Option<Vec<u8>>,
    /// The maker of the TPM that is certified (§8.3.1).
    pub tpm_maker: tpm::Maker,
    /// The trust root.
    pub root: Authority,
    /// An authority between the two; its certificate follows the leaf.
    pub intermediate: Option<Authority>,
    /// True if the root's own certificate ends the chain. Android's does; a
    /// relying party must not take it for trusted because it is there.
    pub includes_root: bool,
    /// What is wrong with the chain, if anything is.
    pub fault: Option<Fault>,
}

/// Which certificates an authenticator sends along.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Chain {
    /// Its own, which the root signs.
    #[default]
    Leaf,
    /// Its own and that of an authority below the root.
    Intermediate,
    /// All of them, the root's included.
    Root,
}

impl Attester {
    /// Draws `LABEL/private-key` and `LABEL/serial`, and the plain root, which
    /// signs the certificate itself; `None` after eight draws that are no
    /// private key.
    pub fn draw(label: &str, algorithm: Algorithm, env: &mut dyn Env) -> Option<Self> {
        let key_label = format!("{label}/private-key");
        let draw = &mut |label: &str, len| env.draw(label, len);
        let key = SigningKey::draw(algorithm, &key_label, draw).ok()?;
        let serial = draw(&format!("{label}/serial"), pki::SERIAL_LEN);
        Some(Self { key, serial, ..Self::below(Authority::root(env)?) })
    }

    /// One that the root certifies, with the root's own key for want of another.
    pub(super) fn below(root: Authority) -> Self {
        Self {
            key: root.key.clone(),
            serial: root.serial.clone(),
            aaguid: None,
            country: pki::COUNTRY,
            firmware_version: None,
            enterprise: None,
            tpm_maker: tpm::Maker::default(),
            root,
            intermediate: None,
            includes_root: false,
            fault: None,
        }
    }

    /// A subject that is an authenticator with this key.
    pub(super) fn subject(&self, key: cose::Key) -> Subject {
        Subject::authenticator(self.country, key, &self.serial)
    }

    /// The extension for the model.
    pub(super) fn model(&self) -> Option<Der> {
        self.aaguid.as_ref().map(pki::model)
    }

    /// `x5c` as statements have it.
    pub(super) fn x5c(&self, leaf: &Subject, bench: &mut dyn Workbench) -> Cbor {
        Cbor::array(self.certificates(leaf, bench).into_iter().map(Cbor::bytes))
    }

    /// The certificate of the subject and those above it.
    pub(super) fn certificates(&self, leaf: &Subject, bench: &mut dyn Workbench) -> Vec<Vec<u8>> {
        let mut path = ChainDraft::below(&self.root, self.intermediate.as_ref());
        let mut leaf = leaf.clone();
        if let Some(fault) = self.fault {
            fault.apply(&mut path, &mut leaf);
        }
        let issuer = path.issuer();
        let tbs = bench.finish(Stage::Certificate, Tree::Der(issuer.to_be_signed(&leaf))).render();
        let root = self.includes_root.then(|| self.root.certificate());
        path.certificates(issuer.sign(&tbs), root)
    }
}
