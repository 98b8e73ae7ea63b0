#![no_main]

#[path = "../entry/template.rs"]
mod entry;

use std::sync::LazyLock;

static PROJECT: LazyLock<tempfile::TempDir> = LazyLock::new(|| tempfile::tempdir().expect("a folder"));

libfuzzer_sys::fuzz_target!(|data: &[u8]| entry::template(data, PROJECT.path()));
