use super::{HOST, LEGAL, Listing, Model, int};
use crate::attestation::pki::{self, Authority, Subject};
use crate::attestation::{chain, jws};
use crate::env::Env;
use crate::keys::SigningKey;
use crate::wire::Json;
use crate::wire::cose::Algorithm;

named_enum! {
    /// A BLOB, honest or wrong in one point.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum Blob {
        /// As the service makes it.
        Honest = "honest",
        /// `bad-signature`: one bit of the signature is another.
        BadSignature = "bad-signature",
        /// `expired`: it was to be updated in 2020.
        Expired = "expired",
        /// `wrong-algorithm`: the header says RS256, the signature is ES256.
        WrongAlgorithm = "wrong-algorithm",
        /// `unsigned`: the header says `none`, and there is no signature.
        Unsigned = "unsigned",
        /// `other-root`: it leads to another root, of the same name.
        OtherRoot = "other-root",
        /// `expired-signer`: its signer's certificate was valid in 2020.
        ExpiredSigner = "expired-signer",
        /// `revoked-signer`: its signer's certificate was revoked.
        RevokedSigner = "revoked-signer",
        /// `revoked-intermediate`: the certificate of the authority between signer
        /// and root was revoked.
        RevokedIntermediate = "revoked-intermediate",
        /// `revoked`: every model has been revoked.
        Revoked = "revoked",
        /// `older`: honest, but of an earlier number; no client that knows the
        /// honest one may go back to it (MDS 3.0 §3.2).
        Older = "older",
    }
}

impl Blob {
    /// The compact JWS over the models' statements and those of the
    /// [listings](Listing) that are in this BLOB alone, signed under
    /// [`Authority::metadata`]; `None` after eight draws that are no private
    /// key.
    pub fn sign(self, models: &[Model], env: &mut dyn Env) -> Option<String> {
        let mut root = Authority::metadata(env)?;
        if self == Self::OtherRoot {
            root.key = root.derive("Metadata CA")?.key;
        }
        let common = Authority::root(env)?;
        let draw = &mut |label: &str, len| env.draw_common(label, len);
        let key = SigningKey::draw(Algorithm::ES256, "metadata-signer/private-key", draw).ok()?;
        let serial = draw("metadata-signer/serial", pki::SERIAL_LEN);
        let mut leaf = Subject::called(HOST, pki::UNASSIGNED, key.public_key(), &serial);
        leaf.extensions.push(pki::host_name(HOST));
        let mut above = Vec::new();
        let mut issuer = root.clone();
        match self {
            Self::ExpiredSigner => leaf.validity = chain::OVER,
            Self::RevokedSigner => leaf.serial = root.revoked_serial(),
            Self::RevokedIntermediate => {
                let mut between = root.derive("Metadata Intermediate CA")?;
                between.serial = root.revoked_serial();
                above.push(root.certify(&between));
                issuer = between;
            }
            _ => {}
        }
        let leaf = issuer.sign(&issuer.to_be_signed(&leaf).render());
        let certificates = std::iter::once(leaf).chain(above).collect();

        let mut header = match self {
            Self::WrongAlgorithm => jws::header(Algorithm::RS256, certificates),
            _ => jws::header(key.algorithm(), certificates),
        };
        if let (Self::Unsigned, Json::Object(members)) = (self, &mut header) {
            for (_, alg) in members.iter_mut().filter(|(name, _)| name == "alg") {
                *alg = Json::text("none");
            }
        }
        let input = jws::signing_input(&header.render(), &self.payload(models, &common)?.render());
        let mut signature = match self {
            Self::Unsigned => Vec::new(),
            _ => jws::signature(&key, &input).render(),
        };
        if let Some(last) = signature.last_mut().filter(|_| self == Self::BadSignature) {
            *last ^= 1;
        }
        Some(jws::compact(&input, &signature))
    }

    /// MetadataBLOBPayload (MDS 3.0 §3.1.6).
    pub(crate) fn payload(self, models: &[Model], common: &Authority) -> Option<Json> {
        let next_update = if self == Self::Expired { "2020-01-01" } else { "2999-12-31" };
        let own = Listing::ALL.iter().filter(|listing| listing.blob == Some(self));
        let own = own.map(|listing| listing.model(common)).collect::<Option<Vec<_>>>()?;
        let mut known = Vec::new();
        let mut entries = Vec::new();
        for model in models.iter().chain(&own) {
            // One entry per model, however many profiles there are of it.
            if !known.contains(&model.aaguid) {
                known.push(model.aaguid);
                entries.push(self.entry(model));
            }
        }
        Some(Json::object([
            ("legalHeader", Json::text(LEGAL)),
            ("no", int(if self == Self::Older { 1 } else { 2 })),
            ("nextUpdate", Json::text(next_update)),
            ("entries", Json::Array(entries)),
        ]))
    }

    fn entry(self, model: &Model) -> Json {
        let revoked = self == Self::Revoked;
        let reports = model.reports.iter().map(|status| {
            let status = if revoked { "REVOKED" } else { status };
            Json::object([
                ("status", Json::text(status)),
                ("effectiveDate", Json::text("2024-01-01")),
            ])
        });
        let mut members = model.identity();
        members.extend([
            ("metadataStatement", model.statement()),
            ("statusReports", Json::Array(reports.collect())),
            ("timeOfLastStatusChange", Json::text("2024-01-01")),
        ]);
        Json::object(members)
    }
}
