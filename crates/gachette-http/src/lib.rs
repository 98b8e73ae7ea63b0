//! The HTTP API of gachette: its wire types, its router, and its client.
//!
//! Every operation is a resource below `/api/v1`. Long work is a *build*: started by a POST that answers at once, followed by
//! its stream of events, ended by POST to `/cancel`. The command line is a client of this API, in its own process or elsewhere.

mod access;
mod client;
mod file_body;
mod observe;
mod outside;
mod problem;
mod router;
mod run;
mod serve;
mod transport;
mod unfinished;
pub mod wire;

pub use access::{
    Openness, Role, RoleError, TokenError, TokenFile, TokenName, TokenNameError, TrustedProxy,
    TrustedProxyError,
};
pub use client::Client;
pub use problem::{Problem, ProblemKind};
pub use router::{Api, router};
pub use run::{Build, BuildFolder, BuildId, BuildKind, BuildState, Outcome};
pub use serve::{
    Limits, Listen, ListenError, Operator, ServeError, ServeOptions, TlsFiles, serve, serve_stdio,
};
pub use transport::{ServerAccess, this_program};
pub use unfinished::Unfinished;
