//! The log of a repository: what was done with its stacks and channels, as their ledgers say, without what they hold.

mod entry;
mod request;
mod when;

pub use entry::{Deed, Ledger, LogEntry};
pub use request::LogRequest;
pub use when::{When, WhenError};
