use serde::Deserialize;

/// An extension that an authenticator may know, by its identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Extension {
    /// A few octets with a credential (CTAP 2.1 §12.2).
    CredBlob,
    /// Credentials that hide without user verification (CTAP 2.1 §12.1).
    CredProtect,
    /// Two pseudo-random functions with a credential (CTAP 2.1 §12.5).
    #[serde(rename = "hmac-secret")]
    HmacSecret,
    /// Their evaluation with the making of the credential (CTAP 2.3 §12.8).
    #[serde(rename = "hmac-secret-mc")]
    HmacSecretMc,
    /// A large blob with a credential (CTAP 2.1 §12.3, §10.1.5).
    LargeBlob,
    /// The shortest PIN, for chosen relying parties (CTAP 2.1 §12.4).
    MinPinLength,
    /// One pseudo-random function, by other means than `hmac-secret`
    /// (§10.1.4).
    Prf,
    /// That a credential may be used in payments (CTAP 2.3 §12.9).
    ThirdPartyPayment,
    /// How the user was verified (Level 2 §10.3).
    Uvm,
}

impl Extension {
    /// The identifier in authenticator data.
    pub fn identifier(self) -> &'static str {
        match self {
            Self::CredBlob => "credBlob",
            Self::CredProtect => "credProtect",
            Self::HmacSecret => "hmac-secret",
            Self::HmacSecretMc => "hmac-secret-mc",
            Self::LargeBlob => "largeBlob",
            Self::MinPinLength => "minPinLength",
            Self::Prf => "prf",
            Self::ThirdPartyPayment => "thirdPartyPayment",
            Self::Uvm => "uvm",
        }
    }
}

/// A set of extensions; in files a list of their identifiers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(from = "Vec<Extension>")]
pub struct Supported(u16);

impl Supported {
    /// All that CTAP has, which is all but its rival `prf`.
    pub const CTAP: Self = Self(!(1 << Extension::Prf as u16));

    /// Whether this one is in the set.
    pub fn has(self, extension: Extension) -> bool {
        self.0 & 1 << extension as u16 != 0
    }
}

impl FromIterator<Extension> for Supported {
    fn from_iter<I: IntoIterator<Item = Extension>>(extensions: I) -> Self {
        Self(extensions.into_iter().fold(0, |set, one| set | 1 << one as u16))
    }
}

impl From<Vec<Extension>> for Supported {
    fn from(extensions: Vec<Extension>) -> Self {
        extensions.into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn files_use_the_identifiers() {
        for one in [
            Extension::CredBlob,
            Extension::CredProtect,
            Extension::HmacSecret,
            Extension::HmacSecretMc,
            Extension::LargeBlob,
            Extension::MinPinLength,
            Extension::Prf,
            Extension::ThirdPartyPayment,
            Extension::Uvm,
        ] {
            let set: Supported = serde_json::from_value(json!([one.identifier()])).unwrap();
            assert_eq!(set, Supported::from_iter([one]));
            assert!(set.has(one) && !Supported::default().has(one));
        }
        assert!(serde_json::from_value::<Supported>(json!(["HMAC-secret"])).is_err());
    }
}
