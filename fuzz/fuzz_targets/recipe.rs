#![no_main]

#[path = "../entry/recipe.rs"]
mod entry;

libfuzzer_sys::fuzz_target!(|data: &[u8]| entry::recipe(data));
