//! Who asks a server, and what they may do: tokens, roles, and the gate that every request of a socket goes through.

mod caller;
mod gate;
mod needs;
mod origin;
mod rate;
mod role;
mod token;
mod token_file;

pub(crate) use caller::Caller;
pub use gate::Openness;
pub(crate) use gate::{Gate, gate};
pub(crate) use origin::{Origin, Peer, is_of_service};
pub use origin::{TrustedProxy, TrustedProxyError};
pub use role::{Role, RoleError};
pub use token::{TokenName, TokenNameError};
pub use token_file::{TokenError, TokenFile};
