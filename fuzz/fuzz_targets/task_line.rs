//! The command line is a program and no library, so its parser's modules stand here a second time.
#![no_main]
#![allow(dead_code)]

#[path = "../../crates/gachette-cli/src/task/bind.rs"]
mod bind;
#[path = "../../crates/gachette-cli/src/task/call.rs"]
mod call;
#[path = "../../crates/gachette-cli/src/task/catalogue.rs"]
mod catalogue;
#[path = "../entry/task.rs"]
mod entry;
#[path = "../../crates/gachette-cli/src/task/form.rs"]
mod form;
#[path = "../../crates/gachette-cli/src/task/signature.rs"]
mod signature;

libfuzzer_sys::fuzz_target!(|data: &[u8]| entry::task_line(data));
