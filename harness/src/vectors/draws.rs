//! The draws of §16, and an [`Env`] that supplies them.

use std::path::Path;
use std::time::Duration;

use hkdf::Hkdf;
use passrig_authenticator::env::{Answer, Env, Question};
use passrig_authenticator::wire::{Flags, base64url, json::Json};
use sha2::Sha256;

/// One HKDF call per value, with a running number as the salt.
pub(super) struct Draws {
    info: String,
    next: u8,
}

impl Draws {
    pub(super) fn new(info: &str) -> Self {
        Self { info: info.to_owned(), next: 0 }
    }

    pub(super) fn bytes(&mut self, len: usize) -> Vec<u8> {
        let mut out = vec![0; len];
        let hkdf = Hkdf::<Sha256>::new(Some(&[self.next]), b"WebAuthn test vectors");
        // HKDF gives up to 8160 bytes; zeros would be found to differ.
        let _ = hkdf.expand(self.info.as_bytes(), &mut out);
        self.next = self.next.wrapping_add(1);
        out
    }

    pub(super) fn array<const N: usize>(&mut self) -> [u8; N] {
        self.bytes(N).try_into().unwrap_or([0; N])
    }

    /// Additional members of the client data.
    pub(super) fn extra_data(&mut self) -> Vec<(String, Json)> {
        if self.byte() & 1 == 0 {
            return Vec::new();
        }
        let text = format!(
            "clientDataJSON may be extended with additional fields in the future, such as this: {}",
            base64url::encode(&self.bytes(16))
        );
        vec![("extraData".to_owned(), Json::text(text))]
    }

    pub(super) fn registration_flags(&mut self) -> Flags {
        let drawn = Flags(self.byte() & (Flags::UV | Flags::BE | Flags::BS));
        drawn.with(Flags::BS, drawn.has(Flags::BE | Flags::BS))
    }

    pub(super) fn authentication_flags(&mut self, registered: Flags) -> Flags {
        let drawn = Flags(self.byte() & (Flags::UV | Flags::BS));
        drawn.with(Flags::BS, drawn.has(Flags::BS) && registered.has(Flags::BE))
    }

    fn byte(&mut self) -> u8 {
        let [byte] = self.array();
        byte
    }
}

/// Supplies the drawn values by the labels of the device: by the longest known end of a label. The
/// vectors do not depend on any other value; it is zero.
#[derive(Clone, Default)]
pub(super) struct Drawn {
    pub(super) values: Vec<(&'static str, Vec<u8>)>,
}

impl Drawn {
    /// An environment with nothing but the trust root.
    pub(super) fn root() -> Self {
        let mut draws = Draws::new("Attestation CA");
        let values = vec![
            ("attestation-ca/private-key", draws.bytes(32)),
            ("attestation-ca/serial", draws.bytes(16)),
        ];
        Self { values }
    }
}

impl Env for Drawn {
    fn draw(&mut self, label: &str, len: usize) -> Vec<u8> {
        let known = self.values.iter().filter(|(end, _)| Path::new(label).ends_with(end));
        let longest = known.max_by_key(|(end, _)| end.len());
        longest.map_or_else(|| vec![0; len], |(_, value)| value.clone())
    }

    fn now(&self) -> Duration {
        Duration::ZERO
    }

    fn ask(&mut self, _: &Question) -> Answer {
        Answer::WILLING
    }
}
