//! Edits of ceremonies with the reference RP. What it answers, what its audit
//! finds, what can be seen afterwards, and what an independent judge finds in
//! the same octets must be one and the same.
#![no_main]

use libfuzzer_sys::{Corpus, fuzz_target};
use passrig_fuzz::world::{perform, script};

fuzz_target!(|octets: &[u8]| -> Corpus {
    let Some((ceremony, settings, deviation)) = script(octets) else { return Corpus::Reject };
    if let Some(outcome) = perform(ceremony, settings, &deviation) {
        outcome.check();
    }
    Corpus::Keep
});
