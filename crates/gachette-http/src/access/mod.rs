//! Who asks a server, and what they may do: tokens, roles, and the gate that every request of a socket goes through.

mod caller;
mod gate;
mod needs;
mod rate;
mod role;
mod token;
mod token_file;

pub(crate) use caller::{Caller, Peer};
pub use gate::Openness;
pub(crate) use gate::{Gate, gate};
pub use role::{Role, RoleError};
pub use token::{TokenName, TokenNameError};
pub use token_file::{TokenError, TokenFile};
