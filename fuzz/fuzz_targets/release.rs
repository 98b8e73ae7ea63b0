#![no_main]

#[path = "../entry/apt.rs"]
#[allow(dead_code)]
mod entry;

libfuzzer_sys::fuzz_target!(|data: &[u8]| entry::release(data));
