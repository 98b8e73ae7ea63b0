#![no_main]

#[path = "../entry/stack.rs"]
mod entry;

libfuzzer_sys::fuzz_target!(|data: &[u8]| entry::stack_ref(data));
