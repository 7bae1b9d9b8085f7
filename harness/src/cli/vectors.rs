use std::fmt::{self, Display, Formatter};

use clap::Subcommand;
use serde::Serialize;

use super::console::Console;
use super::failure::Failure;
use crate::outcome::Paint;
use crate::vectors::{self, Difference, Proof, ProofKind, Violated};

/// Prove passrig itself by published test vectors.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    verb: VectorsVerb,
}

#[derive(Debug, Subcommand)]
enum VectorsVerb {
    Verify(Verify),
}

/// Rebuild the W3C's test vectors, and have the reference RP judge them.
///
/// WebAuthn Level 3 §16 publishes registrations, authentications, the root
/// certificate of their attestation, and values of hmac-secret, which prf is
/// built on. They are proved from both sides. Rebuilt: from the seeds of the
/// specification, the client and the device that also check your RP make the same
/// octets. Accepted: the reference RP, given the published response as it stands,
/// finds no step violated.
///
/// The exit code is 1 if anything differs or is refused; then each fault is told
/// with the vector, the field and the first offset that differs.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
struct Verify {
    /// As JSON: everything that was proved, with differences and violations.
    #[arg(long)]
    json: bool,
}

const EXAMPLES: &str = "\
Examples:
  passrig vectors verify
  passrig vectors verify --json | jq '.proofs[] | select(.holds | not)'";

pub(super) fn run(args: &Args, console: Console) -> Result<u8, Failure> {
    let VectorsVerb::Verify(args) = &args.verb;
    let proofs = vectors::prove()?;
    let text = match args.json {
        true => json(&proofs)?,
        false => table(&proofs, console.paint()),
    };
    console.print_painted(&text)?;
    Ok(u8::from(!proofs.iter().all(Proof::holds)))
}

/// A row for each name, then what does not hold, then the counts.
fn table(proofs: &[Proof], paint: Paint) -> String {
    let width = proofs.iter().map(|proof| proof.name.len()).max().unwrap_or(0);
    let row = |name: &str, first: &str, second: &str| {
        let row = format!("{name:width$}   {first:17}   {second}");
        format!("{}\n", row.trim_end())
    };
    let mut out = paint.strong(row("", "registration", "authentication").trim_end());
    out.push('\n');
    let mut rest = proofs;
    while let [proof, others @ ..] = rest {
        let (second, others) = match others {
            [second, others @ ..] if second.name == proof.name => (cell(second), others),
            _ => (String::new(), others),
        };
        out += &row(&proof.name, &cell(proof), &second);
        rest = others;
    }
    out.push('\n');
    for fault in proofs.iter().flat_map(faults) {
        out += &format!("{}\n", paint.wrap(&fault, "", "  "));
    }
    out += &format!("{}\n", ProofSummary::of(proofs));
    out
}

fn cell(proof: &Proof) -> String {
    let rebuilt = if proof.is_rebuilt() { "rebuilt" } else { "differs" };
    let accepted = if proof.is_accepted() { "accepted" } else { "refused" };
    match proof.kind {
        ProofKind::Registration | ProofKind::Authentication => format!("{rebuilt}, {accepted}"),
        ProofKind::Root | ProofKind::HmacSecret => rebuilt.to_owned(),
    }
}

/// What does not hold, a line each.
fn faults(proof: &Proof) -> Vec<String> {
    let Proof { kind, name, differences, violations } = proof;
    let what = match kind {
        ProofKind::Registration => format!("{name}, registration"),
        ProofKind::Authentication => format!("{name}, authentication"),
        ProofKind::Root | ProofKind::HmacSecret => name.clone(),
    };
    let octet =
        |octet: &Option<u8>| octet.map_or("none".to_owned(), |octet| format!("{octet:02x}"));
    let different = differences.iter().map(|Difference { field, offset, ours, published }| {
        let (ours, published) = (octet(ours), octet(published));
        format!("{what}: {field} differs at offset {offset}: ours {ours}, published {published}")
    });
    let violated = violations
        .iter()
        .map(|Violated { clause, reason }| format!("{what}: refused by {clause}: {reason}"));
    different.chain(violated).collect()
}

/// The numbers of published vectors, and of those that hold.
#[derive(Serialize)]
struct ProofSummary {
    registrations: ProofCount,
    authentications: ProofCount,
    root_certificate: ProofCount,
    hmac_secret: ProofCount,
}

#[derive(Serialize)]
struct ProofCount {
    hold: usize,
    published: usize,
}

impl ProofSummary {
    fn of(proofs: &[Proof]) -> Self {
        let count = |kind| {
            let of_kind = || proofs.iter().filter(|proof| proof.kind == kind);
            let hold = of_kind().filter(|proof| proof.holds()).count();
            ProofCount { hold, published: of_kind().count() }
        };
        Self {
            registrations: count(ProofKind::Registration),
            authentications: count(ProofKind::Authentication),
            root_certificate: count(ProofKind::Root),
            hmac_secret: count(ProofKind::HmacSecret),
        }
    }
}

impl Display for ProofSummary {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self { registrations, authentications, root_certificate, hmac_secret } = self;
        write!(
            f,
            "{registrations} registrations, {authentications} authentications, \
             {root_certificate} root certificate, {hmac_secret} hmac-secret"
        )
    }
}

impl Display for ProofCount {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.hold, self.published)
    }
}

fn json(proofs: &[Proof]) -> Result<String, Failure> {
    #[derive(Serialize)]
    struct ProofReport<'a> {
        summary: ProofSummary,
        proofs: Vec<ListedProof<'a>>,
    }
    #[derive(Serialize)]
    struct ListedProof<'a> {
        #[serde(flatten)]
        proof: &'a Proof,
        holds: bool,
    }
    let listed = proofs.iter().map(|proof| ListedProof { proof, holds: proof.holds() }).collect();
    let text = serde_json::to_string_pretty(&ProofReport {
        summary: ProofSummary::of(proofs),
        proofs: listed,
    });
    let what = "cannot write the proofs as JSON".to_owned();
    Ok(text.map_err(|error| Failure::System { what, source: error.into() })? + "\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proofs_hold_or_not() {
        let proof = |kind, name: &str| Proof {
            kind,
            name: name.to_owned(),
            differences: Vec::new(),
            violations: Vec::new(),
        };
        let mut proofs = [
            proof(ProofKind::Registration, "none.ES256"),
            proof(ProofKind::Authentication, "none.ES256"),
            proof(ProofKind::Registration, "tpm.ES256"),
            proof(ProofKind::Authentication, "tpm.ES256"),
            proof(ProofKind::Root, "root certificate"),
            proof(ProofKind::HmacSecret, "Two input case using PIN protocol 2"),
        ];
        let signature =
            Difference { field: "signature", offset: 70, ours: None, published: Some(0x0a) };
        proofs[1].differences.push(signature);
        let reason = "the signature does not verify".to_owned();
        proofs[1].violations.push(Violated { clause: "§7.2 step 21", reason });
        insta::assert_snapshot!(table(&proofs, Paint::PLAIN), @r"
                                              registration        authentication
        none.ES256                            rebuilt, accepted   differs, refused
        tpm.ES256                             rebuilt, accepted   rebuilt, accepted
        root certificate                      rebuilt
        Two input case using PIN protocol 2   rebuilt

        none.ES256, authentication: signature differs at offset 70: ours none, published
          0a
        none.ES256, authentication: refused by §7.2 step 21: the signature does not
          verify
        2/2 registrations, 1/2 authentications, 1/1 root certificate, 1/1 hmac-secret
        ");
    }
}
