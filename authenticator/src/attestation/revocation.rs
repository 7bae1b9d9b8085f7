//! Revocation lists (RFC 5280 §5).

use sha2::{Digest, Sha256};

use super::pki::{self, Authority};
use crate::wire::Der;
use crate::wire::der::tag;

impl Authority {
    /// The serial number of the one certificate that it has revoked, which it
    /// makes where a plan wants a revoked one.
    pub fn revoked_serial(&self) -> Vec<u8> {
        let digest = Sha256::digest([&b"revoked"[..], &self.serial].concat());
        digest.iter().copied().take(pki::SERIAL_LEN).collect()
    }

    /// Its revocation list as a CertificateList in DER. It is valid as long as
    /// the authority's certificate, for nothing here reads a clock.
    pub fn revocation_list(&self) -> Vec<u8> {
        // cRLReason keyCompromise.
        let reason = pki::extension(&[2, 5, 29, 21], false, Der::enumerated(1));
        let revoked = Der::sequence([
            Der::unsigned(&self.revoked_serial()),
            Der::primitive(tag::UTC_TIME, "240601000000Z"),
            Der::sequence([reason]),
        ]);
        let [this_update, next_update] = pki::VALIDITY.map(|(tag, time)| Der::primitive(tag, time));
        let number = pki::extension(&[2, 5, 29, 20], false, Der::unsigned(&[1]));
        let extensions = Der::sequence([pki::authority_key_id(&self.key.public_key()), number]);
        let list = Der::sequence([
            Der::unsigned(&[1]),
            self.signature_algorithm(),
            self.name(),
            this_update,
            next_update,
            Der::sequence([revoked]),
            Der::explicit(0, extensions),
        ]);
        self.sign(&list.render())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::env::Seeded;
    use crate::keys;

    #[test]
    fn a_list_is_signed_by_its_authority_and_names_one_certificate() {
        let root = Authority::root(&mut Seeded::new("test")).unwrap();
        let list = Der::decode_strict(&root.revocation_list()).unwrap();
        let [said, algorithm, signature] = list.items().unwrap() else { panic!("not three") };
        let signature = &signature.as_primitive().unwrap()[1..];
        assert_eq!(keys::verify(&root.key.public_key(), &said.render(), signature), Ok(()));
        assert_eq!(said.items().unwrap()[1], *algorithm);
        let revoked = said.items().unwrap()[5].items().unwrap();
        assert_eq!(revoked.len(), 1);
        assert_eq!(revoked[0].items().unwrap()[0], Der::unsigned(&root.revoked_serial()));
        assert_ne!(root.revoked_serial(), root.serial);
    }
}
