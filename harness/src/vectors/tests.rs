use passrig_vectors::{w3c, w3c_root};

use super::*;
use crate::relying_party::Config;

#[test]
fn everything_published_is_rebuilt_and_accepted() {
    let proofs = prove().unwrap();
    for proof in &proofs {
        assert!(proof.holds(), "{proof:#?}");
    }
    let count = |kind| proofs.iter().filter(|proof| proof.kind == kind).count();
    let kinds = [
        ProofKind::Registration,
        ProofKind::Authentication,
        ProofKind::Root,
        ProofKind::HmacSecret,
    ];
    assert_eq!(kinds.map(count), [15, 15, 1, 3]);
}

/// Vectors with another origin: neither ours nor acceptable.
#[test]
fn a_vector_that_is_not_what_it_says() {
    let mut vector = w3c().unwrap().remove(0);
    vector.origin = "https://login.example.org".to_owned();
    let root = w3c_root().unwrap().field("attestation_ca_cert").unwrap();
    let [registration, authentication] = prove_vector(&vector, &root).unwrap();
    let [difference] = &registration.differences[..] else { panic!("{registration:?}") };
    assert_eq!(difference.field, "clientDataJSON");
    assert_eq!((difference.ours, difference.published), (Some(b'l'), Some(b'e')));
    let fields: Vec<_> = authentication.differences.iter().map(|d| d.field).collect();
    assert_eq!(fields, ["clientDataJSON", "signature"]);
    let clauses = [registration, authentication].map(|proof| {
        let [violated] = &proof.violations[..] else { panic!("{proof:?}") };
        violated.clause
    });
    assert_eq!(clauses, ["§7.1 step 9", "§7.2 step 12"]);
}

/// Only the relying party that expects a frame accepts a framed response.
#[test]
fn framing_is_for_the_relying_party_to_expect() {
    let judged = |id: &str, framing: Option<&[&str]>| {
        let vector = w3c().unwrap().into_iter().find(|vector| vector.id == id).unwrap();
        let framing = framing.map(|pages| pages.iter().map(|page| (*page).to_owned()).collect());
        let config = Config { framing, ..Config::new(&vector.origin, &vector.rp_id) };
        judged::judged_by(config, &vector).unwrap().map(|exam| {
            let violated = exam.violations(&exam.fields);
            violated.iter().map(|(step, _)| step.id).collect::<Vec<_>>()
        })
    };
    const NONE: [&str; 0] = [];
    let (cross, top) = ("none.ES256.crossOrigin", "none.ES256.topOrigin");
    assert_eq!(judged(cross, Some(&[])), [NONE, NONE]);
    assert_eq!(judged(cross, None), [["7.1/10"], ["7.2/13"]]);
    assert_eq!(judged(top, Some(&["https://example.com"])), [NONE, NONE]);
    assert_eq!(judged(top, Some(&["https://example.net"])), [["7.1/11"], ["7.2/14"]]);
    assert_eq!(judged(top, None), [["7.1/10", "7.1/11"], ["7.2/13", "7.2/14"]]);
}

#[test]
fn the_first_difference_is_reported() {
    let first = |ours: &[u8], published: &[u8]| {
        first_difference("signature", ours, published).map(|d| (d.offset, d.ours, d.published))
    };
    assert_eq!(first(&[1, 2, 3], &[1, 2, 3]), None);
    assert_eq!(first(&[1, 2, 3], &[1, 0, 0]), Some((1, Some(2), Some(0))));
    assert_eq!(first(&[1, 2], &[1, 2, 3]), Some((2, None, Some(3))));
    assert_eq!(first(&[1, 2, 3], &[1, 2]), Some((2, Some(3), None)));
}
