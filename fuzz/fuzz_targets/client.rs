//! The client with arbitrary options: it throws what a browser throws, or
//! answers as the options say.
#![no_main]

use libfuzzer_sys::fuzz_target;
use passrig_fuzz::options::Story;

fuzz_target!(|story: Story| story.tell());
