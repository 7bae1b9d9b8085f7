//! Every octet of every published response, changed: what the reference
//! relying party accepts all the same stands in `vectors/flips.txt`, with the
//! reason why it may.
//!
//! Each octet is changed twice, in its lowest bit and in its highest: the one
//! keeps text text and CBOR's types what they are, the other does neither. The
//! six bits between take four times as long, and let nothing else survive but
//! what the flags of the same five registrations say beside the user's
//! presence, which nothing signs there either.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use passrig::vectors::{PublishedResponse, published_responses};

const MASKS: [u8; 2] = [0x01, 0x80];

const SNAPSHOT: &str = include_str!("vectors/flips.txt");

/// Why a changed response may be accepted. A registration with the format none
/// has no signature at all, and that of U2F covers neither counter nor AAGUID
/// (§8.6 step 5); all that U2F signs and everything in every authentication is
/// refused.
const REASONS: [(&str, &str); 5] = [
    ("unsigned-counter", "a new credential may begin to count anywhere (§7.1 step 27)"),
    ("unsigned-aaguid", "no step knows which models there are"),
    ("unsigned-credential-id", "a new credential may have any id that is not taken (§7.1 step 26)"),
    (
        "unsigned-optional-member",
        "under another name it is not there, as with clients of earlier levels (§7.1 steps 10, 11)",
    ),
    ("unsigned-additional-member", "whatever it is, it is to be ignored (§5.8.1)"),
];

#[test]
fn only_these_flips_survive() {
    let found = survivors();
    let known: BTreeSet<_> = entries().flat_map(|entry| entry.octets()).collect();
    let came = fold(found.difference(&known));
    let went = fold(known.difference(&found));
    assert!(came.is_empty() && went.is_empty(), "survivors that came:\n{came}\nthat went:\n{went}");
}

#[test]
fn every_survivor_has_a_reason_and_every_reason_a_survivor() {
    let given: BTreeSet<_> = entries().map(|entry| entry.reason).collect();
    let known: BTreeSet<_> = REASONS.iter().map(|(name, _)| *name).collect();
    assert_eq!(given, known);
}

/// An octet of a response, and a change of it that is accepted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Survivor {
    field: String,
    mask: u8,
    octet: usize,
}

/// A line of the snapshot: a range of octets that survive for one reason.
struct Entry {
    field: String,
    first: usize,
    last: usize,
    masks: Vec<u8>,
    reason: &'static str,
}

impl Entry {
    fn octets(&self) -> Vec<Survivor> {
        let octets = |mask: &u8| {
            let (field, mask) = (self.field.clone(), *mask);
            let octets = self.first..=self.last;
            octets.map(move |octet| Survivor { field: field.clone(), mask, octet })
        };
        self.masks.iter().flat_map(octets).collect()
    }
}

/// The snapshot: vector, ceremony, field, octets, masks, reason.
fn entries() -> impl Iterator<Item = Entry> {
    let lines = SNAPSHOT.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(|line| {
        let words: Vec<_> = line.split_whitespace().collect();
        let [vector, ceremony, field, octets, masks, reason] = words[..] else {
            panic!("six words: {line}");
        };
        let (first, last) = octets.split_once('-').unwrap();
        Entry {
            field: format!("{vector} {ceremony} {field}"),
            first: first.parse().unwrap(),
            last: last.parse().unwrap(),
            masks: masks.split(',').map(|mask| u8::from_str_radix(mask, 16).unwrap()).collect(),
            reason,
        }
    })
}

/// Neighbours in one line.
fn fold<'a>(survivors: impl Iterator<Item = &'a Survivor>) -> String {
    let mut ranges: Vec<(&Survivor, usize)> = Vec::new();
    for survivor in survivors {
        let Survivor { field, mask, octet } = survivor;
        match ranges.last_mut() {
            Some((first, last))
                if (&first.field, first.mask, *last + 1) == (field, *mask, *octet) =>
            {
                *last = *octet;
            }
            _ => ranges.push((survivor, *octet)),
        }
    }
    let line = |(Survivor { field, mask, octet }, last): (&Survivor, usize)| {
        format!("  {field} {octet}-{last} {mask:02x}\n")
    };
    ranges.into_iter().map(line).collect()
}

/// One response, and one field of it to change.
struct Job {
    name: String,
    exam: usize,
    field: usize,
}

fn survivors() -> BTreeSet<Survivor> {
    let root = passrig_vectors::w3c_root().unwrap().field("attestation_ca_cert").unwrap();
    let mut all = Vec::new();
    let mut jobs = Vec::new();
    for vector in passrig_vectors::w3c().unwrap() {
        let ceremonies = ["registration", "authentication"];
        for (exam, ceremony) in
            published_responses(&vector, &root).unwrap().into_iter().zip(ceremonies)
        {
            assert!(exam.violations(&exam.fields).is_empty(), "{} {ceremony}", vector.id);
            for (field, (name, _)) in exam.fields.iter().enumerate() {
                let name = format!("{} {ceremony} {name}", vector.id);
                jobs.push(Job { name, exam: all.len(), field });
            }
            all.push(exam);
        }
    }
    assert_eq!(jobs.len(), 15 * 5);
    let next = AtomicUsize::new(0);
    let work = || {
        let mut found = Vec::new();
        while let Some(job) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
            found.extend(job.survivors(&all[job.exam]));
        }
        found
    };
    let threads = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    })
}

impl Job {
    fn survivors(&self, exam: &PublishedResponse) -> Vec<Survivor> {
        let mut fields = exam.fields.clone();
        let mut found = Vec::new();
        for octet in 0..fields[self.field].1.len() {
            for mask in MASKS {
                fields[self.field].1[octet] ^= mask;
                if exam.violations(&fields).is_empty() {
                    found.push(Survivor { field: self.name.clone(), mask, octet });
                }
                fields[self.field].1[octet] ^= mask;
            }
        }
        found
    }
}
