//! The command line as its users meet it: the real program, in a home and a folder of its own.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod cache;
mod chain;
mod configuration;
mod demo;
mod detached;
mod documents;
mod faults;
mod fsck;
mod host_check;
mod hostile;
mod hostile_hosts;
mod hosts;
mod interrupts;
mod json_failures;
mod keys;
mod kills;
mod lost_hosts;
mod playground;
mod publishing;
mod publishing_hammered;
mod publishing_peers;
mod publishing_signed;
mod pushes;
mod server;
mod server_builds;
mod server_clients;
mod server_hooks;
mod server_restarts;
mod serving;
mod stacks;
mod tasks;
mod usage;
mod versions;
mod waiting;
mod whereabouts;
