//! Reads YAML that people write: a tree in which every value knows where it was written, and what is wrong, in our words.
//!
//! What the values mean is for those who read them: [`crate::missile`], and the configuration of gachette.

mod node;
mod place;
mod problem;
mod problems;
mod read;
mod subject;
mod syntax;
mod unreadable;
pub mod values;

pub use node::{Content, Entry, Node, merge};
pub use place::Place;
pub use problem::{Problem, Severity};
pub use problems::Problems;
pub use read::{older_boolean, read, utf8};
pub use subject::Subject;
