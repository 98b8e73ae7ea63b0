#![no_main]

#[path = "../entry/debian.rs"]
#[allow(dead_code)]
mod entry;

libfuzzer_sys::fuzz_target!(|data: &[u8]| entry::deb822(data));
