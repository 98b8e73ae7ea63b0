#![no_main]

#[path = "../entry/git.rs"]
#[allow(dead_code)]
mod entry;

libfuzzer_sys::fuzz_target!(|data: &[u8]| entry::git_ref(data));
