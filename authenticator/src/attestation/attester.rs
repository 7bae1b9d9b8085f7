use super::pki::{self, Authority, Subject};
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
    /// The trust root, which is never part of a statement.
    pub root: Authority,
    /// An authority between the two; its certificate follows the leaf.
    pub intermediate: Option<Authority>,
}

impl Attester {
    /// Draws `LABEL/private-key` and `LABEL/serial`, and the root; `None`
    /// after eight draws that are no private key.
    pub fn draw(label: &str, aaguid: Option<[u8; 16]>, env: &mut dyn Env) -> Option<Self> {
        let key_label = format!("{label}/private-key");
        let draw = &mut |label: &str, len| env.draw(label, len);
        Some(Self {
            key: SigningKey::draw(Algorithm::ES256, &key_label, draw).ok()?,
            serial: draw(&format!("{label}/serial"), pki::SERIAL_LEN),
            aaguid,
            root: Authority::root(env)?,
            intermediate: None,
        })
    }

    /// A subject that is an authenticator with this key.
    pub(super) fn subject(&self, key: cose::Key) -> Subject {
        Subject::authenticator(key, &self.serial)
    }

    /// The extension for the model.
    pub(super) fn model(&self) -> Option<Der> {
        self.aaguid.as_ref().map(pki::model)
    }

    /// `x5c`: the certificate of the subject and those up to, but without, the
    /// root.
    pub(super) fn chain(&self, leaf: &Subject, bench: &mut dyn Workbench) -> Cbor {
        let issuer = self.intermediate.as_ref().unwrap_or(&self.root);
        let tbs = bench.finish(Stage::Certificate, Tree::Der(issuer.end_entity(leaf))).render();
        let above = self.intermediate.as_ref().map(|authority| self.root.certify(authority));
        let certificates = [Some(issuer.sign(&tbs)), above];
        Cbor::array(certificates.into_iter().flatten().map(Cbor::bytes))
    }
}
