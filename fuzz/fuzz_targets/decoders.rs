//! Every decoder. The first octet chooses one, the rest is its input. None
//! panics, and what it has read it can write again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use passrig_fuzz::decoders;

fuzz_target!(|data: &[u8]| {
    if let Some((choice, input)) = data.split_first() {
        let decoder = usize::from(*choice) % decoders::ALL.len();
        decoders::ALL[decoder].1(input);
    }
});
