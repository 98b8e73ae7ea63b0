//! Serves the API to other processes.

mod stdio;

pub use stdio::serve_stdio;
