//! Working copies against real git repositories and servers.

mod desk;
mod exactness;
mod kills;
mod names;
mod refs;
mod removal;
mod servers;
mod submodules;
mod versions;
mod waiting;
