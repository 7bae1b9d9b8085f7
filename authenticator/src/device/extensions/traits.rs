use super::{CreationExtensions, CredRandom, Extension, Protection, StoredExtensions, Supported};
use crate::device::Error;
use crate::env::Env;

/// What has to be known of a credential's extensions before the credential is
/// made. Ids of server-side credentials carry it, so it fits into a byte.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in super::super) struct Traits {
    protection: Protection,
    /// True if it has pseudo-random functions.
    prf: bool,
    third_party_payment: bool,
}

const PRF: u8 = 4;
const PAYMENT: u8 = 8;

impl Traits {
    /// What an authenticator makes of what it is asked for.
    pub(in super::super) fn new(asked: &CreationExtensions, supported: Supported) -> Self {
        let able = |extension| supported.has(extension);
        let protection = asked.cred_protect.filter(|_| able(Extension::CredProtect));
        Self {
            protection: protection.unwrap_or_default(),
            prf: asked.hmac_secret && able(Extension::HmacSecret)
                || asked.prf.is_some() && able(Extension::Prf),
            third_party_payment: asked.third_party_payment && able(Extension::ThirdPartyPayment),
        }
    }

    /// The byte; none for an ordinary credential.
    pub(in super::super) fn octet(self) -> Option<u8> {
        let octet = (self.protection.level() - 1)
            | if self.prf { PRF } else { 0 }
            | if self.third_party_payment { PAYMENT } else { 0 };
        (octet != 0).then_some(octet)
    }

    /// The value of a byte; none for bytes that [`octet`](Self::octet)
    /// does not give.
    pub(in super::super) fn from_octet(octet: u8) -> Option<Self> {
        let protection = Protection::from_level((octet & 3) + 1)?;
        let traits =
            Self { protection, prf: octet & PRF != 0, third_party_payment: octet & PAYMENT != 0 };
        (traits.octet() == Some(octet)).then_some(traits)
    }

    /// What is kept with a new credential; its secrets are drawn under that
    /// label.
    pub(in super::super) fn kept(
        self,
        label: &str,
        env: &mut dyn Env,
    ) -> Result<StoredExtensions, Error> {
        let mut kept = StoredExtensions {
            protection: self.protection,
            third_party_payment: self.third_party_payment,
            ..StoredExtensions::default()
        };
        if self.prf {
            kept.cred_random = Some(CredRandom::draw(label, env)?);
        }
        Ok(kept)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn octets_round_trip(octet: u8) {
            if let Some(traits) = Traits::from_octet(octet) {
                prop_assert_eq!(traits.octet(), Some(octet));
            }
        }
    }

    #[test]
    fn every_combination_but_the_ordinary_has_an_octet() {
        let octets = (0..=u8::MAX).filter(|octet| Traits::from_octet(*octet).is_some());
        assert_eq!(octets.count(), 3 * 2 * 2 - 1);
    }
}
