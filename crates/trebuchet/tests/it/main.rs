//! Trebuchet against the real tools: dpkg, lintian, Python.

// The lints allow these in test functions only, not in what test functions share.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod agreement;
mod application;
mod build;
mod buildinfo;
mod command;
mod configuration;
mod deb_installed;
mod deb_read;
mod deb_write;
mod debian_formats;
mod debian_mutated;
mod environment;
mod hostile_recipes;
mod killed_builds;
mod lint;
mod lintian;
mod maintainer_scripts;
mod missile_page;
mod project;
mod same_bytes;
mod settings;
mod static_entries;
mod templates;
mod templates_confined;
mod templates_mutated;
mod uv;
mod web_application;
mod wheel;
