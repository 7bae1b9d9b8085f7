//! Adapter files, catalogue files and `passrig.toml`. The first character
//! chooses which of them the rest is.
#![no_main]

use libfuzzer_sys::fuzz_target;
use passrig_fuzz::files;

fuzz_target!(|text: &str| {
    let mut rest = text.chars();
    match rest.next() {
        Some('a') => files::adapter(rest.as_str()),
        Some('c') => files::catalogue(rest.as_str()),
        Some('p') => files::configuration(rest.as_str()),
        _ => {}
    }
});
