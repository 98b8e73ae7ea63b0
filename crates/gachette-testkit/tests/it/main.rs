//! The house rules, checked: sizes of files, names, documents of modules, direction of dependencies.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod tidy;
