//! Other machines, reached by the system's own `ssh`: how it is called, and what its failures mean.
//!
//! `ssh` reads the user's configuration, agent, jump hosts and known hosts as it always does. Nothing that makes it less
//! strict than the user wants is ever passed. What goes over the connection is not decided here.

mod failure;
mod program;
mod runtime_folder;
mod ssh;

pub use failure::{SshFault, explain, lost, silent};
pub use program::Program;
use runtime_folder::runtime_folder;
pub use ssh::{Ssh, SshError};
