#![no_main]

#[path = "../entry/template.rs"]
mod entry;

use std::sync::LazyLock;

static PROJECT: LazyLock<tempfile::TempDir> = LazyLock::new(|| {
    // The engine panics on some sources, in a thread of its own, which becomes an error.
    let abort = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if std::thread::current().name() != Some("template") {
            abort(panic);
        }
    }));
    tempfile::tempdir().expect("a folder")
});

libfuzzer_sys::fuzz_target!(|data: &[u8]| entry::template(data, PROJECT.path()));
