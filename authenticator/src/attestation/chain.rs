//! Certification paths, and what may be wrong with them (RFC 5280 §6.1).
//!
//! A fault is one point in which a path is wrong; all its signatures are right,
//! and it leads to the root that it should lead to.

use super::pki::{self, Authority, Subject};
use crate::wire::Der;
use crate::wire::der::tag;

named_enum! {
    /// One thing that is wrong with a chain.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum Fault {
        /// `expired`: the leaf was valid in 2020.
        Expired = "expired",
        /// `not-yet-valid`: the leaf will be valid in 3023.
        NotYetValid = "not-yet-valid",
        /// `revoked`: the leaf is on the list of its authority, see
        /// [`Authority::revocation_list`].
        Revoked = "revoked",
        /// `wrong-order`: the leaf comes last, not first.
        WrongOrder = "wrong-order",
        /// `wrong-usage`: the leaf's key may encipher keys, not sign.
        WrongUsage = "wrong-usage",
        /// `authority-as-leaf`: the leaf is an authority too (CA:TRUE).
        AuthorityAsLeaf = "authority-as-leaf",
        /// `issuer-no-authority`: what signs the leaf is no authority (CA:FALSE).
        IssuerNoAuthority = "issuer-no-authority",
        /// `path-too-long`: an authority that none may follow (pathLen 0) is
        /// followed by one.
        PathTooLong = "path-too-long",
        /// `intermediate`: an authority stands between root and leaf, which is a
        /// fault in U2F alone (§8.6 step 2).
        Intermediate = "intermediate",
        /// `incomplete`: the certificate between leaf and root is left out.
        Incomplete = "incomplete",
        /// `intermediate-expired`: the authority between leaf and root was valid in
        /// 2020.
        IntermediateExpired = "intermediate-expired",
        /// `root-twice`: the root's own certificate ends the chain, twice.
        RootTwice = "root-twice",
    }
}

impl Fault {
    /// Puts a path and the subject at its end wrong. What needs an authority
    /// between root and leaf gets one where there is none.
    pub(super) fn apply(self, path: &mut ChainDraft, leaf: &mut Subject) {
        match self {
            Self::Expired => leaf.validity = OVER,
            Self::NotYetValid => {
                let begin = (tag::GENERALIZED_TIME, "30230101000000Z");
                leaf.validity[0] = begin;
            }
            Self::Revoked => leaf.serial = path.issuer().revoked_serial(),
            Self::WrongOrder => {
                path.lengthen(1);
                path.is_reversed = true;
            }
            // keyEncipherment.
            Self::WrongUsage => leaf.usage = Der::bits(5, &[0x20]),
            Self::AuthorityAsLeaf => {
                leaf.constraints = pki::constraints(true, None);
                // digitalSignature, keyCertSign and cRLSign.
                leaf.usage = Der::bits(1, &[0x86]);
            }
            Self::IssuerNoAuthority => {
                path.lengthen(1);
                path.constrain(0, pki::constraints(false, None));
            }
            Self::PathTooLong => {
                path.lengthen(2);
                path.constrain(0, pki::constraints(true, Some(0)));
            }
            Self::Intermediate => path.lengthen(1),
            Self::Incomplete => {
                path.lengthen(1);
                path.is_incomplete = true;
            }
            Self::IntermediateExpired => {
                path.lengthen(1);
                if let Some((_, subject)) = path.between.last_mut() {
                    subject.validity = OVER;
                }
            }
            Self::RootTwice => path.roots = 2,
        }
    }
}

/// The year 2020.
pub(super) const OVER: [(u8, &str); 2] =
    [(tag::UTC_TIME, "200101000000Z"), (tag::UTC_TIME, "201231235959Z")];

/// The certificates above a leaf, before they are signed.
pub(super) struct ChainDraft {
    root: Authority,
    /// The authorities below the root, and what their certificates say of
    /// them.
    between: Vec<(Authority, Subject)>,
    is_reversed: bool,
    is_incomplete: bool,
    /// How many times the root's certificate is there at least.
    roots: usize,
}

impl ChainDraft {
    pub(super) fn below(root: &Authority, intermediate: Option<&Authority>) -> Self {
        let between = intermediate.map(|authority| (authority.clone(), authority.subject()));
        Self {
            root: root.clone(),
            between: between.into_iter().collect(),
            is_reversed: false,
            is_incomplete: false,
            roots: 0,
        }
    }

    /// Who signs the leaf.
    pub(super) fn issuer(&self) -> &Authority {
        self.between.last().map_or(&self.root, |(authority, _)| authority)
    }

    /// `x5c`, with the root's own certificate if it is to be there.
    pub(super) fn certificates(&self, leaf: Vec<u8>, root: Option<Vec<u8>>) -> Vec<Vec<u8>> {
        let above = std::iter::once(&self.root).chain(self.between.iter().map(|(one, _)| one));
        let certify = |(issuer, (_, subject)): (&Authority, &(Authority, Subject))| {
            issuer.sign(&issuer.to_be_signed(subject).render())
        };
        let mut certificates: Vec<Vec<u8>> = root.into_iter().collect();
        certificates.resize_with(certificates.len().max(self.roots), || self.root.certificate());
        if !self.is_incomplete {
            certificates.extend(above.zip(&self.between).map(certify));
        }
        certificates.push(leaf);
        if !self.is_reversed {
            certificates.reverse();
        }
        certificates
    }

    /// Sees that there are as many authorities between root and leaf.
    fn lengthen(&mut self, to: usize) {
        const UNITS: [&str; 2] = ["Attestation Subordinate CA 1", "Attestation Subordinate CA 2"];
        for unit in UNITS.into_iter().take(to.saturating_sub(self.between.len())) {
            // Every digest is a private key, but for one in 2^32.
            if let Some(authority) = self.root.derive(unit) {
                let subject = authority.subject();
                self.between.push((authority, subject));
            }
        }
    }

    fn constrain(&mut self, index: usize, constraints: Der) {
        if let Some((_, subject)) = self.between.get_mut(index) {
            subject.constraints = constraints;
        }
    }
}
