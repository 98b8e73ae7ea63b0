//! The API as its clients meet it: requests to the router, and the client that comes with it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod builds;
mod description;
mod keys;
mod problems;
mod service;
mod stacks;
