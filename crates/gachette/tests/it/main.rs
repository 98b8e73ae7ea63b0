//! Operations against real folders, programs and processes.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on fails")]

mod installability;
mod mutated;
mod repository;
mod signing;
mod submodule_addresses;
mod working_copy;
