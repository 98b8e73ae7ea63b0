//! Serves the API to other processes: over standard streams, unix sockets and TCP.

mod activity;
mod body;
mod connection;
mod detach;
mod guests;
mod listen;
mod open_files;
mod served;
mod server;
mod stdio;
mod supervisor;
mod tls;

pub use listen::{Listen, ListenError};
pub use server::{Limits, Operator, ServeError, ServeOptions, serve};
pub use stdio::serve_stdio;
pub use tls::TlsFiles;
