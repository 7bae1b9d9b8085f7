//! Edits of ceremonies with the reference RP. What it answers, what its audit
//! finds, what can be seen afterwards, and what an independent judge finds in
//! the same octets must be one and the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use passrig_authenticator::Ceremony;
use passrig_authenticator::deviation::Deviation;
use passrig_fuzz::world::{Settings, perform};

fuzz_target!(|input: (Ceremony, Settings, Deviation)| {
    let (ceremony, settings, deviation) = input;
    if let Some(outcome) = perform(ceremony, settings, &deviation) {
        outcome.check();
    }
});
